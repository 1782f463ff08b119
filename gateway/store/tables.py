"""What every part of the store shares: the connection, and the rows of meters and series."""

from __future__ import annotations

import secrets
import sqlite3
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from gateway.errors import GatewayError, StoreError
from gateway.store.journal import Journal
from gateway.store.points import Granularity, MeterInfo, Point, Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.store.points import Value

# The column ``quality`` of a reading: whose clock (the meter's, the host's), our own reckoning, a person's entry.
DERIVED, MANUAL = 2, 3
QUALITIES = {None: "", 0: "meter", 1: "host", DERIVED: "derived", MANUAL: "manual"}

P = ParamSpec("P")
T = TypeVar("T")
Self = TypeVar("Self", bound="Tables")

_SERIES = (
    "SELECT series.id, meter.name, series.path, series.unit, series.kind"
    " FROM series JOIN meter ON meter.id = series.meter"
)
# Each end for itself: asked for both at once SQLite reads every row of the series, years of minutes, for each look.
_END = (
    "SELECT {0}(time) FROM (SELECT {0}(time) AS time FROM reading WHERE series = :s"
    " UNION ALL SELECT {0}(time) FROM minute WHERE series = :s"
    " UNION ALL SELECT {0}(time) FROM coarse WHERE series = :s AND step = 1800"
    " UNION ALL SELECT {0}(time) FROM coarse WHERE series = :s AND step = 86400)"
)
_SPAN = f"SELECT ({_END.format('min')}), ({_END.format('max')})"


def translated(method: Callable[Concatenate[Self, P], T]) -> Callable[Concatenate[Self, P], T]:
    """Let SQLite's errors come out of the method as StoreError, with everything since ``begin`` undone."""

    @wraps(method)
    def translating(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except sqlite3.Error as error:
            self.rollback()
            raise StoreError(f"the database cannot be used: {error}") from error
        except GatewayError:
            raise
        except Exception:
            # A value that SQLite cannot hold, for one: an open transaction would keep everybody from writing.
            self.rollback()
            raise

    return translating


class Tables:
    """A connection with the meters and series in it, both found by name."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # What was done in the open transaction and may not be lost with it: see ``keep``.
        self._kept: list[Callable[[], object]] = []
        self.journal = Journal(db, self.rollback)
        self.epoch: str = db.execute("SELECT value FROM about WHERE key = 'epoch'").fetchone()[0]

    def close(self) -> None:
        """Close the connection; what was written is committed already."""
        self._db.close()

    def begin(self) -> None:
        """Open a transaction unless a confirmation has opened one already; what one that was undone kept is in it."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
            for work in self._kept:
                work()

    def keep(self, work: Callable[[], T]) -> T:
        """Do something in the open transaction; if that is undone, by a full card say, do it in the next one again.

        For what no one does a second time: a recipient confirms once.
        """
        self._kept.append(work)
        return work()

    def commit(self) -> None:
        """Make everything since ``begin`` durable."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")
            self._kept.clear()

    def rollback(self) -> None:
        """Undo everything since ``begin``."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @translated
    def add_meter(self, name: str, sensor: str | None = None, prm: str | None = None) -> MeterInfo:
        """Make a meter known, or change its id in names (``sensor``) and its delivery point where they are given.

        Without ``sensor`` a new meter gets a random one: a serial number would follow the household for ever
        (RFC 8428 §14).
        """
        known = next((m for m in self.meters() if m.name == name), None)
        if known and sensor in (None, known.sensor) and prm in (None, known.prm):
            # A start with nothing to change writes nothing: it succeeds on a full card too.
            return known
        taken = next((m.name for m in self.meters() if m.sensor == sensor and m.name != name), None)
        if taken:
            raise StoreError(
                f"meter {name}: the id {sensor!r} belongs to meter {taken}; keep that name, or change sensor"
            )
        self._db.execute(
            "INSERT INTO meter (name, sensor, prm) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
            " SET sensor = coalesce(?, sensor), prm = coalesce(?, prm)",
            [name, sensor or secrets.token_hex(5), prm, sensor, prm],
        )
        return next(m for m in self.meters() if m.name == name)

    @translated
    def meters(self) -> list[MeterInfo]:
        """All meters, in the order in which they became known."""
        rows = self._db.execute("SELECT id, name, sensor, prm, address, last_time FROM meter ORDER BY id")
        return [MeterInfo(*row) for row in rows]

    @translated
    def series(self, meter: str) -> list[Series]:
        """The series of a meter by path, with the first and last time of anything stored of them."""
        rows = self._db.execute(_SERIES + " WHERE meter.name = ? ORDER BY series.path", [meter]).fetchall()
        return [_series(row, self._span(row[0])) for row in rows]

    @translated
    def kinds(self, meter: str) -> list[tuple[str, str]]:
        """Path and kind of each series of a meter."""
        return self._db.execute(
            "SELECT series.path, series.kind FROM series JOIN meter ON meter.id = series.meter WHERE meter.name = ?",
            [meter],
        ).fetchall()

    def _series_by_id(self, series: int) -> Series:
        return _series(self._db.execute(_SERIES + " WHERE series.id = ?", [series]).fetchone(), (0, 0))

    def _span(self, series: int) -> tuple[int, int]:
        low, high = self._db.execute(_SPAN, {"s": series}).fetchone()
        return (low or 0, high or 0)

    def _meter_id(self, name: str) -> int:
        row = self._db.execute("SELECT id FROM meter WHERE name = ?", [name]).fetchone()
        if row is None:
            raise KeyError(name)
        return int(row[0])


def _series(row: tuple[int, str, str, str, str], span: tuple[int, int]) -> Series:
    number, meter, path, unit, kind = row
    return Series(number, meter, path, unit, kind, *span)


def point(
    series: Series, granularity: int, time: int, value: Value, quality: int | None = None, rectified: int = 0
) -> Point:
    """A row as a point; means are rounded to a tenth, which is finer than any meter measures."""
    rounded = round(value, 1) if isinstance(value, float) else value
    # Making one of what is one already is the dearest part of reading a year.
    period = granularity if isinstance(granularity, Granularity) else Granularity(granularity)
    return Point(series, period, time, rounded, QUALITIES[quality], bool(rectified))
