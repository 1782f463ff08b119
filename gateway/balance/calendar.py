"""The household's calendar: days, weeks, months and years as local (Europe/Paris) dates, and their midnights.

A period is named by its first date; the day on which the clock changes has 23 or 25 hours, all others 24.
"""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.store.local_time import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterator

_ONE = timedelta(days=1)


def days_of_month(year: int, month: int) -> int:
    """28 to 31; Python's own ``calendar`` brings the names of days in every language along."""
    first = date(year, month, 1)
    return (BalancePeriod.MONTH.after(first) - first).days


class BalancePeriod(enum.Enum):
    """How long a row of a balance lasts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def begin(self, day: date) -> date:
        """The first day of the period that holds ``day``; weeks begin on Monday (ISO 8601)."""
        if self is BalancePeriod.WEEK:
            return day - timedelta(days=day.weekday())
        if self is BalancePeriod.MONTH:
            return day.replace(day=1)
        return day.replace(month=1, day=1) if self is BalancePeriod.YEAR else day

    def after(self, first: date) -> date:
        """The first day of the next period."""
        if self is BalancePeriod.DAY:
            return first + _ONE
        # Longer than any period and shorter than two of them.
        return self.begin(
            first + timedelta(days={BalancePeriod.WEEK: 7, BalancePeriod.MONTH: 31, BalancePeriod.YEAR: 366}[self])
        )

    def back(self, first: date, count: int) -> date:
        """The first day of the period ``count`` periods earlier."""
        for _ in range(count):
            first = self.begin(first - _ONE)
        return first

    def year_before(self, first: date) -> date:
        """The first day of the same period of the year before: the same date, month, or week by its number."""
        if self is BalancePeriod.WEEK:
            year, week, _ = first.isocalendar()
            return date.fromisocalendar(year - 1, min(week, weeks_of(year - 1)), 1)
        return same_day(first, first.year - 1)

    def label(self, first: date) -> str:
        """The period in ISO 8601: 2026-11-25, 2026-W48, 2026-11, 2026."""
        if self is BalancePeriod.WEEK:
            return "{}-W{:02}".format(*first.isocalendar()[:2])
        return first.isoformat()[: {BalancePeriod.DAY: 10, BalancePeriod.MONTH: 7, BalancePeriod.YEAR: 4}[self]]


def weeks_of(year: int) -> int:
    """How many ISO weeks a year has."""
    return date(year, 12, 28).isocalendar()[1]


def same_day(day: date, year: int) -> date:
    """That day in another year; of 29 February the day before where there is none."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if leap_day else day.replace(year=year)


def day_of(time: float) -> date:
    """The local date of a POSIX second."""
    return datetime.fromtimestamp(time, PARIS).date()


def midnight(day: date) -> int:
    """The POSIX second at which a local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=PARIS).timestamp())


def days(first: date, end: date) -> Iterator[date]:
    """The days from ``first`` on, without ``end``."""
    while first < end:
        yield first
        first += _ONE


def periods(period: BalancePeriod, first: date, end: date) -> Iterator[date]:
    """The first days of the periods that touch ``[first, end)``."""
    begin = period.begin(first)
    while begin < end:
        yield begin
        begin = period.after(begin)
