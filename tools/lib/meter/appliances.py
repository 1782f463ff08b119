"""Households whose appliances have a power factor of their own: watts and vars on each phase, by seed and time.

``SimulatedHousehold`` has one power factor for all it draws, which makes a reader's estimate of watts look better than
it can be. Here each appliance brings its vars, inductive (+) or capacitive (-), so that they add and cancel as in a
house; motors pulse, thermostats cycle, a heat pump and panels glide, and what is on all the time flickers.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meter import clock
from meter.household import SimulatedHousehold, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE_MS = 60_000
DAY_MINUTES = 1440
INVERTER_VAR = 25  # of its filter, while the sun is up

# What is plugged in, by kind of house.
KINDS = {
    "flat": ("standby", "fridge", "lights", "television", "kettle", "hob", "washing", "vacuum"),
    "house": (
        *("standby", "fan", "fridge", "freezer", "lights", "television", "computer", "kettle", "hob", "oven"),
        *("washing", "dishes", "water-heater", "microwave"),
    ),
    "heat-pump": (
        *("standby", "fan", "circulator", "fridge", "lights", "television", "hob", "heat-pump", "pool", "dishes"),
    ),
    "car": ("standby", "fridge", "freezer", "lights", "computer", "kettle", "hob", "car", "water-heater", "washing"),
}


@dataclass(frozen=True, slots=True)
class ReactiveUse:
    """One appliance switched on: POSIX milliseconds, watts, vars, phase from 0."""

    begin_ms: int
    end_ms: int
    watts: int
    var: int
    phase: int


@dataclass(frozen=True, slots=True)
class ReactiveSteps(Steps):
    """Steps with the vars beside the watts."""

    var: tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class ApplianceHousehold(SimulatedHousehold):
    """A house of one of ``KINDS``. Everything of an appliance (watts, power factor, phase, habits) is drawn by seed."""

    kind: str = "house"

    def load_w(self, at_ms: int) -> tuple[tuple[int, ...], int]:
        """Watts drawn on each phase from ``at_ms`` on, and the millisecond until which they hold."""
        watts, _, until = self._load(at_ms)
        return watts, until

    def load_var(self, at_ms: int) -> tuple[int, ...]:
        """Vars on each phase at ``at_ms``: + lags (a motor), - leads (a power supply, an inverter's filter)."""
        return self._load(at_ms)[1]

    def _load(self, at_ms: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        second = at_ms // 1000
        day = self._steps(clock.local(second)[0])
        assert isinstance(day, ReactiveSteps)
        place, until = day.at(at_ms)
        watts, var = list(day.watts[place]), list(day.var[place])
        # A second's flicker, and a slow wander, of what is always on: as much of its vars.
        noise = (second * 2654435761 + self.seed * 40503 >> 7) % 201 / 100 - 1
        wander = math.sin(second / 311 + self.seed) + math.sin(second / 97 + 2 * self.seed)
        share = 0.004 * noise + 0.003 * wander
        for phase in range(self.phases):
            watts[phase] += round(watts[phase] * share + 1.5 * noise)
            var[phase] += round(var[phase] * share - noise)
        if self.solar_w and self.solar_at_w(second):
            var[-1] -= INVERTER_VAR
        return tuple(watts), tuple(var), min(second * 1000 + 1000, until)

    def _steps(self, day: int) -> Steps:
        if day not in self._days:
            if len(self._days) > 4:
                self._days.clear()
            self._days[day] = self._sweep(day)
        return self._days[day]

    def _sweep(self, day: int) -> ReactiveSteps:
        begin, end = (clock.at_wall(d, 0) * 1000 for d in (day, day + 1))
        changes: list[tuple[int, int, int, int]] = []
        uses = (use for d in (day - 1, day) for use in self._switched(d))
        for use in (use for use in uses if use.end_ms > begin and use.begin_ms < end):
            changes.append((max(begin, use.begin_ms), use.watts, use.var, use.phase))
            changes.append((use.end_ms, -use.watts, -use.var, use.phase))
        watts, var = [0] * self.phases, [0] * self.phases
        times, all_watts, all_var = [begin], [tuple(watts)], [tuple(var)]
        for moment, more_watts, more_var, phase in sorted(changes):
            if moment >= end:
                break
            watts[phase] += more_watts
            var[phase] += more_var
            if moment == times[-1]:
                all_watts[-1], all_var[-1] = tuple(watts), tuple(var)
            else:
                times.append(moment)
                all_watts.append(tuple(watts))
                all_var.append(tuple(var))
        return ReactiveSteps(begin, end, tuple(times), tuple(all_watts), tuple(all_var))

    def _switched(self, day: int) -> Iterator[ReactiveUse]:
        """What is switched on during a wall day (some of it goes on after midnight)."""
        begin = clock.at_wall(day, 0) * 1000
        for name in KINDS[self.kind]:
            habits = random.Random(f"{self.seed}/{name}")
            appliance = Appliance(habits, habits.randrange(self.phases))
            for at, lasts, watts, cos_phi, sign in _HABITS[name](appliance, random.Random(f"{self.seed}/{name}/{day}")):
                start = begin + int(at * MINUTE_MS)
                var = round(sign * watts * math.sqrt(1 / cos_phi**2 - 1))
                yield ReactiveUse(start, start + int(lasts * MINUTE_MS), round(watts), var, appliance.phase)


@dataclass(frozen=True, slots=True)
class Appliance:
    """What is drawn once for an appliance: ``own`` gives its watts and its power factor, the same each day."""

    own: random.Random
    phase: int


# Minute of the day, minutes on, watts, cos phi, +1 where it lags and -1 where it leads.
Switched = tuple[float, float, float, float, int]
LAGS, LEADS = 1, -1


def _always(watts: tuple[float, float], cos_phi: tuple[float, float], sign: int) -> Callable[..., Iterator[Switched]]:
    def habit(one: Appliance, _: random.Random) -> Iterator[Switched]:
        yield 0, DAY_MINUTES, one.own.uniform(*watts), one.own.uniform(*cos_phi), sign

    return habit


def _cycles(
    watts: tuple[float, float], cos_phi: tuple[float, float], on: tuple[float, float], off: tuple[float, float]
) -> Callable[..., Iterator[Switched]]:
    def habit(one: Appliance, draw: random.Random) -> Iterator[Switched]:
        power, factor = one.own.uniform(*watts), one.own.uniform(*cos_phi)
        at = draw.uniform(0, off[1])
        while at < DAY_MINUTES - on[1]:
            lasts = draw.uniform(*on)
            yield at, 0.02, power * 2.5, factor * 0.8, LAGS  # it starts against the pressure
            yield at + 0.02, lasts, power * draw.uniform(0.97, 1.03), factor, LAGS
            at += 0.02 + lasts + draw.uniform(*off)

    return habit


def _evenings(watts: tuple[float, float], cos_phi: tuple[float, float], sign: int) -> Callable[..., Iterator[Switched]]:
    def habit(one: Appliance, draw: random.Random) -> Iterator[Switched]:
        power, factor = one.own.uniform(*watts), one.own.uniform(*cos_phi)
        yield draw.gauss(400, 10), draw.uniform(40, 110), power * 0.5, factor, sign
        at = draw.gauss(1080, 20)
        for _ in range(4):
            lasts = draw.uniform(15, 90)
            yield at, lasts, power * draw.uniform(0.6, 1), factor, sign
            at += lasts

    return habit


def _meals(
    watts: tuple[float, ...], cos_phi: float, pulses: tuple[int, int], on: tuple[float, float], off: tuple[float, float]
) -> Callable[..., Iterator[Switched]]:
    def habit(_: Appliance, draw: random.Random) -> Iterator[Switched]:
        for meal in (430, 740, 1150):
            if draw.random() < 0.8:
                at, power = draw.gauss(meal, 15), draw.choice(watts)
                for _ in range(draw.randint(*pulses)):
                    lasts = draw.uniform(*on)
                    yield at, lasts, power, cos_phi, LAGS
                    at += lasts + draw.uniform(*off)

    return habit


def _drum(one: Appliance, draw: random.Random) -> Iterator[Switched]:
    """A washing machine: heats, then turns its drum this way and that, then spins."""
    power, factor = one.own.uniform(150, 280), one.own.uniform(0.5, 0.7)
    at = draw.uniform(500, 1000)
    yield at, 18, 1950, 1, LAGS
    for _ in range(110):
        lasts = draw.uniform(0.18, 0.25)
        yield at, lasts, power * draw.uniform(0.8, 1.2), factor, LAGS
        at += lasts + draw.uniform(0.05, 0.3)
    for step in range(12):
        yield at + step * 0.5, 0.5, 150 + 30 * step, 0.75, LAGS


def _dishes(one: Appliance, draw: random.Random) -> Iterator[Switched]:
    at = draw.uniform(820, 1300)
    yield at, 75, one.own.uniform(50, 80), one.own.uniform(0.5, 0.7), LAGS
    yield at + 8, 15, 1850, 1, LAGS
    yield at + 52, 12, 1850, 1, LAGS


def _heat_pump(one: Appliance, draw: random.Random) -> Iterator[Switched]:
    """An inverter's compressor: it glides from one level to the next, its power factor with it."""
    most, at, level = one.own.uniform(1500, 2800), 0.0, 0.5
    while at < DAY_MINUTES - 2:
        level = min(1.0, max(0.0, level + draw.uniform(-0.12, 0.12)))
        lasts = draw.choice((0.25, 0.5, 1, 5))
        if level > 0.15:
            yield at, lasts, most * level, 0.8 + 0.17 * level, LAGS
        at += lasts


def _car(one: Appliance, draw: random.Random) -> Iterator[Switched]:
    if draw.random() < 0.6:
        yield draw.gauss(1360, 20), draw.uniform(60, 240), one.own.choice((2300, 3680, 7200)), 0.99, LEADS


def _once(at: float, lasts: tuple[float, float], watts: float, cos_phi: float) -> Callable[..., Iterator[Switched]]:
    def habit(_: Appliance, draw: random.Random) -> Iterator[Switched]:
        yield draw.gauss(at, 20), draw.uniform(*lasts), watts, cos_phi, LAGS

    return habit


_HABITS: dict[str, Callable[[Appliance, random.Random], Iterator[Switched]]] = {
    "standby": _always((40, 110), (0.5, 0.75), LEADS),
    "fan": _always((20, 45), (0.5, 0.8), LAGS),
    "circulator": _always((35, 70), (0.45, 0.65), LAGS),
    "fridge": _cycles((70, 120), (0.55, 0.75), (10, 18), (22, 40)),
    "freezer": _cycles((80, 140), (0.5, 0.7), (15, 25), (30, 60)),
    "lights": _evenings((60, 220), (0.6, 0.95), LEADS),
    "television": _evenings((60, 180), (0.85, 0.98), LEADS),
    "computer": _evenings((80, 250), (0.9, 0.99), LEADS),
    "kettle": _meals((2000,), 1.0, (1, 1), (2, 4), (1, 1)),
    "hob": _meals((1200, 1800, 2400), 0.99, (4, 25), (0.15, 1.5), (0.2, 1)),
    "oven": _meals((2500,), 1.0, (3, 12), (0.8, 3), (0.5, 2)),
    "microwave": _meals((1250,), 0.93, (1, 8), (0.2, 0.5), (0.1, 0.3)),
    "washing": _drum,
    "dishes": _dishes,
    "water-heater": _once(1352, (110, 230), 2200, 1.0),
    "vacuum": _once(640, (8, 20), 750, 0.97),
    "heat-pump": _heat_pump,
    "pool": _once(680, (200, 330), 780, 0.72),
    "car": _car,
}


@dataclass(slots=True)
class SteadyLoad(SimulatedHousehold):
    """One load that never changes, shared by the phases: ``watts`` at ``cos_phi``, lagging."""

    watts: int = 500
    cos_phi: float = 1.0

    def load_w(self, at_ms: int) -> tuple[tuple[int, ...], int]:
        """Watts drawn on each phase, and the millisecond until which they hold."""
        return _shared(self.watts, self.phases), at_ms // 1000 * 1000 + 1000

    def load_var(self, at_ms: int) -> tuple[int, ...]:
        """Vars on each phase."""
        del at_ms
        return _shared(round(self.watts * math.sqrt(1 / self.cos_phi**2 - 1)), self.phases)


def _shared(total: int, phases: int) -> tuple[int, ...]:
    return tuple(total * (phase + 1) // phases - total * phase // phases for phase in range(phases))
