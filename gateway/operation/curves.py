"""Curves of a month as a file (CSV), for who has no gateway here: ``begin``, then a column a member or producer, in Wh.

Such files come of a distributor's portal. An empty cell is unknown; ``begin`` is a time with its offset, or UTC.
And what the meters of one home come to together.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ConfigError
from gateway.operation.coefficients import begin_of, text_of
from gateway.operation.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence
    from pathlib import Path

# Name -> POSIX second of a step -> Wh; what is not there is unknown.
Curves = dict[str, dict[int, int]]

# A meter is there from a day before its first value to a day after its last.
THERE_S = 86_400

_MOST_ROWS = 40_000
_FIRST = "the first line is: begin, and the name of each member or producer"
# Of a step, in eight digits: twenty times what 10 MW give in half an hour, the most that an operation may have.
MOST_WH = 99_999_999
_WH = re.compile(r"[0-9]{1,8}([.,]0+)?")


@dataclass(frozen=True, slots=True)
class MeterCurve:
    """One meter of a home: the steps that are known of it, and those at which it is there at all."""

    known: Mapping[int, int]
    there: Container[int]


def of_home(meters: Collection[MeterCurve], begins: Iterable[int]) -> dict[int, int]:
    """What all meters of a home counted together, of the steps that are known of each that is there."""
    found: dict[int, int] = {}
    for begin in begins:
        known = [one.known[begin] for one in meters if begin in one.known]
        if known and not any(begin in one.there and begin not in one.known for one in meters):
            found[begin] = sum(known)
    return found


def read_curves(path: Path, step: str, names: Collection[str]) -> Curves:
    """Those of a file. ConfigError names the line of what cannot be."""
    text = text_of(path)
    lines = csv.reader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    try:
        return _read(lines, STEPS[step], names)
    except (ValueError, csv.Error) as error:
        raise ConfigError(f"{path}, line {max(1, lines.line_num)}: {error}") from error


def joined(curves: Mapping[str, Mapping[int, int]], others: Curves) -> Curves:
    """Both; where both know a step, the first."""
    return {name: {**others.get(name, {}), **curves.get(name, {})} for name in {*curves, *others}}


def _read(lines: Iterable[Sequence[str]], step_s: int, names: Collection[str]) -> Curves:
    columns: list[str] = []
    found: Curves = {}
    seen: set[int] = set()
    for cells in lines:
        if not columns:
            columns = _columns(cells, names)
            found = {name: {} for name in columns}
        elif any(cells):
            begin = begin_of(cells[0], step_s)
            if begin in seen:
                raise ValueError(f"{cells[0].strip()} is there twice")
            seen.add(begin)
            _add(found, columns, begin, cells[1:])
        if len(seen) > _MOST_ROWS:
            raise ValueError(f"at most {_MOST_ROWS} lines, which is more than a year")
    if not columns:
        raise ValueError(_FIRST)
    return found


def _columns(cells: Sequence[str], names: Collection[str]) -> list[str]:
    columns = [cell.strip() for cell in cells[1:]]
    if not columns or cells[0].strip() != "begin":
        raise ValueError(_FIRST)
    for place, name in enumerate(columns):
        if name not in names:
            raise ValueError(f"{name!a} is neither a member nor a producer of the operation's file")
        if name in columns[:place]:
            raise ValueError(f"{name!a} is there twice")
    return columns


def _add(found: Curves, columns: Sequence[str], begin: int, cells: Sequence[str]) -> None:
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} values, where the first line names {len(columns)}")
    for name, cell in zip(columns, cells, strict=True):
        if written := cell.strip():
            if not _WH.fullmatch(written):
                raise ValueError(f"{written!a} is no energy in whole Wh")
            found[name][begin] = int(re.split("[.,]", written)[0])
