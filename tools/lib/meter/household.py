"""A household's load and its sun: watts on each phase as a pure function of seed and time.

Between two *steps* the load is constant, so its integral is a sum of integers. Steps fall on whole seconds (flicker,
sun) and on the exact milliseconds at which an appliance is switched; nothing depends on what was asked before.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass, field

from meter import clock
from meter.contract import minutes

FRIDGE_PERIOD_S, FRIDGE_ON_S, FRIDGE_W = 2400, 780, 95
STANDBY_W = 12  # an inverter at night


@dataclass(frozen=True, slots=True)
class Use:
    """One appliance switched on: POSIX milliseconds, watts, phase from 0."""

    begin_ms: int
    end_ms: int
    watts: int
    phase: int


@dataclass(frozen=True, slots=True)
class Steps:
    """A wall day's load: ``watts[i]`` (per phase) holds from ``times_ms[i]`` to ``times_ms[i + 1]``."""

    begin_ms: int
    end_ms: int
    times_ms: tuple[int, ...]
    watts: tuple[tuple[int, ...], ...]

    def at(self, at_ms: int) -> tuple[int, int]:
        """The place of what holds at that millisecond, and until when it does."""
        place = bisect_right(self.times_ms, at_ms)
        return place - 1, self.times_ms[place] if place < len(self.times_ms) else self.end_ms


@dataclass(slots=True)
class SimulatedHousehold:
    """What is plugged in behind one meter. ``solar_w`` is the peak of the panels, 0 for none."""

    seed: int = 1
    phases: int = 1
    solar_w: int = 0
    lived_in: bool = True
    water_heater_at_s: int = minutes(22, 32)
    _days: dict[int, Steps] = field(default_factory=dict)

    def load_w(self, at_ms: int) -> tuple[tuple[int, ...], int]:
        """Watts drawn on each phase from ``at_ms`` on, and the millisecond until which they hold."""
        second = at_ms // 1000
        steps = self._steps(clock.local(second)[0])
        place, end = steps.at(at_ms)
        until, watts = min(second * 1000 + 1000, end), steps.watts[place]
        flicker = (second * 2654435761 + self.seed * 40503 >> 7) % 17 if self.lived_in else 0
        fridge = FRIDGE_W if self.lived_in and (second + self.seed * 977) % FRIDGE_PERIOD_S < FRIDGE_ON_S else 0
        return (watts[0] + flicker + fridge, *watts[1:]), until

    def load_var(self, at_ms: int) -> tuple[int, ...] | None:
        """Vars on each phase at ``at_ms``; None: as many as the meter's own power factor makes of the watts."""
        del at_ms
        return None

    def solar_at_w(self, second: int) -> int:
        """Watts of the panels during this second: the sun's half sine of 8 to 16 hours, under passing clouds."""
        if not self.solar_w:
            return 0
        day, of_day = clock.local(second)
        of_day -= clock.offset_s(second) - clock.HOUR_S  # the sun knows no summer time
        half_day = 3600 * (6 - 2 * math.cos(2 * math.pi * (day - clock.EPOCH_DAY - 355) / 365.25))
        height = math.cos(math.pi / 2 * (of_day - minutes(12, 30)) / half_day)
        if height <= 0 or abs(of_day - minutes(12, 30)) >= half_day:
            return 0
        minute, fraction = divmod(second, 60)
        clouds = self._cloud(minute) * (60 - fraction) + self._cloud(minute + 1) * fraction
        return int(self.solar_w * height * clouds / 60)

    def _cloud(self, minute: int) -> float:
        return 0.55 + 0.45 * ((minute * 2246822519 + self.seed * 3266489917 >> 9) % 1000) / 1000

    def _steps(self, day: int) -> Steps:
        if day in self._days:
            return self._days[day]
        begin, end = (clock.at_wall(d, 0) * 1000 for d in (day, day + 1))
        uses = [use for d in (day - 1, day) for use in self._uses(d)]
        changes = {moment for use in uses for moment in (use.begin_ms, use.end_ms) if begin < moment < end}
        times = (begin, *sorted(changes))
        if len(self._days) > 4:
            self._days.clear()
        self._days[day] = Steps(begin, end, times, tuple(self._sum(uses, moment) for moment in times))
        return self._days[day]

    def _sum(self, uses: list[Use], moment_ms: int) -> tuple[int, ...]:
        base = 70 + self.seed % 50 if self.lived_in else STANDBY_W
        total = [base // self.phases] * self.phases
        for use in uses:
            if use.begin_ms <= moment_ms < use.end_ms:
                total[use.phase] += use.watts
        return tuple(total)

    def _uses(self, day: int) -> list[Use]:
        """What is switched on during a wall day (some of it goes on after midnight)."""
        if not self.lived_in:
            return []
        draw = random.Random(f"{self.seed}/{day}")
        uses: list[Use] = []

        def add(appliance: int, at_s: float, minutes_on: float, watts: float) -> None:
            begin = clock.at_wall(day, 0) * 1000 + int(at_s * 1000)
            uses.append(Use(begin, begin + int(minutes_on * 60_000), int(watts), appliance % self.phases))

        add(0, draw.gauss(minutes(6, 45), 600), draw.uniform(50, 110), draw.uniform(120, 260))  # lights, morning
        add(0, draw.gauss(minutes(18), 1200), draw.uniform(220, 320), draw.uniform(180, 420))  # lights, television
        add(1, self.water_heater_at_s, draw.uniform(110, 230), 2200)
        for hour in (7, 10, 13, 16, 20):
            if draw.random() < 0.8:
                add(2, draw.gauss(minutes(hour), 1500), draw.uniform(2, 4), 2000)  # kettle
        for hour, pulses in ((7, 1), (12, 8), (19, 14)):
            at = draw.gauss(minutes(hour, 10), 900)
            for _ in range(pulses):  # a hob's thermostat
                on = draw.uniform(0.4, 3)
                add(2, at, on, draw.choice((1200, 1500, 1800)))
                at += on * 60 + draw.uniform(20, 120)
        if draw.random() < 0.5:
            at = draw.uniform(minutes(9), minutes(15))
            add(0, at, 22, 1950)  # washing machine: heats, then turns
            add(0, at + minutes(0, 22), 60, draw.uniform(120, 260))
        return uses
