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
    from psycopg import AsyncConnection

    from gateway.collector.database import Database

log = logging.getLogger(__name__)

# One process at a time does it; the others have nothing to wait for.
_LOCK = 0x4C494E4E

# Who asks for a long curve holds the table; the retention waits its turn without making all others wait behind it.
_LOCK_WAIT = "SET LOCAL lock_timeout = '5s'"
_TERMS = "SELECT keep, now() - keep, array_agg(id) FROM series GROUP BY keep ORDER BY now() - keep"
_PAST = "DELETE FROM reading WHERE series = ANY(%s) AND time < %s"
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
        database: months and readings are a transaction each: while a month is dropped nobody else writes.
        most: the longest that anything is kept, ISO 8601.
    """
    months = await database.run(partial(_drop_months, most=most))
    return None if months is None else await database.run(partial(_delete, months=months))


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


async def _delete(db: AsyncConnection, months: int) -> Done | None:
    if not await _mine(db):
        return None
    readings = 0
    for _, bound, numbers in await (await db.execute(_TERMS)).fetchall():
        done = await db.execute(_PAST, [numbers, bound])
        readings += done.rowcount
    if readings or months:
        every = await (await db.execute("SELECT id FROM series")).fetchall()
        await drop_empty(db, [number for (number,) in every])
        await db.execute("INSERT INTO retained (readings, months) VALUES (%s, %s)", [readings, months])
        log.info("retention: %d readings deleted, %d months dropped", readings, months)
    return Done(readings, months)
