"""What is past its retention is deleted, in whole months where all of it is; months to come are made ahead."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.collector.counting import HOLD_SERIES, forget_past
from gateway.collector.months import ahead, any_before, drop_before, make
from gateway.collector.schema import Layout, check
from gateway.collector.series import drop_empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from psycopg import AsyncConnection

    from gateway.collector.database import Database

log = logging.getLogger(__name__)

# One process at a time does it; the others have nothing to wait for.
_LOCK = 0x4C494E4E

# Who asks for a long curve holds the table; while the retention waits for its turn, all others wait behind it.
_LOCK_WAIT = "SET LOCAL lock_timeout = '500ms'"
# As text: to an interval, and to Python's own, a month is thirty days.
_TERMS = "SELECT DISTINCT keep::text, now() - keep AS bound FROM series ORDER BY bound"
_NEXT = "SELECT id FROM series WHERE keep::text = %s AND id > %s ORDER BY id LIMIT %s"
_PAST = """
DELETE FROM reading WHERE (series, time) IN (
  SELECT series, time FROM reading WHERE series = ANY(%(series)s) AND time < %(bound)s LIMIT %(most)s
) AND time < %(bound)s
"""
# Half a second each: after a pause, or under a shorter `most`, there may be hundreds of millions.
_PORTION = 50_000
_MOST_SERIES = 10_000
# A configuration that allows less than before binds what is there already.
_SHORTEN = "UPDATE series SET keep = %(most)s::interval WHERE now() - keep < now() - %(most)s::interval"


@dataclass(frozen=True, slots=True)
class Done:
    """Readings that were deleted one by one, and months that were dropped whole."""

    readings: int
    months: int


async def retain(database: Database, most: str, ended: Callable[[], bool] = lambda: False) -> Done | None:
    """Delete what is past its retention; None where another process is just doing it.

    Args:
        database: months are a transaction, for while one is dropped nobody else writes, and each portion of readings.
        most: the longest that anything is kept, ISO 8601.
        ended: no further portion then; the next run goes on.
    """
    months = await database.run(partial(_drop_months, most=most))
    if months is None:
        return None
    readings = 0
    try:
        for keep, bound in await database.run(_terms):
            async for portion in _portions(database, keep, bound, ended):
                readings += portion
    finally:
        if readings or months:
            await database.run(partial(_note, done=Done(readings, months)))
            log.info("retention: %d readings deleted, %d months dropped", readings, months)
    return Done(readings, months)


async def _portions(database: Database, keep: str, bound: datetime, ended: Callable[[], bool]) -> AsyncIterator[int]:
    """Delete what is past one retention, some of it at a time; how many each time.

    It ends early where another process does it as well: that one began later, with the first series.
    """
    after, many = 0, 1
    while not ended():
        found = await database.run(partial(_delete, keep=keep, bound=bound, after=after, many=many))
        if found is None:
            return
        last, portion = found
        yield portion
        if portion < _PORTION:
            after, many = last, min(_MOST_SERIES, many * 2)
        else:
            many = max(1, many // 2)


async def _mine(db: AsyncConnection) -> bool:
    row = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])).fetchone()
    return bool(row and row[0])


async def _drop_months(db: AsyncConnection, most: str) -> int | None:
    if not await _mine(db):
        return None
    layout = await check(db)
    await db.execute(_SHORTEN, {"most": most})
    row = await (await db.execute("SELECT min(now() - keep) FROM series")).fetchone()
    bound: datetime | None = row[0] if row else None
    if bound and await any_before(db, layout, bound):
        # Before the lock that everybody waits for.
        every = await _every(db)
        await db.execute(HOLD_SERIES, [every])
        await forget_past(db, every, bound)
    await db.execute(_LOCK_WAIT)
    if layout is Layout.PARTITIONS:
        await make(db, ahead(time.time()))
    return await drop_before(db, layout, bound) if bound else 0


async def _every(db: AsyncConnection) -> list[int]:
    return [number for (number,) in await (await db.execute("SELECT id FROM series")).fetchall()]


async def _terms(db: AsyncConnection) -> list[tuple[str, datetime]]:
    return await (await db.execute(_TERMS)).fetchall()


async def _delete(db: AsyncConnection, keep: str, bound: datetime, after: int, many: int) -> tuple[int, int] | None:
    """Delete a portion of what is past one retention of the next series: the last of them, and how many readings.

    None at the end, and where another process is just doing it.
    """
    if not await _mine(db):
        return None
    series = [number for (number,) in await (await db.execute(_NEXT, [keep, after, many])).fetchall()]
    if not series:
        return None
    await db.execute(HOLD_SERIES, [series])
    done = await db.execute(_PAST, {"series": series, "bound": bound, "most": _PORTION})
    await forget_past(db, series, bound)
    return series[-1], done.rowcount


async def _note(db: AsyncConnection, done: Done) -> None:
    await drop_empty(db, await _every(db))
    await db.execute("INSERT INTO retained (readings, months) VALUES (%s, %s)", [done.readings, done.months])
