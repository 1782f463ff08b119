"""The power goes at random seconds of a first installation, apt's work included; the same command then finishes it.

A cut ends every process of the machine at once. What was written stays: of what a disk had not yet on it, nothing is
lost here, as it may be with a real one.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.container import Container, TrialError, wait_for
from harness.meter import TrialMeter
from setup_test.root import lay_archive, run, unpack
from setup_test.tree import files_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PORT = "/dev/ttyTIC"
_SETUP = "/root/linky-gateway-0.1.0/tools/setup"
_COMMAND = ("install", "--unattended", "--config", "/root/answers", "--lang", "en")
# Made anew in each installation, or by each machine for itself.
_RANDOM = ("etc/linky-gateway/secrets/", "etc/mosquitto/", "etc/machine-id", "etc/ssl/", "var/lib/dbus/machine-id")


class Cuts:
    """So many first installations in ``folder``, which ``prepare`` filled, each cut off once."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._say, self._fresh, self._root = say, folder / "fresh", folder / "cut"
        self._console, self._link = folder / "cut-console.log", folder / "cut-meter"
        unpack(folder / "base.tar", self._fresh)
        lay_archive(folder / "debs", self._fresh)
        home = self._fresh / "root"
        run("tar", "-C", home, "-xzf", folder / "releases/linky-gateway-0.1.0.tar.gz")
        (home / "answers").write_text("configuration = /root/gateway.toml\nmqtt = yes\nboards = yes\n")
        (home / "gateway.toml").write_text(
            f'[[meter]]\nsource = "{PORT}"\nclock = "meter"\n[clock]\ntrusted = true\n[web]\n[mqtt]\nuser = "gateway"\n'
        )
        drop = self._fresh / "etc/systemd/system/linky-gateway.service.d/trial.conf"
        drop.parent.mkdir(parents=True)
        drop.write_text("[Service]\nDeviceAllow=char-pts rw\n")

    def run(self, count: int, seed: int) -> None:
        """Install once undisturbed, then with a cut each."""
        chance = random.Random(seed)
        with TrialMeter(self._link) as meter:
            self._meter = meter.port
            self._renew()
            with self._booted() as house:
                seconds, _ = self._install(house)
            whole = self._looks()
            self._say(f"a first installation: {seconds:.1f} s; seed {seed}")
            for number in range(1, count + 1):
                self._one(number, chance.uniform(0.0, seconds), whole)

    def _one(self, number: int, at: float, whole: tuple[dict[str, str], set[str], set[str]]) -> None:
        self._renew()
        with ExitStack() as ending:
            house = ending.enter_context(self._booted())
            began = time.monotonic()
            house.do("systemd-run", "--collect", "--unit=trial-install", _SETUP, *_COMMAND)
            wait_for(lambda: time.monotonic() - began >= at, "the moment of the cut")
            step = self._step()
            house.cut()
        with self._booted() as house:
            half = house.run("dpkg", "--audit").stdout
            seconds, said = self._install(house)
            if house.run("dpkg", "--audit").stdout:
                raise TrialError(f"cut {number}, at {at:.1f} s: dpkg is not whole")
        for what, expected, found in zip(("files", "packages", "list"), whole, self._looks(), strict=True):
            if expected != found:
                other = sorted(set(expected) ^ set(found)) or [
                    name for name in expected if expected[name] != found[name]
                ]
                raise TrialError(f"cut {number}, at {at:.1f} s: other {what}: {other[:10]}")
        finished = "dpkg was half way, finished first; " if "finishes what was cut off" in said else ""
        half = "dpkg --audit spoke; " if half else ""
        self._say(
            f"cut {number:2} at {at:5.1f} s ({step}): {half}{finished}installed after {seconds:.1f} s more, the same"
        )

    def _booted(self) -> Container:
        return Container(self._root, self._console, [f"{self._meter}:{PORT}"])

    def _renew(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", self._fresh, self._root], check=True)

    def _install(self, house: Container) -> tuple[float, str]:
        began = time.monotonic()
        said = house.do(_SETUP, *_COMMAND)
        return time.monotonic() - began, said

    def _step(self) -> str:
        """What the installer was at, as its log has it."""
        log = self._root / "var/log/linky-gateway-setup.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        steps = [line.partition("… ")[2] for line in lines if " … " in line]
        return steps[-1] if steps else "its beginning"

    def _looks(self) -> tuple[dict[str, str], set[str], set[str]]:
        """Files (of those that chance has a part in, the names alone), packages, what is remembered as ours."""
        files = {name: "" if name.startswith(_RANDOM) else what for name, what in files_of(self._root).items()}
        states = (self._root / "var/lib/dpkg/status").read_text().split("\n\n")
        installed = {part.partition("\n")[0] for part in states if "\nStatus: install ok installed" in part}
        return files, installed, set((self._root / "opt/linky-gateway/installed").read_text().splitlines())
