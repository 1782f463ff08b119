"""The ledger of a database that had none: spans between the indexes that were kept, at half hours and beside breaks.

Run once, when such a database is brought up to date; nothing else reckons energy of indexes any more.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.store.breaks import TOLD, Breaks, Mark, Told
from gateway.store.spans import LARGEST, Evidence, is_register

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from sqlite3 import Cursor
    from typing import Any, Protocol

    class Connection(Protocol):
        """What runs a statement, of ``sqlite3`` or of sqlite-utils."""

        def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:  # noqa: ANN401 (as sqlite3 has it)
            """Run it."""


_HALF_HOUR_S = 1800
_MEASURED, _SHARED, _BREAK = int(Evidence.MEASURED), int(Evidence.SHARED), int(Evidence.BREAK)

_MARKS = "SELECT time, value FROM coarse WHERE series = ?1 AND step IN (900, 1800, 86400)"
# Of a minute the index at its end is kept. The minute in which something ended says nothing of before: its last value
# may be of after, and the other way round.
_NEWEST = (
    "SELECT time, value FROM (SELECT * FROM (SELECT time, value FROM reading WHERE series = ?1 AND time <= ?2"
    " ORDER BY time DESC LIMIT 1) UNION ALL SELECT * FROM (SELECT time + 59, last FROM minute WHERE series = ?1"
    " AND time <= ?2 - 59 ORDER BY time DESC LIMIT 1)) ORDER BY time DESC LIMIT 1"
)
_OLDEST = (
    "SELECT time, value FROM (SELECT * FROM (SELECT time, value FROM reading WHERE series = ?1 AND time >= ?2"
    " ORDER BY time LIMIT 1) UNION ALL SELECT * FROM (SELECT time + 59, last FROM minute WHERE series = ?1"
    " AND time >= ?2 ORDER BY time LIMIT 1)) ORDER BY time LIMIT 1"
)
_TOLD = (
    f"SELECT time, kind, series, detail FROM event WHERE meter = ? AND kind IN ({', '.join('?' * len(TOLD))})"  # noqa: S608
    " ORDER BY time, id"
)

# As a span is stored: start, until, value, Wh, evidence.
Row = tuple[int, int, int, int, int]


def fill(db: Connection) -> None:
    """Fill the table ``span``, which is empty, in the open transaction."""
    for meter, last_time in db.execute("SELECT id, last_time FROM meter").fetchall():
        rows = db.execute(_TOLD, [meter, *TOLD]).fetchall()
        told: list[Told] = [(time, kind, series, json.loads(detail)) for time, kind, series, detail in rows]
        known = db.execute("SELECT id, path FROM series WHERE meter = ? AND kind = 'index'", [meter]).fetchall()
        for series, path in known:
            if is_register(path):
                breaks = Breaks.of(path, told)
                marks = _marks(db, series, breaks, last_time)
                for row in _rested(_spans(marks, breaks)):
                    db.execute("INSERT INTO span VALUES (?, ?, ?, ?, ?, ?)", [series, *row])


def _marks(db: Connection, series: int, breaks: Breaks, last_time: int) -> list[Mark]:
    """The index at each half hour, beside each break, where the series begins, and as it was read last."""
    marks = dict(db.execute(_MARKS, [series]).fetchall())
    newest = db.execute(_NEWEST, [series, last_time]).fetchone()
    first = min(marks, default=last_time)
    near = [*_nearest(db, _OLDEST, series, max(first - _HALF_HOUR_S, 0), first)]
    for begin, end in breaks.near:
        near += _nearest(db, _NEWEST, series, begin - 1, 0)
        near += _nearest(db, _OLDEST, series, end, end + _HALF_HOUR_S)
    marks |= dict(near)
    if newest and newest[0] >= max(marks, default=0):
        # It has rested since, or it would have been stored again.
        marks |= {newest[0]: newest[1], last_time: newest[1]}
    known = sorted((time, value) for time, value in marks.items() if isinstance(value, int) and 0 <= value < LARGEST)
    return [mark for mark in known if not breaks.is_false(mark)] if breaks.tops else known


def _nearest(db: Connection, query: str, series: int, time: int, limit: int) -> list[Mark]:
    """What was read next to a moment, as far as ``limit``."""
    found = db.execute(query, [series, time]).fetchall()
    return [(at, value) for at, value in found if min(time, limit) <= at <= max(time, limit)]


def _spans(marks: Iterable[Mark], breaks: Breaks) -> Iterator[Row]:
    for (start, before), (until, after) in pairwise(marks):
        rise = breaks.rise((start, before), (until, after))
        if rise is None:
            yield start, until, 0, 0, _BREAK
        else:
            yield start, until, before, rise, _MEASURED if until - start <= _HALF_HOUR_S else _SHARED


def _rested(rows: Iterable[Row]) -> Iterator[Row]:
    """What a register at rest counted, as one row."""
    kept: Row | None = None
    for row in rows:
        if kept and not (kept[3] or row[3]) and kept[4] == row[4] == _MEASURED:
            kept = (kept[0], row[1], *kept[2:])
            continue
        if kept:
            yield kept
        kept = row
    if kept:
        yield kept
