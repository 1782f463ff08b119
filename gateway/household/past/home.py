"""Exports of what stands in homes: Home Assistant and emoncms, which know instants, hours, and seldom a unit."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.household.past.account import ask_direction
from gateway.household.past.clock import moments
from gateway.household.past.curve import CurveRow, read_curve, watts
from gateway.household.past.indexes import read_indexes
from gateway.household.past.tables import number, time_of
from gateway.household.past.values import CURVE, HistoryFileError, PastBlock, PastPoint, PointFlag
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from gateway.household.past.values import Choices

_HOUR_S = 3600
_TAIL = re.compile(r"[0-9]{3}(\.[0-9]+)?")
_DATE = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4}) ([0-9]{2}:[0-9]{2})")

_UNIT = Phrase("it does not say the unit of its values: add --unit {known}")
_STAMP = Phrase("it does not say whether a time is the start or the end of a step: add --stamp start, or --stamp end")
_SEVERAL = Phrase("it has several sensors ({names}): export one alone")
_NO_ENERGY = Phrase("its unit {unit!r} is not one of energy")
_CUT = Phrase("line {line}: columns are missing; is the file cut off?")
_NO_SECONDS = Phrase("line {line}: {text!r} is not a time in seconds")


def read_states(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """Home Assistant's history: states of an index as they changed, in UTC."""
    if choices.unit not in ("Wh", "kWh"):
        raise HistoryFileError(_UNIT.filled(known="kWh, or --unit Wh"))
    direction, scale = ask_direction(choices), 1000 if choices.unit == "kWh" else 1
    _one_sensor(rows[1:])
    found = []
    for line, row in _lines(rows, 3):
        value = _decimal(row[1], sign, line)
        at = int(time_of(row[2].replace("Z", "+00:00"), line=line).timestamp())
        found.append((at, None if value is None else value * scale, 0))
    yield read_indexes("ha-history-csv", None, direction, found, dated=False)


def read_statistics(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """Home Assistant's statistics: of each hour the state at its end; ``sum`` has a zero of its own, left aside."""
    direction = ask_direction(choices)
    _one_sensor(rows[1:])
    stamps, states = [], []
    for line, row in _lines(rows, 4):
        if row[1] not in ("kWh", "Wh"):
            raise HistoryFileError(_NO_ENERGY.filled(unit=row[1][:20]))
        value = _decimal(row[3], sign, line)
        states.append(None if value is None else value * (1000 if row[1] == "kWh" else 1))
        written = _DATE.fullmatch(row[2])
        stamps.append(time_of(f"{written[3]}-{written[2]}-{written[1]} {written[4]}" if written else row[2], line=line))
    at = moments(stamps, choices)
    block = PastBlock("ha-statistics-tsv", None, f"{direction}/{CURVE}", stamp="start")
    block.counts["missing"] = sum(state is None for state in states)
    block.counts["ambiguous"] = sum(one.ambiguous for one in at)
    block.counts["hours"] = len(at)
    known = sorted({one.at: state for one, state in zip(at, states, strict=True) if state is not None}.items())
    for (before, low), (start, high) in pairwise(known):
        if start - before != _HOUR_S:
            block.holes.append((before + _HOUR_S, start + _HOUR_S))
        elif high < low:
            block.breaks.append(start)
        else:
            block.points.append(PastPoint(start, _HOUR_S, round(high - low), int(PointFlag.DERIVED)))
    if block.points:
        block.first, block.last = block.points[0].start, block.points[-1].start + _HOUR_S
    yield block


def read_emoncms(rows: Sequence[Sequence[str]], _: str, choices: Choices) -> Iterator[PastBlock]:
    """emoncms: seconds since 1970 and a power; a comma between thousands makes a third column, and is taken back."""
    if choices.unit not in ("W", "kW"):
        raise HistoryFileError(_UNIT.filled(known="W, or --unit kW"))
    if choices.stamp is None:
        raise HistoryFileError(_STAMP)
    direction, found = ask_direction(choices), []
    for line, row in enumerate(rows, start=1):
        if not any(row):
            continue
        cells = list(row)
        if len(cells) == 3 and _TAIL.fullmatch(cells[2]) and cells[1].isdecimal() and len(cells[1]) <= 3:
            cells = [cells[0], cells[1] + cells[2]]
        elif len(cells) == 2 and re.fullmatch(r"[0-9]{1,3},[0-9]{3}(\.[0-9]+)?", cells[1]):
            cells[1] = cells[1].replace(",", "")
        if len(cells) != 2:
            raise HistoryFileError(_CUT.filled(line=line))
        if not (cells[0].isascii() and cells[0].isdecimal() and 9 <= len(cells[0]) <= 10):
            raise HistoryFileError(_NO_SECONDS.filled(line=line, text=cells[0][:20]))
        value = watts(number(cells[1], line=line), choices.unit)
        stamp = datetime.fromtimestamp(int(cells[0]), PARIS)
        found.append(CurveRow(stamp, value, None, PointFlag.STAMP_ASKED))
    yield read_curve("emoncms-csv", None, direction, found, choices.stamp, choices)


def _lines(rows: Sequence[Sequence[str]], cells: int) -> Iterator[tuple[int, Sequence[str]]]:
    for line, row in enumerate(rows[1:], start=2):
        if any(row):
            if len(row) < cells:
                raise HistoryFileError(_CUT.filled(line=line))
            yield line, row


def _decimal(text: str, sign: str, line: int) -> Decimal | None:
    """As ``number``: these always write a point."""
    return number(text, ";" if "," not in text else sign, line=line)


def _one_sensor(rows: Sequence[Sequence[str]]) -> None:
    names = sorted({row[0] for row in rows if row and row[0]})
    if len(names) > 1:
        raise HistoryFileError(_SEVERAL.filled(names=", ".join(name[:40] for name in names[:5])))
