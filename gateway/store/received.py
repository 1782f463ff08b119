"""What other providers send us: kept apart from our own points, under their retention, and never promised to anybody.

A point's identity is (provider, literal name, granularity, time); its first value stays unless the provider says that
it rectifies. Who sends them, and how far they came, is ``providers``'s, and so are the transactions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.retention import kept_from
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gateway.store.points import Value

# More names than a shared roof or a neighbour's meter has; whoever sends ever new ones shall not fill the card.
MOST_SERIES = 500

_FOR_EVER = 2**62
_PAGE = 1000

_SERIES = (
    "SELECT id, provider, sen1, name, path, unit, granularity, retention, ignored,"
    " (SELECT min(time) FROM received_point WHERE series = id),"
    " (SELECT max(time) FROM received_point WHERE series = id) FROM received_series"
)

_AT_OR_BEFORE = "SELECT time, value FROM received_point WHERE series = ? AND time <= ? ORDER BY time DESC LIMIT 1"
_AFTER = "SELECT time, value FROM received_point WHERE series = ? AND time > ? ORDER BY time LIMIT 1"
_NUMBERS = "FROM received_point WHERE series = ?1 AND time >= ?2 AND time < ?3 AND typeof(value) != 'text'"
_MEANS = (
    "SELECT CAST(time / ?4 AS INTEGER) * ?4, count(*), sum(max(value, 0)),"
    f" max(time != CAST(time / ?5 AS INTEGER) * ?5) {_NUMBERS} GROUP BY 1 ORDER BY 1"
)
_BY_MINUTE = (
    f"SELECT min(time), avg(max(value, 0)) {_NUMBERS} GROUP BY CAST(time / 60 AS INTEGER)"
    f" UNION ALL SELECT max(time), max(value, 0) {_NUMBERS} GROUP BY CAST(time / 60 AS INTEGER) ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One received value: its name as it was sent and as the literal one, path, unit, granularity, POSIX seconds."""

    name: str
    sen1: str
    path: str
    unit: str
    granularity: str
    time: float
    value: Value


@dataclass(frozen=True, slots=True)
class Lot:
    """What one message or page brought; ``numbers`` are (epoch, after, last) of the provider's outbox, if from there.

    ``retention`` (ISO 8601) binds us; ``replaces``: the provider says that its values are rectified ones; ``head`` is
    the number and hash of the last entry of its journal.
    """

    values: Sequence[Incoming]
    numbers: tuple[str, int, int] | None
    retention: str | None
    replaces: bool = False
    head: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class ReceivedSeries:
    """One series of another provider; ``granularity`` as the provider words it (``raw``, or an ISO 8601 duration)."""

    id: int
    provider: str
    sen1: str
    name: str
    path: str
    unit: str
    granularity: str
    retention: str | None
    ignored: int
    first_time: float | None
    last_time: float | None


@dataclass(frozen=True, slots=True)
class ReceivedPoint:
    """One value of a received series; POSIX seconds UTC."""

    series: ReceivedSeries
    time: float
    value: Value


@dataclass(eq=False)
class ReceivedPowers:
    """Sums and means of received numbers: of raw powers a week has more values than are to be read one by one."""

    _db: Transactions

    @translated
    def has_more(self, series: ReceivedSeries, start: float, end: float, most: int) -> bool:
        """Whether a series has more than so many points in ``[start, end)``."""
        row = self._db.execute(f"SELECT 1 {_NUMBERS} LIMIT 1 OFFSET ?4", [series.id, start, end, most]).fetchone()
        return row is not None

    @translated
    def means(
        self, series: ReceivedSeries, start: float, end: float, step: int, period: int
    ) -> list[tuple[int, int, float, int]]:
        """Of each ``step`` in ``[start, end)`` that has numbers its begin, how many, and their sum; none is below 0.

        And whether the time of one is no multiple of ``period``.
        """
        return self._db.execute(_MEANS, [series.id, start, end, step, period]).fetchall()

    @translated
    def by_minute(self, series: ReceivedSeries, start: float, end: float) -> list[tuple[float, float]]:
        """Of each minute in ``[start, end)`` its first time with the mean of its numbers, its last with the last."""
        return self._db.execute(_BY_MINUTE, [series.id, start, end]).fetchall()


@dataclass(eq=False)
class ReceivedPoints:
    """The series of others and their points (``received_series``, ``received_point``).

    ``keep``, ``delete`` and ``forget`` are of the open transaction.
    """

    _db: Transactions

    @translated
    def series(self, provider: str | None = None) -> list[ReceivedSeries]:
        """The series of one provider, or of all, by name."""
        rows = self._db.execute(
            _SERIES + " WHERE ?1 IS NULL OR provider = ?1 ORDER BY provider, sen1, granularity, unit", [provider]
        )
        return [ReceivedSeries(*row) for row in rows]

    @translated
    def count(self, series: ReceivedSeries) -> int:
        """How many points of a series there are."""
        row = self._db.execute("SELECT count(*) FROM received_point WHERE series = ?", [series.id]).fetchone()
        return int(row[0])

    @translated
    def last(self) -> list[ReceivedPoint]:
        """The newest point of each received series."""
        found = []
        for series in self.series():
            row = self._db.execute(
                "SELECT time, value FROM received_point WHERE series = ? ORDER BY time DESC LIMIT 1", [series.id]
            ).fetchone()
            if row:
                found.append(ReceivedPoint(series, *row))
        return found

    @translated
    def history(
        self, series: ReceivedSeries, start: float = 0, end: float = _FOR_EVER, limit: int = -1
    ) -> list[ReceivedPoint]:
        """The points of a series in ``[start, end)``, in order of time; at most ``limit``, all by default."""
        rows = self._db.execute(
            "SELECT time, value FROM received_point WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?",
            [series.id, start, end, limit],
        )
        return [ReceivedPoint(series, time, value) for time, value in rows]

    @translated
    def newest(self, series: ReceivedSeries, start: float, end: float, limit: int) -> list[ReceivedPoint]:
        """The last points of a series in ``[start, end)``, in order of time."""
        rows = self._db.execute(
            "SELECT time, value FROM received_point WHERE series = ? AND time >= ? AND time < ?"
            " ORDER BY time DESC LIMIT ?",
            [series.id, start, end, limit],
        ).fetchall()
        return [ReceivedPoint(series, time, value) for time, value in rows[::-1]]

    def stream(self, series: ReceivedSeries, start: float = 0, end: float = _FOR_EVER) -> Iterator[ReceivedPoint]:
        """The same without end in memory, page by page."""
        while page := self.history(series, start, end, _PAGE):
            yield from page
            start = math.nextafter(page[-1].time, math.inf)

    def forget(self, now: int, kept_s: int) -> int:
        """Delete what is past the retention that came with it, and what is older than ``kept_s``; how many points."""
        deleted = 0
        for number, retention in self._db.execute("SELECT id, retention FROM received_series").fetchall():
            bound = kept_from(retention, now) if retention else None
            deleted += self._db.execute(
                "DELETE FROM received_point WHERE series = ? AND time < ?",
                [number, max(now - kept_s, bound or 0)],
            ).rowcount
        if deleted:
            self._drop_empty_series(None)
        return deleted

    @translated
    def between(self, series: ReceivedSeries, start: int, end: int) -> list[tuple[float, Value]]:
        """Times and values of a series in ``[start, end]``, in order."""
        return self._db.execute(
            "SELECT time, value FROM received_point WHERE series = ? AND time >= ? AND time <= ? ORDER BY time",
            [series.id, start, end],
        ).fetchall()

    @translated
    def around(
        self, series: ReceivedSeries, time: float
    ) -> tuple[tuple[float, Value] | None, tuple[float, Value] | None]:
        """Time and value of the newest point at that moment or before, and of the oldest one after it."""
        before, after = (self._db.execute(query, [series.id, time]).fetchone() for query in (_AT_OR_BEFORE, _AFTER))
        return before, after

    @property
    def powers(self) -> ReceivedPowers:
        """What many values come to, reckoned where they are."""
        return ReceivedPowers(self._db)

    def keep(self, provider: str, lot: Lot) -> tuple[int, int]:
        """Keep what one message brought; how many points are new, and how many are others than before."""
        new = rectified = 0
        known: dict[tuple[str, str, str], int | None] = {}
        for v in lot.values:
            key = (v.sen1, v.granularity, v.unit)
            if key not in known:
                known[key] = self._series_of(provider, v, lot.retention)
            series = known[key]
            if series is None:
                continue
            if self._insert(series, v.time, v.value):
                new += 1
            elif self._changes(series, v.time, v.value):
                rectified += self._change(series, v.time, v.value, replaces=lot.replaces)
        return new, rectified

    def delete(self, provider: str, series: Collection[int], first: int, last: int) -> int:
        """Delete the points of some series of a provider in ``[first, last]``; how many."""
        deleted = sum(
            self._db.execute(
                "DELETE FROM received_point WHERE series = ? AND time >= ? AND time <= ?", [number, first, last]
            ).rowcount
            for number in series
        )
        self._drop_empty_series(provider)
        return deleted

    def _insert(self, series: int, time: float, value: Value) -> bool:
        row = [series, time, value]
        return self._db.execute("INSERT OR IGNORE INTO received_point VALUES (?, ?, ?)", row).rowcount == 1

    def _changes(self, series: int, time: float, value: Value) -> bool:
        (before,) = self._db.execute(
            "SELECT value FROM received_point WHERE series = ? AND time = ?", [series, time]
        ).fetchone()
        return bool(before != value)

    def _change(self, series: int, time: float, value: Value, *, replaces: bool) -> int:
        if not replaces:
            self._db.execute("UPDATE received_series SET ignored = ignored + 1 WHERE id = ?", [series])
            return 0
        self._db.execute("UPDATE received_point SET value = ? WHERE series = ? AND time = ?", [value, series, time])
        return 1

    def _series_of(self, provider: str, v: Incoming, retention: str | None) -> int | None:
        """The row of a value's series, its retention the shortest that was ever stated; None for one too many."""
        row = self._db.execute(
            "SELECT id, name, retention FROM received_series"
            " WHERE provider = ? AND sen1 = ? AND granularity = ? AND unit = ?",
            [provider, v.sen1, v.granularity, v.unit],
        ).fetchone()
        if row is None:
            (count,) = self._db.execute(
                "SELECT count(*) FROM received_series WHERE provider = ?", [provider]
            ).fetchone()
            if count >= MOST_SERIES:
                return None
            (number,) = self._db.execute(
                "INSERT INTO received_series (provider, sen1, granularity, unit, name, path, retention)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                [provider, v.sen1, v.granularity, v.unit, v.name, v.path, shorter(None, retention)],
            ).fetchone()
            return int(number)
        bound = shorter(row[2], retention)
        if (row[1], row[2]) != (v.name, bound):
            self._db.execute("UPDATE received_series SET name = ?, retention = ? WHERE id = ?", [v.name, bound, row[0]])
        return int(row[0])

    def _drop_empty_series(self, provider: str | None) -> None:
        """A name is the provider's too: it does not outlive what stood under it."""
        self._db.execute(
            "DELETE FROM received_series WHERE (?1 IS NULL OR provider = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM received_point WHERE series = received_series.id)",
            [provider],
        )


def shorter(one: str | None, other: str | None) -> str | None:
    """The retention that ends first; what is no duration binds to nothing."""
    # By a fixed day: which of two is shorter must not depend on when they are compared.
    stated = [(start, text) for text in (one, other) if text and (start := kept_from(text, _SOME_DAY)) is not None]
    return max(stated)[1] if stated else None


_SOME_DAY = 4_102_444_800  # 2100-01-01: no retention reaches back before 1970 from there
