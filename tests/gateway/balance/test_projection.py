"""What a month and a year will come to, and whether an objective will be kept; the base load."""

from datetime import date
from fractions import Fraction

import pytest

from gateway.balance.base_load import base_load
from gateway.balance.calendar import BalancePeriod, days, midnight
from gateway.balance.energy import DayEnergy
from gateway.balance.objective import ObjectiveState, goals
from gateway.balance.projection import Method, project
from gateway.balance.tariff import Objective, Tariff

TODAY = date(2026, 11, 11)
TARIFF = Tariff(name="Base", since=date(2025, 1, 1), subscription=30, prices={"base": 0.2})


def known(first, end, wh):
    """Whole days that all drew the same."""
    return {day: DayEnergy(day, wh, {"base": wh}) for day in days(first, end)}


def test_a_new_household_goes_on_as_in_the_last_days():
    """10 kWh a day for ten days of November, 6 until now today: 10 x 10 until now, 30 x 10 at the end."""
    history = known(date(2026, 11, 1), TODAY, 10_000)
    history[TODAY] = DayEnergy(TODAY, 6000, {"base": 6000}, whole=False)
    found = project(BalancePeriod.MONTH, TODAY, history, [TARIFF])
    assert (found.method, found.measured_wh, found.wh) == (Method.RECENT_DAYS, 106_000, 300_000)
    assert found.measured.total == Fraction("21.2") + 11
    assert found.cost.total == 60 + 30


def test_a_household_with_a_year_behind_it_follows_its_seasons():
    """Last year 20 kWh a day, this year 10 in the last 28 days: December will be half of what it was."""
    history = known(date(2025, 1, 1), date(2026, 1, 1), 20_000) | known(date(2026, 1, 1), TODAY, 10_000)
    for day in days(date(2025, 12, 1), date(2026, 1, 1)):
        history[day] = DayEnergy(day, 40_000, {"base": 40_000})
    found = project(BalancePeriod.YEAR, TODAY, history, [TARIFF])
    assert found.method is Method.YEAR_BEFORE
    assert found.wh == 10_000 * 334 + 20_000 * 31


def test_three_days_are_the_least():
    """Of two days nobody makes a year."""
    assert project(BalancePeriod.MONTH, TODAY, known(date(2026, 11, 9), TODAY, 10_000), [TARIFF]) is None


@pytest.mark.parametrize(
    ("kwh", "state"), [(400, ObjectiveState.KEPT), (200, ObjectiveState.WILL_EXCEED), (99, ObjectiveState.EXCEEDED)]
)
def test_an_objective_is_kept_will_be_exceeded_or_is(kwh, state):
    """100 kWh until now, 300 at the end."""
    found = project(BalancePeriod.MONTH, TODAY, known(date(2026, 11, 1), TODAY, 10_000), [TARIFF])
    (goal,) = goals(Objective(kwh_per_month=kwh, euros_per_year=1), found)
    assert goal.state is state


@pytest.mark.parametrize(("euros", "state"), [(300, ObjectiveState.UNPRICED), (5, ObjectiveState.EXCEEDED)])
def test_a_goal_in_euros_of_which_a_part_has_no_price_is_not_said_to_be_kept(euros, state):
    """Prices for half of the days: nobody knows, but what is too much already is."""
    late = Tariff(name="Base", since=date(2026, 11, 6), subscription=30, prices={"base": 0.2})
    found = project(BalancePeriod.MONTH, TODAY, known(date(2026, 11, 1), TODAY, 10_000), [late])
    (goal,) = goals(Objective(euros_per_month=euros), found)
    assert (goal.priced, goal.state) == (False, state)


def test_the_base_load_is_the_lowest_hour_of_a_usual_night():
    """Seven nights at 80 W with a boiler until 3 o'clock, one at 10 W (away), one of 500 W: 80 W."""
    drawn, nights = {}, [midnight(day) for day in days(date(2026, 10, 20), date(2026, 10, 27))]
    for place, night in enumerate(nights):
        for time in range(night, night + 6 * 3600, 1800):
            watts = {0: 10, 1: 500}.get(place, 80 if time >= night + 3 * 3600 else 2000)
            drawn[time] = watts // 2
    assert base_load(nights, drawn) == 80
    assert base_load(nights, {}) is None
