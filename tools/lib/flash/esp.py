"""A board in its ROM's loader, spoken to by esptool: which chip it is, write, read back, erase."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import esptool
import serial
from esptool.cmds import (
    attach_flash,
    detect_chip,
    detect_flash_size,
    erase_flash,
    reset_chip,
    run_stub,
    verify_flash,
    write_flash,
)
from esptool.logger import TemplateLogger, log
from esptool.util import flash_size_bytes

from flash.chips import CHIPS, Chip
from flash.errors import FlashError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROM_BAUD = 115200
# ESP32-D2WD, -U4WDH, -PICO-D4 and -PICO-V3-02 hold their flash, by esptool's ESP32ROM.get_chip_features: "Pins 6, 7, 8,
# 11, 16, and 17 are used for connecting the embedded flash" (MicroPython v1.28.0, docs/esp32/quickref.rst).
_FLASH_INSIDE, _PINS_INSIDE = {2, 4, 5, 6}, {16, 17}
# An ESP32-S3 with a flash of eight lines has these besides (hardware/wiring).
_EIGHT_LINES, _PINS_OF_EIGHT = 1, range(33, 38)


class Loader:
    """A board that is connected; made by ``connected``. ``chip`` is what it has, with the pins that are free on it."""

    def __init__(self, port: str, chip: Chip, esp: Any) -> None:  # noqa: ANN401 (esptool has no types)
        self._port, self._esp = port, esp
        self.chip = chip
        self.mac = ":".join(f"{part:02x}" for part in esp.read_mac())

    def flash_size(self) -> int:
        """How many bytes of flash the board has, by the flash's own word."""
        size: int | None = flash_size_bytes(detect_flash_size(self._esp))
        if not size:
            raise FlashError("unknown_flash", port=self._port)
        return size

    def write(self, image: bytes) -> None:
        """Write from address 0 on, then read back by the chip's own sum."""
        write_flash(self._esp, [(0, image)])
        try:
            verify_flash(self._esp, [(0, image)])
        except esptool.FatalError as error:
            raise FlashError("not_written", port=self._port) from error

    def erase(self) -> None:
        """Erase everything, keys and passwords included."""
        erase_flash(self._esp)

    def start(self) -> None:
        """Let the board start."""
        reset_chip(self._esp, "hard-reset")


@contextlib.contextmanager
def connected(port: str, baud: int, progress: Callable[[int, int], None]) -> Iterator[Loader]:
    """Bring the board on this port into its loader; whatever goes wrong is a FlashError."""
    log.set_logger(_Progress(progress))
    try:
        esp = detect_chip(port, _ROM_BAUD)
    except (esptool.FatalError, serial.SerialException, OSError) as error:
        raise FlashError("no_answer", port=port, said=first_line(error).rstrip(".")) from error
    try:
        loader = Loader(port, _known(port, esp), esp)
        esp = loader._esp = run_stub(esp)  # noqa: SLF001 (the same object with a faster program in the chip)
        if baud != _ROM_BAUD:
            esp.change_baud(baud)
        attach_flash(esp)
        yield loader
    except (esptool.FatalError, serial.SerialException, OSError) as error:
        raise FlashError("write_failed", port=port, said=first_line(error).rstrip(".")) from error
    finally:
        esp._port.close()  # noqa: SLF001 (esptool closes it only at its own end)


def _known(port: str, esp: Any) -> Chip:  # noqa: ANN401
    name = esp.CHIP_NAME.lower().replace("-", "")
    if name not in CHIPS:
        known = ", ".join(chip.title for chip in CHIPS.values())
        raise FlashError("unknown_chip", port=port, found=esp.CHIP_NAME, known=known)
    chip = CHIPS[name]
    if name == "esp32" and esp.get_pkg_version() in _FLASH_INSIDE:
        return chip.with_memory_on(_PINS_INSIDE)
    if name == "esp32s3" and esp.flash_type() == _EIGHT_LINES:
        return chip.with_memory_on(_PINS_OF_EIGHT)
    return chip


class _Progress(TemplateLogger):
    """esptool's own words are not shown: what a person has to know is said by us, in their language."""

    def __init__(self, report: Callable[[int, int], None]) -> None:
        self._report = report

    def _nothing(self, *_: object, **__: object) -> None:
        pass

    print = note = warning = error = stage = set_verbosity = _nothing

    def progress_bar(self, cur_iter: int, total_iters: int, **_: object) -> None:
        """Hand the share over that is done."""
        self._report(cur_iter, total_iters)
