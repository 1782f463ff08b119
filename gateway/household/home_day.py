"""What a household asks first of its day: what it has come to, what yesterday had by now, what is usual at this hour.

One answer for whoever shows the present: the page, a screen, an answer in a chat. All of it is of one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.balance.base_load import median
from gateway.balance.calendar import BalancePeriod, day_of, midnight
from gateway.balance.self_use import STEP_S
from gateway.balance.tariff import cost, in_force, lacks_prices
from gateway.household.so_far import is_whole
from gateway.household.this_hour import ThisHour, this_hour
from gateway.store.local_time import PARIS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.balance.energy import DayEnergy
    from gateway.balance.tariff import Tariff
    from gateway.household.days import HouseholdDays

# Whose median is "usual", and of how many of them it is none yet.
USUAL_DAYS, LEAST_DAYS = 28, 5
# A day that was heard from so soon after its midnight on was heard from its beginning.
_BEGUN_S = 300
_CHEAP = "hc"


@dataclass(frozen=True, slots=True)
class DrawnAmount:
    """Wh from the grid, and the euros that they cost with their part of the subscription; None where not known.

    ``whole``: whether nothing of the day is missing; ``consumed``: what the house used in all, its own sun included.
    """

    wh: int | None = None
    euros: float | None = None
    whole: bool = False
    consumed: int | None = None

    @property
    def cents(self) -> int | None:
        """The euros as every face shows them: to a cent, a half away from nought."""
        if self.euros is None:
            return None
        return int(Decimal(repr(self.euros)).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class HalfHourDrawn:
    """Wh from the grid in the half hour that begins at a POSIX second, and how many of them were off-peak."""

    start: int
    wh: int
    off_peak_wh: int


@dataclass(frozen=True, slots=True)
class HomeDay:
    """The day of a meter that runs at the POSIX second ``time``.

    Attributes:
        date: the day.
        since: from when on it is known, where that is not its midnight: the meter was first heard then.
        today: what it has come to.
        by_now: what the day before had come to by this time; ``yesterday`` is all of it.
        half_hours: those of today of which anything is known.
        usual_w: the median of this half hour over the last four weeks, W.
        hour: what the next hour costs.
        priced: whether a tariff is in force.
        whole: whether of the day all is known from ``since``, or its midnight, on.
    """

    time: int
    date: date
    since: int | None
    today: DrawnAmount
    by_now: DrawnAmount
    yesterday: DrawnAmount
    half_hours: tuple[HalfHourDrawn, ...]
    usual_w: int | None
    hour: ThisHour
    priced: bool
    whole: bool


def home_day(house: HouseholdDays, tariffs: Sequence[Tariff], now: int) -> HomeDay:
    """The day that holds ``now``, as the store knows it."""
    today = day_of(now)
    before, after = BalancePeriod.DAY.back(today, 1), BalancePeriod.DAY.after(today)
    known, running = {day.date: day for day in house.read(before, after)}, house.running
    since = _since(house, today)
    return HomeDay(
        time=now,
        date=today,
        since=since,
        today=amount(known.get(today), tariffs),
        by_now=amount(running.so_far(before) if running and running.day == today else None, tariffs),
        yesterday=amount(known.get(before), tariffs),
        half_hours=_half_hours(house, today, now),
        usual_w=usual(house, now),
        hour=this_hour(house, tariffs, now),
        priced=in_force(tariffs, today) is not None,
        whole=is_whole(house, today, after, known, now, since),
    )


def usual(house: HouseholdDays, now: int) -> int | None:
    """The median W of the half hour that holds ``now``, over those of the same time of day; None of too few."""
    begin = now - now % STEP_S
    local = datetime.fromtimestamp(begin, PARIS)
    starts = {
        int((local - timedelta(days=back)).replace(fold=0).astimezone(UTC).timestamp())
        for back in range(1, USUAL_DAYS + 1)
    }
    drawn = house.load_curve(min(starts), begin)
    found = [wh * 3600 // STEP_S for start, wh in drawn.items() if start in starts]
    return median(found) if len(found) >= LEAST_DAYS else None


def _since(house: HouseholdDays, today: date) -> int | None:
    first = house.first_time
    return first if first is not None and first > midnight(today) + _BEGUN_S else None


def amount(day: DayEnergy | None, tariffs: Sequence[Tariff]) -> DrawnAmount:
    """What a day has come to; of one that nobody knows nothing."""
    if day is None or day.drawn is None:
        return DrawnAmount()
    paid = cost([day], tariffs)
    known = not paid.days_without and not lacks_prices(paid.unpriced_wh, day.drawn)
    return DrawnAmount(day.drawn, float(paid.total) if known else None, day.whole, day.consumed)


def _half_hours(house: HouseholdDays, today: date, now: int) -> tuple[HalfHourDrawn, ...]:
    begin = midnight(today)
    bounds = [*range(begin, now, STEP_S), now - now % STEP_S + STEP_S]
    cells = zip(pairwise(bounds), house.drawn(bounds), house.classes(bounds), strict=True)
    return tuple(
        HalfHourDrawn(start, one.wh, min(_off_peak(classes), one.wh))
        for (start, _), one, classes in cells
        if one.covered
    )


def _off_peak(classes: dict[str, int]) -> int:
    return sum(wh for word, wh in classes.items() if word.startswith(_CHEAP))
