"""How the house is now, for the command line, the page, chat and installers: links, alerts, what the meters say."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from gateway.control.messages import AskNow as WhatNow
from gateway.errors import StoreError
from gateway.links.link import (
    Link,
    LinkKind,
    as_json,
    clock_link,
    decode_link,
    meter_link,
    port_link,
    recipient_links,
    tee_link,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from gateway.consent.orders import Row
    from gateway.daemon.house import House
    from gateway.daemon.meter import MeterReader
    from gateway.household.now import Now
    from gateway.links.line_doctor import LineDoctors
    from gateway.live.state import HouseNow
    from gateway.notices.deciding.household import HouseholdNotices
    from gateway.store.outbox import Outbox
    from gateway.store.points import Backlog

log = logging.getLogger(__name__)

# Sooner than whoever watches gives the answer up.
_LONGEST_WATCH_S = 5.0


class HouseStanding:
    """All of it.

    Args:
        outbox: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        meters: the readers, by the meter's name.
        now: what the meters say.
        notices: what the household is told.
        doctors: what each meter's line is found to have.
    """

    def __init__(
        self,
        outbox: Outbox,
        call: Callable[..., Awaitable[Any]],
        meters: Mapping[str, MeterReader],
        now: Now,
        notices: HouseholdNotices,
        doctors: LineDoctors,
    ) -> None:
        self._doctors = doctors
        self._outbox, self._call, self._meters, self._now, self._notices = outbox, call, meters, now, notices
        # Whoever has links, in the order in which they are shown; asked with monotonic seconds.
        self.of: list[Callable[[float], Iterable[Link]]] = []
        # Of a house that receives something: its links with what is not known of its shares; asked through ``call``.
        self.shared: Callable[[list[Link]], list[Link]] | None = None

    def own_links(self, now: float) -> list[Link]:
        """How each link of the house is at ``now`` (monotonic seconds): from the meters on to the cells."""
        return [link for links in self.of for link in links(now)]

    async def links(self) -> list[Link]:
        """How each link is, and each recipient."""
        waiting = recipient_links(await self.backlog([]), time.time())
        own = self.own_links(time.monotonic())
        if self.shared is not None and any(link.kind is LinkKind.PROVIDER for link in own):
            own = await self._told_of_shares(own)
        return [*own, *waiting]

    async def _told_of_shares(self, own: list[Link]) -> list[Link]:
        try:
            found: list[Link] = await self._call(self.shared, own)
        except StoreError as error:
            log.debug("what was received could not be looked through: %s", error)
            return own
        return found

    async def backlog(self, before: list[Backlog]) -> list[Backlog]:
        """What waits for each recipient; ``before`` where it cannot be counted."""
        try:
            found: list[Backlog] = await self._call(self._outbox.backlog)
        except StoreError as error:
            # A database that cannot be read cannot be written either, and that is told.
            log.debug("the outbox could not be counted: %s", error)
            return before
        return found

    async def report(self) -> Row:
        """How each link is, and which alerts hold, as ``status --json`` has it."""
        report = as_json(await self.links(), running=True, alerts=self._notices.active)
        advice = [{"link": one.link} | one.text.in_every_language() for one in self._notices.advice]
        return report | {"doctor": self._doctors.as_values(), "advice": advice}

    async def now(self) -> HouseNow:
        """The house at this moment."""
        return await self.since(WhatNow())

    async def since(self, order: WhatNow) -> HouseNow:
        """The house now; since the ``turn`` of an earlier answer: as soon as it is another, or after ``wait_s``."""
        if order.since is not None and order.wait_s is not None:
            await self._now.changed(order.since, min(order.wait_s, _LONGEST_WATCH_S))
        lines = {name: meter.line.state for name, meter in self._meters.items()}
        return self._now.house(await self.links(), self._notices.active, lines)


def links_of_meters(house: House, now: float) -> Iterator[Link]:
    """How each meter, its port, its bytes and its clock are."""
    tees, judged = house.tees, {link.name: link for link in house.doctors.links(now)}
    for name, meter in house.meters.items():
        state = meter.line.state
        yield meter_link(name, state, now, meter.heard.name)
        yield port_link(name, state, now)
        if name in tees:
            yield tee_link(name, tees[name], now)
        yield decode_link(name, state, meter.line.quality, now)
        yield judged[name]
        yield clock_link(name, state, meter.clock, meter.kept, host_knows=meter.host.knows())


def links_with_shares(house: House, links: list[Link]) -> list[Link]:
    """On the store's thread: the links with what is not known of the shares, by the configuration as it is now."""
    from gateway.household.share_standing import shares_unknown, with_shares  # noqa: PLC0415 (few houses have any)

    return with_shares(links, shares_unknown(house.config, house.store.received, time.time()))
