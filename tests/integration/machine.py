"""A machine for what tools/setup has put below --root: a network and a view of the disk of its own, nothing else.

It stands for the Raspberry Pi and the display beside it. mosquitto reads the very files of the installation at their
own places, on the ports that they say. In what it differs: the name of the Pi is in /etc/hosts (in a house mDNS says
it); no systemd runs, so that mosquitto is given the signal of its unit's ExecReload (SIGHUP) by hand; the broker's own
user is root, as the files are; Debian's mosquitto.conf is its include_dir alone, without persistence.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness import ROOT
from relay_faults.broker import mosquitto
from servers import wait_until
from tests.alone import Alone
from tests.integration.processes import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tools.setup.conftest import System

_PREPARE = """
mount --bind "$1/etc/mosquitto" /etc/mosquitto
mount --bind "$1/var/lib" /var/lib
mount --bind "$2" /etc/hosts
[ ! -d /run/systemd ] || mount -t tmpfs none /run/systemd
"""


class Machine(Alone):
    """What is installed in ``system`` as the system that runs; ``name`` is the machine's in the house."""

    def __init__(self, system: System, folder: Path, name: str) -> None:
        root = system.folder
        self.system, self.folder = system, folder
        self.config = root / "etc/linky-gateway/gateway.toml"
        hosts = folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {name}\n")
        (root / "var/lib").mkdir(parents=True, exist_ok=True)
        self._broker: subprocess.Popen[bytes] | None = None
        super().__init__(_PREPARE, root, hosts)

    def __exit__(self, *_: object) -> None:
        self.stop_broker()
        super().__exit__()

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """A command that ends."""
        return subprocess.run(
            self.words(*command), check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT, timeout=60
        )

    def gateway(self, *command: object) -> str:
        """One command of the installed gateway that works, as root types it; what it prints."""
        done = self.run(sys.executable, "-m", "gateway", *command, "--config", self.config)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_broker(self) -> None:
        """Start mosquitto with what is installed, at the places where it is installed."""
        program = mosquitto()
        if program is None or not shutil.which("nsenter"):
            (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: mosquitto")
        whole = self.folder / "mosquitto.conf"
        whole.write_text("user root\npersistence false\ninclude_dir /etc/mosquitto/conf.d\n")
        self._log = self.folder / "mosquitto.log"
        with self._log.open("wb") as log:
            self._broker = subprocess.Popen(
                self.words(program, "-c", whole), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._runs, 30, "mosquitto runs")

    def _runs(self) -> bool:
        assert self._broker.poll() is None, self._log.read_text()
        return " running" in self._log.read_text()

    def reload_broker(self) -> None:
        """What ``systemctl reload mosquitto`` does; it has read its files when this returns."""
        before = self._log.read_text().count("Reloading config")
        self._broker.send_signal(signal.SIGHUP)
        wait_until(lambda: self._log.read_text().count("Reloading config") > before, 30, "mosquitto reads its files")

    def stop_broker(self) -> None:
        """As systemd ends it."""
        if self._broker:
            self._broker.terminate()
            self._broker.wait(30)
            self._broker = None
