"""What a roof would have made under what a house drew: hours of one year laid over the same hours of another one.

The power between two hours is on the straight line from one to the other, so that a year comes to the sum of its hours
whichever minute they are of. Days are taken by month and day in UTC: weather of another year, the sun of this one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

HOURS_OF_YEAR = 366 * 24
# Days before each month in a year with a 29 February.
_BEFORE = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
_EPOCH = date(1970, 1, 1).toordinal()
_HOUR_S, _MILLIWATT_SECONDS = 3600, 3_600_000


class RoofYear(NamedTuple):
    """The power of a roof in mW by ``hour_number`` (UTC), each as it is at ``minute`` of its hour."""

    year: int
    minute: int
    milliwatts: Sequence[int]


class DrawnCell(NamedTuple):
    """Wh drawn from the grid between two POSIX seconds, a half hour or an hour; ``month`` is its first local day."""

    month: date
    begin: int
    end: int
    wh: int


@dataclass(frozen=True, slots=True)
class RoofSums:
    """Wh of cells in which the consumption is known: exact means over the years of weather that were laid over them."""

    seconds: int
    drawn: int
    produced: Fraction
    used: Fraction

    @property
    def injected(self) -> Fraction:
        """What the house would not have used at the time."""
        return self.produced - self.used

    @property
    def self_consumed(self) -> Fraction | None:
        """The share of the production that is used at home, 0 to 1."""
        return self.used / self.produced if self.produced else None

    @property
    def covered(self) -> Fraction | None:
        """The share of what was drawn that the roof would have covered, 0 to 1."""
        return self.used / self.drawn if self.drawn else None


def hour_number(month: int, day: int, hour: int) -> int:
    """The place of an hour in a year of 366 days."""
    return (_BEFORE[month - 1] + day - 1) * 24 + hour


def made_until(roof: RoofYear, bounds: Sequence[int]) -> list[int]:
    """Whole Wh that the roof makes until each of the bounds (POSIX seconds, in order), as an index says it."""
    if not bounds:
        return []
    offset = roof.minute * 60
    first, last = (bounds[0] - offset) // _HOUR_S, (bounds[-1] - offset) // _HOUR_S + 1
    powers = [roof.milliwatts[number] for number in _numbers(first, last + 1)]
    sums = list(accumulate((_HOUR_S // 2 * (one + other) for one, other in pairwise(powers)), initial=0))
    found = []
    for bound in bounds:
        hour, within = divmod(bound - offset, _HOUR_S)
        place = hour - first
        one, other = powers[place], powers[place + 1]
        risen = one * within + (other - one) * within * within // (2 * _HOUR_S)
        found.append((sums[place] + risen) // _MILLIWATT_SECONDS)
    return found


def used_of(roof: RoofYear, cells: Sequence[DrawnCell]) -> list[tuple[int, int]]:
    """Of each cell the Wh that the roof makes in it, and of these what is used at home: no more than was drawn."""
    bounds = sorted({bound for cell in cells for bound in (cell.begin, cell.end)})
    index = dict(zip(bounds, made_until(roof, bounds), strict=True))
    made = (index[cell.end] - index[cell.begin] for cell in cells)
    return [(wh, min(wh, cell.wh)) for wh, cell in zip(made, cells, strict=True)]


def by_month(cells: Sequence[DrawnCell], years: Sequence[Sequence[tuple[int, int]]]) -> dict[date, RoofSums]:
    """First day of each month of which anything is known -> its sums; ``years`` has what ``used_of`` says of each."""
    seconds: Counter[date] = Counter()
    drawn: Counter[date] = Counter()
    made: Counter[date] = Counter()
    used: Counter[date] = Counter()
    for place, cell in enumerate(cells):
        seconds[cell.month] += cell.end - cell.begin
        drawn[cell.month] += cell.wh
        made[cell.month] += sum(one[place][0] for one in years)
        used[cell.month] += sum(one[place][1] for one in years)
    count = len(years)
    return {
        month: RoofSums(seconds[month], drawn[month], Fraction(made[month], count), Fraction(used[month], count))
        for month in sorted(seconds)
    }


def total_of(months: Sequence[RoofSums]) -> RoofSums:
    """Months as one."""
    return RoofSums(
        seconds=sum(one.seconds for one in months),
        drawn=sum(one.drawn for one in months),
        produced=sum((one.produced for one in months), Fraction(0)),
        used=sum((one.used for one in months), Fraction(0)),
    )


def _numbers(first: int, end: int) -> list[int]:
    """The number in its year of each hour since 1970."""
    found: list[int] = []
    while first < end:
        day, hour = divmod(first, 24)
        when = date.fromordinal(_EPOCH + day)
        count = min(24 - hour, end - first)
        number = hour_number(when.month, when.day, hour)
        found += range(number, number + count)
        first += count
    return found
