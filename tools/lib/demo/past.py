"""The days before a demonstration began, written into the gateway's database as it leaves them itself: half hours."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, midnight
from gateway.household.days import DRAWN_CURVE, INJECTED_CURVE
from gateway.store.ledger_from_marks import fill
from gateway.store.prepare import prepare
from gateway.store.spans import DRAWN, INJECTED
from gateway.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from meter.neighbourhood import HalfHourOfMeter

_STEP_S, _DAY_S = 1800, 86_400


def write_past(
    directory: Path, past: Mapping[str, Sequence[HalfHourOfMeter]], ends: Mapping[str, Sequence[int]]
) -> None:
    """Make the database there, in which these meters have lived; ``ends`` are their two indexes after that."""
    prepare(directory)
    with closing(Store(directory)) as store:
        store.db.begin()
        rows = []
        for name, halves in past.items():
            # By its name: whoever is sent its readings is told so beforehand.
            store.meters.add(name, name)
            drawn, injected = ends[name]
            rows += _rows(store, name, (DRAWN, DRAWN_CURVE), [(one.time, one.drawn) for one in halves], drawn)
            if any(one.injected for one in halves):
                rows += _rows(
                    store, name, (INJECTED, INJECTED_CURVE), [(one.time, one.injected) for one in halves], injected
                )
        # In the order of the table: a tree that only grows at its end is written three times as fast.
        store.db.executemany("INSERT INTO coarse VALUES (?, ?, ?, ?)", sorted(rows))
        fill(store.db)
        store.db.commit()


def _rows(
    store: Store, name: str, paths: tuple[str, str], halves: Sequence[tuple[int, int]], end_wh: int
) -> list[tuple[int, int, int, int]]:
    """Of an index and its load curve: (series, step, time, value)."""
    index = store.meters.add_series(name, paths[0], "Wh", "index").id
    curve = store.meters.add_series(name, paths[1], "W", "curve").id
    reached, rows = end_wh - sum(wh for _, wh in halves), []
    for time, wh in halves:
        rows += [(index, _STEP_S, time, reached), (curve, _STEP_S, time, 2 * wh)]
        if midnight(day_of(time)) == time:
            rows.append((index, _DAY_S, time, reached))
        reached += wh
    rows.append((index, _STEP_S, halves[-1][0] + _STEP_S, reached))
    return rows
