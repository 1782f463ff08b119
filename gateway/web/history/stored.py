"""The past for the page: reads it from the store, in a thread and over a connection of its own that can only read.

One look at a time: a second one waits, so that neither the meter nor the memory of a small Raspberry Pi does.
"""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from gateway.balance.calendar import BalancePeriod, day_of, periods
from gateway.balance.classes import order
from gateway.balance.energy import DayEnergy, Total, change
from gateway.balance.rows import BalanceRow, earliest_needed, rows
from gateway.web.cost.stored import bill, present
from gateway.web.history.curves import HouseholdCurves
from gateway.web.history.values import Figures, HistoryRow, Past

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays
    from gateway.web.cost.values import Bill, Present
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

    async def past(self, meter: str, period: str, day: date | None) -> Past:
        """The period that holds the day; the last one known when None."""
        return await self._read(meter, lambda house: past(house, BalancePeriod(period), day, time.time()))

    async def bill(self, meter: str, period: str) -> Bill:
        """The last days, months or years, and what is to come."""
        config, now = self._config, time.time()
        return await self._read(
            meter, lambda house: bill(house, config, BalancePeriod(period), now, last_day(house, now))
        )

    async def present(self) -> dict[str, Present]:
        """What the next hour of each meter costs."""
        config, now = self._config, time.time()
        return {
            meter: await self._read(meter, lambda house: present(house, config.tariff, now)) for meter in self.meters
        }

    async def _read(self, meter: str, look: Callable[[HouseholdCurves], T]) -> T:
        async with self._turn:
            return await self._reader.read(lambda archive: look(HouseholdCurves(archive, self._config, meter)))


def past(house: HouseholdCurves, period: BalancePeriod, day: date | None, now: float) -> Past:
    """One period of a household, its parts, and the curve of a day."""
    today = last_day(house, now)
    first = period.begin(today if day is None else day)
    end = period.after(first)
    known = {one.date: one for one in house.read(earliest_needed(period, first), end)} if house.first else {}
    (whole,) = _rows(period, first, end, known, house)
    inner = _PARTS.get(period)
    return Past(
        meter=house.meter,
        period=period.value,
        first=first,
        sum=whole,
        rows=_rows(inner, first, end, known, house) if inner else (),
        curve=house.curve(first) if period is BalancePeriod.DAY else None,
        known=(house.first, today) if house.first else None,
        previous=period.back(first, 1) if house.first and first > house.first else None,
        next=end if end <= today else None,
        odd=house.outliers(first) if period is BalancePeriod.DAY else (),
    )


def last_day(house: HouseholdDays, now: float) -> date:
    """Today; of a meter that is silent, or lives in another time, the last day of which anything is known."""
    # What an index at midnight tells of is the day before.
    return day_of(min(now, house.last_time - 1 if house.last_time else now))


def _rows(
    period: BalancePeriod, first: date, end: date, known: dict[date, DayEnergy], house: HouseholdDays
) -> list[HistoryRow]:
    """The periods of ``[first, end)``, those of which nothing is known too."""
    found = {row.first: row for row in rows(period, first, end, known, (), house.running)}
    return [_row(begin, period.after(begin), found.get(begin)) for begin in periods(period, first, end)]


def _row(first: date, end: date, row: BalanceRow | None) -> HistoryRow:
    if row is None:
        return HistoryRow(first, end, None)
    return HistoryRow(
        first=first,
        end=end,
        figures=_figures(row.total),
        before=_figures(row.before) if row.before else None,
        change=change(row.total.drawn, row.before.drawn) if row.before and row.comparable else None,
        whole=row.total.whole and timedelta(row.total.known) == end - first,
        estimated=row.total.estimated,
        so_far=row.so_far,
    )


def _figures(total: Total) -> Figures:
    use = total.use
    return Figures(
        drawn=total.drawn,
        classes={word: total.classes[word] for word in sorted(total.classes, key=order)},
        injected=total.injected,
        produced=total.produced,
        self_consumed=use.self_consumed if use else None,
        self_sufficient=use.self_sufficient if use else None,
        doubt=total.doubt,
    )
