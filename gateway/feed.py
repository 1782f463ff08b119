"""The live feed: what the meters say this second to the MQTT broker, by the contract of ``gateway.live``.

Never queued: while the broker is slow or away only the latest counts, and a new connection is told everything. What
was counted today comes from the store, a minute late at most after midnight; the rest straight from the line.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from gateway.errors import BrokerError, StoreError
from gateway.federation.attempt import wait_any
from gateway.live import topics
from gateway.live.meter import DRAWN_INDEX, INJECTED_INDEX, STALE_AFTER_S, Day, LiveMeter
from gateway.status import BROKEN, OK, WAITING
from gateway.store.points import Granularity
from gateway.store.recorder import day_end, day_start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.alerts import Alert
    from gateway.broker import Broker
    from gateway.config import Config
    from gateway.live.topics import Message
    from gateway.status import Link
    from gateway.store.store import Store
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

_ROUND_S = 1.0
_DAY_EVERY_S = 60.0

# Of these a house may have several, named after people: displays are told of the worst, without a name.
_NAMELESS = ("recipient", "provider")
_WORSE = (OK, WAITING, BROKEN)

_DAILY = DRAWN_INDEX.replace("/index", "/daily")


class Feed:
    """The live feed of all meters.

    Args:
        config: the whole configuration.
        broker: the connection; it is run by whoever made it.
        store: asked for the day through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(
        self,
        config: Config,
        broker: Broker,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float | None] = time.time,
    ) -> None:
        self._broker, self._store, self._call, self._clock = broker, store, call, clock
        self._meters = {meter.name: LiveMeter(meter.name) for meter in config.meter}
        self._counters = [one.name for one in config.counter if one.quantity == "electricity-produced"]
        self._links: dict[str, str] = {}
        self._alerts: dict[str, dict[str, str]] = {}
        # What is to be told at the next round: meters, and names of links and alerts.
        self._due: set[str] = set()
        self._changed_links: set[str] = set()
        self._changed_alerts: set[str] = set()
        self._told = dict.fromkeys(self._meters, 0.0)
        self._day_asked = 0.0
        self._wake, self._one_voice = asyncio.Event(), asyncio.Lock()
        self.came_round = time.monotonic()
        broker.greet(self._greet)

    def hear(self, meter: str, readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        """A frame came and is believed; ``at`` is None while nobody can date it."""
        self._meters[meter].hear(readings, at, time.monotonic(), standard=standard)
        self._due.add(meter)
        self._wake.set()

    def look(self, links: Sequence[Link], active: Sequence[Alert]) -> None:
        """How every link stands, and what is at fault."""
        states = states_by_name(links)
        alerts = {_plain(alert.link): _texts(alert) for alert in active}
        told = dict.fromkeys(states, _NO_TEXTS) | alerts
        self._changed_links |= _differing(self._links, states)
        self._changed_alerts |= _differing(self._alerts, told)
        for name, meter in self._meters.items():
            ours = states_of_meter(name, states)
            if (meter.links, meter.alert) != (ours, bool(alerts)):
                meter.links, meter.alert = ours, bool(alerts)
                self._due.add(name)
        self._links, self._alerts = states, told
        if self._due or self._changed_links or self._changed_alerts:
            self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop``."""
        while not stop.is_set():
            self.came_round = time.monotonic()
            await self._know_the_day()
            self._note_silence(time.monotonic())
            try:
                await self._tell()
            except BrokerError as error:
                log.debug("%s", error)
            await wait_any(_ROUND_S, self._wake, stop)
            self._wake.clear()

    async def _greet(self) -> None:
        """A new connection: everything, whether it has changed or not."""
        async with self._one_voice:
            await self._tell_everything()

    async def _tell_everything(self) -> None:
        self._due, self._changed_links, self._changed_alerts = set(self._meters), set(self._links), set(self._alerts)
        for name, meter in self._meters.items():
            meter.take_fresh()
            await self._send(topics.values(name, meter.values()))
        await self._tell_changes()

    async def _tell(self) -> None:
        async with self._one_voice:
            await self._tell_changes()

    async def _tell_changes(self) -> None:
        due, self._due = self._due, set()
        for name in due:
            meter, self._told[name] = self._meters[name], time.monotonic()
            await self._send(topics.frames(meter.snapshot(time.monotonic())))
            await self._send(topics.values(name, meter.take_fresh()))
        changed, self._changed_links = self._changed_links, set()
        # Of a link that is no more (a counter, a recipient) nothing remains at the broker either.
        await self._send(topics.links({name: self._links.get(name, "") for name in changed}))
        changed, self._changed_alerts = self._changed_alerts, set()
        await self._send([topics.alert(name, self._alerts.get(name)) for name in changed])

    async def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            await self._broker.publish(message.topic, message.payload, retain=True)

    def _note_silence(self, now: float) -> None:
        """What is stale is said when it becomes so, and again from time to time with its age."""
        for name, meter in self._meters.items():
            age = meter.age_s(now)
            since_told = now - self._told[name]
            became_stale = age is not None and age >= STALE_AFTER_S > age - since_told
            if became_stale or ((age is None or age >= STALE_AFTER_S) and since_told >= STALE_AFTER_S):
                self._due.add(name)

    async def _know_the_day(self) -> None:
        now, clock = time.monotonic(), self._clock()
        if clock is None or (self._day_asked and now - self._day_asked < _DAY_EVERY_S):
            return
        self._day_asked = now
        try:
            for name, meter in self._meters.items():
                meter.day = await self._call(day_of, self._store, name, self._counters, second_of(meter, clock))
        except StoreError as error:
            # The link of the store says it already; what was known stays.
            log.debug("the day could not be read: %s", error)


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


def _point(store: Store, meter: str, series: str, time: int) -> int | None:
    """The point of the day that begins there: an index at that midnight, or what was counted until the next."""
    points = store.history(meter, series, Granularity.DAY, time, time + 1, 1)
    value = points[0].value if points and points[0].series.path == series else None
    return int(value) if isinstance(value, int | float) else None


def _produced(store: Store, counter: str, midnight: int, now: int) -> int | None:
    first, (last, _) = _point(store, counter, INJECTED_INDEX, midnight), store.around(counter, INJECTED_INDEX, now)
    return None if first is None or last is None or last[1] < first else last[1] - first


def second_of(meter: LiveMeter, clock: float) -> int:
    """Now, by the meter: a simulated or replayed one has a time of its own."""
    return int(meter.time.timestamp()) if meter.time else int(clock)


def states_by_name(links: Iterable[Link]) -> dict[str, str]:
    """Name -> state, of what has no name here the worst."""
    states: dict[str, str] = {}
    for link in links:
        name = _plain(link.link)
        states[name] = max(states.get(name, OK), link.state, key=_WORSE.index)
    return states


def _plain(link: str) -> str:
    first = link.partition(" ")[0]
    return first if first in _NAMELESS else link


def states_of_meter(meter: str, states: Mapping[str, str]) -> dict[str, str]:
    """The links that this meter's data depend on, by their first word."""
    ours = {}
    for name, state in states.items():
        first, _, whose = name.partition(" ")
        if whose in {"", meter} and first != "mqtt":
            ours[first] = state
    return ours


def _texts(alert: Alert) -> dict[str, str]:
    # What is said of a recipient names it.
    return _NAMELESS_TEXTS if _plain(alert.link) in _NAMELESS else {"fr": alert.text_fr, "en": alert.text_en}


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


_NO_TEXTS: dict[str, str] = {}
_NAMELESS_TEXTS = {
    "fr": "Des données attendent un destinataire ; « linky-gateway status » dit lequel.",
    "en": "Data have been waiting for a recipient; “linky-gateway status” says which.",
}
