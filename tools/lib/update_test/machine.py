"""One machine of the trial: a Debian 13 with the gateway, a meter, and the folder of releases at its own loopback.

As a card has it, its root is read-only but while apt works, /var is another file system and what changes in /etc lies
there (``tools/lib/image/files``); systemd-nspawn mounts what a card's initramfs would.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.upkeep.updates.machine import is_locked
from harness.container import CLEAN, Container, TrialError, unpack, wait_for
from harness.points import rows
from update_test.releases import PATIENCE_S, ROOT, TrialReleases

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

PORT = "/dev/linky-TINFO-1"
_READINGS = "SELECT path, time, value FROM reading JOIN series ON series.id = series"
CONFIG = f"""
[[meter]]
source = "{PORT}"
clock = "meter"
[clock]
trusted = true
[store]
commit_interval_s = 1
[web]
listen = "127.0.0.1:8080"
[updates]
url = "http://127.0.0.1:8000"
"""
_SERVER = """[Unit]
Before=linky-gateway.service
[Service]
ExecStart=/usr/bin/python3 -m http.server 8000 --bind 127.0.0.1 --directory /srv/releases
[Install]
WantedBy=multi-user.target
"""
_PATIENCE = f"Environment=LINKY_GATEWAY_PATIENCE_S={PATIENCE_S}"


class CardRoot(Container):
    """A container whose root is as a card's."""

    def __init__(self, root: Path, data: Path, log: Path, binds: list[str]) -> None:
        super().__init__(root, log, binds)
        (data / "lib/linky-card/etc").mkdir(parents=True, exist_ok=True)
        self._options += ["--read-only", f"--bind={data}:/var", f"--overlay=+/etc:{data}/lib/linky-card/etc:/etc"]


class UpdateMachine:
    """It.

    Args:
        work: where all of it lies.
        base: a fresh Debian.
        port: the meter's.
        card: whether its root is as a card's.
    """

    def __init__(self, work: Path, base: Path, port: str, ending: ExitStack, *, card: bool) -> None:
        self.root, self.card = work / "root", card
        self.var = work / "data" if card else self.root / "var"
        self.work, self._base, self._port, self._ending = work, base, port, ending
        self.folder = TrialReleases(work / "releases")
        self.house: Container

    def install(self, release: Path) -> None:
        """A fresh root with the gateway in it, configured; booted."""
        unpack(self._base, self.root)
        units = self.root / "etc/systemd/system"
        (units / "releases.service").write_text(_SERVER)
        subprocess.run(["systemctl", f"--root={self.root}", "enable", "releases"], check=True, capture_output=True)
        (self.root / "srv/releases").mkdir(parents=True)
        for unit, lines in (
            ("linky-gateway.service", "DeviceAllow=char-pts rw"),
            ("linky-gateway-judge.service", _PATIENCE),
            ("linky-gateway-update@.service", _PATIENCE),
        ):
            (units / f"{unit}.d").mkdir()
            (units / f"{unit}.d/trial.conf").write_text(f"[Service]\n{lines}\n")
        # No network, and nothing to be had there.
        for old in (self.root / "etc/apt/sources.list.d").glob("*"):
            old.unlink()
        (self.root / "etc/apt/sources.list").write_text("")
        self._bring(release)

    def _bring(self, deb: Path) -> None:
        """The package, then the first start."""
        shutil.copy(deb, self.root / "root" / deb.name)
        done = subprocess.run(
            ["chroot", self.root, "dpkg", "-i", f"/root/{deb.name}"],
            check=False, capture_output=True, text=True, env=CLEAN,
        )  # fmt: skip
        if done.returncode:
            raise TrialError(done.stderr[-1000:])
        etc = self.root / "etc/linky-gateway"
        (etc / "gateway.toml").write_text(CONFIG)
        (etc / "release.pub").write_text(TrialReleases.key())
        subprocess.run(["chroot", self.root, "systemd-tmpfiles", "--create", "linky-gateway.conf"], check=False)
        if self.card:
            conf = "etc/apt/apt.conf.d/50linky-card"
            shutil.copy(ROOT / "tools/lib/image/files" / conf, self.root / conf)
            shutil.rmtree(self.var, ignore_errors=True)
            subprocess.run(["cp", "-a", self.root / "var", self.var], check=True)
        self.boot()

    def boot(self) -> None:
        """Start it."""
        binds = [f"{self._port}:{PORT}", f"{self.folder.path}:/srv/releases"]
        log = self.work / "console.log"
        box = CardRoot(self.root, self.var, log, binds) if self.card else Container(self.root, log, binds)
        self.house = self._ending.enter_context(box)

    # --- What is seen ---

    def installed(self) -> str:
        """The version that is there, whole; TrialError."""
        said = self.house.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Version}", "linky-gateway").stdout
        letters, _, version = said.partition("\t")
        if letters.strip() != "ii":
            raise TrialError(f"dpkg says {letters} {version}")
        return version

    def links(self) -> dict[str, str]:
        """Each link's state; nothing where the gateway does not say."""
        done = self.house.run("runuser", "-u", "linky-gateway", "--", "linky-gateway", "status", "--json")
        try:
            report = json.loads(done.stdout)
        except ValueError:
            return {}
        return {row["link"]: row["state"] for row in report["links"]} if report["running"] else {}

    def is_well(self) -> bool:
        """Whether meter, database and page are green."""
        links = self.links()
        return all(links.get(link) == "ok" for link in ("meter house", "store", "page"))

    def points(self) -> set[tuple[Any, ...]]:
        """Every stored reading, read beside the running gateway."""
        return set(rows(self.var / "lib/linky-gateway/linky-gateway.sqlite", _READINGS))

    def outcome(self) -> dict[str, Any]:
        """How the last update ended; nothing before."""
        try:
            return json.loads((self.var / "lib/linky-gateway-update/outcome.json").read_text())
        except (OSError, ValueError):
            return {}

    def is_underway(self) -> bool:
        """Whether one is going on, or waits to be judged."""
        home = self.var / "lib/linky-gateway-update"
        return (home / "underway.json").exists() or is_locked(home)

    def gateway(self, *words: str, code: int = 0) -> str:
        """``linky-gateway`` in it, as its user."""
        return self.house.do("runuser", "-u", "linky-gateway", "--", "linky-gateway", *words, code=code)

    def version_line(self) -> str:
        """What is said of the version that runs and of others."""
        words = ("runuser", "-u", "linky-gateway", "--", "linky-gateway", "update", "status", "--lang", "en")
        return self.house.run(*words).stdout

    # --- What is done ---

    def update(self, version: str, release: Path) -> tuple[str, float]:
        """Publish, look, say yes, wait until it was judged; how it ended, and after how many seconds."""
        self.folder.publish(version, release)
        before, begun = self.outcome(), time.monotonic()
        self.gateway("update", "check", "--lang", "en", code=1)
        say_yes(self)
        wait_for(lambda: self.outcome() != before and not self.is_underway(), f"how {version} ends", 600.0)
        return self.outcome()["result"], time.monotonic() - begun

    def cut_at(self, seconds: float) -> None:
        """The power goes then; it comes back."""
        time.sleep(seconds)
        self.house.cut()
        self.boot()

    def settle(self, versions: tuple[str, ...]) -> str:
        """Wait until all is well with nothing under way; the version, which must be one of those."""
        wait_for(lambda: self.is_well() and not self.is_underway(), "nothing to be under way and all to be well", 800.0)
        version = self.installed()
        if version not in versions:
            raise TrialError(f"{version} is installed, not one of {versions}")
        said = self.house.run("linky-gateway", "--version").stdout.split()[-1:]
        if said != [version]:
            raise TrialError(f"{version} is installed, and {said} runs")
        return version


class SetupMachine(UpdateMachine):
    """One on which a person has installed the gateway by ``tools/setup install --unattended`` of a release."""

    def _bring(self, release: Path) -> None:
        home = self.root / "root"
        subprocess.run(["tar", "-C", home, "--no-same-owner", "-xzf", release], check=True)
        (home / "gateway.toml").write_text(CONFIG)
        (home / "answers").write_text("configuration = /root/gateway.toml\npage = no\nupdates = no\n")
        self.boot()
        setup = f"/root/{release.name.removesuffix('.tar.gz')}/tools/setup"
        self.house.do(setup, "install", "--unattended", "--config", "/root/answers", "--lang", "en")

    def installed(self) -> str:
        """The version that is there, whole; TrialError."""
        version = (self.root / "opt/linky-gateway/current").readlink().name
        if not (self.root / f"opt/linky-gateway/versions/{version}/complete").exists():
            raise TrialError(f"{version} is not whole")
        return version

    def is_underway(self) -> bool:
        """Whether one is going on, or was cut off and is not undone."""
        return (self.root / "opt/linky-gateway/upgrading/from").exists() or super().is_underway()


def say_yes(machine: UpdateMachine) -> None:
    """Have it installed; one that was said yes to before the power went may have to come to its end first."""
    words = ("runuser", "-u", "linky-gateway", "--", "linky-gateway", "update")
    machine.house.run(*words, "check")
    wait_for(lambda: machine.house.run(*words, "install").returncode == 0, "the yes to be taken", 600.0)


class CutTrial(NamedTuple):
    """An update in which the power goes."""

    version: str
    release: Path
    took_s: float  # Seconds from the yes to its end, where the power stays.
    fault: str  # What is wrong with it; "" for nothing.


def random_cuts(
    machine: UpdateMachine, trial: Callable[[int], CutTrial], cuts: int, seed: int, say: Callable[[str], None]
) -> None:
    """So many power cuts, each at a random moment of an update; after each one of the two versions, no reading less."""
    dice = random.Random(seed)
    may_run = [machine.installed()]
    for cut in range(1, cuts + 1):
        to, release, took_s, fault = trial(cut)
        machine.folder.publish(to, release)
        kept = machine.points()
        say_yes(machine)
        at = dice.uniform(0.0, took_s)
        machine.cut_at(at)
        # What was said yes to before the cut before may have come to its end since.
        now = machine.settle((*may_run, *([] if fault else [to])))
        if lost := kept - machine.points():
            raise TrialError(f"cut {cut}: {len(lost)} readings are lost: {sorted(lost, key=str)[:3]}")
        how = machine.outcome().get("result", "-") if machine.outcome().get("to") == to else "not ended"
        what = f"{to}, which {fault}" if fault else to
        say(f"cut {cut}, {at:5.1f} s after the yes to {what}: {now} runs ({how}), {len(kept)} readings, none lost")
        may_run = [now] if fault else [now, to]
