"""Panels, by luma: an OLED on I2C, an LCD on SPI; the only file that knows it.

A panel that is unplugged is no end: it is said once, tried again with the next picture, and set up anew when it is
back.
"""

from __future__ import annotations

import importlib
import logging
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.display.epaper import HEIGHT, WIDTH, Ssd1680
from gateway.display.pins import Level, Output
from gateway.display.sheet import PictureStyle
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from gateway.display.config import EpaperTable, LcdTable, OledTable

log = logging.getLogger(__name__)

_SIZES = {
    "ssd1306": (128, 64),
    "sh1106": (128, 64),
    "st7789": (240, 240),
    "ili9341": (320, 240),
    "ssd1680": (WIDTH, HEIGHT),
}
_UPSIDE_DOWN = 2
# Of the 20 MHz that the controller bears; its wires are long.
_EPAPER_HZ = 4_000_000


def look_of(chip: str, language: str) -> PictureStyle:
    """What pictures for this chip are made for."""
    width, height = _SIZES[chip]
    return PictureStyle(width, height, chip in {"st7789", "ili9341"}, language, paper=chip == "ssd1680")


class Opened(NamedTuple):
    """Luma's device, and what gives its pins back."""

    device: Any
    release: Callable[[], None]


class DisplayPanel:
    """One panel: ``show`` a picture.

    Args:
        name: how the log calls it.
        open_panel: may raise what luma, the bus or the pins raise.
    """

    def __init__(self, name: str, open_panel: Callable[[], Opened]) -> None:
        self._name, self._open = name, open_panel
        self._opened: Opened | None = None
        self._shown: bytes | None = None
        self._lost = False
        # A picture may still be on its way, in a thread, when the program ends.
        self._lock = threading.RLock()

    def show(self, image: Image) -> bool:
        """Show a picture; one that is shown already costs no transfer. Whether it is there now."""
        with self._lock:
            return self._show(image)

    def close(self) -> None:
        """Dark, and its pins given back."""
        with self._lock:
            self._close()

    def _show(self, image: Image) -> bool:
        pixels = image.tobytes()
        if self._opened is not None and pixels == self._shown:
            return True
        try:
            if self._opened is None:
                self._opened = self._open()
            self._opened.device.display(image)
        except _faults() as error:
            self._lose(error)
            return False
        if self._lost:
            log.warning("%s: the panel is back", self._name)
        self._lost, self._shown = False, pixels
        return True

    def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            opened.device.cleanup()
        except _faults() as error:
            log.debug("%s: %s", self._name, error)
        opened.release()

    def _lose(self, error: Exception) -> None:
        level = logging.DEBUG if self._lost else logging.WARNING
        log.log(level, "%s: the panel does not answer: %s; is it wired, and I2C or SPI switched on?", self._name, error)
        self._lost, self._shown = True, None
        self._close()


def open_oled(oled: OledTable, bus: object = None) -> Opened:
    """An OLED; ``bus`` stands for smbus2's in tests."""
    serial = _luma("core.interface.serial").i2c(bus=bus, port=oled.bus, address=oled.address)
    try:
        # No operation, on both chips: an unplugged one is found out before luma makes a device, which it never forgets.
        serial.command(0xE3)
        device = getattr(_luma("oled.device"), oled.chip)(serial, rotate=_UPSIDE_DOWN if oled.upside_down else 0)
        device.contrast(oled.contrast * 255 // 100)
    except BaseException:
        serial.cleanup()
        raise
    return Opened(device, lambda: None)


def open_lcd(lcd: LcdTable, spi: object = None) -> Opened:
    """An LCD; ``spi`` stands for spidev's in tests."""
    gpio = _Gpio()
    try:
        serial = _luma("core.interface.serial").spi(
            spi=spi, gpio=gpio, port=lcd.bus, device=lcd.device, gpio_DC=lcd.dc, gpio_RST=lcd.reset,
            bus_speed_hz=32_000_000, reset_hold_time=0.1, reset_release_time=0.15,
        )  # fmt: skip
        if lcd.backlight is not None:
            gpio.setup(lcd.backlight, gpio.OUT)
        device = getattr(_luma("lcd.device"), lcd.chip)(
            serial,
            rotate=_UPSIDE_DOWN if lcd.upside_down else 0,
            backlight=partial(gpio.light, lcd.backlight),
        )
    except BaseException:
        gpio.cleanup()
        raise
    return Opened(device, gpio.cleanup)


def open_epaper(paper: EpaperTable, spi: Any = None) -> Opened:  # noqa: ANN401 (spidev has no types)
    """An e-paper; ``spi`` stands for spidev's in tests."""
    with ExitStack() as opened:
        dc, reset = Output([paper.dc], active_high=True), Output([paper.reset], active_high=True)
        opened.callback(dc.close)
        opened.callback(reset.close)
        busy = Level(paper.busy)
        opened.callback(busy.close)
        bus = _spidev() if spi is None else spi
        bus.open(paper.bus, paper.device)
        bus.max_speed_hz = _EPAPER_HZ
        return Opened(Ssd1680(bus, dc, reset, busy.is_high), opened.pop_all().close)


class _Gpio:
    """What luma wants of RPi.GPIO, by gpiozero: that one works on every Raspberry Pi."""

    OUT, LOW, HIGH = 0, 0, 1

    def __init__(self) -> None:
        self._pins: dict[int, Output] = {}

    def setup(self, pin: int, _direction: int) -> None:
        self._pins[pin] = Output([pin], active_high=True)

    def output(self, pin: int, level: int) -> None:
        self._pins[pin].set(closed=bool(level))

    def light(self, pin: int | None, on: object) -> None:
        """Switch the light behind the panel, where a pin does."""
        if pin is not None:
            self.output(pin, int(bool(on)))

    def cleanup(self) -> None:
        for pin in self._pins.values():
            pin.close()
        self._pins.clear()


def _faults() -> tuple[type[Exception], ...]:
    """What a panel that does not answer may raise; luma's own where it is installed, and so used."""
    try:
        return OSError, importlib.import_module("luma.core.error").Error
    except ImportError:
        return (OSError,)


def _spidev() -> Any:  # noqa: ANN401 (spidev has no types)
    try:
        return importlib.import_module("spidev").SpiDev()
    except ImportError as error:
        raise ConfigError("an e-paper needs spidev, which is missing: apt install python3-spidev") from error


def _luma(module: str) -> Any:  # noqa: ANN401 (luma has no types)
    """A module of luma; ConfigError with how to get it when it is not there."""
    try:
        return importlib.import_module(f"luma.{module}")
    except ImportError as error:
        library = f"luma.{module.partition('.')[0]}"
        raise ConfigError(f"screens need {library}, which is missing: apt install python3-{library}") from error
