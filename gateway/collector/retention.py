"""What is past its retention is deleted, in whole months where all of it is; months to come are made ahead."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.collector.months import ahead, drop_before, make
from gateway.collector.obey import drop_empty
from gateway.collector.schema import Layout, check

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import AsyncConnection

    from gateway.collector.database import Database

log = logging.getLogger(__name__)

# One process at a time does it; the others have nothing to wait for.
_LOCK = 0x4C494E4E

# Who asks for a long curve holds the table; the retention waits its turn without making all others wait behind it.
_LOCK_WAIT = "SET LOCAL lock_timeout = '5s'"
# As text: to an interval, and to Python's own, a month is thirty days.
_TERMS = "SELECT DISTINCT keep::text, now() - keep AS bound FROM series ORDER BY bound"
_NEXT = "SELECT id FROM series WHERE keep::text = %s AND id > %s ORDER BY id LIMIT %s"
_PAST = "DELETE FROM reading WHERE series = ANY(%s) AND time < %s"
# Some tenths of a second each: after a pause, or under a shorter `most`, there may be hundreds of millions.
_PORTION = 100_000
_FEWEST, _MOST = 1, 10_000
# A configuration that allows less than before binds what is there already.
_SHORTEN = "UPDATE series SET keep = %(most)s::interval WHERE now() - keep < now() - %(most)s::interval"


@dataclass(frozen=True, slots=True)
class Done:
    """Readings that were deleted one by one, and months that were dropped whole."""

    readings: int
    months: int


async def retain(database: Database, most: str) -> Done | None:
    """Delete what is past its retention; None where another process is just doing it.

    Args:
        database: months are a transaction, for while one is dropped nobody else writes, and each portion of readings.
        most: the longest that anything is kept, ISO 8601.
    """
    months = await database.run(partial(_drop_months, most=most))
    if months is None:
        return None
    readings = 0
    for keep, bound in await database.run(_terms):
        last: int | None = 0
        many = _FEWEST
        while last is not None:
            last, portion = await database.run(partial(_delete, keep=keep, bound=bound, after=last, many=many))
            readings += portion
            many = max(_FEWEST, many // 2) if portion > _PORTION else min(_MOST, many * 2)
    done = Done(readings, months)
    if readings or months:
        await database.run(partial(_note, done=done))
        log.info("retention: %d readings deleted, %d months dropped", readings, months)
    return done


async def _mine(db: AsyncConnection) -> bool:
    row = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])).fetchone()
    return bool(row and row[0])


async def _drop_months(db: AsyncConnection, most: str) -> int | None:
    if not await _mine(db):
        return None
    layout = await check(db)
    await db.execute(_LOCK_WAIT)
    if layout is Layout.PARTITIONS:
        await make(db, ahead(time.time()))
    await db.execute(_SHORTEN, {"most": most})
    row = await (await db.execute("SELECT min(now() - keep) FROM series")).fetchone()
    return await drop_before(db, layout, row[0]) if row and row[0] else 0


async def _terms(db: AsyncConnection) -> list[tuple[str, datetime]]:
    return await (await db.execute(_TERMS)).fetchall()


async def _delete(db: AsyncConnection, keep: str, bound: datetime, after: int, many: int) -> tuple[int | None, int]:
    """Delete what is past one retention of the next series: the last of them and how many readings.

    None at the end, and where another process is just doing it.
    """
    if not await _mine(db):
        return None, 0
    series = [number for (number,) in await (await db.execute(_NEXT, [keep, after, many])).fetchall()]
    if not series:
        return None, 0
    return series[-1], (await db.execute(_PAST, [series, bound])).rowcount


async def _note(db: AsyncConnection, done: Done) -> None:
    every = await (await db.execute("SELECT id FROM series")).fetchall()
    await drop_empty(db, [number for (number,) in every])
    await db.execute("INSERT INTO retained (readings, months) VALUES (%s, %s)", [done.readings, done.months])
