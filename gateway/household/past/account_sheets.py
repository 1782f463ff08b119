"""XLSX of the Enedis customer account, since the end of 2024: daily values, half hours, indexes.

The header stands in some row of some sheet, and is looked for. Only the sheet's name tells the direction.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.household.past.account import ask_direction, meter_of
from gateway.household.past.clock import midnight_of
from gateway.household.past.curve import CurveRow, read_curve
from gateway.household.past.indexes import read_days, read_indexes
from gateway.household.past.tables import day, number, plain, time_of
from gateway.household.past.values import CONSUMPTION, PRODUCTION, HistoryFileError, PointFlag
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import date

    from gateway.household.past.sheets import BookSheet, Cell
    from gateway.household.past.values import Choices, PastBlock

    # Meter, direction, the columns by their names, the rows below the header with their numbers.
    Rows = Sequence[tuple[int, list[Cell]]]
    Reader = Callable[[str | None, str, dict[str, int], Rows, Choices], PastBlock]

_DAY = timedelta(days=1)
# The day that a spreadsheet counts as 0 (1900 is a leap year to it; nobody's history begins there).
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (a date of no clock)
_PRM = re.compile(r"[0-9]{1,14}")
# 2009 and 2100 (before 2010 there was no Linky meter).
_EARLIEST, _LATEST = 39_814, 73_051
_MINUTES = {300, 600, 900, 1800, 3600}

_NOTHING = Phrase("none of its sheets is one that the Enedis customer account writes ({names})")
_NO_DATA = Phrase("it holds no values")
_TWICE = Phrase("row {line}: {start} to {end} is not a step of 5, 10, 15, 30 or 60 minutes")


def read_book(sheets: Sequence[BookSheet], choices: Choices) -> Iterator[PastBlock]:
    """The block of each sheet that has values."""
    found = False
    for sheet in sheets:
        for place, row in enumerate(sheet.rows):
            columns = {plain(cell): at for at, cell in enumerate(row) if isinstance(cell, str) and cell}
            reader = _reader(columns)
            if reader:
                found = True
                rows = list(_below(sheet, place, columns.values()))
                if not rows:
                    raise HistoryFileError(_NO_DATA)
                yield reader(_meter(sheet), _direction(sheet.name, choices), columns, rows, choices)
                break
    if not found:
        raise HistoryFileError(_NOTHING.filled(names=", ".join(sheet.name[:40] for sheet in sheets)))


def _below(sheet: BookSheet, head: int, columns: Collection[int]) -> Iterator[tuple[int, list[Cell]]]:
    """The rows below a header with their numbers, as wide as it; a note beside or below the table is none."""
    width = max(columns) + 1
    for line, row in enumerate(sheet.rows[head + 1 :], start=head + 2):
        if any(row[at] for at in columns if at < len(row)):
            yield line, row + [None] * (width - len(row))


def _reader(columns: dict[str, int]) -> Reader | None:
    if {"date", "valeur (en kwh)"} <= columns.keys():
        return _days
    if {"debut", "fin", "valeur (en kw)"} <= columns.keys():
        return _half_hours
    return _indexes if {"date du tele-releve", "index totalisateur (en kwh)"} <= columns.keys() else None


def _direction(name: str, choices: Choices) -> str:
    words = plain(name).split()
    if "consommation" in words or "production" in words:
        return CONSUMPTION if "consommation" in words else PRODUCTION
    return ask_direction(choices)


def _meter(sheet: BookSheet) -> str | None:
    """The delivery point beside the words that announce it."""
    for row in sheet.rows[:30]:
        for place, cell in enumerate(row):
            if isinstance(cell, str) and "(prm)" in plain(cell):
                beside = [one for one in row[place + 1 :] if one is not None][:1]
                text = str(int(beside[0])) if beside and isinstance(beside[0], Decimal) else str(*beside)
                return meter_of(text) if _PRM.fullmatch(text.strip()) else None
    return None


def _days(meter: str | None, direction: str, columns: dict[str, int], rows: Rows, _: Choices) -> PastBlock:
    found = []
    for line, row in rows:
        value = _number(row, columns["valeur (en kwh)"], line)
        found.append((_date(row[columns["date"]], line), None if value is None else value * 1000, 0))
    return read_days("enedis-daily-xlsx", meter, direction, found, _DAY)


def _half_hours(meter: str | None, direction: str, columns: dict[str, int], rows: Rows, choices: Choices) -> PastBlock:
    found = []
    for line, row in rows:
        start, end = (_moment(row[columns[name]], line) for name in ("debut", "fin"))
        alike = (start.tzinfo is None) == (end.tzinfo is None)
        step = int((end - start).total_seconds()) % 3600 or 3600 if alike else 0
        if step not in _MINUTES or abs(end - start) > timedelta(hours=3):
            raise HistoryFileError(_TWICE.filled(line=line, start=start, end=end))
        value = _number(row, columns["valeur (en kw)"], line)
        found.append(CurveRow(start, None if value is None else value * 1000, step, PointFlag.STAMP_STATED))
    block = read_curve("enedis-halfhour-xlsx", meter, direction, found, "start", choices)
    block.stamp = "both"
    return block


def _indexes(meter: str | None, direction: str, columns: dict[str, int], rows: Rows, _: Choices) -> PastBlock:
    found = []
    for line, row in rows:
        value = _number(row, columns["index totalisateur (en kwh)"], line)
        at = midnight_of(_date(row[columns["date du tele-releve"]], line))
        found.append((at, None if value is None else value * 1000, PointFlag.READ | PointFlag.ROUNDED))
    return read_indexes("enedis-index-xlsx", meter, direction, found)


def _number(row: list[Cell], column: int, line: int) -> Decimal | None:
    cell = row[column] if column < len(row) else None
    if isinstance(cell, Decimal):
        return None if cell == -1 else cell
    return number(cell or "", line=line)


def _date(cell: Cell, line: int) -> date:
    return _moment(cell, line).date() if isinstance(cell, Decimal) else day(cell or "", line=line)


def _moment(cell: Cell, line: int) -> datetime:
    if isinstance(cell, Decimal) and _EARLIEST < cell < _LATEST:
        return _DAY_ZERO + timedelta(seconds=round(cell * 86_400))
    return time_of(str(cell or ""), line=line)
