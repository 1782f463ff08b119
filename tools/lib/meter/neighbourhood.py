"""Who lives in the neighbourhood of the demonstration, and what each draws and makes by half hours.

A meter of ``tools/meter`` with the same seed lives the same days: what is written here as its past, it goes on with.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meter import clock
from meter.household import SimulatedHousehold
from meter.school import SimulatedSchool

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP_S, _TICK_S = 1800, 20
WHO = ("home", "school", "roof")


class SimulatedRoof(SimulatedHousehold):
    """Panels under a sky: bright days and grey ones, and a sun that stands low in winter."""

    __slots__ = ()

    def solar_at_w(self, second: int) -> int:
        """Watts of the panels during this second."""
        day, _ = clock.local(second)
        # 1 at midsummer, 0.4 at midwinter.
        high = 0.7 - 0.3 * math.cos(2 * math.pi * (day - clock.EPOCH_DAY - 355) / 365.25)
        bright = random.Random(f"sky/{self.seed}/{day}").choice((0.25, 0.5, 0.8, 1.0, 1.0))
        # Not this class's ``super()``: a class with slots is made twice.
        return int(SimulatedHousehold.solar_at_w(self, second) * high * bright)


@dataclass(frozen=True, slots=True)
class HalfHourOfMeter:
    """Whole Wh that a meter counted from ``time`` (POSIX seconds) on: from the grid, into it."""

    time: int
    drawn: int
    injected: int


def neighbour(who: str, seed: int = 1, phases: int = 1, solar_w: int = 0) -> SimulatedHousehold:
    """One of ``WHO``: a family out by day, a school of six classes, or panels below which nobody lives."""
    if who == "school":
        return SimulatedSchool(seed, phases, solar_w)
    if who == "roof":
        return SimulatedRoof(seed, phases, solar_w, lived_in=False)
    return SimulatedHousehold(seed, phases, solar_w)


def energy(who: SimulatedHousehold, begin: int, end: int) -> tuple[int, int]:
    """Watt-seconds that the meter of a household counts in ``[begin, end)``, from the grid and into it.

    Taken every twenty seconds, which is finer than any kettle.
    """
    drawn = injected = 0
    for second in range(begin, end, _TICK_S):
        watts = sum(who.load_w(second * 1000)[0]) - who.solar_at_w(second)
        lasts = min(_TICK_S, end - second)
        drawn, injected = drawn + max(watts, 0) * lasts, injected + max(-watts, 0) * lasts
    return drawn, injected


def half_hours(who: SimulatedHousehold, begin: int, end: int) -> Iterator[HalfHourOfMeter]:
    """What its meter counts in ``[begin, end)``, both the beginning of a half hour: whole Wh, nothing lost between."""
    drawn = injected = told_drawn = told_injected = 0
    for time in range(begin, end, STEP_S):
        more = energy(who, time, time + STEP_S)
        drawn, injected = drawn + more[0], injected + more[1]
        yield HalfHourOfMeter(time, drawn // 3600 - told_drawn, injected // 3600 - told_injected)
        told_drawn, told_injected = drawn // 3600, injected // 3600
