"""The meter's own arithmetic: from watts on its phases to indexes, maxima, load curve points and mean voltages.

Energies are integers of watt-milliseconds: an index is the exact integral, cut to whole watt-hours, and each new
watt-hour goes to the index in force. Time only goes forward, by ``advance``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meter import clock

if TYPE_CHECKING:
    from meter.contract import Calendar, TariffMinute
    from meter.household import SimulatedHousehold

WH = 3_600_000  # watt-milliseconds in a watt-hour
MEAN_VOLTAGE_S = 600
SMOOTHING = 0.008  # Yn^2 = B Xn^2 + (1 - B) Yn-1^2 at 1 Hz [54E §7]
POWER_FACTOR = 0.96


@dataclass(slots=True)
class Maximum:
    """Largest filtered apparent power of the day, and of the day before. VA and POSIX seconds."""

    value: int = 0
    at: int = 0
    previous: int = 0
    previous_at: int = 0
    square: float = -1.0

    def add(self, va: int, second: int) -> None:
        """Takes the sample of one second."""
        self.square = va * va if self.square < 0 else SMOOTHING * va * va + (1 - SMOOTHING) * self.square
        smooth = int(math.sqrt(self.square))
        if smooth > self.value:
            self.value, self.at = smooth, second

    def midnight(self, second: int) -> None:
        """Moves the day's maximum to the day before and starts again at 0."""
        self.previous, self.previous_at = self.value, self.at
        self.value, self.at = 0, second


@dataclass(slots=True)
class Mean:
    """The last two means over whole periods, newest first: (end in POSIX seconds, mean)."""

    period_s: int
    total: int = 0
    points: tuple[tuple[int, int], ...] = ()

    def close(self, second: int) -> None:
        """Ends a period whose total is in unit x milliseconds."""
        self.points = ((second, self.total // (self.period_s * 1000)), *self.points[:1])
        self.total = 0


@dataclass(slots=True)
class EnergyRegister:
    """An exact integral; ``wh`` is what a register shows."""

    wms: int = 0

    @property
    def wh(self) -> int:
        """Whole watt-hours (or VAr-hours)."""
        return self.wms // WH


@dataclass(slots=True)
class Instant:
    """The last second: signed watts and unsigned VA, A, V of each phase, and the sums."""

    watts: list[int]
    va: list[int]
    amperes: list[int]
    volts: list[int]
    drawn_va: int = 0
    injected_va: int = 0


class Metrology:
    """One meter's registers. ``begin_ms`` is where its integrals start: some periods before ``start_ms``.

    ``initial_wh`` is the supplier's indexes at ``begin_ms``. A producer meter (``producer``) counts what is injected.
    """

    def __init__(
        self,
        household: SimulatedHousehold,
        calendar: Calendar,
        *,
        start_ms: int,
        producer: bool = False,
        curve_s: int = 1800,
        initial_wh: tuple[int, ...] = (3_519_703,),
        initial_injected_wh: int = 0,
    ) -> None:
        self.household = household
        self.calendar = calendar
        self.phases = household.phases
        self.producer = producer
        self.extra_w = 0  # what an overload command plugs in, on each phase
        self.begin_ms = (start_ms // 1000 // curve_s - 2) * curve_s * 1000
        self.now_ms = self.begin_ms
        self.supplier = [*initial_wh, *[0] * (10 - len(initial_wh))]
        self.distributor = [sum(initial_wh), 0, 0, 0]
        self.drawn = EnergyRegister(sum(initial_wh) * WH)
        self.injected = EnergyRegister(initial_injected_wh * WH)
        self.reactive = [EnergyRegister(), EnergyRegister(), EnergyRegister(), EnergyRegister()]
        self.curve_drawn, self.curve_injected = Mean(curve_s), Mean(curve_s)
        self.voltage = [Mean(MEAN_VOLTAGE_S) for _ in range(self.phases)]
        yesterday = clock.at_wall(clock.local(start_ms // 1000)[0] - 1, 70_000 + household.seed % 5000)
        self.maximum = self._maximum(3100, yesterday)
        self.maximum_injected = self._maximum(household.solar_w * 9 // 10, yesterday)
        self.maximum_phase = [self._maximum(1500, yesterday) for _ in range(self.phases)]
        self.instant = Instant([0] * self.phases, [0] * self.phases, [0] * self.phases, [0] * self.phases)
        self.shown: Instant | None = None  # what frames say in place of ``instant``
        self.advance(start_ms)

    @property
    def said(self) -> Instant:
        """The second of which a frame speaks: this one, or ``shown``."""
        return self.shown or self.instant

    @property
    def tariff(self) -> TariffMinute:
        """The tariff in force now."""
        return self.calendar.at(self.now_ms // 1000)

    def advance(self, to_ms: int) -> None:
        """Lives on until this time."""
        while self.now_ms < to_ms:
            load, until = self.household.load_w(self.now_ms)
            until = min(until, to_ms)
            self._count(load, until - self.now_ms)
            self.now_ms = until
            if until % 1000 == 0:
                self._each_second(until // 1000)

    def _maximum(self, previous: int, at: int) -> Maximum:
        midnight = clock.at_wall(clock.local(self.now_ms // 1000)[0], 0)
        return Maximum(at=midnight, previous=previous, previous_at=at)

    def _count(self, load: tuple[int, ...], duration_ms: int) -> None:
        second = self.now_ms // 1000
        watts, var = [each + self.extra_w for each in load], self.household.load_var(self.now_ms)
        watts[-1] -= self.household.solar_at_w(second)  # the inverter is on the last phase
        self._measure(watts, var, second)
        total = sum(watts)
        if total >= 0:
            before = self.drawn.wh
            self.drawn.wms += total * duration_ms
            self.curve_drawn.total += total * duration_ms
            tariff = self.calendar.at(second)
            self.supplier[tariff.index - 1] += self.drawn.wh - before
            self.distributor[tariff.distributor - 1] += self.drawn.wh - before
        else:
            self.injected.wms -= total * duration_ms
            self.curve_injected.total -= total * duration_ms
        self._count_reactive(total, var, duration_ms)

    def _count_reactive(self, total: int, var: tuple[int, ...] | None, duration_ms: int) -> None:
        if var is not None:
            lags = sum(var) >= 0
            quadrant = (0 if lags else 3) if total >= 0 else (1 if lags else 2)
            self.reactive[quadrant].wms += abs(sum(var)) * duration_ms
            return
        # Mostly inductive while drawing (Q1); the inverter's filter while injecting (Q2, a little Q3).
        self.reactive[0 if total >= 0 else 1].wms += abs(total) * duration_ms // 5
        self.reactive[3 if total >= 0 else 2].wms += abs(total) * duration_ms // 50

    def _measure(self, watts: list[int], var: tuple[int, ...] | None, second: int) -> None:
        now = Instant(watts, [], [], [])
        now.volts = [self.volts_at(phase, second) for phase in range(self.phases)]
        if var is None:
            now.va = [round(abs(each) / POWER_FACTOR) for each in watts]
            total = round(abs(sum(watts)) / POWER_FACTOR)
        else:
            now.va = [round(math.hypot(*each)) for each in zip(watts, var, strict=True)]
            # The sum of the phases with their signs [54E §6.2.3.10].
            signed = (math.copysign(math.hypot(*each), each[0]) for each in zip(watts, var, strict=True))
            total = round(abs(sum(signed)))
        now.amperes = [round(va / volts) for va, volts in zip(now.va, now.volts, strict=True)]
        exporting = sum(watts) < 0
        now.drawn_va, now.injected_va = (0, total) if exporting else (total, 0)
        self.instant = now

    def volts_at(self, phase: int, second: int) -> int:
        """Volts of a phase: a slow swing about 233 V and a volt of flicker."""
        swing = 4 * math.sin(second / 1700 + 2 * phase)
        return 233 + round(swing + ((second + 31 * phase) * 2246822519 >> 11) % 3 - 1)

    def _each_second(self, second: int) -> None:
        now = self.instant
        day_second = clock.local(second)[1]
        self.maximum.add(now.drawn_va, second)
        self.maximum_injected.add(now.injected_va, second)
        for phase, maximum in enumerate(self.maximum_phase):
            maximum.add(now.va[phase] if now.watts[phase] >= 0 else 0, second)
            self.voltage[phase].total += now.volts[phase] * 1000
        if day_second == 0:
            for maximum in (self.maximum, self.maximum_injected, *self.maximum_phase):
                maximum.midnight(second)
        for mean in (self.curve_drawn, self.curve_injected, *self.voltage):
            if second % mean.period_s == 0:
                mean.close(second)
