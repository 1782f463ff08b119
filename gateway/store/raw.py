"""The raw values of gauges: a half hour of one series in a row.

They would be most of what a card has to write: a power changes with each frame, and is let go two days later. Those of
a minute are appended to what ``readings`` has of their half hour (``raw_bytes``), whose end writes it as one.
``reading`` has what was corrected, what is entered by hand, what an earlier version left, and all of other series. A
value is in one of the two, and who asks for those of a gauge asks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, cast

from gateway.store.half_hours import FOR_EVER, HALF_HOUR_S, begin_of, half_hours_of, merged, place_of, whole_rows
from gateway.store.points import MANUAL, Value
from gateway.store.raw_bytes import RAW_HEAD_BYTES, append_raw, raw_in, read_raw, write_raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.store.raw_bytes import RawNumbers
    from gateway.store.transactions import Database, Transactions

# POSIX second, value, quality.
RawRow = tuple[int, Value, int]

# One statement, so that it is one moment: between two a half hour may be gathered.
RAW_ROWS = (
    "SELECT id, 0, readings, 0, 0 FROM readings WHERE id >= ?2 AND id <= ?3 UNION ALL"
    " SELECT (series << 24) | (time / 1800), time, NULL, value, quality FROM reading"
    " WHERE series = ?1 AND time >= ?4 AND time < ?5 ORDER BY 1, 2"
)
_NEAREST = (
    "SELECT * FROM (SELECT id, 0, readings, 0, 0 FROM readings WHERE id >= ?2 AND id <= ?3 ORDER BY id{0} LIMIT 2)"
    " UNION ALL SELECT * FROM (SELECT (series << 24) | (time / 1800), time, NULL, value, quality FROM reading"
    " WHERE series = ?1 AND time >= ?4 AND time < ?5 ORDER BY time{0} LIMIT 1) ORDER BY 1{0}, 2{0}"
)
_OLDEST, _NEWEST = _NEAREST.format(""), _NEAREST.format(" DESC")
_HEADS = f"SELECT id, substr(readings, 1, {RAW_HEAD_BYTES}) FROM readings WHERE id >= ? AND id <= ?"  # noqa: S608 (a constant)
_ADD = "INSERT OR IGNORE INTO reading (series, time, value, quality) VALUES (?1, ?2, ?3, ?4)"
# What is gathered of a half hour, and whether there are rows of it.
_THERE = (
    "SELECT (SELECT readings FROM readings WHERE id = ?),"
    " EXISTS (SELECT 1 FROM reading WHERE series = ? AND time >= ? AND time < ?)"
)
_WRITE = "INSERT OR REPLACE INTO readings VALUES (?, ?)"


@dataclass(eq=False)
class RawGauges:
    """What is kept of gauges as it was read (``readings``, of ``reading`` their rows)."""

    _db: Transactions

    def rows(self, series: int, start: int, end: int) -> Iterator[RawRow]:
        """The values of a series in ``[start, end)``, in order of time, as they are asked for."""
        return raw_rows_of(self._db, series, start, end)

    def newest(self, series: int, time: int = FOR_EVER) -> RawRow | None:
        """The value of a series last read until that second."""
        return next(merged(self._db, _NEWEST, (series, 0, time + 1), read_raw, newest_first=True), None)

    def oldest(self, series: int, time: int = 0) -> RawRow | None:
        """The value of a series first read from that second on."""
        return next(merged(self._db, _OLDEST, (series, time, FOR_EVER), read_raw), None)

    def ends(self, series: int) -> list[int]:
        """The first and the last second of what is gathered, where anything is."""
        first, last = half_hours_of(series)
        found = []
        for half_hour, which in ((" ORDER BY id LIMIT 1", 1), (" ORDER BY id DESC LIMIT 1", 2)):
            for place, head in self._db.execute(_HEADS + half_hour, [first, last]):
                found.append(begin_of(place) + raw_in(head)[which])
        return found

    def qualities(self, series: int, time: int) -> dict[int, int]:
        """Second -> quality of what is gathered of the half hour of that second."""
        place = place_of(series, time)
        found = self._db.execute("SELECT readings FROM readings WHERE id = ?", [place]).fetchone()
        return {at: quality for at, _, quality in whole_rows(place, found[0], read_raw)} if found else {}

    def count(self, series: int, start: int, end: int) -> int:
        """How many of what is gathered lie in ``[start, end)``."""
        found = 0
        for place, head in self._db.execute(_HEADS, half_hours_of(series, start, end)).fetchall():
            count, first, last = raw_in(head)
            begin = begin_of(place)
            if start <= begin + first and begin + last < end:
                found += count
            else:
                ((written,),) = self._db.execute("SELECT readings FROM readings WHERE id = ?", [place])
                found += sum(start <= row[0] < end for row in whole_rows(place, written, read_raw))
        return found

    def add(self, series: int, rows: Iterable[RawRow]) -> set[int]:
        """Keep values, in order of time; the seconds of those that are new, for which there was none."""
        new: set[int] = set()
        for begin, group in groupby(rows, lambda row: row[0] - row[0] % HALF_HOUR_S):
            first: dict[int, RawRow] = {}
            for row in group:
                first.setdefault(row[0], row)
            new |= self._add(series, begin, sorted(first.values(), key=_time))
        return new

    def _add(self, series: int, begin: int, rows: list[RawRow]) -> set[int]:
        place, end = place_of(series, begin), begin + HALF_HOUR_S
        ((written, plain),) = self._db.execute(_THERE, [place, series, begin, end])
        numbers = cast("list[RawNumbers]", rows)
        content = None
        # What a person entered stays a row, and so does what is of a time that no key names.
        fits = begin_of(place) == begin and all(row[2] != MANUAL for row in rows)
        if fits and not plain:
            content = append_raw(written, numbers) if written else write_raw(numbers)
        if content is None:
            known = {row[0] for row in self.rows(series, begin, end)}
            rows = [row for row in rows if row[0] not in known]
            kept = whole_rows(place, written, read_raw) if fits and written else []
            whole = sorted([*kept, *cast("list[RawNumbers]", rows)], key=_time)
            content = write_raw(whole) if rows and fits else None
        if content is not None:
            self._db.execute(_WRITE, [place, content])
        else:
            self._db.executemany(_ADD, ((series, *row) for row in rows))
        return {row[0] for row in rows}

    def gather(self, series: int, begin: int) -> None:
        """Write as one what was written of a half hour minute by minute: that is smaller."""
        place = place_of(series, begin)
        for (written,) in self._db.execute("SELECT readings FROM readings WHERE id = ?", [place]).fetchall():
            if rows := whole_rows(place, written, read_raw):
                self._db.execute(_WRITE, [place, write_raw(rows)])

    def spread(self, series: int, start: int, end: int) -> None:
        """Let the values of the half hours that meet ``[start, end)`` be rows again, to be changed one by one."""
        query = "DELETE FROM readings WHERE id >= ? AND id <= ? RETURNING id, readings"
        for place, written in self._db.execute(query, half_hours_of(series, start, end)).fetchall():
            rows = ((series, *row) for row in whole_rows(place, written, read_raw))
            self._db.executemany(_ADD, rows)

    def erase(self, series: int, start: int, end: int) -> None:
        """Delete what lies in ``[start, end)``."""
        self.spread(series, start, start + 1)
        self.spread(series, end - 1, end)
        self._db.execute("DELETE FROM readings WHERE id >= ? AND id <= ?", half_hours_of(series, start, end))
        self._db.execute("DELETE FROM reading WHERE series = ? AND time >= ? AND time < ?", [series, start, end])

    def forget(self, series: int, before: int) -> None:
        """Delete what is older, and never the newest value.

        One that has not changed for longer than that is still what the meter says. What a person entered stays.
        """
        newest = self.newest(series)
        if newest and newest[0] < before:
            self.spread(series, newest[0], newest[0] + 1)
        place = place_of(series, before)
        self._db.execute("DELETE FROM readings WHERE id >= ? AND id < ?", [place_of(series, 0), place])
        for (written,) in self._db.execute("SELECT readings FROM readings WHERE id = ?", [place]).fetchall():
            left = [row for row in whole_rows(place, written, read_raw) if row[0] >= before]
            if left:
                self._db.execute(_WRITE, [place, write_raw(left)])
            else:
                self._db.execute("DELETE FROM readings WHERE id = ?", [place])
        self._db.execute(
            "DELETE FROM reading WHERE series = ? AND time < ? AND quality <> ? AND time < ?",
            [series, before, MANUAL, newest[0] if newest else 0],
        )


def raw_rows_of(db: Database, series: int, start: int = 0, end: int = FOR_EVER) -> Iterator[RawRow]:
    """The values of a gauge in a database (``RawGauges.rows``), also for who opens the file without a store."""
    return merged(db, RAW_ROWS, (series, start, end), read_raw)


def every_raw(db: Database) -> Iterator[tuple[int | Value, ...]]:
    """All raw values of a database with the number of their series before them, by series and time."""
    for series, kind in db.execute("SELECT id, kind FROM series ORDER BY id").fetchall():
        plain = "SELECT time, value, quality FROM reading WHERE series = ? ORDER BY time"
        rows = raw_rows_of(db, series) if kind == "gauge" else db.execute(plain, [series])
        yield from ((series, *row) for row in rows)


def raw_gathered(db: Database) -> int:
    """How many raw values of a database are gathered."""
    return sum(raw_in(head)[0] for _, head in db.execute(_HEADS, [0, FOR_EVER]))


def _time(row: RawRow) -> int:
    return row[0]
