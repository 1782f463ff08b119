"""One pulse counter, from its pin to its recorder: an exact total, and its whole part as the index of a series.

The total is written with the index, in one transaction. A power cut costs the pulses since the last commit, as it does
the readings of a line; a stop costs none. What passes while the program is not running, nobody counts: a reading by
hand makes it good.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.errors import PortError
from gateway.store.recorder import Recorder
from gateway.tic.reading import Interpretation, Kind, Quality, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.pulses.pin import Pin
    from gateway.pulses.quantity import Quantity
    from gateway.store.points import MeterInfo, Value
    from gateway.words.phrase import Phrase

log = logging.getLogger(__name__)

# A second is as fine as the store dates anything.
_TICK_S = 1.0

# A pin that cannot be had (rights, another program) is tried again this often at most.
_LONGEST_WAIT_S = 60.0


@dataclass(slots=True)
class CounterState:
    """What a counter is doing; times are monotonic seconds, ``last_pulse`` None before the first one."""

    changed: float
    alive_at: float
    open: bool = False
    error: Phrase | None = None
    pulses: int = 0
    bounces: int = 0
    last_pulse: float | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What one counter counts, how much of it a pulse is, and where a new one begins, both in the store's unit."""

    quantity: Quantity
    per_pulse: Fraction
    start: Fraction


class PulseCounter:
    """Counts one meter's pulses for as long as the daemon lives.

    Args:
        counted: of what and how much.
        open_pin: gives the open pin, or raises PortError.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(
        self, counted: Counted, open_pin: Callable[[], Pin], clock: Callable[[], float | None] = time.time
    ) -> None:
        self._counted, self._open_pin, self._clock = counted, open_pin, clock
        now = time.monotonic()
        self.state = CounterState(now, now)
        self._pin: Pin | None = None
        # While a person's reading is being written, pulses wait in the pin.
        self.held = False

    def resume(self, known: MeterInfo, values: Mapping[str, tuple[int, Value]], totals: Mapping[str, str]) -> None:
        """Go on from the total that is stored, else from the index (a person's), else from ``start``.

        Args:
            known: the meter as stored.
            values: series path -> (POSIX second, value) as last stored.
            totals: series path -> exact total.
        """
        path = self._counted.quantity.path
        self.name, self.recorder = known.name, Recorder(known.name, values, known.last_time)
        if path in totals:
            self._total = Fraction(totals[path])
        else:
            self._total = Fraction(values[path][1]) if path in values else self._counted.start
            self.recorder.keep(path, str(self._total))

    async def read(self) -> None:
        """Count until cancelled; what the pin has seen by then is in the recorder."""
        wait_s = 1.0
        while True:
            try:
                pin = self._pin = self._open_pin()
            except PortError as error:
                self._is_broken(error.phrase)
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                continue
            self._is_open()
            try:
                while True:
                    self.tick(pin)
                    await asyncio.sleep(_TICK_S)
            except Exception:
                # Nobody counts until it is begun again.
                self.state.open, self.state.changed = False, time.monotonic()
                raise
            finally:
                pulses = pin.close()
                if not self.held:
                    self._add(pulses)
                    self._record()

    def hold(self) -> None:
        """Take in what has been counted up to now, and nothing more until ``held`` ends."""
        if self._pin:
            self.tick(self._pin)
        self.held = True

    def tick(self, pin: Pin) -> None:
        """Take in what the pin has counted since the last time."""
        self.state.alive_at = time.monotonic()
        if self.held:
            return
        self._add(pin.take())
        self.state.bounces = pin.bounces
        self._record()

    def _add(self, pulses: int) -> None:
        if pulses:
            self._total += pulses * self._counted.per_pulse
            self.recorder.keep(self._counted.quantity.path, str(self._total))
            self.state.pulses += pulses
            self.state.last_pulse = time.monotonic()

    def _record(self) -> None:
        """Say the index, whether it changed or not: so the half hours are known while nothing flows.

        Nothing while nobody knows the time: the total goes on, and the first index with a date has it all.
        """
        moment = self._clock()
        if moment is None:
            return
        now = datetime.fromtimestamp(int(moment), UTC)
        quantity = self._counted.quantity
        reading = Reading(quantity.path, now, int(self._total), quantity.unit, Kind.INDEX, Quality.HOST)
        self.recorder.add(Interpretation(now, Quality.HOST, None, None, (reading,), ()))

    def _is_open(self) -> None:
        self.state.open, self.state.error, self.state.changed = True, None, time.monotonic()
        log.info("counter %s: its pin is open", self.name)

    def _is_broken(self, error: Phrase) -> None:
        level = logging.DEBUG if self.state.error else logging.WARNING
        log.log(level, "counter %s: %s; it is tried again", self.name, error)
        now = time.monotonic()
        self.state.alive_at = now
        if self.state.error is None:
            self.state.changed = now
        self.state.error = error
