"""Days to months and euros: nothing is lost or counted twice."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.balance.calendar import days
from gateway.balance.energy import PARTLY, DayEnergy, change, consumed, total
from gateway.balance.self_use import self_uses
from gateway.balance.tariff import Tariff, cost

FIRST, END = date(2025, 12, 1), date(2027, 1, 1)

whole_days = st.lists(st.integers(0, 60_000), min_size=396, max_size=396)


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


def test_what_no_day_knows_is_not_zero():
    """A household without panels has no production; one whose counter stood still has one of nothing."""
    day = date(2026, 1, 1)
    assert total([DayEnergy(day, 5)]).produced is None
    assert total([DayEnergy(day, 5, produced=0)]).produced == 0
    assert change(5, None) is None
    assert change(5, 4) == 0.25


def test_what_was_used_in_all_is_drawn_and_made_less_injected():
    """Of a house, of a day and of several; unknown where one of the three is, on any of the days, and never nought."""
    day, other = (date(2026, 1, one) for one in (1, 2))
    sunny = DayEnergy(day, 4100, injected=4900, own=8300, produced=8300)
    assert (sunny.consumed, total([sunny]).consumed) == (7500, 7500)
    assert [consumed(*one) for one in ((None, 1, 1), (1, None, 1), (1, 1, None), (0, 0, 0))] == [None, None, None, 0]
    assert total([sunny, DayEnergy(other, 5000, injected=0, own=100, produced=100)]).consumed == 12_600
    assert total([sunny, DayEnergy(other, 5000, injected=0)]).consumed is None
    assert total([sunny, DayEnergy(other, None)]).consumed == 7500
    assert total([DayEnergy(day, 5)]).consumed is None


def test_what_was_not_counted_some_time_ago_is_no_fault_of_now():
    """Nobody knows what was produced in all; the counter is said not to answer where it does not on the last day."""
    dead = DayEnergy(date(2026, 1, 1), 5, injected=9, doubt="unread")
    alive = DayEnergy(date(2026, 1, 2), 5, injected=1, produced=2)
    assert (total([dead, alive]).produced, total([dead, alive]).doubt) == (None, PARTLY)
    assert total([alive, dead]).doubt == "unread"
    assert total([alive]).doubt is None


def test_self_use_counts_only_half_hours_that_are_known_on_every_side():
    """A half hour whose injection is missing would make all of its production one's own."""
    (one, none) = self_uses([0, 3600, 7200], {0: 10, 1800: 20}, {0: 5}, [{0: 25, 1800: 400}], [])
    assert (one.half_hours, one.produced, one.used, one.drawn) == (1, 25, 20, 10)
    assert none is None


def test_more_injected_than_produced_is_no_negative_use():
    """Two meters never read at the same moment: what is less than nothing is nothing."""
    (one,) = self_uses([0, 1800], {0: 10}, {0: 26}, [{0: 25}], [])
    assert (one.used, one.self_consumed) == (0, 0)
