"""Rows of separated text, their header words, and what is written in a cell: numbers, days, moments."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from gateway.household.past.contents import MOST_ROWS
from gateway.household.past.values import HistoryFileError
from gateway.words.phrase import Phrase

_LONGEST_LINE, _MOST_CELLS = 20_000, 6_000_000

_MISSING = {"", "na", "n/a", "null", "none", "nan", "-", "-1", "unavailable", "unknown", "indisponible"}
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,9})?")
_UNIT = re.compile(r"\s*(kwh|wh|kw|w|va)$", re.IGNORECASE)

_TOO_MANY = Phrase("it has more than {most} rows")
_LONG_LINE = Phrase("line {number} is too long")
_NO_NUMBER = Phrase("line {number}: {text!r} is not a number that can be read with certainty")
_NO_DATE = Phrase("line {number}: {text!r} is not a date that can be read with certainty")


class CellError(ValueError):
    """A cell that cannot be read for certain."""


def separator(text: str) -> str:
    """The sign between the cells: the most frequent one in the first line that has any."""
    for line in text.splitlines()[:10]:
        counts = {sign: line.count(sign) for sign in (";", "\t", ",")}
        if any(counts.values()):
            return max(counts, key=lambda sign: counts[sign])
    return ";"


def split(text: str, sign: str) -> list[list[str]]:
    """The rows, each with its cells; blank ones are empty, so that a row's place is its line less one."""
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST_LINE:
            raise HistoryFileError(_LONG_LINE.filled(number=number))
        if number > MOST_ROWS:
            raise HistoryFileError(_TOO_MANY.filled(most=MOST_ROWS))
    if text.count(sign) > _MOST_CELLS:
        raise HistoryFileError(_TOO_MANY.filled(most=MOST_ROWS))
    # A quote in the middle of a cell is a quote; one that never ends must not swallow the file.
    rows = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=sign)
    try:
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise HistoryFileError(_LONG_LINE.filled(number=rows.line_num)) from error


def plain(text: str) -> str:
    """A header word as it is compared: without accents, case, double spaces, byte order mark."""
    bare = text.lstrip("\ufeff")
    if not bare.isascii():
        parts = unicodedata.normalize("NFKD", bare)
        bare = "".join(c for c in parts if not unicodedata.combining(c)).replace("’", "'")
    return " ".join(bare.casefold().split())


def number(text: str, sign: str = ";", *, line: int = 0) -> Decimal | None:
    """What a cell says, None for what is missing; HistoryFileError with its line where that is not certain.

    Args:
        text: with or without a unit behind it.
        sign: what stands between cells: beside a semicolon a comma is a decimal sign, beside commas nobody knows.
        line: for the sentence.
    """
    bare = text.strip()
    if bare.casefold() in _MISSING:
        return None
    bare = _UNIT.sub("", bare)
    sure = _NUMBER.fullmatch(bare) and not ("," in bare and sign == ",")
    if not sure:
        raise HistoryFileError(_NO_NUMBER.filled(number=line, text=text[:40]))
    try:
        found = Decimal(bare.replace(",", "."))
    except InvalidOperation as error:  # pragma: no cover (the pattern admits none)
        raise HistoryFileError(_NO_NUMBER.filled(number=line, text=text[:40])) from error
    return None if found == -1 else found


def day(text: str, *, line: int = 0) -> date:
    """A date: 2023-03-24, or 24/03/2023, with or without what follows it."""
    try:
        return moment(text.strip()[:10]).date()
    except CellError as error:
        raise HistoryFileError(_NO_DATE.filled(number=line, text=text[:40])) from error


def time_of(text: str, *, line: int = 0) -> datetime:
    """A moment, with the offset that it has or without one; HistoryFileError with its line."""
    try:
        return moment(text)
    except CellError as error:
        raise HistoryFileError(_NO_DATE.filled(number=line, text=text[:40])) from error


_EUROPEAN = re.compile(r"([0-3]?[0-9])[/.]([01]?[0-9])[/.]([0-9]{4})(?:[ T](.*))?")
_EARLIEST, _LATEST = 2009, 2100


def moment(text: str) -> datetime:
    """ISO 8601, or day, month and year with signs between them and a clock time behind. CellError."""
    bare = text.strip()
    if found := _EUROPEAN.fullmatch(bare):
        clock = found[4] or "00:00"
        bare = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02} {clock if clock[1:2] != ':' else '0' + clock}"
    try:
        when = datetime.fromisoformat(bare)
    except ValueError as error:
        raise CellError(text) from error
    # Linky meters were first set in 2010, in Lyon and Indre-et-Loire.
    if not _EARLIEST <= when.year < _LATEST:
        raise CellError(text)
    return when
