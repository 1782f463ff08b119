"""What proves that a history is read right: days against indexes, months, doubled values, shifts, the meter's own.

A yearly total does not show a shift of half an hour, and a total in kilowatt-hours shows nothing at all: days do.
2 Wh a day between a curve and indexes in Wh is what rounding makes (384 of 384 days of a real meter), and 3 Wh a half
hour beside the meter's own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.household.past.clock import local_day, midnight_of
from gateway.household.past.tiling import Energies
from gateway.household.past.values import PastPoint, PointFlag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

_DAY = timedelta(days=1)
_TOLERANCE = {1: 2, 10: 6, 1000: 2000}
_SHIFTS = tuple(minutes * 60 for minutes in range(-120, 121, 30))
_LEAST_DAYS, _LEAST_HALF_HOURS, _MOST_OF = 5, 48, Fraction(9, 10)
_HALF_HOUR = 1800
_BESIDE_WH = 3


@dataclass(frozen=True, slots=True)
class MeterSide:
    """What the meter itself said in the time of a file, of one direction.

    Attributes:
        half_hours: Wh of those that are known to the watt-hour, by their first second.
        indexes: at half hours.
        first: moment and value of the first index of all.
    """

    half_hours: Mapping[int, int] = field(default_factory=dict)
    indexes: Mapping[int, int] = field(default_factory=dict)
    first: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DayPair:
    """A whole day that is known twice: Wh by the curve, by indexes or daily values, and how far they may differ."""

    day: date
    curve: Fraction
    reference: int
    tolerance: int

    @property
    def agrees(self) -> bool:
        """Whether the two are the same but for rounding."""
        return abs(self.curve - self.reference) <= self.tolerance


@dataclass(frozen=True, slots=True)
class MonthPair:
    """The days of a month that are known twice, added up."""

    month: date
    curve: Fraction
    reference: int
    tolerance: Fraction

    @property
    def agrees(self) -> bool:
        """Whether the sums are the same but for rounding."""
        return abs(self.curve - self.reference) <= self.tolerance


class PastEvidence:
    """All that is known of one direction before the installation: curve, indexes, daily values, of files old and new.

    Args:
        curve: points of the curve.
        indexes: of moments.
        daily: of days.
    """

    def __init__(
        self, curve: Iterable[PastPoint], indexes: Iterable[PastPoint], daily: Iterable[PastPoint] = ()
    ) -> None:
        self.curve = Energies(curve)
        self.indexes = sorted(indexes)
        self.daily = {point.start: point for point in daily}
        self._at = {point.start: point for point in self.indexes}
        self._breaks = sorted(point.start for point in self.indexes if point.flags & PointFlag.BREAK)
        self._of_indexes, self._of_days = _Precisions(self.indexes), _Precisions(self.daily.values())

    def reference(self, day: date) -> tuple[int, int] | None:
        """Wh of a day by its two indexes, else as a daily value; and how far a curve may be from it."""
        start, end = midnight_of(day), midnight_of(day + _DAY)
        low, high = self._at.get(start), self._at.get(end)
        by_index = None
        if low is not None and high is not None and not any(start < one <= end for one in self._breaks):
            by_index = high.value - low.value, max(self._of_indexes.of(low), self._of_indexes.of(high))
        if by_index and by_index[1] < 1000:
            return by_index[0], _TOLERANCE[by_index[1]]
        if start in self.daily:
            return self.daily[start].value, _TOLERANCE[self._of_days.of(self.daily[start])]
        return (by_index[0], _TOLERANCE[1000]) if by_index else None

    def pairs(self, days: Iterable[date], shift: int = 0) -> list[DayPair]:
        """The days that are known twice, with the curve moved later by so many seconds."""
        found = []
        for day in days:
            reference = self.reference(day)
            curve = self.curve.between(midnight_of(day) - shift, midnight_of(day + _DAY) - shift) if reference else None
            if curve is not None and reference is not None:
                found.append(DayPair(day, curve, *reference))
        return found

    def overfull(self, days: Iterable[date]) -> list[DayPair]:
        """The days of which the curve knows a part alone, and that comes to more than the whole day."""
        parts: dict[date, int] = defaultdict(int)
        wanted = set(days)
        for point in self.curve.points:
            # A step over midnight is of both days.
            if (day := local_day(point.start)) in wanted and local_day(point.start + point.step - 1) == day:
                parts[day] += point.value * point.step
        found = []
        for day, part in sorted(parts.items()):
            reference = self.reference(day)
            whole = self.curve.between(midnight_of(day), midnight_of(day + _DAY))
            if whole is None and reference is not None and Fraction(part, 3600) > sum(reference):
                found.append(DayPair(day, Fraction(part, 3600), *reference))
        return found

    def days(self, since: int, until: int) -> list[date]:
        """The local days that a time meets."""
        first, last = local_day(since), local_day(max(since, until - 1))
        return [first + timedelta(days=place) for place in range((last - first).days + 1)]


class _Precisions:
    """To how many Wh points are rounded: those that say that they are, and the others, which need not be alike.

    Args:
        points: indexes or days, of one file or of several.
    """

    def __init__(self, points: Iterable[PastPoint]) -> None:
        known = list(points)
        rounded, others = (
            [p.value for p in known if bool(p.flags & PointFlag.ROUNDED) is one] for one in (True, False)
        )
        # Three that say nothing may be round by chance; what is said to be rounded is as round as it looks.
        self._rounded, self._others = _precision(rounded, least=1), _precision(others)

    def of(self, point: PastPoint) -> int:
        """Of one of them: 1, 10 or 1000."""
        return self._rounded if point.flags & PointFlag.ROUNDED else self._others


def _precision(values: Iterable[int], least: int = 3) -> int:
    """To how many Wh values are rounded, as far as that can be seen of so many or more."""
    known = [value for value in values if value]
    if len(known) < least:
        return 1
    return next((one for one in (1000, 10) if all(value % one == 0 for value in known)), 1)


def months(pairs: Sequence[DayPair]) -> list[MonthPair]:
    """Days added up by month: each day may be so far off, or a thousandth where the indexes are whole kWh."""
    by_month: dict[date, list[DayPair]] = defaultdict(list)
    for pair in pairs:
        by_month[pair.day.replace(day=1)].append(pair)
    found = []
    for month, some in sorted(by_month.items()):
        reference = sum(pair.reference for pair in some)
        coarse = max(pair.tolerance for pair in some) >= _TOLERANCE[1000]
        # Rounded differences of indexes that follow each other do not add their roundings up.
        runs = 1 + sum(b.day - a.day != _DAY for a, b in pairwise(some))
        exact = Fraction(sum(pair.tolerance for pair in some))
        within = Fraction(reference, 1000) + runs * _TOLERANCE[1000] if coarse else exact
        found.append(MonthPair(month, sum((pair.curve for pair in some), Fraction(0)), reference, within))
    return found


def ratio(pairs: Sequence[DayPair]) -> Fraction | None:
    """How many times the references the curve is, where that is 2 or a half within 3 %: a unit or a step is wrong."""
    reference = sum(pair.reference for pair in pairs)
    if not reference:
        return None
    times = sum((pair.curve for pair in pairs), Fraction(0)) / reference
    return next(
        (one for one in (Fraction(2), Fraction(1, 2)) if abs(times / one - 1) <= Fraction(3, 100)),
        None,
    )


@dataclass(frozen=True, slots=True)
class ShiftFound:
    """How many of so many days, or half hours, agree as they are; and when moved later by ``best`` seconds."""

    count: int
    agree: int
    best: int = 0
    best_count: int = 0
    best_agree: int = 0

    @property
    def proves(self) -> bool:
        """Whether the stamps are shown to be right."""
        return self.best == 0 and self.agree >= _MOST_OF * self.count

    @property
    def refutes(self) -> bool:
        """Whether another shift is shown to be right."""
        return self.best != 0 and self.best_agree >= _MOST_OF * self.best_count


def shift_of_days(known: PastEvidence, days: Sequence[date]) -> ShiftFound | None:
    """Moved from two hours earlier to two hours later: at which the whole days are what indexes in Wh say.

    None with fewer than five days that could tell: with indexes in kWh none can.
    """
    fine = [pair.day for pair in known.pairs(days) if pair.tolerance < _TOLERANCE[1000] and pair.reference]
    if len(fine) < _LEAST_DAYS:
        return None
    found = {}
    for shift in _SHIFTS:
        pairs = known.pairs(fine, shift)
        found[shift] = (sum(pair.agrees for pair in pairs), len(pairs))
    return _best(found, _LEAST_DAYS - 1)


def shift_beside(curve: Energies, own: Mapping[int, int]) -> ShiftFound | None:
    """The same beside the meter's own half hours; None with fewer than 48 of them."""
    found = {}
    for shift in _SHIFTS:
        both = [(wh, curve.between(at - shift, at - shift + _HALF_HOUR)) for at, wh in own.items()]
        known = [(wh, there) for wh, there in both if there is not None]
        found[shift] = (sum(abs(wh - there) <= _BESIDE_WH for wh, there in known), len(known))
    return _best(found, _LEAST_HALF_HOURS // 2) if found[0][1] >= _LEAST_HALF_HOURS else None


def _best(found: Mapping[int, tuple[int, int]], least: int) -> ShiftFound:
    """The shift at which the largest part agrees; none at all where two do alike (the same power all along)."""

    def part(shift: int) -> tuple[Fraction, int]:
        agree, count = found[shift]
        return (Fraction(agree, count) if count >= least else Fraction(0)), -abs(shift)

    best = max(found, key=part)
    return ShiftFound(found[0][1], found[0][0], best, found[best][1], found[best][0])


@dataclass(frozen=True, slots=True)
class SeamFound:
    """Indexes of a file beside the meter's own: how many moments both know, how many differ by more than 1 Wh.

    ``above``: the last imported index is above the first of the meter, which no register can come to.
    """

    count: int
    differ: int
    above: bool


def seam_of_indexes(indexes: Sequence[PastPoint], own: MeterSide) -> SeamFound | None:
    """None where nothing can be said."""
    rounded = _Precisions(indexes)
    both = [(point, own.indexes[point.start]) for point in indexes if point.start in own.indexes]
    before = [point.value for point in indexes if own.first and point.start <= own.first[0]]
    above = bool(before and own.first and before[-1] > own.first[1])
    if not both and not (before and own.first):
        return None
    return SeamFound(len(both), sum(abs(here.value - there) > rounded.of(here) for here, there in both), above)


def too_much(points: Iterable[PastPoint], watts: int) -> list[PastPoint]:
    """The points of a curve above so many watts."""
    return [point for point in points if point.value > watts]


def days_too_large(indexes: Sequence[PastPoint], watts: int) -> list[PastPoint]:
    """The indexes that rose, since the one before, by more than so many watts give."""
    found = []
    for low, high in pairwise(indexes):
        most = watts * (high.start - low.start) / 3600
        if not high.flags & PointFlag.BREAK and high.value - low.value > most:
            found.append(high)
    return found


def uneven(points: Sequence[PastPoint]) -> int:
    """How many values are no whole Wh of their step, as the distributor's are: with many, unit or step is wrong."""
    return sum(point.value * point.step % 3600 != 0 for point in points if point.step < 3600)
