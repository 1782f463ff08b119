"""Tariffs with their dates, and what days cost under them; exact fractions of a euro, rounded only when shown.

``[[tariff]]`` and ``[objective]`` of the configuration are these structs. Prices are those of the bill, taxes included.
A month's subscription is shared out over its days, so a whole month costs it exactly; a day of which nothing is known
costs nothing, and the one that is not over what is over of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.balance.calendar import days_of_month
from gateway.balance.classes import WORDS
from gateway.balance.energy import DayEnergy, fitted
from gateway.balance.supplier_offer import (
    MIDNIGHT,
    NO_PRICE_OF_CLASS,
    NO_RULE_OF_CLASS,
    Amount,
    OfferDays,
    OfferRule,
    Weekday,
    day_begins_fault,
    rules_fault,
    windows_fault,
)
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


# Beyond this a price is meant in cents.
_HIGHEST_PRICE = 10
# Below this share of what was drawn, what no class counted is rounding at midnight.
_ROUNDED = 0.01

_ENDS_BEFORE = Phrase("{until} is before the tariff begins ({since})")
_TWO_AT_ONCE = Phrase("on {day} {name!r} is in force as well; end that one before ({key})")
_NO_PRICE = Phrase("no price; write for example prices = { base = 0.2016 }")
_NO_CLASS = Phrase("{word!r} is no tariff class; use {known}")
_IN_CENTS = Phrase("{price} is no price of a kWh in euros; 20.16 cents are 0.2016")
_INJECTION_IN_CENTS = Phrase("{price} is no price of a kWh in euros; 4 cents are 0.04")
_OF_RULES = Phrase("it belongs to rules: add a [[tariff.when]], or leave it out")
_OF_A_FILE = Phrase("it belongs to the file of an offer: add offer = …, or leave it out")
_NO_AMOUNT = Phrase("{price} is no amount of euros")
# The same of a m³ of water or gas.
_HIGHEST_M3 = 100

_VOLUME_ENDS = Phrase("{until} is before it begins ({since})")
_TWO_VOLUMES = Phrase("on {day} another price of {of} is in force as well; end that one before ({key})")
_NO_VOLUME_PRICE = Phrase("no price; write per_m3, or of gas per_kwh and kwh_per_m3 as on the bill")
_TWO_PRICES = Phrase("it has two prices; write per_m3, or per_kwh and kwh_per_m3, not both")
_NO_FACTOR = Phrase("per_kwh needs kwh_per_m3 beside it: the kWh of a m³ of gas, as on the bill")
_OF_GAS = Phrase("water has no kWh; write per_m3")
_VOLUME_IN_CENTS = Phrase("{price} is no price in euros; 434 cents are 4.34")

Goal = Annotated[int, msgspec.Meta(gt=0)] | Annotated[float, msgspec.Meta(gt=0)] | None


class Tariff(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "days_of": "list"},
):
    """``[[tariff]]``: what a supplier asks from a day until another, the last one included.

    With ``offer`` prices and hours are those of a file (``gateway.config.offers`` puts them here, one for each of its
    prices). ``when``, ``day_begins`` and ``list`` are those of ``SupplierOffer``.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    since: date
    until: date | None = None
    # Euros a month.
    subscription: Amount = 0
    # Tariff class -> euros a kWh.
    prices: dict[str, Amount] = {}
    # What is paid for a kWh that is injected: euros.
    injection: Amount = 0
    # When a person last compared these prices with the bill.
    checked: date | None = None
    offer: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    # kVA, where the prices of that file depend on it.
    power: Annotated[int, msgspec.Meta(ge=1, le=36)] | None = None
    # What the household agreed on with its supplier, where the offer leaves it a choice.
    weekday: Weekday | None = None
    chosen_hours: tuple[str, ...] = ()
    when: tuple[OfferRule, ...] = ()
    day_begins: str = MIDNIGHT
    days_of: tuple[OfferDays, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.since <= day and (self.until is None or day <= self.until)

    def price(self, word: str) -> Fraction | None:
        """Euros a kWh of that class; a tariff that knows ``base`` alone has one price for all."""
        price = self.prices.get(word)
        if price is None and list(self.prices) == ["base"]:
            price = self.prices["base"]
        return None if price is None else Fraction(str(price))


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[objective]``: what the household means to stay below, in a calendar month or year."""

    kwh_per_month: Goal = None
    kwh_per_year: Goal = None
    euros_per_month: Goal = None
    euros_per_year: Goal = None


class VolumeTariffTable(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}
):
    """``[[volume_tariff]]``: prices of water or gas from a day until another, the last one included."""

    of: Literal["water", "gas"]
    since: date
    until: date | None = None
    # Euros a month.
    subscription: Amount = 0
    per_m3: Amount | None = None
    per_kwh: Amount | None = None
    kwh_per_m3: Annotated[int, msgspec.Meta(ge=1, le=20)] | Annotated[float, msgspec.Meta(ge=1, le=20)] | None = None

    @property
    def tariff(self) -> Tariff:
        """The same as a tariff of one class, litres in the place of Wh: a m³ for each kWh."""
        price = self.per_m3 if self.per_m3 is not None else round((self.per_kwh or 0) * (self.kwh_per_m3 or 0), 9)
        return Tariff(
            name=self.of, since=self.since, until=self.until, subscription=self.subscription, prices={"base": price}
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Euros: energy by class, subscription, what injection brought in; and what could not be priced.

    ``unpriced_wh`` was drawn in a class without a price or in none; on ``days_without`` days there was no tariff.
    """

    classes: Mapping[str, Fraction] = field(default_factory=dict)
    subscription: Fraction = Fraction(0)
    income: Fraction = Fraction(0)
    unpriced_wh: int = 0
    days: int = 0
    days_without: int = 0

    @property
    def energy(self) -> Fraction:
        """What was drawn."""
        return sum(self.classes.values(), Fraction(0))

    @property
    def total(self) -> Fraction:
        """What is to be paid, less than nothing when injection brought more."""
        return self.energy + self.subscription - self.income


def fault(tariffs: Sequence[Tariff]) -> tuple[str, Phrase] | None:
    """What is wrong with the tariffs, and the place of it (``tariff[0].prices``); None when nothing is."""
    for number, tariff in enumerate(tariffs):
        place = f"tariff[{number}]"
        found = _fault_of_prices(tariff, place)
        if found := found or _fault_of_hours(tariff, place):
            return found
        if tariff.until is not None and tariff.until < tariff.since:
            return f"{place}.until", _ENDS_BEFORE.filled(until=tariff.until, since=tariff.since)
        for other in tariffs[:number]:
            first = max(tariff.since, other.since)
            if tariff.holds(first) and other.holds(first):
                return f"{place}.from", _TWO_AT_ONCE.filled(day=first, name=other.name, key="until")
    return None


def _fault_of_prices(tariff: Tariff, place: str) -> tuple[str, Phrase] | None:
    if not tariff.prices:
        return f"{place}.prices", _NO_PRICE
    for word, price in tariff.prices.items():
        if word not in WORDS and not tariff.when:
            return f"{place}.prices", _NO_CLASS.filled(word=word, known=", ".join(WORDS))
        if not price <= _HIGHEST_PRICE:
            return f"{place}.prices.{word}", _IN_CENTS.filled(price=price)
    if not tariff.injection <= _HIGHEST_PRICE:
        return f"{place}.injection", _INJECTION_IN_CENTS.filled(price=tariff.injection)
    if not math.isfinite(tariff.subscription):
        return f"{place}.subscription", _NO_AMOUNT.filled(price=tariff.subscription)
    return None


def _fault_of_hours(tariff: Tariff, place: str) -> tuple[str, Phrase] | None:
    found = windows_fault(tariff.chosen_hours, f"{place}.chosen_hours")
    found = found or day_begins_fault(tariff.day_begins, f"{place}.day_begins") or _fault_of_the_idle(tariff, place)
    if found or not tariff.when:
        return found
    if found := rules_fault(tariff.when, f"{place}.when", [one.name for one in tariff.days_of]):
        return found
    words = {rule.word for rule in tariff.when}
    if without := sorted(words - tariff.prices.keys()):
        return f"{place}.prices", NO_PRICE_OF_CLASS.filled(word=without[0])
    if unknown := sorted(tariff.prices.keys() - words):
        return f"{place}.prices", NO_RULE_OF_CLASS.filled(word=unknown[0])
    return None


def _fault_of_the_idle(tariff: Tariff, place: str) -> tuple[str, Phrase] | None:
    """A key that would do nothing is a mistake that nobody would see."""
    if tariff.offer:
        return None
    if tariff.power is not None:
        return f"{place}.power", _OF_A_FILE
    said = {
        "day_begins": tariff.day_begins != MIDNIGHT,
        "list": tariff.days_of,
        "weekday": tariff.weekday,
        "chosen_hours": tariff.chosen_hours,
    }
    idle = next((key for key, there in said.items() if there and not tariff.when), None)
    return (f"{place}.{idle}", _OF_RULES) if idle else None


def fault_of_volumes(tariffs: Sequence[VolumeTariffTable]) -> tuple[str, Phrase] | None:
    """What is wrong with them, and its place (``volume_tariff[0].per_m3``); None when nothing is."""
    for number, one in enumerate(tariffs):
        place = f"volume_tariff[{number}]"
        if found := _fault_of_volume(one):
            key, said = found
            return f"{place}.{key}" if key else place, said
        if one.until is not None and one.until < one.since:
            return f"{place}.until", _VOLUME_ENDS.filled(until=one.until, since=one.since)
        for other in tariffs[:number]:
            first = max(one.since, other.since)
            if one.of == other.of and one.tariff.holds(first) and other.tariff.holds(first):
                return f"{place}.from", _TWO_VOLUMES.filled(day=first, of=one.of, key="until")
    return None


def _fault_of_volume(one: VolumeTariffTable) -> tuple[str, Phrase] | None:
    has_kwh = one.per_kwh is not None
    faults = {
        ("kwh_per_m3", _OF_GAS): one.of == "water" and one.kwh_per_m3 is not None,
        ("per_kwh", _OF_GAS): one.of == "water" and has_kwh,
        ("", _NO_VOLUME_PRICE): one.per_m3 is None and not has_kwh,
        ("per_kwh", _TWO_PRICES): one.per_m3 is not None and has_kwh,
        ("per_kwh", _NO_FACTOR): has_kwh and one.kwh_per_m3 is None,
        ("per_m3", _VOLUME_IN_CENTS.filled(price=one.per_m3)): not (one.per_m3 or 0) <= _HIGHEST_M3,
        ("per_kwh", _VOLUME_IN_CENTS.filled(price=one.per_kwh)): not (one.per_kwh or 0) <= _HIGHEST_PRICE,
        ("subscription", _NO_AMOUNT.filled(price=one.subscription)): not math.isfinite(one.subscription),
    }
    return next((found for found, is_so in faults.items() if is_so), None)


def in_force(tariffs: Sequence[Tariff], day: date) -> Tariff | None:
    """The tariff of a day."""
    return next((tariff for tariff in tariffs if tariff.holds(day)), None)


def cost(days: Iterable[DayEnergy], tariffs: Sequence[Tariff]) -> Cost:
    """What the days cost, each under its own tariff."""
    # Prices are exact fractions: they meet sums, of which there are few, and not each day.
    energies: Counter[tuple[int, str]] = Counter()
    injected: Counter[int] = Counter()
    months: Counter[tuple[int, int, int]] = Counter()
    subscription, drawn, count, without = Fraction(0), 0, 0, 0
    place: int | None = None
    for day in days:
        if day.drawn is None:
            continue
        if place is None or not tariffs[place].holds(day.date):
            place = next((place for place, one in enumerate(tariffs) if one.holds(day.date)), None)
        count += 1
        if place is None:
            without += 1
            continue
        for word, wh in _classes(day, tariffs[place]).items():
            energies[place, word] += wh
        drawn += day.drawn
        injected[place] += day.injected or 0
        if day.elapsed == 1:
            months[place, day.date.year, day.date.month] += 1
        else:
            subscription += daily_subscription(tariffs[place], day.date) * day.elapsed
    exact: dict[str, Fraction] = {}
    for (place, word), wh in energies.items():
        price = tariffs[place].price(word)
        if price is not None:
            exact[word] = exact.get(word, Fraction(0)) + price * wh / 1000
            drawn -= wh
    for (place, year, month), whole in months.items():
        subscription += daily_subscription(tariffs[place], date(year, month, 1)) * whole
    income = sum((Fraction(str(tariffs[place].injection)) * wh / 1000 for place, wh in injected.items()), Fraction(0))
    return Cost(exact, subscription, income, drawn, count, without)


def lacks_prices(unpriced_wh: int, drawn_wh: int) -> bool:
    """Whether so much of what was drawn has no price that it is more than the rounding at some midnights."""
    return unpriced_wh > _ROUNDED * drawn_wh


def is_priced(paid: Cost, drawn_wh: int | None) -> bool:
    """Whether all that was drawn has a price: else what was paid is a part of it, and is called nothing else."""
    return bool(paid.days) and not paid.days_without and not lacks_prices(paid.unpriced_wh, drawn_wh or 0)


def mean_price(days: Iterable[DayEnergy], tariffs: Sequence[Tariff]) -> Fraction | None:
    """Euros a kWh, over what has a price on those days; None where nothing has."""
    priced = [day for day in days if day.drawn and in_force(tariffs, day.date)]
    paid = cost(priced, tariffs)
    wh = sum(day.drawn or 0 for day in priced) - paid.unpriced_wh
    return paid.energy * 1000 / wh if wh > 0 else None


def daily_subscription(tariff: Tariff, day: date) -> Fraction:
    """A day's part of the month's subscription."""
    return Fraction(str(tariff.subscription)) / days_of_month(day.year, day.month)


def per_hour(tariff: Tariff, word: str, watts: float) -> Fraction | None:
    """Euros that an hour costs at that active power in that class; None without a price."""
    price = tariff.price(word)
    return None if price is None else price * Fraction(watts) / 1000


def _classes(day: DayEnergy, tariff: Tariff) -> Mapping[str, int]:
    # One price for all: what no class index was read for is priced too.
    # Of the others no more is paid than was drawn.
    return {"base": day.drawn or 0} if list(tariff.prices) == ["base"] else fitted(day.classes, day.drawn)
