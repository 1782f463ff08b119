"""The shipped units under a systemd that has booted, a simulated meter at their port: in seconds, as root.

The package itself, its timers and every other unit are tried at length by tools/units-in-container.
"""

import json
import re
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

import pytest

import fuzz.helper
from gateway.mqtt.boards import passwords
from harness.container import wait_for
from package import debian, scripts
from tests.units import boot
from units_in_container import sandbox

GATEWAY = "linky-gateway"
HELPER = "/run/linky-gateway-helper/socket"
FUZZ = fuzz.helper.__file__
DATABASE = "/var/lib/linky-gateway/linky-gateway.sqlite"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A booted house with the package as dpkg has installed it, and no configuration."""
    boot.require(tmp_path_factory.mktemp("tried"))
    with boot.booted(tmp_path_factory.mktemp("boot")) as booted:
        yield booted


def test_a_package_that_was_installed_needs_one_step(installed):
    """Its units are on, nothing has started and nothing failed; the command that it tells starts the gateway."""
    enabled = installed.do("systemctl", "list-unit-files", "--state=enabled", "--no-legend", "linky-*")
    assert {line.split()[0] for line in enabled.splitlines()} == set(scripts.ENABLED)
    states = installed.run("systemctl", "is-active", *scripts.ENABLED).stdout.split()
    active = {unit for unit, state in zip(scripts.ENABLED, states, strict=True) if state == "active"}
    # The gateway has no configuration yet, the judge nothing to judge.
    assert active == set(scripts.ENABLED) - {"linky-gateway.service", scripts.JUDGE}
    assert installed.do("systemctl", "list-units", "--failed", "--no-legend", "linky-*") == ""
    assert installed.show(GATEWAY, "ConditionResult", "NRestarts") == ["no", "0"]
    words = installed.do("cat", boot.SAID)
    assert "il reste une étape" in words
    assert "one step is left" in words
    (command,) = (line for line in words.splitlines() if line.startswith("  sudo "))
    installed.do("sh", "-c", command)
    assert installed.run("systemctl", "is-active", GATEWAY).stdout == "active\n"


@pytest.fixture(scope="module")
def house(installed):
    """One whose gateway runs."""
    boot.configure(installed)
    started = installed.run("systemctl", "restart", GATEWAY)
    assert started.returncode == 0, started.stderr + said(installed)
    return installed


def said(house):
    """What the units wrote to the log."""
    return house.run("journalctl", "-u", f"{GATEWAY}*", "--no-pager", "-o", "cat").stdout


def wait_for_ready(house):
    """Until the gateway has said so to systemd; its process."""
    wait_for(lambda: house.show(GATEWAY, "ActiveState") == ["active"], "its being ready")
    return house.show(GATEWAY, "MainPID")[0]


def wait_for_frames(house):
    """Until the gateway says that it has heard whole frames; the first is one in whose middle it began to listen."""

    def heard():
        try:
            report = json.loads(house.run(GATEWAY, "status", "--json").stdout)
        except ValueError:
            return False
        detail = {row["link"]: row["detail"] for row in report["links"]}.get("meter house", "")
        return int(detail.partition(" mode, ")[2].partition(" whole")[0] or 0) > 1

    wait_for(heard, "the meter's frames")


def test_the_gateway_is_ready_and_reads_its_meter(house):
    """Type=notify is reached after the unit that prepares the database, and frames come from the port."""
    wait_for_ready(house)
    assert house.show(GATEWAY, "Type") == ["notify"]
    assert house.show(f"{GATEWAY}-migrate", "Result", "ExecMainStatus") == ["success", "0"]
    wait_for_frames(house)
    wait_for(lambda: house.show(GATEWAY, "StatusText") != [""], "its line of status")


def test_it_waits_for_neither_network_nor_time_nor_broker(house):
    """After a power cut in the house the box takes minutes; no unit before it waits for that either (mosquitto)."""
    said = house.run("systemctl", "list-dependencies", "--after", "--all", "--plain", f"{GATEWAY}.service").stdout
    before = {line.strip() for line in said.splitlines()}
    assert {"systemd-modules-load.service", f"{GATEWAY}-migrate.service"} <= before
    assert not before & {"network-online.target", "time-sync.target", "mosquitto.service"}


def port(house, name):
    """What the gateway says of a meter's port."""
    rows = json.loads(house.do(GATEWAY, "status", "--json"))["links"]
    return next((row["detail"] for row in rows if row["link"] == f"port {name}"), "")


def test_an_adapter_that_comes_after_the_start_is_allowed(house):
    """No driver of it was there when the unit's rules were made: it may be opened, and the kernel has nothing there.

    188 is the kernel's number for ttyUSB. Where the driver comes as well, and frames are read: tools/late-adapter.
    """
    wait_for_ready(house)
    wait_for(lambda: "no such port" in port(house, "late"), "its missing the port")
    house.do("mknod", "-m", "666", boot.LATE, "c", 188, 0)
    wait_for(lambda: "no such port" not in port(house, "late"), "its trying the port")
    assert "no device behind this port" in port(house, "late")


def test_a_port_of_another_kind_is_refused_and_the_doctor_says_why(house):
    """The kernel enforces the unit's rules here, and EPERM has a sentence of its own."""
    wait_for_ready(house)
    wait_for(lambda: boot.STRANGE in port(house, "strange"), "its trying the port")
    assert "refused by the service's rules: restart it" in port(house, "strange")
    done = house.run(GATEWAY, "doctor", "--lang", "fr")
    assert "Le service n’a pas droit à ce port" in done.stdout
    assert "sudo systemctl restart linky-gateway" in done.stdout
    assert done.returncode == 69


def test_the_page_is_encrypted_without_anybody_doing_anything(house):
    """The gateway asks the helper, whose sandbox lets it make that; the authority's key is root's alone."""
    wait_for_ready(house)
    wait_for(lambda: page_link(house).get("state") == "ok", "its certificate")
    rights = house.do("sh", "-c", "cd /etc/linky-gateway/https && stat -c '%n %U:%G %a' . *").splitlines()
    assert rights == [
        ". root:linky-gateway 2750",
        "ca.crt root:linky-gateway 644",
        "ca.key root:linky-gateway 600",
        "server.pem root:linky-gateway 640",
    ]
    key = "/etc/linky-gateway/https/ca.key"
    assert house.run(
        "setpriv", "--reuid=linky-gateway", "--regid=linky-gateway", "--clear-groups", "cat", key
    ).returncode
    names = house.do(
        "openssl", "x509", "-in", "/etc/linky-gateway/https/server.pem", "-noout", "-ext", "subjectAltName"
    )
    host = house.do("hostname").strip().partition(".")[0].lower()
    assert f"DNS:{host}.local" in names
    shown = house.do(GATEWAY, "page", "certificate")
    assert f"https://{host}.local:8443/" in shown


def page_link(house):
    """What the gateway says of its encrypted page."""
    try:
        rows = json.loads(house.run(GATEWAY, "status", "--json").stdout)["links"]
    except ValueError:
        return {}
    return next((row for row in rows if row["link"] == "page https"), {})


def test_whom_the_page_lets_in_is_entered_by_root(house):
    """By the unit that watches for it, from inside its sandbox: mosquitto's files say so and keep owner and mode."""
    house.do("install", "-d", "/etc/mosquitto")
    house.do("sh", "-c", "install -m 600 -o daemon -g daemon /dev/null /etc/mosquitto/linky.passwords")
    house.do("install", "-m", "600", f"/{debian.DOC}/examples/mosquitto/linky.acl", "/etc/mosquitto/linky.acl")
    wanted = json.dumps([{"name": "hall", "password_line": passwords.made("hall")[1]}])
    folder = "/var/lib/linky-gateway"
    house.do(
        "sh",
        "-c",
        f"echo '{wanted}' >{folder}/new && chown linky-gateway: {folder}/new && mv {folder}/new {folder}/displays.json",
    )
    secrets = house.path("/etc/mosquitto/linky.passwords")
    wait_for(lambda: secrets.read_text().startswith("hall:"), "its line")
    wait_for(lambda: "user hall" in house.path("/etc/mosquitto/linky.acl").read_text(), "its rights")
    wait_for(
        lambda: house.show("linky-gateway-displays", "ActiveState", "Result") == ["inactive", "success"], "its end"
    )
    assert house.do("stat", "-c", "%U %a", "/etc/mosquitto/linky.passwords") == "daemon 600\n"


_ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as link:
    link.connect(sys.argv[1])
    link.sendall(sys.argv[2].encode() + b"\\n")
    print(link.makefile().read())
"""


def asked(house, user, line):
    """What the helper answers to that user: its last line; what Python said where there is none."""
    done = house.run("runuser", "-u", user, "--", "python3", "-c", _ASK, HELPER, line)
    return json.loads(done.stdout.split("\n")[-3]) if done.returncode == 0 else done.stderr


def test_the_helper_does_its_acts_for_the_gateways_user_and_root_alone(house):
    """By its socket; what it writes is root's, and the gateway that asked starts again; anybody else gets nowhere."""
    before = wait_for_ready(house)
    secret = {"act": "set-secret", "name": "xmpp-password", "value": f"{boot.SECRET}-2"}
    assert asked(house, GATEWAY, json.dumps(secret)) == {"done": True, "found": None}
    assert house.do("stat", "-c", "%U %a", "/etc/linky-gateway/secrets/xmpp-password") == "root 600\n"
    wait_for(lambda: house.show(GATEWAY, "MainPID")[0] not in ("0", before), "another daemon")
    wait_for_ready(house)
    assert asked(house, "root", '{"act": "restart-unit", "unit": "linky-display.service"}')["done"]
    assert "PermissionError" in asked(house, "nobody", '{"act": "reboot"}')
    refused = asked(house, GATEWAY, '{"act": "restart-unit", "unit": "ssh.service"}')
    assert refused["done"] is False
    # NetworkManager does not run here, if there is any: nothing is left of a try.
    wifi = {"act": "set-wifi", "name": "Livebox", "key": "canary-of-the-wifi"}
    why = asked(house, GATEWAY, json.dumps(wifi))["why"]["en"]
    assert why.endswith(("nothing was changed", "the settings are what they were"))
    assert house.run("find", "/etc/NetworkManager", "/run/NetworkManager", "-name", "linky-*").stdout == ""
    log = said(house)
    for word in (boot.SECRET, "canary-of-the-wifi"):
        assert word not in log
    assert "set-secret: done" in log
    assert re.search(
        r"refused to user \d+, process \d+: the helper does not do this: a value that is not in the list", log
    )
    done = house.run(GATEWAY, "settings", "set", "meter.shed", '{"source": "/nowhere"}', "--restart", "--lang", "en")
    assert "it is kept; the gateway starts again" in done.stdout, done.stderr
    wait_for_ready(house)
    assert "root-acted" in house.do(GATEWAY, "journal", "show", "--json")
    house.do(GATEWAY, "settings", "unset", "meter.shed")


@pytest.mark.parametrize("seconds", [8, pytest.param(600, marks=pytest.mark.campaign)])
def test_whatever_is_asked_of_the_helper_does_what_is_in_its_list_or_nothing(house, seconds):
    """By the gateway's user without an end, by another, and by root all the while, who is not kept waiting for it.

    Only the files of its acts are written; refusals stand in the log, and fill neither that nor the memory.
    """
    wait_for_ready(house)
    shutil.copy(FUZZ, house.path("/usr/local/bin/fuzz-helper"))
    for target in ("reboot", "poweroff"):
        house.do("systemctl", "mask", "--runtime", f"{target}.target")
    house.do("touch", "/marker")
    found, most = {}, 0
    with ThreadPoolExecutor() as pool:
        command = ("python3", "/usr/local/bin/fuzz-helper", HELPER)
        users = {"gateway": GATEWAY, "second": GATEWAY, "other": "nobody", "root": "root"}
        # Who is turned away at the door is so tens of thousands of times in a few seconds.
        lasts = {"other": seconds if seconds > 60 else 1}
        runs = {
            name: pool.submit(
                house.run, "runuser", "-u", user, "--", *command, str(lasts.get(name, seconds)), str(seed)
            )
            for seed, (name, user) in enumerate(users.items())
        }
        while not all(run.done() for run in runs.values()):
            most = max(most, resident_kb(house, "linky-gateway-helper.service"))
            wait(runs.values(), timeout=0.5)
    for name, run in runs.items():
        assert run.result().returncode == 0, run.result().stdout + run.result().stderr
        found[name] = json.loads(run.result().stdout)
    print(json.dumps(found), most, "kB")
    assert found["other"]["counts"].keys() == {"denied"}
    for name in ("gateway", "root"):
        counts = found[name]["counts"]
        assert counts["done"] > 0
        assert counts["refused"] > 10
        assert "silent" not in counts
    # Less than its queue could cost by the slowest of these acts.
    assert found["root"]["longest_s"] < 10
    assert 0 < most < 64_000
    for target in ("reboot", "poweroff"):
        house.do("systemctl", "unmask", "--runtime", f"{target}.target")
    new = house.do("find", "/etc", "/boot", "/usr/local", "-xdev", "-newer", "/marker", "-type", "f").split()
    allowed = re.compile(f"/etc/linky-gateway/secrets/({fuzz.helper.NAMES.pattern})")
    assert [name for name in new if not allowed.fullmatch(name)] == []
    log = house.run("journalctl", "-u", "linky-gateway-helper", "--no-pager", "-o", "cat").stdout
    assert "more within the minute" in log or seconds < 60
    assert log.count("refused to user") <= 10 * (3 + seconds // 60)
    wait_for_ready(house)


def resident_kb(house, unit):
    """What its process has in memory; 0 where none runs."""
    pid = house.show(unit, "MainPID")[0]
    try:
        status = house.path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) if "VmRSS" in status else 0


def test_what_the_page_was_given_is_brought_back_by_root(house):
    """By the helper's word, from inside the unit's sandbox: the gateway stops, is what it was, and starts by itself."""
    before = wait_for_ready(house)
    state, etc = "/var/lib/linky-gateway", "/etc/linky-gateway"
    phrase = "correct horse battery"
    house.do("sh", "-c", f"echo '{phrase}' >/root/phrase && echo then >{etc}/secrets/display-password")
    house.do("sh", "-c", f"echo then >{state}/note && chown linky-gateway: {state}/note")
    house.do(GATEWAY, "backup", f"{state}/taken-along.restore", "--passphrase-file", "/root/phrase")
    house.do("chown", "linky-gateway:", f"{state}/taken-along.restore")
    house.do("sh", "-c", f"echo now | tee {etc}/secrets/display-password {state}/note")
    answer = asked(house, GATEWAY, json.dumps({"act": "restore-backup", "passphrase": phrase}))
    assert answer == {"done": True, "found": None}
    wait_for(lambda: house.path(f"{state}/brought-back.json").exists(), "its end")
    wait_for(lambda: house.show(GATEWAY, "MainPID")[0] not in ("0", before), "another daemon")
    wait_for_ready(house)
    wait_for(lambda: house.show(f"{GATEWAY}-restore", "ActiveState", "Result") == ["inactive", "success"], "its unit")
    for place, owner in ((f"{etc}/secrets/display-password", "root 600"), (f"{state}/note", "linky-gateway")):
        assert house.do("cat", place) == "then\n"
        assert house.do("stat", "-c", "%U %a", place).startswith(owner)
        assert house.do("sh", "-c", f"cat {place}.before-*") == "now\n"
    assert house.do("stat", "-c", "%U:%G %a", f"{etc}/gateway.toml") == "root:linky-gateway 640\n"
    assert house.run("ls", f"{state}/taken-along.restore", "/run/linky-gateway-restore/passphrase").returncode
    assert house.do("find", etc, state, "-name", "*.restoring*") == ""
    kinds = [json.loads(line)["kind"] for line in house.do(GATEWAY, "journal", "show", "--json").splitlines()]
    assert kinds.count("backup-restored") == 1
    wait_for_frames(house)
    # What is no backup leaves all as it is; the gateway runs again.
    before = wait_for_ready(house)
    house.do("sh", "-c", f"echo nothing >{state}/taken-along.restore")
    asked(house, GATEWAY, json.dumps({"act": "restore-backup", "passphrase": phrase}))
    wait_for(lambda: house.show(GATEWAY, "MainPID")[0] not in ("0", before), "another daemon")
    wait_for_ready(house)
    assert '"fault":"foreign"' in house.do("cat", f"{state}/brought-back.json")
    assert house.do("cat", f"{state}/note") == "then\n"
    house.do("systemctl", "reset-failed", f"{GATEWAY}-restore")


def test_a_restoration_that_was_cut_off_is_ended_at_the_next_start(house):
    """What its list says comes about before the gateway starts."""
    wait_for_ready(house)
    state, etc = "/var/lib/linky-gateway", "/etc/linky-gateway"
    house.do("systemctl", "stop", GATEWAY)
    house.do("sh", "-c", f"echo staged >{state}/note.restoring && chown linky-gateway: {state}/note.restoring")
    moves = [[f"{state}/note.restoring", f"{state}/note", f"{state}/note.before-20260101T000000Z"]]
    house.path(f"{etc}/restoring.json").write_text(json.dumps({"state": state, "moves": moves}))
    house.do("systemctl", "start", GATEWAY)
    assert house.do("cat", f"{state}/note") == "staged\n"
    assert not house.path(f"{etc}/restoring.json").exists()
    wait_for_ready(house)


def test_the_addresses_of_notices_are_handed_over_file_by_file(house):
    """From a folder that only root may open; without any, or without the folder, the gateway starts all the same."""

    def notices():
        """How each way is."""
        rows = json.loads(house.do(GATEWAY, "status", "--json"))["links"]
        return {row["link"]: row["detail"] for row in rows if row["link"].startswith("notice ")}

    folder, config = "/etc/linky-gateway/secrets/notices", house.path("/etc/linky-gateway/gateway.toml")
    assert house.do("stat", "-c", "%U %a", folder) == "root 700\n"
    before = config.read_text()
    config.write_text(before + '[[notice]]\nname = "nas"\n[[notice]]\nname = "anne-sms"\n')
    house.path(f"{folder}/nas").write_text("json://me:canary-notice@nas.lan/\n")
    house.do("systemctl", "restart", GATEWAY)
    wait_for_ready(house)
    assert notices() == {
        "notice nas": "nothing sent yet",
        "notice anne-sms": f"it has no address: write it into {folder}/anne-sms, and restart the gateway",
    }
    house.do("rm", "-r", folder)
    house.do("systemctl", "restart", GATEWAY)
    wait_for_ready(house)
    assert "notices/nas" in notices()["notice nas"]
    house.do("systemd-tmpfiles", "--create")
    config.write_text(before)
    house.do("systemctl", "restart", GATEWAY)
    wait_for_ready(house)
    assert "canary-notice" not in said(house)


def test_a_daemon_that_hangs_is_started_again_by_the_watchdog(house):
    """One that was stopped by a signal is ended, another one reads the meter."""
    before = wait_for_ready(house)
    assert house.run("systemctl", "kill", "--signal=STOP", GATEWAY).returncode == 0
    wait_for(lambda: house.show(GATEWAY, "MainPID")[0] not in ("0", before), "another daemon")
    wait_for(lambda: "Watchdog timeout" in said(house), "the reason in the log")
    wait_for_ready(house)
    wait_for_frames(house)


@pytest.mark.parametrize(("unit", "kind"), [(GATEWAY, "gateway"), (f"{GATEWAY}-migrate", "offline")])
def test_a_sandbox_refuses_all_that_it_should(house, unit, kind):
    """From inside: nothing of what its user might do without it is done, all that the unit needs is."""
    sandbox.bring(house)
    if kind == "offline":
        assert sandbox.without(house) >= sandbox.ONLY_BY_SANDBOX
    found = sandbox.within(house, unit, kind)
    assert [what for what, how in found["refused"].items() if how == "done"] == []
    assert {what: how for what, how in found["allowed"].items() if how != "done"} == {}
    assert found["user"] != 0


def test_the_gateway_stops_cleanly(house, tmp_path):
    """It ends by itself within its time, and its database is whole and holds what was read."""
    wait_for_frames(house)
    assert house.run("systemctl", "stop", GATEWAY).returncode == 0
    assert house.show(GATEWAY, "ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    with closing(sqlite3.connect(shutil.copy(house.path(DATABASE), tmp_path))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM reading").fetchone() > (0,)


def test_a_purge_takes_away_what_the_package_made(house):
    """User, groups, configuration, readings, links; a group into which somebody else has come stays, and a backup."""
    made = house.do("cat", scripts.MADE).split()[1::2]
    assert made[-1] == GATEWAY
    groups = made[:-1]
    if groups:
        kept = groups.pop()
        house.do("usermod", "-aG", kept, "nobody")
        made.remove(kept)
    house.do("dpkg", "--no-triggers", "--purge", GATEWAY)
    found = house.run("getent", "group", *made, GATEWAY).stdout + house.run("getent", "passwd", GATEWAY).stdout
    assert found == ""
    if groups:
        assert house.run("getent", "group", kept).stdout.endswith(":nobody\n")
    places = ("/etc", "/usr/bin", "/usr/lib/systemd", "/usr/lib/udev", "/var/lib")
    found = house.run("find", *places, "-path", "/var/lib/dpkg", "-prune", "-o", "-name", "*linky-*", "-print").stdout
    left = {line for line in found.splitlines() if "probe" not in line}
    # The test's own.
    assert left == {f"/etc/systemd/system/linky-{name}" for name in ("gateway.service.d", "trial.target")}
    assert house.path("/mnt/stick").exists()
