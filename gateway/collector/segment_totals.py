"""Totals by the half hour of the homes of each segment, and of all: kept, and published.

Kept totals follow the readings: whatever changes those marks its time, and that is reckoned anew. Published is each
half hour once, all its segments together, when what was late has had its time: whoever reads it before and after one
home's values came, or were erased, must not find that home in the difference.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from gateway.collector.database import Database
from gateway.collector.disclosure import HomeGroup, shown
from gateway.collector.schema import check
from gateway.errors import Once, StoreError
from gateway.federation.connection.waiting import wait_any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator

    from psycopg import AsyncConnection

log = logging.getLogger(__name__)

STEP = timedelta(minutes=30)
# One process at a time does it; the others have nothing to wait for.
LOCK = 0x4C494E53

# Half hours of homes that are reckoned in one transaction: a second, or so.
_PORTION = 100_000
_EVERY_S = 60.0
# Gateways that could reach nobody for a while first send what they kept.
_QUIET_S = 3600.0
# Some turns of the process that sees it.
_SEEN = timedelta(minutes=5)

_TAKE = "DELETE FROM half_hour_changed RETURNING first, last"
_GIVE_BACK = "INSERT INTO half_hour_changed VALUES (%s, %s)"
_FORGET = "DELETE FROM segment_total WHERE start >= %s AND start < %s"
_RECKON = """
INSERT INTO segment_total (segment, path, start, energy, homes)
SELECT m.segment, h.path, h.start, sum(h.energy), count(*)
FROM home_half_hours(%s, %s) h JOIN segment_member m ON m.gateway = h.gateway GROUP BY m.segment, h.path, h.start
"""
# Months that were dropped left no mark.
_FORGET_PAST = "DELETE FROM segment_total WHERE start < (SELECT min(now() - keep) - interval '30 minutes' FROM series)"
# Homes in the same segments are counted together, by a number: to sort arrays costs more than the look-ups.
_PARTS = """
WITH member AS (
  SELECT gateway, array_agg(segment ORDER BY segment) AS segments FROM segment_member GROUP BY gateway
), home AS MATERIALIZED (
  SELECT gateway, segments, dense_rank() OVER (ORDER BY segments) AS alike FROM member
), part AS MATERIALIZED (
  SELECT h.path, h.start, home.alike, count(*) AS homes,
    count(*) FILTER (WHERE h.energy > 0) AS used, sum(h.energy) AS energy,
    (array_agg(h.energy ORDER BY h.energy DESC))[1:2] AS largest
  FROM home_half_hours(%s, %s) h JOIN home USING (gateway) GROUP BY h.path, h.start, home.alike
)
SELECT path, start, segments, homes, used, energy, largest
FROM part JOIN (SELECT DISTINCT alike, segments FROM home) kind USING (alike)
"""
# The largest first: of two that exclude each other the smaller one is left out, at every half hour the same.
_ORDER = "SELECT id, name FROM segment JOIN segment_member ON segment = id GROUP BY id ORDER BY count(*) DESC, id"
_PUBLISH = "INSERT INTO published_half_hour (segment, path, start, energy, homes) VALUES (%s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Half hours whose totals were reckoned anew, and totals that were published."""

    half_hours: int
    published: int


async def reckon(
    database: Database, settled: timedelta | None, ended: Callable[[], bool] = lambda: False
) -> Reckoned | None:
    """Bring the kept totals up to date, then publish; None where another process is just doing it.

    Args:
        database: each portion is a transaction of its own.
        settled: how long after its end a half hour is published; None for not now.
        ended: no further portion then; the next run goes on.
    """
    half_hours = published = 0
    while not ended():
        portion = await database.run(_reckon)
        if portion is None:
            return None
        half_hours += portion[0]
        # What comes meanwhile is the next minute's: with many gateways something always does.
        if not portion[1]:
            break
    while settled is not None and not ended():
        rows = await database.run(partial(_publish, settled=settled))
        if rows is None:
            break
        published += rows
    return Reckoned(half_hours, published)


async def _mine(db: AsyncConnection) -> bool:
    row = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])).fetchone()
    return bool(row and row[0])


async def _portion(db: AsyncConnection) -> int:
    """How many half hours of all homes are reckoned at once."""
    row = await (await db.execute("SELECT count(*) FROM gateway")).fetchone()
    return max(1, _PORTION // max(1, row[0] if row else 1))


async def _reckon(db: AsyncConnection) -> tuple[int, bool] | None:
    """The totals of half hours that changed: how many, whether some are left; None where another process is at it."""
    if not await _mine(db):
        return None
    await check(db)
    marks = await (await db.execute(_TAKE)).fetchall()
    most, done = await _portion(db), 0
    rest = []
    for first, last in _merged(marks):
        until = min(last, first + STEP * (most - done))
        if first < until:
            await db.execute(_FORGET, [first, until])
            await db.execute(_RECKON, [first, until])
            done += (until - first) // STEP
        if until < last:
            # It is widened again when it is taken: not by more than it is given back.
            rest.append((until + STEP, last - STEP))
    async with db.cursor() as cursor:
        await cursor.executemany(_GIVE_BACK, rest)
    if not done:
        await db.execute(_FORGET_PAST)
    return done, bool(rest)


def _merged(marks: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """The half hours [first, last) whose energy some changed readings can be of: theirs and the one before."""
    spans = sorted((floor(first) - STEP, floor(last) + STEP) for first, last in marks)
    while spans:
        first, last = spans.pop(0)
        while spans and spans[0][0] <= last:
            last = max(last, spans.pop(0)[1])
        yield first, last


def floor(moment: datetime) -> datetime:
    """The beginning of its half hour; they are the same in every zone that France has."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)


async def note_quiet(db: AsyncConnection) -> None:
    """A process sees now that what was late has had its hour."""
    await db.execute("UPDATE segment_release SET quiet_at = now()")


async def is_quiet(db: AsyncConnection) -> bool:
    """Whether some process saw in the last minutes that what was late has had its hour."""
    await check(db)
    seen = "SELECT EXISTS (SELECT FROM segment_release WHERE quiet_at > now() - %s)"
    row = await (await db.execute(seen, [_SEEN])).fetchone()
    return bool(row and row[0])


async def _publish(db: AsyncConnection, settled: timedelta) -> int | None:
    """Publish some of the half hours that have settled; how many totals, None where there is nothing to publish now.

    StoreError where the database has gateways of several accounts: `all` would be nobody's.
    """
    if not await _mine(db):
        return None
    row = await (await db.execute("SELECT until, now(), place = this_place() FROM segment_release")).fetchone()
    if row is None:
        return None
    if not row[2]:
        await _begin_anew(db, row[1])
        return None
    accounts = await (await db.execute("SELECT count(DISTINCT account) FROM gateway")).fetchone()
    if accounts and accounts[0] > 1:
        raise StoreError(
            "the database has gateways of several accounts, and totals are published of one alone: give each account a"
            " database of its own"
        )
    begin, end = row[0], min(row[0] + STEP * await _portion(db), floor(row[1] - settled))
    if end <= begin:
        return None
    names: dict[int, str] = dict(await (await db.execute(_ORDER)).fetchall())
    rows = []
    for (path, start), parts in _by_half_hour(await (await db.execute(_PARTS, [begin, end])).fetchall()):
        rows += [(names[one.segment], path, start, one.energy, one.homes) for one in shown(parts, names)]
    async with db.cursor() as cursor:
        await cursor.executemany(_PUBLISH, rows)
    await db.execute("UPDATE segment_release SET until = %s", [end])
    return len(rows)


async def _begin_anew(db: AsyncConnection, now: datetime) -> None:
    """A copy was brought back: what came between may have been published already, of other homes."""
    begin = floor(now) + STEP
    await db.execute("UPDATE segment_release SET until = greatest(until, %s), place = this_place()", [begin])
    log.warning("the tables are a copy that was brought back: totals are published from %s on", begin.isoformat())


def _by_half_hour(
    rows: Iterable[tuple[str, datetime, list[int], int, int, float, list[float]]],
) -> Iterator[tuple[tuple[str, datetime], list[HomeGroup]]]:
    found: dict[tuple[str, datetime], list[HomeGroup]] = {}
    for path, start, segments, homes, used, energy, largest in rows:
        part = HomeGroup(frozenset(segments), homes, used, energy, tuple(largest))
        found.setdefault((path, start), []).append(part)
    yield from found.items()


class SegmentWork:
    """What a running process does for the totals: it reckons each minute, and publishes while it sees what comes.

    Args:
        conninfo: of the database, on a connection of its own.
        connected: whether the session is there.
        settled: how long after its end a half hour is published.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        conninfo: str,
        connected: asyncio.Event,
        settled: timedelta,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._connected, self._settled, self._clock = Database(conninfo), connected, settled, clock
        self._quiet_since = clock()
        # When it was done last, POSIX seconds, and how long that took.
        self.done_at = self.lasted_s = 0.0
        self._say = Once(log)

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""
        try:
            while not stop.is_set():
                await self.turn(stop)
                await wait_any(_EVERY_S, stop)
        finally:
            await self._database.close()

    async def turn(self, stop: asyncio.Event) -> None:
        """Once: reckon, and publish where an hour has gone by in which whatever was late could come."""
        now, begun = self._clock(), time.monotonic()
        if not self._connected.is_set():
            self._quiet_since = now
        settled = self._settled if now - self._quiet_since >= _QUIET_S else None
        try:
            if settled is not None:
                await self._database.run(note_quiet)
            if await reckon(self._database, settled, stop.is_set) is not None:
                self.done_at, self.lasted_s = time.time(), time.monotonic() - begun
        except StoreError as error:
            self._quiet_since = self._clock()
            self._say("away", "the totals of segments could not be reckoned: %s; trying again", error)
        except psycopg.Error as error:
            self._say("wrong", "PostgreSQL refuses the totals of segments (%s); trying again", type(error).__name__)
        else:
            self._say.clear()
