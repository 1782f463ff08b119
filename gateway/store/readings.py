"""The reading end: points of some series over a time, by pages or as one stream in order of time."""

from __future__ import annotations

import heapq
import json
import sqlite3
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.points import (
    MANUAL,
    Granularity,
    Point,
    Series,
    StoredEvent,
    Value,
    finest_allowed,
    offered,
    point,
    under,
)
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from gateway.store.meters import Meters
    from gateway.store.minutes import Minutes
    from gateway.store.raw import RawGauges

_FOR_EVER = 2**62


# Value, quality and rows of each granularity; minutes are read by ``Minutes``.
_PLACES = {
    Granularity.RAW: ("value", "quality", "reading AS main WHERE"),
    Granularity.QUARTER: ("value", "NULL", "coarse AS main WHERE step = 900 AND"),
    Granularity.HALF_HOUR: ("value", "NULL", "coarse AS main WHERE step = 1800 AND"),
    Granularity.DAY: ("value", "NULL", "coarse AS main WHERE step = 86400 AND"),
}


def _select(granularity: Granularity) -> str:
    value, quality, rows = _PLACES[granularity]
    rectified = (
        "EXISTS (SELECT 1 FROM correction AS c WHERE c.series = main.series"  # noqa: S608 (built of constants)
        f" AND c.granularity = {int(granularity)} AND c.time = main.time)"
    )
    return f"SELECT time, {value}, {quality}, {rectified} FROM {rows} series = ?"  # noqa: S608


_TABLES = {granularity: _select(granularity) for granularity in _PLACES}
# The same without what only a person who looks at a point wants to know.
_VALUES = {
    granularity: f"SELECT time, {value} FROM {rows} series = ?"  # noqa: S608
    for granularity, (value, _, rows) in _PLACES.items()
}
# The index last known at a time and the one first known after it; where two say the same second the finer one is first.
_BEFORE = (
    "SELECT time, value FROM coarse WHERE step = 900 AND series = ? AND time <= ? ORDER BY time DESC LIMIT 1",
    "SELECT time, value FROM coarse WHERE step = 1800 AND series = ? AND time <= ? ORDER BY time DESC LIMIT 1",
)
_AFTER = (
    "SELECT time, value FROM coarse WHERE step = 900 AND series = ? AND time > ? ORDER BY time LIMIT 1",
    "SELECT time, value FROM coarse WHERE step = 1800 AND series = ? AND time > ? ORDER BY time LIMIT 1",
)
_RECTIFIED = "SELECT time FROM correction WHERE series = ? AND granularity = ? AND time >= ? AND time < ?"
_RANGE = " AND time >= ? AND time < ?"


@dataclass(eq=False)
class Readings:
    """Stored points by series path, granularity and time, ``[start, end)``."""

    _db: Transactions
    _meters: Meters
    _minutes: Minutes
    _raw: RawGauges

    @translated
    def page(
        self,
        meter: str,
        prefix: str,
        granularity: Granularity,
        start: int,
        end: int,
        limit: int,
        after: tuple[int, str] | None = None,
        without: Sequence[str] = (),
    ) -> list[Point]:
        """A page of points, in order of time then path; each series as fine as it exists, no finer than asked.

        ``after`` is the time and the path of the last point of the page before: whatever is added or deleted between
        two pages, none of the others is left out or comes twice. ``without`` are branches that are left out.
        """
        streams = []
        for series, fine in self._chosen(meter, prefix, granularity, without):
            first = start if after is None else max(start, after[0] + (series.path <= after[1]))
            streams.append(self.read(series, fine, first, end))
        try:
            # Each stream is read as far as the page needs it, however many years it holds.
            return list(islice(heapq.merge(*streams, key=lambda p: (p.time, p.series.path)), limit))
        finally:
            for stream in streams:
                stream.close()

    @translated
    def count(
        self, meter: str, prefix: str, granularity: Granularity, start: int, end: int, without: Sequence[str] = ()
    ) -> int:
        """How many points all pages of ``page`` hold."""
        total = 0
        for series, fine in self._chosen(meter, prefix, granularity, without):
            if fine is Granularity.MINUTE:
                total += self._minutes.count(series.id, start, end, closed=True)
                continue
            query = f"SELECT count(*) FROM ({_TABLES[fine]}{_RANGE})"  # noqa: S608 (built of constants)
            total += self._db.execute(query, [series.id, start, end]).fetchone()[0]
            total += self._raw.count(series.id, start, end) if fine is Granularity.RAW else 0
        return total

    @translated
    def events(self, start: int = 0, end: int = _FOR_EVER, last: int = -1) -> list[StoredEvent]:
        """What happened in ``[start, end)``, in order of time; at most the ``last`` ones, all by default."""
        rows = self._db.execute(
            "SELECT meter.name, time, kind, series, detail FROM event JOIN meter ON meter.id = event.meter"
            " WHERE time >= ? AND time < ? ORDER BY time DESC, event.id DESC LIMIT ?",
            [start, end, last],
        ).fetchall()
        return [
            StoredEvent(meter, time, kind, series, json.loads(detail))
            for meter, time, kind, series, detail in rows[::-1]
        ]

    @translated
    def by_hand(self, meter: str | None = None) -> list[Point]:
        """What a person entered, of one meter or of all, in order of time."""
        found = []
        for known in self._meters.all():
            for series in self._meters.series(known.name) if meter in (None, known.name) else ():
                rows = self._db.execute(
                    "SELECT time, value, quality FROM reading WHERE series = ? AND quality = ?", [series.id, MANUAL]
                )
                found += [point(series, Granularity.RAW, *row) for row in rows]
        return sorted(found, key=lambda p: p.time)

    @translated
    def around(self, meter: str, path: str, time: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """What the store knows of an index nearest to that second: (time, value) at it or before, and after it.

        Of a minute only the index at its end is known: what it says counts once it is over, as of its first second.
        """
        series = self._meters.named(meter, path)
        if series is None:
            return None, None
        marked = (self._db.execute(query, [series.id, time]).fetchone() for query in _BEFORE)
        minute = self._minutes.said_before(series.id, time)
        minute = minute and (minute[0] - Granularity.MINUTE + 1, minute[1])
        before = [self._raw.newest(series.id, time), minute, *marked]
        marked = (self._db.execute(query, [series.id, time]).fetchone() for query in _AFTER)
        after = [self._raw.oldest(series.id, time + 1), self._minutes.said_after(series.id, time + 1), *marked]
        found = max(filter(None, before), key=_time, default=None), min(filter(None, after), key=_time, default=None)
        return found[0] and found[0][:2], found[1] and found[1][:2]

    @translated
    def has(self, meter: str, path: str, time: int) -> bool:
        """Whether something was read in that very second."""
        series = self._meters.named(meter, path)
        return series is not None and next(self._raw.rows(series.id, time, time + 1), None) is not None

    def stream(
        self, prefix: str, granularity: Granularity | None, start: int = 0, end: int = _FOR_EVER
    ) -> Iterator[Point]:
        """Every point of every meter's series under ``prefix``, in order of time.

        Args:
            prefix: of the path, by whole levels.
            granularity: one granularity, or None for the finest that is still kept at each time.
            start: POSIX second, included.
            end: POSIX second, not included.
        """
        streams = []
        for meter in self._meters.all():
            for series in self._meters.series(meter.name):
                if under(series.path, prefix):
                    streams += self._pieces(series, granularity, start, end)
        return heapq.merge(*streams, key=lambda p: p.time)

    def stream_of(self, granularity: Granularity) -> Iterator[Point]:
        """Every point of that granularity, and of no other, in order of time."""
        found = [
            s for meter in self._meters.all() for s in self._meters.series(meter.name) if granularity in offered(s.kind)
        ]
        streams = [self.read(series, granularity, -_FOR_EVER, _FOR_EVER) for series in found]
        return heapq.merge(*streams, key=lambda p: p.time)

    @translated
    def totals(self, meter: str) -> dict[str, str]:
        """Path -> exact total of what a meter's pulses have counted, as last written (``Recorder.keep``)."""
        rows = self._db.execute(
            "SELECT path, total FROM counter JOIN meter ON meter.id = counter.meter WHERE name = ?", [meter]
        )
        return dict(rows.fetchall())

    @translated
    def last_values(self, meter: str) -> dict[str, tuple[int, Value]]:
        """Path -> (time, value) of the newest reading of each series: what a restarted recorder must not repeat."""
        found: dict[str, tuple[int, Value]] = {}
        for series in self._meters.series(meter):
            if row := self._raw.newest(series.id):
                found[series.path] = row[:2]
        return found

    def read(self, series: Series, granularity: Granularity, start: int, end: int) -> Generator[Point, None, None]:
        """The points of one series at one granularity in ``[start, end)``, in order, as they are asked for."""
        gathered = granularity is Granularity.MINUTE or (granularity is Granularity.RAW and series.kind == "gauge")
        try:
            if gathered:
                yield from self._read_gathered(series, granularity, start, end)
            else:
                query = _TABLES[granularity] + _RANGE + " ORDER BY time"
                for row in self._db.execute(query, [series.id, start, end]):
                    yield point(series, granularity, *row)
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be read: {error}") from error

    def _read_gathered(self, series: Series, granularity: Granularity, start: int, end: int) -> Iterator[Point]:
        corrected = self._db.execute(_RECTIFIED, [series.id, granularity, start, end])
        rectified = {time for (time,) in corrected}
        if granularity is Granularity.RAW:
            for time, value, quality in self._raw.rows(series.id, start, end):
                yield point(series, granularity, time, value, quality, time in rectified)
        else:
            for time, value in self._means(series, start, end):
                yield point(series, granularity, time, value, rectified=time in rectified)

    def values(self, series: Series, granularity: Granularity, start: int, end: int) -> list[tuple[int, Value]]:
        """Times and values alone, means not rounded: a hundred thousand of them are read while a person waits."""
        if granularity is Granularity.MINUTE:
            return list(self._means(series, start, end))
        if granularity is Granularity.RAW and series.kind == "gauge":
            return [(time, value) for time, value, _ in self._raw.rows(series.id, start, end)]
        query = _VALUES[granularity] + _RANGE + " ORDER BY time"
        return self._db.execute(query, [series.id, start, end]).fetchall()

    def _means(self, series: Series, start: int, end: int) -> Iterator[tuple[int, Value]]:
        """The minutes that are closed; of one that is open the mean is not known yet."""
        for time, samples, total, _, _, last, closed in self._minutes.rows(series.id, start, end):
            if closed:
                yield time, total / samples if samples else last

    def _pieces(self, series: Series, granularity: Granularity | None, start: int, end: int) -> list[Iterator[Point]]:
        fine = finest_allowed(series.kind, Granularity.RAW if granularity is None else granularity)
        if fine is None:
            return []
        if granularity is not None or series.kind not in ("index", "gauge"):
            return [self.read(series, fine, start, end)]
        # The minutes reach further back than what the meter said: take them up to there, the minute in which that
        # begins too, of which a part may be gone. What a person entered is kept for ever and says nothing of that.
        first = self._first(series, f" AND quality <> {MANUAL}") or self._first(series)
        horizon = end if first is None else first
        return [
            self.read(series, Granularity.MINUTE, start, min(end, horizon)),
            self.read(series, fine, max(start, horizon), end),
        ]

    def _first(self, series: Series, condition: str = "") -> int | None:
        query = f"SELECT min(time) FROM reading WHERE series = ?{condition}"  # noqa: S608 (a constant)
        found = [*self._db.execute(query, [series.id]).fetchone(), *self._raw.ends(series.id)]
        return min((time for time in found if time is not None), default=None)

    def _chosen(
        self, meter: str, prefix: str, granularity: Granularity, without: Sequence[str]
    ) -> list[tuple[Series, Granularity]]:
        found = []
        for series in self._meters.series(meter):
            fine = finest_allowed(series.kind, granularity)
            left_out = any(under(series.path, branch) for branch in without)
            if fine is not None and under(series.path, prefix) and not left_out:
                found.append((series, fine))
        return found


def _time(row: tuple[int, int]) -> int:
    return row[0]
