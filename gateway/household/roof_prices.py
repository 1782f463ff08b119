"""What a roof would have spared, in euros: what is used of it at the prices of the class in which it was drawn.

Which class a half hour was in, the meter's indexes say; of days of imported files, which have none, the hours of the
contract. What neither of them knows has no price.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of
from gateway.balance.offer_hours import HouseFacts, class_spans
from gateway.balance.own_contract import as_offer
from gateway.balance.supplier_offer import NotComputable, minutes_of
from gateway.balance.tariff import lacks_prices
from gateway.household.house_facts import lived_colours, own_windows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from gateway.balance.offer_hours import ClassSpan
    from gateway.balance.roof_year import DrawnCell
    from gateway.balance.tariff import Tariff
    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays
    from gateway.store.store import Archive

# What indexes of classes may lack in a half hour, cut to whole watt-hours.
_CUT_WH = 2
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class RoofPrices:
    """What the used energy would have cost by the prices of one tariff, and what is paid for the rest; in euros.

    ``unpriced``: which share of what is used has no price; from a hundredth on nothing is said of the euros.
    ``by_hours``: which share is priced by the hours of the contract, which no index confirms.
    """

    name: str
    saved: Fraction
    sold: Fraction
    unpriced: Fraction
    by_hours: Fraction

    @property
    def known(self) -> bool:
        """Whether all of it has a price, but for rounding."""
        return not lacks_prices(self.unpriced.numerator, self.unpriced.denominator)


class RoofPricing:
    """The prices of one tariff, for the cells of one meter.

    Args:
        archive: the database.
        house: the days of the meter.
        config: what it says of off-peak hours.
        tariff: whose prices.
        imported: the days of which others' files alone know something.
    """

    def __init__(
        self, archive: Archive, house: HouseholdDays, config: Config, tariff: Tariff, imported: Collection[date]
    ) -> None:
        self._archive, self._house, self._config = archive, house, config
        self._tariff, self._imported = tariff, imported

    def prices(self, cells: Sequence[DrawnCell], years: Sequence[Sequence[tuple[int, int]]]) -> RoofPrices:
        """Of what is made and used in each cell, by year of weather: the mean of the years."""
        used = [sum(one[place][1] for one in years) for place in range(len(cells))]
        # Thousandths of a Wh, all years together: prices meet few sums.
        milli: Counter[str] = Counter()
        assumed = 0
        for wh, (parts, by_hours) in zip(used, self._classes(cells), strict=True):
            total = sum(parts.values())
            for word, part in parts.items():
                milli[word] += _THOUSAND * wh * part // total
            assumed += wh if by_hours and total else 0
        count, every = len(years), sum(used)
        priced = [(price, one) for word, one in milli.items() if (price := self._tariff.price(word)) is not None]
        saved = sum((price * one / _THOUSAND**2 for price, one in priced), Fraction(0))
        without = every - sum(one for _, one in priced) // _THOUSAND
        injected = sum(made for one in years for made, _ in one) - every
        return RoofPrices(
            name=self._tariff.name,
            saved=saved / count,
            sold=Fraction(str(self._tariff.injection)) * injected / _THOUSAND / count,
            unpriced=Fraction(without, every or 1),
            by_hours=Fraction(assumed, every or 1),
        )

    def _classes(self, cells: Sequence[DrawnCell]) -> list[tuple[Mapping[str, int], bool]]:
        """Of each cell the parts of its classes, none where they are not known, and whether hours alone say them."""
        if list(self._tariff.prices) == ["base"] or not cells:
            return [({"base": 1}, False)] * len(cells)
        bounds = sorted({bound for cell in cells for bound in (cell.begin, cell.end)})
        counted = dict(zip(bounds, self._house.classes(bounds), strict=False))
        spans = self._spans(day_of(cells[0].begin), day_of(cells[-1].end)) if self._imported else []
        begins = [span.begin for span in spans]
        found: list[tuple[Mapping[str, int], bool]] = []
        for cell in cells:
            if day_of(cell.begin) in self._imported:
                found.append((_within(spans, begins, cell), True))
                continue
            parts = counted[cell.begin]
            lacks = lacks_prices(cell.wh - sum(parts.values()) - _CUT_WH, cell.wh)
            found.append(({} if lacks else parts, False))
        return found

    def _spans(self, first: date, end: date) -> list[ClassSpan]:
        """The classes of these days by the hours of the contract; none where nothing says these."""
        tariff = self._tariff
        hours = tuple(map(minutes_of, tariff.chosen_hours)) or None
        facts = HouseFacts(
            windows=own_windows(self._archive, self._config, self._house.meter, first, end).assumed,
            weekday=tariff.weekday,
            hours=hours,
        )
        try:
            offer = as_offer(tariff)
        except NotComputable:
            return []
        if any(rule.colour for rule in offer.when):
            facts = replace(facts, colours=lived_colours(self._house, first, end))
        begins, _ = minutes_of(f"{offer.day_begins}/24:00")
        return list(class_spans(offer.when, first, end, facts, day_begins=begins, lists=offer.days_of))


def _within(spans: Sequence[ClassSpan], begins: Sequence[int], cell: DrawnCell) -> Mapping[str, int]:
    """Seconds of a cell in each class; none where one of them is not known."""
    parts: Counter[str] = Counter()
    place = max(bisect_right(begins, cell.begin) - 1, 0)
    while place < len(spans) and spans[place].begin < cell.end:
        span = spans[place]
        if span.word is None:
            return {}
        parts[span.word] += max(min(span.end, cell.end) - max(span.begin, cell.begin), 0)
        place += 1
    return parts
