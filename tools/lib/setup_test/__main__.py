"""What tools/setup-test does, and what it saw.

``python -m setup_test prepare FOLDER SUITE PART...``, then ``scenario FOLDER``, ``card FOLDER SEED``,
``folder FOLDER`` or ``cuts FOLDER SEED COUNT``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from harness.container import Container, wait_for
from harness.points import rows
from harness.process import Program
from servers import Federation
from setup_test import folders
from setup_test.cards import Cards
from setup_test.cuts import Cuts
from setup_test.root import ROOT, prepare, unpack
from setup_test.tree import files_of

_HOME, _FAR = "sen1.test", "sen2.test"
_PASSWORD = "canary-of-the-xmpp-password-7f3a"  # looked for in every file and every line that is written
_READINGS = "SELECT path, time, value FROM reading JOIN series ON series.id = series"
DATABASE = "var/lib/linky-gateway/linky-gateway.sqlite"


class SetupTrial:
    """One run, in a folder that ``prepare`` filled."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.root = folder, folder / "root"
        self.began = time.monotonic()
        self._stack = stack
        self.container: Container

    def say(self, what: str) -> None:
        """One line with the time since the beginning."""
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    # --- The surroundings ---

    def start(self) -> None:
        """Servers, a meter, the container."""
        unpack(self.folder / "base.tar", self.root)
        servers = self.folder / "servers"
        shutil.rmtree(servers, ignore_errors=True)
        servers.mkdir()
        self.federation = self._stack.enter_context(Federation(servers, "prosody", "prosody"))
        self.federation.register("maison", _HOME, _PASSWORD)
        self.federation.register("coop", _FAR, "recipient")
        self.say("two Prosody servers federate")
        link = self.folder / "ttyTIC"
        meter = [sys.executable, ROOT / "tools/meter", "run", "--link", link, "--permissions", "666"]
        self._spawn("meter", meter)
        wait_for(link.exists, "the meter")
        self._fill_root(link)
        begun = time.monotonic()
        self.boot()
        version = (self.root / "etc/debian_version").read_text().strip()
        self.say(f"Debian {version} booted in {time.monotonic() - begun:.1f} s")

    def boot(self) -> None:
        """Start the machine."""
        port = str((self.folder / "ttyTIC").resolve())
        container = Container(self.root, self.folder / "console.log", [f"{port}:/dev/ttyTIC"], network=True)
        self.container = self._stack.enter_context(container)

    def _spawn(self, name: str, command: list[object]) -> None:
        self._stack.enter_context(Program(self.folder, name, command, keeps=False))

    def _fill_root(self, link: Path) -> None:
        """What a person brings: the release, the packages, the answers. And the pty, which no unit knows."""
        home = self.root / "root"
        shutil.copytree(self.folder / "debs", home / "debs")
        shutil.copytree(self.folder / "releases", home / "releases")
        subprocess.run(["tar", "-C", home, "-xzf", home / "releases/linky-gateway-0.1.0.tar.gz"], check=True)
        shutil.copy(self.federation.ca, home / "ca.pem")
        (home / "password").write_text(_PASSWORD + "\n")
        (home / "gateway.toml").write_text(
            '[[meter]]\nsource = "/dev/ttyTIC"\nsensor = "trial"\nclock = "meter"\n[clock]\ntrusted = true\n'
            f'[store]\ncommit_interval_s = 2\n[web]\n[federation]\njid = "maison@{_HOME}"\n'
            f'address = "{self.federation.address(_HOME)}"\n'
            'ca_file = "/usr/local/share/trial-ca.pem"\nbatch_s = 2\n[mqtt]\nuser = "gateway"\n'
        )
        shutil.copy(self.federation.ca, self.root / "usr/local/share/trial-ca.pem")
        (home / "answers").write_text(
            "# for the trial\nconfiguration = /root/gateway.toml\npassword_file = /root/password\n"
            "mqtt = yes\nboards = yes\n"
        )
        drop = self.root / "etc/systemd/system/linky-gateway.service.d"
        drop.mkdir(parents=True)
        (drop / "trial.conf").write_text("[Service]\nDeviceAllow=char-pts rw\n")

    def setup(
        self, *words: str, code: int = 0, tree: str = "/root/linky-gateway-0.1.0/tools/setup"
    ) -> tuple[str, float]:
        """Run the installer inside; what it said and how long it took."""
        begun = time.monotonic()
        said = self.container.do(tree, *words, "--offline", "/root/debs", "--lang", "en", code=code)
        assert _PASSWORD not in said
        return said, time.monotonic() - begun

    # --- What is seen ---

    def points(self) -> set[tuple[object, ...]]:
        """Every stored point of every series, read beside the running gateway."""
        return set(rows(self.root / DATABASE, _READINGS))

    def points_of_newer(self) -> set[tuple[object, ...]]:
        """The same, once 0.1.3 has made its change; nothing before."""
        changed = "trial" in {row[1] for row in rows(self.root / DATABASE, "PRAGMA table_info(reading)")}
        return self.points() if changed else set()

    def link_is_ok(self, name: str) -> bool:
        """What the gateway says of a link."""
        done = self.container.run("linky-gateway", "status", "--json")
        try:
            report = json.loads(done.stdout)
        except ValueError:
            return False
        return report["running"] and {row["link"]: row["state"] for row in report["links"]}.get(name) == "ok"

    def arrived(self) -> int:
        """How many records the recipient in the other domain has."""
        return (self.folder / "recipient.log").read_bytes().count(b"\n")

    def tree(self) -> dict[str, str]:
        """Every file of the system with what it is."""
        return files_of(self.root)

    # --- The scenario ---

    def install(self) -> None:
        """Install, install again."""
        self.before = self.tree()
        said, seconds = self.setup("install", "--unattended", "--config", "/root/answers", "--dry-run")
        assert self.tree() == self.before, "a dry run changed something"
        self.say(f"dry run: {len(said.splitlines())} lines, nothing changed ({seconds:.1f} s)")
        said, seconds = self.setup("install", "--unattended", "--config", "/root/answers")
        print(said)
        self.say(f"installed in {seconds:.1f} s, every link green")
        for link in ("xmpp", "meter house", "mqtt"):
            assert self.link_is_ok(link), link
        after = self.tree()
        said, seconds = self.setup("install", "--unattended", "--config", "/root/answers")
        assert self.tree() == after, set(self.tree().items() ^ after.items())
        self.say(f"installed again: no file changed ({seconds:.1f} s)")
        pid = self.container.do("systemctl", "show", "--property=MainPID,NRestarts", "linky-gateway").split()
        self.say(f"the service was not restarted by it: {' '.join(pid)}")

    def publish(self) -> None:
        """A recipient of the other domain has what the household allows."""
        grant = f"consent grant coop@{_FAR} --series consumption --granularity raw --accept"
        self.container.do("runuser", "-u", "linky-gateway", "--", "linky-gateway", *grant.split())
        password = self.folder / "recipient.password"
        password.write_text("recipient\n")
        words = f"--jid coop@{_FAR} --gateway maison@{_HOME}/proxy --address {self.federation.address(_FAR)}"
        words += f" --identifier maison@{_HOME}/trial@{_HOME}/consumption"
        files = ["--password-file", password, "--ca-file", self.federation.ca]
        self._spawn("recipient", [sys.executable, "-m", "gateway", "consume", *words.split(), *files])
        wait_for(lambda: self.arrived() >= 20, "records at the recipient")
        self.say(f"{self.arrived()} records came through Prosody to coop@{_FAR}")

    def upgrade(self) -> None:
        """A tampered release, a good one, two that fail."""
        linky_setup = "/usr/local/sbin/linky-setup"
        releases = self.root / "root/releases"
        bad = releases / "linky-gateway-0.1.9.tar.gz"
        for part in ("tar.gz", "sha256", "sha256.sig"):
            text = (releases / f"linky-gateway-0.1.1.{part}").read_bytes().replace(b"0.1.1.tar", b"0.1.9.tar")
            bad.with_name(f"linky-gateway-0.1.9.{part}").write_bytes(text)
        said, seconds = self.setup("upgrade", "/root/releases/linky-gateway-0.1.9.tar.gz", code=5, tree=linky_setup)
        self.say(f"tampered release refused ({seconds:.1f} s): {said.strip().splitlines()[-1]}")
        for version, code in (("0.1.1", 0), ("0.1.2", 6), ("0.1.3", 6)):
            kept, came = self.points(), self.arrived()
            said, seconds = self.setup(
                "upgrade",
                f"/root/releases/linky-gateway-{version}.tar.gz",
                "--patience",
                "60",
                code=code,
                tree=linky_setup,
            )
            print(said)
            lost = kept - self.points()
            assert not lost, f"{len(lost)} readings lost: {sorted(lost, key=str)[:5]}"
            running = self.container.do("linky-gateway", "--version").split()[-1]
            assert running == "0.1.1", running
            self.container.do("systemctl", "is-active", "linky-gateway-check.timer", "linky-gateway-backup.timer")
            wait_for(lambda: self.link_is_ok("meter house"), "the meter")
            wait_for(lambda came=came: self.arrived() > came, "new records at the recipient")
            self.say(
                f"upgrade to {version}: {seconds:.1f} s, {running} runs, {len(kept)} readings before, none lost, "
                f"{len(self.points())} now"
            )
        aside = list((self.root / "var/lib/linky-gateway").glob("*.of-0.1.3"))
        assert len(aside) == 1, "the database of the release that changed it was to be kept"
        newer = set(rows(aside[0], _READINGS))
        assert newer - kept, "0.1.3 was to store readings before it was judged"
        lost = newer - self.points()
        assert not lost, f"{len(lost)} readings that 0.1.3 took are lost"
        self.say(f"{len(newer - kept)} readings that 0.1.3 took were carried over, none lost")

    def cut(self) -> None:
        """The machine goes down in the middle of an upgrade, whose release would not start."""
        linky_setup, marker = "/usr/local/sbin/linky-setup", self.root / "opt/linky-gateway/upgrading/from"
        kept = self.points()
        words = ("upgrade", "/root/releases/linky-gateway-0.1.2.tar.gz", "--offline", "/root/debs")
        self.container.do("systemd-run", "--collect", "--unit=trial-upgrade", linky_setup, *words)
        wait_for(marker.exists, "the middle of the upgrade")
        # All of it at once, as a power cut would.
        self.container.do("systemctl", "kill", "--signal=KILL", "trial-upgrade")
        assert marker.exists()
        said, _ = self.setup("check", code=4, tree=linky_setup)
        assert "was cut off" in said
        said, seconds = self.setup(
            "install", "--unattended", tree="/opt/linky-gateway/versions/0.1.1/source/tools/setup"
        )
        print(said)
        assert not marker.exists()
        assert self.container.do("linky-gateway", "--version").split()[-1] == "0.1.1"
        assert kept <= self.points()
        self.say(f"an upgrade that was killed is undone by the next install ({seconds:.1f} s), no reading lost")

    def power(self) -> None:
        """The power goes while a release that changes the database runs and is judged; it comes back."""
        marker, kept, came = self.root / "opt/linky-gateway/upgrading/from", self.points(), self.arrived()
        aside = self.root / "var/lib/linky-gateway/linky-gateway.sqlite.of-0.1.3.2"
        words = ("upgrade", "/root/releases/linky-gateway-0.1.3.tar.gz", "--offline", "/root/debs", "--patience", "600")
        self.container.do("systemd-run", "--collect", "--unit=trial-upgrade", "/usr/local/sbin/linky-setup", *words)
        wait_for(lambda: marker.exists() and self.points_of_newer() - kept, "what 0.1.3 stores")
        self.container.cut()
        newer = self.points_of_newer()
        begun = time.monotonic()
        self.boot()
        wait_for(lambda: self.link_is_ok("meter house"), "the meter")
        assert self.container.do("linky-gateway", "--version").split()[-1] == "0.1.1"
        print(self.container.do("journalctl", "--unit=linky-gateway-undo", "--no-pager", "--output=cat"))
        assert not marker.parent.exists()
        assert aside.exists(), "the database that 0.1.3 changed was to be kept under a name of its own"
        lost = newer - self.points()
        assert not lost, f"{len(lost)} of {len(newer)} readings are lost: {sorted(lost, key=str)[:5]}"
        wait_for(lambda: self.arrived() > came, "new records at the recipient")
        self.say(
            f"a power cut while 0.1.3 is judged: 0.1.1 runs {time.monotonic() - begun:.1f} s later, by itself,"
            f" {len(newer - kept)} readings of 0.1.3 carried over, none lost"
        )

    def over(self) -> None:
        """A newer release's own installer over what runs: an upgrade as well."""
        home, kept = self.root / "root", self.points()
        subprocess.run(["tar", "-C", home, "-xzf", home / "releases/linky-gateway-0.1.4.tar.gz"], check=True)
        _, seconds = self.setup("install", "--unattended", tree="/root/linky-gateway-0.1.4/tools/setup")
        assert self.container.do("linky-gateway", "--version").split()[-1] == "0.1.4"
        assert kept <= self.points()
        self.say(
            f"0.1.4 installed over 0.1.1 by its own installer ({seconds:.1f} s), every link green, no reading lost"
        )

    def end(self) -> None:
        """No secret anywhere; uninstall; nothing left."""
        log = self.root / "var/log/linky-gateway-setup.log"
        assert _PASSWORD not in log.read_text(), "the password is in the log"
        assert log.stat().st_mode & 0o777 == 0o600
        self.say("the log is 0600 and has no secret in it")
        said, seconds = self.setup("uninstall", "--purge", "--yes", tree="/usr/local/sbin/linky-setup")
        print(said)
        after = self.tree()
        # At midnight Debian copies what dpkg knows.
        changed = {name: what for name, what in after.items() if self.before.get(name) != what}
        left = {name: what for name, what in changed.items() if not name.startswith("var/backups/")}
        gone = self.before.keys() - after.keys()
        assert not left, f"left behind: {sorted(left)[:20]}"
        assert not gone, f"taken too much: {sorted(gone)[:20]}"
        assert self.container.run("id", "linky-gateway").returncode, "the user is still there"
        self.say(f"uninstalled in {seconds:.1f} s: {len(after)} files and folders, exactly those from before")


def main(arguments: list[str]) -> int:
    """Prepare with a network, run without one."""
    folder = Path(arguments[1]).resolve()
    if arguments[0] == "prepare":
        prepare(folder, arguments[2], arguments[3:])
        if "folder" in arguments[3:]:
            folders.prepare(folder)
        return 0
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)

    match arguments[0]:
        case "scenario":
            _scenario(folder)
        case "card":
            Cards(folder, say).run(int(arguments[2]))
        case "folder":
            folders.Folders(folder, say).run()
        case "cuts":
            Cuts(folder, say).run(int(arguments[3]), int(arguments[2]))
    return 0


def _scenario(folder: Path) -> None:
    with ExitStack() as stack:
        trial = SetupTrial(folder, stack)
        for part in (
            trial.start,
            trial.install,
            trial.publish,
            trial.upgrade,
            trial.cut,
            trial.power,
            trial.over,
            trial.end,
        ):
            part()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
