"""Where files of days lie: a folder. A file is there whole or not at all, whoever is killed when."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from gateway.collector.days import DayPart
from gateway.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

# No pattern for files of days finds it.
_BEGUN = ".linky-collect.begun"
# Where days lie, and totals of days (``DayPart.name``).
_BELOW = ("", "_totals/")


class DayFiles(Protocol):
    """Where files are kept. Each method raises OSError when it is away."""

    @property
    def begun(self) -> Path:
        """Where a file is written before it is put in its place."""

    def listed(self) -> dict[str, int]:
        """The name of each file of a day, and its size."""

    def put(self, name: str) -> None:
        """Put what was ``begun`` in its place, instead of what is there."""

    def remove(self, name: str) -> None:
        """Take a file away; one that is not there is gone already."""

    def owner(self, name: str, key: bytes) -> bytes | None:
        """What stands under a key in a file's head; None where nothing does, or it is no Parquet file."""


class DayFolder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise StoreError(f"{path} is no folder: make it, and give it to who writes there (parquet.folder)")
        self._path = path
        self.begun = path / _BEGUN

    def listed(self) -> dict[str, int]:
        """Likewise."""
        files = (file for below in _BELOW for file in self._path.glob(f"{below}day=*/part-*.parquet"))
        found = {file.relative_to(self._path).as_posix(): file for file in files}
        return {name: file.stat().st_size for name, file in found.items() if DayPart.named(name)}

    def put(self, name: str) -> None:
        """Likewise: on the disk before it has its name."""
        target, owner = self._path / name, self._path.stat()
        target.parent.mkdir(parents=True, exist_ok=True)
        folders = self._above(target)
        with self.begun.open("rb") as file:
            os.fsync(file.fileno())
        if os.geteuid() == 0:
            # Typed by root: the next night is another's.
            for made in (self.begun, *folders):
                os.chown(made, owner.st_uid, owner.st_gid)
        self.begun.replace(target)
        for folder in (*folders, self._path):
            _settle(folder)

    def remove(self, name: str) -> None:
        """Likewise, and the folders above it when nothing else is in them."""
        target = self._path / name
        target.unlink(missing_ok=True)
        for folder in self._above(target):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        _settle(self._path)

    def owner(self, name: str, key: bytes) -> bytes | None:
        """Likewise."""
        try:
            return (pq.read_schema(self._path / name).metadata or {}).get(key)
        except pa.ArrowInvalid:
            return None

    def _above(self, target: Path) -> list[Path]:
        """The folders of a file that are below ours, the innermost first."""
        return [folder for folder in target.parents if folder.is_relative_to(self._path) and folder != self._path]


def _settle(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
