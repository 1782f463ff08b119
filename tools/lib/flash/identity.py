"""What makes one board itself: its name, its key, its password at the broker, and the settings it starts with.

Key and password are made here, on the machine that flashes; the board gets them by cable, the Pi in the board's card,
a file for its owner's eyes only. The broker's file gets the password's hash.
"""

from __future__ import annotations

import json
import os
import secrets
import ssl
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flash import pins
from flash.errors import FlashError
from flash.files import ROOT
from gateway.mqtt.boards.passwords import made
from gateway.mqtt.boards.registry import KEY_BYTES, Board, Card

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flash.chips import Chip

_CA_FILE = "ca.der"
_WIFI_PASSWORD = range(8, 64)


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """Where a board finds the Pi, and the Wi-Fi if it is told here; without one its own page asks for it.

    ``tables`` are settings of its own (a panel, pins) by the tables of config.json.
    """

    host: str
    port: int
    ca: bytes | None
    name: str | None = None
    ssid: str | None = None
    wifi_password: str = ""
    tables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardIdentity:
    """One board; ``line`` is its line in the broker's password file."""

    board: Board
    password: str
    line: str

    @classmethod
    def new(cls, name: str, role: Any, chip: Chip) -> BoardIdentity:  # noqa: ANN401 (Board checks it)
        """A board with a key and a password that nobody has had before."""
        password, line = made(name)
        return cls(Board(id=name, role=role, chip=chip.name, key=secrets.token_hex(KEY_BYTES)), password, line)

    def files(self, place: GatewayAddress, chip: Chip) -> dict[str, bytes]:
        """What is beside the sets in the board's file system."""
        broker = {"host": place.host, "port": place.port, "password": self.password, "name": place.name}
        broker["ca"] = _CA_FILE if place.ca else None
        config: dict[str, Any] = {"broker": broker}
        if self.board.role == "relay":
            config["relay"] = {"uart": chip.uart, "rx": chip.rx, "tx": chip.tx, "led": chip.led}
        else:
            config["display"] = {**chip.panel, "button": chip.button}
        for name, table in place.tables.items():
            config[name] = {**config.get(name, {}), **table}
        pins.check(config, chip)
        identity = {"id": self.board.id, "role": self.board.role, "key": self.board.key}
        identity |= {"button": chip.button, "config": config}
        found = {"identity.json": _json(identity)}
        if place.ca:
            found[_CA_FILE] = place.ca
        if place.ssid:
            wifi = {"ssid": place.ssid, "password": place.wifi_password}
            found["config.json"] = _json({"id": self.board.id, "wifi": wifi, **config})
        return found

    def keep(self, path: Path) -> None:
        """Write the board's card for the Pi, before the board has it: a key that is nowhere else must not be lost."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(Card(board=self.board, password_line=self.line).encoded())
        except FileExistsError:
            raise FlashError("exists", path=path) from None
        except OSError as error:
            raise FlashError("cannot_write", path=path, said=error.strerror) from error


def certificate(path: Path) -> bytes:
    """A certificate as MicroPython wants it (DER), from either form."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlashError("unreadable", path=path, said=error.strerror) from error
    try:
        if b"-----BEGIN" in content:
            content = ssl.PEM_cert_to_DER_cert(content[content.index(b"-----BEGIN") :].decode("ascii").strip())
        ssl.create_default_context(cadata=content)
    except (ValueError, ssl.SSLError) as error:
        raise FlashError("no_ca", path=path) from error
    return content


def own_tables(path: Path) -> Mapping[str, Any]:
    """Tables of config.json that a person has written; those that are made here are refused."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise FlashError("unreadable", path=path, said=error.strerror) from error
    except ValueError as error:
        raise FlashError("no_settings", path=path, said=error) from error
    if not isinstance(found, dict) or not all(isinstance(table, dict) for table in found.values()):
        raise FlashError("no_settings", path=path, said='{"display": {"panel": "sh1106"}}')
    if taken := {"broker", "wifi"} & set(found):
        raise FlashError("no_settings", path=path, said=", ".join(sorted(taken)))
    return found


def wifi_password(text: str) -> str:
    """A Wi-Fi password that can be one; empty for an open network."""
    if text and len(text) not in _WIFI_PASSWORD:
        raise FlashError("wifi_password", length=len(text))
    return text


def label_module() -> Any:  # noqa: ANN401 (a module of the boards, which has no types)
    """micropython/setup/label.py, which derives what the label says: the board runs the same file."""
    folders = [str(ROOT / "micropython" / folder) for folder in ("setup", "update")]
    sys.path[:0] = folders
    try:
        import label  # noqa: PLC0415 (only found with these folders)
    finally:
        del sys.path[: len(folders)]
    return label


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
