"""The form of one tariff: what is known already, and what was typed, as a tariff or as what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.balance.classes import order
from gateway.balance.tariff import Tariff
from gateway.household.contract import CLASSES, OWN
from gateway.web.settings.form import number_of, typed_day
from gateway.words.numbers import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.web.tariff.values import ExamplePrices, TariffsKnown

CONTRACTS = (*CLASSES, OWN)
PRICE = "price-"

# What a price is meant in cents beyond, and a subscription of a year; that of 36 kVA is 53 euros a month.
_HIGHEST_PRICE, _HIGHEST_SUBSCRIPTION = 2.0, 150.0
_LONGEST_NAME = 40
_EARLIEST, _AHEAD = date(2000, 1, 1), timedelta(days=366)


@dataclass(frozen=True, slots=True)
class TariffForm:
    """What is asked and what was typed.

    Attributes:
        contract: of ``CONTRACTS``; empty where ``model`` says all.
        power: kVA, as chosen.
        model: the tariff that is corrected, or whose prices have changed.
        corrects: the former.
        words: the classes, each with a price.
        typed: field -> text.
        wrong: field -> key of what is wrong with it.
        example: what the fields were filled with.
    """

    contract: str
    power: int | None
    words: tuple[str, ...]
    typed: Mapping[str, str]
    model: Tariff | None = None
    corrects: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)
    example: ExamplePrices | None = None


def blank(
    known: TariffsKnown, contract: str, power: int | None, name: str, example: ExamplePrices | None, lang: str
) -> TariffForm:
    """The form of a contract, with example prices to be compared with the bill."""
    own = tuple(known.said.classes) if known.said.kind == OWN else ()
    words = CLASSES.get(contract) or own or CLASSES["base"]
    typed = {"name": name, "since": _first_day(known, example).isoformat()}
    if example and example.subscription is not None:
        typed |= {"subscription": written(example.subscription, lang, 2)}
        typed |= {PRICE + word: written(price, lang, 4) for word, price in example.prices.items()}
    return TariffForm(contract, power, words, typed, example=example)


def of_tariff(known: TariffsKnown, model: Tariff, lang: str, *, corrects: bool) -> TariffForm:
    """The form of a tariff that is corrected, or of the one that comes after it."""
    since = model.since if corrects else max(known.today, model.since + timedelta(days=1))
    typed = {"name": model.name, "since": since.isoformat(), "subscription": written(model.subscription, lang, 2)}
    typed |= {PRICE + word: written(price, lang, 4) for word, price in model.prices.items()}
    if model.injection:
        typed["injection"] = written(model.injection, lang, 4)
    return TariffForm("", None, tuple(sorted(model.prices, key=order)), typed, model, corrects)


def filled_in(known: TariffsKnown, form: TariffForm, fields: Mapping[str, str]) -> tuple[TariffForm, Tariff | None]:
    """The form as it was sent, and the tariff that it is; without one, ``wrong`` says why."""
    names = ("name", "since", "subscription", *(PRICE + word for word in form.words), "injection")
    typed = {name: fields.get(name, "").strip()[:80] for name in names}
    wrong: dict[str, str] = {}
    if not 1 <= len(typed["name"]) <= _LONGEST_NAME or not typed["name"].isprintable():
        wrong["name"] = "wrong_name"
    since = typed_day(typed["since"])
    if since is None or not _EARLIEST <= since <= known.today + _AHEAD:
        wrong["since"] = "wrong_day" if since is None else "wrong_year"
    elif _is_taken(known, form, since):
        wrong["since"] = "day_taken"
    if since:
        typed["since"] = since.isoformat()
    subscription = _amount(typed, "subscription", _HIGHEST_SUBSCRIPTION, "a_year", wrong)
    prices = {word: _amount(typed, PRICE + word, _HIGHEST_PRICE, "in_cents", wrong) for word in form.words}
    injection = _amount(typed, "injection", _HIGHEST_PRICE, "in_cents", wrong) if typed["injection"] else 0.0
    form = replace(form, typed=typed, wrong={name: wrong[name] for name in names if name in wrong})
    if wrong or since is None:
        return form, None
    model = form.model or Tariff(name="-", since=since)
    new = msgspec.structs.replace(
        model,
        name=typed["name"],
        since=since,
        until=model.until if form.corrects and model.until and model.until >= since else None,
        subscription=subscription,
        prices=prices,
        injection=injection,
        checked=known.today,
        offer=None,
        power=None,
    )
    return form, new


def written(value: float, lang: str, places: int) -> str:
    """A number as it is typed and read again: with so many decimals, or all that it has."""
    exact = f"{value:.9f}".rstrip("0")
    least = f"{value:.{places}f}"
    return grouped(least if len(least) >= len(exact) else exact, lang)


def _first_day(known: TariffsKnown, example: ExamplePrices | None) -> date:
    """From when on most will want it: the first price of all counts from the first day that is known."""
    if known.tariffs:
        return max(known.today, known.tariffs[-1].since + timedelta(days=1))
    begins = [one for one in (known.first, example.since if example else None) if one]
    return min(max(begins, default=known.today), known.today)


def _is_taken(known: TariffsKnown, form: TariffForm, since: date) -> bool:
    own = form.model.since if form.corrects and form.model else None
    return any(one.since == since != own for one in known.tariffs)


def _amount(typed: Mapping[str, str], name: str, most: float, too_much: str, wrong: dict[str, str]) -> float:
    """What was typed as euros; else 0, and what is wrong with it."""
    value = number_of(typed[name])
    if not typed[name]:
        wrong[name] = "missing"
    elif value is None:
        wrong[name] = "no_number"
    elif value > most:
        wrong[name] = too_much
    return value or 0.0
