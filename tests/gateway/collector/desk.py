"""A collector's tables without a server: sources and items built by hand, kept by the program's own code."""

import asyncio
import time
from contextlib import asynccontextmanager

from gateway.collector.batch import TEMPORARY, ItemBatch
from gateway.collector.database import Database
from gateway.collector.gateways import add, wanted
from gateway.collector.items import CollectedGateway, GatewayMessage, HistoryPage
from gateway.collector.partitions import Partitions
from gateway.collector.schema import check
from gateway.collector.series import SeriesBook
from gateway.federation.recipient.intake import ReceivedGap
from gateway.federation.wire.notice import Notice
from gateway.federation.wire.stanza import Interval, QuoaliseMessage
from gateway.senml.pack import Record
from gateway.store.terms import NoticeKind
from harness.accounts import FAR, HOME

SENSOR = f"{HOME}/ab12@sen1.test"
INDEX, POWER, TARIFF = "consumption/energy/active/index", "consumption/power/apparent/raw", "contract/tariff/name"


def parcel(
    *values, path=INDEX, retention="P1Y", numbers=None, rectifies=False, unit="Wh", granularity=None, sensor=SENSOR
):
    """Of one series: (time, value) each."""
    name = f"{sensor}/{path}"
    records = tuple(Record(name, at, value, None if isinstance(value, str) else unit) for at, value in values)
    interval = None if numbers is None else Interval(*numbers)
    granularities = {name: granularity} if granularity else {}
    return QuoaliseMessage(records, interval, "ab12", retention, granularities, {}, None, rectifies)


def notice(kind, series="", number="n1", first=None, last=None):
    return Notice(number, NoticeKind(kind), series, first, last)


class Desk:
    """One process's hands: what it is handed it keeps, if the gateway is its own."""

    def __init__(self, store, most="P3Y"):
        self.store = store
        self.partitions = Partitions(FAR)
        self.database = Database(store.conninfo, self._prepare)
        self.book = SeriesBook(most)
        self.source = None

    async def _prepare(self, db):
        await db.execute(TEMPORARY)
        await self.partitions.begin(db)

    async def settle(self):
        """Take what there is; the gateway's source, if it is ours now."""
        await self.database.run(self.partitions.settle)
        mine = await self.database.run(self.partitions.assigned)
        self.source = None
        if mine:
            one = mine[0]
            self.source = CollectedGateway(one.id, one.partition, one.jid, one.resource, one.wanted, one.former)
        return self.source

    async def keep(self, *contents, source=None):
        """What was kept of some contents, as True and False."""
        owner = source or self.source
        items = [GatewayMessage(owner, f"m{n}", f"{HOME}/proxy", True, content) for n, content in enumerate(contents)]
        return await self._keep(items)

    async def fill(self, content, *, replaces=False):
        """The same of a page of history."""
        gap = ReceivedGap(0, SENSOR, 0, 1, replaces)
        future = asyncio.get_running_loop().create_future()
        return await self._keep([HistoryPage(self.source, gap, content, True, future)])

    async def _keep(self, items):
        async def work(db):
            layout = await check(db)
            return await ItemBatch(db, self.partitions.held, self.book, layout, time.time).keep(items)

        kept = await self.database.run(work)
        return [item in kept for item in items]


@asynccontextmanager
async def desk_at(store, **options):
    """A desk that has the gateway HOME."""
    desk = Desk(store, **options)
    try:
        await desk.database.run(lambda db: add(db, FAR, wanted(HOME, [SENSOR]), None))
        await desk.settle()
        yield desk
    finally:
        await desk.database.close()


async def beside(store, work):
    """Do some work while another home's values are written; the longest wait for a commit of these, and the result."""
    jid, sensor = "beside@sen1.test", "beside@sen1.test/ab12@sen1.test"
    database = Database(store.conninfo, lambda db: db.execute(TEMPORARY))
    book, longest, written = SeriesBook("P3Y"), 0.0, 0

    async def write(db):
        content = parcel((int(time.time()), written), sensor=sensor)
        items = [GatewayMessage(source, f"m{written}", f"{jid}/proxy", True, content)]
        layout = await check(db)
        assert await ItemBatch(db, frozenset([source.partition]), book, layout, time.time).keep(items)

    try:
        await database.run(lambda db: add(db, FAR, wanted(jid, [sensor]), None))
        ((number, partition),) = store.ask("SELECT id, partition FROM gateway WHERE jid = %s", jid)
        source = CollectedGateway(number, partition, jid, "proxy", (sensor,), ())
        working = asyncio.create_task(work())
        while not working.done() or not written:
            begun = time.monotonic()
            await database.run(write)
            longest = max(longest, time.monotonic() - begun)
            written += 1
        return longest, await working
    finally:
        await database.close()
