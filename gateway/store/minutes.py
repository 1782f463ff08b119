"""The minutes of every series: rows while their half hour is open, then gathered, a half hour of one series in a row.

``minute`` has a row a minute: what is open, came late, was corrected, and texts. ``minutes`` has the closed ones of
indexes and gauges, by half hour (``minute_bytes``). A minute is in one of the two; who reads or changes minutes does it
here, and sees no difference. The end of a half hour gathers them in the transaction that closes it, so most rows never
reach the card.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from gateway.store.half_hours import (
    FOR_EVER,
    HALF_HOUR_S,
    begin_of,
    half_hours_of,
    merged,
    place_of,
    whole_rows,
)
from gateway.store.minute_bytes import (
    HEAD_BYTES,
    MINUTE_S,
    minutes_in,
    read_closed,
    read_minutes,
    write_minutes,
)
from gateway.store.points import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.store.minute_bytes import Numbers
    from gateway.store.transactions import Database, Transactions

# POSIX second, samples, total, low, high, last, whether it is closed; ``samples`` is 0 where a mean has no meaning.
MinuteRow = tuple[int, int, int, int, int, Value, int]

# One statement, so that it is one moment: between two a half hour may be gathered. The few rows are sorted, the
# half hours are in order as they are read.
ROWS = (
    "SELECT id, 0, minutes, 0, 0, 0, 0, 0, 0 FROM minutes WHERE id >= ?2 AND id <= ?3 UNION ALL"
    " SELECT (series << 24) | (time / 1800), time, NULL, samples, total, low, high, last, closed FROM minute"
    " WHERE series = ?1 AND time >= ?4 AND time < ?5 ORDER BY 1, 2"
)
# In the half hour at the edge of what is looked through there may be no minute that lies in it, so two are read.
_NEAREST = (
    "SELECT * FROM (SELECT id, 0, minutes, 0, 0, 0, 0, 0, 0 FROM minutes WHERE id >= ?2 AND id <= ?3"
    " ORDER BY id{0} LIMIT 2) UNION ALL"
    " SELECT * FROM (SELECT (series << 24) | (time / 1800), time, NULL, samples, total, low, high, last, closed"
    " FROM minute WHERE series = ?1 AND time >= ?4 AND time < ?5 ORDER BY time{0} LIMIT 1) ORDER BY 1{0}, 2{0}"
)
_OLDEST, _NEWEST = _NEAREST.format(""), _NEAREST.format(" DESC")
_HEADS = f"SELECT id, substr(minutes, 1, {HEAD_BYTES}) FROM minutes WHERE id >= ? AND id <= ?"  # noqa: S608 (a constant)
_ADD = (
    "INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET"
    " samples = samples + excluded.samples, total = total + excluded.total,"
    " low = min(low, excluded.low), high = max(high, excluded.high), last = excluded.last WHERE closed = 0"
)
_CLOSED = (
    "SELECT time, samples, total, low, high, last FROM minute WHERE series = ? AND time < ? AND closed = 1"
    " AND time % 60 = 0 ORDER BY time"
)
_GATHERED_SERIES = "SELECT id FROM series WHERE kind IN ('index', 'gauge')"
_GATHERED = "DELETE FROM minute WHERE series = ? AND time >= ? AND time < ? AND closed = 1 AND time % 60 = 0"


@dataclass(eq=False)
class Minutes:
    """What is kept of minutes (``minute``, ``minutes``); all that changes them is of the open transaction."""

    _db: Transactions

    def rows(self, series: int, start: int, end: int) -> Iterator[MinuteRow]:
        """The minutes of a series in ``[start, end)``, in order of time, as they are asked for."""
        return rows_of(self._db, series, start, end)

    def said_before(self, series: int, time: int) -> tuple[int, Value] | None:
        """Last second and last value of the newest minute that is over by that second."""
        row = next(merged(self._db, _NEWEST, (series, 0, time - MINUTE_S + 2), read_closed, newest_first=True), None)
        return (row[0] + MINUTE_S - 1, row[5]) if row else None

    def said_after(self, series: int, time: int) -> tuple[int, Value] | None:
        """The same of the oldest minute that begins at that second or later."""
        row = next(merged(self._db, _OLDEST, (series, time, FOR_EVER), read_closed), None)
        return (row[0] + MINUTE_S - 1, row[5]) if row else None

    def ends(self, series: int) -> list[int]:
        """The first and the last minute of a series, where there is one."""
        first, last = half_hours_of(series)
        found = []
        for half_hour, which in ((" ORDER BY id LIMIT 1", 0), (" ORDER BY id DESC LIMIT 1", -1)):
            for place, head in self._db.execute(_HEADS + half_hour, [first, last]):
                found.append(begin_of(place) + minutes_in(head)[which])
        # Each end for itself: asked for both at once SQLite reads every row of the series, for each look.
        for query in ("SELECT min(time) FROM minute WHERE series = ?", "SELECT max(time) FROM minute WHERE series = ?"):
            found += [time for (time,) in self._db.execute(query, [series]) if time is not None]
        return found

    def count(self, series: int, start: int, end: int, *, closed: bool = False) -> int:
        """How many minutes there are in ``[start, end)``; with ``closed`` only those that are."""
        query = "SELECT count(*) FROM minute WHERE series = ? AND time >= ? AND time < ? AND closed >= ?"
        (found,) = self._db.execute(query, [series, start, end, closed]).fetchone()
        for place, head in self._db.execute(_HEADS, half_hours_of(series, start, end)):
            begin = begin_of(place)
            found += sum(start <= begin + offset < end for offset in minutes_in(head))
        return int(found)

    def add(self, rows: Iterable[tuple[int, int, int, int, int, int, Value]]) -> None:
        """Add sums (series, minute, samples, total, low, high, last) to what is kept of minutes that are open.

        A minute that was closed has been promised: samples from a clock set back do not change it.
        """
        known: dict[int, set[int]] = {}
        for row in rows:
            series, time = row[:2]
            place = place_of(series, time)
            if place not in known:
                known[place] = {
                    offset for _, head in self._db.execute(_HEADS, [place] * 2) for offset in minutes_in(head)
                }
            if time % HALF_HOUR_S not in known[place]:
                self._db.execute(_ADD, row)

    def close(self, series: int, start: int) -> float | Value | None:
        """End a minute; its mean, or its last value where that has none. None where it is not open."""
        row = self._db.execute(
            "UPDATE minute SET closed = 1 WHERE series = ? AND time = ? AND closed = 0"
            " RETURNING CASE WHEN samples THEN total * 1.0 / samples ELSE last END",
            [series, start],
        ).fetchone()
        return row[0] if row else None

    def gather(self, series: int, end: int) -> None:
        """Write the closed minutes before the end of a half hour as one row by half hour."""
        rows: Iterator[Numbers] = iter(self._db.execute(_CLOSED, [series, end]).fetchall())
        for begin, group in groupby(rows, _half_hour):
            place, numbers = place_of(series, begin), list(group)
            for (written,) in self._db.execute("SELECT minutes FROM minutes WHERE id = ?", [place]):
                # What came late, or was corrected.
                numbers = sorted([*numbers, *whole_rows(place, written, read_minutes)])
            # What is no number of 64 bits, or of a time that no key names, stays a row.
            if begin_of(place) == begin and (content := write_minutes(numbers)):
                self._db.execute("INSERT OR REPLACE INTO minutes VALUES (?, ?)", [place, content])
                self._db.execute(_GATHERED, [series, begin, begin + HALF_HOUR_S])

    def spread(self, series: int, start: int, end: int) -> None:
        """Let the minutes of the half hours that meet ``[start, end)`` be rows again, to be changed one by one.

        The end of the next half hour gathers them.
        """
        query = "DELETE FROM minutes WHERE id >= ? AND id <= ? RETURNING id, minutes"
        for place, written in self._db.execute(query, half_hours_of(series, start, end)).fetchall():
            rows = whole_rows(place, written, read_minutes)
            self._db.executemany(
                "INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, 1)", ((series, *numbers) for numbers in rows)
            )

    def erase(self, series: int, start: int, end: int) -> None:
        """Delete what lies in ``[start, end)``."""
        self.spread(series, start, start + 1)
        self.spread(series, end - 1, end)
        self._db.execute("DELETE FROM minutes WHERE id >= ? AND id <= ?", half_hours_of(series, start, end))
        self._db.execute("DELETE FROM minute WHERE series = ? AND time >= ? AND time < ?", [series, start, end])

    def forget(self, series: int, before: int) -> None:
        """Delete what is older; of a half hour that was gathered all, once all of it is."""
        self._db.execute(
            "DELETE FROM minutes WHERE id >= ? AND id < ?", [place_of(series, 0), place_of(series, before)]
        )
        self._db.execute("DELETE FROM minute WHERE series = ? AND time < ?", [series, before])


def rows_of(db: Database, series: int, start: int = 0, end: int = FOR_EVER) -> Iterator[MinuteRow]:
    """The minutes of a series in a database (``Minutes.rows``), also for who opens the file without a store."""
    return merged(db, ROWS, (series, start, end), read_closed)


def every_row(db: Database) -> Iterator[tuple[int | Value, ...]]:
    """All minutes of a database with the number of their series before them, by series and time."""
    for (series,) in db.execute("SELECT id FROM series ORDER BY id").fetchall():
        yield from ((series, *row) for row in rows_of(db, series))


def gathered(db: Database) -> int:
    """How many minutes of a database are gathered."""
    return sum(len(minutes_in(head)) for _, head in db.execute(_HEADS, [0, FOR_EVER]))


def gather_all(db: Database) -> None:
    """Gather what a database has of closed minutes, in which nothing is gathered yet; years of them."""
    left: list[tuple[int, int, int]] = []
    for (number,) in db.execute(f"{_GATHERED_SERIES} ORDER BY id").fetchall():
        rows: Iterator[Numbers] = iter(db.execute(_CLOSED, [number, FOR_EVER]))
        for begin, group in groupby(rows, _half_hour):
            place = place_of(number, begin)
            if begin_of(place) == begin and (content := write_minutes(list(group))):
                db.execute("INSERT INTO minutes VALUES (?, ?)", [place, content])
            else:
                left.append((number, begin, begin + HALF_HOUR_S))
    # Deleted one by one, millions of rows would be written once more.
    (table,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'minute'").fetchone()
    db.execute("ALTER TABLE minute RENAME TO minute_before")
    db.execute(table)
    rest = "INSERT INTO minute SELECT * FROM minute_before WHERE closed = 0 OR time % 60 <> 0 OR series NOT IN"
    db.execute(f"{rest} ({_GATHERED_SERIES})")
    whole = "INSERT OR IGNORE INTO minute SELECT * FROM minute_before WHERE series = ? AND time >= ? AND time < ?"
    db.executemany(whole, left)
    db.execute("DROP TABLE minute_before")


def _half_hour(row: Numbers) -> int:
    return row[0] - row[0] % HALF_HOUR_S
