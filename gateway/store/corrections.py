"""Corrections: a stored point gets another value, the old one is kept as a record, and whoever had it is told.

A point is corrected as it is named, (series, granularity, time), together with the roll-ups that only repeat it (the
index at the end of its minute, at its half hour, at its midnight). Means and sums over it are points of their own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gateway.errors import ReadingError
from gateway.store.outbox import Outbox
from gateway.store.points import Correction, Granularity, offered
from gateway.store.recorder import iso
from gateway.store.tables import point, translated
from gateway.store.terms import NoticeKind

if TYPE_CHECKING:
    from gateway.store.points import Series, Value

_VALUES = {
    Granularity.RAW: "SELECT value FROM reading WHERE series = ?1 AND time = ?2",
    Granularity.MINUTE: "SELECT CASE WHEN samples THEN round(total * 1.0 / samples, 1) ELSE last END FROM minute"
    " WHERE closed = 1 AND series = ?1 AND time = ?2",
    Granularity.HALF_HOUR: "SELECT value FROM coarse WHERE step = 1800 AND series = ?1 AND time = ?2",
    Granularity.DAY: "SELECT value FROM coarse WHERE step = 86400 AND series = ?1 AND time = ?2",
}
_LARGEST = 2**53
# Of a corrected minute the mean is all that is known: this many samples hold its tenths.
_SAMPLES = 10


class Corrections(Outbox):
    """What was stored and turned out to be wrong."""

    @translated
    def rectify(
        self, meter: str, path: str, granularity: Granularity, time: int, value: str, now: float, by: str, reason: str
    ) -> list[Correction]:
        """Correct a point and what repeats it, send it again, queue the notices; the corrections.

        ReadingError when there is no such point, when the value cannot be one of it, or is the one that is stored.
        """
        series = next((s for s in self.series(meter) if s.path == path), None)
        before = None if series is None else self._value(series, granularity, time)
        if series is None or before is None:
            raise ReadingError(f"{meter}: there is no {granularity.code} value of {path} at {iso(time)}")
        after = _read_value(series, granularity, value)
        if after == before:
            raise ReadingError(f"{path} at {iso(time)}: {before} is stored already")
        self.begin()
        found = [
            self._correct(series, g, t, before, after, now, by, reason)
            for g, t in self._repeats(series, granularity, time, before)
        ]
        self.commit()
        return found

    @translated
    def corrections(self) -> list[Correction]:
        """Every correction ever made, oldest first."""
        rows = self._db.execute(
            "SELECT series, granularity, time, before, after, at, given_by, reason FROM correction ORDER BY id"
        ).fetchall()
        return [
            Correction(point(self._series_by_id(series), granularity, time, after, rectified=True), before, *rest)
            for series, granularity, time, before, after, *rest in rows
        ]

    def _value(self, series: Series, granularity: Granularity, time: int) -> Value | None:
        row = self._db.execute(_VALUES[granularity], [series.id, time]).fetchone()
        return row[0] if row else None

    def _repeats(
        self, series: Series, granularity: Granularity, time: int, value: Value
    ) -> list[tuple[Granularity, int]]:
        """The point itself, and the roll-ups of an index or a text that say the same of the same moment."""
        found = [(granularity, time)]
        if granularity is Granularity.RAW and series.kind in ("index", "text"):
            for step in offered(series.kind)[1:]:
                start = time - time % step if step is Granularity.MINUTE else time
                if self._value(series, step, start) == value:
                    found.append((step, start))
        return found

    def _correct(
        self,
        series: Series,
        granularity: Granularity,
        time: int,
        before: Value,
        after: Value,
        now: float,
        by: str,
        reason: str,
    ) -> Correction:
        self._change_value(series, granularity, time, after)
        self._db.execute(
            "INSERT INTO correction (series, granularity, time, before, after, at, given_by, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [series.id, granularity, time, before, after, int(now), by, reason],
        )
        corrected = point(series, granularity, time, after, rectified=True)
        waiting = self._db.execute(
            "SELECT DISTINCT jid FROM outbox JOIN recipient ON recipient.id = recipient"
            " WHERE series = ? AND granularity = ? AND time = ?",
            [series.id, granularity, time],
        ).fetchall()
        self._db.execute(
            "DELETE FROM outbox WHERE series = ? AND granularity = ? AND time = ?", [series.id, granularity, time]
        )
        end = time + max(granularity, 1)
        told = self._tell_past(NoticeKind.DATA_RECTIFIED, series.meter, [series], time, end, now, finest=granularity)
        self._promise_to({*told, *(jid for (jid,) in waiting)}, [corrected], now)
        facts: dict[str, int | str] = {"meter": series.meter, "series": series.path, "granularity": granularity.code}
        facts |= {"first": time, "last": time, "points": 1}
        personal = {"by": by, "reason": reason}
        self.journal.append("data-rectified", facts, {name: words for name, words in personal.items() if words}, now)
        return Correction(corrected, before, int(now), by, reason)

    def _change_value(self, series: Series, granularity: Granularity, time: int, after: Value) -> None:
        if granularity is Granularity.RAW:
            self._db.execute("UPDATE reading SET value = ? WHERE series = ? AND time = ?", [after, series.id, time])
        elif granularity is not Granularity.MINUTE:
            row = [after, series.id, granularity, time]
            self._db.execute("UPDATE coarse SET value = ? WHERE series = ? AND step = ? AND time = ?", row)
        elif series.kind == "gauge":
            assert not isinstance(after, str)  # noqa: S101 (a gauge is a number)
            row = [_SAMPLES, round(after * _SAMPLES), math.floor(after), math.ceil(after), series.id, time]
            self._db.execute(
                "UPDATE minute SET samples = ?1, total = ?2, low = min(low, ?3), high = max(high, ?4)"
                " WHERE series = ?5 AND time = ?6",
                row,
            )
        else:
            self._db.execute("UPDATE minute SET last = ? WHERE series = ? AND time = ?", [after, series.id, time])


def _read_value(series: Series, granularity: Granularity, text: str) -> Value:
    """A value that the point may have: means have tenths, everything else is whole."""
    if series.kind == "text":
        if not text.isprintable() or not text:
            raise ReadingError(f"{series.path}: is a text; a character of the new one cannot be shown")
        return text
    mean = series.kind == "gauge" and granularity is not Granularity.RAW
    try:
        number = float(text) if mean else int(text)
    except ValueError as error:
        form = "a number such as 230.5" if mean else "a whole number"
        raise ReadingError(f"{series.path}: {text!r} is no value of it; write {form} in {series.unit}") from error
    if not abs(number) < _LARGEST or (series.kind == "index" and number < 0):
        raise ReadingError(f"{series.path}: {text!r} is no value of it")
    return round(number, 1)
