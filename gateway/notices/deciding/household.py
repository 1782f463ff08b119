"""What the household is told: faults of links, overloads, a full disk, news; each once, over restarts too.

Whoever looks at the links asks here each second. What was told is kept in the store; where that cannot be written it is
kept in memory until it can.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Any

from gateway.balance.tariff import Objective
from gateway.errors import StoreError
from gateway.household.hidden import HiddenWatch, other_classes
from gateway.links.alert_words import FaultKind, Topic
from gateway.links.alerts import OLD_BACKLOG_S, Alert, AlertWatch, NotifiedFault
from gateway.links.link import OK, Link
from gateway.live.state import kind_and_name
from gateway.notices.deciding.beside import beside
from gateway.notices.deciding.meter_news import PowerCut, exchanged, subscribed
from gateway.notices.deciding.mode_news import ModeNews
from gateway.notices.deciding.news import Item, News, hours_moved, red_tomorrow
from gateway.notices.deciding.usage_news import used

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from gateway.config.tables import Config
    from gateway.household.days import DayParts
    from gateway.household.now import Now
    from gateway.store.notified import NotifiedAlerts

log = logging.getLogger(__name__)

# Objectives are of months; to reckon them reads a year of days.
_RECKON_EVERY_S = 3600.0
# A card that could not be written is not asked each second.
_KEEP_AGAIN_S = 60.0

_FAULT, _NEWS = "fault", "news"
# What is looked for in the past for everybody; the rest of it for whoever asks for it.
_USUAL = frozenset((Topic.BASE_LOAD.value, Topic.LEAK.value, Topic.BURST.value))


class HouseholdNotices:
    """All of it, for one house.

    Args:
        config: the whole configuration.
        now: what the meters say.
        told: what an earlier start has told; asked through ``call``, on the store's thread, as is ``stored``.
        stored: what objectives are reckoned of.
        call: ``await call(function, *arguments)``.
        since_boot: seconds since the machine started.
    """

    def __init__(
        self,
        config: Config,
        now: Now,
        told: NotifiedAlerts,
        stored: DayParts,
        call: Callable[..., Awaitable[Any]],
        since_boot: float = math.inf,
    ) -> None:
        self._config, self._now, self._before, self._stored, self._call = config, now, told, stored, call
        self._watch = AlertWatch()
        self._news, self._modes, self._hidden = News(), ModeNews(), HiddenWatch(config)
        self._exceeded: list[Item] = []
        self._meant, self._reckoned = Objective(), -math.inf
        self._kept: dict[str, int] = {}
        self._failed_at = self._looked_back = -math.inf
        self._since_boot, self._power_cut = since_boot, PowerCut(None, since_boot)
        # What was found in the past, and what others have said: key -> news.
        self._found: list[Item] = []
        self._announced: dict[str, Item] = {}
        self._links: Sequence[Link] = ()

    @property
    def active(self) -> list[Alert]:
        """What was told and still holds."""
        return [*self._watch.active, *self._news.active]

    @property
    def advice(self) -> list[Alert]:
        """What of the modes of the meters holds, whether it is still shown or not."""
        return self._news.holding

    def announce(self, item: Item) -> None:
        """Have this told, once for its key over restarts too, and shown for as long as it holds."""
        self._announced[item.key] = item

    def over(self, key: str) -> None:
        """What was announced under that key holds no more."""
        self._announced.pop(key, None)

    def forget(self, key: str) -> None:
        """The same; and when it comes again it is told again."""
        self.over(key)
        self._news.told.pop(key, None)

    def is_calm(self, matter: str) -> bool:
        """Whether a fault that was told does not show at the moment: it may be about to end."""
        states = {(link.kind, link.name): link.state for link in self._links}
        faults = (one for one in self._watch.notified if f"{one.kind.name} {one.name}" == matter)
        return any(states.get((one.kind.link, one.name)) == OK for one in faults)

    async def resume(self) -> None:
        """Know what an earlier start has told."""
        try:
            self._kept = await self._call(self._before.all)
        except StoreError as error:
            # The meter is read all the same.
            log.warning("%s; what was told before may be told again", error)
        now, clock = time.monotonic(), time.time()
        faults = []
        for key, since in self._kept.items():
            what, name, link = _parts(key)
            if what == _NEWS:
                self._news.told[name] = since
            elif name in FaultKind.__members__:
                # Of a clock that was not set then, or is not now, nobody knows how long it has been.
                faults.append(NotifiedFault(FaultKind[name], kind_and_name(link)[1], now - max(0.0, clock - since)))
        self._watch.restore(faults, now)
        try:
            last = await self._call(_last_reading, self._stored, tuple(self._now.meters))
        except StoreError as error:
            log.debug("when the last reading was is not known: %s", error)
        else:
            self._power_cut = PowerCut(last, self._since_boot)

    async def look(
        self, links: Sequence[Link], now: float, clock: float | None, waiting: frozenset[str] = frozenset()
    ) -> list[Alert]:
        """What is to be told now.

        Args:
            links: how each stands.
            now: monotonic seconds.
            clock: POSIX seconds, None while nobody knows the time.
            waiting: of which links and news a message to the household has not left yet.
        """
        await self._reckon(now, clock)
        await self._look_back(now, clock)
        meters = self._now.meters
        self._links = [*links, *beside(meters, now)]
        federation = self._config.federation
        self._watch.away_after_s = federation.recipient_away_h * 3600 if federation else OLD_BACKLOG_S
        alerts = self._watch.look(self._links, now)
        hidden = [] if clock is None else self._hidden.look(meters, now, int(clock))
        items = [*red_tomorrow(meters, now), *hours_moved(meters, self._config), *self._exceeded]
        items += self._modes.items(hidden, meters, self._news.told)
        items += [*self._power_cut.items(meters), *subscribed(meters, now, self._news.told)]
        items += [*self._found, *self._announced.values()]
        alerts += self._news.look(items, now, time.time())
        # A message of this very moment has not left yet.
        await self.keep(now, waiting | {alert.link for alert in alerts})
        return alerts

    async def _reckon(self, now: float, clock: float | None) -> None:
        # It may be chosen at the page while this runs.
        objective = self._config.objective
        if objective == Objective():
            self._exceeded = []
            return
        if clock is None or (objective == self._meant and now - self._reckoned < _RECKON_EVERY_S):
            return
        from gateway.notices.deciding.objective_news import exceeded  # noqa: PLC0415 (few households have set one)

        self._meant, self._reckoned = objective, now
        try:
            self._exceeded = await self._call(exceeded, self._stored, self._config, clock)
        except StoreError as error:
            log.debug("the objectives could not be reckoned: %s", error)

    async def _look_back(self, now: float, clock: float | None) -> None:
        if clock is None or now - self._looked_back < _RECKON_EVERY_S:
            return
        self._looked_back = now
        try:
            self._hidden.counted = await self._call(
                _of_other_classes, self._stored, tuple(self._now.meters), int(clock)
            )
            self._found = await self._call(self._find, int(clock))
        except StoreError as error:
            log.debug("what was counted before could not be read: %s", error)

    def _find(self, clock: int) -> list[Item]:
        """What the past says that is worth telling, on the store's thread."""
        found = exchanged(self._stored, tuple(self._now.meters), clock)
        wanted = _USUAL | {event for way in self._config.notice for event in way.events or ()}
        return found + used(self._stored, self._config, clock, wanted)

    async def keep(self, now: float, waiting: frozenset[str]) -> None:
        """Keep what was told, when it is something else; what is still on its way to the household is not told yet."""
        told = {what: since for what, since in self._told(now).items() if not _is_of(what, waiting)}
        told |= {what: since for what, since in self._kept.items() if _is_of(what, waiting)}
        if told.keys() == self._kept.keys() or now - self._failed_at < _KEEP_AGAIN_S:
            return
        try:
            await self._call(self._before.keep, told)
        except StoreError as error:
            log.debug("what was told could not be kept: %s", error)
            self._failed_at = now
            return
        self._kept = told

    def _told(self, now: float) -> dict[str, int]:
        clock = time.time()
        faults = {
            f"{_FAULT} {one.kind.name} {one.link}": int(clock - (now - one.since)) for one in self._watch.notified
        }
        return faults | {f"{_NEWS} {key}": since for key, since in self._news.told.items()}


def _of_other_classes(stored: DayParts, meters: Iterable[str], now: int) -> frozenset[str]:
    return frozenset(name for name in meters if other_classes(stored, name, now))


def _last_reading(stored: DayParts, meters: Sequence[str]) -> int | None:
    times = [one.last_time for one in stored.meters.all() if one.name in meters and one.last_time]
    return max(times, default=None)


def _parts(key: str) -> tuple[str, str, str]:
    """What the table holds: ``news`` and its key; or ``fault``, the name of its ``FaultKind``, and the link."""
    what, _, name = key.partition(" ")
    if what == _NEWS:
        return what, name, ""
    kind, _, link = name.partition(" ")
    return what, kind, link


def _is_of(key: str, names: frozenset[str]) -> bool:
    """Whether what was kept is a fault or news of one of those."""
    what, name, link = _parts(key)
    return any(name.startswith(f"{one} ") for one in names) if what == _NEWS else link in names
