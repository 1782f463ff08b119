"""Debian's mosquitto with the configuration that the project ships: passwords, access list, TLS; loopback only."""

from __future__ import annotations

import os
import shutil
import signal
import socket
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


def connect(port: int, user: str, password: str) -> int:
    """The return code of CONNACK to this user, 0 when he is let in (MQTT 3.1.1, 3.1 and 3.2.2.3)."""

    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    body = text("MQTT") + bytes((4, 0xC2, 0, 30)) + text(f"test-{user}") + text(user) + text(password)
    with socket.create_connection((HOST, port), 30) as line:
        line.sendall(bytes((0x10, len(body))) + body)
        return line.recv(4, socket.MSG_WAITALL)[3]


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
            self._reload(user, password)
        return password

    def _reload(self, user: str, password: str) -> None:
        """Have it read its files, and wait until it lets this user in.

        mosquitto (2.0.21, loop.c) forgets a signal that comes while it still reads for the one before, so that two
        users let in at once would be one. On a gateway a Python program starts between two signals.
        """
        before = self._reloads()
        os.kill(self.pid, signal.SIGHUP)
        wait_until(lambda: self._reloads() > before, 30, "mosquitto reads its files", alive=[self.require_alive])
        # One thread does both: whoever is answered now is answered after the reading.
        if (code := connect(self.port, user, password)) != 0:
            raise RigError(f"mosquitto refuses {user}, who was let in: CONNACK {code}")

    def _reloads(self) -> int:
        return self.log.read_bytes().count(b"Reloading config")

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
