"""A solar roof's hours as the European Commission's PVGIS gives them (*Hourly data*, CSV): read, and nothing guessed.

Above the table stand place, slope, peak power, losses; each row has its time (UTC, ``20200101:0010``) and the power P
in W; legend and copyright below. The file comes from outside: size, lines and cells are bounded before they are kept.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.roof_year import HOURS_OF_YEAR, RoofYear, hour_number
from gateway.errors import Exit, GatewayError, StoreError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 20_000_000
_MOST_ROWS, _LONGEST_LINE, _HEAD_LINES, _MOST_YEARS = 300_000, 400, 60, 34
# A roof of a hundred megawatts is none.
_MOST_MILLIWATTS = 10**11
_UNKNOWN = -1

_ROW = re.compile(r"([12][0-9]{7}):([01][0-9]|2[0-3])([0-5][0-9])")
_POWER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?|-0(?:\.0{1,6})?")
_PEAK = re.compile(r"Nominal power of the PV system[^:]*:\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*")
_SAID = {
    "slope": re.compile(r"Slope:\s*(-?[0-9]{1,3}(?:\.[0-9]{1,3})?) deg\."),
    "azimuth": re.compile(r"Azimuth:\s*(-?[0-9]{1,3}(?:\.[0-9]{1,3})?) deg\."),
    "losses": re.compile(r"System losses[^:]*:\s*([0-9]{1,3}(?:\.[0-9]{1,3})?)"),
    "database": re.compile(r"Radiation database:\s*([A-Za-z0-9._+-]{1,40})"),
}

_KWP = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,3})?")
_AT_FILE = Phrase("{path} cannot be used: {what}")
_UNREADABLE = Phrase("{path} cannot be read: {why}")
_AGAIN = Phrase("download it again from PVGIS: Hourly data, PV power ticked, CSV")
_TOO_LARGE = Phrase("it is larger than {most} MB; take fewer years at PVGIS")
_TOO_LONG = Phrase("it has more than {most} rows; take fewer years at PVGIS")
_IS_JSON = Phrase("it is JSON; take CSV at PVGIS")
_IS_TMY = Phrase("it is a typical year (TMY), which knows the weather and no panel; take Hourly data at PVGIS instead")
_NO_TABLE = Phrase("it is no file of PVGIS with a row for each hour; {again}")
_NO_POWER = Phrase("line {line}: it has no column P, the power of the panels; {again}")
_NO_PEAK = Phrase("it does not say of which peak power its column P is; give the peak power as well")
_BAD_PEAK = Phrase("its peak power is 0; {again}")
_BAD_LINE = Phrase("line {line}: {text!r} is no hour of PVGIS (such as 20200615:1210,1834.5,…); {again}")
_TWICE = Phrase("line {line}: {text!r} is there a second time; {again}")
_OTHER_MINUTE = Phrase("line {line}: {text!r} is of another minute of the hour than the rows before; {again}")
_INCOMPLETE = Phrase("of {year} it has {found} of {all} hours, it was cut off; {again}")


class ClimateFileError(GatewayError, ValueError):
    """A climate file that cannot be used, with its line."""

    exit_code = Exit.DATA


@dataclass(frozen=True, slots=True)
class ClimateFile:
    """The years of a file, for panels of ``peak`` kWp; what it says of these, None where it does not."""

    years: tuple[RoofYear, ...]
    peak: Fraction
    slope: Fraction | None
    azimuth: Fraction | None
    losses: Fraction | None
    database: str | None


def kwp_of(text: str) -> Fraction | None:
    """A peak power as a person writes it; None where it is none."""
    return (Fraction(text.replace(",", ".")) or None) if _KWP.fullmatch(text) else None


def read_climate(path: Path, peak: Fraction | None = None) -> ClimateFile:
    """The file, for panels of so many kWp where that is given. Raises ClimateFileError, StoreError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise StoreError(_UNREADABLE.filled(path=path, why=reason(error))) from error
    try:
        return parsed(data, peak)
    except ClimateFileError as error:
        raise ClimateFileError(_AT_FILE.filled(path=path, what=error.phrase)) from error


def parsed(data: bytes, peak: Fraction | None = None) -> ClimateFile:
    """What is in it. Raises ClimateFileError."""
    if len(data) > LARGEST:
        raise ClimateFileError(_TOO_LARGE.filled(most=LARGEST // 1_000_000))
    if data[:100].lstrip().startswith(b"{"):
        raise ClimateFileError(_IS_JSON)
    if data.count(b"\n") > _MOST_ROWS:
        raise ClimateFileError(_TOO_LONG.filled(most=_MOST_ROWS))
    lines = data.decode("utf-8-sig", "replace").replace("\r", "").split("\n")
    place, columns = _table(lines)
    if "P" not in columns:
        raise ClimateFileError(_NO_POWER.filled(line=place + 1, again=_AGAIN))
    head = "\n".join(line[:_LONGEST_LINE] for line in lines[:place])
    factor, kwp = _scale(head, peak)
    said = {name: found[1] if (found := one.search(head)) else None for name, one in _SAID.items()}
    return ClimateFile(
        years=_years(lines, place + 1, columns.index("P"), factor),
        peak=kwp,
        slope=_number(said["slope"]),
        azimuth=_number(said["azimuth"]),
        losses=_number(said["losses"]),
        database=said["database"],
    )


def _table(lines: list[str]) -> tuple[int, list[str]]:
    """Where the words above the columns stand, and which they are."""
    for place, line in enumerate(lines[:_HEAD_LINES]):
        words = [word.strip() for word in line[:_LONGEST_LINE].split(",")]
        if words[0] == "time(UTC)":
            raise ClimateFileError(_IS_TMY)
        if words[0] == "time":
            return place, words
    raise ClimateFileError(_NO_TABLE.filled(again=_AGAIN))


def _scale(head: str, wanted: Fraction | None) -> tuple[Fraction, Fraction]:
    """How many mW each W of the file is, and for which peak power that is."""
    found = _PEAK.search(head)
    if found is None:
        if wanted is None:
            raise ClimateFileError(_NO_PEAK)
        return Fraction(1000), wanted
    own = Fraction(found[1])
    if not own:
        raise ClimateFileError(_BAD_PEAK.filled(again=_AGAIN))
    return (1000 * wanted / own, wanted) if wanted else (Fraction(1000), own)


def _years(lines: list[str], first: int, column: int, factor: Fraction) -> tuple[RoofYear, ...]:
    found: dict[int, array[int]] = {}
    days: dict[str, tuple[array[int], int]] = {}
    minutes: dict[str, str] = {}
    scale = float(factor)
    for place, line in enumerate(lines[first:], first):
        if not line.strip():
            # Below the blank line is the legend.
            break
        row = _ROW.fullmatch(line[:13]) if len(line) <= _LONGEST_LINE else None
        cells = line.split(",") if row else []
        if row is None or len(cells) <= column or cells[0] != row[0] or not _POWER.fullmatch(cells[column].strip()):
            raise _at_line(_BAD_LINE, place, line)
        if minutes.setdefault(row[1][:4], row[3]) != row[3]:
            raise _at_line(_OTHER_MINUTE, place, line)
        year, begin = days.get(row[1]) or days.setdefault(row[1], _day(found, row[1], place, line))
        number = begin + int(row[2])
        if year[number] != _UNKNOWN:
            raise _at_line(_TWICE, place, line)
        power = round(float(cells[column]) * scale)
        if power > _MOST_MILLIWATTS:
            raise _at_line(_BAD_LINE, place, line)
        year[number] = power
    if not found:
        raise ClimateFileError(_NO_TABLE.filled(again=_AGAIN))
    return tuple(RoofYear(year, int(minutes[str(year)]), _whole(year, hours)) for year, hours in sorted(found.items()))


def _day(found: dict[int, array[int]], text: str, place: int, line: str) -> tuple[array[int], int]:
    """The hours of the year of a date that is written, and the place of its first one."""
    try:
        when = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise _at_line(_BAD_LINE, place, line) from error
    if when.year not in found:
        if len(found) == _MOST_YEARS:
            raise ClimateFileError(_TOO_LONG.filled(most=_MOST_ROWS))
        found[when.year] = array("q", [_UNKNOWN]) * HOURS_OF_YEAR
    return found[when.year], hour_number(when.month, when.day, 0)


def _whole(year: int, hours: array[int]) -> array[int]:
    """The hours of a year; a 29 February that it did not have is like the day before."""
    leap = hour_number(2, 29, 0)
    length = (date(year + 1, 1, 1) - date(year, 1, 1)).days * 24
    known = HOURS_OF_YEAR - hours.count(_UNKNOWN)
    if known != length:
        raise ClimateFileError(_INCOMPLETE.filled(year=year, found=known, all=length, again=_AGAIN))
    if length < HOURS_OF_YEAR:
        hours[leap : leap + 24] = hours[leap - 24 : leap]
    return hours


def _number(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _at_line(sentence: Phrase, place: int, line: str) -> ClimateFileError:
    return ClimateFileError(sentence.filled(line=place + 1, text=line[:40], again=_AGAIN))
