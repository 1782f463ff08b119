"""What is past its retention is deleted, in whole months where all of it is; months to come are made ahead."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.collector.months import ahead, drop_before, make
from gateway.collector.obey import drop_empty
from gateway.collector.schema import Layout, check

if TYPE_CHECKING:
    from psycopg import AsyncConnection

log = logging.getLogger(__name__)

# One process at a time does it; the others have nothing to wait for.
_LOCK = 0x4C494E4E

_TERMS = "SELECT keep, now() - keep, array_agg(id) FROM series GROUP BY keep ORDER BY now() - keep"
_PAST = "DELETE FROM reading WHERE series = ANY(%s) AND time < %s"
# A configuration that allows less than before binds what is there already.
_SHORTEN = "UPDATE series SET keep = %(most)s::interval WHERE now() - keep < now() - %(most)s::interval"


@dataclass(frozen=True, slots=True)
class Done:
    """Readings that were deleted one by one, and months that were dropped whole."""

    readings: int
    months: int


async def retain(db: AsyncConnection, most: str) -> Done | None:
    """Delete what is past its retention; None where another process is just doing it.

    Args:
        db: a connection; the work is a transaction of the caller's.
        most: the longest that anything is kept, ISO 8601.
    """
    row = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])).fetchone()
    if row is None or not row[0]:
        return None
    layout = await check(db)
    if layout is Layout.PARTITIONS:
        await make(db, ahead(time.time()))
    await db.execute(_SHORTEN, {"most": most})
    row = await (await db.execute("SELECT min(now() - keep) FROM series")).fetchone()
    months = await drop_before(db, layout, row[0]) if row and row[0] else 0
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
