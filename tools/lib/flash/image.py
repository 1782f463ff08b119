"""The whole flash of a board as one file: MicroPython, and beside it the file system with our files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from littlefs import LittleFS, LittleFSError

from flash.errors import FlashError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flash.firmware import Firmware

_BLOCK = 4096
_ERASED = b"\xff"
# As MicroPython's ports/esp32 mounts it (vfs.VfsLfs2 of an esp32.Partition).
_GEOMETRY = {"block_size": _BLOCK, "read_size": 32, "prog_size": 32, "lookahead_size": 32}


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
