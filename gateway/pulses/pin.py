"""A GPIO pin that is listened to: gpiozero calls in a thread of its own, the daemon takes the count when it likes.

The two meet at a tally behind a lock, and only there: a pin that chatters a thousand times a second costs its own
thread time and puts nothing into the event loop. An edge has the time at which it happened, not that of its call.
"""

from __future__ import annotations

import importlib
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.errors import ConfigError, PortError, reason
from gateway.pulses.debounce import Debounce
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable

# An edge's call may be late; a level is believed to last without its end only when none can be under way.
_LATE_S = 0.5

# gpiozero's times are the kernel's on some boards and kernels; an age beyond this is of another clock.
_OLDEST_S = 5.0

_PULLS = {"up": True, "down": False, "none": None}


class Wiring(NamedTuple):
    """How one pin is wired: BCM number, ``up``, ``down`` or ``none``, which edge begins a pulse, and the debounce."""

    gpio: int
    pull: str
    rising: bool
    debounce_s: float


def gpiozero() -> Any:  # noqa: ANN401 (the library has no types)
    """The library; ConfigError with how to get it when it is not there."""
    try:
        return importlib.import_module("gpiozero")
    except ImportError as error:
        raise ConfigError(
            "[[counter]] needs gpiozero, which is not installed: apt install python3-gpiozero python3-lgpio"
        ) from error


_UNREADABLE = Phrase("GPIO{pin} cannot be read: {why}; is python3-lgpio there, and the user in the group gpio?")


class Pin:
    """One open input. Raises PortError with a sentence when it cannot be had."""

    def __init__(self, wiring: Wiring, clock: Callable[[], float] = time.monotonic) -> None:
        library = gpiozero()
        pull, self._clock, self._lock = _PULLS[wiring.pull], clock, threading.Lock()
        # With a pull gpiozero calls the level against it active; without one it asks which.
        self._inverted = wiring.rising if pull is True else not wiring.rising
        try:
            active_state = True if pull is None else None
            self._device = library.DigitalInputDevice(wiring.gpio, pull_up=pull, active_state=active_state)
        # Each chip's library has exceptions of its own (lgpio.error, pigpio.error), of no common kind.
        except Exception as error:
            why = reason(error) if isinstance(error, OSError) else same(str(error) or type(error).__name__)
            raise PortError(_UNREADABLE.filled(pin=wiring.gpio, why=why)) from error
        self._debounce = Debounce(wiring.debounce_s, active=self._active(), now=clock())
        self._taken = 0
        self._device.when_activated = self._device.when_deactivated = self._changed

    @property
    def bounces(self) -> int:
        """How many levels were too short to be believed."""
        return self._debounce.bounces

    def take(self) -> int:
        """The pulses since the last time."""
        return self._take(self._clock() - _LATE_S)

    def close(self) -> int:
        """Give the pin back; the last pulses."""
        self._device.close()
        return self._take(self._clock())

    def _take(self, settled: float) -> int:
        with self._lock:
            self._debounce.settle(settled)
            new, self._taken = self._debounce.pulses - self._taken, self._debounce.pulses
        return new

    def _active(self) -> bool:
        return bool(self._device.is_active) != self._inverted

    def _changed(self, device: Any) -> None:  # noqa: ANN401 (the library has no types)
        """Called in gpiozero's thread, after every change."""
        lasted, active = device.active_time, True
        if lasted is None:
            lasted, active = device.inactive_time or 0.0, False
        at = self._clock() - (lasted if 0 <= lasted < _OLDEST_S else 0.0)
        with self._lock:
            self._debounce.edge(active=active != self._inverted, at=at)
