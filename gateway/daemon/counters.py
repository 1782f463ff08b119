"""The daemon's pulse counters: made of the configuration, resumed from the store, held while a person corrects one."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from gateway.links import words as say
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from gateway.config.tables import Config
    from gateway.config.tables import CounterTable as Setting
    from gateway.pulses.counter import CounterState, PulseCounter
    from gateway.store.meters import Meters
    from gateway.store.readings import Readings
    from gateway.store.recorder import Batch


class Counters:
    """All ``[[counter]]`` of a house.

    Args:
        config: the whole configuration. Raises ConfigError when it has counters and gpiozero is missing.
        call: ``await call(function, *arguments)``, on the store's thread.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(
        self, config: Config, call: Callable[..., Awaitable[Any]], clock: Callable[[], float | None] = time.time
    ) -> None:
        self._settings, self._call = config.counter, call
        self._one_entry = asyncio.Lock()
        if config.counter:
            from gateway.pulses.pin import gpiozero  # noqa: PLC0415 (few houses count pulses)

            gpiozero()
        self.known: dict[str, PulseCounter] = {counter.name: _counter(counter, clock) for counter in config.counter}

    async def resume(self, meters: Meters, readings: Readings) -> None:
        """Make them known to the store, and go on from what it says."""
        for setting in self._settings:
            info = await self._call(meters.add, setting.name, setting.sensor)
            values = await self._call(readings.last_values, setting.name)
            self.known[setting.name].resume(info, values, await self._call(readings.totals, setting.name))

    def take(self) -> list[Batch]:
        """What is to be written of them."""
        return [batch for counter in self.known.values() if (batch := counter.recorder.take())]

    def links(self, now: float) -> list[Link]:
        """The state of each; ``now`` is monotonic seconds."""
        return [counter_link(name, counter.state, now) for name, counter in self.known.items()]

    @asynccontextmanager
    async def held(self, meters: Meters, readings: Readings) -> AsyncIterator[None]:
        """Let pulses wait in their pins while the store is corrected; then go on from what it says."""
        async with self._one_entry:
            for counter in self.known.values():
                counter.hold()
            try:
                yield
                await self.resume(meters, readings)
            finally:
                for counter in self.known.values():
                    counter.held = False


def _counter(setting: Setting, clock: Callable[[], float | None]) -> PulseCounter:
    from gateway.config.checks import amount_of  # noqa: PLC0415 (as above)
    from gateway.pulses.counter import Counted, PulseCounter  # noqa: PLC0415
    from gateway.pulses.pin import Pin, Wiring  # noqa: PLC0415
    from gateway.pulses.quantity import find_quantity  # noqa: PLC0415

    quantity = find_quantity(setting.quantity)
    assert quantity is not None  # noqa: S101 (checked with the configuration)
    counted = Counted(quantity, amount_of(setting, "per_pulse"), amount_of(setting, "start"))
    wiring = Wiring(setting.gpio, setting.pull, setting.rising, setting.debounce_ms / 1000)
    return PulseCounter(counted, lambda: Pin(wiring), clock)


def counter_link(name: str, counter: CounterState, now: float) -> Link:
    """A pulse counter; ``now`` is monotonic seconds, the age that of the last pulse. No pulse is no fault."""
    if not counter.open:
        return Link(
            LinkKind.COUNTER,
            name,
            BROKEN if counter.error else WAITING,
            now - counter.changed,
            counter.error or say.BEING_OPENED,
        )
    counts = say.PULSES.filled(count=counter.pulses, bounces=counter.bounces)
    if counter.last_pulse is None:
        return Link(LinkKind.COUNTER, name, WAITING, None, say.PIN_OPEN.filled(counts=counts))
    return Link(LinkKind.COUNTER, name, OK, now - counter.last_pulse, counts)
