"""MicroPython as micropython.org gives it: one .bin file, known by its SHA-256 or by the one the user vouches for.

What it says of itself is read as well: the chip it is for, and where its file system lies (its partition table).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashing.chips import CHIPS, FLASH_SIZE, Chip
from flashing.errors import FlashError

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = 0xE9  # esp_image_header_t
_CHIP_ID = struct.Struct("<12xH")
_TABLE = 0x8000  # where every build keeps its partition table
_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRY_MAGIC = b"\xaa\x50"
_FILE_SYSTEMS = (b"vfs", b"ffat")  # what MicroPython mounts, by the partition's label


@dataclass(frozen=True, slots=True)
class Firmware:
    """A checked file: its bytes, its chip, and the place of the file system in the flash."""

    content: bytes
    chip: Chip
    vfs_offset: int
    vfs_size: int


def load(path: Path, sha256: str | None = None) -> Firmware:
    """Read and check a file. ``sha256`` vouches for one that is not in the table."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlashError("unreadable", path=path, said=error.strerror) from error
    _check_sum(path, hashlib.sha256(content).hexdigest(), sha256)
    chip = _chip_of(path, content)
    offset, size = _file_system(path, content, chip)
    return Firmware(content, chip, offset, size)


def _check_sum(path: Path, found: str, vouched: str | None) -> None:
    pinned = {name: known for chip in CHIPS.values() for name, known in chip.builds.items()}
    if vouched:
        if found != vouched.lower():
            raise FlashError("wrong_sum", path=path, found=found)
    elif path.name in pinned and found != pinned[path.name]:
        raise FlashError("damaged_firmware", path=path, found=found)
    elif found not in pinned.values():
        raise FlashError("unknown_firmware", path=path, found=found)


def _chip_of(path: Path, content: bytes) -> Chip:
    if len(content) < _CHIP_ID.size or content[0] != _MAGIC:
        raise FlashError("not_firmware", path=path, said="no header of an ESP image")
    number = _CHIP_ID.unpack_from(content)[0]
    for chip in CHIPS.values():
        if chip.image_id == number:
            return chip
    raise FlashError("not_firmware", path=path, said=f"chip number {number}")


def _file_system(path: Path, content: bytes, chip: Chip) -> tuple[int, int]:
    """Offset and size of the partition that the board mounts."""
    at = _TABLE - chip.offset
    while at + _ENTRY.size <= len(content):
        magic, _type, _subtype, offset, size, label, _flags = _ENTRY.unpack_from(content, at)
        if magic != _ENTRY_MAGIC:
            break
        if label.rstrip(b"\0") in _FILE_SYSTEMS:
            if offset < chip.offset + len(content) or offset + size > FLASH_SIZE:
                raise FlashError("not_firmware", path=path, said=f"a file system at {offset:#x}")
            return offset, size
        at += _ENTRY.size
    raise FlashError("not_firmware", path=path, said="no file system in its partition table")
