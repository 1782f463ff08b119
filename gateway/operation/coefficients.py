"""A file of coefficients by step (CSV), as an organiser makes it after the step: ``begin``, then a column a member.

With the key ``full`` a column is ``producer/member``. A cell is a part (``16.666 %``, ``0.16666``), an empty one is
nothing; a column that is not there is nobody's (``plan`` refuses it). ``begin`` is a time with its offset, or UTC.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.errors import ConfigError
from gateway.operation import parts
from gateway.operation.csv_rows import read_rows
from gateway.operation.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

# A month of quarters of an hour of 1,300 members, or a year of a hundred.
_MOST_CELLS = 4_000_000
_EIGHT_BYTES = 2**63
# Another year is a mistake, and at the ends of what a date may be its day in France cannot be reckoned.
_YEARS = range(2000, 2200)
_FIRST = "the first line is: begin, and the name of each member"


@dataclass(frozen=True)
class Coefficients:
    """By the POSIX second of a step: the denominator of its row, and each cell × it."""

    columns: Mapping[tuple[str, str], int]
    rows: Mapping[int, tuple[int, Sequence[int]]]

    def at(self, begin: int, producers: Sequence[str], members: Sequence[str]) -> tuple[int, list[list[int]]] | None:
        """The denominator, and for each producer the parts of these members; None of a step that is not there."""
        found = self.rows.get(begin)
        if found is None:
            return None
        over, cells = found
        return over, [[cells[self.columns[one, member]] for member in members] for one in producers]

    def served(self, steps: range, producers: Sequence[str], members: Sequence[str]) -> int | None:
        """How many of these members get something in one of these steps; None where none of them is there."""
        rows = [self.rows[begin][1] for begin in steps if begin in self.rows]
        if not rows:
            return None
        columns = [[self.columns[one, member] for one in producers] for member in members]
        return sum(any(row[place] for place in places for row in rows) for places in columns)


def read_coefficients(path: Path, step: str, producers: Collection[str], members: Collection[str]) -> Coefficients:
    """Those of a file; ``producers`` is the empty name alone where there is one pot. ConfigError names the line."""
    found = _Reading(STEPS[step], producers, members)
    read_rows(path, found.take)
    if not found.columns:
        raise ConfigError(f"{path}, line 1: {_FIRST}")
    return Coefficients(found.columns, found.rows)


class _Reading:
    """What a file has had so far."""

    def __init__(self, step_s: int, producers: Collection[str], members: Collection[str]) -> None:
        self._step_s, self._producers, self._members = step_s, producers, members
        self.columns: dict[tuple[str, str], int] = {}
        self.rows: dict[int, tuple[int, Sequence[int]]] = {}

    def take(self, cells: Sequence[str]) -> None:
        """The next line. ValueError."""
        if not self.columns:
            self.columns = _columns(cells, self._producers, self._members)
            return
        begin, row = _row(cells, self.columns, self._step_s)
        if begin in self.rows:
            raise ValueError(f"{cells[0].strip()} is there twice")
        self.rows[begin] = row
        if len(self.rows) * len(self.columns) > _MOST_CELLS:
            raise ValueError(f"more than {_MOST_CELLS:,} coefficients: give a month at a time")


def begin_of(cell: str, step_s: int) -> int:
    """The POSIX second of a step as it stands in such a file. ValueError where none begins then."""
    cell = cell.strip()
    try:
        # It takes any character between date and time.
        moment = datetime.fromisoformat(cell if cell.isprintable() else "")
    except ValueError as error:
        raise ValueError(f"{cell[:40]!a} is no time such as 2026-10-01T12:15Z") from error
    if moment.year not in _YEARS:
        raise ValueError(f"{cell[:40]}: not of the years {_YEARS[0]} to {_YEARS[-1]}")
    begin = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if begin % step_s or moment.second or moment.microsecond:
        raise ValueError(f"{cell[:40]}: no step of {step_s // 60} minutes begins then")
    return begin


def _columns(cells: Sequence[str], producers: Collection[str], members: Collection[str]) -> dict[tuple[str, str], int]:
    if not cells or cells[0].strip() != "begin" or len(cells) < 2:
        raise ValueError(_FIRST)
    found: dict[tuple[str, str], int] = {}
    for place, cell in enumerate(cells[1:]):
        producer, _, member = cell.strip().rpartition("/")
        if producer not in producers or member not in members:
            form = "producer/member" if "" not in producers else "member"
            raise ValueError(f"{cell.strip()!a}: a column is named {form}, as the operation's file names them")
        if (producer, member) in found:
            raise ValueError(f"{cell.strip()!a} is there twice")
        found[producer, member] = place
    return found


def _row(
    cells: Sequence[str], columns: Mapping[tuple[str, str], int], step_s: int
) -> tuple[int, tuple[int, Sequence[int]]]:
    begin = begin_of(cells[0], step_s)
    if len(cells) != len(columns) + 1:
        raise ValueError(f"{len(cells) - 1} coefficients, where the first line names {len(columns)}")
    written = [parts.part_of(cell.strip() or "0") for cell in cells[1:]]
    over = parts.over(written)
    numbers = [int(part * over) for part in written]
    sums: dict[str, int] = {}
    for (producer, _), place in columns.items():
        sums[producer] = sums.get(producer, 0) + numbers[place]
    for producer, total in sums.items():
        if total > over:
            whose = f" of {producer}" if producer else ""
            raise ValueError(f"the coefficients{whose} are {100 * total / over:g} % together: 100 % at most")
    return begin, (over, array("q", numbers) if over < _EIGHT_BYTES else numbers)
