"""The boards that belong to this household: one file each, 0600, in the folder ``boards`` of the gateway's directory.

A file holds the key that signs what the board runs, so whoever reads it can write that board: it is a secret like a
password. The number of the last signed set is in it too, since a board takes only a higher one.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from gateway.errors import BoardError
from gateway.files import folder_itself, give_over, make_folder, owner_of_folder, write_whole
from gateway.mqtt.boards.passwords import GATEWAY_USER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY_BYTES = 32
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
# Root's command prints it, and who prepared the card wrote it.
_CHIP = re.compile(r"esp32[a-z0-9-]{0,11}", re.ASCII)
# Eight bytes of the signed set.
_MOST_SERIAL = 2**63
# A board's file has some two hundred.
_MOST_BYTES = 4096


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
        if not _CHIP.fullmatch(self.chip):
            raise ValueError("chip: esp32, or a name that begins so")
        if not 0 <= self.serial < _MOST_SERIAL:
            raise ValueError("serial: a whole number of 0 to 2^63 - 1")
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

    def names(self) -> list[str]:
        """The id of every board, also of one whose file is damaged; a file that bears no id is none of theirs."""
        try:
            with folder_itself(self._folder) as folder:
                names = [path.stem for path in folder.iterdir() if path.suffix == ".json"]
                return sorted(name for name in names if _ID.fullmatch(name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BoardError(f"{self._folder} cannot be read: {error.strerror}") from error

    def all(self) -> list[Board]:
        """Every board, by its id."""
        return [self.get(name) for name in self.names()]

    def get(self, board: str) -> Board:
        """One board; one sentence if it is not known here."""
        path = self._path(checked(board))
        try:
            with folder_itself(self._folder) as folder:
                return msgspec.json.decode(_content(folder / path.name)[0], type=Board)
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
        # Root's command makes what the gateway's user reads and writes.
        try:
            make_folder(self._folder)
            owner = owner_of_folder(self._folder)
            give_over(self._folder, owner)
            with folder_itself(self._folder) as folder:
                write_whole(folder / path.name, msgspec.json.format(msgspec.json.encode(board)), owner=owner)
        except OSError as error:
            raise BoardError(f"{path} cannot be written: {error.strerror}") from error

    def forget(self, board: str) -> None:
        """Remove a board's file, also a damaged one; its key is gone, it can be updated by cable only."""
        path = self._path(checked(board))
        try:
            with folder_itself(self._folder) as folder:
                (folder / path.name).unlink()
        except FileNotFoundError:
            raise BoardError(
                f"no board {board!r} is known here; `linky-gateway board list` shows those that are"
            ) from None
        except OSError as error:
            raise BoardError(f"{path} cannot be removed: {error.strerror}") from error

    def made_by_root(self) -> set[str]:
        """The boards whose files root's command made, and nobody else can have; empty for others than root."""
        found = set()
        if os.geteuid() == 0:
            for name, path in self._files():
                # One that is no board's file is not known as one.
                with suppress(OSError, msgspec.DecodeError):
                    content, owner = _content(path)
                    if owner == 0 and msgspec.json.decode(content, type=Board).id == name:
                        found.add(name)
        return found

    def give_over(self) -> None:
        """Give to the gateway's user what root's command had made, before that user had to read it."""
        # The unit that enters boards at the broker may not write here; whoever cannot read them says so.
        for _, path in self._files():
            with suppress(OSError):
                give_over(path, owner_of_folder(self._folder))
        with suppress(OSError):
            give_over(self._folder, owner_of_folder(self._folder))

    def _files(self) -> Iterator[tuple[str, Path]]:
        try:
            with folder_itself(self._folder) as folder:
                for path in folder.iterdir():
                    if path.suffix == ".json":
                        yield path.stem, path
        except OSError:
            return

    def next_serial(self, board: Board) -> int:
        """A number above every one that this board has seen, kept before it is used.

        The time serves when the file was restored from an old backup, the count when the clock is behind.
        """
        serial = max(board.serial + 1, int(time.time()))
        self.keep(msgspec.structs.replace(board, serial=serial))
        return serial

    def _path(self, board: str) -> Path:
        return self._folder / f"{board}.json"


def checked(board: str) -> str:
    """That id; BoardError where it can be none."""
    if not _ID.fullmatch(board):
        raise BoardError(f"{board[:40]!r} is no board's id; `linky-gateway board list` shows those that are known")
    return board


def _content(path: Path) -> tuple[bytes, int]:
    """A file's bytes and its owner; OSError for a link, and for what is no file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode) or seen.st_nlink != 1:
            raise OSError(errno.EINVAL, "it is no file of its own")
        return file.read(_MOST_BYTES), seen.st_uid
