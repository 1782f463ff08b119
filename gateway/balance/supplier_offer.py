"""The form of a supplier's offer: which hours are in which class, and what each class costs from when on.

A file of an offer is ``SupplierOffer``; ``[[tariff]]`` of the configuration is one as well (``as_offer``). Prices are
exact fractions of a euro. What is wrong with an offer is one sentence and its place in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date  # noqa: TC003 (msgspec reads it)
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.balance.calendar import days_of_month
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Of the class, and of a list of days.
_NAME = "^[a-z0-9][a-z0-9-]{0,19}$"
_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAY = re.compile("(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_POWER = re.compile("[1-9][0-9]?")

# Beyond these a price is meant in cents, and a subscription of a year.
_HIGHEST_PRICE, _HIGHEST_SUBSCRIPTION, _HIGHEST_RATE = 10, 1000, 100
_MOST_RULES, _MOST_PRICES, _MOST_WINDOWS, _MOST_DAYS = 40, 200, 12, 2000
_LEAP_YEAR = 2000

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# ``hours`` that are not in the offer: the windows of this meter, and those that the household agreed on.
METER, CHOSEN = "meter", "chosen"
# When the tariff's day begins where nothing says another time.
MIDNIGHT = "00:00"

_NO_RULE = Phrase("no [[when]]: which class is when?")
_TOO_MANY = Phrase("{count} are too many; at most {most}")
_NOT_REACHED = Phrase("the one before holds always, so this one never does; put it first, or take it out")
_NOT_ALWAYS = Phrase("the last one stands for all other hours: it has a class and nothing else")
_NO_WINDOW = Phrase('{text!r} are no hours; write for example "22:30/06:30"')
_NO_TIME = Phrase('{text!r} is no time of day; write for example "06:00"')
_NO_SEASON = Phrase('{text!r} is no season; write for example "04-01/10-31", month and day')
_NO_POWER = Phrase("{text!r} is no power in kVA; write for example 6")
_TWO_SORTS_OF_DAYS = Phrase("colour and list both say which days; write two [[when]]")
_NO_LIST = Phrase("there is no [[list]] of that name")
_TWICE = Phrase("another one has that name")
_BACKWARDS = Phrase("{until} is before it begins ({since})")
_TWO_AT_ONCE = Phrase("on {day} another one is in force as well; end that one before (`until` is its last day)")
NO_PRICE_OF_CLASS = Phrase("the class {word!r} has no price")
NO_RULE_OF_CLASS = Phrase("no [[when]] has the class {word!r}")
_NO_PRICES = Phrase("no [[price]]: what does it cost?")
_IN_CENTS = Phrase("{price} is no price of a kWh in euros; 20.16 cents are 0.2016")
_NO_AMOUNT = Phrase("{price} is no amount of euros a month")
_NO_RATE = Phrase("{price} is no rate in per cent")
_NO_EXCISE = Phrase("{price} is no excise in euros a MWh")
_OUTSIDE = Phrase("{day} is not from {since} to {until}")

Amount = Annotated[int, msgspec.Meta(ge=0)] | Annotated[float, msgspec.Meta(ge=0)]
# The same for all powers, or by kVA.
ByPower = Amount | dict[str, Amount]
ClassName = Annotated[str, msgspec.Meta(pattern=_NAME)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri"]


class OfferRule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"word": "class", "days_of": "list"}
):
    """``[[when]]``: the class ``word`` where all that is said holds; the first rule that does decides.

    Attributes:
        seasons: ``"04-01/10-31"``, both days included, over the end of the year as well; of the tariff's day.
        days: civil days; ``chosen`` is the one that the household agreed on with its supplier.
        holidays: French public holidays count as one of ``days``.
        colour: of the tariff's day, as RTE announced it.
        days_of: the tariff's day is in that ``[[list]]``.
        hours: ``"22:30/06:30"``, the second one not included, over midnight as well; or of the meter; or chosen.
    """

    word: ClassName
    seasons: tuple[str, ...] = ()
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "chosen"], ...] = ()
    holidays: bool = False
    colour: Literal["blue", "white", "red"] | None = None
    days_of: str | None = None
    hours: Literal["meter", "chosen"] | tuple[str, ...] = ()

    @property
    def always(self) -> bool:
        """Whether it asks nothing."""
        return not (self.seasons or self.days or self.holidays or self.colour or self.days_of or self.hours)


class OfferPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """``[[price]]``: what it costs from a day until another, the last one included; ``subscription`` a month."""

    since: date
    until: date | None = None
    subscription: ByPower
    # Class -> euros a kWh, of all powers or by kVA.
    prices: dict[str, ByPower]

    def holds(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.since <= day and (self.until is None or day <= self.until)


class OfferTaxes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """``[[taxes]]``: what is added to prices without taxes from a day on, until the next one.

    ``excise`` is in euros a MWh, ``cta`` in euros a month; VAT in per cent, of energy with excise and of the
    subscription with ``cta``.
    """

    since: date
    excise: Amount = 0
    vat: Amount = 0
    subscription_vat: Amount = 0
    cta: ByPower = 0


class OfferDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """``[[list]]``: days that a supplier announced, out of a span in which all of them are known."""

    name: ClassName
    since: date
    until: date
    days: tuple[date, ...] = ()


class SupplierOffer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"days_of": "list"}):
    """A file of an offer; with ``taxes`` its prices are without them."""

    format: Literal[1] = 1
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    supplier: Annotated[str, msgspec.Meta(max_length=60)] = ""
    # Where a person read it, and when; a price that nobody looked at for half a year is said to be old.
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    checked: date
    # When the tariff's day begins, whose colour, list and season count until the next one: 06:00 of Tempo.
    day_begins: str = MIDNIGHT
    when: tuple[OfferRule, ...]
    price: tuple[OfferPrice, ...]
    taxes: tuple[OfferTaxes, ...] = ()
    days_of: tuple[OfferDays, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes, in the order of its rules."""
        return tuple(dict.fromkeys(rule.word for rule in self.when))

    @property
    def chooses(self) -> tuple[bool, bool]:
        """Whether the household has chosen a weekday, and hours."""
        return any("chosen" in rule.days for rule in self.when), any(rule.hours == CHOSEN for rule in self.when)


class NotComputable(Exception):  # noqa: N818 (nothing went wrong: the offer cannot be reckoned, for a reason)
    """Why something cannot be reckoned, as a sentence."""

    def __init__(self, phrase: Phrase) -> None:
        self.phrase = phrase
        super().__init__(str(phrase))


@dataclass(frozen=True, slots=True)
class OfferGrid:
    """What an offer costs on a day: euros a month, and class -> euros a kWh, taxes included."""

    subscription: Fraction
    prices: Mapping[str, Fraction]


_NO_SUBSCRIPTION = Phrase("it has no price for {power} kVA ({known}); take those of your price sheet into a copy")
POWER_UNKNOWN = Phrase("its prices depend on the subscribed power, which the meter has not said: give it by --power")
_NO_TAXES = Phrase("its prices are without taxes, and no [[taxes]] is in force on {day}")


def grid(offer: SupplierOffer, day: date, power: int | None) -> OfferGrid | None:
    """What is in force on a day, for so many kVA; None where no price is. Raises NotComputable."""
    price = next((one for one in offer.price if one.holds(day)), None)
    if price is None:
        return None
    subscription = amount(price.subscription, power)
    prices = {word: amount(one, power) for word, one in price.prices.items()}
    if offer.taxes:
        taxes = max((one for one in offer.taxes if one.since <= day), key=lambda one: one.since, default=None)
        if taxes is None:
            raise NotComputable(_NO_TAXES.filled(day=day))
        vat, fixed = 1 + exact(taxes.vat) / 100, 1 + exact(taxes.subscription_vat) / 100
        subscription = (subscription + amount(taxes.cta, power)) * fixed
        prices = {word: (one + exact(taxes.excise) / 1000) * vat for word, one in prices.items()}
    return OfferGrid(subscription, prices)


def newest_day(offer: SupplierOffer, today: date) -> date:
    """The day of whose prices today is reckoned: today, else the nearest one on which any was, or will be."""
    held = [min(today, one.until or today) for one in offer.price if one.since <= today]
    return max(held, default=min(one.since for one in offer.price))


def amount(price: ByPower, power: int | None) -> Fraction:
    """The amount for so many kVA. Raises NotComputable."""
    if not isinstance(price, dict):
        return exact(price)
    if power is None:
        raise NotComputable(POWER_UNKNOWN)
    if str(power) not in price:
        raise NotComputable(_NO_SUBSCRIPTION.filled(power=power, known=", ".join(price)))
    return exact(price[str(power)])


def exact(number: float) -> Fraction:
    """A number as it is written in the file: 0.1940 is 194/1000."""
    return Fraction(str(number))


def minutes_of(window: str) -> tuple[int, int]:
    """``"22:30/06:30"`` in minutes from midnight. Raises ValueError."""
    begin, _, end = window.partition("/")
    if not (_TIME.fullmatch(begin) and _TIME.fullmatch(end)):
        raise ValueError(window)
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (begin, end))
    if first % 1440 == last:
        raise ValueError(window)
    return first % 1440, last


def are_hours(begin: str, end: str) -> bool:
    """Whether these are two times of the day, ``22:30`` and ``06:30``, and not the same."""
    try:
        minutes_of(f"{begin}/{end}")
    except ValueError:
        return False
    return True


def season_of(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """``"04-01/10-31"`` as (month, day) twice. Raises ValueError."""
    begin, _, end = text.partition("/")
    found = [_DAY.fullmatch(one) for one in (begin, end)]
    (first, last) = [(int(one[1]), int(one[2])) if one else (0, 0) for one in found]
    if any(not month or day > days_of_month(_LEAP_YEAR, month) for month, day in (first, last)):
        raise ValueError(text)
    return first, last


# ---- what is wrong -------------------------------------------------------------------------------------------------


def offer_fault(offer: SupplierOffer) -> tuple[str, Phrase] | None:
    """What is wrong with an offer, and the place of it (``when[0].hours``); None when nothing is."""
    found = rules_fault(offer.when, "when", tuple(one.name for one in offer.days_of)) or day_begins_fault(
        offer.day_begins
    )
    return found or next(_price_faults(offer), None) or next(_other_faults(offer), None)


def rules_fault(rules: Sequence[OfferRule], place: str, lists: Sequence[str] = ()) -> tuple[str, Phrase] | None:
    """What is wrong with the rules that stand at ``place``."""
    if not rules:
        return "", _NO_RULE
    if len(rules) > _MOST_RULES:
        return place, _TOO_MANY.filled(count=len(rules), most=_MOST_RULES)
    for number, rule in enumerate(rules):
        here = f"{place}[{number}]"
        if number and rules[number - 1].always:
            return here, _NOT_REACHED
        if found := _rule_fault(rule, here, lists):
            return found
    return None if rules[-1].always else (f"{place}[{len(rules) - 1}]", _NOT_ALWAYS)


def _rule_fault(rule: OfferRule, place: str, lists: Sequence[str]) -> tuple[str, Phrase] | None:
    if rule.colour and rule.days_of:
        return f"{place}.colour", _TWO_SORTS_OF_DAYS
    if rule.days_of and rule.days_of not in lists:
        return f"{place}.list", _NO_LIST
    if found := windows_fault(() if isinstance(rule.hours, str) else rule.hours, f"{place}.hours"):
        return found
    return seasons_fault(rule.seasons, f"{place}.seasons")


def windows_fault(windows: Sequence[str], place: str) -> tuple[str, Phrase] | None:
    """What is wrong with hours of the day."""
    return _fault_of_each(windows, minutes_of, _NO_WINDOW, place)


def seasons_fault(seasons: Sequence[str], place: str) -> tuple[str, Phrase] | None:
    """What is wrong with seasons."""
    return _fault_of_each(seasons, season_of, _NO_SEASON, place)


def _fault_of_each(
    texts: Sequence[str], read: Callable[[str], object], wrong: Phrase, place: str
) -> tuple[str, Phrase] | None:
    if len(texts) > _MOST_WINDOWS:
        return place, _TOO_MANY.filled(count=len(texts), most=_MOST_WINDOWS)
    for text in texts:
        try:
            read(text)
        except ValueError:
            return place, wrong.filled(text=text)
    return None


def day_begins_fault(text: str, place: str = "day_begins") -> tuple[str, Phrase] | None:
    """What is wrong with the time at which a tariff's day begins."""
    return None if _TIME.fullmatch(text) and text != "24:00" else (place, _NO_TIME.filled(text=text))


def _price_faults(offer: SupplierOffer) -> Iterator[tuple[str, Phrase]]:
    if not offer.price:
        yield "", _NO_PRICES
    if len(offer.price) > _MOST_PRICES:
        yield "price", _TOO_MANY.filled(count=len(offer.price), most=_MOST_PRICES)
    for number, price in enumerate(offer.price):
        place = f"price[{number}]"
        if price.until is not None and price.until < price.since:
            yield f"{place}.until", _BACKWARDS.filled(until=price.until, since=price.since)
        for other in offer.price[:number]:
            first = max(price.since, other.since)
            if price.holds(first) and other.holds(first):
                yield f"{place}.from", _TWO_AT_ONCE.filled(day=first)
        for word in offer.classes:
            if word not in price.prices:
                yield f"{place}.prices", NO_PRICE_OF_CLASS.filled(word=word)
        for word, one in price.prices.items():
            if word not in offer.classes:
                yield f"{place}.prices", NO_RULE_OF_CLASS.filled(word=word)
            yield from _amount_faults(one, f"{place}.prices.{word}", _HIGHEST_PRICE, _IN_CENTS)
        yield from _amount_faults(price.subscription, f"{place}.subscription", _HIGHEST_SUBSCRIPTION, _NO_AMOUNT)


def _amount_faults(price: ByPower, place: str, most: int, what: Phrase) -> Iterator[tuple[str, Phrase]]:
    for text, one in price.items() if isinstance(price, dict) else [("1", price)]:
        if not _POWER.fullmatch(text):
            yield place, _NO_POWER.filled(text=text)
        if not one <= most:
            yield place, what.filled(price=one)


def _other_faults(offer: SupplierOffer) -> Iterator[tuple[str, Phrase]]:
    for number, one in enumerate(offer.taxes):
        place = f"taxes[{number}]"
        if one.since in (other.since for other in offer.taxes[:number]):
            yield f"{place}.from", _TWO_AT_ONCE.filled(day=one.since)
        yield from _amount_faults(one.excise, f"{place}.excise", _HIGHEST_SUBSCRIPTION, _NO_EXCISE)
        yield from _amount_faults(one.vat, f"{place}.vat", _HIGHEST_RATE, _NO_RATE)
        yield from _amount_faults(one.subscription_vat, f"{place}.subscription_vat", _HIGHEST_RATE, _NO_RATE)
        yield from _amount_faults(one.cta, f"{place}.cta", _HIGHEST_SUBSCRIPTION, _NO_AMOUNT)
    for number, days in enumerate(offer.days_of):
        place = f"list[{number}]"
        if days.name in (other.name for other in offer.days_of[:number]):
            yield f"{place}.name", _TWICE
        if len(days.days) > _MOST_DAYS:
            yield f"{place}.days", _TOO_MANY.filled(count=len(days.days), most=_MOST_DAYS)
        if days.until < days.since:
            yield f"{place}.until", _BACKWARDS.filled(until=days.until, since=days.since)
        for day in days.days:
            if not days.since <= day <= days.until:
                yield f"{place}.days", _OUTSIDE.filled(day=day, since=days.since, until=days.until)
