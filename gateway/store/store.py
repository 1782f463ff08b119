"""The writing end: a batch becomes readings, roll-ups and outbox rows in one transaction.

Order inside the transaction: readings, sums of minutes, index values at half hours, then the periods that ended, from
minutes to days; every new point goes to the outbox of each recipient that subscribed and may have it. A point's
identity is (series, granularity, time) and its first value stays: nothing that was promised ever changes.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.access import Access
from gateway.store.breaks import Breaks
from gateway.store.connection import open_reader, open_writer
from gateway.store.corrections import Corrections
from gateway.store.curves import Curves
from gateway.store.dump import snapshot
from gateway.store.erasure import Erasure
from gateway.store.health import Health
from gateway.store.history import History
from gateway.store.neighbours import Neighbours
from gateway.store.notices import GIVEN_UP_S
from gateway.store.points import Granularity, Series
from gateway.store.received import ReceivedPoints
from gateway.store.recorder import day_end, day_start
from gateway.store.relayed import Relayed
from gateway.store.spanning import Spanning
from gateway.store.tables import DERIVED, MANUAL, point, translated
from gateway.store.told import Told
from gateway.store.undated import Undated
from gateway.store.watching import Watching
from gateway.tic.reading import Kind, Quality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gateway.store.dump import Dump
    from gateway.store.points import Point, Value
    from gateway.store.recorder import Batch

log = logging.getLogger(__name__)

INDEX_PATHS = ("consumption/energy/active/index", "production/energy/active/index")

_QUALITY = {Quality.METER: 0, Quality.HOST: 1, Quality.MANUAL: MANUAL}

# A meter that sent a load curve of its own within this time still does; ours then is not written over it.
_CURVE_ALIVE_S = 86400

# A break whose clock went back further than that is not looked for: no point is made of what was made before.
_BACK_S = 86400


class Store(Erasure, Health, Watching, History, Undated, Relayed, Spanning, Told):
    """The database of a gateway, opened for writing. All calls must come from one thread at a time.

    Args:
        directory: where the file is; ``gateway.store.prepare`` has checked and migrated it.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(open_writer(directory))
        # Meter -> path -> series: a house of many meters looks through those of one.
        self._paths: dict[str, dict[str, Series]] = {}

    @translated
    def write(self, batches: Sequence[Batch], now: float) -> int:
        """Commit the batches; the number of new points. Raises StoreError with everything rolled back.

        ``now`` (POSIX seconds, the host's clock) decides which consents are valid.
        """
        self.begin()
        points = [p for batch in batches for p in self._write_batch(batch)]
        self.promise(points, now)
        self.journal.flush(now)
        self.commit()
        self.journal.tell()
        return len(points)

    @translated
    def shrink(self) -> None:
        """Give back the memory of pages that can be read again."""
        self._db.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Make the journal's entries of the hour that is not over, and close the connection."""
        try:
            if self.journal.flush():
                self.commit()
            self.journal.tell()
        except StoreError as error:
            log.error("%s; the transfers of this hour are told after the next start", error)  # noqa: TRY400
        super().close()

    def rollback(self) -> None:
        """Undo everything since ``begin``."""
        super().rollback()
        # They may name series whose rows are gone with it.
        self._forget_series()

    def _forget_series(self) -> None:
        self._paths.clear()

    @translated
    def last_values(self, meter: str) -> dict[str, tuple[int, Value]]:
        """Path -> (time, value) of the newest reading of each series: what a restarted recorder must not repeat."""
        found: dict[str, tuple[int, Value]] = {}
        for series in self.series(meter):
            row = self._db.execute(
                "SELECT time, value FROM reading WHERE series = ? ORDER BY time DESC LIMIT 1", [series.id]
            ).fetchone()
            if row:
                found[series.path] = row
        return found

    def _write_batch(self, batch: Batch) -> list[Point]:
        self._db.execute(
            "UPDATE meter SET last_time = ?, address = coalesce(?, address), prm = coalesce(?, prm) WHERE name = ?",
            [batch.last_time, batch.address, batch.prm, batch.meter],
        )
        self._db.executemany(
            "INSERT INTO event (meter, time, kind, series, detail) SELECT id, ?, ?, ?, ? FROM meter WHERE name = ?",
            ((h.time, h.kind, h.series, json.dumps(h.detail), batch.meter) for h in batch.happened),
        )
        self._write_undated(batch)
        self._write_relayed(batch)
        self._db.executemany(
            "INSERT INTO counter SELECT id, ?, ? FROM meter WHERE name = ?"
            " ON CONFLICT DO UPDATE SET total = excluded.total",
            ((path, total, batch.meter) for path, total in batch.totals.items()),
        )
        series = {path: self._series(batch.meter, path, unit, kind) for path, (unit, kind) in batch.series.items()}
        points = self._write_readings(batch, series)
        self._write_minutes(batch, series)
        for path, time, value in batch.boundaries:
            points += self._write_boundary(series[path], time, value)
        for granularity, start in batch.closed:
            points += self._close(batch.meter, granularity, start)
        return points

    def _write_readings(self, batch: Batch, series: Mapping[str, Series]) -> list[Point]:
        points = []
        for sample in batch.samples:
            s = series[sample.path]
            if self._insert_reading(s, sample.time, sample.value, _QUALITY[sample.quality]):
                points.append(point(s, Granularity.RAW, sample.time, sample.value, _QUALITY[sample.quality]))
        return points

    def _insert_reading(self, series: Series, time: int, value: Value, quality: int) -> bool:
        row = [series.id, time, value, quality]
        return self._db.execute("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)", row).rowcount == 1

    def _write_minutes(self, batch: Batch, series: Mapping[str, Series]) -> None:
        # A minute that was closed has been promised: samples from a clock set back do not change it.
        self._db.executemany(
            "INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET"
            " samples = samples + excluded.samples, total = total + excluded.total,"
            " low = min(low, excluded.low), high = max(high, excluded.high), last = excluded.last WHERE closed = 0",
            (
                (series[path].id, minute, s.samples, s.total, s.low, s.high, s.last)
                for (path, minute), s in batch.minutes.items()
            ),
        )

    def _write_boundary(self, series: Series, time: int, value: int) -> list[Point]:
        """An index at a half hour, and what follows from it: the mean power of the half hour before."""
        points = self._insert_coarse(series, Granularity.HALF_HOUR, time, value)
        midnight = time == day_start(time)
        if midnight:
            points += self._insert_coarse(series, Granularity.DAY, time, value)
        if not points or series.path not in INDEX_PATHS:
            return points
        start = time - Granularity.HALF_HOUR
        rise = self._rise(series, start, time, value)
        if rise is not None:
            points += self._write_curve(series, start, rise * 2)
        # Here and not when the day is closed: the first frame of a day may be committed before the index comes.
        return points + self._write_daily(series, day_start(time - 1), time, value) if midnight else points

    def _write_daily(self, index: Series, start: int, end: int, value: int) -> list[Point]:
        rise = self._rise(index, start, end, value)
        if rise is None:
            return []
        daily = self._series(index.meter, index.path.replace("/index", "/daily"), "Wh", "daily")
        return self._insert_coarse(daily, Granularity.DAY, start, rise)

    def _write_curve(self, index: Series, start: int, watts: int) -> list[Point]:
        curve = self._series(index.meter, index.path.replace("energy/active/index", "power/active/raw"), "W", "curve")
        points = self._insert_coarse(curve, Granularity.HALF_HOUR, start, watts)
        own = self._db.execute(
            "SELECT 1 FROM reading WHERE series = ? AND time > ? AND quality < ? LIMIT 1",
            [curve.id, start - _CURVE_ALIVE_S, DERIVED],
        ).fetchone()
        if not own and self._insert_reading(curve, start, watts, DERIVED):
            points.append(point(curve, Granularity.RAW, start, watts, DERIVED))
        return points

    def _close(self, meter: str, granularity: Granularity, start: int) -> list[Point]:
        if granularity is Granularity.MINUTE:
            return self._close_minute(meter, start)
        end = day_end(start) if granularity is Granularity.DAY else start + granularity
        points: list[Point] = []
        for series in self._known_series(meter):
            if series.kind == "gauge":
                points += self._close_gauge(series, granularity, start, end)
            elif granularity is Granularity.DAY and series.kind == "maximum":
                points += self._close_maximum(series, start, end)
        return points

    def _close_minute(self, meter: str, start: int) -> list[Point]:
        points = []
        for series in self._known_series(meter):
            row = self._db.execute(
                "UPDATE minute SET closed = 1 WHERE series = ? AND time = ? AND closed = 0"
                " RETURNING CASE WHEN samples THEN total * 1.0 / samples ELSE last END",
                [series.id, start],
            ).fetchone()
            if row:
                points.append(point(series, Granularity.MINUTE, start, row[0]))
        return points

    def _close_gauge(self, series: Series, granularity: Granularity, start: int, end: int) -> list[Point]:
        (mean,) = self._db.execute(
            "SELECT sum(total) * 1.0 / sum(samples) FROM minute WHERE series = ? AND time >= ? AND time < ?",
            [series.id, start, end],
        ).fetchone()
        return [] if mean is None else self._insert_coarse(series, granularity, start, round(mean, 1))

    def _close_maximum(self, series: Series, start: int, end: int) -> list[Point]:
        (highest,) = self._db.execute(
            "SELECT max(value) FROM reading WHERE series = ? AND time >= ? AND time < ?", [series.id, start, end]
        ).fetchone()
        return [] if highest is None else self._insert_coarse(series, Granularity.DAY, start, highest)

    def _rise(self, index: Series, start: int, end: int, value: int) -> int | None:
        """What an index that is ``value`` at the end of a time rose by in it; None where that was not all counted."""
        before = self._index_at(index, start)
        if before is None:
            return None
        told = self.breaks_told(index.meter, start - _BACK_S, end)
        return Breaks.of(index.path, told).at_half_hours().rise((start, before), (end, value))

    def _index_at(self, series: Series, time: int) -> int | None:
        row = self._db.execute(
            "SELECT value FROM coarse WHERE series = ? AND step = ? AND time = ?",
            [series.id, Granularity.HALF_HOUR, time],
        ).fetchone()
        return row[0] if row else None

    def _insert_coarse(self, series: Series, granularity: Granularity, time: int, value: Value) -> list[Point]:
        row = [series.id, granularity, time, value]
        new = self._db.execute("INSERT OR IGNORE INTO coarse VALUES (?, ?, ?, ?)", row).rowcount == 1
        return [point(series, granularity, time, value)] if new else []

    def _known_series(self, meter: str) -> list[Series]:
        return list(self._by_path(meter).values())

    def _by_path(self, meter: str) -> dict[str, Series]:
        if meter not in self._paths:
            self._paths[meter] = {s.path: s for s in self.series(meter)}
        return self._paths[meter]

    def _series(self, meter: str, path: str, unit: str, kind: Kind | str) -> Series:
        known = self._by_path(meter)
        if path in known:
            return known[path]
        word = kind if isinstance(kind, str) else _kind_word(path, kind)
        (number,) = self._db.execute(
            "INSERT INTO series (meter, path, unit, kind) VALUES (?, ?, ?, ?) RETURNING id",
            [self._meter_id(meter), path, unit, word],
        ).fetchone()
        known[path] = Series(number, meter, path, unit, word, 0, 0)
        return known[path]

    @translated
    def forget(self, now: int, raw_s: int, minute_s: int, outbox_s: int) -> None:
        """Delete what is past its retention; the half hours, the days and each series' newest reading stay for ever.

        So does what a person entered: months apart, it is all there is.

        Args:
            now: POSIX seconds. A meter counts from its own last frame or from now, whichever is earlier: neither a
                frame from the future nor a clock not yet set deletes anything.
            raw_s: seconds for which raw index and gauge values are kept.
            minute_s: the same for minutes, and for the few raw values of other kinds.
            outbox_s: the same for rows whose recipient did not come for them.
        """
        self.begin()
        for meter in self.meters():
            latest = min(meter.last_time or now, now)
            for series in self._known_series(meter.name):
                keep = raw_s if series.kind in ("index", "gauge") else minute_s
                # A value that has not changed for longer than that is still what the meter says.
                self._db.execute(
                    "DELETE FROM reading WHERE series = ?1 AND time < ?2 AND quality <> ?3"
                    " AND time < (SELECT max(time) FROM reading WHERE series = ?1)",
                    [series.id, latest - keep, MANUAL],
                )
                self._db.execute("DELETE FROM minute WHERE series = ? AND time < ?", [series.id, latest - minute_s])
            self._expire_outbox(meter.id, latest - outbox_s)
        self._forget_last_words(now - GIVEN_UP_S)
        self.commit()


class Archive(Corrections, Access, Health, Neighbours, ReceivedPoints, Spanning, Curves):
    """The same database, only read: for the command line while the daemon runs."""

    def __init__(self, directory: Path) -> None:
        super().__init__(open_reader(directory))

    def snapshot(self) -> AbstractContextManager[Dump]:
        """All tables as they are at this moment; until its end everything else read here is of that moment too."""
        return snapshot(self._db)


def _kind_word(path: str, kind: Kind) -> str:
    return "curve" if kind is Kind.MEAN and path.endswith("power/active/raw") else kind.value
