"""The day as a ribbon of 24 hours: a bar for each half hour, the off-peak hours behind them, and where now is.

Places are thousandths of the day and hundredths of the highest bar: the picture takes any width.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.balance.calendar import BalancePeriod, midnight
from gateway.balance.self_use import STEP_S
from gateway.web.dates import PARIS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from gateway.household.home_day import HalfHourDrawn, HomeDay

WIDE, HIGH = 1000, 100
# What an empty house draws in half an hour fills no ribbon.
_LEAST_WH = 100


@dataclass(frozen=True, slots=True)
class RibbonBar:
    """A half hour: where it stands, how high it is, and how much of that, at its foot, is off-peak."""

    x: float
    wide: float
    high: float
    off_peak: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """``windows`` are (from, wide) of the off-peak hours, ``now`` is where the day stands, ``most`` the highest bar."""

    bars: tuple[RibbonBar, ...]
    windows: tuple[tuple[float, float], ...]
    now: float
    most: HalfHourDrawn | None


def ribbon(day: HomeDay, meter: Mapping[str, Any]) -> Ribbon:
    """The day as it is drawn; ``meter`` is the live feed's object, which knows the hours that are to come."""
    begin = midnight(day.date)
    scale = WIDE / (midnight(BalancePeriod.DAY.after(day.date)) - begin)
    most = max(day.half_hours, key=lambda one: one.wh, default=None)
    top = max(most.wh if most else 0, _LEAST_WH)
    bars = tuple(
        RibbonBar(
            x=round((one.start - begin) * scale, 1),
            wide=round(STEP_S * scale, 1),
            high=round(max(one.wh, 0) * HIGH / top, 1),
            off_peak=round(max(one.off_peak_wh, 0) * HIGH / top, 1),
        )
        for one in day.half_hours
    )
    windows = tuple(
        (
            round((_at(day.date, start) - begin) * scale, 1),
            round((_at(day.date, end) - _at(day.date, start)) * scale, 1),
        )
        for start, end in meter["off_peak_today"] or ()
    )
    return Ribbon(bars, windows, round((day.time - begin) * scale, 1), most if most and most.wh > 0 else None)


def _at(day: date, hour: str) -> int:
    """A time of day, ``24:00`` for its end, as a POSIX second."""
    hours, minutes = map(int, hour.split(":"))
    naive = datetime.combine(day, datetime.min.time()) + timedelta(hours=hours, minutes=minutes)
    return int(naive.replace(tzinfo=PARIS).timestamp())
