"""How much room is left where the database is, as a link: broken while too little is, until there is clearly more.

Too little is a twentieth of a small disk, half a gigabyte of a large one: weeks of readings, and what SQLite and the
journal of the system need to breathe.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gateway.errors import reason
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.numbers import decimal
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from pathlib import Path

LEAST_BYTES, LEAST_SHARE = 500_000_000, 0.05

# What is nearly full stays so until there is half as much again: deletes and logs sway around any limit.
_CLEAR = 1.5

_MB, _GB = 1e6, 1e9

_UNKNOWN = Phrase("{folder}: nobody knows how much is free: {why}")
_FREE = Phrase("{free} free of {size}")
_NEEDED = Phrase("; {least} are needed")


class DiskSpace:
    """The file system of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._low = False
        self._since = time.monotonic()

    def room(self) -> tuple[int, int]:
        """What a program may still write, and the size of it all, in bytes; OSError where nobody knows."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize

    def room_or_none(self) -> tuple[int, int] | None:
        """The same; None where nobody knows."""
        try:
            return self.room()
        except OSError:
            return None

    def link(self, now: float) -> Link:
        """How it stands at that second of the monotonic clock; ``free_bytes`` is what a program may still write."""
        try:
            free, size = self.room()
        except OSError as error:
            return Link(LinkKind.DISK, "", WAITING, None, _UNKNOWN.filled(folder=self._folder, why=reason(error)))
        least = min(LEAST_BYTES, size * LEAST_SHARE)
        low = free < (least * _CLEAR if self._low else least)
        if low != self._low:
            self._low, self._since = low, now
        words = _FREE.filled(free=_amount(free), size=_amount(size))
        words += _NEEDED.filled(least=_amount(least)) if low else NOTHING
        return Link(LinkKind.DISK, "", BROKEN if low else OK, now - self._since, words, {"free_bytes": float(free)})


def _amount(count: float) -> Phrase:
    if count < _GB:
        return Phrase("{count:.0f} MB").filled(count=count / _MB)
    return Phrase("{count} GB").filled(count=decimal(count / _GB, 1))
