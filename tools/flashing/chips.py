"""The chips of the boards: what lies where in their flash, how code is compiled, which MicroPython is known by its sum.

``offset`` is where the ROM looks for the first program; what comes after is in the firmware's own partition table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FLASH_SIZE = 0x400000
"""Bytes that are used; a board may have more."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One kind of chip.

    ``name`` is esptool's, ``title`` what is printed on the part, ``offset`` where MicroPython's .bin goes, ``image_id``
    the chip's number in the header of such a file (esp_image_header_t.chip_id), ``march`` mpy-cross's; ``rx`` is the
    pin that the wiring plan uses for the meter, ``button`` that of BOOT; ``builds`` are official files and their sums.
    """

    name: str
    title: str
    offset: int
    image_id: int
    march: str
    uart: int
    rx: int
    led: int
    button: int
    builds: Mapping[str, str]


# The sums were noted by several people who had downloaded the files; a download that does not match is refused.
CHIPS = {
    chip.name: chip
    for chip in (
        Chip(
            name="esp32",
            title="ESP32",
            offset=0x1000,
            image_id=0,
            march="xtensawin",
            uart=2,
            rx=16,
            led=4,
            button=0,
            builds={
                "ESP32_GENERIC-20260406-v1.28.0.bin": "cd7820d02c35d34dd403b44263129c6a511b350aea8446c229890753fe240784"
            },
        ),
        Chip(
            name="esp32c3",
            title="ESP32-C3",
            offset=0,
            image_id=5,
            march="rv32imc",
            uart=1,
            rx=4,
            led=3,
            button=9,
            builds={
                "ESP32_GENERIC_C3-20260406-v1.28.0.bin": (
                    "c749c22b6fe00cb8211a3b227ed6c0ce9babb518fd8f5a661f7496eb878fa895"
                ),
            },
        ),
        Chip(
            name="esp32s3",
            title="ESP32-S3",
            offset=0,
            image_id=9,
            march="xtensawin",
            uart=1,
            rx=16,
            led=4,
            button=0,
            builds={
                "ESP32_GENERIC_S3-20260406-v1.28.0.bin": (
                    "8c6039d40024cae3c6b04bb434f77901548f5487df9789af15548c54f9e11d7f"
                ),
            },
        ),
    )
}
