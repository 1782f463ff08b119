"""What the gateways of an operation sent, as energy by step: of those alone whose households consented to it.

A home of several meters has a curve where each of them is whole that is there: from a day before its first value of
that kind to a day after its last. Before and after that the others are the home. One that is limited has no curve.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.operation.curves import MOST_WH, THERE_S, MeterCurve, of_home
from gateway.operation.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from psycopg import AsyncConnection

    from gateway.operation.curves import Curves
    from gateway.operation.plan import Operation, Roll

_DRAWN, _INJECTED = "consumption/energy/active/index", "production/energy/active/index"
# Marks at the borders of steps. An index by the minute is that of the minute's end, one as the meter gives it comes a
# moment later: both are some Wh of another step, where a member's own meter would show it.
MARKED = {"PT15M": ("PT15M",), "PT30M": ("PT15M", "PT30M")}
_MARKS = """
SELECT lower(g.jid), s.path, m.id, extract(epoch FROM r.time)::bigint, r.value
FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id
CROSS JOIN LATERAL (
  -- OFFSET keeps it a look-up by series.
  SELECT time, value FROM reading
  WHERE series = s.id AND time >= to_timestamp(%(first)s) AND time <= to_timestamp(%(last)s) OFFSET 0
) r
WHERE g.account = %(account)s AND lower(g.jid) = ANY(%(jids)s) AND NOT g.limited AND NOT s.erasing
  AND s.path = ANY(%(paths)s) AND s.granularity = ANY(%(marked)s) AND s.unit = 'Wh' AND s.kind = 'total'
  AND r.value >= 0 AND r.value < 1e15
"""
# From when to when each meter is there, of those homes that have several, however fine they send. Between two of its
# values it is there, however far they are apart, and so it is while it is being erased: the rest is not the home.
_THERE = """
WITH several AS (
  SELECT g.id, g.jid, s.path
  FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id
  WHERE g.account = %(account)s AND lower(g.jid) = ANY(%(jids)s) AND NOT g.limited
    AND s.path = ANY(%(paths)s) AND s.unit = 'Wh' AND s.kind = 'total'
  GROUP BY g.id, g.jid, s.path HAVING min(m.id) <> max(m.id)
)
SELECT lower(h.jid), h.path, m.id,
  floor(extract(epoch FROM min(f.time)))::bigint - %(near)s::bigint,
  ceil(extract(epoch FROM max(l.time)))::bigint + %(near)s::bigint
FROM several h JOIN meter m ON m.gateway = h.id JOIN series s ON s.meter = m.id AND s.path = h.path
CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time LIMIT 1) f
CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = s.id ORDER BY time DESC LIMIT 1) l
WHERE s.unit = 'Wh' AND s.kind = 'total'
GROUP BY h.jid, h.path, m.id
"""
_SENDING = """
SELECT lower(g.jid), s.path, s.granularity
FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id
WHERE g.account = %s AND lower(g.jid) = ANY(%s) AND s.path = ANY(%s) AND NOT g.limited
  AND NOT s.erasing GROUP BY 1, 2, 3
"""

_KEPT_FROM = """
SELECT extract(epoch FROM max(now() - s.keep))::bigint
FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id
WHERE g.account = %s AND lower(g.jid) = ANY(%s) AND s.path = ANY(%s)
"""


async def kept_from(db: AsyncConnection, account: str, operation: Operation) -> int:
    """The POSIX second before which something of an operation may be past its retention."""
    jids = {row.gateway.lower() for row in (*operation.table.member, *operation.table.producer) if row.gateway}
    asked = [account, sorted(jids), [_DRAWN, _INJECTED]]
    row = await (await db.execute(_KEPT_FROM, asked)).fetchone()
    return row[0] if row and row[0] is not None else 0


async def curves_of(db: AsyncConnection, account: str, operation: Operation, day: date) -> Curves:
    """Of a day, by name in the operation's file."""
    roll, steps = operation.roll(day), steps_of(day, operation.table.step)
    whose = _whose(roll)
    asked = {
        "first": steps.start,
        "last": steps.stop,
        "near": THERE_S,
        "account": account,
        "jids": sorted({jid for jid, _ in whose}),
        "paths": [_DRAWN, _INJECTED],
        "marked": list(MARKED[operation.table.step]),
    }
    marks: dict[tuple[str, str], dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for jid, path, meter, time, value in await (await db.execute(_MARKS, asked)).fetchall():
        marks[jid, path][meter][time] = round(value)
    there: dict[tuple[str, str], dict[int, range]] = defaultdict(dict)
    for jid, path, meter, since, until in await (await db.execute(_THERE, asked)).fetchall():
        there[jid, path][meter] = range(since, until)
    return {name: of_home(_meters(marks[of], there[of], steps), steps) for of, name in whose.items()}


def _meters(marks: Mapping[int, Mapping[int, int]], there: Mapping[int, range], steps: range) -> list[MeterCurve]:
    """Those of a home; of the only one nobody asks whether it is there."""
    return [
        MeterCurve(_rises(marks.get(meter, {}), steps), there.get(meter, ())) for meter in marks.keys() | there.keys()
    ]


def _rises(marks: Mapping[int, int], steps: range) -> dict[int, int]:
    """What a meter counted in each step that is known; an index that falls, or leaps, is another meter's."""
    pairs = ((begin, marks.get(begin), marks.get(begin + steps.step)) for begin in steps)
    rises = {begin: after - before for begin, before, after in pairs if before is not None and after is not None}
    return {begin: rise for begin, rise in rises.items() if 0 <= rise <= MOST_WH}


async def missing(db: AsyncConnection, account: str, operation: Operation, day: date) -> list[str]:
    """Names of a day's members and producers of whose gateway nothing is kept at the borders of its steps."""
    whose = _whose(operation.roll(day))
    rows = await db.execute(_SENDING, [account, sorted({jid for jid, _ in whose}), [_DRAWN, _INJECTED]])
    marked = MARKED[operation.table.step]
    sending = {(jid, path) for jid, path, granularity in await rows.fetchall() if granularity in marked}
    return [name for of, name in whose.items() if of not in sending]


def _whose(roll: Roll) -> dict[tuple[str, str], str]:
    """Whose series is which name's."""
    drawn = {(row.gateway.lower(), _DRAWN): row.name for row in roll.members if row.gateway}
    return drawn | {(row.gateway.lower(), _INJECTED): row.name for row in roll.producers if row.gateway}
