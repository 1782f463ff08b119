"""What the gateways of an operation sent, as energy by step: of those alone whose households consented to it.

A gateway with several meters of one kind counts where each of them is whole. One that is limited has no curve.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.operation.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
"""
_SENDING = """
SELECT lower(g.jid), s.path, s.granularity
FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id
WHERE g.account = %s AND lower(g.jid) = ANY(%s) AND s.path = ANY(%s) AND NOT g.limited
  AND NOT s.erasing GROUP BY 1, 2, 3
"""


async def curves_of(db: AsyncConnection, account: str, operation: Operation, day: date) -> Curves:
    """Of a day, by name in the operation's file."""
    roll, steps = operation.roll(day), steps_of(day, operation.table.step)
    whose = _whose(roll)
    asked = {
        "first": steps.start,
        "last": steps.stop,
        "account": account,
        "jids": sorted({jid for jid, _ in whose}),
        "paths": [_DRAWN, _INJECTED],
        "marked": list(MARKED[operation.table.step]),
    }
    marks: dict[tuple[str, str], dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for jid, path, meter, time, value in await (await db.execute(_MARKS, asked)).fetchall():
        if value is not None:
            marks[jid, path][meter][time] = round(value)
    return {name: _energies(list(marks[of].values()), steps) for of, name in whose.items()}


def _energies(meters: Sequence[Mapping[int, int]], steps: range) -> dict[int, int]:
    """The steps that are known of each of some meters, and what all of them counted."""
    found: dict[int, int] = {}
    for begin in steps if meters else ():
        pairs = [(marks.get(begin), marks.get(begin + steps.step)) for marks in meters]
        rises = [after - before for before, after in pairs if before is not None and after is not None]
        # An index that falls is another meter's.
        if len(rises) == len(meters) and min(rises) >= 0:
            found[begin] = sum(rises)
    return found


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
