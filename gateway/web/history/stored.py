"""The past for the page: reads it from the store, in a thread and over a connection of its own that can only read.

One look at a time: a second one waits, so that neither the meter nor the memory of a small Raspberry Pi does.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gateway.balance.calendar import BalancePeriod, day_of, midnight, periods
from gateway.balance.classes import order
from gateway.balance.energy import change
from gateway.balance.rows import rows
from gateway.balance.self_use import STEP_S
from gateway.balance.tariff import cost, lacks_prices
from gateway.household.so_far import is_whole
from gateway.web.cost.stored import bill, compared
from gateway.web.history.compared import YEAR, earlier, earlier_part
from gateway.web.history.curves import HouseholdCurves, by_the_clock
from gateway.web.history.values import Figures, HistoryRow, Past, Spent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from gateway.balance.energy import DayEnergy, Total
    from gateway.balance.rows import BalanceRow, Earlier
    from gateway.balance.tariff import Cost, Tariff
    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays
    from gateway.web.cost.values import Bill, OffersCompared
    from gateway.web.reader import StoreReader

T = TypeVar("T")

# What a period is shown by; of a day its curve is shown.
_PARTS = {
    BalancePeriod.WEEK: BalancePeriod.DAY,
    BalancePeriod.MONTH: BalancePeriod.DAY,
    BalancePeriod.YEAR: BalancePeriod.MONTH,
}


class HouseholdPast:
    """What the pages *history* and *cost* ask; all of it raises StoreError where the database cannot be read."""

    def __init__(self, config: Config, reader: StoreReader) -> None:
        self._config, self._reader = config, reader
        self._turn = asyncio.Lock()
        self.meters = [meter.name for meter in config.meter]

    async def past(self, meter: str, period: str, day: date | None, against: str | None = None) -> Past:
        """The period that holds the day, the last one known when None; ``against`` is one of ``COMPARED``."""
        asked, now = BalancePeriod(period), time.time()
        return await self._read(meter, lambda house: past(house, self._config.tariff, asked, day, now, against))

    async def bill(self, meter: str, period: str) -> Bill:
        """The last days, months or years, and what is to come."""
        config, now = self._config, time.time()
        return await self._read(
            meter, lambda house: bill(house, config, BalancePeriod(period), now, last_day(house, now))
        )

    async def offers(self, meter: str, off_peak: tuple[str, str] | None) -> OffersCompared:
        """The last twelve months under other offers; ``off_peak``: hours that are tried.

        Reckoned anew for each look: what was kept would outlive an erasure, and would not know of a reading by hand.
        """
        config, today = self._config, day_of(time.time())
        async with self._turn:
            return await self._reader.read(lambda archive: compared(archive, config, meter, off_peak, today))

    async def _read(self, meter: str, look: Callable[[HouseholdCurves], T]) -> T:
        async with self._turn:
            return await self._reader.read(lambda archive: look(HouseholdCurves(archive, self._config, meter)))


def past(
    house: HouseholdCurves,
    tariffs: Sequence[Tariff],
    period: BalancePeriod,
    day: date | None,
    now: float,
    against: str | None = None,
) -> Past:
    """One period of a household, its parts, and the curve of a day."""
    today = last_day(house, now)
    first = period.begin(today if day is None else day)
    end = period.after(first)
    beside, is_day = earlier(period, against or YEAR), period is BalancePeriod.DAY
    other = beside(first)
    # No more is read than these two: between them lies a year of days.
    spans = [(first, end), *([(other, period.after(other))] if other else [])] if house.first else []
    known = {one.date: one for span in spans for one in house.read(*span)}
    table = _Table(house, tariffs, known, today, now)
    (whole,) = table.rows(period, (first, end), beside)
    if is_day:
        parts = _half_hours(house, whole, tariffs, other if against else None)
    else:
        parts = table.rows(_PARTS[period], (first, end), earlier_part(period, first, against or YEAR))
    return Past(
        meter=house.meter,
        period=period.value,
        first=first,
        sum=whole,
        rows=parts,
        curve=house.curve(first) if is_day else None,
        known=(house.first, today) if house.first else None,
        previous=period.back(first, 1) if house.first and first > house.first else None,
        next=end if end <= today else None,
        odd=house.outliers(first) if is_day else (),
        against=against,
        up_to_date=today == day_of(now),
        panels=house.has_panels,
    )


def last_day(house: HouseholdDays, now: float) -> date:
    """Today; of a meter that is silent, or lives in another time, the last day of which anything is known."""
    # What an index at midnight tells of is the day before.
    return day_of(min(now, house.last_time - 1 if house.last_time else now))


@dataclass(frozen=True, slots=True)
class _Table:
    """What rows are made of."""

    house: HouseholdDays
    tariffs: Sequence[Tariff]
    known: Mapping[date, DayEnergy]
    last: date
    now: float

    def rows(self, period: BalancePeriod, span: tuple[date, date], beside: Earlier) -> list[HistoryRow]:
        """The periods of ``span``, those of which nothing is known too."""
        made = rows(period, *span, self.known, self.tariffs, self.house.running, beside)
        found = {row.first: row for row in made}
        return [self._row(begin, period.after(begin), found.get(begin)) for begin in periods(period, *span)]

    def _row(self, first: date, end: date, row: BalanceRow | None) -> HistoryRow:
        if row is None:
            return HistoryRow(first, end, None)
        before = _figures(row.before, row.cost_before) if row.before and row.cost_before else None
        paid = before.spent if before and row.comparable else None
        return HistoryRow(
            first=first,
            end=end,
            figures=_figures(row.total, row.cost),
            before=before,
            change=change(row.total.drawn, row.before.drawn) if row.before and row.comparable else None,
            whole=is_whole(self.house, first, end, self.known, self.now),
            estimated=row.total.estimated,
            so_far=row.so_far,
            cost_change=change(float(row.cost.total), paid.total) if paid else None,
        )


def _half_hours(
    house: HouseholdCurves, day: HistoryRow, tariffs: Sequence[Tariff], beside: date | None
) -> list[HistoryRow]:
    """The half hours of a day, each beside that of the other day by the clock: 8 o'clock stands beside 8 o'clock."""
    known = house.half_hours(day.first)
    others = house.half_hours(beside, so_far=day.so_far) if beside else {}
    then = {by_the_clock(at): one for at, one in others.items()}
    # What is not believed of the whole day is not of its parts.
    believed = bool(day.figures and day.figures.produced is not None)
    # The half hour that runs lacks nothing where the day does not.
    running = (house.last_time or 0) // STEP_S * STEP_S if day.so_far and day.whole else None
    found = []
    for at in range(midnight(day.first), midnight(day.end), STEP_S):
        one, other = known.get(at), then.get(by_the_clock(at))
        found.append(
            HistoryRow(
                first=day.first,
                end=day.end,
                figures=_of_part(one, tariffs, believed=believed) if one else None,
                before=_of_part(other, tariffs, believed=believed) if other else None,
                whole=one is None or one.whole or at == running,
                estimated=one is not None and one.estimated,
                at=at,
            )
        )
    return found


def _of_part(one: DayEnergy, tariffs: Sequence[Tariff], *, believed: bool) -> Figures:
    return Figures(
        drawn=one.drawn,
        classes=_ordered(one.classes),
        injected=one.injected,
        produced=one.produced if believed else None,
        spent=_spent(cost([one], tariffs), one.drawn),
    )


def _figures(total: Total, paid: Cost) -> Figures:
    use = total.use
    return Figures(
        drawn=total.drawn,
        classes=_ordered(total.classes),
        injected=total.injected,
        produced=total.produced,
        self_consumed=use.self_consumed if use else None,
        self_sufficient=use.self_sufficient if use else None,
        doubt=total.doubt,
        spent=_spent(paid, total.drawn),
        consumed=total.consumed,
    )


def _spent(paid: Cost, drawn: int | None) -> Spent | None:
    if paid.days == paid.days_without:
        return None
    return Spent(
        classes={word: float(paid.classes[word]) for word in sorted(paid.classes, key=order)},
        subscription=float(paid.subscription),
        income=float(paid.income),
        total=float(paid.total),
        partly=paid.days_without > 0 or lacks_prices(paid.unpriced_wh, drawn or 0),
    )


def _ordered(classes: Mapping[str, int]) -> dict[str, int]:
    return {word: classes[word] for word in sorted(classes, key=order)}
