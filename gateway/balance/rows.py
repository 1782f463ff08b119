"""Balances by period: the days of each, beside those of the same period a year before.

A period that is not over stands beside as much of the year before, up to the same day; what knows more days on one side
than on the other is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import Period, days
from gateway.balance.energy import Day, Total, total
from gateway.balance.tariff import Cost, cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.balance.tariff import Tariff


# Of February, whose length changes.
_LEAST_MONTH = 28


@dataclass(frozen=True, slots=True)
class Row:
    """One period ``[first, end)``; ``before`` and ``cost_before`` are of the year before, None if not known."""

    label: str
    first: date
    end: date
    total: Total
    before: Total | None
    cost: Cost
    cost_before: Cost | None

    @property
    def comparable(self) -> bool:
        """Whether as many days are known on both sides; a leap day more or less makes no difference."""
        if self.before is None:
            return False
        return abs(self.total.known - self.before.known) <= (1 if self.before.known >= _LEAST_MONTH else 0)


def earliest_needed(period: Period, first: date) -> date:
    """The first day that ``rows`` from ``first`` on looks at."""
    return min(first, period.year_before(period.begin(first)))


def rows(period: Period, first: date, end: date, known: Mapping[date, Day], tariffs: Sequence[Tariff]) -> list[Row]:
    """The periods that touch ``[first, end)``, whole, without those of which nothing is known."""
    found = []
    begin = period.begin(first)
    while begin < end:
        after = period.after(begin)
        now = _days(known, begin, after)
        if now:
            then = _days(known, period.year_before(begin), _end_before(period, begin, now[-1].date))
            found.append(
                Row(
                    label=period.label(begin),
                    first=begin,
                    end=after,
                    total=total(now),
                    before=total(then) if then else None,
                    cost=cost(now, tariffs),
                    cost_before=cost(then, tariffs) if then else None,
                )
            )
        begin = after
    return found


def _end_before(period: Period, begin: date, last: date) -> date:
    """Where the year before ends: where the period does, or after the day that is the last one known of it."""
    before, one = period.year_before(begin), timedelta(days=1)
    whole = period.after(before)
    return whole if last + one == period.after(begin) else min(before + (last + one - begin), whole)


def _days(known: Mapping[date, Day], first: date, end: date) -> list[Day]:
    return [known[day] for day in days(first, end) if day in known]
