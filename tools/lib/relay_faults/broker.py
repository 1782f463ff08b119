"""Debian's mosquitto with the configuration that the project ships: passwords, access list, TLS; loopback only."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING, Self

from gateway.mqtt.boards import passwords, rights
from harness import ROOT
from harness.process import Program
from harness.wait import accepts, wait_until
from servers import RigError, free_port
from servers.certificates import Authority
from servers.ports import HOST

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ROOT / "systemd" / "mosquitto"

NAME = "raspberrypi.test"


def mosquitto() -> str | None:
    """The broker's program; Debian puts it where a user's PATH may not look."""
    return shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")


class HouseBroker(Program):
    """The broker of a house: ``port`` for the gateway, ``tls_port`` for the boards, whose ``ca`` they believe.

    With ``persistence`` what is retained outlives it that is stopped, as on Debian. At the end of a block it is killed.
    """

    def __init__(self, folder: Path, *, persistence: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, "mosquitto", [mosquitto(), "-c", folder / "mosquitto.conf"], fault=RigError)
        self._folder, self._persistence = folder, persistence
        self.port, self.tls_port = free_port(), free_port()
        self.passwords = folder / "passwords"
        self.passwords.touch(0o600)
        authority = Authority(folder / "ca").create()
        self.ca = authority.certificate
        self._configure(authority.issue(NAME, folder))

    def _configure(self, issued: object) -> None:
        text = (SHIPPED / "linky.conf").read_text()
        for shipped, ours in (
            ("/etc/mosquitto/linky.passwords", self.passwords),
            ("/etc/mosquitto/linky.acl", self._folder / "acl"),
            ("/etc/mosquitto/linky/ca.crt", self.ca),
            ("/etc/mosquitto/linky/server.crt", issued.certificate),
            ("/etc/mosquitto/linky/server.key", issued.key),
            ("listener 1883 127.0.0.1", f"listener {self.port} {HOST}"),
            ("listener 8883", f"listener {self.tls_port} {HOST}"),
        ):
            if shipped not in text:
                raise RigError(f"{SHIPPED / 'linky.conf'} has no {shipped!r} any more")
            text = text.replace(shipped, str(ours))
        shutil.copy(SHIPPED / "linky.acl", self._folder / "acl")
        (self._folder / "acl").chmod(0o600)
        # As root it would change to a user who cannot read these files.
        user = "user root\n" if os.geteuid() == 0 else ""
        kept = (
            f"persistence true\npersistence_location {self._folder}/\n" if self._persistence else "persistence false\n"
        )
        (self._folder / "mosquitto.conf").write_text(f"{user}{kept}{text}")

    def add(self, user: str, *, reads: bool = False) -> str:
        """Let a user in, and with ``reads`` read what the meters say; the password."""
        password = passwords.add(self.passwords, user)
        if reads:
            rights.allow(self._folder / "acl", user)
        if self.pid:
            os.kill(self.pid, signal.SIGHUP)
        return password

    def start(self, **more: str) -> Self:
        """Start it, and wait for its ports; before it says that it runs, a signal to read its files would end it."""
        if mosquitto() is None:
            raise RigError("mosquitto is not installed")
        before = self.log.stat().st_size if self.log.exists() else 0
        super().start(**more)
        wait_until(
            lambda: accepts(HOST, self.port, self.tls_port) and b" running" in self.log.read_bytes()[before:],
            30, "mosquitto accepts connections", alive=[self.require_alive],
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
