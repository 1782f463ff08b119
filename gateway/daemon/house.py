"""A house as its running gateway has it: the parts that every house has, and those that its configuration asks for.

``gateway.daemon.app`` builds and joins them; ``monitor`` and ``requests``, who look at the whole house, do it here.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from gateway.daemon.counters import Counters
from gateway.daemon.writer import Writer
from gateway.errors import StoreError
from gateway.links.disk import Disk
from gateway.links.link import clock_link, decode_link, meter_link, port_link, recipient_links, tee_link
from gateway.links.nightly_backup import Nightly
from gateway.process.cells import Cells

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.chat.notices import Notices
    from gateway.config.tables import Config
    from gateway.daemon.clock import HostClock
    from gateway.daemon.meter import MeterReader
    from gateway.daemon.publication import Publication
    from gateway.household.now import Now
    from gateway.links.alerts import Alert
    from gateway.links.link import Link
    from gateway.mqtt.broker import Broker
    from gateway.mqtt.feed import Feed
    from gateway.mqtt.home_assistant import HomeAssistant
    from gateway.mqtt.relays import Relays
    from gateway.sources.tee import Tee
    from gateway.store.points import Backlog
    from gateway.store.recorder import Recorder
    from gateway.store.store import Store
    from gateway.web.page import Page

log = logging.getLogger(__name__)


class House:
    """What is None is not in this house, or not there yet.

    Args:
        config: the checked configuration.
        host: whether the host knows the time.
        call: ``await call(function, *arguments)`` runs something of the store on its thread.

    Attributes:
        store: there from the start of ``app.Gateway.run`` on.
        owners: which meter's reader a delivery point belongs to.
    """

    store: Store

    def __init__(self, config: Config, host: HostClock, call: Callable[..., Awaitable[Any]]) -> None:
        self.config, self.host, self.call = config, host, call
        self.meters: dict[str, MeterReader] = {}
        self.owners: dict[str, MeterReader] = {}
        self.tees: dict[str, Tee] = {}
        self.writer = Writer(config, lambda: self.store, call)
        self.counters = Counters(config, call, self.time)
        self.cells = Cells()
        self.publication: Publication | None = None
        self.now: Now | None = None
        self.broker: Broker | None = None
        self.feed: Feed | None = None
        self.page: Page | None = None
        self.devices: HomeAssistant | None = None
        self.relays: Relays | None = None
        self.notices: Notices | None = None
        self.disk = Disk(config.directory)
        self.nightly = Nightly(config.directory, wanted=config.backup is not None)

    def time(self) -> float | None:
        """POSIX seconds; None while the host does not know the time."""
        return time.time() if self.host.knows() else None

    def recorders(self) -> list[Recorder]:
        """Of every meter and every counter."""
        counters = [counter.recorder for counter in self.counters.known.values()]
        return [*(meter.recorder for meter in self.meters.values()), *counters]

    @property
    def untold(self) -> frozenset[str]:
        """Which alerts wait for the federation to be told to the household."""
        return self.publication.waiting if self.publication else frozenset()

    @property
    def active(self) -> list[Alert]:
        """The alerts that hold now."""
        return self.notices.active if self.notices else []

    async def backlog(self, before: list[Backlog]) -> list[Backlog]:
        """What waits for each recipient; ``before`` where it cannot be counted."""
        try:
            found: list[Backlog] = await self.call(self.store.outbox.backlog)
        except StoreError as error:
            # A database that cannot be read cannot be written either, and that is told.
            log.debug("the outbox could not be counted: %s", error)
            return before
        return found

    async def links(self) -> list[Link]:
        """How each link is, and each recipient."""
        waiting = recipient_links(await self.backlog([]), time.time())
        return [*self.own_links(time.monotonic()), *waiting]

    def own_links(self, now: float) -> list[Link]:
        """How each link of the house is at ``now`` (monotonic seconds): from the meters on to the cells."""
        links = []
        for name, meter in self.meters.items():
            state = meter.line.state
            links += [meter_link(name, state, now, meter.heard.name), port_link(name, state, now)]
            if name in self.tees:
                links.append(tee_link(name, self.tees[name], now))
            links.append(decode_link(name, state, meter.line.quality, now))
            links.append(clock_link(name, state, meter.clock, meter.kept, host_knows=meter.host.knows()))
        links += self.counters.links(now)
        links += [self.writer.link(now), self.disk.link(now), self.writer.degradation.link(now)]
        links += self.nightly.links(now, self.time())
        if self.publication:
            links += [self.publication.link(), *self.publication.provider_links(), *self.publication.watch_links()]
        if self.broker:
            links.append(self.broker.link())
        if self.page:
            links.append(self.page.link(now))
        links += self.cells.links(now)
        return links
