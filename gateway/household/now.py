"""What the house says now, kept for whoever wants to see it: the live feed, the command line, a page.

Every meter's latest frame comes in by ``hear``, the links by ``look``; the day so far comes from the store, a minute
late at most after midnight. Nothing is queued here: there is one present, and ``changed`` waits for the next.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Protocol, cast

from gateway import __version__
from gateway.balance import calendar
from gateway.errors import StoreError
from gateway.household.days import DayParts, HouseholdDays
from gateway.household.home_day import amount
from gateway.household.so_far import is_whole
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind, as_json
from gateway.live.meter import KnownDay, LiveMeter
from gateway.live.state import NAMELESS, AlertNow, HouseNow, LineNow, LinkNow, meter_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.balance.tariff import Tariff
    from gateway.config.tables import Config
    from gateway.links.alerts import Alert
    from gateway.sources.line import LineState
    from gateway.store.access import AccessRequests
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

_DAY_EVERY_S = 60.0
_WORSE = (OK, WAITING, BROKEN)

# Whoever is told has the broker; what the doctor finds is told by its cause (``line_fault``).
_NOT_OF_A_METER = frozenset((LinkKind.MQTT, LinkKind.DOCTOR))


class NowParts(DayParts, Protocol):
    """The parts of the store that the present asks."""

    access: AccessRequests


class Now:
    """The present of all meters.

    Args:
        config: the whole configuration.
        stored: asked for the day through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(
        self,
        config: Config,
        stored: NowParts,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float | None] = time.time,
    ) -> None:
        self._config, self._stored, self._call, self._clock = config, stored, call, clock
        self.meters = {meter.name: LiveMeter(meter.name) for meter in config.meter}
        self._counters = [one.name for one in config.counter if one.quantity == "electricity-produced"]
        self._day_asked = 0.0
        self._priced: tuple[Tariff, ...] = ()
        self._states: dict[str, str] = {}
        self.alerts: Sequence[Alert] = ()
        self._texts: list[str] = []
        # How many requests for access wait for an answer, as last counted.
        self.requests = 0
        self.listeners: list[Callable[[str], None]] = []
        # How often something has changed since the start, and who waits for the next time.
        self.turn = 0
        self._next = asyncio.Event()

    def hear(self, meter: str, readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        """A frame came and is believed; ``at`` is None while nobody can date it."""
        self.meters[meter].hear(readings, at, time.monotonic(), standard=standard)
        self._tell(meter)

    def look(self, links: Iterable[Link], active: Sequence[Alert]) -> None:
        """How every link stands, and what is at fault."""
        links = tuple(links)
        states = states_by_name(links)
        unread = any(
            one.kind is LinkKind.COUNTER and one.name in self._counters and one.state == BROKEN for one in links
        )
        for name, meter in self.meters.items():
            ours, fault = states_of_meter(name, links), any(alert.is_fault for alert in active)
            if unread:
                ours[LinkKind.COUNTER] = BROKEN
            line = line_fault(name, links)
            if (meter.links, meter.alert, meter.unread, meter.line_fault) != (ours, fault, unread, line):
                meter.links, meter.alert, meter.unread, meter.line_fault = ours, fault, unread, line
                self._tell(name)
        texts = [str(alert.text) for alert in active]
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
        self.listeners.append(listener)

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
        """Ask the store what was counted today, and what it costs: once a minute, and when prices have changed."""
        now, clock = time.monotonic(), self._clock()
        tariffs = tuple(self._config.tariff)
        recent = self._day_asked and now - self._day_asked < _DAY_EVERY_S
        if clock is None or (recent and tariffs == self._priced):
            return
        self._day_asked, self._priced = now, tariffs
        try:
            if self._config.federation:
                self.count_requests(await self._call(self._stored.access.count_waiting))
            for name, meter in self.meters.items():
                meter.day = await self._call(day_of, self._stored, self._config, name, second_of(meter, clock))
        except StoreError as error:
            # The link of the store says it already; what was known stays.
            log.debug("the day could not be read: %s", error)

    def count_requests(self, waiting: int) -> None:
        """Know how many requests for access wait for an answer, by whoever has just looked."""
        self.requests = waiting

    def _tell(self, meter: str) -> None:
        for listener in self.listeners:
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
        name = str(link.kind) if link.kind in NAMELESS else str(link)
        states[name] = _worse(states.get(name, OK), link.state)
    return states


def _worse(one: str, other: str) -> str:
    return max(one, other, key=_WORSE.index)


def day_of(stored: DayParts, config: Config, meter: str, now: int) -> KnownDay:
    """What balances know of the local day that holds the POSIX second ``now``, and of the one before."""
    house, today = HouseholdDays(stored, config, meter), calendar.day_of(now)
    tomorrow = calendar.BalancePeriod.DAY.after(today)
    known = {day.date: day for day in house.read(calendar.BalancePeriod.DAY.back(today, 1), tomorrow)}
    this, before = known.get(today), known.get(calendar.BalancePeriod.DAY.back(today, 1))
    partial = [("today", this is not None and not is_whole(house, today, tomorrow, known, now))]
    partial.append(("yesterday", before is not None and before.drawn is not None and not before.whole))
    return KnownDay(
        drawn_index=house.index_less(this.drawn, now) if this and this.drawn is not None else None,
        injected_wh=this.injected if this else None,
        drawn_yesterday_wh=before.drawn if before else None,
        cost_cents=amount(this, config.tariff).cents,
        produced_wh=this.own if this else None,
        doubt=this.doubt if this else None,
        partial=tuple(name for name, told in partial if told),
        begin=calendar.midnight(today),
        end=calendar.midnight(tomorrow),
    )


def second_of(meter: LiveMeter, clock: float) -> int:
    """Now, by the meter: a simulated or replayed one has a time of its own."""
    return int(meter.time.timestamp()) if meter.time else int(clock)


def line_fault(meter: str, links: Iterable[Link]) -> str | None:
    """The word of what is wrong with this meter's line; None where nothing is known to be."""
    found = (link for link in links if (link.kind, link.name, link.state) == (LinkKind.DOCTOR, meter, BROKEN))
    return next((link.cause for link in found), None)


def states_of_meter(meter: str, links: Iterable[Link]) -> dict[str, str]:
    """The links that this meter's data depend on, by their kind; of what is named after people the worst."""
    ours: dict[str, str] = {}
    for link in links:
        whose = "" if link.kind in NAMELESS else link.name
        if (link.kind, whose) == (LinkKind.CELL, f"meter {meter}"):
            whose = meter
        if whose in {"", meter} and link.kind not in _NOT_OF_A_METER:
            ours[link.kind] = _worse(ours.get(link.kind, OK), link.state)
    return ours
