"""Balances by period: the days of each, beside those of the same period a year before.

A period that is not over is compared with as much of the year before, day for day.
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


def earliest_needed(period: Period, first: date) -> date:
    """The first day that ``rows`` from ``first`` on looks at."""
    return min(first, period.year_before(period.begin(first)))


def rows(
    period: Period, first: date, end: date, known: Mapping[date, Day], tariffs: Sequence[Tariff], today: date
) -> list[Row]:
    """The periods that touch ``[first, end)``, whole, without those of which nothing is known."""
    found = []
    begin = period.begin(first)
    while begin < end:
        after = period.after(begin)
        now = _days(known, begin, after)
        if now:
            before = period.year_before(begin)
            length = min(after, today + timedelta(days=1)) - begin
            before_end = period.after(before) if after <= today else min(before + length, period.after(before))
            then = _days(known, before, before_end)
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


def _days(known: Mapping[date, Day], first: date, end: date) -> list[Day]:
    return [known[day] for day in days(first, end) if day in known]
