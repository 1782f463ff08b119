"""A file of points on its way from the command that read it to whoever writes the database.

The order's line is short and the daemon sees no file of a person's: the command puts what it read into the folder of
the database, a line of JSON at a time, and names it in the order. It is read as it is stored, never whole.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import StoreError, reason
from gateway.store.connection import give_to_owner, room_at
from gateway.store.imports import FILE_PART, NewBatch
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

_NAME = re.compile(r"history-[0-9a-f]{32}\.import")
# A line holds so many points; with the longest path that is some 40 kB.
_TOGETHER = 500
_LONGEST_LINE = 100_000

# Below this the gateway begins to give up what it would have kept (``gateway/store/README.md``).
_ROOM, _COPIES = 60_000_000, 6
# No order takes so long: what is older was left by a command that was cut off.
_LEFT_S = 86_400

_NO_ROOM = Phrase("{path}: there is not enough room left on the disk to import this file")
_NOT_WRITTEN = Phrase("{path}: cannot be written: {why}")
_NOT_READ = Phrase("what was to be imported is not there, or not whole: import it again")


class _Points(msgspec.Struct, frozen=True, tag="points"):
    path: str
    points: list[tuple[int, int, int, int]]


class _Part(msgspec.Struct, frozen=True, tag="file"):
    part: str


class _Head(msgspec.Struct, frozen=True, tag="batch"):
    meter: str
    sha256: str
    name: str
    form: str
    rank: int
    rules: int
    choices: str


class _End(msgspec.Struct, frozen=True, tag="end"):
    """All of it is there."""


_DECODER = msgspec.json.Decoder(_Head | _Points | _Part | _End)
_ENCODER = msgspec.json.Encoder()


def write_spool(
    directory: Path, batch: NewBatch, points: Iterable[tuple[str, int, int, int, int]], data: bytes
) -> Path:
    """Put a batch, its points and its file into the folder; the path, to be removed when it was stored.

    StoreError where that cannot be written.
    """
    _sweep(directory)
    path = directory / f"history-{secrets.token_hex(16)}.import"
    # Once here, once in the database's log, once in the database; its points and its file, of which none is larger.
    if room_at(directory) < _ROOM + _COPIES * len(data):
        raise StoreError(_NO_ROOM.filled(path=directory))
    try:
        with path.open("xb") as out:
            path.chmod(0o600)
            give_to_owner(path)
            _write(out, batch, points, data)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise StoreError(_NOT_WRITTEN.filled(path=path, why=reason(error))) from error
    return path


def _sweep(directory: Path) -> None:
    """Remove what commands left that were cut off: each holds a household's file."""
    for path in directory.glob("history-*.import"):
        with suppress(OSError):
            if _NAME.fullmatch(path.name) and abs(time.time() - path.stat().st_mtime) > _LEFT_S:
                path.unlink()


def _write(out: IO[bytes], batch: NewBatch, points: Iterable[tuple[str, int, int, int, int]], data: bytes) -> None:
    head = _Head(batch.meter, batch.sha256.hex(), batch.name, batch.form, batch.rank, batch.rules, batch.choices)
    out.write(_ENCODER.encode(head) + b"\n")
    together: list[tuple[int, int, int, int]] = []
    path = ""
    for name, *point in points:
        if together and (name != path or len(together) == _TOGETHER):
            out.write(_ENCODER.encode(_Points(path, together)) + b"\n")
            together = []
        path = name
        together.append((point[0], point[1], point[2], point[3]))
    if together:
        out.write(_ENCODER.encode(_Points(path, together)) + b"\n")
    packed = zlib.compress(data, 9)
    for start in range(0, len(packed), FILE_PART):
        part = base64.b64encode(packed[start : start + FILE_PART]).decode()
        out.write(_ENCODER.encode(_Part(part)) + b"\n")
    out.write(_ENCODER.encode(_End()) + b"\n")


class Spool:
    """What was put there, read in its order: ``batch`` first, then ``points``, then the parts of the ``file``.

    Args:
        directory: the folder of the database.
        name: as the order has it. StoreError where there is no such file, or it is not what was written.
    """

    def __init__(self, directory: Path, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise StoreError(_NOT_READ)
        try:
            self._file = (directory / name).open("rb")
        except OSError as error:
            raise StoreError(_NOT_READ) from error
        try:
            self.batch = self._begin()
            self._ahead = self._next()
        except StoreError:
            self.close()
            raise

    def points(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Path, start, step, value, flags of each point."""
        while isinstance(self._ahead, _Points):
            for point in self._ahead.points:
                yield self._ahead.path, *point
            self._ahead = self._next()

    def file(self) -> Iterator[bytes]:
        """The parts of the file, deflated."""
        while not isinstance(self._ahead, _End):
            if not isinstance(self._ahead, _Part):
                raise StoreError(_NOT_READ)
            try:
                yield base64.b64decode(self._ahead.part, validate=True)
            except binascii.Error as error:
                raise StoreError(_NOT_READ) from error
            self._ahead = self._next()

    def close(self) -> None:
        """Done with it."""
        self._file.close()

    def _begin(self) -> NewBatch:
        head = self._next()
        if not isinstance(head, _Head):
            raise StoreError(_NOT_READ)
        try:
            sha256 = bytes.fromhex(head.sha256)
        except ValueError as error:
            raise StoreError(_NOT_READ) from error
        return NewBatch(head.meter, sha256, head.name, head.form, head.rank, head.rules, head.choices)

    def _next(self) -> _Head | _Points | _Part | _End | None:
        line = self._file.readline(_LONGEST_LINE)
        try:
            return _DECODER.decode(line) if line else None
        except msgspec.MsgspecError as error:
            raise StoreError(_NOT_READ) from error
