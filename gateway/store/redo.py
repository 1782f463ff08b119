"""The log beside the database: what was done since the last commit, on the card by the minute.

SQLite writes whole pages, some twenty of them for the few values of a minute. So what is done each minute is written
here, as one short record, and stays in SQLite's open transaction; the commit that makes a half hour durable makes the
records void. After a power cut what they say is done again, in their order, and comes to the same rows and numbers.

The file never changes its size, and a record is written over old ones: nothing but its own block goes to the card. It
counts when its generation is the database's (``about``), its place follows and its sum is right: a torn one ends the
log, and with it what a power cut in that moment loses.
"""

from __future__ import annotations

import logging
import os
import secrets
import struct
import zlib
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import StoreError, reason
from gateway.files import sync
from gateway.store.connection import FILE_NAME, give_to_owner
from gateway.store.recorder import Batch  # noqa: TC001 (msgspec reads it)
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

REDO_NAME = f"{FILE_NAME}.redo"

# Hours of minutes, also where the database cannot be written.
_BYTES = 1 << 20
# What a disk writes whole: a torn record damages none before it.
_SECTOR = 512
# What a file system writes at least: a record that lies in two of them costs both.
_BLOCK = 4096
# Generation, place in it, length and sum of what follows.
_HEADER = struct.Struct(">16sIII")

_UNUSABLE = Phrase("{path}: cannot be used: {why}")


class WrittenBatches(msgspec.Struct, frozen=True, array_like=True, tag="written"):
    """Batches of meters, as ``Batches.write`` was given them."""

    batches: list[Batch]
    now: float


class HandedRows(msgspec.Struct, frozen=True, array_like=True, tag="handed"):
    """Rows of the outbox that leave: of each message (recipient, its last number, the numbers that count now)."""

    messages: list[tuple[str, int, list[int]]]
    now: float


class ConfirmedRows(msgspec.Struct, frozen=True, array_like=True, tag="confirmed"):
    """A recipient's receipt for ``after < seq <= last``; ``word`` where it is its server's alone."""

    recipient: str
    after: int
    last: int
    now: float
    word: bool = False


class ShownValues(msgspec.Struct, frozen=True, array_like=True, tag="shown"):
    """Live values that a recipient was shown."""

    recipient: str
    groups: list[tuple[int, int, int, int, int]]
    now: float


Done = WrittenBatches | HandedRows | ConfirmedRows | ShownValues

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Done]).decode


class RedoLog:
    """The log of one database, if there is one; all calls come from the store's one thread.

    Args:
        directory: where the database is.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / REDO_NAME
        self._file: int | None = None
        self._generation, self._place, self._end = "", 0, 0
        if self.path.exists():
            self._open()

    def make(self) -> None:
        """Have a file of the right size, whole on the card; StoreError where that cannot be."""
        file = self._open()
        if os.fstat(file).st_size != _BYTES:
            self.wipe()
            give_to_owner(self.path)
            sync(self.path.parent)

    def _open(self) -> int:
        try:
            if self._file is None:
                self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(_UNUSABLE.filled(path=self.path, why=reason(error))) from error
        return self._file

    @property
    def is_there(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    @property
    def holds(self) -> bool:
        """Whether anything was written that no commit has made void."""
        return self._place > 0

    def read(self, generation: str) -> Iterator[list[Done]]:
        """What the records of a generation say, in their order; the next one is written behind them."""
        self.begin(generation)
        while content := self._next():
            self._end += _sectors(_HEADER.size + len(content))
            self._place += 1
            try:
                yield _decode(zlib.decompress(content))
            except (zlib.error, msgspec.MsgspecError) as error:
                # Its sum is right, so another version wrote it.
                log.error("%s: a record is of another version, and is left out: %s", self.path, error)  # noqa: TRY400

    def write(self, done: Sequence[Done]) -> bool:
        """Put a record on the card, and wait until it is there; False where there is no room, or it can be none."""
        try:
            content = zlib.compress(_encode(done), 1)
        except (OverflowError, TypeError) as error:
            log.debug("%s: %s", self.path, error)
            return False
        size = _sectors(_HEADER.size + len(content))
        left = -self._end % _BLOCK
        begin = self._end + (left if left < size <= _BLOCK else 0)
        if self._file is None or begin + size > _BYTES:
            return False
        header = _HEADER.pack(self._generation.encode(), self._place, len(content), zlib.crc32(content))
        try:
            os.pwrite(self._file, (header + content).ljust(size, b"\0"), begin)
            os.fdatasync(self._file)
        except OSError as error:
            log.debug("%s: %s", self.path, error)
            return False
        self._place, self._end = self._place + 1, begin + size
        return True

    def begin(self, generation: str) -> None:
        """Write from the beginning: a commit has made void what is there."""
        self._generation, self._place, self._end = generation, 0, 0

    def wipe(self) -> None:
        """Overwrite all that is there, on the card: it is erased."""
        if self._file is None:
            return
        try:
            # Its room first: a card that is nearly full would take a part of it without a word.
            os.posix_fallocate(self._file, 0, _BYTES)
            os.pwrite(self._file, bytes(_BYTES), 0)
            os.ftruncate(self._file, _BYTES)
            os.fsync(self._file)
        except OSError as error:
            raise StoreError(_UNUSABLE.filled(path=self.path, why=reason(error))) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)

    def _next(self) -> bytes | None:
        """What the next record holds, which lies behind the last one or in the next block; None where there is none."""
        found = self._record()
        if found is None:
            self._end += -self._end % _BLOCK
            found = self._record()
        return found

    def _record(self) -> bytes | None:
        """What the record holds that begins here; None where none does."""
        header = os.pread(self._file, _HEADER.size, self._end) if self._file is not None else b""
        if self._file is None or len(header) < _HEADER.size:
            return None
        generation, place, length, total = _HEADER.unpack(header)
        if generation != self._generation.encode() or place != self._place or length > _BYTES:
            return None
        content = os.pread(self._file, length, self._end + _HEADER.size)
        return content if content and zlib.crc32(content) == total else None


def new_generation() -> str:
    """The name of what is written until the next commit."""
    return secrets.token_hex(8)


def _sectors(size: int) -> int:
    return -(-size // _SECTOR) * _SECTOR
