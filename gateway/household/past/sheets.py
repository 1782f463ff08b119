"""XLSX: the cells of each sheet as text or numbers, with the standard library alone.

Of a spreadsheet a history needs texts, numbers and which row and column they are in. openpyxl reads all of it, and
takes 38 MB to be imported, which a Zero does not have beside the gateway; this is a hundred lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from gateway.household.past.elements import Element, parse_xml
from gateway.household.past.values import HistoryFileError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

Cell = str | Decimal | None

_MOST_SHEETS, _MOST_ROWS, _MOST_COLUMNS = 20, 200_000, 100
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]+")

_TOO_MANY = Phrase("it is a spreadsheet with too many sheets or rows")


@dataclass(frozen=True, slots=True)
class BookSheet:
    """One sheet: its name, and the cells of each row that is written, from column A on."""

    name: str
    rows: list[list[Cell]]


def read_sheets(member: Callable[[str], bytes]) -> list[BookSheet]:
    """The sheets in their order.

    Args:
        member: the bytes of a member of the file, KeyError where there is none.
    """
    book = parse_xml(member("xl/workbook.xml"))
    related = parse_xml(member("xl/_rels/workbook.xml.rels"))
    places = {one.attributes.get("Id", ""): one.attributes.get("Target", "") for one in related.all("Relationship")}
    try:
        shared = [_text(one) for one in parse_xml(member("xl/sharedStrings.xml")).all("si")]
    except KeyError:
        shared = []
    named = [one for part in book.all("sheets") for one in part.all("sheet")]
    if len(named) > _MOST_SHEETS:
        raise HistoryFileError(_TOO_MANY)
    found = []
    for one in named:
        target = places.get(one.attributes.get("id", ""), "").lstrip("/")
        path = target if target.startswith("xl/") else f"xl/{target}"
        found.append(BookSheet(one.attributes.get("name", ""), _rows(parse_xml(member(path)), shared)))
    return found


def _rows(sheet: Element, shared: list[str]) -> list[list[Cell]]:
    rows = [row for data in sheet.all("sheetData") for row in data.all("row")]
    if len(rows) > _MOST_ROWS:
        raise HistoryFileError(_TOO_MANY)
    found = []
    for row in rows:
        cells: list[Cell] = []
        for cell in row.all("c"):
            reference = _REFERENCE.fullmatch(cell.attributes.get("r", ""))
            column = _column(reference[1]) if reference else len(cells)
            if column < _MOST_COLUMNS:
                cells += [None] * (column + 1 - len(cells))
                cells[column] = _value(cell, shared)
        found.append(cells)
    return found


def _value(cell: Element, shared: list[str]) -> Cell:
    kind, written = cell.attributes.get("t", "n"), cell.said("v")
    if kind == "inlineStr":
        inline = cell.find("is")
        return _text(inline) if inline else None
    if not written:
        return None
    if kind == "s":
        place = int(written) if written.isdecimal() else len(shared)
        return shared[place] if place < len(shared) else None
    if kind == "n":
        try:
            # What a program wrote as a binary fraction (24.297000000000001) was so many digits before.
            number = Decimal(written)
            return round(number, 9).normalize() if number.is_finite() and number.adjusted() < 15 else None
        except InvalidOperation:
            return written
    return written


def _text(element: Element) -> str:
    """A text, in one piece or in runs of a font each."""
    return element.said("t") or "".join(run.said("t") for run in element.all("r"))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
