"""The pins of a Raspberry Pi, by gpiozero: lamps, a buzzer, relays, a button; the only file that knows it.

A pin that was closed is an input again: relays and lamps are wired so that nothing driven means open and dark.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gateway.display.lamps import DARK, Colour
from gateway.errors import ConfigError, PortError, reason
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _device(kind: str, gpio: int, **options: object) -> Any:  # noqa: ANN401 (the library has no types)
    """Open a device of gpiozero; ConfigError when it is not installed, PortError when the pin cannot be had."""
    try:
        library = importlib.import_module("gpiozero")
    except ImportError as error:
        raise ConfigError(
            "pins need gpiozero, which is not installed: apt install python3-gpiozero python3-lgpio"
        ) from error
    try:
        return getattr(library, kind)(gpio, **options)
    # Each chip's library has exceptions of its own (lgpio.error, pigpio.error), of no common kind.
    except Exception as error:
        why = reason(error) if isinstance(error, OSError) else same(str(error) or type(error).__name__)
        raise PortError(_UNUSABLE.filled(pin=gpio, why=why)) from error


_UNUSABLE = Phrase("GPIO{pin} cannot be used: {why}; is python3-lgpio there, and the user in the group gpio?")


class Output:
    """One or three pins that are driven; off from the first moment on."""

    def __init__(self, gpios: Sequence[int], *, active_high: bool) -> None:
        self._devices: list[Any] = []
        try:
            for gpio in gpios:
                self._devices.append(_device("OutputDevice", gpio, active_high=active_high, initial_value=False))
        except (ConfigError, PortError):
            self.close()
            raise

    def show(self, colour: Colour) -> None:
        """Red, green and blue each on its pin; a single pin is on with any colour but DARK."""
        parts = colour if len(self._devices) == len(colour) else [int(colour != DARK)]
        for device, part in zip(self._devices, parts, strict=True):
            device.value = part

    def set(self, *, closed: bool) -> None:
        """Close a relay's contact, or open it."""
        for device in self._devices:
            device.value = int(closed)

    def close(self) -> None:
        """Off, and no longer driven."""
        for device in self._devices:
            device.off()
            device.close()
        self._devices.clear()


class Level:
    """A pin that is read."""

    def __init__(self, gpio: int) -> None:
        self._device = _device("DigitalInputDevice", gpio, pull_up=False)

    def is_high(self) -> bool:
        """What it is now."""
        return bool(self._device.value)

    def close(self) -> None:
        """Read no more."""
        self._device.close()


class Input:
    """A button to GND; ``changed`` is called with whether it is down, in a thread of gpiozero's."""

    def __init__(self, gpio: int, changed: Callable[[bool], None]) -> None:
        self._device = _device("Button", gpio, pull_up=True)
        self._device.when_pressed = lambda: changed(True)
        self._device.when_released = lambda: changed(False)

    def close(self) -> None:
        """Hear nothing more."""
        self._device.close()
