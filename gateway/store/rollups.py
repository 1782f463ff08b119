"""Raw values and what is made of them: minutes, index values at quarter hours, then the periods that ended.

A point's identity is (series, granularity, time) and its first value stays: nothing that was promised ever changes.
Everything here is of the open transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.points import DERIVED, MANUAL, Granularity, Point, Series, Value, point
from gateway.store.recorder import Batch, day_end, day_start
from gateway.store.spans import DRAWN, INJECTED
from gateway.tic.reading import Quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store.ledger import Ledger
    from gateway.store.meters import Meters
    from gateway.store.minutes import Minutes
    from gateway.store.raw import RawGauges
    from gateway.store.transactions import Transactions

_QUALITY = {Quality.METER: 0, Quality.HOST: 1, Quality.MANUAL: MANUAL}

# A meter that sent a load curve of its own within this time still does; ours then is not written over it.
_CURVE_ALIVE_S = 86400


@dataclass(eq=False)
class Rollups:
    """What is stored of series, and how it is made (``reading``, ``coarse``)."""

    _db: Transactions
    _meters: Meters
    _ledger: Ledger
    _minutes: Minutes
    _raw: RawGauges

    def add_readings(self, batch: Batch, series: Mapping[str, Series]) -> list[Point]:
        """Keep the raw values of a batch; those that are new."""
        gauges: dict[str, list[tuple[int, Value, int]]] = defaultdict(list)
        for sample in batch.samples:
            if series[sample.path].kind == "gauge":
                gauges[sample.path].append((sample.time, sample.value, _QUALITY[sample.quality]))
        new = {path: self._raw.add(series[path].id, rows) for path, rows in gauges.items()}
        points = []
        for path, time, value, of in ((s.path, s.time, s.value, _QUALITY[s.quality]) for s in batch.samples):
            one = series[path]
            if path in new:
                added = time in new[path]
                # Of several of one second the first is kept.
                new[path].discard(time)
            else:
                added = self._insert_reading(one, time, value, of)
            if added:
                points.append(point(one, Granularity.RAW, time, value, of))
        return points

    def _insert_reading(self, series: Series, time: int, value: Value, quality: int) -> bool:
        row = [series.id, time, value, quality]
        return self._db.execute("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)", row).rowcount == 1

    def add_minutes(self, batch: Batch, series: Mapping[str, Series]) -> None:
        """Add what a batch has of minutes to what is kept of them."""
        self._minutes.add(
            (series[path].id, minute, s.samples, s.total, s.low, s.high, s.last)
            for (path, minute), s in batch.minutes.items()
        )

    def add_boundary(self, series: Series, time: int, value: int) -> list[Point]:
        """An index at a quarter hour, and what follows from it: the mean power of the quarter and half hour before."""
        points = self._add_mark(series, Granularity.QUARTER, time, value)
        if time % Granularity.HALF_HOUR:
            return points
        half_hour = self._add_mark(series, Granularity.HALF_HOUR, time, value)
        if half_hour and time == day_start(time):
            half_hour += self._insert_coarse(series, Granularity.DAY, time, value)
            # Here and not when the day is closed: the first frame of a day may be committed before the index comes.
            if series.path in (DRAWN, INJECTED):
                half_hour += self._write_daily(series, day_start(time - 1), time)
        return points + half_hour

    def _add_mark(self, index: Series, step: Granularity, time: int, value: int) -> list[Point]:
        points = self._insert_coarse(index, step, time, value)
        if points and index.path in (DRAWN, INJECTED):
            rise = self._ledger.exact(index, time - step, time)
            if rise is not None:
                points += self._write_curve(index, step, time - step, rise * 3600 // step)
        return points

    def _write_daily(self, index: Series, start: int, end: int) -> list[Point]:
        rise = self._ledger.exact(index, start, end)
        if rise is None:
            return []
        daily = self._meters.add_series(index.meter, index.path.replace("/index", "/daily"), "Wh", "daily")
        return self._insert_coarse(daily, Granularity.DAY, start, rise)

    def _write_curve(self, index: Series, step: Granularity, start: int, watts: int) -> list[Point]:
        curve = self._meters.add_series(
            index.meter, index.path.replace("energy/active/index", "power/active/raw"), "W", "curve"
        )
        points = self._insert_coarse(curve, step, start, watts)
        if step is Granularity.QUARTER:
            return points
        own = self._db.execute(
            "SELECT 1 FROM reading WHERE series = ? AND time > ? AND quality < ? LIMIT 1",
            [curve.id, start - _CURVE_ALIVE_S, DERIVED],
        ).fetchone()
        if not own and self._insert_reading(curve, start, watts, DERIVED):
            points.append(point(curve, Granularity.RAW, start, watts, DERIVED))
        return points

    def close(self, meter: str, granularity: Granularity, start: int) -> list[Point]:
        """End a period of a meter; the points that follow of it."""
        if granularity is Granularity.MINUTE:
            return self._close_minute(meter, start)
        end = day_end(start) if granularity is Granularity.DAY else start + granularity
        points: list[Point] = []
        for series in self._meters.known(meter).values():
            if series.kind == "gauge":
                points += self._close_gauge(series, granularity, start, end)
            elif granularity is Granularity.DAY and series.kind == "maximum":
                points += self._close_maximum(series, start, end)
            if granularity is Granularity.HALF_HOUR and series.kind in ("gauge", "index"):
                self._minutes.gather(series.id, end)
            if granularity is Granularity.HALF_HOUR and series.kind == "gauge":
                self._raw.gather(series.id, start)
        return points

    def _close_minute(self, meter: str, start: int) -> list[Point]:
        points = []
        for series in self._meters.known(meter).values():
            value = self._minutes.close(series.id, start)
            if value is not None:
                points.append(point(series, Granularity.MINUTE, start, value))
        return points

    def _close_gauge(self, series: Series, granularity: Granularity, start: int, end: int) -> list[Point]:
        samples = total = 0
        for _, more, plus, *_ in self._minutes.rows(series.id, start, end):
            samples, total = samples + more, total + plus
        return self._insert_coarse(series, granularity, start, round(total / samples, 1)) if samples else []

    def _close_maximum(self, series: Series, start: int, end: int) -> list[Point]:
        (highest,) = self._db.execute(
            "SELECT max(value) FROM reading WHERE series = ? AND time >= ? AND time < ?", [series.id, start, end]
        ).fetchone()
        return [] if highest is None else self._insert_coarse(series, Granularity.DAY, start, highest)

    def _insert_coarse(self, series: Series, granularity: Granularity, time: int, value: Value) -> list[Point]:
        row = [series.id, granularity, time, value]
        new = self._db.execute("INSERT OR IGNORE INTO coarse VALUES (?, ?, ?, ?)", row).rowcount == 1
        return [point(series, granularity, time, value)] if new else []

    def forget(self, meter: str, latest: int, raw_s: int, minute_s: int) -> None:
        """Delete what a meter said longer than so many seconds before ``latest``; see ``Batches.forget``."""
        for series in self._meters.known(meter).values():
            keep = raw_s if series.kind in ("index", "gauge") else minute_s
            self._raw.forget(series.id, latest - keep)
            self._minutes.forget(series.id, latest - minute_s)
