"""What the house says now, kept for whoever wants to see it: the live feed, the command line, a page.

Every meter's latest frame comes in by ``hear``, the links by ``look``; the day so far comes from the store, a minute
late at most after midnight. Nothing is queued here: there is one present, and ``changed`` waits for the next.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, cast

from gateway import __version__
from gateway.errors import StoreError
from gateway.live.meter import DRAWN_INDEX, INJECTED_INDEX, Day, LiveMeter
from gateway.live.state import NAMELESS, meter_now
from gateway.status import BROKEN, OK, WAITING, as_json
from gateway.store.points import Granularity
from gateway.store.recorder import day_end, day_start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.alerts import Alert
    from gateway.config import Config
    from gateway.live.state import AlertNow, HouseNow, LineNow, LinkNow
    from gateway.sources.line import LineState
    from gateway.status import Link
    from gateway.store.store import Store
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

_DAY_EVERY_S = 60.0
_WORSE = (OK, WAITING, BROKEN)
_DAILY = DRAWN_INDEX.replace("/index", "/daily")


class Now:
    """The present of all meters.

    Args:
        config: the whole configuration.
        store: asked for the day through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float | None] = time.time,
    ) -> None:
        self._store, self._call, self._clock = store, call, clock
        self.meters = {meter.name: LiveMeter(meter.name) for meter in config.meter}
        self._counters = [one.name for one in config.counter if one.quantity == "electricity-produced"]
        self._day_asked = 0.0
        self._states: dict[str, str] = {}
        self.alerts: Sequence[Alert] = ()
        self._texts: list[str] = []
        self._listeners: list[Callable[[str], None]] = []
        # How often something has changed since the start, and who waits for the next time.
        self.turn = 0
        self._next = asyncio.Event()

    def hear(self, meter: str, readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        """A frame came and is believed; ``at`` is None while nobody can date it."""
        self.meters[meter].hear(readings, at, time.monotonic(), standard=standard)
        self._tell(meter)

    def look(self, links: Iterable[Link], active: Sequence[Alert]) -> None:
        """How every link stands, and what is at fault."""
        states = states_by_name(links)
        for name, meter in self.meters.items():
            ours, fault = states_of_meter(name, states), any(alert.is_fault for alert in active)
            if (meter.links, meter.alert) != (ours, fault):
                meter.links, meter.alert = ours, fault
                self._tell(name)
        texts = [alert.text_en for alert in active]
        if (states, texts) != (self._states, self._texts):
            self._states, self._texts, self.alerts = states, texts, tuple(active)
            self._turn()

    def house(self, links: Sequence[Link], active: Sequence[Alert], lines: Mapping[str, LineState]) -> HouseNow:
        """All of it as one object; ``lines`` are those of the meters, by name."""
        told, now = as_json(links, running=True, alerts=active), time.monotonic()
        meters = []
        for name, meter in self.meters.items():
            line = lines[name]
            counts: LineNow = {"whole": line.frames, "partial": line.partial, "bad_groups": line.bad_groups}
            meters.append(meter_now(meter, counts, now))
        return {
            "version": __version__,
            "turn": self.turn,
            "meters": meters,
            "links": cast("list[LinkNow]", told["links"]),
            "alerts": cast("list[AlertNow]", told["alerts"]),
        }

    def listen(self, listener: Callable[[str], None]) -> None:
        """Have this called with the name of each meter of which there is something new."""
        self._listeners.append(listener)

    async def changed(self, since: int, timeout_s: float) -> None:
        """Wait until ``turn`` is another than ``since``, no longer than that."""
        if self.turn != since:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._next.wait()
        except TimeoutError:
            pass

    async def know_the_day(self) -> None:
        """Ask the store what was counted today, once a minute."""
        now, clock = time.monotonic(), self._clock()
        if clock is None or (self._day_asked and now - self._day_asked < _DAY_EVERY_S):
            return
        self._day_asked = now
        try:
            for name, meter in self.meters.items():
                meter.day = await self._call(day_of, self._store, name, self._counters, second_of(meter, clock))
        except StoreError as error:
            # The link of the store says it already; what was known stays.
            log.debug("the day could not be read: %s", error)

    def _tell(self, meter: str) -> None:
        for listener in self._listeners:
            listener(meter)
        self._turn()

    def _turn(self) -> None:
        self.turn += 1
        self._next.set()
        self._next = asyncio.Event()


def states_by_name(links: Iterable[Link]) -> dict[str, str]:
    """Name -> state; of what is named after people the worst, without a name."""
    states: dict[str, str] = {}
    for link in links:
        name = plain(link.link)
        states[name] = max(states.get(name, OK), link.state, key=_WORSE.index)
    return states


def plain(link: str) -> str:
    """A link's name, as anybody in the house may read it."""
    first = link.partition(" ")[0]
    return first if first in NAMELESS else link


def day_of(store: Store, meter: str, counters: Sequence[str], now: int) -> Day:
    """What the store knows of the local day that holds the POSIX second ``now``, and of the one before."""
    midnight = day_start(now)
    yesterday = day_start(midnight - 1)
    produced = [_produced(store, counter, midnight, now) for counter in counters]
    return Day(
        _point(store, meter, DRAWN_INDEX, midnight),
        _point(store, meter, INJECTED_INDEX, midnight),
        _point(store, meter, _DAILY, yesterday),
        sum(one for one in produced if one is not None) if any(one is not None for one in produced) else None,
        day_end(midnight),
    )


def second_of(meter: LiveMeter, clock: float) -> int:
    """Now, by the meter: a simulated or replayed one has a time of its own."""
    return int(meter.time.timestamp()) if meter.time else int(clock)


def states_of_meter(meter: str, states: Mapping[str, str]) -> dict[str, str]:
    """The links that this meter's data depend on, by their first word."""
    ours = {}
    for name, state in states.items():
        first, _, whose = name.partition(" ")
        if whose in {"", meter} and first != "mqtt":
            ours[first] = state
    return ours


def _point(store: Store, meter: str, series: str, time: int) -> int | None:
    """The point of the day that begins there: an index at that midnight, or what was counted until the next."""
    points = store.history(meter, series, Granularity.DAY, time, time + 1, 1)
    value = points[0].value if points and points[0].series.path == series else None
    return int(value) if isinstance(value, int | float) else None


def _produced(store: Store, counter: str, midnight: int, now: int) -> int | None:
    first, (last, _) = _point(store, counter, INJECTED_INDEX, midnight), store.around(counter, INJECTED_INDEX, now)
    return None if first is None or last is None or last[1] < first else last[1] - first
