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


def _whole_rows(rows: Sequence[Sequence[str]], *, first: int, columns: int) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows that say something from that line on, with their lines; HistoryFileError where one is cut off."""
    for line, row in enumerate(rows[first - 1 :], start=first):
        if not any(row):
            continue
        if len(row) < columns:
            raise HistoryFileError(_CUT.filled(line=line))
        yield line, row


def read_conso_downloader(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """Conso Downloader: start, end, and the mean power in kW, also where the first version's header says kWh."""
    direction = ask_direction(choices)
    found = []
    for line, row in _whole_rows(rows, first=2, columns=3):
        start, end = time_of(row[0], line=line), time_of(row[1], line=line)
        step = int((end - start).total_seconds()) if (end.tzinfo is None) == (start.tzinfo is None) else None
        value = watts(number(row[2], sign, line=line), "kW")
        found.append(CurveRow(start, value, step, PointFlag.STAMP_STATED))
    yield read_curve("conso-downloader-csv", None, direction, found, "start", choices)


def read_naive_end(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """``Horodate fin de pas;Puissance moyenne (W)``, below a line that names the meter."""
    meter = next((said for row in rows[:3] if row and (said := _PRM.search(row[0]))), None)
    found = []
    # The meter's name and the header are above, or are not there.
    above = next((line for line, row in enumerate(rows[:2]) if any(row) and row[0][:1].isdecimal()), 2)
    for line, row in _whole_rows(rows, first=above + 1, columns=2):
        found.append(CurveRow(time_of(row[0], line=line), number(row[1], sign, line=line)))
    number_of = meter_of(meter[1]) if meter else None
    yield read_curve("naive-end-csv", number_of, ask_direction(choices), found, choices.stamp or "end", choices)


def read_date_time(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """``Date;Time;Conso (W)``: ends of steps, 24:00 written 23:59:59."""
    found = []
    for line, row in _whole_rows(rows, first=2, columns=3):
        when = time_of(f"{row[0]} {row[1]}", line=line)
        if (when.hour, when.minute, when.second) == (23, 59, 59):
            when += timedelta(seconds=1)
        found.append(CurveRow(when, number(row[2], sign, line=line)))
    direction = CONSUMPTION if plain(rows[0][2]).startswith("conso") else ask_direction(choices)
    yield read_curve("naive-end-csv", None, direction, found, choices.stamp or "end", choices)
