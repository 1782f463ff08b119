"""How many values each day of France brought of each series: counted once the day is over, and again after a change.

Exact at every moment: whoever writes or deletes readings says so in the same transaction, while it holds the series,
and what is not counted the views count themselves (``sql/011_planned.sql``).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.database import Database

# The days of which ``incoming`` holds something; of nearly all rows that is known already, and nothing is written.
NOTE_INCOMING = """
INSERT INTO counted (day, series)
SELECT DISTINCT day_of(to_timestamp(i.time)), i.series FROM incoming i JOIN series s ON s.id = i.series
WHERE s.kind IN ('gauge', 'total') AND NOT EXISTS (
  SELECT FROM counted c WHERE c.day = day_of(to_timestamp(i.time)) AND c.series = i.series AND c.received IS NULL
)
ON CONFLICT (day, series) DO UPDATE SET received = NULL
"""
_UNCOUNT = (
    "UPDATE counted SET received = NULL WHERE series = ANY(%(series)s) AND received IS NOT NULL"
    " AND day >= day_of(to_timestamp(%(first)s)) AND day <= day_of(to_timestamp(%(last)s))"
)
_UNCOUNTED = """
SELECT DISTINCT series FROM counted WHERE received IS NULL AND day < day_of(now()) AND series > %(after)s
ORDER BY series LIMIT %(many)s
"""
# A writer holds its series until it has committed: those have their turn later.
_HOLD = "SELECT id FROM series WHERE id = ANY(%s) AND NOT erasing ORDER BY id FOR UPDATE SKIP LOCKED"
_COUNT = """
UPDATE counted c SET received = CASE WHEN s.granularity = 'raw' THEN (
  SELECT count(*) FROM generate_series(d.start, d.next - interval '1 hour', interval '1 hour') AS h
  WHERE EXISTS (SELECT FROM reading WHERE series = c.series AND time >= h AND time < h + interval '1 hour')
) ELSE (
  SELECT count(*) FROM reading WHERE series = c.series AND time >= d.start AND time < d.next
) END
FROM series s, LATERAL (
  SELECT p.day, p.day::timestamp AT TIME ZONE 'Europe/Paris' AS start,
    (p.day + 1)::timestamp AT TIME ZONE 'Europe/Paris' AS next
  FROM counted p WHERE p.series = s.id AND p.received IS NULL AND p.day < day_of(now()) ORDER BY p.day LIMIT %(days)s
) d
WHERE s.id = ANY(%(series)s) AND c.series = s.id AND c.day = d.day
"""
# Some tenths of a second at most, for which nothing of these series is written.
_SERIES, _DAYS = 50, 10


async def uncount(db: AsyncConnection, series: Sequence[int], first: float, last: float) -> None:
    """Readings of these series between two times, both included, are deleted in this transaction.

    The series are held until its end, so that nobody counts meanwhile.
    """
    held = list(series)
    await db.execute("SELECT FROM series WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [held])
    await db.execute(_UNCOUNT, {"series": held, "first": first, "last": last})


async def count_days(database: Database, ended: Callable[[], bool] = lambda: False) -> int:
    """Count the days that are over and not counted, some at a time; how many."""
    counted, before, after = 0, 0, 0
    while not ended():
        last, days = await database.run(partial(_portion, after=after))
        counted, after = counted + days, last
        if not last:
            # Once more from the first series on, as long as that finds anything.
            if counted == before:
                break
            before = counted
    return counted


async def _portion(db: AsyncConnection, after: int) -> tuple[int, int]:
    """The last series that was looked at, 0 at the end, and how many days were counted."""
    rows = await (await db.execute(_UNCOUNTED, {"after": after, "many": _SERIES})).fetchall()
    series = [number for (number,) in rows]
    if not series:
        return 0, 0
    held = [number for (number,) in await (await db.execute(_HOLD, [series])).fetchall()]
    done = await db.execute(_COUNT, {"series": held, "days": _DAYS})
    return series[-1], done.rowcount
