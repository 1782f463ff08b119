"""What the gateways of an operation sent, as energy by step: of those alone whose households consented to it.

A gateway with several meters of one kind counts where each of them is whole. One that is limited has no curve.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.operation.steps import STEPS, steps_of

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    from gateway.operation.curves import Curves
    from gateway.operation.plan import Operation, Roll

_DRAWN, _INJECTED = "consumption/energy/active/index", "production/energy/active/index"
# A quarter of an hour is whole where the next one's first index is there as well.
_ENERGY = """
SELECT lower(g.jid), e.path, e.meter, extract(epoch FROM e.start)::bigint, e.energy, e.whole
FROM energy(
  make_interval(secs => %(step)s), 'UTC', to_timestamp(%(first)s), to_timestamp(%(last)s),
  ARRAY(SELECT m.pseudonym FROM meter m JOIN gateway g ON g.id = m.gateway
    WHERE g.account = %(account)s AND lower(g.jid) = ANY(%(jids)s))
) e JOIN meter m ON m.pseudonym = e.meter JOIN gateway g ON g.id = m.gateway
WHERE e.path = ANY(%(paths)s) AND e.unit = 'Wh' AND e.start >= to_timestamp(%(first)s)
"""
_SENDING = """
SELECT lower(g.jid), s.path, s.granularity
FROM gateway g JOIN meter m ON m.gateway = g.id JOIN series s ON s.meter = m.id
WHERE g.account = %s AND lower(g.jid) = ANY(%s) AND s.path = ANY(%s) AND NOT g.limited GROUP BY 1, 2, 3
"""


async def curves_of(db: AsyncConnection, account: str, operation: Operation, day: date) -> Curves:
    """Of a day, by name in the operation's file."""
    roll, steps = operation.roll(day), steps_of(day, operation.table.step)
    whose = _whose(roll)
    asked = {
        "step": STEPS[operation.table.step],
        "first": steps.start,
        "last": steps.stop,
        "account": account,
        "jids": sorted({jid for jid, _ in whose}),
        "paths": [_DRAWN, _INJECTED],
    }
    meters: dict[tuple[str, str], set[str]] = defaultdict(set)
    known: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for jid, path, meter, begin, energy, whole in await (await db.execute(_ENERGY, asked)).fetchall():
        meters[jid, path].add(meter)
        if whole and energy is not None:
            known[jid, path][begin].append(round(energy))
    return {
        name: {begin: sum(parts) for begin, parts in known[of].items() if len(parts) == len(meters[of])}
        for of, name in whose.items()
    }


async def missing(db: AsyncConnection, account: str, operation: Operation, day: date) -> list[str]:
    """Names of a day's members and producers of whose gateway nothing is kept by this step, or finer."""
    whose = _whose(operation.roll(day))
    rows = await db.execute(_SENDING, [account, sorted({jid for jid, _ in whose}), [_DRAWN, _INJECTED]])
    fine = {"raw", "PT1M", "PT15M", operation.table.step}
    sending = {(jid, path) for jid, path, granularity in await rows.fetchall() if granularity in fine}
    return [name for of, name in whose.items() if of not in sending]


def _whose(roll: Roll) -> dict[tuple[str, str], str]:
    """Whose series is which name's."""
    drawn = {(row.gateway.lower(), _DRAWN): row.name for row in roll.members if row.gateway}
    return drawn | {(row.gateway.lower(), _INJECTED): row.name for row in roll.producers if row.gateway}
