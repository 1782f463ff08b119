"""What a household pays, as the page *cost* shows it: from days, tariffs and objectives to plain amounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, periods
from gateway.balance.classes import order
from gateway.balance.energy import DayEnergy, change
from gateway.balance.objective import goals
from gateway.balance.projection import Method, Projection, project
from gateway.balance.rows import BalanceRow, earliest_needed, rows
from gateway.balance.tariff import Objective, Tariff, lacks_prices, mean_price
from gateway.household.this_hour import this_hour
from gateway.web.cost.values import Aim, Bill, Forecast, Money, Present, TariffOffer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays

_SHOWN = {BalancePeriod.DAY: 31, BalancePeriod.MONTH: 13, BalancePeriod.YEAR: 10}
_HOURS_A_YEAR = 8766
_TWELVE_MONTHS = timedelta(days=365)


def bill(house: HouseholdDays, config: Config, period: BalancePeriod, now: float, today: date) -> Bill:
    """The last periods of a household up to ``today``, and what this month and this year will come to."""
    first = period.back(period.begin(today), _SHOWN[period] - 1)
    days, found = {}, []
    if house.first:
        first = max(first, period.begin(house.first))
        # Read once for both.
        since = min(earliest_needed(period, first), house.projected_from(today))
        days = {day.date: day for day in house.read(since, BalancePeriod.DAY.after(today))}
        found = rows(period, first, today + timedelta(days=1), days, config.tariff, house.running)
    both = (project(one, today, days, config.tariff) for one in (BalancePeriod.MONTH, BalancePeriod.YEAR))
    projections = [one for one in both if one is not None]
    moment = present(house, config.tariff, now)
    drawn = sum(row.total.drawn or 0 for row in found)
    unpriced = sum(row.cost.unpriced_wh for row in found)
    return Bill(
        meter=house.meter,
        period=period.value,
        rows=_monies(period, first, today, found) if config.tariff and found else (),
        offers=[_offer(one, today) for one in config.tariff],
        forecasts=[_forecast(one, config.tariff) for one in projections],
        aims=[aim for one in projections for aim in _aims(config.objective, one)],
        present=moment,
        base_load_year=_a_year(moment.base_load_w, days, today, config.tariff),
        days_without=sum(row.cost.days_without for row in found) if config.tariff else 0,
        unpriced_wh=unpriced if config.tariff and lacks_prices(unpriced, drawn) else 0,
        classes_seen=sorted({word for row in found for word in row.total.classes}, key=order),
    )


def present(house: HouseholdDays, tariffs: Sequence[Tariff], now: float) -> Present:
    """This moment: what the hour costs, and the base load of the last nights."""
    hour = this_hour(house, tariffs, now)
    euros = None if hour.euros is None else float(hour.euros)
    return Present(euros, hour.watts, hour.word, house.base_load(int(now)))


def _a_year(watts: int | None, days: Mapping[date, DayEnergy], today: date, tariffs: Sequence[Tariff]) -> float | None:
    """What these watts cost in a year: the same whichever rows are shown."""
    recent = [day for one, day in days.items() if today - _TWELVE_MONTHS <= one < today]
    price = mean_price(recent, tariffs)
    return None if watts is None or price is None else float(watts * _HOURS_A_YEAR * price / 1000)


def _monies(period: BalancePeriod, first: date, today: date, found: Sequence[BalanceRow]) -> list[Money]:
    known = {row.first: row for row in found}
    nothing = Money(first, first, 0, {}, 0, 0, None, None, None, whole=False)
    return [
        _money(known[begin]) if begin in known else replace(nothing, first=begin, end=period.after(begin))
        for begin in periods(period, first, today + timedelta(days=1))
    ]


def _money(row: BalanceRow) -> Money:
    cost, before = row.cost, row.cost_before
    moved = change(float(cost.total), float(before.total)) if before and row.comparable else None
    return Money(
        first=row.first,
        end=row.end,
        energy=float(cost.energy),
        classes={word: float(cost.classes[word]) for word in sorted(cost.classes, key=order)},
        subscription=float(cost.subscription),
        income=float(cost.income),
        total=float(cost.total),
        before=float(before.total) if before else None,
        change=moved,
        whole=row.total.whole and timedelta(row.total.known) == row.end - row.first,
        estimated=row.total.estimated,
        so_far=row.so_far,
    )


def _offer(tariff: Tariff, today: date) -> TariffOffer:
    return TariffOffer(
        name=tariff.name,
        since=tariff.since,
        until=tariff.until,
        subscription=float(tariff.subscription),
        prices={word: float(tariff.prices[word]) for word in sorted(tariff.prices, key=order)},
        injection=float(tariff.injection),
        in_force=tariff.holds(today),
    )


def _forecast(one: Projection, tariffs: Sequence[Tariff]) -> Forecast:
    return Forecast(
        period=one.period.value,
        first=one.first,
        measured_wh=one.measured_wh,
        expected_wh=one.wh,
        measured_euros=_if_priced(one.measured.total, tariffs),
        expected_euros=_if_priced(one.cost.total, tariffs),
        by_year_before=one.method is Method.YEAR_BEFORE,
    )


def _if_priced(euros: Fraction, tariffs: Sequence[Tariff]) -> float | None:
    return float(euros) if tariffs else None


def _aims(objective: Objective, one: Projection) -> list[Aim]:
    return [
        Aim(
            period=goal.period.value,
            unit=goal.unit,
            goal=float(goal.goal),
            measured=float(goal.measured),
            expected=float(goal.projected),
            state=goal.state.value,
        )
        for goal in goals(objective, one)
    ]
