"""Which earlier period stands beside one, and beside each of its parts: the one before it, last week's, last year's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod

if TYPE_CHECKING:
    from gateway.balance.rows import Earlier

YEAR = "year"


def earlier(period: BalancePeriod, against: str) -> Earlier:
    """First day of a period -> that of the one it is compared with; ``against`` is one of ``values.COMPARED``."""
    if against == YEAR:
        return period.year_before
    if against == "week":
        return lambda first: first - timedelta(days=7)
    return lambda first: period.back(first, 1)


def earlier_part(period: BalancePeriod, first: date, against: str) -> Earlier:
    """The same of the parts of the period that begins so: Monday beside Monday, the third beside the third.

    A day that the earlier period does not have (the 31st) stands beside none.
    """
    if period is BalancePeriod.YEAR:
        return BalancePeriod.MONTH.year_before
    other = earlier(period, against)(first) or first
    end = period.after(other)

    def beside(day: date) -> date | None:
        found = other + (day - first)
        return found if found < end else None

    return beside
