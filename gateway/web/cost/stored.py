"""What a household pays, as the page *cost* shows it: from days, tariffs and objectives to plain amounts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, periods
from gateway.balance.classes import order
from gateway.balance.energy import DayEnergy, change
from gateway.balance.objective import goals
from gateway.balance.projection import Method, Projection, project
from gateway.balance.rows import BalanceRow, earliest_needed, rows
from gateway.balance.supplier_offer import METER, minutes_of
from gateway.balance.tariff import Objective, Tariff, is_priced, lacks_prices, mean_price
from gateway.household.days import HouseholdDays
from gateway.household.so_far import is_whole
from gateway.household.this_hour import this_hour
from gateway.web.cost.values import Aim, Bill, Forecast, Money, OfferPaid, OffersCompared, Present, TariffOffer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.config.tables import Config
    from gateway.household.comparison import ComparedOffer, Comparison
    from gateway.store.store import Archive

_SHOWN = {BalancePeriod.DAY: 31, BalancePeriod.MONTH: 13, BalancePeriod.YEAR: 10}
_HOURS_A_YEAR = 8766
# What a household can choose under the regulated tariff.
_OFFERS = ("bleu-base", "bleu-hc", "tempo")
# Above this share of what was drawn a difference may be nothing but how it was shared out.
_MUCH = 0.1
_TWELVE_MONTHS = timedelta(days=365)


def bill(house: HouseholdDays, config: Config, period: BalancePeriod, now: float, today: date) -> Bill:
    """The last periods of a household up to ``today``, and what this month and this year will come to."""
    first = period.back(period.begin(today), _SHOWN[period] - 1)
    days, found = {}, []
    if house.first:
        first = max(first, period.begin(house.first))
        # Read once for all.
        since = min(earliest_needed(period, first), house.projected_from(today))
        days = {day.date: day for day in house.read(since, BalancePeriod.DAY.after(today))}
        found = rows(period, first, today + timedelta(days=1), days, config.tariff, house.running)
    known = _Known(house, days, today, now)
    both = (project(one, today, days, config.tariff) for one in (BalancePeriod.MONTH, BalancePeriod.YEAR))
    projections = [one for one in both if one is not None]
    moment = present(house, config.tariff, now)
    drawn = sum(row.total.drawn or 0 for row in found)
    unpriced = sum(row.cost.unpriced_wh for row in found)
    return Bill(
        meter=house.meter,
        period=period.value,
        rows=known.monies(period, first, found) if config.tariff and found else (),
        offers=[_offer(one, today) for one in config.tariff],
        forecasts=[_forecast(one, today, house.first) for one in projections],
        aims=[aim for one in projections for aim in _aims(config.objective, one)],
        present=moment,
        month=known.this_month(config.tariff),
        base_load_year=_a_year(moment.base_load_w, days, today, config.tariff),
        days_without=sum(row.cost.days_without for row in found) if config.tariff else 0,
        unpriced_wh=unpriced if config.tariff and lacks_prices(unpriced, drawn) else 0,
        classes_seen=sorted({word for row in found for word in row.total.classes}, key=order),
        panels=house.has_panels,
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


@dataclass(frozen=True, slots=True)
class _Known:
    """What rows are told of: the house, its days, the last one known, the POSIX second of now."""

    house: HouseholdDays
    days: Mapping[date, DayEnergy]
    last: date
    now: float

    def this_month(self, tariffs: Sequence[Tariff]) -> Money | None:
        """The month as far as it is over, beside as much of it a year before."""
        period = BalancePeriod.MONTH
        span = (period.begin(self.last), self.last + timedelta(days=1))
        found = rows(period, *span, self.days, tariffs, self.house.running)
        return self.money(found[0]) if found else None

    def monies(self, period: BalancePeriod, first: date, found: Sequence[BalanceRow]) -> list[Money]:
        """The periods from the first day to the last, those of which nothing is known too."""
        known = {row.first: row for row in found}
        nothing = Money(first, first, 0, {}, 0, 0, None, None, None, whole=False)
        return [
            self.money(known[begin]) if begin in known else replace(nothing, first=begin, end=period.after(begin))
            for begin in periods(period, first, self.last + timedelta(days=1))
        ]

    def money(self, row: BalanceRow) -> Money:
        """A row in euros."""
        cost, then = row.cost, row.cost_before
        priced = is_priced(cost, row.total.drawn)
        before = float(then.total) if row.before and then and is_priced(then, row.before.drawn) else None
        return Money(
            first=row.first,
            end=row.end,
            energy=float(cost.energy),
            classes={word: float(cost.classes[word]) for word in sorted(cost.classes, key=order)},
            subscription=float(cost.subscription),
            income=float(cost.income),
            total=None if cost.days == cost.days_without else float(cost.total),
            before=before,
            change=change(float(cost.total), before) if priced and row.comparable else None,
            whole=is_whole(self.house, row.first, row.end, self.days, self.now),
            estimated=row.total.estimated,
            so_far=row.so_far,
            wh=row.total.drawn,
            partly=not priced,
            over=row.end <= self.last + timedelta(days=1),
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


def _forecast(one: Projection, today: date, known_from: date | None) -> Forecast:
    measured, expected = is_priced(one.measured, one.measured_wh), is_priced(one.cost, one.wh)
    return Forecast(
        period=one.period.value,
        first=one.first,
        measured_wh=one.measured_wh,
        expected_wh=one.wh,
        measured_euros=float(one.measured.total) if measured else None,
        expected_euros=float(one.cost.total) if expected else None,
        by_year_before=one.method is Method.YEAR_BEFORE,
        days_left=(one.period.after(one.first) - today).days,
        since=known_from if known_from and known_from > one.first else None,
    )


def _aims(objective: Objective, one: Projection) -> list[Aim]:
    """The objectives of a period."""
    return [
        Aim(
            period=goal.period.value,
            unit=goal.unit,
            goal=float(goal.goal),
            measured=float(goal.measured),
            expected=float(goal.projected),
            state=goal.state.value,
            priced=goal.priced,
        )
        for goal in goals(objective, one)
    ]


def compared(
    archive: Archive, config: Config, meter: str, off_peak: tuple[str, str] | None, today: date
) -> OffersCompared:
    """The last twelve months, as far as they are known, under each of the regulated offers and the own contract."""
    # It brings what no other look takes.
    from gateway.config.offers import find_offer  # noqa: PLC0415
    from gateway.household.comparing import compare  # noqa: PLC0415
    from gateway.household.comparison import ComparisonOrder  # noqa: PLC0415

    files = [find_offer(name, Path()) for name in _OFFERS]
    asked = ComparisonOrder(off_peak=(minutes_of("/".join(off_peak)),) if off_peak else None)
    found = compare(archive, HouseholdDays(archive, config, meter), config, files, asked, today)
    own = next((one.year.total for one in found.offers if one.file is None and one.months), None)
    offers = [
        OfferPaid(
            name=one.name,
            own=one.file is None,
            euros=float(one.year.total) if one.months else None,
            apart=float(one.year.total - own) if one.months and own is not None else None,
            lacks="" if one.months else _lacks(found, one),
        )
        for one in found.offers
    ]
    examples = [one for one in found.offers if one.file is not None]
    return OffersCompared(
        meter=found.meter,
        first=found.shown[0],
        last=found.shown[1],
        days=found.days,
        wh=found.wh,
        offers=sorted(offers, key=lambda one: (one.euros is None, one.euros or 0, not one.own)),
        refused=found.refused,
        checked=min((one.checked for one in examples if one.checked), default=None),
        since=min((one.prices_of for one in examples if one.prices_of), default=None),
        old=any(one.old for one in examples),
        off_peak=off_peak,
        refuted=found.refuted,
        shared=any(one.shared > _MUCH * found.wh for one in found.offers if one.months),
    )


def _lacks(found: Comparison, one: ComparedOffer) -> str:
    """Why an offer cannot be reckoned, as the page says it."""
    if one.file is None:
        return "own"
    rules = one.file.offer.when
    if one.left_out:
        return "hours" if any(rule.hours == METER for rule in rules) else "colours"
    return "power" if found.power is None else "price"
