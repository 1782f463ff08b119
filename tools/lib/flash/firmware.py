"""MicroPython as micropython.org gives it: one .bin file, known by its SHA-256 or by the one the user vouches for.

What it says of itself is read as well: the chip it is for, and its partition table. Official builds before 1.26 have an
entry for the file system there; from 1.26 on it has what is left of the flash of the board (MicroPython v1.28.0,
ports/esp32/main.c, boardctrl_startup).

With it the whole flash of a board is one file: MicroPython, and beside it the file system with our files.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from littlefs import LittleFS, LittleFSError

from flash.chips import CHIPS, SMALLEST_FLASH, Chip
from flash.errors import FlashError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAGIC = 0xE9  # esp_image_header_t
_CHIP_ID = struct.Struct("<12xH")
_TABLE = 0x8000  # where every build keeps its partition table
_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRY_MAGIC = b"\xaa\x50"
_MOUNTED = b"vfs"  # the label that MicroPython looks for
_TINY_UF2 = b"ffat"  # where there is this one it makes a FAT there
_BLOCK = 4096
_ERASED = b"\xff"
# As MicroPython's ports/esp32 mounts it (vfs.VfsLfs2 of an esp32.Partition).
_GEOMETRY = {"block_size": _BLOCK, "read_size": 32, "prog_size": 32, "lookahead_size": 32}


@dataclass(frozen=True, slots=True)
class FirmwarePartition:
    """One entry of the table."""

    label: bytes
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Firmware:
    """A checked file: its bytes, its chip, the parts of the flash that it names; ``path`` for what is said of it."""

    path: Path
    content: bytes
    chip: Chip
    partitions: tuple[FirmwarePartition, ...]

    def file_system(self, flash_size: int) -> FirmwarePartition:
        """The part that the board mounts, on a flash of this many bytes."""
        if flash_size < SMALLEST_FLASH:
            raise FlashError("small_flash", size=_megabytes(flash_size), least=_megabytes(SMALLEST_FLASH))
        found = next((part for part in self.partitions if part.label == _MOUNTED), None)
        if found is None:
            end = max(part.end for part in self.partitions)
            found = FirmwarePartition(_MOUNTED, end, flash_size - end)
        if found.size <= 0 or found.end > flash_size:
            wanted = _megabytes(max(part.end for part in (*self.partitions, found)))
            raise FlashError("large_firmware", path=self.path, wanted=wanted, size=_megabytes(flash_size))
        if found.offset < self.chip.offset + len(self.content):
            raise FlashError("not_firmware", path=self.path, said=f"a file system at {found.offset:#x}")
        return found


def beside() -> Path:
    """The official file in the folder in which the person works. FlashError where there is none, or more than one."""
    known = [name for chip in CHIPS.values() for name in chip.builds]
    found = [name for name in known if Path(name).exists()]
    if len(found) != 1:
        raise FlashError("no_firmware", names=", ".join(found or known))
    return Path(found[0])


def load(path: Path, sha256: str | None = None) -> Firmware:
    """Read and check a file. ``sha256`` vouches for one that is not in the table."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlashError("unreadable", path=path, said=error.strerror) from error
    _check_sum(path, hashlib.sha256(content).hexdigest(), sha256)
    chip = _chip_of(path, content)
    return Firmware(path, content, chip, _partitions(path, content, chip))


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


def _partitions(path: Path, content: bytes, chip: Chip) -> tuple[FirmwarePartition, ...]:
    """What the table says lies where."""
    found, at = [], _TABLE - chip.offset
    while at + _ENTRY.size <= len(content):
        magic, _type, _subtype, offset, size, label, _flags = _ENTRY.unpack_from(content, at)
        if magic != _ENTRY_MAGIC:
            break
        found.append(FirmwarePartition(label.rstrip(b"\0"), offset, size))
        at += _ENTRY.size
    if not found:
        raise FlashError("not_firmware", path=path, said="no partition table")
    if any(part.label == _TINY_UF2 for part in found):
        raise FlashError("not_firmware", path=path, said="a build for TinyUF2, with a FAT file system")
    return tuple(found)


def _megabytes(size: int) -> str:
    return f"{size / 0x100000:g}"


def file_system(files: Mapping[str, bytes], size: int) -> bytes:
    """A LittleFS with these files."""
    flash = LittleFS(block_count=size // _BLOCK, **_GEOMETRY)
    try:
        for name, content in files.items():
            if "/" in name:
                flash.makedirs(name.rpartition("/")[0], exist_ok=True)
            with flash.open(name, "wb") as file:
                file.write(content)
    except (LittleFSError, OSError) as error:
        raise FlashError("too_large", size=sum(map(len, files.values())), room=size) from error
    return bytes(flash.context.buffer)


def whole_flash(firmware: Firmware, files: Mapping[str, bytes], flash_size: int) -> bytes:
    """What is written from address 0 on to a flash of this many bytes; what no part fills is erased."""
    start, place = firmware.chip.offset, firmware.file_system(flash_size)
    image = bytearray(_ERASED * place.end)
    image[start : start + len(firmware.content)] = firmware.content
    image[place.offset :] = file_system(files, place.size)
    return bytes(image)
