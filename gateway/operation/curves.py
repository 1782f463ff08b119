"""Curves of a month as a file (CSV), for who has no gateway here: ``begin``, then a column a member or producer, in Wh.

Such files come of a distributor's portal. An empty cell is unknown; ``begin`` is a time with its offset, or UTC.
And what the meters of one home come to together.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ConfigError
from gateway.operation.coefficients import begin_of
from gateway.operation.csv_rows import read_rows
from gateway.operation.steps import STEPS, days_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

# Name -> POSIX second of a step -> Wh; what is not there is unknown.
Curves = dict[str, dict[int, int]]

# A meter is there from a day before its first value to a day after its last.
THERE_S = 86_400

_UNKNOWN = -1
_FIRST = "the first line is: begin, and the name of each member or producer"
# Of a step, in eight digits: twenty times what 10 MW give in half an hour, the most that an operation may have.
MOST_WH = 99_999_999
_WH = re.compile(r"([0-9]{1,8})([.,]0+)?")


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


class CurveFile:
    """The curves of a file over some days, a step's row after the other: of a thousand members in 4 bytes each.

    Args:
        kept: the POSIX seconds of which steps are held, from the first to the last.
        step_s: how long a step is.
        names: whom the file may name.
    """

    def __init__(self, kept: range, step_s: int, names: Collection[str]) -> None:
        self._kept, self._step_s, self._names = kept, step_s, names
        self.columns: list[str] = []
        self._seen: set[int] = set()
        self._rows: dict[int, array[int]] = {}

    def take(self, cells: Sequence[str]) -> None:
        """The next line of the file. ValueError."""
        if not self.columns:
            self.columns = _columns(cells, self._names)
            return
        begin = begin_of(cells[0], self._step_s)
        if begin in self._seen:
            raise ValueError(f"{cells[0].strip()} is there twice")
        self._seen.add(begin)
        row = _row(cells[1:], len(self.columns))
        if self._kept.start <= begin < self._kept.stop:
            self._rows[begin] = row

    def of(self, steps: range) -> Curves:
        """What it knows of some steps, such as a day's."""
        rows = [(begin, self._rows[begin]) for begin in steps if begin in self._rows]
        return {
            name: {begin: row[place] for begin, row in rows if row[place] != _UNKNOWN}
            for place, name in enumerate(self.columns)
        }


def read_curves(path: Path, step: str, names: Collection[str], month: date) -> CurveFile:
    """Those of a file, of a month; all of its lines are looked at. ConfigError names the line of what cannot be."""
    days = days_of(month)
    found = CurveFile(range(steps_of(days[0], step).start, steps_of(days[-1], step).stop), STEPS[step], names)
    read_rows(path, found.take)
    if not found.columns:
        raise ConfigError(f"{path}, line 1: {_FIRST}")
    return found


def joined(curves: Curves, others: Curves) -> Curves:
    """Both; where both know a step, the first."""
    return {name: {**others.get(name, {}), **curves.get(name, {})} for name in {*curves, *others}}


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


def _row(cells: Sequence[str], count: int) -> array[int]:
    if len(cells) != count:
        raise ValueError(f"{len(cells)} values, where the first line names {count}")
    found = array("i", bytes(4 * count))
    for place, cell in enumerate(cells):
        if not (written := cell.strip()):
            found[place] = _UNKNOWN
        elif wh := _WH.fullmatch(written):
            found[place] = int(wh[1])
        else:
            raise ValueError(f"{written[:40]!a} is no energy in whole Wh")
    return found
