"""What balances are made of beside the ledger: half hours of the load curve, breaks, what the tariff was called.

Energy itself is the ledger's (``ledger.py``); half hours are looked at where production is to be compared with it, for
the base load, and where former versions counted across a break.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.store.breaks import MAX_BOUNDARY_GAP_S, TOLD, Breaks, Told
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store.ledger import Ledger
    from gateway.store.meters import Meters
    from gateway.store.minutes import Minutes
    from gateway.store.points import Series, Value
    from gateway.store.raw import RawGauges

_LONGEST_DAY_S = 25 * 3600
_HALF_HOUR_S = 1800
_FOR_EVER = 2**62

# The index whose rise a load curve shows.
INDEX_OF = {f"{side}/power/active/raw": f"{side}/energy/active/index" for side in ("consumption", "production")}

_COARSE = "SELECT time, value FROM coarse WHERE series = ? AND step = ? AND time >= ? AND time <= ? ORDER BY time"

# Of texts the minutes keep each change; of one that never changes only the newest reading is left after years.
_SAID = (
    "SELECT time, value FROM reading WHERE series = ?1 UNION ALL SELECT time, last FROM minute WHERE series = ?1"
    " AND NOT EXISTS (SELECT 1 FROM reading WHERE series = ?1 AND time >= minute.time AND time < minute.time + 60)"
)
_TOLD = (
    "SELECT time, kind, series, detail FROM event JOIN meter ON meter.id = event.meter WHERE meter.name = ?"  # noqa: S608
    f" AND time >= ? AND time <= ? AND kind IN ({', '.join('?' * len(TOLD))}) ORDER BY time, event.id"
)


def events_of(db: Transactions, meter: str, start: int, end: int) -> list[Told]:
    """As ``EnergyRows.possible_breaks``."""
    rows = db.execute(_TOLD, [meter, start, end, *TOLD]).fetchall()
    return [(time, kind, series, json.loads(detail)) for time, kind, series, detail in rows]


@dataclass(eq=False)
class EnergyRows:
    """Indexes and half hours of a meter, as plain numbers: a year of them is read at once."""

    _db: Transactions
    _meters: Meters
    _minutes: Minutes
    _raw: RawGauges
    _ledger: Ledger

    @translated
    def possible_breaks(self, meter: str, start: int = 0, end: int = _FOR_EVER) -> list[Told]:
        """What was told of a meter in ``[start, end]`` that its indexes may end at (``Breaks.of``); in order."""
        return events_of(self._db, meter, start, end)

    def _newest(self, series: Series, time: int) -> list[tuple[int, Any]]:
        """What was read last until a moment, if anything was; of a minute the index at its end is kept."""
        minute = self._minutes.said_before(series.id, time)
        read = self._raw.newest(series.id, time)
        found = [*([read[:2]] if read else ()), *([minute] if minute else ())]
        return [max(found, key=_time)] if found else []

    @translated
    def half_hours(self, curve: Series, start: int, end: int) -> dict[int, int]:
        """Half hour in ``[start, end)`` -> Wh, of a load curve (mean W); none that spans a break of its index."""
        query = "SELECT time, value / 2 FROM coarse WHERE series = ? AND step = 1800 AND time >= ? AND time < ?"
        found = dict(self._db.execute(query, [curve.id, start, end]))
        for time in self.broken_half_hours(curve, start, end):
            found.pop(time, None)
        return found

    def broken_half_hours(self, curve: Series, start: int, end: int) -> set[int]:
        """The half hours in ``[start, end)`` that span a break of the index of a load curve, or touch a false mark."""
        path = INDEX_OF.get(curve.path)
        told = self.possible_breaks(curve.meter, start - _LONGEST_DAY_S, end + MAX_BOUNDARY_GAP_S) if path else []
        if path is None or not told:
            return set()
        breaks = Breaks.of(path, told)
        marked = breaks.at_half_hours()
        index = self._meters.named(curve.meter, path)
        broken = set()
        for first, last in breaks.moments:
            # A step that was shared out between two samples has a false mark before it.
            begin = first - MAX_BOUNDARY_GAP_S - _HALF_HOUR_S
            rows = self._db.execute(_COARSE, [index.id, _HALF_HOUR_S, begin, last]).fetchall() if index else []
            false = {time for time, value in rows if breaks.is_false((time, value))}
            for time in range(begin - begin % _HALF_HOUR_S, last + 1, _HALF_HOUR_S):
                until = time + _HALF_HOUR_S
                if marked.between(time, until) or time in false or until in false:
                    broken.add(time)
        near = [time for time in broken if start <= time < end]
        # Of a switched mode the ledger may know all the same.
        return {time for time in near if index is None or self._ledger.exact(index, time, time + _HALF_HOUR_S) is None}

    @translated
    def kept_days(self, meter: str, sources: int, start: int, end: int) -> dict[int, str]:
        """First second of a day in ``[start, end)`` -> what ``keep_days`` was given, as far as it still holds."""
        rows = self._db.execute(
            "SELECT day, told FROM kept_day WHERE day >= ? AND day < ? AND meter = ? AND sources = ?",
            [start, end, self._meters.number(meter), sources],
        )
        return dict(rows.fetchall())

    @translated
    def days_kept(self, meter: str, sources: int) -> set[int]:
        """First second of each day of which something is kept."""
        rows = self._db.execute(
            "SELECT day FROM kept_day WHERE meter = ? AND sources = ?", [self._meters.number(meter), sources]
        )
        return {day for (day,) in rows}

    @translated
    def keep_days(self, meter: str, sources: int, days: Mapping[int, str]) -> None:
        """Keep what days came to; what is kept of other ``sources`` was reckoned of what is no more."""
        number = self._meters.number(meter)
        with self._db.transaction():
            self._db.execute("DELETE FROM kept_day WHERE meter = ? AND sources <> ?", [number, sources])
            self._db.executemany(
                "INSERT OR REPLACE INTO kept_day VALUES (?, ?, ?, ?)",
                ([day, number, sources, told] for day, told in days.items()),
            )

    @translated
    def marks(self, index: Series, start: int, end: int) -> dict[int, int]:
        """Half hour in ``[start, end]`` -> an index as it was then, of whatever it counts."""
        return dict(self._db.execute(_COARSE, [index.id, _HALF_HOUR_S, start, end]).fetchall())

    @translated
    def newest(self, series: Series, now: int) -> tuple[int, Value] | None:
        """The latest value at or before a moment, with its time."""
        return next(iter(self._newest(series, now)), None)

    @translated
    def texts(self, series: Series) -> list[tuple[int, str]]:
        """(from when on, what it said), of a series of texts."""
        found: list[tuple[int, str]] = []
        for time, value in sorted((time, str(value)) for time, value in self._db.execute(_SAID, [series.id])):
            if not found or found[-1][1] != value:
                found.append((time, value))
        return found

    @translated
    def texts_beside(self, number: Series, text: Series) -> list[tuple[int, str, str]]:
        """(from when on, value of one text series, what the other said with it), whenever either of them changed."""
        said = [(time, 0, str(value)) for time, value in self._db.execute(_SAID, [text.id])]
        # What was first said of a text was so before as well: of one that never changes that may be all there is.
        beside, one = said[0][2] if said else None, None
        said += [(time, 1, str(value)) for time, value in self._db.execute(_SAID, [number.id])]
        # Of one moment what was said last.
        pairs = {}
        for time, is_number, value in sorted(said):
            if is_number:
                one = value
            else:
                beside = value
            if one is not None and beside is not None:
                pairs[time] = one, beside
        found: list[tuple[int, str, str]] = []
        before = None
        for time, pair in pairs.items():
            if pair != before:
                found.append((time, *pair))
                before = pair
        return found


def _time(row: tuple[int, object]) -> int:
    return row[0]
