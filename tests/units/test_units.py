"""Every unit: systemd understands each of its lines, it starts a command that there is, and it may little.

What the sandbox really refuses is tried inside a booted system by tools/units-in-container.
"""

import os
import re
from pathlib import Path

import pytest

from gateway.bridges import program as bridge
from gateway.collector import cli as collect
from gateway.collector.config import DATABASE_CREDENTIAL, S3_CREDENTIAL, XMPP_CREDENTIAL
from gateway.commands import main as cli
from gateway.config.notice import NOTICES_CREDENTIAL
from gateway.config.tables import MQTT_CREDENTIAL, PASSWORD_CREDENTIAL, credential_file
from gateway.display import cli as display
from gateway.store.copies import BROUGHT_ALONG, CHANGE
from gateway.upkeep.helper.acts.restore_backup import HANDED_OVER
from tests.units.files import UNITS, tool, unit

SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
OTHERS = sorted(path.name for path in UNITS.iterdir() if path.suffix in (".path", ".socket", ".timer"))
ROOM = "/opt/linky-gateway/current/bin/"
# The exposure that each may have, of ten; in systemd's figures ten times that.
MOST = 15
# They write what root owns, without network and devices: the Wi-Fi, the host name, the secrets; the program.
ROOTS = {
    "linky-first-boot.service": "CAP_DAC_OVERRIDE CAP_CHOWN",
    "linky-gateway-helper.service": "",
    "linky-gateway-access-point.service": "CAP_NET_ADMIN",
    "linky-gateway-undo.service": "CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER CAP_SETUID CAP_SETGID",
    "linky-gateway-restore.service": "CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER CAP_SETUID CAP_SETGID",
    "linky-gateway-restored.service": "CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER CAP_SETUID CAP_SETGID",
    "linky-gateway-displays.service": "CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER",
}
# They install packages, which write where they like and run what they bring: what is signed bounds them, no sandbox.
UNBOUNDED = {"linky-gateway-update@.service", "linky-gateway-judge.service", "linky-gateway-mend.service"}
# The former version's own code, laid aside before a package is replaced.
DRIVER = "/usr/bin/python3 -I /var/lib/linky-gateway-update/driver/gateway/upkeep/updates/drive.py"
BOUNDED = [name for name in SERVICES if name not in UNBOUNDED]
# What an upgrade by tools/setup leaves for a boot that finds it half done.
SETUP = "/opt/linky-gateway/upgrading/"


@pytest.mark.parametrize("name", BOUNDED)
def test_a_unit_may_little(name):
    """systemd's own measure: 1.5 of 10 at most."""
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST}")
    done = tool(*command, str(UNITS / name))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
    assert "ignoring" not in done.stderr


def test_systemd_understands_every_line(tmp_path):
    """No key is unknown, no value is passed over, no other unit is missing; the program is the test's stand-in."""
    for program in ("linky-gateway", "linky-display", "linky-collect", "linky-bridge", "setup"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    for name in (*SERVICES, *OTHERS):
        text = (UNITS / name).read_text().replace(ROOM, f"{tmp_path}/").replace(SETUP, f"{tmp_path}/")
        (tmp_path / name).write_text(text)
    done = tool("systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in (*SERVICES, *OTHERS)))
    assert [line for line in done.stderr.splitlines() if "linky-" in line] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_starts_commands_that_there_are(name):
    """With arguments that the program takes."""
    parsers = {
        "linky-gateway": cli._parser,
        "linky-display": display._parser,
        "linky-collect": collect._parser,
        "linky-bridge": bridge._parser,
    }
    service = unit(name)["Service"]
    for line in service["ExecStart"] + service.get("ExecStartPre", []) + service.get("ExecStopPost", []):
        program, *arguments = line.split()
        if program.startswith("+"):
            # Outside the sandbox: systemd's own program, told what the unit says, or what was handed over taken away.
            assert program.lstrip("+-") in ("/usr/bin/systemctl", "/usr/bin/rm")
            continue
        if program == f"{SETUP}setup":
            # tests/tools/setup runs it.
            assert arguments == ["undo"]
            continue
        if line.startswith(DRIVER):
            assert arguments[-1] in ("judge", "mend")
            assert (UNITS.parent / "gateway/upkeep/updates/drive.py").is_file()
            continue
        assert program.startswith(ROOM)
        for kind in bridge.KINDS if "%i" in arguments else ("",):
            asked = [kind if argument in ("%i", "%I") else argument for argument in arguments]
            assert callable(parsers[program.removeprefix(ROOM)]().parse_args(asked).run)


@pytest.mark.parametrize("name", sorted(UNBOUNDED))
def test_what_installs_is_started_for_that_alone(name):
    """By the helper, the package, or a boot that finds work half done; it says why it has no sandbox."""
    text = (UNITS / name).read_text()
    assert "# No sandbox" in text
    assert f"{Path(name).stem}.timer" not in OTHERS
    assert "update apply %I" in text or "ConditionPathExists=/var/lib/linky-gateway-update/underway.json" in text


@pytest.mark.parametrize("name", BOUNDED)
def test_nothing_runs_as_root(name):
    """Each has a user of its own or the gateway's, no capability, and cannot become another; one is named above."""
    service = unit(name)["Service"]
    assert service["NoNewPrivileges"] == ["yes"]
    if name in ROOTS:
        assert service["CapabilityBoundingSet"] == [ROOTS[name]]
        # The helper sees the machine's addresses, and can speak to nobody at them.
        # The access point speaks to the kernel's own tables besides, by nftables.
        own = {"linky-gateway-access-point.service": ["AF_UNIX AF_NETLINK"]}.get(name, ["AF_UNIX"])
        alone = service.get("PrivateNetwork") == ["yes"] or service["RestrictAddressFamilies"] == own
        assert alone
        assert service["PrivateDevices"] == ["yes"]
        return
    assert service.get("User") == ["linky-gateway"] or service.get("DynamicUser") == ["yes"]
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == [""]


@pytest.mark.parametrize("name", [name for name in SERVICES if Path(name).with_suffix(".timer").name in OTHERS])
def test_what_a_timer_starts_has_neither_network_nor_devices(name):
    """A backup, a check, a line for the log: nobody outside is needed for it. Days of readings come from a database."""
    service = unit(name)["Service"]
    assert service["PrivateDevices"] == ["yes"]
    if name == "linky-collect-parquet.service":
        assert service["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]
    else:
        assert service["PrivateNetwork"] == ["yes"]
    assert unit(Path(name).with_suffix(".timer").name)["Timer"]["Persistent"] == ["true"]


@pytest.mark.parametrize("name", [name for name in OTHERS if name.endswith(".timer")])
def test_a_timer_says_when_as_systemd_counts(name):
    """The calendar's expression is understood, and comes again."""
    (when,) = unit(name)["Timer"]["OnCalendar"]
    assert "Next elapse: " in tool("systemd-analyze", "calendar", when).stdout


def test_the_gateway_is_handed_what_it_asks_for(monkeypatch, tmp_path):
    """The credentials of the unit have the program's names; what is not there is blank, and counts as none."""
    service = unit("linky-gateway.service")["Service"]
    loaded = [line.partition(":")[0] for line in service["LoadCredential"]]
    assert loaded == [PASSWORD_CREDENTIAL, MQTT_CREDENTIAL, NOTICES_CREDENTIAL]
    assert service["SetCredential"] == [rf"{name}:\n" for name in loaded]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / PASSWORD_CREDENTIAL).write_text("\n")
    assert credential_file() is None
    (tmp_path / PASSWORD_CREDENTIAL).write_text("correct horse\n")
    assert credential_file() == tmp_path / PASSWORD_CREDENTIAL


def test_the_collector_is_handed_what_it_asks_for():
    """Its configuration and its two passwords, by the names that it looks for."""
    service = unit("linky-collect.service")["Service"]
    loaded = [line.partition(":")[0] for line in service["LoadCredential"]]
    assert loaded == ["collect.toml", XMPP_CREDENTIAL, DATABASE_CREDENTIAL]
    assert service["SetCredential"] == [rf"{name}:\n" for name in loaded[1:]]
    assert service["ExecStart"][0].endswith("--config %d/collect.toml")


def test_who_writes_days_is_handed_what_it_asks_for():
    """Its configuration, the database's password, the bucket's secret; and it stays who it is, for its files."""
    service = unit("linky-collect-parquet.service")["Service"]
    loaded = [line.partition(":")[0] for line in service["LoadCredential"]]
    assert loaded == ["collect.toml", DATABASE_CREDENTIAL, S3_CREDENTIAL]
    assert service["SetCredential"] == [rf"{name}:\n" for name in loaded[1:]]
    assert (service["User"], service["UMask"]) == (["linky-parquet"], ["0027"])
    assert service["ExecStart"][0].endswith("parquet --config %d/collect.toml")


def test_a_migration_has_all_the_time_it_needs_before_the_gateway_has_its_own():
    """Its unit comes first and is not cut off; the gateway is not kept from starting by it."""
    migrate, gateway = unit("linky-gateway-migrate.service"), unit("linky-gateway.service")["Unit"]
    assert migrate["Service"]["TimeoutStartSec"] == ["infinity"]
    assert "linky-gateway-migrate.service" in gateway["After"][0].split()
    assert "linky-gateway-migrate.service" in gateway["Wants"][0].split()
    assert "Requires" not in gateway


@pytest.fixture
def users(tmp_path):
    """A root in which systemd-sysusers has made what the units name; what it said."""
    (tmp_path / "etc").mkdir()
    for file in ("passwd", "group"):
        (tmp_path / "etc" / file).write_text("root:x:0:0::/root:/bin/sh\n" if file == "passwd" else "root:x:0:\n")
    return tool("systemd-sysusers", f"--root={tmp_path}", str(UNITS / "sysusers.conf"))


def test_the_users_of_the_units_are_made(users, tmp_path):
    """systemd-sysusers makes the user that the units name, in the groups that they need."""
    assert (users.returncode, "rror" in users.stderr) == (0, False), users.stderr
    users = (tmp_path / "etc/passwd").read_text()
    groups = dict(re.findall(r"^([a-z0-9-]+):[^:]*:\d+:(.*)$", (tmp_path / "etc/group").read_text(), re.MULTILINE))
    assert re.search(r"^linky-gateway:x:\d+:\d+:Linky gateway:/var/lib/linky-gateway:\S*nologin$", users, re.MULTILINE)
    assert groups["dialout"] == groups["gpio"] == "linky-gateway"
    named = unit("linky-display.service")["Service"]["SupplementaryGroups"][0].split()
    assert set(named) <= groups.keys()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.usefixtures("users")
def test_the_folders_of_the_units_are_made(tmp_path):
    """systemd-tmpfiles makes them with the rights that secrets need."""
    done = tool("systemd-tmpfiles", f"--root={tmp_path}", "--create", str(UNITS / "tmpfiles.conf"))
    assert done.returncode == 0, done.stderr
    rights = {
        name: (tmp_path / name).stat().st_mode & 0o777
        for name in ("etc/linky-gateway/secrets", "var/lib/linky-gateway")
    }
    assert rights == {"etc/linky-gateway/secrets": 0o700, "var/lib/linky-gateway": 0o700}


def allowed(name):
    """The kinds of devices that a unit may open."""
    return {line.split()[0] for line in unit(name)["Service"].get("DeviceAllow", ())}


def test_an_adapter_may_come_after_the_start():
    """USB adapters, and buses, are allowed by the kernel's number too: no driver is needed when the rules are made."""
    assert {"char-ttyUSB", "char-188", "char-ttyACM", "char-166"} <= allowed("linky-gateway.service")
    assert {"char-i2c", "char-89", "char-spi", "char-153"} <= allowed("linky-display.service")


def test_a_driver_is_loaded_for_each_kind_of_adapter():
    """At each start of the machine, before the gateway's; a line of the list is one module's name."""
    lines = [line for line in (UNITS / "modules-load.conf").read_text().splitlines() if line[:1] not in ("", "#")]
    assert {"usbserial", "ftdi_sio", "cdc_acm", "ch341", "cp210x", "pl2303"} == set(lines)
    assert "systemd-modules-load.service" in unit("linky-gateway.service")["Unit"]["After"][0].split()


@pytest.mark.parametrize("name", [name for name in SERVICES if allowed(name)])
def test_what_reads_the_meter_or_shows_it_waits_for_no_network(name):
    """Nor for the time or Debian's broker, which do: after a power cut in the house the box takes minutes."""
    section = unit(name)["Unit"]
    lines = [line for key in ("After", "Wants", "Requires", "BindsTo") for line in section.get(key, ())]
    assert not set(" ".join(lines).split()) & {
        "network.target",
        "network-online.target",
        "time-sync.target",
        "mosquitto.service",
    }


def test_udev_understands_the_rule():
    """An adapter that says what it is has a name that stays."""
    done = tool("udevadm", "verify", "--no-style", str(UNITS / "99-linky-gateway.rules"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_half_done_restoration_is_ended_before_anything_starts():
    """Its unit comes before the database is prepared and the gateway starts; the gateway starts however one ends."""
    restored, gateway = unit("linky-gateway-restored.service")["Unit"], unit("linky-gateway.service")["Unit"]
    assert restored["Before"][0].split() == ["linky-gateway-migrate.service", "linky-gateway.service"]
    assert restored["ConditionPathExists"] == [f"|/etc/linky-gateway/{CHANGE}"]
    for key in ("Wants", "After"):
        assert "linky-gateway-restored.service" in gateway[key][0].split()
    restore = unit("linky-gateway-restore.service")
    assert restore["Service"]["ExecStopPost"][-1] == "+/usr/bin/systemctl --no-block start linky-gateway.service"
    assert restore["Unit"]["ConditionPathExists"] == [f"/{HANDED_OVER}", f"/var/lib/linky-gateway/{BROUGHT_ALONG}"]
    helper = unit("linky-gateway-helper.service")["Service"]
    assert helper["RuntimeDirectory"] == [HANDED_OVER.split("/")[1]]
    assert helper["RuntimeDirectoryPreserve"] == ["yes"]


def test_a_half_done_upgrade_is_undone_before_anything_starts():
    """Its unit comes before the database is prepared and the gateway starts, and does nothing while one goes on."""
    undo, gateway = unit("linky-gateway-undo.service")["Unit"], unit("linky-gateway.service")["Unit"]
    assert undo["Before"][0].split() == ["linky-gateway-migrate.service", "linky-gateway.service"]
    for key in ("Wants", "After"):
        assert "linky-gateway-undo.service" in gateway[key][0].split()
    words = (UNITS.parent / "tools/lib/setup/upgrade.sh").read_text()
    assert undo["ConditionPathExists"][0] == f"{SETUP}setup"
    assert f"readonly GOES_ON={undo['ConditionPathExists'][1].removeprefix('!')}" in words
