"""``tools/units-in-container``: the Debian package in a fresh Debian 13, its units booted and put to the test.

The meter is simulated, on a pty in the place of a USB adapter. Prints each promise as it is kept; exit code 1 at the
first that is not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from harness.container import CLEAN, Container, TrialError, make_base, unpack, wait_for
from harness.meter import TrialMeter
from package import debian, scripts
from units_in_container import sandbox

ROOT = Path(__file__).resolve().parents[3]
PORT = "/dev/linky-TINFO-1"
CANARY = "canary-of-the-account"
PASSPHRASE = "correct horse battery staple"

CONFIG = f"""
[[meter]]
source = "{PORT}"
clock = "meter"
[store]
commit_interval_s = 1
[federation]
jid = "maison@example.invalid"
[web]
listen = "127.0.0.1:8080"
[backup]
directory = "/mnt/stick"
same_card = true
"""
CARD = """
hostname = "maison-7"
[wifi]
name = "Livebox"
key = "clef de la box"
[page]
code = "ABCD-EFGH-JKLM"
"""
PROBED = {
    "linky-gateway": "gateway",
    "linky-display": "display",
    "linky-gateway-migrate": "offline",
    "linky-gateway-backup": "offline",
    "linky-gateway-check": "offline",
    "linky-gateway-journal": "offline",
}


class PackageTrial:
    """One run: says what holds, with the seconds since its beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def say(self, what: str) -> None:
        """A promise that is kept."""
        sys.stdout.write(f"{time.monotonic() - self._began:6.1f} s  {what}\n")
        sys.stdout.flush()

    def expect(self, condition: object, what: str, seen: object = "") -> None:
        """A promise; TrialError with what is there in its place."""
        if not condition:
            raise TrialError(f"not so: {what}: {seen}")
        self.say(what)


def main() -> int:
    """Run the trial."""
    parser = argparse.ArgumentParser(
        prog="tools/units-in-container",
        description="The Debian package in a fresh Debian 13, its units booted and put to the test.",
    )
    parser.add_argument(
        "--base", type=Path, metavar="TAR", help="keep the fresh Debian there, and begin from it next time"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the container's files there, to look at")
    options = parser.parse_args()
    trial = PackageTrial()
    try:
        with ExitStack() as ending:
            work = options.keep or Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="linky-units-")))
            _try_all(trial, work, options.base or work / "base.tar", ending)
    except TrialError as error:
        sys.stderr.write(f"tools/units-in-container: {error}\n")
        return 1
    return 0


def _try_all(trial: PackageTrial, work: Path, base: Path, ending: ExitStack) -> None:
    work.mkdir(parents=True, exist_ok=True)
    if not base.exists():
        names = [words.partition(" ")[0] for words in debian.DEPENDS if not words.startswith("systemd ")]
        make_base(base, ["systemd-sysv", "udev", "dbus", "mosquitto", *names])
        trial.say("a fresh Debian 13")
    root = work / "root"
    unpack(base, root)
    deb = debian.build(ROOT, work, int(time.time()))
    _install(trial, root, deb)
    port = ending.enter_context(TrialMeter(work / "meter")).port
    with Container(root, work / "console.log", [f"{port}:{PORT}"]) as house:
        trial.say("booted by systemd")
        _look_without_configuration(trial, house)
        _configure(root)
        house.run("systemd-tmpfiles", "--create", "linky-gateway.conf")
        _run_the_gateway(trial, house)
        _let_it_hang(trial, house)
        _run_the_timers(trial, house, root)
        _probe(trial, house)
        _put_a_card_in(trial, house, root)
        _ask_for_the_page(trial, house)
        _press_the_button(trial, house)
    _purge(trial, root)


def _install(trial: PackageTrial, root: Path, deb: Path) -> None:
    shutil.copy(deb, root / "tmp" / deb.name)
    done = subprocess.run(
        ["chroot", root, "dpkg", "-i", f"/tmp/{deb.name}"], check=False, capture_output=True, text=True, env=CLEAN
    )
    trial.expect(done.returncode == 0, "the package installs", done.stderr)
    said = subprocess.run(
        ["chroot", root, "linky-gateway", "--version"], check=False, capture_output=True, text=True, env=CLEAN
    )
    trial.expect(said.stdout.startswith("linky-gateway "), f"its program says {said.stdout.strip()!r}", said.stderr)
    enabled = [path.name for path in (root / "etc/systemd/system").rglob("linky-*")]
    trial.expect(set(enabled) == set(scripts.ENABLED), "its units are switched on", enabled)


def _look_without_configuration(trial: PackageTrial, house: Container) -> None:
    house.run("systemctl", "start", "linky-gateway")
    state, condition = house.show("linky-gateway", "ActiveState", "ConditionResult")
    trial.expect(
        (state, condition) == ("inactive", "no"), "without a configuration nothing starts, nothing fails", state
    )


def _configure(root: Path) -> None:
    etc = root / "etc/linky-gateway"
    (etc / "gateway.toml").write_text(CONFIG)
    for name, words in (("xmpp-password", CANARY), ("backup-passphrase", PASSPHRASE)):
        (etc / "secrets" / name).write_text(words + "\n")
    stick = root / "mnt/stick"
    stick.mkdir()
    owner = (root / "var/lib/linky-gateway").stat()
    os.chown(stick, owner.st_uid, owner.st_gid)
    # Sooner than in service, so that a hang is seen while one waits.
    quick = root / "etc/systemd/system/linky-gateway.service.d/trial.conf"
    quick.parent.mkdir(parents=True)
    quick.write_text("[Service]\nWatchdogSec=6\n")


def _run_the_gateway(trial: PackageTrial, house: Container) -> None:
    house.run("systemctl", "daemon-reload")
    started = house.run("systemctl", "start", "linky-gateway")
    log = house.run("journalctl", "-u", "linky-gateway*", "--no-pager", "-o", "cat").stdout
    trial.expect(started.returncode == 0, "the gateway is ready", started.stderr + log)
    before = house.show("linky-gateway-migrate", "Result", "ExecMainStatus")
    trial.expect(before == ["success", "0"], "the database was prepared by the unit before it", before)
    _wait_for_frames(house)
    trial.say("it reads the meter on its port")
    page = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/', timeout=5).status)"
    trial.expect(house.run("python3", "-c", page).stdout == "200\n", "it serves its page")
    wait_for(lambda: "ago" in house.show("linky-gateway", "StatusText")[0], "its line of status")
    trial.say(f"systemctl status: {house.show('linky-gateway', 'StatusText')[0]}")
    (pid,) = house.show("linky-gateway", "MainPID")
    status = house.run("grep", "-E", "^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp|VmRSS):", f"/proc/{pid}/status").stdout
    facts = {line.split(":")[0]: line.split()[1] for line in status.splitlines()}
    bare = (facts["CapEff"].strip("0"), facts["CapBnd"].strip("0"), facts["NoNewPrivs"], facts["Seccomp"])
    trial.expect(bare == ("", "", "1", "2") and facts["Uid"] != "0", "not root, no capability, filtered calls", status)
    trial.say(f"{int(facts['VmRSS']) / 1024:.0f} MB of memory")


def _let_it_hang(trial: PackageTrial, house: Container) -> None:
    stopped = house.run("systemctl", "kill", "--signal=STOP", "linky-gateway")
    trial.expect(stopped.returncode == 0, "the gateway hangs", stopped.stderr)
    wait_for(lambda: house.show("linky-gateway", "NRestarts")[0] not in ("", "0"), "the watchdog")
    wait_for(lambda: house.show("linky-gateway", "ActiveState")[0] == "active", "the gateway's return")
    _wait_for_frames(house)
    trial.say("a hang is ended by the watchdog, and the meter is read again")


def _run_the_timers(trial: PackageTrial, house: Container, root: Path) -> None:
    for name in ("backup", "check", "journal"):
        unit = f"linky-gateway-{name}"
        done = house.run("systemctl", "start", f"{unit}.service")
        # The log has a unit's last words a moment after its end.
        house.run("journalctl", "--sync")
        log = house.run("journalctl", "-u", unit, "--no-pager", "-o", "cat").stdout
        ours = [line for line in log.splitlines() if not line.startswith(("Starting", "Finished", unit))]
        trial.expect(done.returncode == 0 and ours, f"{unit}: {ours[0] if ours else ''}", log)
        timer = house.run("systemctl", "enable", "--now", f"{unit}.timer")
        trial.expect(timer.returncode == 0, f"{unit}.timer waits", timer.stderr)
    (backup,) = (root / "mnt/stick").iterdir()
    listed = house.run(
        "linky-gateway", "restore", "--list", f"/mnt/stick/{backup.name}",
        "--passphrase-file", "/etc/linky-gateway/secrets/backup-passphrase",
    )  # fmt: skip
    trial.expect("etc/secrets/xmpp-password" in listed.stdout, "the backup holds the secrets too", listed.stderr)


def _probe(trial: PackageTrial, house: Container) -> None:
    sandbox.bring(house)
    open_to_all = sandbox.without(house)
    trial.expect(open_to_all >= sandbox.ONLY_BY_SANDBOX, "without a sandbox the same user may do these", open_to_all)
    for name, kind in PROBED.items():
        found = sandbox.within(house, name, kind)
        through = [what for what, said in found["refused"].items() if said == "done"]
        trial.expect(not through, f"{name}: {len(found['refused'])} things refused", through)
        failed = {what: said for what, said in found["allowed"].items() if said != "done"}
        trial.expect(not failed and found["user"] != 0, f"{name}: what it needs, it may", failed)
        if kind == "gateway":
            trial.expect(
                found["clock"] in (True, False), f"systemd says of the clock: {found['clock']}", found["clock"]
            )


def _put_a_card_in(trial: PackageTrial, house: Container, root: Path) -> None:
    boot = root / "boot/firmware"
    boot.mkdir(parents=True, exist_ok=True)
    (boot / "linky.toml").write_text(CARD)
    house.run("systemctl", "stop", "linky-gateway")
    started = house.run("systemctl", "start", "linky-first-boot")
    log = house.run("journalctl", "-u", "linky-first-boot", "--no-pager", "-o", "cat").stdout
    found = sorted(path.name for path in boot.iterdir())
    trial.expect(started.returncode == 0 and found == ["linky-result.txt"], "linky.toml is applied and wiped", log)
    named = house.run("hostname").stdout.strip()
    trial.expect(named == "maison-7", "the machine has the card's name at once", named)
    profile = root / "etc/NetworkManager/system-connections/linky-wifi.nmconnection"
    rights = (profile.stat().st_mode & 0o777, profile.stat().st_uid)
    trial.expect(rights == (0o600, 0), "the Wi-Fi's profile is root's alone", rights)
    page, folder = root / "var/lib/linky-gateway/page.json", root / "var/lib/linky-gateway"
    trial.expect(page.stat().st_uid == folder.stat().st_uid, "the page's code is the gateway's", page.stat().st_uid)
    again = house.run("systemctl", "start", "linky-gateway")
    trial.expect(again.returncode == 0, "the gateway starts with it", again.stderr)
    (boot / "linky.toml").write_text(CARD.replace("clef de la box", "court"))
    house.run("systemctl", "stop", "linky-gateway")
    refused = house.run("systemctl", "start", "linky-first-boot")
    result = (boot / "linky-result.txt").read_text(encoding="utf-8-sig")
    said = next((line.strip() for line in result.splitlines() if "wifi.key" in line), "")
    trial.expect(refused.returncode and said, f"a wrong key is said on the card: {said}", result)


def _ask_for_the_page(trial: PackageTrial, house: Container) -> None:
    """Three seconds on the button, as linky-display asks; the page has no password yet."""
    answer = "/run/linky-display-welcome/answer.json"
    house.run("systemctl", "start", "linky-gateway", "linky-display-welcome.path")
    house.run("mkdir", "-p", "/run/linky-display")
    house.run("touch", "/run/linky-display/welcome")
    wait_for(lambda: house.run("test", "-s", answer).returncode == 0, "the page's address for the screen")
    rights = house.run("stat", "-c", "%U:%G %a", answer).stdout.strip()
    trial.expect(rights == "linky-gateway:gpio 640", "the button's question is answered to the screen's group", rights)
    told = json.loads(house.run("cat", answer).stdout)
    trial.expect(bool(told["code"]), "with a code for the first password", told)


def _press_the_button(trial: PackageTrial, house: Container) -> None:
    house.run("systemctl", "start", "linky-display-shutdown.path")
    house.run("mkdir", "-p", "/run/linky-display")
    house.run("touch", "/run/linky-display/shutdown")
    trial.expect(house.ended(60.0), "the button's file shuts the machine down")


def _wait_for_frames(house: Container) -> None:
    try:
        wait_for(lambda: _links(house).get("meter house", {}).get("state") == "ok", "the meter's frames")
    except TrialError as error:
        log = house.run("journalctl", "-u", "linky-gateway", "--no-pager", "-o", "cat", "-n", "20").stdout
        raise TrialError(f"{error}: {house.run('linky-gateway', 'status').stdout}\n{log}") from error


def _purge(trial: PackageTrial, root: Path) -> None:
    """Take the trial's own files away, then the package; the backups on the stick are elsewhere, and stay."""
    for path in (root / "etc/systemd/system").glob("linky-*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (root / "usr/lib/linky-gateway/probe.py").unlink()
    (root / "tmp" / f"{debian.NAME}_{debian.VERSION}_all.deb").unlink(missing_ok=True)
    done = subprocess.run(
        ["chroot", root, "dpkg", "--purge", debian.NAME], check=False, capture_output=True, text=True, env=CLEAN
    )
    trial.expect(done.returncode == 0, "the package is purged", done.stderr)
    places = [root / name for name in ("etc", "usr", "var", "opt", "root")]
    found = [path for place in places for path in place.rglob("*linky*")]
    # The card's Wi-Fi is the machine's by now: without it nobody would reach it any more.
    left = [str(path.relative_to(root)) for path in found if not path.name.startswith("linky-wifi")]
    trial.expect(not left, "it leaves no file", left)


def _links(house: Container) -> dict[str, dict[str, object]]:
    try:
        return {row["link"]: row for row in json.loads(house.run("linky-gateway", "status", "--json").stdout)["links"]}
    except ValueError:
        return {}


if __name__ == "__main__":
    sys.exit(main())
