"""By what the house sees that somebody stands before it: the signal of its meters' wires, and a button of its own.

A meter that a board relays or a network brings proves nothing: whoever disturbs a radio is not at the meter.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, PortError
from gateway.sources.line import Line
from gateway.web.access.first_visit import PresenceSigns
from gateway.web.access.presence import MeterSignal

if TYPE_CHECKING:
    from gateway.config.web import WebTable
    from gateway.daemon.house import House
    from gateway.pulses.pin import Pin

log = logging.getLogger(__name__)

# A contact bounces for less, and a finger presses for longer.
_DEBOUNCE_S = 0.03
_AGAIN_S = 60.0


def signs_of(house: House, web: WebTable) -> PresenceSigns:
    """Those of this house."""
    button = PageButton(web.gpio_of_button) if web.gpio_of_button is not None else None
    return PresenceSigns(partial(signals_of, house), button.pressed if button else None)


def signals_of(house: House) -> dict[str, MeterSignal]:
    """What is known now of each meter at a serial port of this machine, by the meter's name."""
    wires = {name: meter.line for name, meter in house.meters.items()}
    return {
        name: MeterSignal(line.state.heard, line.state.frames)
        for name, line in wires.items()
        # Of a network's bytes, and a file's, the speed is somebody else's affair.
        if isinstance(line, Line) and line.source.speeds
    }


class PageButton:
    """A button from a GPIO pin to GND, opened with the first who asks for a page without a password."""

    def __init__(self, gpio: int) -> None:
        self._gpio, self._tried = gpio, float("-inf")
        self._pin: Pin | None = None

    def pressed(self) -> bool:
        """Whether it was pressed since the last time."""
        if self._pin is None and time.monotonic() - self._tried >= _AGAIN_S:
            self._tried = time.monotonic()
            self._open()
        return bool(self._pin and self._pin.take())

    def _open(self) -> None:
        from gateway.pulses.pin import Pin, Wiring  # noqa: PLC0415 (few houses have a button)

        try:
            self._pin = Pin(Wiring(self._gpio, "up", rising=False, debounce_s=_DEBOUNCE_S))
        except (ConfigError, PortError) as error:
            log.warning("the button of the page: %s", error)
