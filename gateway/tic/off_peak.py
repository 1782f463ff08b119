"""Which tariff classes are the cheap ones, and whether off-peak hours are those of before. No I/O and no clock.

By its name (HC, CREUSE, SOLEIL), or by the prices that the household wrote down; never by the contact, which says when
a water heater may run and not what it costs.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.tic.day_classes import apart
from gateway.tic.observed import NEAR_MINUTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from fractions import Fraction

_CHEAP = re.compile(r"CREUSE|\bHC|\bHSC|SOLEIL|SOLAIRE")
_DEAR = re.compile(r"PLEINE|\bHP|POINTE|\bPM")

# From which minute of the day until which.
Windows = tuple[tuple[int, int], ...]


def off_peak_words(words: Iterable[str], names: Mapping[str, str], prices: Mapping[str, Fraction]) -> frozenset[str]:
    """Those of some classes that are off-peak; none where nobody knows, or there is none.

    Args:
        words: the classes that count in a day, or in two.
        names: what the meter or the supplier calls a class.
        prices: what the household pays for a kWh of each class of the contract.
    """
    among = frozenset(words)
    said = {word: names.get(word, "" if word.isdecimal() else word).upper() for word in among}
    cheap = {word for word, name in said.items() if _CHEAP.search(name)}
    paid = {word: prices[word] for word in among if word in prices}
    if paid.keys() == among and len(set(prices.values())) > 1:
        # A day of one class is cheap where no other is cheaper.
        lowest = min(paid.values()) if len(set(paid.values())) > 1 else min(prices.values())
        cheap |= {word for word, price in paid.items() if price == lowest}
    nameless = {word for word, name in said.items() if not name}
    if (
        not cheap
        and len(nameless) == 1
        and len(among) == 2
        and all(_DEAR.search(name) for name in said.values() if name)
    ):
        cheap = nameless  # the other one is the dear one
    return frozenset(cheap)


def same_windows(one: Windows, other: Windows) -> bool:
    """Whether they are the same hours, within ten minutes."""
    return len(one) == len(other) and all(
        apart(start, first) <= NEAR_MINUTES and apart(end, last) <= NEAR_MINUTES
        for (start, end), (first, last) in zip(one, other, strict=True)
    )


def first_of_new(
    days: Sequence[tuple[date, Windows | None]], known: Sequence[tuple[date, Windows]], needed: int
) -> tuple[date, Windows] | None:
    """The first of two days running that are alike, and like none of the days before.

    Args:
        days: the last days and those ahead, in their order; None where a day is not known.
        known: the days of the weeks before these.
        needed: so many of those must be known, or nobody can say what is new.
    """
    for (day, found), (_, following) in pairwise(days):
        before = [hours for one, hours in known if one < day]
        if found is None or following is None or len(before) < needed or not same_windows(found, following):
            continue
        if not any(same_windows(found, hours) for hours in before):
            return day, found
    return None


def same_day_before(known: Sequence[tuple[date, Windows]], since: date) -> Windows:
    """The hours of the same day a week before, or of the last day that is known."""
    before = {day: hours for day, hours in known if day < since}
    return before.get(since - timedelta(days=7)) or before[max(before)]
