"""What a comparison of offers is asked for, and what comes of it: values; ``comparing`` reckons them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from gateway.balance.offer_bill import OfferMonth, year_of
from gateway.balance.offer_hours import DatedWindows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from gateway.balance.offer_hours import Windows
    from gateway.balance.own_contract import ClassCheck
    from gateway.config.offers import OfferFile
    from gateway.household.house_facts import LargestPower
    from gateway.words.phrase import Phrase


@dataclass(frozen=True, slots=True)
class ComparisonOrder:
    """What is asked for: days, whose prices, and what the household knows that nothing else says.

    ``dated``: each day's own prices, and not those of today for all of them. ``shift``: Wh a day, out of these hours.
    ``off_peak``: hours that the household supposes, where nothing says those of the meter.
    """

    first: date | None = None
    end: date | None = None
    dated: bool = False
    power: int | None = None
    weekday: str | None = None
    hours: Windows | None = None
    alsace_moselle: bool = False
    colours: Mapping[date, str] = field(default_factory=dict)
    shift: tuple[int, Windows] | None = None
    off_peak: Windows | None = None

    @property
    def supposed(self) -> tuple[DatedWindows, ...]:
        """The hours that the household supposes, of every day."""
        return (DatedWindows(date.min, None, self.off_peak),) if self.off_peak else ()


@dataclass(frozen=True, slots=True)
class ComparedOffer:
    """An offer, and what these days cost under it; ``months`` is empty where ``why`` says that it cannot be reckoned.

    Attributes:
        file: the offer with its source; None of one's own contract.
        checked: when a person looked at its prices; None where nobody said.
        prices_of: from when on its prices are in force; None where each day has its own.
        old: nobody looked at its prices for half a year.
        left_out: days that are known and of which it does not know a class, or a price.
        shared: Wh that were shared out by time.
        saved: euros that the shift of a use spares, and the Wh that are moved.
    """

    name: str
    file: OfferFile | None
    checked: date | None
    prices_of: date | None = None
    old: bool = False
    why: Phrase | None = None
    months: tuple[OfferMonth, ...] = ()
    left_out: int = 0
    shared: int = 0
    saved: tuple[Fraction, int] | None = None

    @property
    def year(self) -> OfferMonth:
        """All its months as one."""
        return year_of(self.months)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Offers on the same days.

    Attributes:
        first, end: the days that were looked at; ``known`` of them are known whole, ``days`` by all offers.
        wh: what was drawn on these days.
        own: whether there is a contract of one's own.
        imported: how many of the days that are compared are of another's file, and not the meter's.
        shown: the first and the last of the days that are compared, or that were looked at where none is.
        heard_since: the first day on which the off-peak hours of the meter were heard; None where they are written.
        checks: one's own contract by its hours and by the meter's indexes; ``unchecked`` is why there is none.
        power, subscribed: kVA for which prices are reckoned; and that the meter said.
        refuted: the hours that the household supposes are not those by which its meter counts; nothing goes by them.
        colours: of how many of these days the colour is known, and how many of them are red, and white.
    """

    meter: str
    first: date
    end: date
    known: int
    days: int
    wh: int
    power: int | None
    subscribed: int | None
    offers: tuple[ComparedOffer, ...]
    own: bool
    imported: int
    shown: tuple[date, date]
    heard_since: date | None
    checks: tuple[ClassCheck, ...]
    unchecked: Phrase | None
    refuted: bool
    largest: LargestPower | None
    colours: tuple[int, int, int]
    order: ComparisonOrder

    @property
    def refused(self) -> bool:
        """Whether the contract's hours are not those by which the meter counts."""
        return any(one.wrong for one in self.checks)
