"""What micropython.org's files for generic ESP32 boards are, made from what their sources say of them.

They stand for the .bin files themselves, which no package index serves. From the repository micropython/micropython, at
the tags named: ports/esp32/boards/ESP32_GENERIC*/mpconfigboard.cmake and sdkconfig.* name the partition table,
ports/esp32/partitions-*.csv is it, ports/esp32/makeimg.py the order in the file (bootloader, 0xFF, table, 0xFF,
application), board.json (flash_offset) where it goes. How a table is written is ESP-IDF's gen_esp32part.py (v5.5,
components/partition_table): entries of 32 bytes, an MD5 of them behind, 0xFF to 0xC00 bytes.

In what they differ: bootloader and application are filling, no chip would start them; the application is as long as the
one of v1.28.0 about is (1.7 MB). A real file that is in the folder of LINKY_MICROPYTHON, or in
~/.cache/linky-gateway/micropython, is read by the same tests.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from flash.chips import CHIPS

MEGABYTE = 0x100000
_APP, _DATA = 0x00, 0x01
_NVS, _PHY, _OTADATA, _FAT, _FACTORY, _OTA_0, _OTA_1 = 0x02, 0x01, 0x00, 0x81, 0x00, 0x10, 0x11

# partitions-4MiBplus.csv of v1.28.0, whatever the flash: the file system is what is left of it.
_ANY_FLASH = (
    ("nvs", _DATA, _NVS, 0x9000, 0x6000),
    ("phy_init", _DATA, _PHY, 0xF000, 0x1000),
    ("factory", _APP, _FACTORY, 0x10000, 0x1F0000),
)
# partitions-4MiB-ota.csv of v1.28.0: the variant OTA of ESP32_GENERIC.
_TWO_APPLICATIONS = (
    ("nvs", _DATA, _NVS, 0x9000, 0x4000),
    ("otadata", _DATA, _OTADATA, 0xD000, 0x2000),
    ("phy_init", _DATA, _PHY, 0xF000, 0x1000),
    ("ota_0", _APP, _OTA_0, 0x10000, 0x180000),
    ("ota_1", _APP, _OTA_1, 0x190000, 0x180000),
)


def _with_file_system(size):
    """partitions-4MiB.csv, -8MiB.csv of v1.25.0, the last before the table lost its entry."""
    return (*_ANY_FLASH, ("vfs", _DATA, _FAT, 0x200000, size))


@dataclass(frozen=True)
class Build:
    """One official file: its name, its chip, its table, the sizes of flash (MB) that it is for."""

    name: str
    chip: str
    table: tuple
    sizes: tuple = (4, 8, 16)
    application: int = 0x1A0000

    @property
    def content(self):
        """Its bytes."""
        return made(CHIPS[self.chip], self.table, self.application)


PINNED = (
    Build("ESP32_GENERIC-20260406-v1.28.0.bin", "esp32", _ANY_FLASH),
    Build("ESP32_GENERIC_S2-20260406-v1.28.0.bin", "esp32s2", _ANY_FLASH),
    Build("ESP32_GENERIC_S3-20260406-v1.28.0.bin", "esp32s3", _ANY_FLASH),
    Build("ESP32_GENERIC_C3-20260406-v1.28.0.bin", "esp32c3", _ANY_FLASH),
    Build("ESP32_GENERIC_C6-20260406-v1.28.0.bin", "esp32c6", _ANY_FLASH),
)
OTHERS = (
    Build("ESP32_GENERIC-OTA-20260406-v1.28.0.bin", "esp32", _TWO_APPLICATIONS, application=0x170000),
    Build("ESP32_GENERIC-20250415-v1.25.0.bin", "esp32", _with_file_system(2 * MEGABYTE)),
    # ESP32_GENERIC_S3/sdkconfig.board of v1.25.0: 8 MB and its table.
    Build("ESP32_GENERIC_S3-20250415-v1.25.0.bin", "esp32s3", _with_file_system(6 * MEGABYTE), (8, 16)),
)


def made(chip, table, application=0x1A0000):
    """A file with this table for this chip."""
    content = bytearray(b"\xff" * (0x10000 - chip.offset + application))
    # esp_image_header_t: the chip's number at 12.
    content[:24] = struct.pack("<B11xH10x", 0xE9, chip.image_id)
    content[24:0x5000] = _filling(0x5000 - 24)
    written = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subkind, offset, size, name.encode(), 0)
        for name, kind, subkind, offset, size in table
    )
    written += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(written).digest()
    at = 0x8000 - chip.offset
    content[at : at + len(written)] = written
    content[0x10000 - chip.offset :] = _filling(application)
    return bytes(content)


def real():
    """Official files on this machine that are pinned by their sums, with the chip that their names say."""
    folder = Path(os.environ.get("LINKY_MICROPYTHON", "~/.cache/linky-gateway/micropython")).expanduser()
    return [folder / build.name for build in PINNED if (folder / build.name).is_file()]


def _filling(length):
    return (bytes(range(256)) * (length // 256 + 1))[:length]
