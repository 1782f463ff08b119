"""A program run with every change of a folder written down, and what was written: changes, syncs, its own marks.

The recorder is ``recorder.c``, preloaded: the program, its SQLite library and the interpreter are the real ones.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.process import preloaded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = Path(__file__).with_name("recorder.c")
_HEAD = struct.Struct("<QQqqQ")

# What a workload may take on a busy machine.
_LONGEST_S = 600

MARK = "!"


class RecordError(Exception):
    """A program that cannot be recorded, or that ended badly."""


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One record, in the order in which things were done.

    ``letter`` is c(reate), k (make a folder), m(ove), u(nlink) of a name; w(rite) at ``at``, t(runcate) to ``at``,
    s(ync) of a file's contents; d, the sync of a folder; ``!`` a mark of the program, as JSON.
    """

    letter: str
    inode: int
    at: int
    data: bytes

    @property
    def mark(self) -> dict[str, Any]:
        """What the program said."""
        return dict(json.loads(self.data))


def missing() -> str | None:
    """Why nothing can be recorded on this machine; None when all is there."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return "the recorder of power cuts knows 64-bit Linux only"
    return None if shutil.which("cc") else "there is no C compiler (cc) for the recorder of power cuts"


def build(folder: Path) -> Path:
    """Compile the recorder into a folder; the library."""
    return preloaded(SOURCE, folder, RecordError)


def record(library: Path, folder: Path, log: Path, command: Sequence[str]) -> list[RecordedChange]:
    """Run a program to its end and return what it did to ``folder``; RecordError when it fails."""
    environment = os.environ | {
        "LD_PRELOAD": str(library),
        "POWER_CUTS_FOLDER": str(folder),
        "POWER_CUTS_LOG": str(log),
        "PYTHONPATH": os.pathsep.join(sys.path),
        # The same record for the same seed: sets in the same order.
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST_S)
    if done.returncode:
        raise RecordError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return list(parse(log.read_bytes()))


def parse(data: bytes) -> Iterator[RecordedChange]:
    """The records of a log."""
    at = 0
    while at < len(data):
        letter, inode, first, _, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield RecordedChange(chr(letter), inode, first, data[at : at + length])
        at += length


def mark(**said: object) -> None:
    """Say something at this place of the record; called in the program that is recorded."""
    text = json.dumps(said).encode()
    ctypes.CDLL(None).power_cuts_mark(text, ctypes.c_size_t(len(text)))
