"""What each day of France brought of each series, counted once the day is over, and again after a change.

How many values, and of an index of energy the first and the last. Exact at every moment: whoever writes or deletes
readings says so in the same transaction, while it holds the series, and what is not counted the views look up
themselves (``sql/020_days.sql``).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import LiteralString

    from psycopg import AsyncConnection

    from gateway.collector.database import Database

# Whoever deletes readings of series holds them: so nobody counts meanwhile, and who writes need not wait.
HOLD_SERIES = "SELECT FROM series WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# The days of which ``incoming`` holds something; of nearly all rows that is known already, and nothing is written.
NOTE_INCOMING = """
INSERT INTO counted (day, series)
SELECT DISTINCT d.day, i.series
FROM incoming i JOIN series s ON s.id = i.series
CROSS JOIN LATERAL (SELECT day_of(to_timestamp(i.time) + lag_of(s.kind, s.granularity)) AS day) d
WHERE s.kind IN ('gauge', 'total') AND NOT EXISTS (
  SELECT FROM counted c WHERE c.day = d.day AND c.series = i.series AND c.received IS NULL
)
ON CONFLICT (day, series) DO UPDATE SET received = NULL
"""
# An index by the minute is of the next day where the minute is the last of its own.
_UNCOUNT = """
UPDATE counted SET received = NULL WHERE series = ANY(%(series)s) AND received IS NOT NULL
  AND day >= day_of(to_timestamp(%(first)s)) AND day <= day_of(to_timestamp(%(last)s) + interval '1 minute')
"""
_UNFILL = "UPDATE series SET filled_from = 'infinity', filled_until = '-infinity' WHERE id = ANY(%(series)s)"
# What is past its retention. Of the day in which it ends, of an index by the minute perhaps of the next one as well,
# the copies go and are not made again: the views look it up. Where nothing is left of it, it is a day like any other.
_PAST = "DELETE FROM counted WHERE series = ANY(%(series)s) AND day < day_of(%(bound)s)"
_PASSING = """
UPDATE counted c SET received = CASE WHEN l.is_left THEN c.received ELSE 0 END,
  first_at = NULL, first_value = NULL, last_at = NULL, last_value = NULL
FROM (
  SELECT p.series, p.day, k.lag, EXISTS (
    SELECT FROM reading WHERE series = p.series
      AND time >= greatest(%(bound)s, start_of(p.day) - k.lag) AND time < start_of(p.day + 1) - k.lag
  ) AS is_left
  FROM counted p JOIN series s ON s.id = p.series
  CROSS JOIN LATERAL (SELECT lag_of(s.kind, s.granularity) AS lag) k
  WHERE p.series = ANY(%(series)s) AND p.day BETWEEN day_of(%(bound)s) AND day_of(%(bound)s + interval '1 minute')
) l
WHERE c.series = l.series AND c.day = l.day AND c.received > 0 AND (c.first_at < %(bound)s + l.lag OR NOT l.is_left)
"""
# The days after it have their rows still.
_REFILL = """
UPDATE series s SET filled_from = coalesce(k.first, 'infinity') FROM (
  SELECT id, (
    SELECT day_of(time) FROM reading WHERE series = id AND time >= %(bound)s ORDER BY time LIMIT 1
  ) AS first
  FROM series WHERE id = ANY(%(series)s) AND filled_from <= day_of(%(bound)s)
) k
WHERE s.id = k.id AND s.filled_from <> coalesce(k.first, 'infinity')
"""
_UNCOUNTED = """
(SELECT DISTINCT series FROM counted WHERE received IS NULL AND day < day_of(now()) AND series > %(after)s
  ORDER BY series LIMIT %(many)s)
UNION
(SELECT id FROM series WHERE id > %(after)s AND filled_until < day_of(now()) - 1 AND NOT erasing
  AND step_of(kind, path, granularity) IS NOT NULL
  AND EXISTS (SELECT FROM counted WHERE series = id AND day < day_of(now()) AND received > 0)
  ORDER BY id LIMIT %(many)s)
ORDER BY 1 LIMIT %(many)s
"""
# A writer holds its series until it has committed: those have their turn later.
_HOLD = "SELECT id FROM series WHERE id = ANY(%s) AND NOT erasing ORDER BY id FOR UPDATE SKIP LOCKED"
_UNCOPIED = "SELECT id FROM series WHERE NOT copied AND NOT erasing ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
# One series whole before the next.
_DAYS = "SELECT series, day FROM counted WHERE series = ANY(%(series)s) AND day < day_of(now())"
_IN_TURN = "ORDER BY series, day LIMIT %(days)s"
_NOT_COUNTED, _NOT_COPIED = "received IS NULL", "received > 0 AND first_at IS NULL"
_WRITE = """
UPDATE counted c SET received = n.received, expected = steps_in(c.day, step_of(s.kind, s.path, s.granularity)),
  first_at = f.at, first_value = f.value, last_at = l.at, last_value = l.value
FROM chosen p JOIN series s ON s.id = p.series
CROSS JOIN LATERAL (
  SELECT lag_of(s.kind, s.granularity) AS lag, s.kind = 'total' AND is_energy_index(s.path) AS counts
) k
CROSS JOIN LATERAL (SELECT start_of(p.day) - k.lag AS start, start_of(p.day + 1) - k.lag AS next) d
CROSS JOIN LATERAL (
  SELECT CASE WHEN s.granularity = 'raw' THEN (
    SELECT count(*) FROM generate_series(d.start, d.next - interval '1 hour', interval '1 hour') AS h
    WHERE EXISTS (SELECT FROM reading WHERE series = s.id AND time >= h AND time < h + interval '1 hour')
  ) ELSE (
    SELECT count(*) FROM reading WHERE series = s.id AND time >= d.start AND time < d.next
  ) END AS received
) n
LEFT JOIN LATERAL (
  SELECT time + k.lag AS at, value FROM reading
  WHERE k.counts AND series = s.id AND time >= d.start AND time < d.next ORDER BY time LIMIT 1
) f ON true
LEFT JOIN LATERAL (
  SELECT time + k.lag AS at, value FROM reading
  WHERE k.counts AND series = s.id AND time >= d.start AND time < d.next ORDER BY time DESC LIMIT 1
) l ON true
WHERE c.series = p.series AND c.day = p.day RETURNING c.series
"""
_COUNT = f"WITH chosen AS MATERIALIZED ({_DAYS} AND {_NOT_COUNTED} {_IN_TURN}) {_WRITE}"
_COPY = f"WITH chosen AS MATERIALIZED ({_DAYS} AND {_NOT_COPIED} {_IN_TURN}) {_WRITE}"
_COPIED = "UPDATE series SET copied = true WHERE id = ANY(%s)"
# A day without a row is one that brought nothing: of those that are all counted each day has its row from the first on.
_FILL = """
WITH span AS (
  SELECT s.id, s.filled_from, s.filled_until, step_of(s.kind, s.path, s.granularity) AS step, day_of(now()) - 1 AS last,
    (SELECT min(day) FROM counted WHERE series = s.id AND (received > 0 OR received IS NULL)) AS first
  FROM series s WHERE s.id = ANY(%(series)s) AND NOT EXISTS (
    SELECT FROM counted WHERE series = s.id AND received IS NULL AND day < day_of(now())
  )
), short AS (
  SELECT *, CASE WHEN first = filled_from THEN greatest(first, filled_until + 1) ELSE first END AS begin
  FROM span WHERE step IS NOT NULL AND first <= last AND (first <> filled_from OR last <> filled_until)
), filled AS (
  INSERT INTO counted (day, series, received, expected)
  SELECT begin + n, id, 0, steps_in(begin + n, step)
  FROM short CROSS JOIN LATERAL generate_series(0, last - begin) AS n
  ON CONFLICT DO NOTHING
)
UPDATE series s SET filled_from = x.first, filled_until = x.last FROM short x WHERE s.id = x.id
"""
# Some tenths of a second at most, for which nothing of these series is written.
_MOST_SERIES, _MOST_DAYS = 50, 500


async def uncount(db: AsyncConnection, series: Sequence[int], first: float, last: float) -> None:
    """Readings of these series between two times, both included, are deleted in this transaction.

    The series are held until its end, so that nobody counts meanwhile.
    """
    held = list(series)
    await db.execute(HOLD_SERIES, [held])
    await db.execute(_UNCOUNT, {"series": held, "first": first, "last": last})
    await db.execute(_UNFILL, {"series": held})


async def forget_past(db: AsyncConnection, series: Sequence[int], bound: datetime) -> None:
    """Readings of these series before ``bound`` are past their retention, and deleted in this transaction.

    The caller holds the series.
    """
    asked = {"series": list(series), "bound": bound}
    for statement in (_PAST, _PASSING, _REFILL):
        await db.execute(statement, asked)


async def count_days(database: Database, ended: Callable[[], bool] = lambda: False) -> int:
    """Count the days that are over and not counted, some at a time; how many.

    Then those of which the program of before has counted nothing but the values.
    """
    counted, before, after = 0, 0, 0
    while not ended():
        last, days = await database.run(partial(_portion, after=after))
        counted, after = counted + days, last or 0
        if last is None:
            # Once more from the first series on, as long as that finds anything.
            if counted == before:
                break
            before = counted
    through = False
    while not through and not ended():
        through, days = await database.run(_copy)
        counted += days
    return counted


async def _portion(db: AsyncConnection, after: int) -> tuple[int | None, int]:
    """The last series that there is nothing left to do of, None at the end; how many days were counted."""
    rows = await (await db.execute(_UNCOUNTED, {"after": after, "many": _MOST_SERIES})).fetchall()
    series = [number for (number,) in rows]
    if not series:
        return None, 0
    held = [number for (number,) in await (await db.execute(_HOLD, [series])).fetchall()]
    days = await _write(db, _COUNT, held)
    await db.execute(_FILL, {"series": held})
    # The last of them may have more.
    return max(days) - 1 if len(days) == _MOST_DAYS else series[-1], len(days)


async def _copy(db: AsyncConnection) -> tuple[bool, int]:
    """Whether no series is left that somebody else does not hold; how many days have their indexes now."""
    held = [number for (number,) in await (await db.execute(_UNCOPIED, [_MOST_SERIES])).fetchall()]
    days = await _write(db, _COPY, held)
    whole = [number for number in held if len(days) < _MOST_DAYS or number < max(days)]
    await db.execute(_COPIED, [whole])
    return not held, len(days)


async def _write(db: AsyncConnection, statement: LiteralString, series: Sequence[int]) -> list[int]:
    """Count some days of series that are held; whose each was."""
    asked = {"series": series, "days": _MOST_DAYS}
    return [number for (number,) in await (await db.execute(statement, asked)).fetchall()]
