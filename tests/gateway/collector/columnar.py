"""Households beside each other, their readings as SQL has them and as the files have them."""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.collector.gateways import add, wanted
from gateway.collector.items import CollectedGateway
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.pack import Record
from harness.accounts import FAR
from harness.wait import wait_until
from tests.gateway.collector.desk import Desk

DAY_S = 86_400
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
_SQL = """
SELECT v.meter, v.path, v.granularity, v.unit, v.kind, r.time, r.value, r.words
FROM shown_series v JOIN reading r ON r.series = v.series WHERE r.time < date_trunc('day', now(), 'UTC')
"""


def need_pyarrow():
    """Read files, or skip where the library is not installed; a run that is to be complete has it."""
    try:
        import pyarrow.dataset
    except ImportError:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("pyarrow is not installed: requirements-test.txt")
    return pyarrow.dataset


def moment(days_ago, minute=0):
    """POSIX seconds of a minute of a day of UTC."""
    return int((TODAY - timedelta(days=days_ago)).timestamp()) + 60 * minute


def day_of(days_ago):
    """The day of a file's name."""
    return (TODAY - timedelta(days=days_ago)).date()


def pack(jid, path, *values, retention="P1Y", rectifies=False):
    """What a home sends of one series: (time, value) each; words are values too."""
    name = f"{jid}/ab12@sen1.test/{path}"
    records = tuple(Record(name, at, value, None if isinstance(value, str) else "Wh") for at, value in values)
    return QuoaliseMessage(records, None, "ab12", retention, {}, {}, None, rectifies)


class Homes:
    """Some homes of one collector's process, for an ``async with`` block."""

    def __init__(self, store, *jids):
        self._store, self.desk, self._jids, self._sources = store, Desk(store), jids, {}

    async def __aenter__(self):
        for jid in self._jids:
            line = wanted(jid, [f"{jid}/ab12@sen1.test"])
            await self.desk.database.run(lambda db, line=line: add(db, FAR, line, None))
        await self.desk.settle()
        for one in await self.desk.database.run(self.desk.partitions.assigned):
            self._sources[one.jid] = CollectedGateway(
                one.id, one.partition, one.jid, one.resource, one.wanted, one.former
            )
        return self

    async def __aexit__(self, *_):
        (pid,) = await self.desk.database.run(_pid)
        await self.desk.database.close()
        # Its partitions are free when PostgreSQL has seen that it is gone, which is a moment later.
        there = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        wait_until(lambda: self._store.one(there, pid) == 0, 60, "its session is over")

    def source(self, jid):
        """A home as the process has it."""
        return self._sources[jid]

    async def keep(self, jid, *contents):
        """Have all of it kept, in one transaction."""
        assert all(await self.desk.keep(*contents, source=self._sources[jid]))


async def _pid(db):
    return await (await db.execute("SELECT pg_backend_pid()")).fetchone()


class Columns:
    """The folder of a store's files."""

    def __init__(self, store, folder):
        self.store, self.folder = store, folder
        folder.mkdir(exist_ok=True)
        if "[parquet]" not in store.config.read_text():
            store.config.write_text(f'{store.config.read_text()}[parquet]\nfolder = "{folder}"\n')

    def night(self, *options):
        """What a night's run says."""
        return self.store.command("parquet", *options)

    def days(self):
        """The SHA-256 of each file, by its day."""
        files = sorted(self.folder.glob("day=*/*.parquet"))
        return {date.fromisoformat(f.parent.name[4:]): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}

    def rows(self):
        """Every reading of every file, sorted."""
        files = sorted(map(str, self.folder.glob("day=*/*.parquet")))
        table = need_pyarrow().dataset(files).to_table() if files else None
        return sorted(map(tuple, (row.values() for row in table.to_pylist())), key=repr) if table else []

    def agrees(self):
        """Whether the files hold what the views show of the days over, row by row; how many there are."""
        sql = sorted(self.store.ask(_SQL), key=repr)
        assert self.rows() == sql
        names = {f"day={at.astimezone(UTC).date()}" for *_, at, _, _ in sql}
        assert {path.name for path in self.folder.iterdir()} == names
        return len(sql)


def publish(columns, *rows, until):
    """What is published by then: (segment, path, start, energy, homes)."""
    columns.store.ask(
        "INSERT INTO segment_release (until, place) VALUES (to_timestamp(%s), this_place())"
        " ON CONFLICT (one) DO UPDATE SET until = excluded.until", until,
    )  # fmt: skip
    for row in rows:
        columns.store.ask("INSERT INTO published_half_hour VALUES (%s, %s, to_timestamp(%s), %s, %s)", *row)
