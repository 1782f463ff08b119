"""The meters and their series, both found by name."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.points import MeterInfo, Series
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.minutes import Minutes
    from gateway.store.raw import RawGauges

_SERIES = (
    "SELECT series.id, meter.name, series.path, series.unit, series.kind"
    " FROM series JOIN meter ON meter.id = series.meter"
)
# Each end for itself: asked for both at once SQLite reads every row of the series, years of minutes, for each look.
_END = (
    "SELECT {0}(time) FROM (SELECT {0}(time) AS time FROM reading WHERE series = :s"
    " UNION ALL SELECT {0}(time) FROM coarse WHERE series = :s AND step = 900"
    " UNION ALL SELECT {0}(time) FROM coarse WHERE series = :s AND step = 1800"
    " UNION ALL SELECT {0}(time) FROM coarse WHERE series = :s AND step = 86400)"
)
_SPAN = f"SELECT ({_END.format('min')}), ({_END.format('max')})"


class Meters:
    """The rows of meters and series (``meter``, ``series``)."""

    def __init__(self, db: Transactions, minutes: Minutes, raw: RawGauges) -> None:
        self._db = db
        self._minutes = minutes
        self._raw = raw
        # Meter -> path -> series: a house of many meters looks through those of one.
        self._paths: dict[str, dict[str, Series]] = {}
        db.forgetful.append(self._paths.clear)

    @translated
    def add(self, name: str, sensor: str | None = None, prm: str | None = None) -> MeterInfo:
        """Make a meter known, or change its id in names (``sensor``) and its delivery point where they are given.

        Without ``sensor`` a new meter gets a random one: a serial number would follow the household for ever
        (RFC 8428 §14).
        """
        known = next((m for m in self.all() if m.name == name), None)
        if known and sensor in (None, known.sensor) and prm in (None, known.prm):
            # A start with nothing to change writes nothing: it succeeds on a full card too.
            return known
        taken = next((m.name for m in self.all() if m.sensor == sensor and m.name != name), None)
        if taken:
            raise StoreError(
                f"meter {name}: the id {sensor!r} belongs to meter {taken}; keep that name, or change sensor"
            )
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO meter (name, sensor, prm) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET sensor = coalesce(?, sensor), prm = coalesce(?, prm)",
                [name, sensor or secrets.token_hex(5), prm, sensor, prm],
            )
        return next(m for m in self.all() if m.name == name)

    @translated
    def all(self) -> list[MeterInfo]:
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

    @translated
    def named(self, meter: str, path: str) -> Series | None:
        """One series of a meter, if there is one of that path."""
        row = self._db.execute(_SERIES + " WHERE meter.name = ? AND series.path = ?", [meter, path]).fetchone()
        return _series(row, self._span(row[0])) if row else None

    def known(self, meter: str) -> dict[str, Series]:
        """Path -> series of a meter, remembered: for who writes, as of what is stored of them nothing is said.

        In the order in which they came, after a restart too: what is promised of them has the same numbers.
        """
        if meter not in self._paths:
            self._paths[meter] = {s.path: s for s in sorted(self.series(meter), key=lambda s: s.id)}
        return self._paths[meter]

    def add_series(self, meter: str, path: str, unit: str, kind: str) -> Series:
        """The series of that path, made in the open transaction where there is none."""
        known = self.known(meter)
        if path not in known:
            (number,) = self._db.execute(
                "INSERT INTO series (meter, path, unit, kind) VALUES (?, ?, ?, ?) RETURNING id",
                [self.number(meter), path, unit, kind],
            ).fetchone()
            known[path] = Series(number, meter, path, unit, kind, 0, 0)
        return known[path]

    def series_numbered(self, number: int) -> Series:
        """The series of that row; of when anything is stored of it nothing is said."""
        return _series(self._db.execute(_SERIES + " WHERE series.id = ?", [number]).fetchone(), (0, 0))

    def number(self, name: str) -> int:
        """The row of a meter; KeyError for one that is not known."""
        row = self._db.execute("SELECT id FROM meter WHERE name = ?", [name]).fetchone()
        if row is None:
            raise KeyError(name)
        return int(row[0])

    def _span(self, series: int) -> tuple[int, int]:
        found = [
            *self._db.execute(_SPAN, {"s": series}).fetchone(),
            *self._minutes.ends(series),
            *self._raw.ends(series),
        ]
        known = [time for time in found if time is not None]
        return min(known, default=0), max(known, default=0)


def _series(row: tuple[int, str, str, str, str], span: tuple[int, int]) -> Series:
    number, meter, path, unit, kind = row
    return Series(number, meter, path, unit, kind, *span)
