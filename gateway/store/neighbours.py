"""Stored points in their neighbourhood: those around a time, and those that stand out from the others.

A point stands out for a person to look at, not to be believed or not: an index that is not between its neighbours; a
value that is far outside of what the others around it are; and whatever the reading side noted when it was read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.store.points import Granularity, Point, Series, Value, offered, point
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.store.meters import Meters
    from gateway.store.readings import Readings

    # Time and value of a point; a point that stands out, and what the others are between.
    _Row = tuple[int, Value]
    _Odd = tuple[_Row, float, float]

# Of a series at that granularity so far back: some hundred to some thousand points, read in some milliseconds.
_LOOK_BACK_S = {
    Granularity.RAW: 3600 * 3,
    Granularity.MINUTE: 86_400,
    Granularity.QUARTER: 7 * 86_400,
    Granularity.HALF_HOUR: 14 * 86_400,
    Granularity.DAY: 366 * 86_400,
}
# What the reading side noted of a value when it was read (``gateway.tic.judges``).
JUDGED = ("index-step", "index-fell", "out-of-range", "roll-over")

# Fewer points say nothing of what is usual.
_FEWEST = 8
# All but so many in a hundred are what is usual.
_STRAY = 0.02


@dataclass(frozen=True, slots=True)
class Suspect:
    """A point that stands out: the others are from ``low`` to ``high``, or it was ``judged`` when it was read."""

    point: Point
    low: float | None
    high: float | None
    judged: str = ""

    @property
    def off(self) -> float:
        """How far it is out, in widths of what is usual."""
        if isinstance(self.point.value, str) or self.low is None or self.high is None:
            return 0.0
        out = max(self.low - self.point.value, self.point.value - self.high, 0.0)
        return float(out / max(self.high - self.low, 1.0))


@dataclass(eq=False)
class Neighbours:
    """Looks at stored points."""

    _db: Transactions
    _meters: Meters
    _readings: Readings

    @translated
    def point_at(self, meter: str, path: str, granularity: Granularity, time: int) -> Point | None:
        """The one stored point of that series, granularity and time."""
        series = self._meters.named(meter, path)
        return next(self._read_all(series, granularity, time, time + 1), None) if series else None

    @translated
    def points_around(self, meter: str, path: str, granularity: Granularity, time: int, each: int) -> list[Point]:
        """At most ``each`` points before that time and as many from it on, in order."""
        series = self._meters.named(meter, path)
        if series is None or granularity not in offered(series.kind):
            return []
        before: list[Point] = []
        # Most of the time a few periods hold enough; of a meter that was away one looks further back.
        for reach in (2 * each * max(granularity, 1), 3600 + 60 * granularity, _LOOK_BACK_S[granularity]):
            before = list(self._read_all(series, granularity, time - reach, time))[-each:]
            if len(before) == each:
                break
        after: list[Point] = []
        for found in self._read_all(series, granularity, time, 2**40):
            if len(after) == each:
                break
            after.append(found)
        return [*before, *after]

    @translated
    def suspects(self, series: Series, granularity: Granularity, end: int, most: int = 10) -> list[Suspect]:
        """The points of a series before ``end`` that stand out, those furthest out first."""
        if granularity not in offered(series.kind) or series.kind == "text":
            return []
        start = end - _LOOK_BACK_S[granularity]
        rows = self._readings.values(series, granularity, start, end)
        odd = _out_of_order(rows) if series.kind == "index" else _out_of_range(rows)
        found = [Suspect(point(series, granularity, *row), low, high) for row, low, high in odd]
        if granularity is Granularity.RAW:
            told = (e for e in self._readings.events(start, end) if (e.meter, e.series) == (series.meter, series.path))
            noted = {e.time: e.kind for e in told if e.kind in JUDGED}
            found = [replace(s, judged=noted.pop(s.point.time, "")) for s in found]
            judged = [point(series, granularity, *row) for row in rows if row[0] in noted]
            found += [Suspect(p, None, None, noted[p.time]) for p in judged]
        worst = sorted(found, key=lambda s: (not s.judged, -s.off))[:most]
        # Whether a point was rectified is looked up for those that are shown, not for the thousands that are not.
        return [
            replace(s, point=next(self._readings.read(series, granularity, t := s.point.time, t + 1))) for s in worst
        ]

    def _read_all(self, series: Series, granularity: Granularity, start: int, end: int) -> Iterator[Point]:
        if granularity not in offered(series.kind):
            return iter(())
        return self._readings.read(series, granularity, start, end)


def _out_of_order(rows: Sequence[_Row]) -> Iterator[_Odd]:
    """Points of an index that are not between their neighbours, where these are in order."""
    for (_, low), row, (_, high) in zip(rows, rows[1:], rows[2:], strict=False):
        value = row[1]
        assert not isinstance(low, str) and not isinstance(value, str) and not isinstance(high, str)  # noqa: S101, PT018
        if low <= high and not low <= value <= high:
            yield row, low, high


def _out_of_range(rows: Sequence[_Row]) -> Iterator[_Odd]:
    """Points further from what is usual around them than that is wide, as they are shown: by tenths."""
    values = sorted(value for _, value in rows if not isinstance(value, str))
    if len(values) < _FEWEST:
        return
    stray = max(1, int(len(values) * _STRAY))
    low, high = (round(value, 1) for value in (values[stray], values[-1 - stray]))
    width = max(high - low, 1)
    least, most = low - width, high + width
    for row in rows:
        value = row[1]
        # What is within before it is rounded is so afterwards: only the few others need be.
        if not isinstance(value, str) and not least <= value <= most and not least <= round(value, 1) <= most:
            yield row, low, high
