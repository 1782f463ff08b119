"""What energy costs under an offer, month by month: Wh by class and price, multiplied once, as exact fractions.

Nothing is projected: what is not among the days that are given costs nothing, and the number of days stands beside it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from gateway.balance.calendar import days_of_month
from gateway.balance.supplier_offer import NotComputable, OfferGrid, SupplierOffer, grid
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

_NO_PRICE_THEN = Phrase("it has no price on {day}; add a [[price]] of that time to a copy")


class OfferPart(NamedTuple):
    """Energy of a day in a class; ``inside`` the hours of a use that is looked at."""

    day: date
    word: str
    wh: int
    inside: bool = False


@dataclass(frozen=True, slots=True)
class OfferMonth:
    """A month, or what is known of it: ``days``, Wh and euros by class, the subscription of these days."""

    first: date
    days: int
    wh: Mapping[str, int]
    energy: Mapping[str, Fraction]
    subscription: Fraction

    @property
    def total(self) -> Fraction:
        """What is to be paid."""
        return sum(self.energy.values(), self.subscription)


@dataclass(frozen=True)
class OfferPrices:
    """What is in force on each day: of one day, ``of``, for all of them; or each day's own where that is None.

    Raises NotComputable where there is none.
    """

    offer: SupplierOffer
    power: int | None
    of: date | None = None

    def on(self, day: date) -> OfferGrid:
        """Of that day."""
        found = grid(self.offer, self.of or day, self.power)
        if found is None:
            raise NotComputable(_NO_PRICE_THEN.filled(day=self.of or day))
        return found


def offer_months(parts: Iterable[OfferPart], days: Collection[date], prices: OfferPrices) -> list[OfferMonth]:
    """The months of these days. Raises NotComputable."""
    grids = {day: prices.on(day) for day in ([prices.of] if prices.of else sorted(days))}
    wh: Counter[tuple[date, int, str]] = Counter()
    # Grids that are alike are one, so that each price meets a sum.
    alike: list[OfferGrid] = []
    place: dict[date, int] = {}
    for day, one in grids.items():
        if one not in alike:
            alike.append(one)
        place[day] = alike.index(one)
    for part in parts:
        if part.day in days:
            wh[part.day.replace(day=1), place[prices.of or part.day], part.word] += part.wh
    subscriptions: Counter[tuple[date, int]] = Counter()
    for day in days:
        subscriptions[day.replace(day=1), place[prices.of or day]] += 1
    return [_month(first, alike, wh, subscriptions) for first in sorted({first for first, _ in subscriptions})]


def _month(
    first: date,
    grids: Sequence[OfferGrid],
    wh: Mapping[tuple[date, int, str], int],
    subscriptions: Mapping[tuple[date, int], int],
) -> OfferMonth:
    classes: Counter[str] = Counter()
    energy: defaultdict[str, Fraction] = defaultdict(Fraction)
    for (month, number, word), one in wh.items():
        if month == first:
            classes[word] += one
            energy[word] += grids[number].prices[word] * one / 1000
    length = days_of_month(first.year, first.month)
    counts = {number: count for (month, number), count in subscriptions.items() if month == first}
    fixed = sum((grids[number].subscription * count / length for number, count in counts.items()), Fraction(0))
    return OfferMonth(first, sum(counts.values()), dict(classes), dict(energy), fixed)


def year_of(months: Sequence[OfferMonth]) -> OfferMonth:
    """All months as one."""
    wh: Counter[str] = Counter()
    energy: defaultdict[str, Fraction] = defaultdict(Fraction)
    for month in months:
        wh.update(month.wh)
        for word, euros in month.energy.items():
            energy[word] += euros
    days, fixed = sum(month.days for month in months), sum((month.subscription for month in months), Fraction(0))
    return OfferMonth(months[0].first, days, dict(wh), dict(energy), fixed)


def moved(parts: Sequence[OfferPart], prices: OfferPrices, most: int) -> tuple[list[OfferPart], int]:
    """The same with up to ``most`` Wh a day of what is inside moved to the cheapest class of that day; how many Wh.

    What is in a class that costs no more than the cheapest one stays: nothing is gained by it.
    """
    days: defaultdict[date, list[OfferPart]] = defaultdict(list)
    for part in parts:
        days[part.day].append(part)
    found, total = [], 0
    for day, known in days.items():
        price = prices.on(day).prices
        cheapest = min({part.word for part in known}, key=lambda word: (price[word], word))
        left = most
        for part in known:
            wh = min(part.wh, left) if part.inside and price[part.word] > price[cheapest] else 0
            left -= wh
            found.append(part._replace(wh=part.wh - wh))
        found.append(OfferPart(day, cheapest, most - left))
        total += most - left
    return found, total
