"""Debian's mosquitto with the configuration that the project ships: passwords, access list, TLS; loopback only."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from typing import TYPE_CHECKING, Self

from gateway.boards import passwords, rights
from harness import ROOT
from harness.process import Program
from servers import RigError, free_port, wait_until
from servers.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ROOT / "systemd" / "mosquitto"

HOST, NAME = "127.0.0.1", "raspberrypi.test"


def mosquitto() -> str | None:
    """The broker's program; Debian puts it where a user's PATH may not look."""
    return shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")


class HouseBroker:
    """The broker of a house: ``port`` for the gateway, ``tls_port`` for the boards, whose ``ca`` they believe.

    With ``persistence`` what is retained outlives it, as on Debian.
    """

    def __init__(self, folder: Path, *, persistence: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._persistence = folder, persistence
        self.port, self.tls_port = free_port(), free_port()
        self.passwords = folder / "passwords"
        self.passwords.touch(0o600)
        authority = Authority(folder / "ca").create()
        self.ca = authority.certificate
        self._configure(authority.issue(NAME, folder))
        self._program = Program(folder, "mosquitto", [mosquitto(), "-c", folder / "mosquitto.conf"])
        self.log = self._program.log

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
                msg = f"{SHIPPED / 'linky.conf'} has no {shipped!r} any more"
                raise RigError(msg)
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
        if pid := self._program.pid:
            os.kill(pid, signal.SIGHUP)
        return password

    def start(self) -> Self:
        """Start it, and wait for its ports."""
        if mosquitto() is None:
            msg = "mosquitto is not installed"
            raise RigError(msg)
        before = self.log.stat().st_size if self.log.exists() else 0
        self._program.start()
        wait_until(lambda: self._accepts() and self._runs(before), 30, "mosquitto accepts connections")
        return self

    def stop(self) -> None:
        """End it as systemd does: what is to persist is written."""
        self._program.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._program.kill()

    def _runs(self, before: int) -> bool:
        """Before it says so, a signal to read its files again would end it."""
        return b" running" in self.log.read_bytes()[before:]

    def _accepts(self) -> bool:
        try:
            for port in (self.port, self.tls_port):
                socket.create_connection((HOST, port), 0.5).close()
        except OSError:
            if not self._program.running:
                msg = f"mosquitto ended at once: {self.log.read_text()}"
                raise RigError(msg) from None
            return False
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
