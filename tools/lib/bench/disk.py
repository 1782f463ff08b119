"""A folder on a block device of its own, and what was written to that device: data, file system and journal together.

A file as an ext4 disk needs root and a loop device; where there is none, the folder is an ordinary one, and what this
process wrote is told by the kernel (``/proc/self/io``), without the file system's own part.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTOR = 512
_MEGABYTES = 512


@dataclass(frozen=True, slots=True)
class BenchDisk:
    """Where to write; ``device`` is the name of its block device, or "" where the folder has none of its own."""

    folder: Path
    device: str

    def written(self) -> int:
        """Bytes written until now; by this process alone where there is no device of its own."""
        if self.device:
            return int(Path(f"/sys/block/{self.device}/stat").read_text().split()[6]) * _SECTOR
        told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        return int(told["write_bytes"])

    def flush(self) -> None:
        """Let the kernel write what it would within half a minute: times of files, what the journal promised."""
        if not self.device:
            return
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(descriptor)


@contextmanager
def disk(folder: Path) -> Iterator[BenchDisk]:
    """A disk in that folder, until the end of the block."""
    inside = folder / "disk"
    inside.mkdir()
    image = folder / "disk.img"
    device = _attach(image) if os.geteuid() == 0 else ""
    if not device:
        yield BenchDisk(inside, "")
        return
    try:
        # Made whole at once: what the kernel would write of it later, by and by, is not the gateway's.
        make = ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", device]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        subprocess.run(["mount", "-o", "noatime", device, inside], check=True, capture_output=True)
        try:
            yield BenchDisk(inside, Path(device).name)
        finally:
            subprocess.run(["umount", inside], check=True, capture_output=True)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True, capture_output=True)


def _attach(image: Path) -> str:
    """The loop device of a new file; "" where there is none to be had, as in most containers."""
    with image.open("wb") as file:
        file.truncate(_MEGABYTES << 20)
    done = subprocess.run(["losetup", "--find", "--show", image], check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
