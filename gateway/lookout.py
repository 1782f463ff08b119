"""The look-out: sees every second how each link is and what runs short, and tells whoever wants to know."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from gateway.alert_words import Topic
from gateway.resources import Resources
from gateway.status import recipient_links
from gateway.store.recorder import Happened
from gateway.systemd import status_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.alerts import Alert
    from gateway.house import House
    from gateway.store.points import Backlog
    from gateway.systemd import Notifier, Watchdog

log = logging.getLogger(__name__)

# The links are looked at every second; counting the outbox and waking systemd are dearer.
_LOOK_EVERY_S, _BACKLOG_EVERY_S, _STATUS_EVERY_S, _WEIGH_EVERY_S = 1.0, 60.0, 10.0, 10.0

# How long a task may not come round before the program is restarted. An SD card may take minutes to breathe again, a
# lost server is tried every six minutes and a half.
_LINE_PATIENCE_S, STORE_PATIENCE_S, _SERVER_PATIENCE_S = 120.0, 300.0, 600.0


class Lookout:
    """Looks at a house.

    Args:
        house: whose links are looked at.
        notifier: systemd is told in one line how it goes.
        urgent: set where something is to be committed at once.
    """

    def __init__(self, house: House, notifier: Notifier, urgent: asyncio.Event) -> None:
        self._house, self._notifier, self._urgent = house, notifier, urgent
        self._looked = time.monotonic()
        self.resources = Resources(house.disk)
        # Whoever wants to know of every alert: the log, the household, a live feed.
        self.listeners: list[Callable[[Alert], None]] = [_write_down]

    async def run(self) -> None:
        """Look at every link, tell what is to be told, and say in one line how it goes."""
        house = self._house
        backlog: list[Backlog] = []
        counted = said = weighed = -_BACKLOG_EVERY_S
        while True:
            now = self._looked = time.monotonic()
            if house.publication and now - counted >= _BACKLOG_EVERY_S:
                counted, backlog = now, await house.backlog(backlog)
                await self.weigh(now, max((one.rows for one in backlog), default=0))
            elif now - weighed >= _WEIGH_EVERY_S:
                weighed = now
                await self.weigh(now, None)
            links = [*house.own_links(now), *recipient_links(backlog, time.time())]
            alerts = await house.notices.look(links, now, house.time(), house.untold) if house.notices else []
            if house.now:
                house.now.look(links, house.active)
                await house.now.know_the_day()
            if house.feed:
                house.feed.look(links, house.active)
            for alert in alerts:
                for tell in self.listeners:
                    tell(alert)
            if alerts or now - said >= _STATUS_EVERY_S:
                said = now
                self._notifier.status(status_line(links))
            slept = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY_S)
            self.resources.late(time.monotonic() - slept - _LOOK_EVERY_S)

    async def weigh(self, now: float, queue: int | None) -> None:
        """See what runs short; what is given up for it stands among what happened to each meter."""
        changes = await self._house.writer.weigh(self.resources.read(queue), now)
        for change in changes:
            detail = {"of": change.resource.name.lower(), "given_up": change.given_up.name.lower()}
            for recorder in self._house.recorders():
                recorder.tell(Happened(int(time.time()), "shortage", "", detail))
        if changes:
            self._urgent.set()

    def put_under_watch(self, watchdog: Watchdog) -> None:
        """Have every task but the one that commits looked after."""
        house = self._house
        for name, meter in house.meters.items():
            # A replayed file that has ended is no stuck task.
            turned = partial(lambda state: time.monotonic() if state.ended else state.came_round, meter.line.state)
            watchdog.watch(f"meter {name}", turned, _LINE_PATIENCE_S)
        for name, counter in house.counters.known.items():
            watchdog.watch(f"counter {name}", partial(getattr, counter.state, "came_round"), _LINE_PATIENCE_S)
        patience = STORE_PATIENCE_S + house.config.store.commit_interval_s
        watchdog.watch("watch", lambda: self._looked, patience)
        for name, last in (house.publication.rounds() if house.publication else {}).items():
            watchdog.watch(name, last, _SERVER_PATIENCE_S)
        if house.broker and house.feed:
            watchdog.watch("broker", partial(getattr, house.broker, "came_round"), _LINE_PATIENCE_S)
            if house.relays:
                watchdog.watch("relays", partial(getattr, house.relays, "came_round"), _LINE_PATIENCE_S)
            watchdog.watch("feed", partial(getattr, house.feed, "came_round"), patience)
            watchdog.watch("home assistant", partial(getattr, house.devices, "came_round"), _LINE_PATIENCE_S)
        if house.page:
            watchdog.watch("page", partial(getattr, house.page, "came_round"), patience)


def _write_down(alert: Alert) -> None:
    news = alert.recovered or isinstance(alert.kind, Topic)
    log.log(logging.INFO if news else logging.WARNING, "%s", alert.log_text)
