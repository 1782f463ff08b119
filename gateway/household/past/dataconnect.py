"""JSON of Enedis' DataConnect (v5, and v3 of 2019-20), as tools and services hand it on.

The direction stands in the address that was asked and not in the answer. Stamps are local, at the end of each step; in
the sandbox and in mocks they are at the start, which the first and last of a whole day show.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.household.past.account import ask_direction, meter_of, nature_of, step_of
from gateway.household.past.clock import local_day, midnight_of
from gateway.household.past.curve import CurveRow, read_curve, watts
from gateway.household.past.indexes import read_days, read_spans
from gateway.household.past.tables import day, number, time_of
from gateway.household.past.values import MAXIMUM, HistoryFileError, PointFlag
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from gateway.household.past.values import Choices, PastBlock, Stamp

_DAY = timedelta(days=1)
_MOST_ROWS, _DEEPEST = 500_000, 40

_ERRORS = {
    "ADAM-ERR0123": Phrase(
        "an answer without data: Enedis gives nothing from before the meter's last activation (ADAM-ERR0123)"
    ),
    "ADAM-ERR0126": Phrase("an answer without data: more than seven days were asked for (ADAM-ERR0126)"),
    "no_data_found": Phrase("an answer without data: Enedis has none for that period (no_data_found)"),
}
_ERROR = Phrase("an answer without data: {error}")
_NOT_IT = Phrase("it is JSON, but not of DataConnect, R63 or R64")
_NO_ROWS = Phrase("it holds no values")
_UNIT = Phrase("the unit {unit!r} is not known for this kind of data")
_TOO_MANY = Phrase("it has more than {most} rows")
_BAD_ROW = Phrase("value {place}: its date, rank or length cannot be read")


def readings_of(found: object, depth: int = 0) -> list[dict[str, Any]]:
    """Every ``meter_reading`` in an answer, in a list of answers, or in v3's ``usage_point``."""
    if depth > _DEEPEST:
        return []
    if isinstance(found, list):
        return [one for item in found[:1000] for one in readings_of(item, depth + 1)]
    if not isinstance(found, dict):
        return []
    inner = found.get("meter_reading")
    if isinstance(inner, dict):
        return [inner]
    if "usage_point" in found:
        return readings_of(found["usage_point"], depth + 1)
    return [found] if isinstance(found.get("interval_reading"), list) else []


def read_dataconnect(found: object, choices: Choices) -> Iterator[PastBlock]:
    """The block of each reading in an answer; HistoryFileError with Enedis' reason for one without data."""
    if isinstance(found, dict) and "error" in found:
        code = str(found["error"])[:60]
        raise HistoryFileError(_ERRORS.get(code, _ERROR.filled(error=same(code))))
    readings = readings_of(found)
    if not readings:
        raise HistoryFileError(_NOT_IT)
    for reading in readings:
        yield _block(reading, choices)


def _block(reading: dict[str, Any], choices: Choices) -> PastBlock:
    rows = reading.get("interval_reading")
    kind = reading.get("reading_type")
    unit = str(kind.get("unit", "")) if isinstance(kind, dict) else ""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise HistoryFileError(_NO_ROWS)
    if len(rows) > _MOST_ROWS:
        raise HistoryFileError(_TOO_MANY.filled(most=_MOST_ROWS))
    direction, meter = ask_direction(choices), meter_of(str(reading.get("usage_point_id", "")))
    if unit == "W" and "rank" in rows[0]:
        return _ranked(reading, rows, meter, direction, choices)
    if unit == "W":
        return _curve(rows, meter, direction, choices)
    if unit == "VA":
        maxima = [(_second(row), 0, value, 0) for row in rows if (value := _value(row)) is not None]
        return read_spans("dataconnect-max", meter, f"{direction}/{MAXIMUM}", maxima)
    if unit == "Wh":
        days = [(day(str(row.get("date", ""))), _value(row), 0) for row in rows]
        return read_days("dataconnect-daily", meter, direction, days, _DAY)
    raise HistoryFileError(_UNIT.filled(unit=unit[:20]))


def _value(row: dict[str, Any]) -> Decimal | None:
    value = row.get("value")
    return None if value is None else number(str(value))


def _second(row: dict[str, Any]) -> int:
    return int(time_of(str(row.get("date", ""))).replace(tzinfo=PARIS).timestamp())


def _curve(rows: Sequence[dict[str, Any]], meter: str | None, direction: str, choices: Choices) -> PastBlock:
    found = []
    for row in rows:
        flags = nature_of(str(row.get("measure_type", "")))
        step = step_of(str(row.get("interval_length") or ""))
        found.append(CurveRow(time_of(str(row.get("date", ""))), watts(_value(row), "W"), step, flags))
    stamp, how = stamp_of(found, choices)
    found = [CurveRow(row.stamp, row.watts, row.step, row.flags | how) for row in found]
    return read_curve("dataconnect-curve", meter, direction, found, stamp, choices)


def stamp_of(rows: Sequence[CurveRow], choices: Choices) -> tuple[Stamp, int]:
    """Ends, unless the household says otherwise, or a first 00:00 and a last step before 24:00 show that they start."""
    if choices.stamp:
        return choices.stamp, PointFlag.STAMP_ASKED
    clock = [row.stamp.replace(tzinfo=None) for row in rows]
    first, last = min(clock), max(clock)
    begins = (first.hour, first.minute) == (0, 0)
    if begins and last.hour == 23 and last.minute in (0, 30, 45, 50, 55) and len(rows) > 20:
        return "start", PointFlag.STAMP_PROVED
    return "end", PointFlag.STAMP_PROVED if not begins and (last.hour, last.minute) == (0, 0) else 0


def _ranked(
    reading: dict[str, Any], rows: Sequence[dict[str, Any]], meter: str | None, direction: str, choices: Choices
) -> PastBlock:
    """v3: ranks from 1 at the local midnight of the first day, in real time; a rank that is not there is a hole."""
    begin, end = (midnight_of(day(str(reading.get(name, "")))) for name in ("start", "end"))
    found = []
    for place, row in enumerate(rows, start=1):
        step, rank = step_of(str(row.get("interval_length", ""))), row.get("rank")
        # Two months of five minutes: more was never in an answer.
        if step is None or not isinstance(rank, int) or not 1 <= rank <= 20_000:
            raise HistoryFileError(_BAD_ROW.filled(place=place))
        stamp = datetime.fromtimestamp(begin + (rank - 1) * step, PARIS)
        found.append(CurveRow(stamp, watts(_value(row), "W"), step, PointFlag.STAMP_STATED))
    block = read_curve("dataconnect-v3-curve", meter, direction, found, "start", choices)
    if block.points and local_day(block.first) == local_day(begin):
        step = block.points[0].step
        block.counts["missing"] += max(0, (end - begin) // step - len(block.points) - block.counts["missing"])
    return block
