"""The boards that belong to this household: one file each, 0600, in the folder ``boards`` of the gateway's directory.

A file holds the key that signs what the board runs, so whoever reads it can write that board: it is a secret like a
password. The number of the last signed set is in it too, since a board takes only a higher one.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Literal

import msgspec

from gateway.errors import BoardError
from gateway.files import make_folder, owner_of_folder, write_whole
from gateway.mqtt.boards.passwords import GATEWAY_USER

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


class Board(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One board: ``key`` is 64 hexadecimal digits, ``serial`` the number of the last set that was signed for it."""

    id: str
    role: Literal["relay", "display"]
    chip: str
    key: str
    serial: int = 0

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("id: 1 to 32 small letters, digits and hyphens")
        if not re.fullmatch(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", self.key):
            raise ValueError(f"key: {2 * KEY_BYTES} hexadecimal digits")

    @property
    def secret(self) -> bytes:
        """The key as bytes."""
        return bytes.fromhex(self.key)


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What tools/flash hands over to the Pi: the board, and its line for mosquitto's password file."""

    board: Board
    password_line: str

    def __post_init__(self) -> None:
        # Else a card could give itself the rights of another user of the broker.
        if self.password_line.partition(":")[0] != self.board.id:
            raise ValueError("password_line: it is not that of this board")
        if self.board.id == GATEWAY_USER:
            raise ValueError(f"board: {GATEWAY_USER} is the gateway's own name")

    def encoded(self) -> bytes:
        """The card's file."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"

    @classmethod
    def decode(cls, content: bytes, name: str) -> Card:
        """Read a card; ``name`` is what the sentence calls it when it is none."""
        try:
            return msgspec.json.decode(content, type=cls)
        except msgspec.DecodeError as error:
            raise BoardError(f"{name} is no board's card as tools/flash writes it: {error}") from error


class Registry:
    """The boards of one gateway, by their files."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "boards"

    def all(self) -> list[Board]:
        """Every board, by its id."""
        try:
            names = sorted(path.stem for path in self._folder.glob("*.json"))
        except OSError as error:
            raise BoardError(f"{self._folder} cannot be read: {error.strerror}") from error
        return [self.get(name) for name in names]

    def get(self, board: str) -> Board:
        """One board; one sentence if it is not known here."""
        if not _ID.fullmatch(board):
            raise BoardError(f"{board!r} is no board's id; `linky-gateway board list` shows those that are known")
        path = self._path(board)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Board)
        except FileNotFoundError:
            raise BoardError(
                f"no board {board!r} is known here; `linky-gateway board list` shows those that are"
            ) from None
        except OSError as error:
            raise BoardError(f"{path} cannot be read: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise BoardError(f"{path} is no board's file: {error}") from error

    def keep(self, board: Board) -> None:
        """Write a board's file, whole or not at all, for its owner's eyes only."""
        path = self._path(board.id)
        try:
            make_folder(self._folder)
            # Root's command makes what the gateway's user reads and writes.
            owner = owner_of_folder(self._folder)
            os.chown(self._folder, *owner)
            write_whole(path, msgspec.json.format(msgspec.json.encode(board)), owner=owner)
        except OSError as error:
            raise BoardError(f"{path} cannot be written: {error.strerror}") from error

    def forget(self, board: str) -> None:
        """Remove a board's file; its key is gone, it can be updated by cable only."""
        path = self._path(self.get(board).id)
        try:
            path.unlink()
        except OSError as error:
            raise BoardError(f"{path} cannot be removed: {error.strerror}") from error

    def next_serial(self, board: Board) -> int:
        """A number above every one that this board has seen, kept before it is used.

        The time serves when the file was restored from an old backup, the count when the clock is behind.
        """
        serial = max(board.serial + 1, int(time.time()))
        self.keep(msgspec.structs.replace(board, serial=serial))
        return serial

    def _path(self, board: str) -> Path:
        return self._folder / f"{board}.json"
