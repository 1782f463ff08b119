"""What the page *cost* shows, as values: whoever serves the page reckons it from the store and the configuration.

Amounts are euros; None is what nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

# The first is shown by itself.
PERIODS = ("day", "month", "year")


@dataclass(frozen=True, slots=True)
class Money:
    """What a period cost, and the year before; ``total`` is None where nothing of it is known, or has a price.

    Attributes:
        wh: what was drawn from the grid; None where nobody knows.
        before: the year before, where all of it has a price.
        change: by how much they differ (0.1: a tenth more); None where they cannot be compared.
        whole: nothing of it is missing, as far as it is over.
        over: the last day known is its last, or later.
        so_far: the day that runs is in it, and the year before is what it was by this time.
        partly: something that was drawn has no price, and is not in ``total``.
    """

    first: date
    end: date
    energy: float
    classes: Mapping[str, float]
    subscription: float
    income: float
    total: float | None
    before: float | None
    change: float | None
    whole: bool
    estimated: bool = False
    so_far: bool = False
    wh: int | None = None
    partly: bool = False
    over: bool = True


@dataclass(frozen=True, slots=True)
class TariffOffer:
    """A tariff of the configuration; ``until`` is its last day."""

    name: str
    since: date
    until: date | None
    subscription: float
    prices: Mapping[str, float]
    injection: float
    in_force: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """A month or a year: what it has come to, and what it will; euros are None where something has no price.

    ``days_left`` are those until its end, today among them; ``since`` is the first day known, of one that began before.
    """

    period: str
    first: date
    measured_wh: int
    expected_wh: int
    measured_euros: float | None
    expected_euros: float | None
    by_year_before: bool
    days_left: int
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """An objective in kWh or €; ``state`` is a word of ``ObjectiveState``; not ``priced``: a part has no price."""

    period: str
    unit: str
    goal: float
    measured: float
    expected: float
    state: str
    priced: bool = True


@dataclass(frozen=True, slots=True)
class Bill:
    """The page of a meter.

    Attributes:
        rows: the last days, months or years.
        offers: every tariff of the configuration.
        forecasts: this month and this year.
        aims: the objectives of both.
        present: this moment.
        month: the one that holds the last day known, as far as it is over; None where nothing of it is known.
        base_load_year: what the base load costs in a year, at the mean price of the last twelve months.
        days_without: days of the rows on which no tariff was in force.
        unpriced_wh: what was drawn in a class that has no price; ``classes_seen`` are those that were counted.
        panels: the house makes electricity itself: what a bill counts is not all that it uses.
    """

    meter: str
    period: str
    rows: Sequence[Money]
    offers: Sequence[TariffOffer]
    forecasts: Sequence[Forecast]
    aims: Sequence[Aim]
    present: Present
    month: Money | None = None
    base_load_year: float | None = None
    days_without: int = 0
    unpriced_wh: int = 0
    classes_seen: Sequence[str] = field(default=())
    panels: bool = False


@dataclass(frozen=True, slots=True)
class OfferPaid:
    """What the compared days cost under an offer; ``euros`` is None where ``lacks`` says what nobody knows.

    Attributes:
        name: the offer's, or the contract's own.
        own: it is the household's contract.
        apart: how much more than the own contract; None without one.
        lacks: own (its hours), hours, colours, power, price; empty where nothing is missing.
    """

    name: str
    own: bool
    euros: float | None
    apart: float | None
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class OffersCompared:
    """The same days under the own contract and the regulated offers, by today's prices; the cheapest first.

    Attributes:
        first, last: the days that are compared lie between them: ``days``, which came to ``wh``.
        refused: the contract's hours are not those by which the meter counts: nothing is compared.
        checked: when a person last read the example prices, ``since`` from when on they hold; ``old``: half a year ago.
        off_peak: the hours that the household supposes; empty where it does not.
        refuted: those are not the hours of the meter.
        shared: hours cut quarters of which no minutes are kept, so that much of it is shared out by time.
    """

    meter: str
    first: date
    last: date
    days: int
    wh: int
    offers: Sequence[OfferPaid]
    refused: bool = False
    checked: date | None = None
    since: date | None = None
    old: bool = False
    off_peak: tuple[str, str] | None = None
    shared: bool = False
    refuted: bool = False

    @property
    def asks_off_peak(self) -> bool:
        """Whether hours that are supposed would tell more."""
        return self.off_peak is not None or any(one.lacks == "hours" for one in self.offers)


@dataclass(frozen=True, slots=True)
class Present:
    """What the next hour costs, at the mean W of the last five minutes in the class of now; the base load (W)."""

    per_hour: float | None
    watts: int | None
    word: str | None
    base_load_w: int | None
