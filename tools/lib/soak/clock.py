"""The wall clock of a soak: a page in a file that one process writes and every other one reads.

Our own programs get it by ``LD_PRELOAD`` (``clock.c``), so that all they ask of the time of day runs fast: consents,
retention, half hours, nights. The monotonic clock stays the machine's: a network does not answer 500 times faster.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import sys
from pathlib import Path

from harness.process import preloaded
from soak.parts import SoakError

SOURCE = Path(__file__).with_name("clock.c")
_NS = 1_000_000_000
_FORM = struct.Struct("=q")


class HouseClock:
    """The page; ``now_s`` is POSIX seconds."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _FORM.size)

    @classmethod
    def make(cls, path: Path, start_s: int) -> HouseClock:
        """A new page that shows ``start_s``."""
        path.write_bytes(_FORM.pack(start_s * _NS))
        return cls(path)

    @property
    def now_s(self) -> float:
        """What it shows."""
        return float(_FORM.unpack(self._page[:])[0]) / _NS

    def show(self, ms: int) -> None:
        """Let it show so many milliseconds since 1970."""
        self._page[:] = _FORM.pack(ms * 1_000_000)


def build(folder: Path) -> Path:
    """Compile what is preloaded into a folder; the library. SoakError when it cannot be."""
    if sys.platform != "linux" or sys.maxsize < 2**32 or shutil.which("cc") is None:
        raise SoakError("the fast clock needs 64-bit Linux and a C compiler: apt install gcc libc6-dev")
    return preloaded(SOURCE, folder, SoakError)
