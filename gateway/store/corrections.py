"""Corrections: a stored point gets another value, the old one is kept as a record, and whoever had it is told.

A point is corrected as it is named, (series, granularity, time), together with the roll-ups that only repeat it (the
index at the end of its minute, at its quarter and half hour, at its midnight). Means and sums over it are points of
their own.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ReadingError
from gateway.store.points import Correction, Granularity, Point, Series, Value, offered, point
from gateway.store.recorder import iso
from gateway.store.spans import is_register
from gateway.store.terms import NoticeKind
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.journal import Journal
    from gateway.store.ledger_entries import LedgerEntries
    from gateway.store.meters import Meters
    from gateway.store.minutes import Minutes
    from gateway.store.outbox import Outbox
    from gateway.store.queue import QueuedRows
    from gateway.store.raw import RawGauges
    from gateway.store.transfers import Transfers

_VALUES = {
    Granularity.QUARTER: "SELECT value FROM coarse WHERE step = 900 AND series = ?1 AND time = ?2",
    Granularity.HALF_HOUR: "SELECT value FROM coarse WHERE step = 1800 AND series = ?1 AND time = ?2",
    Granularity.DAY: "SELECT value FROM coarse WHERE step = 86400 AND series = ?1 AND time = ?2",
}
# The row of a point by (series, time): its table, its other columns, where it is.
_ROWS_OF = {
    Granularity.RAW: ("reading", "value, quality", "series = ?1 AND time = ?2"),
    Granularity.MINUTE: ("minute", "samples, total, low, high, last, closed", "series = ?1 AND time = ?2"),
    Granularity.QUARTER: ("coarse", "value", "step = 900 AND series = ?1 AND time = ?2"),
    Granularity.HALF_HOUR: ("coarse", "value", "step = 1800 AND series = ?1 AND time = ?2"),
    Granularity.DAY: ("coarse", "value", "step = 86400 AND series = ?1 AND time = ?2"),
}
# An index at a half hour is stored as the mark of a quarter too.
_SAME_MARK = {Granularity.QUARTER: Granularity.HALF_HOUR, Granularity.HALF_HOUR: Granularity.QUARTER}
_LARGEST = 2**53
# Of a corrected minute the mean is all that is known: this many samples hold its tenths.
_SAMPLES = 10


@dataclass(eq=False)
class Corrections:
    """What was stored and turned out to be wrong."""

    _db: Transactions
    _meters: Meters
    _minutes: Minutes
    _raw: RawGauges
    _journal: Journal
    _transfers: Transfers
    _queue: QueuedRows
    _outbox: Outbox
    _entries: LedgerEntries

    @translated
    def rectify(
        self, meter: str, path: str, granularity: Granularity, time: int, value: str, now: float, by: str, reason: str
    ) -> list[Correction]:
        """Correct a point and what repeats it, send it again, queue the notices; the corrections.

        ReadingError when there is no such point, when the value cannot be one of it, or is the one that is stored.
        """
        series, before = self._stored(meter, path, granularity, time)
        after = _read_value(series, granularity, value)
        if after == before:
            raise ReadingError(f"{path} at {iso(time)}: {before} is stored already")
        with self._db.transaction():
            self._tell_ledger(series, granularity, time, after)
            return [
                self._correct(series, g, t, before, after, now, by, reason)
                for g, t in self._repeats(series, granularity, time, before)
            ]

    @translated
    def remove(
        self, meter: str, path: str, granularity: Granularity, time: int, now: float, by: str, reason: str
    ) -> list[Correction]:
        """Take a point and what repeats it away, and ask whoever had it to erase it; the corrections.

        What it was stays on record: ``restore`` brings it back. ReadingError when there is no such point.
        """
        series, before = self._stored(meter, path, granularity, time)
        with self._db.transaction():
            self._tell_ledger(series, granularity, time, None)
            return [
                self._take_away(series, g, t, before, now, by, reason)
                for g, t in self._repeats(series, granularity, time, before)
            ]

    @translated
    def restore(
        self, meter: str, path: str, granularity: Granularity, time: int, now: float, by: str
    ) -> list[Correction]:
        """Undo the last correction of a point, as a correction of its own; ReadingError when there is none."""
        last = next(
            (c for c in reversed(self.all()) if _is_of(c, meter, path, granularity, time)),
            None,
        )
        if last is None or last.before is None:
            raise ReadingError(f"{path} at {iso(time)}: was not corrected, or was put back already")
        with self._db.transaction():
            self._tell_ledger(last.point.series, granularity, time, last.before)
            if last.removed:
                found = [
                    self._put_back(c, now, by)
                    for c in self.all()
                    if c.removed and (c.point.series, c.at, c.before) == (last.point.series, last.at, last.before)
                    if self._value(c.point.series, c.point.granularity, c.point.time) is None
                ]
            else:
                series, value = self._stored(meter, path, granularity, time)
                found = [
                    self._correct(series, g, t, value, last.before, now, by, "", undo=True)
                    for g, t in self._repeats(series, granularity, time, value)
                ]
        return found

    def _tell_ledger(self, series: Series, granularity: Granularity, time: int, value: Value | None) -> None:
        # A minute says the index at its end, where no span ends.
        if granularity is not Granularity.MINUTE and is_register(series.path) and not isinstance(value, str):
            self._entries.correct(series, time, None if value is None else int(value))

    @translated
    def all(self) -> list[Correction]:
        """Every correction ever made, oldest first."""
        rows = self._db.execute(
            "SELECT series, granularity, time, before, after, at, given_by, reason FROM correction ORDER BY id"
        ).fetchall()
        return [
            Correction(
                point(
                    self._meters.series_numbered(series),
                    granularity,
                    time,
                    before if after is None else after,
                    rectified=True,
                ),
                *(before, *rest, after is None),
            )
            for series, granularity, time, before, after, *rest in rows
        ]

    def _stored(self, meter: str, path: str, granularity: Granularity, time: int) -> tuple[Series, Value]:
        """A series and the value of one of its points; ReadingError when there is none."""
        series = self._meters.named(meter, path)
        value = None if series is None else self._value(series, granularity, time)
        if series is None or value is None:
            raise ReadingError(f"{meter}: there is no {granularity.code} value of {path} at {iso(time)}")
        return series, value

    def _value(self, series: Series, granularity: Granularity, time: int) -> Value | None:
        if granularity is Granularity.MINUTE:
            for _, samples, total, _, _, last, closed in self._minutes.rows(series.id, time, time + 1):
                return (round(total / samples, 1) if samples else last) if closed else None
            return None
        if granularity is Granularity.RAW:
            return next((value for _, value, _ in self._raw.rows(series.id, time, time + 1)), None)
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
        elif granularity in _SAME_MARK and series.kind == "index":
            step = _SAME_MARK[granularity]
            if self._value(series, step, time) == value:
                found.append((step, time))
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
        *,
        undo: bool = False,
    ) -> Correction:
        self._let_change(series, granularity, time)
        table, names, where = _ROWS_OF[granularity]
        row = self._db.execute(f"SELECT {names} FROM {table} WHERE {where}", [series.id, time]).fetchone()  # noqa: S608
        # A row says more than its value: what a minute was made of, the last bit of a mean.
        former = self._former(series, granularity, time) if undo else None
        if former:
            marks = ", ".join(f"?{i}" for i in range(3, 3 + len(former)))
            self._db.execute(f"UPDATE {table} SET ({names}) = ({marks}) WHERE {where}", [series.id, time, *former])  # noqa: S608
        else:
            self._change_value(series, granularity, time, after)
        self._record(series, granularity, time, (before, after), now, by, reason, json.dumps(row))
        corrected = point(series, granularity, time, after, rectified=True)
        self._send_again(corrected, now, {"by": by, "reason": reason})
        return Correction(corrected, before, int(now), by, reason)

    def _take_away(
        self, series: Series, granularity: Granularity, time: int, before: Value, now: float, by: str, reason: str
    ) -> Correction:
        self._let_change(series, granularity, time)
        table, rest, where = _ROWS_OF[granularity]
        row = self._db.execute(f"DELETE FROM {table} WHERE {where} RETURNING {rest}", [series.id, time]).fetchone()  # noqa: S608
        self._record(series, granularity, time, (before, None), now, by, reason, json.dumps(row))
        self._queue.remove(series, granularity, time)
        # The point alone: what is finer and lies in its period is not wrong because of it.
        self._transfers.tell_past(
            NoticeKind.DATA_ERASED, series.meter, [series], time, time + 1, now, finest=granularity
        )
        gone = point(series, granularity, time, before, rectified=True)
        self._enter(gone, {"by": by, "reason": reason}, now, {"what": "removed"})
        return Correction(gone, before, int(now), by, reason, removed=True)

    def _put_back(self, removed: Correction, now: float, by: str) -> Correction:
        series, granularity, time = removed.point.series, removed.point.granularity, removed.point.time
        table, names, where = _ROWS_OF[granularity]
        values = self._former(series, granularity, time)
        assert values is not None  # noqa: S101 (a removal always keeps its row)
        columns = "series, time" + (", step" if "step" in where else "") + f", {names}"
        row = [series.id, time, *([int(granularity)] if "step" in where else []), *values]
        marks = ", ".join("?" * len(row))
        self._db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608 (built of constants)
        self._record(series, granularity, time, (None, removed.point.value), now, by, "")
        back = point(series, granularity, time, removed.point.value, rectified=True)
        self._send_again(back, now, {"by": by})
        return Correction(back, None, int(now), by, "")

    def _let_change(self, series: Series, granularity: Granularity, time: int) -> None:
        if granularity is Granularity.MINUTE:
            self._minutes.spread(series.id, time, time + 1)
        elif granularity is Granularity.RAW:
            self._raw.spread(series.id, time, time + 1)

    def _former(self, series: Series, granularity: Granularity, time: int) -> list[Value | None] | None:
        """The row that the last correction of a point replaced; None of one made by a version that kept no rows."""
        rest = self._db.execute(
            "SELECT rest FROM correction WHERE series = ? AND granularity = ? AND time = ? ORDER BY id DESC LIMIT 1",
            [series.id, granularity, time],
        ).fetchone()
        return json.loads(rest[0]) if rest and rest[0] else None

    def _record(
        self,
        series: Series,
        granularity: Granularity,
        time: int,
        values: tuple[Value | None, Value | None],
        now: float,
        by: str,
        reason: str,
        rest: str = "",
    ) -> None:
        self._db.execute(
            "INSERT INTO correction (series, granularity, time, before, after, at, given_by, reason, rest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [series.id, granularity, time, *values, int(now), by, reason, rest],
        )

    def _send_again(self, corrected: Point, now: float, personal: dict[str, str]) -> None:
        """Tell whoever had the point, and send it to them and to who waits for it."""
        series, granularity, time = corrected.series, corrected.granularity, corrected.time
        waiting = self._queue.remove(series, granularity, time)
        end = time + max(granularity, 1)
        told = self._transfers.tell_past(
            NoticeKind.DATA_RECTIFIED, series.meter, [series], time, end, now, finest=granularity
        )
        self._outbox.promise([corrected], now, {*told, *waiting})
        self._enter(corrected, personal, now)

    def _enter(
        self, corrected: Point, personal: dict[str, str], now: float, more: dict[str, int | str] | None = None
    ) -> None:
        series, time = corrected.series, corrected.time
        facts: dict[str, int | str] = {"meter": series.meter, "series": series.path, "points": 1}
        facts.update(more or {})
        facts |= {"granularity": corrected.granularity.code, "first": time, "last": time}
        self._journal.append("data-rectified", facts, {name: words for name, words in personal.items() if words}, now)

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


def _is_of(one: Correction, meter: str, path: str, granularity: Granularity, time: int) -> bool:
    found = one.point
    return (found.series.meter, found.series.path, found.granularity, found.time) == (meter, path, granularity, time)
