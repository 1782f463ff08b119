"""A house as its running gateway has it: parts that ``gateway.daemon.build`` made and joined, and what they do as one.

``monitor`` and ``requests``, who look at the whole house, do it here.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import StoreError
from gateway.process.cells import Cells

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.config.tables import Config
    from gateway.daemon.absent import NoFederation, NoWays
    from gateway.daemon.board_updates import BoardUpdates
    from gateway.daemon.clock import HostClock
    from gateway.daemon.counters import Counters
    from gateway.daemon.meter import MeterReader
    from gateway.daemon.publication import Publication
    from gateway.daemon.standing import HouseStanding
    from gateway.daemon.updates import HouseUpdates
    from gateway.daemon.writer import StoreWriter
    from gateway.household.now import Now
    from gateway.links.disk import DiskSpace
    from gateway.links.line_doctor import LineDoctors
    from gateway.mqtt.relays import BoardReports, Relays
    from gateway.notices.deciding.household import HouseholdNotices
    from gateway.notices.delivery.ways import HouseholdWays
    from gateway.sources.tee import Tee
    from gateway.store.recorder import Recorder, UndatedFrame
    from gateway.store.store import Store


@dataclass(slots=True)
class House:
    """All that every house has; ``federation`` and ``ways`` are others after their settings have changed.

    Args:
        config: the checked configuration.
        host: whether the host knows the time.
        call: ``await call(function, *arguments)`` runs something of the store on its thread.
        store: where everything is kept.
        meters: the readers, by the meter's name.
        tees: whoever is given a meter's bytes, by the meter's name.
        counters: pulse counters.
        relays: boards that relay meters.
        writer: writes to the store.
        disk: the room on the card.
        now: what the meters say.
        notices: what the household is told.
        ways: by which ways it is, besides the chat.
        standing: how all of it is.
        doctors: judge each meter's line.
        federation: publishes to others, where there is an account.
        updates: whether there is a newer version, and what the household says to it.
        cells: keep each part alive.
        boards: what boards say of themselves; None where nobody can hear them.
        programs: the updates of boards; None likewise.
        pages: how the page is called in the house, asked (in a thread) where there is one.
        started: since when it runs (monotonic seconds).
    """

    config: Config
    host: HostClock
    call: Callable[..., Awaitable[Any]]
    store: Store
    meters: Mapping[str, MeterReader]
    tees: dict[str, Tee]
    counters: Counters
    relays: Relays
    writer: StoreWriter
    disk: DiskSpace
    now: Now
    notices: HouseholdNotices
    ways: HouseholdWays | NoWays
    standing: HouseStanding
    doctors: LineDoctors
    federation: Publication | NoFederation
    updates: HouseUpdates
    cells: Cells = field(default_factory=Cells)
    boards: BoardReports | None = None
    programs: BoardUpdates | None = None
    pages: list[Callable[[], list[str]]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def untold(self) -> frozenset[str]:
        """Of which links and news a message to the household is neither told nor kept yet."""
        return self.federation.waiting | self.ways.waiting

    async def addresses(self) -> list[str]:
        """How its page is called in the house; none where there is no page."""
        return [address for asked in self.pages for address in await asyncio.to_thread(asked)]

    def recorders(self) -> list[Recorder]:
        """Of every meter and every counter."""
        counters = [counter.recorder for counter in self.counters.known.values()]
        return [*(meter.recorder for meter in self.meters.values()), *counters]

    async def write(self) -> None:
        """Store everything that was gathered, or keep it waiting."""
        gathered = [batch for meter in self.meters.values() if (batch := meter.recorder.take())]
        batches = [*gathered, *self.counters.take()]
        self.relays.committed(await self.writer.write(batches, self.relays.disbelieved(), self.federation.leave))

    async def commit(self) -> None:
        """Store everything that was gathered; StoreError if it could not be, and waits in memory."""
        await self.write()
        # Without an error what waits has come since, and somebody else is about to write it.
        if self.writer.error:
            raise StoreError(self.writer.error)

    async def settle(self) -> None:
        """Commit what was postponed, for who reads the file; what cannot be waits, and the file is a little behind."""
        with suppress(StoreError):
            await self.call(self.store.db.commit)

    async def undated(self, meter: str, boot: str, limit: int) -> list[UndatedFrame]:
        """The oldest stored frames of a meter without a date."""
        found: list[UndatedFrame] = await self.call(self.store.undated.oldest, meter, boot, limit)
        return found
