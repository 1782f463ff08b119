"""CSV that others' tools made of the customer account: Conso Downloader, curves with a clock time and no offset."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.household.past.account import ask_direction, meter_of
from gateway.household.past.curve import CurveRow, read_curve, watts
from gateway.household.past.tables import number, plain, time_of
from gateway.household.past.values import CONSUMPTION, HistoryFileError, PointFlag
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.household.past.values import Choices, PastBlock

_PRM = re.compile(r"PRM\s+([0-9]{1,14})\b")

_CUT = Phrase("line {line}: columns are missing; is the file cut off?")


def read_conso_downloader(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """Conso Downloader: start, end, and the mean power in kW, also where the first version's header says kWh."""
    direction = ask_direction(choices)
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) < 3:
            raise HistoryFileError(_CUT.filled(line=line))
        start, end = time_of(row[0], line=line), time_of(row[1], line=line)
        step = int((end - start).total_seconds()) if (end.tzinfo is None) == (start.tzinfo is None) else None
        value = watts(number(row[2], sign, line=line), "kW")
        found.append(CurveRow(start, value, step, PointFlag.STAMP_STATED))
    yield read_curve("conso-downloader-csv", None, direction, found, "start", choices)


def read_naive_end(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """``Horodate fin de pas;Puissance moyenne (W)``, below a line that names the meter."""
    meter = next((said for row in rows[:3] if row and (said := _PRM.search(row[0]))), None)
    found = []
    for line, row in enumerate(rows, start=1):
        if not any(row) or (line < 3 and not row[0][:1].isdecimal()):
            continue
        if len(row) < 2:
            raise HistoryFileError(_CUT.filled(line=line))
        found.append(CurveRow(time_of(row[0], line=line), number(row[1], sign, line=line)))
    number_of = meter_of(meter[1]) if meter else None
    yield read_curve("naive-end-csv", number_of, ask_direction(choices), found, choices.stamp or "end", choices)


def read_date_time(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """``Date;Time;Conso (W)``: ends of steps, 24:00 written 23:59:59."""
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) < 3:
            raise HistoryFileError(_CUT.filled(line=line))
        when = time_of(f"{row[0]} {row[1]}", line=line)
        if (when.hour, when.minute, when.second) == (23, 59, 59):
            when += timedelta(seconds=1)
        found.append(CurveRow(when, number(row[2], sign, line=line)))
    direction = CONSUMPTION if plain(rows[0][2]).startswith("conso") else ask_direction(choices)
    yield read_curve("naive-end-csv", None, direction, found, choices.stamp or "end", choices)
