"""The running collector: one session, one queue, the gateways of its partitions, and the care of the tables.

One ``TaskGroup``: each task recovers from its edge's errors; anything else ends the process, and systemd starts it
again. A process that has lost its XMPP server, or PostgreSQL, gives its gateways to the others.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.collector.batch import TEMPORARY, ItemBatch
from gateway.collector.care import care
from gateway.collector.database import Database
from gateway.collector.metrics import looked_at
from gateway.collector.months import ahead, make
from gateway.collector.partitions import MEMBER, SETTLE_S, WITHOUT_DATABASE_S, WITHOUT_SERVER_S, Partitions
from gateway.collector.publication import SegmentPublication
from gateway.collector.pulse import Pulse
from gateway.collector.queue import IngestQueue
from gateway.collector.retention import retain
from gateway.collector.rounds import Rounds
from gateway.collector.schema import Layout, check
from gateway.collector.segment_totals import SegmentWork
from gateway.collector.series import SeriesBook
from gateway.collector.totals import CollectedTotals
from gateway.collector.welcome import Welcome
from gateway.errors import StoreError
from gateway.federation.connection.jids import bare_jid
from gateway.federation.connection.parser import MOST_PARTS
from gateway.federation.connection.session import Session
from gateway.federation.connection.strangers import RECIPIENT, SenderLimits, TokenBucket
from gateway.federation.connection.waiting import wait_any
from gateway.federation.wire.total import ANSWERS_TOTALS
from gateway.process.systemd import Notifier, Watchdog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig
    from gateway.collector.items import CollectedGateway, Item

log = logging.getLogger(__name__)

_RETAIN_EVERY_S, _RETAIN_AGAIN_S = 3600.0, 60.0
_PATIENCE_S = 90.0
# What another process of the account asked for is sent here as well; it comes to nothing, whatever its size.
# Whoever joins is a stranger until then, and a campaign's gateways have all one domain: an invitation is a look-up.
_LIMITS = replace(RECIPIENT, parts=MOST_PARTS, domain=TokenBucket(300, 20), strangers=TokenBucket(400, 20))
_STANDS = (
    "UPDATE subscription SET standing = %s, sentence = %s, changed_at = now() WHERE gateway = %s AND identifier = %s"
)


class Collector:
    """One process.

    Args:
        config: the whole file.
        resource: the resource of the JID instead of the configuration's.
    """

    def __init__(self, config: CollectorConfig, resource: str | None = None) -> None:
        account = config.session_account(resource)
        conninfo = config.database_conninfo()
        self._config = config
        doorkeeper = SenderLimits(lambda bare: bare in self._sources, _LIMITS)
        self._session = Session(account, features=(ANSWERS_TOTALS,), doorkeeper=doorkeeper)
        self._partitions = Partitions(bare_jid(account.jid))
        # A connection each: a long commit, or a long count, keeps no gateway from being asked.
        self._writing = Database(conninfo, self._prepare, f"{MEMBER} {account.resource}")
        self._asking, self._counting = Database(conninfo), Database(conninfo)
        self._pulse = Pulse(Database(conninfo, name="linky-collect pulse"), self._fell_silent)
        self._sources: dict[str, CollectedGateway] = {}
        self._book = SeriesBook(config.retention.most)
        self._layout = Layout.PARTITIONS
        limits = config.limits
        self._queue = IngestQueue(
            self._session, self._sources, self._keep, limits.queue_records, limits.batch_records,
            lambda source: self._rounds.ask_again(source),  # noqa: PLW0108 (it is made after the queue)
        )  # fmt: skip
        self._rounds = Rounds(self._session, self._asking, self._queue, self._sources)
        self._segments = SegmentWork(conninfo, self._session.connected, config.publish.settled)
        self._looked_at = looked_at(
            config, bare_jid(account.jid), self._session, doorkeeper, self._queue, self._sources, self._segments
        )
        self._welcome = Welcome(self._session, self._asking, bare_jid(account.jid))
        self._totals = CollectedTotals(self._session, self._counting, self._sources)
        self._stop = asyncio.Event()
        self._notifier = Notifier()
        self._settled_at = time.monotonic()

    async def run(self) -> None:
        """Everything, until SIGTERM or SIGINT. StoreError when the database is not there to begin with."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await self._begin()
        watchdog = Watchdog(self._notifier)
        watchdog.watch("the session", lambda: self._session.alive_at, 600.0)
        watchdog.watch("the queue", lambda: self._queue.alive_at, _PATIENCE_S + 300.0)
        watchdog.watch("the welcome", lambda: self._welcome.alive_at, _PATIENCE_S + 300.0)
        watchdog.watch("the totals", lambda: self._totals.alive_at, _PATIENCE_S + 300.0)
        watchdog.watch("the partitions", lambda: self._settled_at, _PATIENCE_S + 300.0)
        self._notifier.ready()
        watching = asyncio.create_task(watchdog.run(), name="watchdog")
        try:
            async with self._looked_at, asyncio.TaskGroup() as group:
                group.create_task(self._session.run(self._stop), name="session")
                group.create_task(self._queue.run(self._stop), name="queue")
                group.create_task(self._rounds.run(self._stop), name="rounds")
                group.create_task(self._own(), name="partitions")
                group.create_task(self._pulse.run(self._stop), name="pulse")
                group.create_task(self._welcome.run(self._stop), name="welcome")
                group.create_task(self._totals.run(self._stop), name="totals")
                group.create_task(self._retain(), name="retention")
                group.create_task(self._segments.run(self._stop), name="segments")
                group.create_task(care(self._config.database_conninfo(), self._stop), name="care")
                group.create_task(SegmentPublication(self._config).run(self._stop), name="publication")
        finally:
            self._notifier.stopping()
            watching.cancel()
            # Its locks end with the connection: the others take over at once.
            for database in (self._writing, self._asking, self._counting):
                await database.close()
            self._notifier.close()

    async def _begin(self) -> None:
        async def work(db: AsyncConnection) -> Layout:
            layout = await check(db)
            if layout is Layout.PARTITIONS:
                await make(db, ahead(time.time()))
            return layout

        self._layout = await self._asking.run(work)

    async def _prepare(self, db: AsyncConnection) -> None:
        await db.execute(TEMPORARY)
        await self._partitions.begin(db)

    async def _keep(self, items: Sequence[Item]) -> Sequence[Item]:
        async def work(db: AsyncConnection) -> Sequence[Item]:
            return await ItemBatch(db, self._partitions.held, self._book, self._layout, time.time).keep(items)

        return await self._writing.run(work)

    async def _own(self) -> None:
        """Have a fair share of the partitions, and of the gateways in them what it says."""
        lost = away = time.monotonic()
        assigned, again_at = frozenset[int](), 0.0
        while not self._stop.is_set():
            try:
                if self._session.connected.is_set():
                    lost = time.monotonic()
                    await self._writing.run(self._partitions.settle)
                elif self._partitions.joined and time.monotonic() - lost > WITHOUT_SERVER_S:
                    await self._writing.run(self._partitions.leave)
                away = time.monotonic()
                held, begun = self._partitions.held, time.monotonic()
                if held != assigned or (self._partitions.changed and begun >= again_at):
                    self._partitions.changed = False
                    self._rounds.assign(await self._asking.run(self._partitions.assigned))
                    # All are read where one was added: of a campaign that takes a twentieth of the time at most.
                    assigned, again_at = held, time.monotonic() + 20 * (time.monotonic() - begun)
                await self._write_standings()
            except StoreError as error:
                self._partitions.changed = True
                log.debug("the partitions: %s", error)
                if time.monotonic() - away > WITHOUT_DATABASE_S:
                    self._give_away()
            self._settled_at = time.monotonic()
            self._say()
            await wait_any(SETTLE_S, self._stop)
        self._rounds.assign([])

    def _give_away(self) -> None:
        """Who is shown our presence sends to us; we can confirm nothing, and who has its partition can."""
        if self._sources:
            log.warning("no gateway is kept while PostgreSQL is away: they send to the other processes, or wait")
            self._rounds.assign([])
        self._partitions.changed = True

    def _fell_silent(self) -> None:
        for database in (self._writing, self._asking, self._counting):
            database.cut()
        self._give_away()

    async def _write_standings(self) -> None:
        changes = dict(self._rounds.changes)

        async def work(db: AsyncConnection) -> None:
            async with db.cursor() as cursor:
                await cursor.executemany(_STANDS, [(*now, *key) for key, now in changes.items()])

        if changes:
            await self._asking.run(work)
            for key, now in changes.items():
                if self._rounds.changes.get(key) == now:
                    del self._rounds.changes[key]

    async def _retain(self) -> None:
        """Enforce the retention now and every hour, whoever of the processes comes first."""
        while not self._stop.is_set():
            pause = _RETAIN_EVERY_S
            try:
                # A connection of its own: it may take minutes.
                database = Database(self._config.database_conninfo())
                try:
                    await retain(database, self._config.retention.most, self._stop.is_set)
                    self._queue.counts.retained()
                finally:
                    await database.close()
            except StoreError as error:
                log.warning("the retention could not be enforced: %s; trying again", error)
                pause = _RETAIN_AGAIN_S
            await wait_any(pause, self._stop)

    def _say(self) -> None:
        link = "connected" if self._session.connected.is_set() else "not connected"
        self._notifier.status(
            f"{link}; {len(self._sources)} gateways; {self._queue.counts.kept_records} records kept,"
            f" {self._queue.records} waiting"
        )
