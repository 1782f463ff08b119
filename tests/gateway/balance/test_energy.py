"""Marks of an index to days, and days to months: nothing is lost or counted twice."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.balance.calendar import BalancePeriod, days, midnight
from gateway.balance.energy import DayEnergy, change, slices, total
from gateway.balance.self_use import self_uses
from gateway.balance.tariff import Tariff, cost
from gateway.store.breaks import Breaks

FIRST, END = date(2025, 12, 1), date(2027, 1, 1)
BEGIN, LAST = midnight(FIRST), midnight(END)

# Moments of an index with what it rose by since the one before.
rises = st.dictionaries(st.integers(BEGIN, LAST), st.integers(0, 10**6), min_size=2, max_size=60)
whole_days = st.lists(st.integers(0, 60_000), min_size=396, max_size=396)


def marks_of(rise):
    """The index at each moment."""
    value, found = 0, []
    for time in sorted(rise):
        value += rise[time]
        found.append((time, value))
    return found


@settings(deadline=None)
@given(rises, st.sampled_from(list(BalancePeriod)))
def test_all_that_an_index_rose_is_in_its_days(rise, period):
    """Whatever was read when, the days together are what the index rose by, to the watt-hour."""
    marks = marks_of(rise)
    bounds = [BEGIN]
    first = FIRST
    while bounds[-1] < LAST:
        first = period.after(first)
        bounds.append(min(midnight(first), LAST))
    found = slices(marks, Breaks(), bounds)
    assert sum(one.wh for one in found) == marks[-1][1] - marks[0][1]
    assert sum(one.covered for one in found) == marks[-1][0] - marks[0][0]


@settings(deadline=None)
@given(rises)
def test_days_add_up_to_months(rise):
    """A month reckoned at once is the sum of its days."""
    marks = marks_of(rise)
    midnights = [midnight(day) for day in days(FIRST, END + timedelta(1))]
    daily = dict(zip(days(FIRST, END), slices(marks, Breaks(), midnights), strict=True))
    month = FIRST
    while month < END:
        after = BalancePeriod.MONTH.after(month)
        (whole,) = slices(marks, Breaks(), [midnight(month), midnight(after)])
        assert sum(daily[day].wh for day in days(month, after)) == whole.wh
        assert sum(daily[day].covered for day in days(month, after)) == whole.covered
        month = after


@settings(max_examples=20, deadline=None)  # each is more than a year
@given(whole_days, st.lists(st.integers(0, 40), max_size=3))
def test_costs_of_days_add_up_to_costs_of_months(drawn, cents):
    """Euros are exact: the days of a month cost what the month costs, and a whole month one subscription."""
    tariffs = [
        Tariff(
            name=str(n),
            since=date(2025 + n, 6, 1),
            until=date(2026 + n, 5, 31),
            subscription=9.99,
            prices={"base": c / 100},
        )
        for n, c in enumerate(cents)
    ]
    known = [DayEnergy(day, wh) for day, wh in zip(days(FIRST, END), drawn, strict=True)]
    singly = [cost([day], tariffs) for day in known]
    together = cost(known, tariffs)
    assert sum(one.total for one in singly) == together.total
    february = cost([day for day in known if (day.date.year, day.date.month) == (2026, 2)], tariffs)
    if cents:
        assert round(float(february.subscription), 6) == 9.99


def test_a_fall_of_an_index_counts_nothing():
    """Between a value and a lower one nobody knows what was drawn; before and after it counts."""
    (one,) = slices([(0, 100), (10, 150), (20, 30), (30, 60)], Breaks(), [0, 40])
    assert (one.wh, one.covered, one.shared) == (80, 20, False)


def test_a_break_between_two_marks_counts_nothing():
    """The jump of an index that was set by hand is no energy, though it rises."""
    (one,) = slices([(0, 100), (10, 150), (20, 5000), (30, 5060)], Breaks(((15, 15),)), [0, 40])
    assert (one.wh, one.covered) == (110, 20)


def test_what_no_day_knows_is_not_zero():
    """A household without panels has no production; one whose counter stood still has one of nothing."""
    day = date(2026, 1, 1)
    assert total([DayEnergy(day, 5)]).produced is None
    assert total([DayEnergy(day, 5, produced=0)]).produced == 0
    assert change(5, None) is None
    assert change(5, 4) == 0.25


def test_self_use_counts_only_half_hours_that_are_known_on_every_side():
    """A half hour whose injection is missing would make all of its production one's own."""
    (one, none) = self_uses([0, 3600, 7200], {0: 10, 1800: 20}, {0: 5}, [{0: 25, 1800: 400}], [])
    assert (one.half_hours, one.produced, one.used, one.drawn) == (1, 25, 20, 10)
    assert none is None


def test_more_injected_than_produced_is_no_negative_use():
    """Two meters never read at the same moment: what is less than nothing is nothing."""
    (one,) = self_uses([0, 1800], {0: 10}, {0: 26}, [{0: 25}], [])
    assert (one.used, one.self_consumed) == (0, 0)
