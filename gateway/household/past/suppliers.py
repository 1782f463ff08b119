"""Exports of suppliers: EDF, TotalEnergies, Octopus, Mint, and the distributor of Strasbourg.

Suppliers work over what Enedis gives them, and nobody outside knows how: their values rank behind the distributor's.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.household.past.account import ask_direction
from gateway.household.past.clock import midnight_of
from gateway.household.past.curve import CurveRow, read_curve, watts
from gateway.household.past.indexes import read_days, read_indexes, read_spans
from gateway.household.past.tables import day, number, plain, time_of
from gateway.household.past.values import CONSUMPTION, PERIODS, HistoryFileError, PointFlag
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.household.past.values import Choices, PastBlock

_DAY = timedelta(days=1)
_PERIOD = re.compile(r"du ([0-9]{2})/([0-9]{2})/([0-9]{2}) au ([0-9]{2})/([0-9]{2})/([0-9]{2})")

_CUT = Phrase("line {line}: columns are missing; is the file cut off?")
_NO_DATE_YET = Phrase("line {line}: a time with no date above it")
_NO_PERIOD = Phrase("line {line}: {text!r} is not a period from one date to another")
_STAMP = Phrase(
    "it does not say whether a time is the start or the end of its half hour: add --stamp start, or --stamp end; with"
    " the indexes imported first, the wrong one is found out"
)


def _rows(rows: Sequence[Sequence[str]], first: int, cells: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Line and cells from the ``first`` row on, without blank ones."""
    for line, row in enumerate(rows[first:], start=first + 1):
        if any(row):
            if len(row) < cells:
                raise HistoryFileError(_CUT.filled(line=line))
            yield line, row


def _nature(text: str) -> int:
    return {"reelle": PointFlag.READ, "reel": PointFlag.READ, "estimee": PointFlag.ESTIMATED}.get(plain(text), 0)


def read_edf_half_hours(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """EDF's powers: a date, then its steps newest first; 00:00:00 at the top is 24:00 of that date."""
    today: date | None = None
    found = []
    for line, row in _rows(rows, _below(rows, "date et heure de releve par le distributeur"), 2):
        if not row[1] and "/" in row[0]:
            today = day(row[0], line=line)
            continue
        if today is None:
            raise HistoryFileError(_NO_DATE_YET.filled(line=line))
        when = time_of(f"{today.isoformat()} {row[0]}", line=line)
        if (when.hour, when.minute, when.second) == (0, 0, 0):
            when += _DAY
        nature = _nature(row[2]) if len(row) > 2 else 0
        found.append(CurveRow(when, number(row[1], sign, line=line), None, nature))
    yield read_curve("edf-30min-csv", None, CONSUMPTION, found, choices.stamp or "end", choices)


def _below(rows: Sequence[Sequence[str]], head: str) -> int:
    """The place of the first row below a header."""
    for place, row in enumerate(rows[:10]):
        if row and plain(row[0]) == head:
            return place + 1
    raise HistoryFileError(_CUT.filled(line=1))


def read_edf_days(rows: Sequence[Sequence[str]], sign: str, _: Choices) -> Iterator[PastBlock]:
    """EDF's daily energy, with two decimals of a kWh."""
    found = []
    for line, row in _rows(rows, _below(rows, "date de consommation"), 2):
        value = number(row[1], sign, line=line)
        flags = PointFlag.ROUNDED | (_nature(row[2]) if len(row) > 2 else 0)
        found.append((day(row[0], line=line), None if value is None else value * 1000, flags))
    yield read_days("edf-daily-csv", None, CONSUMPTION, found, _DAY)


def read_edf_indexes(rows: Sequence[Sequence[str]], sign: str, _: Choices) -> Iterator[PastBlock]:
    """EDF's registers in whole kWh, added up to the total."""
    first = _below(rows, "date de releve")
    registers = [place for place, name in enumerate(map(plain, rows[first - 1])) if name.startswith("index")]
    found = []
    for line, row in _rows(rows, first, max(registers, default=1) + 1):
        read = [number(row[place], sign, line=line) for place in registers]
        known = [value for value in read if value is not None]
        total = sum(known, Decimal(0)) * 1000 if known and len(known) == len(read) else None
        nature = _nature(row[registers[-1] + 1]) if registers and len(row) > registers[-1] + 1 else 0
        found.append((midnight_of(day(row[0], line=line)), total, int(nature | PointFlag.ROUNDED)))
    yield read_indexes("edf-index-csv", None, CONSUMPTION, found)


def read_total_energies(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """TotalEnergies: the energy of each half hour, not its power; of which end its time is, is not stated."""
    if choices.stamp is None:
        raise HistoryFileError(_STAMP)
    found = []
    for line, row in _rows(rows, 1, 2):
        value = watts(number(row[1], sign, line=line), "Wh" if plain(row[1]).endswith(" wh") else "kWh", 1800)
        found.append(CurveRow(time_of(row[0], line=line), value, 1800, PointFlag.STAMP_ASKED))
    yield read_curve("totalenergies-csv", None, CONSUMPTION, found, choices.stamp, choices)


def read_octopus(rows: Sequence[Sequence[str]], sign: str, _: Choices) -> Iterator[PastBlock]:
    """Octopus: daily energy; a nature of ``-`` says nothing, euros are left aside."""
    found, unknown = [], 0
    for line, row in _rows(rows, 1, 4):
        value = number(row[1], sign, line=line)
        unknown += row[3] == "-"
        found.append((day(row[0], line=line), None if value is None else value * 1000, _nature(row[3])))
    block = read_days("octopus-daily-csv", None, CONSUMPTION, found, _DAY)
    block.counts["unknown"] = unknown
    yield block


def read_mint(rows: Sequence[Sequence[str]], sign: str, _: Choices) -> Iterator[PastBlock]:
    """Mint: whole kWh of a period, both ends included. A period stays one: it has no days."""
    found: list[tuple[int, int, Decimal, int]] = []
    for line, row in _rows(rows, 1, 2):
        period = _PERIOD.fullmatch(row[0])
        if period is None:
            raise HistoryFileError(_NO_PERIOD.filled(line=line, text=row[0][:40]))
        first, last = (_short_date(period, place, line) for place in (1, 4))
        start, end = midnight_of(first), midnight_of(last + _DAY)
        values = [number(cell, sign, line=line) for cell in row[1:]]
        known = [value for value in values if value is not None]
        if end <= start:
            raise HistoryFileError(_NO_PERIOD.filled(line=line, text=row[0][:40]))
        if known:
            found.append((start, end - start, sum(known, Decimal(0)) * 1000, int(PointFlag.ROUNDED)))
    yield read_spans("mint-periods-csv", None, f"{CONSUMPTION}/{PERIODS}", found)


def _short_date(period: re.Match[str], place: int, line: int) -> date:
    return day(f"{period[place]}/{period[place + 1]}/20{period[place + 2]}", line=line)


def read_strasbourg(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """Strasbourg Électricité Réseaux: starts of steps; 00:00 stands on the same date, at its beginning."""
    direction = ask_direction(choices)
    found = []
    for line, row in _rows(rows, 1, 5):
        found.append(CurveRow(time_of(f"{row[0]} {row[1]}", line=line), number(row[4], sign, line=line)))
    yield read_curve("ser-curve-csv", None, direction, found, choices.stamp or "start", choices)
