"""Balances by period: the days of each, beside those of an earlier one, which is that of the year before by itself.

A period that is not over stands beside as much of the earlier one, up to the same time of the same day, by the clock;
what knows more days on one side than on the other is not compared, nor where the earlier is not known at that time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, days
from gateway.balance.energy import DayEnergy, Total, total
from gateway.balance.tariff import Cost, Tariff, cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# Of February, whose length changes.
_LEAST_MONTH = 28
_ONE = timedelta(days=1)
# The first day of a period -> that of the one that stands beside it; None where there is none.
Earlier = Callable[[date], date | None]


@dataclass(frozen=True, slots=True)
class Running:
    """The day that is not over: its date, and what an earlier one had come to at that time (None: not known)."""

    day: date
    so_far: Callable[[date], DayEnergy | None]


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One period ``[first, end)``; ``before`` and ``cost_before`` are of the earlier one, None if not known."""

    label: str
    first: date
    end: date
    total: Total
    before: Total | None
    cost: Cost
    cost_before: Cost | None
    # It is not over: both sides are "by this time".
    so_far: bool = False

    @property
    def comparable(self) -> bool:
        """Whether as much is known on both sides; a leap day, a first one make no difference to a month or more."""
        if self.before is None:
            return False
        slack = 1 if self.before.known >= _LEAST_MONTH else 0
        # A day that is not over is no hole: the other side ends with it.
        holes = max(self.total.holes - self.so_far, self.before.holes)
        return abs(self.total.known - self.before.known) <= slack and holes <= slack


def earliest_needed(period: BalancePeriod, first: date) -> date:
    """The first day that ``rows`` from ``first`` on looks at."""
    return min(first, period.year_before(period.begin(first)))


def rows(
    period: BalancePeriod,
    first: date,
    end: date,
    known: Mapping[date, DayEnergy],
    tariffs: Sequence[Tariff],
    running: Running | None = None,
    earlier: Earlier | None = None,
) -> list[BalanceRow]:
    """The periods that touch ``[first, end)``, whole, without those of which nothing is known.

    ``earlier`` says beside which other period each stands: that of the year before when None.
    """
    found = []
    begin = period.begin(first)
    while begin < end:
        after = period.after(begin)
        now = _days(known, begin, after)
        if now:
            other = earlier(begin) if earlier else period.year_before(begin)
            last = now[-1].date
            then, even = _before(period, (begin, other), last, known, running) if other else ([], True)
            found.append(
                BalanceRow(
                    label=period.label(begin),
                    first=begin,
                    end=after,
                    total=total(now),
                    # As far as the day before is no answer to "by this time".
                    before=total(then) if then and even else None,
                    cost=cost(now, tariffs),
                    cost_before=cost(then, tariffs) if then and even else None,
                    so_far=running is not None and begin <= running.day < after,
                )
            )
        begin = after
    return found


def _before(
    period: BalancePeriod,
    both: tuple[date, date],
    last: date,
    known: Mapping[date, DayEnergy],
    running: Running | None,
) -> tuple[list[DayEnergy], bool]:
    """The days of the earlier period, as far as ``last`` is the last day known; whether they end at the same time.

    ``both``: the first days of the period itself and of the earlier one.
    """
    begin, before = both
    whole = period.after(before)
    if running is None or last != running.day:
        # Where the period does, or after the day that is the last one known of it.
        ends = last + _ONE == period.after(begin)
        return _days(known, before, whole if ends else min(before + (last + _ONE - begin), whole)), True
    day = min(before + (last - begin), whole - _ONE)
    part = running.so_far(day)
    return [*_days(known, before, day), *([part] if part else [])], part is not None


def _days(known: Mapping[date, DayEnergy], first: date, end: date) -> list[DayEnergy]:
    return [known[day] for day in days(first, end) if day in known]
