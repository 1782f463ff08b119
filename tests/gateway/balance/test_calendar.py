"""The household's calendar: local days, ISO weeks, and the same period of the year before."""

from datetime import date

import pytest

from gateway.balance.calendar import BalancePeriod, midnight

LEAP = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)]
)
def test_a_day_has_its_hours(day, hours):
    """The clock goes forward in March and back in October."""
    assert midnight(BalancePeriod.DAY.after(day)) - midnight(day) == hours * 3600


@pytest.mark.parametrize(
    ("period", "first", "before", "label"),
    [
        (BalancePeriod.DAY, LEAP, date(2023, 2, 28), "2024-02-29"),
        (BalancePeriod.DAY, date(2026, 3, 1), date(2025, 3, 1), "2026-03-01"),
        (BalancePeriod.WEEK, date(2026, 12, 28), date(2025, 12, 22), "2026-W53"),
        (BalancePeriod.WEEK, date(2025, 12, 29), date(2024, 12, 30), "2026-W01"),
        (BalancePeriod.MONTH, date(2024, 2, 1), date(2023, 2, 1), "2024-02"),
        (BalancePeriod.YEAR, date(2024, 1, 1), date(2023, 1, 1), "2024"),
    ],
)
def test_the_same_period_of_the_year_before(period, first, before, label):
    """29 February is compared with the 28th, a 53rd week with the 52nd."""
    assert (period.year_before(first), period.label(first)) == (before, label)


@pytest.mark.parametrize("period", BalancePeriod)
def test_periods_follow_each_other(period):
    """Each begins where the one before ends, forth and back."""
    first = period.begin(date(2023, 11, 15))
    for _ in range(800 if period is BalancePeriod.DAY else 60):
        after = period.after(first)
        assert period.begin(after) == after
        assert period.back(after, 1) == first
        first = after
