"""An erasure of more than a moment: hidden at once, deleted a portion at a time, said to be done when it is.

What is left to delete is in the database: whoever of the processes looks next goes on, also after a kill. Until then
the views leave its series out, nothing new of its gateway is kept, and the notice that asked for it is not confirmed.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from gateway.collector.counting import uncount
from gateway.collector.days import because_of
from gateway.collector.series import drop_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from psycopg import AsyncConnection

    from gateway.collector.database import Database

log = logging.getLogger(__name__)

# The year 9999, the last that a calendar of ours can hold.
FOR_EVER = 253_370_764_800
# A tenth of a second; a household's year of half hours is one.
_PORTION = 20_000
# What is said of one that no notice asked for.
_HERE = "gateways remove --erase"
# One process at a time: two would only wait for each other.
_LOCK = 0x4C494E4F

_LAST = (
    "SELECT max(time), count(*) FROM (SELECT time FROM reading WHERE series = %(series)s AND time >= %(first)s"
    " AND time < %(last)s ORDER BY time LIMIT %(most)s) AS portion"
)
_ANY = "SELECT FROM reading WHERE series = %(series)s AND time >= %(first)s AND time < %(last)s LIMIT 1"
_DELETE = "DELETE FROM reading WHERE series = %(series)s AND time >= %(first)s AND time <= %(reached)s"
_LEAVE = (
    "INSERT INTO erasure (gateway, notice, series, first, last)"
    " VALUES (%(gateway)s, %(notice)s, %(series)s, %(first)s, %(last)s)"
)
_SHOW = "UPDATE series SET erasing = false WHERE id = %(id)s AND NOT EXISTS (SELECT FROM erasure WHERE series = %(id)s)"
_NEXT = "SELECT id, gateway, notice, series, first, last FROM erasure ORDER BY id LIMIT 1"


async def erase(
    db: AsyncConnection, gateway: int, series: Sequence[int], first: float, last: float, notice: str | None = None
) -> tuple[int, bool]:
    """Delete readings from ``first`` up to ``last``, which is not included; how many are gone, and whether that is all.

    What is too much for one transaction is hidden by it, and left to ``finish``.
    """
    await uncount(db, series, first, last)
    row = await (await db.execute("SELECT to_timestamp(%s), to_timestamp(%s)", [first, last])).fetchone()
    begin, end = row or (None, None)
    gone, left = 0, []
    async with because_of(db, notice or _HERE):
        for number in series:
            deleted, rest = await _delete(db, number, begin, end, _PORTION - gone)
            gone += deleted
            if rest is not None:
                left.append({"gateway": gateway, "notice": notice, "series": number, "first": rest, "last": end})
        async with db.cursor() as cursor:
            await cursor.executemany(_LEAVE, left)
        hidden = [one["series"] for one in left]
        await db.execute("UPDATE series SET erasing = true WHERE id = ANY(%s)", [hidden])
    await drop_empty(db, [number for number in series if number not in hidden])
    return gone, not left


async def is_done(db: AsyncConnection, gateway: int, notice: str) -> bool:
    """Whether nothing is left of what a notice asked for."""
    asked = "SELECT FROM erasure WHERE gateway = %s AND notice = %s LIMIT 1"
    return await (await db.execute(asked, [gateway, notice])).fetchone() is None


async def finish(database: Database, ended: Callable[[], bool] = lambda: False, *, patient: bool = False) -> int:
    """Delete what erasures have left, a portion each transaction; how many readings.

    Where another process is just doing it that one does. One that is ``patient`` waits, and nothing is left at its end.
    """
    readings = 0
    while not ended():
        gone = await database.run(partial(_finish_some, patient=patient))
        if gone is None:
            break
        readings += gone
    return readings


async def _finish_some(db: AsyncConnection, *, patient: bool) -> int | None:
    """Delete a portion; how many readings, None where nothing is left, or another process is just doing it."""
    if patient:
        await db.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    else:
        row = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])).fetchone()
        if not row or not row[0]:
            return None
    row = await (await db.execute(_NEXT)).fetchone()
    if row is None:
        return None
    number, gateway, notice, series, first, last = row
    async with because_of(db, notice or _HERE):
        gone, rest = await _delete(db, series, first, last, _PORTION)
    noted = "UPDATE notice SET deleted = deleted + %s WHERE gateway = %s AND id = %s"
    await db.execute(noted, [gone, gateway, notice])
    if rest is not None:
        await db.execute("UPDATE erasure SET first = %s WHERE id = %s", [rest, number])
        return gone
    await db.execute("DELETE FROM erasure WHERE id = %s", [number])
    if (await db.execute(_SHOW, {"id": series})).rowcount:
        await drop_empty(db, [series])
        log.info("what a household had erased is deleted")
    return gone


async def _delete(
    db: AsyncConnection, series: int, first: datetime, last: datetime, most: int
) -> tuple[int, datetime | None]:
    """Delete so many of a series' readings at most; how many are gone, and where the rest begins, if there is any."""
    asked = {"series": series, "first": first, "last": last, "most": most}
    if not most:
        row = await (await db.execute(_ANY, asked)).fetchone()
        return 0, None if row is None else first
    reached, found = await (await db.execute(_LAST, asked)).fetchone() or (None, 0)
    if reached is not None:
        await db.execute(_DELETE, asked | {"reached": reached})
    return found, reached if found == most else None
