"""What is stored of a time that spans a break: half hours, days and marks that former versions made, and sent.

Days and bills do not count them (``energy.py``); here they are found, so that they can be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.breaks import MAX_BOUNDARY_GAP_S, Breaks
from gateway.store.energy import INDEX_OF, EnergyRows
from gateway.store.points import DERIVED, Granularity, Point, Series, point
from gateway.store.recorder import day_end
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.ledger import Ledger
    from gateway.store.meters import Meters
    from gateway.store.store import Store

# Why, in the record of a correction.
_SPANS = "spans a break of the index"

_FOR_EVER = 2**40
_OF_A_TIME = "SELECT time, value FROM coarse WHERE series = ? AND step = ? AND time >= ? AND time <= ? ORDER BY time"
_OURS = "SELECT time, value FROM reading WHERE series = ? AND time = ? AND quality = ?"
_LONGEST_DAY_S = 25 * 3600


@dataclass(eq=False)
class Spanning:
    """Looks for what no version makes any more."""

    _db: Transactions
    _meters: Meters
    _energy: EnergyRows
    _ledger: Ledger

    @translated
    def points(self) -> list[Point]:
        """Each stored point, of any meter, that says something of a time across a break."""
        found: list[Point] = []
        for meter in self._meters.all():
            if told := self._energy.possible_breaks(meter.name):
                known = {series.path: series for series in self._meters.series(meter.name)}
                for path, series in known.items():
                    breaks = Breaks.of(path, told)
                    if series.kind == "index":
                        found += self._false_marks(series, breaks)
                        found += self._days(known.get(path.replace("/index", "/daily")), breaks)
                    elif path in INDEX_OF:
                        found += self._half_hours(series)
                        found += self._quarters(series, Breaks.of(INDEX_OF[path], told))
        # Two breaks in one day are one day.
        return list(
            {(one.series.id, one.granularity, one.time): one for one in found if not self._is_known(one)}.values()
        )

    def _is_known(self, one: Point) -> bool:
        """Whether it is what the ledger says: of a switched mode it may know all."""
        path = INDEX_OF.get(one.series.path) or one.series.path.replace("/daily", "/index")
        register = self._meters.named(one.series.meter, path)
        if register is None or register.id == one.series.id:
            return False
        day = one.series.kind == "daily"
        step = (one.granularity or Granularity.HALF_HOUR) if not day else day_end(one.time) - one.time
        wh = self._ledger.exact(register, one.time, one.time + step)
        return wh is not None and one.value == (wh if day else wh * 3600 // step)

    def _false_marks(self, index: Series, breaks: Breaks) -> Iterator[Point]:
        for step, _ in breaks.tops:
            for granularity in (Granularity.HALF_HOUR, Granularity.DAY):
                span = [index.id, granularity, step - MAX_BOUNDARY_GAP_S, step - 1]
                for mark in self._db.execute(_OF_A_TIME, span).fetchall():
                    if breaks.is_false(mark):
                        yield point(index, granularity, *mark)

    def _days(self, daily: Series | None, breaks: Breaks) -> Iterator[Point]:
        if daily is None or daily.kind != "daily":
            return
        marked = breaks.at_half_hours()
        for first, last in breaks.moments:
            span = [daily.id, Granularity.DAY, first - _LONGEST_DAY_S - MAX_BOUNDARY_GAP_S, last]
            for start, wh in self._db.execute(_OF_A_TIME, span).fetchall():
                # A mark at midnight may have been reckoned across a step that came a moment later.
                end = day_end(start)
                late = any(end <= step < end + MAX_BOUNDARY_GAP_S for step, _ in breaks.tops)
                if marked.between(start, end) or (late and self._is_false_at(daily, end, breaks)):
                    yield point(daily, Granularity.DAY, start, wh)

    def _is_false_at(self, daily: Series, time: int, breaks: Breaks) -> bool:
        row = self._db.execute(
            "SELECT value FROM coarse JOIN series ON series.id = series JOIN meter ON meter.id = series.meter"
            " WHERE meter.name = ? AND path = ? AND step = 86400 AND time = ?",
            [daily.meter, daily.path.replace("/daily", "/index"), time],
        ).fetchone()
        return row is not None and breaks.is_false((time, row[0]))

    def _half_hours(self, curve: Series) -> Iterator[Point]:
        for time in sorted(self._energy.broken_half_hours(curve, 0, _FOR_EVER)):
            for row in self._db.execute(_OURS, [curve.id, time, DERIVED]).fetchall():
                yield point(curve, Granularity.RAW, *row)
            for row in self._db.execute(_OF_A_TIME, [curve.id, Granularity.HALF_HOUR, time, time]).fetchall():
                yield point(curve, Granularity.HALF_HOUR, *row)

    def _quarters(self, curve: Series, breaks: Breaks) -> Iterator[Point]:
        """No version made one across a break that it knew; what a person enters may be of an hour long past."""
        marked, step = breaks.at_half_hours(), Granularity.QUARTER
        for first, last in breaks.moments:
            span = [curve.id, step, first - step, last]
            for time, watts in self._db.execute(_OF_A_TIME, span).fetchall():
                if marked.between(time, time + step):
                    yield point(curve, step, time, watts)


def take_back(store: Store, now: float, by: str = "", most: int | None = None) -> int:
    """Take away what says something of a time across a break; whoever had it is asked to erase it. How many.

    At most so many: the others count nowhere either.
    """
    done = 0
    for one in store.spanning.points()[:most]:
        point = one.series.meter, one.series.path, one.granularity, one.time
        done += len(store.corrections.remove(*point, now, by, _SPANS))
    return done
