"""The chips of the boards: what lies where in their flash, how code is compiled, which MicroPython is known by its sum.

``offset`` is where the ROM looks for the first program; what comes after is in the firmware's own partition table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SMALLEST_FLASH = 0x400000
"""Bytes of flash without which a board has no room for both sets of files and days of readings."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One kind of chip.

    ``name`` is esptool's, ``title`` what is printed on the part, ``offset`` where MicroPython's .bin goes, ``image_id``
    the chip's number in the header of such a file (esp_image_header_t.chip_id), ``march`` mpy-cross's; ``rx`` is the
    pin that the wiring plan uses for the meter, ``tx`` one where nothing is: the UART has an output, and without a pin
    of ours MicroPython gives it one of its own (ports/esp32/machine_uart.c, v1.28.0: 17 or 10), which may be the
    flash's. ``button`` is the pin of BOOT, ``panel`` those of a display; ``outputs`` can be outputs and carry neither
    flash nor USB, ``inputs`` can hear only; ``builds`` are official files and their sums, None where nobody is known
    to have noted the sum.
    """

    name: str
    title: str
    offset: int
    image_id: int
    march: str
    uart: int
    rx: int
    tx: int
    led: int
    button: int
    panel: Mapping[str, int]
    outputs: frozenset[int]
    builds: Mapping[str, str | None]
    inputs: frozenset[int] = frozenset()

    def with_memory_on(self, pins: Collection[int]) -> Chip:
        """This chip on a board whose flash or PSRAM has these pins as well; what was on them is elsewhere."""
        free = {name: _ELSEWHERE if pin in pins else pin for name, pin in self.panel.items()}
        rx = _ELSEWHERE if self.rx in pins else self.rx
        return replace(self, rx=rx, panel=free, outputs=self.outputs - frozenset(pins))


def _pins(*spans: tuple[int, int]) -> frozenset[int]:
    return frozenset(pin for first, last in spans for pin in range(first, last + 1))


# Where the manual sends what is on GPIO16 of boards whose memory has that one.
_ELSEWHERE = 27

# The pins are those that MicroPython v1.28.0 gives (ports/esp32/machine_pin.h), without those of the flash and of USB.
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
            tx=32,
            led=4,
            button=0,
            panel={"scl": 22, "sda": 21, "sck": 18, "mosi": 23, "dc": 16},
            outputs=_pins((0, 5), (12, 19), (21, 23), (25, 27), (32, 33)),
            inputs=_pins((34, 39)),
            builds={
                "ESP32_GENERIC-20260406-v1.28.0.bin": "cd7820d02c35d34dd403b44263129c6a511b350aea8446c229890753fe240784"
            },
        ),
        Chip(
            name="esp32s2",
            title="ESP32-S2",
            offset=0x1000,
            image_id=2,
            march="xtensawin",
            uart=1,
            rx=16,
            tx=10,
            led=4,
            button=0,
            panel={"scl": 9, "sda": 8, "sck": 12, "mosi": 11, "dc": 10},
            outputs=_pins((0, 18), (21, 21), (33, 45)),
            inputs=_pins((46, 46)),
            builds={"ESP32_GENERIC_S2-20260406-v1.28.0.bin": None},
        ),
        Chip(
            name="esp32c3",
            title="ESP32-C3",
            offset=0,
            image_id=5,
            march="rv32imc",
            uart=1,
            rx=4,
            tx=10,
            led=3,
            button=9,
            panel={"scl": 7, "sda": 6, "sck": 4, "mosi": 5, "dc": 10},
            outputs=_pins((0, 10), (20, 21)),
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
            tx=10,
            led=4,
            button=0,
            panel={"scl": 9, "sda": 8, "sck": 12, "mosi": 11, "dc": 10},
            outputs=_pins((0, 18), (21, 21), (33, 48)),
            builds={
                "ESP32_GENERIC_S3-20260406-v1.28.0.bin": (
                    "8c6039d40024cae3c6b04bb434f77901548f5487df9789af15548c54f9e11d7f"
                ),
            },
        ),
        Chip(
            name="esp32c6",
            title="ESP32-C6",
            offset=0,
            image_id=13,
            march="rv32imc",
            uart=1,
            rx=2,
            tx=20,
            led=18,
            button=9,
            panel={"scl": 23, "sda": 22, "sck": 19, "mosi": 18, "dc": 21},
            outputs=_pins((0, 11), (14, 23)),
            builds={"ESP32_GENERIC_C6-20260406-v1.28.0.bin": None},
        ),
    )
}
