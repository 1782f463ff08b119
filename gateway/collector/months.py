"""Where readings lie on the disk: partitions by month (UTC), made before they are needed; TimescaleDB makes its own.

There is no default partition: what is of no month that may be is no reading (``within_reach``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from psycopg import AsyncConnection, sql

from gateway.collector.schema import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable


# No Linky meter counted before; a clock that runs ahead is not a day ahead.
_EARLIEST = 1_262_304_000  # 2010-01-01T00:00:00Z
_AHEAD_S = 86_400
# Months made before they begin: a process that cannot make any for weeks still writes.
_MADE_AHEAD = 3
_LOCK = 0x4C494E4D


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, time: float) -> Month:
        """The month of a POSIX time."""
        moment = datetime.fromtimestamp(time, UTC)
        return cls(moment.year, moment.month)

    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def table(self) -> str:
        """The name of its partition."""
        return f"reading_{self.year:04}_{self.number:02}"


def within_reach(time: float, now: float) -> bool:
    """Whether a reading can be of this time."""
    return _EARLIEST <= time <= now + _AHEAD_S


def ahead(now: float) -> list[Month]:
    """This month and those that are made before they begin."""
    months = [Month.of(now)]
    for _ in range(_MADE_AHEAD):
        months.append(months[-1].next())
    return months


async def make(db: AsyncConnection, months: Iterable[Month]) -> None:
    """Make the partitions that are missing, inside a transaction of the caller's.

    Attached rather than created in place: nobody who reads or writes other months has to wait.
    """
    await db.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    for month in sorted(set(months)):
        name = sql.Identifier("linky", month.table)
        row = await (await db.execute("SELECT to_regclass(%s)", [f"linky.{month.table}"])).fetchone()
        if row and row[0]:
            continue
        await db.execute(sql.SQL("CREATE TABLE {} (LIKE linky.reading INCLUDING ALL)").format(name))
        await db.execute(
            sql.SQL("ALTER TABLE linky.reading ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                name, sql.Literal(month.start), sql.Literal(month.next().start)
            )
        )


async def existing(db: AsyncConnection) -> list[Month]:
    """The months that have a partition, in order."""
    rows = await (
        await db.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'linky.reading'::regclass"
        )
    ).fetchall()
    return sorted(Month(int(name[8:12]), int(name[13:15])) for (name,) in rows)


async def any_before(db: AsyncConnection, layout: Layout, bound: datetime) -> bool:
    """Whether there are whole months that ended before ``bound``."""
    if layout is Layout.HYPERTABLE:
        chunks = "SELECT public.show_chunks('linky.reading', %s::timestamptz) LIMIT 1"
        return await (await db.execute(chunks, [bound])).fetchone() is not None
    return any(month.next().start <= bound for month in await existing(db))


async def drop_before(db: AsyncConnection, layout: Layout, bound: datetime) -> int:
    """Drop whole months that ended before ``bound``; how many."""
    if layout is Layout.HYPERTABLE:
        rows = await (
            await db.execute("SELECT public.drop_chunks('linky.reading', %s::timestamptz)", [bound])
        ).fetchall()
        return len(rows)
    past = [month for month in await existing(db) if month.next().start <= bound]
    for month in past:
        await db.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier("linky", month.table)))
    return len(past)
