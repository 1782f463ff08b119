"""What balances are made of: an index at the midnights, half hours of the load curve, what the tariff was called.

The half hours and days are kept for ever, so any year is answered alike: one row a day and index for energy, and half
hours only where a day has no index at its ends, where a meter was exchanged, and where production is to be compared.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.store.recorder import INDEX_SET_BY_HAND, METER_REPLACED
from gateway.store.tables import Tables, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.store.points import Series, Value
    from gateway.store.received import ReceivedSeries

_LONGEST_DAY_S = 25 * 3600

_COARSE = "SELECT time, value FROM coarse WHERE series = ? AND step = ? AND time >= ? AND time <= ? ORDER BY time"
_BEFORE = "SELECT time, value FROM coarse WHERE series = ? AND step = 1800 AND time < ? ORDER BY time DESC LIMIT 1"
_AFTER = "SELECT time, value FROM coarse WHERE series = ? AND step = 1800 AND time > ? ORDER BY time LIMIT 1"
# Of a minute the index at its end is kept.
_NEWEST = (
    "SELECT time, value FROM (SELECT * FROM (SELECT time, value FROM reading WHERE series = ?1 AND time <= ?2"
    " ORDER BY time DESC LIMIT 1) UNION ALL SELECT * FROM (SELECT time + 59, last FROM minute WHERE series = ?1"
    " AND time <= ?2 - 59 ORDER BY time DESC LIMIT 1)) ORDER BY time DESC LIMIT 1"
)

# Of texts the minutes keep each change; of one that never changes only the newest reading is left after years.
_PAIRS = (
    "WITH said AS (SELECT time, last AS value FROM minute WHERE series = :number"
    " UNION ALL SELECT time, value FROM reading WHERE series = :number)"
    " SELECT min(time), value, beside FROM (SELECT time, value, coalesce("
    " (SELECT last FROM minute WHERE series = :text AND time <= said.time ORDER BY time DESC LIMIT 1),"
    " (SELECT value FROM reading WHERE series = :text ORDER BY time LIMIT 1)) AS beside FROM said)"
    " GROUP BY value, beside"
)

Mark = tuple[int, int]


class Energy(Tables):
    """Indexes and half hours of a meter, as plain numbers: a year of them is read at once."""

    @translated
    def index_breaks(self, meter: str, path: str) -> list[int]:
        """When the index became another meter's, or was set by hand; in order."""
        rows = self._db.execute(
            "SELECT time FROM event JOIN meter ON meter.id = event.meter WHERE meter.name = ?"
            " AND (kind = ? OR kind = ? AND series = ?) ORDER BY time",
            [meter, METER_REPLACED, INDEX_SET_BY_HAND, path],
        )
        return [time for (time,) in rows]

    @translated
    def index_marks(self, series: Series, start: int, end: int, breaks: Sequence[int]) -> list[Mark]:
        """The index at every midnight of ``[start, end]``; half hours where one is missing or ``breaks`` lie between.

        Where the ends themselves are not known, the nearest half hours beyond them, or the newest value.
        """
        days = self._db.execute(_COARSE, [series.id, 86400, start, end]).fetchall()
        marks = dict(days)
        for begin, until in _doubtful([time for time, _ in days], start, end, breaks):
            marks.update(self._db.execute(_COARSE, [series.id, 1800, begin, until]).fetchall())
        if start not in marks:
            marks.update(self._db.execute(_BEFORE, [series.id, start]).fetchall())
        if end not in marks:
            after = self._db.execute(_AFTER, [series.id, end]).fetchall()
            newest = after or self._db.execute(_NEWEST, [series.id, end]).fetchall()
            marks.update(row for row in newest if row[0] > max(marks, default=0))
        return sorted(marks.items())

    @translated
    def half_hours(self, curve: Series, start: int, end: int) -> dict[int, int]:
        """Half hour in ``[start, end)`` -> Wh, of a load curve (mean W)."""
        query = "SELECT time, value / 2 FROM coarse WHERE series = ? AND step = 1800 AND time >= ? AND time < ?"
        return dict(self._db.execute(query, [curve.id, start, end]))

    @translated
    def kept_self_use(self, meter: str, sources: int, start: int, end: int) -> dict[int, tuple[int, ...]]:
        """First second of a day in ``[start, end)`` -> what ``keep_self_use`` was given, as far as it still holds."""
        rows = self._db.execute(
            "SELECT day, half_hours, drawn, produced, shared, used, used_shared FROM self_use"
            " WHERE day >= ? AND day < ? AND meter = ? AND sources = ?",
            [start, end, self._meter_id(meter), sources],
        )
        return {day: tuple(rest) for day, *rest in rows}

    @translated
    def keep_self_use(self, meter: str, sources: int, days: Mapping[int, Sequence[int]]) -> None:
        """Keep what days came to; what is kept of other ``sources`` is of a configuration that is no more."""
        number = self._meter_id(meter)
        self.begin()
        self._db.execute("DELETE FROM self_use WHERE meter = ? AND sources <> ?", [number, sources])
        self._db.executemany(
            "INSERT OR REPLACE INTO self_use VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ([day, number, sources, *sums] for day, sums in days.items()),
        )
        self.commit()

    @translated
    def received_values(self, series: ReceivedSeries, start: int, end: int) -> list[tuple[float, Value]]:
        """The points of a received series in ``[start, end]``, in order."""
        return self._db.execute(
            "SELECT time, value FROM received_point WHERE series = ? AND time >= ? AND time <= ? ORDER BY time",
            [series.id, start, end],
        ).fetchall()

    @translated
    def newest(self, series: Series, now: int) -> tuple[int, Value] | None:
        """The latest value at or before a moment, with its time."""
        row: tuple[int, Value] | None = self._db.execute(_NEWEST, [series.id, now]).fetchone()
        return row

    @translated
    def texts_beside(self, number: Series, text: Series) -> list[tuple[int, str, str]]:
        """(from when on, value of one text series, what the other said with it), once for each pair."""
        rows = self._db.execute(_PAIRS, {"number": number.id, "text": text.id}).fetchall()
        return [(time, str(value), str(beside)) for time, value, beside in rows if beside is not None]


def _doubtful(days: Sequence[int], start: int, end: int, breaks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The times between two midnights that the index at these does not tell enough of."""
    known = {*days}
    ends = sorted({start, end, *known})
    for begin, until in pairwise(ends):
        complete = begin in known and until in known and until - begin <= _LONGEST_DAY_S
        if not complete or any(begin < one <= until for one in breaks):
            yield begin, until
