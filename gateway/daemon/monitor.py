"""The look-out: sees every second how each link is and what runs short, and tells whoever wants to know."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.links.alert_words import Topic
from gateway.links.link import Link, recipient_links
from gateway.links.resources import Resources
from gateway.links.status_line import status_line
from gateway.store.recorder import Happened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.daemon.house import House
    from gateway.links.alerts import Alert
    from gateway.process.systemd import Notifier
    from gateway.store.points import Backlog

log = logging.getLogger(__name__)

# The links are looked at every second; counting the outbox and waking systemd are dearer.
_LOOK_EVERY_S, _BACKLOG_EVERY_S, _STATUS_EVERY_S, _WEIGH_EVERY_S = 1.0, 60.0, 10.0, 10.0


class HouseMonitor:
    """Looks at a house.

    Args:
        house: whose links are looked at.
        notifier: systemd is told in one line how it goes.
        urgent: set where something is to be committed at once.
    """

    def __init__(self, house: House, notifier: Notifier, urgent: asyncio.Event) -> None:
        self._house, self._notifier, self._urgent = house, notifier, urgent
        self.alive_at = time.monotonic()
        self.resources = Resources(house.disk)
        # Whoever wants to know of every alert: the log, the household, a live feed.
        self.listeners: list[Callable[[Alert], None]] = [_write_down]
        # Whoever wants to know how every link stands, and what is at fault.
        self.lookers: list[Callable[[Sequence[Link], Sequence[Alert]], None]] = []

    async def run(self) -> None:
        """Look at every link, tell what is to be told, and say in one line how it goes."""
        house = self._house
        backlog: list[Backlog] = []
        counted = said = weighed = -_BACKLOG_EVERY_S
        while True:
            now = self.alive_at = time.monotonic()
            if house.config.federation and now - counted >= _BACKLOG_EVERY_S:
                counted, backlog = now, await house.standing.backlog(backlog)
                await self.weigh(now, max((one.rows for one in backlog), default=0))
            elif now - weighed >= _WEIGH_EVERY_S:
                weighed = now
                await self.weigh(now, None)
            links = [*house.standing.own_links(now), *recipient_links(backlog, time.time())]
            alerts = await house.notices.look(links, now, house.host.time(), house.untold)
            house.now.look(links, house.notices.active)
            await house.now.know_the_day()
            for look in self.lookers:
                look(links, house.notices.active)
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


def _write_down(alert: Alert) -> None:
    news = alert.recovered or isinstance(alert.kind, Topic)
    log.log(logging.INFO if news else logging.WARNING, "%s", alert.log_text)
