"""``[[tariff]]`` as an offer, with the hours of its classes; and whether the meter counts by these hours.

A class is not priced by its word: where a contract says nothing of its hours, they are those of the regulated tariffs,
and the indexes of the meter have to agree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.classes import TEMPO
from gateway.balance.supplier_offer import NotComputable, OfferPrice, OfferRule, SupplierOffer
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from gateway.balance.tariff import Tariff

_NO_HOURS = Phrase("[[tariff]] {name!r}: nothing says when its classes are ({words}); add a [[tariff.when]] for each")

_NIGHT = ("22:00/06:00",)
# Classes of the regulated tariffs -> their rules, and when their day begins.
_USUAL: tuple[tuple[frozenset[str], str, tuple[OfferRule, ...]], ...] = (
    (frozenset({"base"}), "00:00", (OfferRule(word="base"),)),
    (frozenset({"hc", "hp"}), "00:00", (OfferRule(word="hc", hours="meter"), OfferRule(word="hp"))),
    (
        frozenset({"hn", "pm"}),
        "06:00",
        (OfferRule(word="pm", colour="red", hours=("07:00/01:00",)), OfferRule(word="hn")),
    ),
    (
        frozenset(TEMPO),
        "06:00",
        (
            OfferRule(word="hcjr", colour="red", hours=_NIGHT),
            OfferRule(word="hpjr", colour="red"),
            OfferRule(word="hcjw", colour="white", hours=_NIGHT),
            OfferRule(word="hpjw", colour="white"),
            OfferRule(word="hcjb", colour="blue", hours=_NIGHT),
            OfferRule(word="hpjb"),
        ),
    ),
)

# What a class may differ by, and still be in the same hours: its part; and what cuts at the hours' ends come to.
MOST_APART, _ROUNDING_WH = 0.02, 500
_PER_DAY_WH = 20


def as_offer(tariff: Tariff) -> SupplierOffer:
    """A ``[[tariff]]`` with its rules. Raises NotComputable where neither it nor its classes say any."""
    rules, begins = tariff.when, tariff.day_begins
    if not rules:
        words = frozenset(tariff.prices)
        found = next(((usual, day) for classes, day, usual in _USUAL if classes == words), None)
        if found is None:
            raise NotComputable(_NO_HOURS.filled(name=tariff.name, words=", ".join(tariff.prices)))
        rules, begins = found
    price = OfferPrice(
        since=tariff.since, until=tariff.until, subscription=tariff.subscription, prices=dict(tariff.prices)
    )
    return SupplierOffer(
        name=tariff.name,
        source="gateway.toml",
        checked=tariff.checked or tariff.since,
        day_begins=begins,
        when=rules,
        price=(price,),
        days_of=tariff.days_of,
    )


@dataclass(frozen=True, slots=True)
class ClassCheck:
    """A class in a month: Wh by the hours of the contract, and by the meter's indexes."""

    month: date
    word: str
    by_hours: int
    by_index: int

    @property
    def apart(self) -> float:
        """By which part of the index both differ."""
        return abs(self.by_hours - self.by_index) / max(self.by_index, 1)

    @property
    def wrong(self) -> bool:
        """Whether these cannot be the hours by which the meter counts."""
        return abs(self.by_hours - self.by_index) > max(MOST_APART * self.by_index, _ROUNDING_WH)


@dataclass(frozen=True, slots=True)
class SpanEnergy:
    """What was drawn in a span of a class, and what each of the meter's indexes counted in it, by their words."""

    day: date
    word: str
    wh: int
    counted: Mapping[str, int]


def telling(spans: Iterable[SpanEnergy]) -> list[SpanEnergy]:
    """Those of days on which the meter tells the classes of the contract apart.

    In historic mode a contract that it cannot say is counted as Base, in one index (Enedis-NOI-CPT_54E §3.3).
    """
    days: defaultdict[date, list[SpanEnergy]] = defaultdict(list)
    for one in spans:
        days[one.day].append(one)
    return [one for day in days.values() if _is_whole(day) and not _is_one_index(day) for one in day]


def class_checks(spans: Iterable[SpanEnergy]) -> list[ClassCheck]:
    """Each class of each month, by hours and by index, of spans that are ``telling``.

    An index that the meter did not call by a class of the contract is that of the class in which most of it was
    counted; it has to come to the same all the same.
    """
    known = list(spans)
    words, within = {one.word for one in known}, defaultdict[str, Counter[str]](Counter)
    for one in known:
        for index, wh in one.counted.items():
            within[index][one.word] += wh
    of = {index: index if index in words else counts.most_common(1)[0][0] for index, counts in within.items()}
    hours: Counter[tuple[date, str]] = Counter()
    indexes: Counter[tuple[date, str]] = Counter()
    for one in known:
        month = one.day.replace(day=1)
        hours[month, one.word] += one.wh
        for index, wh in one.counted.items():
            indexes[month, of[index]] += wh
    return [ClassCheck(*key, hours[key], indexes[key]) for key in sorted({*hours, *indexes})]


def _is_one_index(day: Sequence[SpanEnergy]) -> bool:
    return {word for one in day for word in one.counted} <= {"base"} and {one.word for one in day} != {"base"}


def _is_whole(day: Sequence[SpanEnergy]) -> bool:
    drawn, counted = sum(one.wh for one in day), sum(sum(one.counted.values()) for one in day)
    return abs(drawn - counted) <= max(_PER_DAY_WH, drawn // 200)
