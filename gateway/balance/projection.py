"""What the month or the year will have come to at its end, if the household goes on as it does.

Method: the days that are over count as measured. Each day that is left, today among them, is expected to be

1. what the same day was a year before, times how the last 28 days compare with the same 28 days of that year (between
   a half and the double of it), where the year before is known for all of the days that are left;
2. else the mean of the last 28 days (whole weeks: every day of the week has its weight), or of as many as are known.

Days before the first one known are not in it: the period in which a household begins lacks them. The part of each
tariff class comes with it, and every day is priced by the tariff that is in force on it.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, days, same_day
from gateway.balance.energy import DayEnergy, fitted
from gateway.balance.tariff import Cost, Tariff, cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


RECENT_DAYS = 28
# Fewer say nothing about a month.
_LEAST_DAYS = 3
_LEAST_RATIO, _MOST_RATIO = Fraction(1, 2), Fraction(2)


class Method(enum.Enum):
    """By what the days that are left are expected."""

    YEAR_BEFORE = "year-before"
    RECENT_DAYS = "recent-days"


@dataclass(frozen=True, slots=True)
class Projection:
    """A period with its end foreseen: Wh and euros until now, and at the end."""

    period: BalancePeriod
    first: date
    measured_wh: int
    wh: int
    measured: Cost
    cost: Cost
    method: Method


def project(
    period: BalancePeriod, today: date, known: Mapping[date, DayEnergy], tariffs: Sequence[Tariff]
) -> Projection | None:
    """The period that holds ``today``; None while fewer than three whole days are known.

    ``known`` are the days of the last 13 months and of the period, today's included.
    """
    first = period.begin(today)
    recent = _whole(known.get(today - timedelta(days=n)) for n in range(1, RECENT_DAYS + 1))
    if len(recent) < _LEAST_DAYS:
        return None
    measured = [known[day] for day in days(first, today) if day in known]
    left = list(days(today, period.after(first)))
    expected = _like_year_before(left, recent, known)
    method = Method.RECENT_DAYS if expected is None else Method.YEAR_BEFORE
    expected = _like_recent(left, recent) if expected is None else expected
    until_now = [*measured, *([known[today]] if today in known else [])]
    return Projection(
        period=period,
        first=first,
        measured_wh=sum(day.drawn or 0 for day in until_now),
        wh=sum(day.drawn or 0 for day in (*measured, *expected)),
        measured=cost(until_now, tariffs),
        cost=cost((*measured, *expected), tariffs),
        method=method,
    )


def _whole(candidates: Iterable[DayEnergy | None]) -> list[DayEnergy]:
    return [day for day in candidates if day is not None and day.drawn is not None and day.whole]


def _like_year_before(
    left: Sequence[date], recent: Sequence[DayEnergy], known: Mapping[date, DayEnergy]
) -> list[DayEnergy] | None:
    then = _whole(known.get(same_day(one.date, one.date.year - 1)) for one in recent)
    before = _whole(known.get(same_day(day, day.year - 1)) for day in left)
    if len(then) < len(recent) or len(before) < len(left) or not sum(map(_drawn, then)):
        return None
    ratio = Fraction(sum(map(_drawn, recent)), sum(map(_drawn, then)))
    ratio = min(max(ratio, _LEAST_RATIO), _MOST_RATIO)
    return [_scaled(day, [one], ratio) for day, one in zip(left, before, strict=True)]


def _like_recent(left: Sequence[date], recent: Sequence[DayEnergy]) -> list[DayEnergy]:
    return [_scaled(day, recent, Fraction(1, len(recent))) for day in left]


def _scaled(day: date, like: Sequence[DayEnergy], ratio: Fraction) -> DayEnergy:
    """A day as the sum of others times a ratio; what is injected comes with it."""
    classes: Counter[str] = Counter()
    for one in like:
        classes.update(one.classes)
    drawn = round(sum(map(_drawn, like)) * ratio)
    return DayEnergy(
        date=day,
        drawn=drawn,
        classes=fitted({word: round(wh * ratio) for word, wh in classes.items()}, drawn),
        injected=round(sum(one.injected or 0 for one in like) * ratio),
        estimated=True,
    )


def _drawn(day: DayEnergy) -> int:
    return day.drawn or 0
