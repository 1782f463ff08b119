"""A village school: full of light and warm water while children are there, and asleep at night and at the week-end."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from meter import clock
from meter.contract import minutes
from meter.household import SimulatedHousehold, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

# What never sleeps: a refrigerator for the canteen, the boiler's pump, the network, the signs of the exits.
_ASLEEP_W = 320
_LAST_SCHOOL_DAY, _WEDNESDAY = 4, 2
_BEGINS_S, _ENDS_S, _NOON_S = minutes(8, 20), minutes(16, 30), minutes(11, 45)


class SimulatedSchool(SimulatedHousehold):
    """Six class-rooms and a canteen; no school on Wednesday afternoons, at week-ends, and in July and August."""

    __slots__ = ()

    def _sum(self, uses: list[Use], moment_ms: int) -> tuple[int, ...]:
        total = [(_ASLEEP_W + self.seed % 40) // self.phases] * self.phases
        for use in uses:
            if use.begin_ms <= moment_ms < use.end_ms:
                total[use.phase] += use.watts
        return tuple(total)

    def _uses(self, day: int) -> list[Use]:
        begin_ms, draw = clock.at_wall(day, 0) * 1000, random.Random(f"school/{self.seed}/{day}")
        return [
            Use(begin_ms + int(at * 1000), begin_ms + int((at + lasts) * 1000), int(watts), number % self.phases)
            for number, (at, lasts, watts) in enumerate(self._day(day, draw))
        ]

    def _day(self, day: int, draw: random.Random) -> Iterator[tuple[float, float, float]]:
        """(second of the day, for how long, W) of all that is switched on."""
        weekday = (day - 1) % 7
        if weekday > _LAST_SCHOOL_DAY or self._is_summer(day):
            return
        half = weekday == _WEDNESDAY
        ends = _NOON_S if half else _ENDS_S
        for _ in range(6):  # a class-room: lights, a board, computers
            at = draw.gauss(_BEGINS_S - minutes(0, 20), 400)
            yield at, ends - at + draw.gauss(600, 300), draw.uniform(550, 900)
            if draw.random() < 0.6:
                yield draw.uniform(_BEGINS_S, _NOON_S), draw.uniform(1800, 5400), draw.uniform(300, 900)
        yield minutes(5, 30), ends - minutes(5, 30), draw.uniform(1200, 1800)  # ventilation and the heating's pumps
        yield minutes(5, 0), draw.uniform(4800, 7200), 3000  # warm water
        if not half:
            yield draw.gauss(minutes(9, 45), 500), minutes(2, 15), draw.uniform(4500, 6500)  # the canteen cooks
            yield draw.gauss(minutes(13, 10), 400), draw.uniform(3000, 4200), draw.uniform(2800, 3600)  # and washes up
        yield ends + minutes(0, 20), draw.uniform(5400, 7200), draw.uniform(900, 1500)  # it is cleaned

    @staticmethod
    def _is_summer(day: int) -> bool:
        """Whether it is July or August."""
        return 181 <= (day - clock.EPOCH_DAY) % 365.25 < 243
