"""How right the watts are: simulated houses frame by frame, their true power, ours, and what others make of the frames.

The truth is the simulator's: of the moment at which the frame's VA was measured, which is up to a frame before it is
sent, and of the moment at which the frame begins. Ours are as they are published, in whole watts.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bench.options import TABLE
from bench.tick_rule import TickRule
from gateway.tic.active_power import ESTIMATE, HALF_WIDTH
from gateway.tic.estimates import PowerEstimates
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from meter.appliances import ApplianceHousehold, SteadyLoad
from meter.frames import BAUD, HISTORIC, STANDARD, MeterIdentity
from meter.living import Linky

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.parts import At
    from meter.frames import SimulatedFrame
    from meter.household import SimulatedHousehold

KVA = 9
# A working day of March: the sun is up half of it.
DAY = int(datetime(2026, 3, 5, tzinfo=UTC).timestamp())
PERCENTILES = (50, 90, 95, 99, 100)
# Watts and VA are whole numbers: nearer than this nobody is worse than another.
WHOLE = 1.0
STEADY_S, LEAST_W = 120, 300

_SERIES = {
    "SINSTS": ("consumption/power/apparent/raw", "VA"),
    "PAPP": ("consumption/power/apparent/raw", "VA"),
    "SINSTI": ("production/power/apparent/raw", "VA"),
    "EAST": ("consumption/energy/active/index", "Wh"),
    "EAIT": ("production/energy/active/index", "Wh"),
    "IRMS1": ("consumption/current/raw/phase/1", "A"),
    "IRMS3": ("consumption/current/raw/phase/3", "A"),
    "IINST": ("consumption/current/raw", "A"),
    "IINST3": ("consumption/current/raw/phase/3", "A"),
}
_CLASSES = ("BASE", "HCHC", "HCHP")


@dataclass(frozen=True, slots=True)
class WattsHouse:
    """A mixed house: what is in it, its phases, its panels in W, the mode of its meter."""

    kind: str
    phases: int
    solar_w: int
    mode: str

    @property
    def name(self) -> str:
        """In words."""
        sun = f", {self.solar_w // 1000} kW of panels" if self.solar_w else ""
        return f"{self.kind}, {self.phases} phase{'s' if self.phases > 1 else ''}{sun}, {self.mode}"

    def household(self, seed: int) -> SimulatedHousehold:
        """Its appliances."""
        return ApplianceHousehold(seed, self.phases, self.solar_w, kind=self.kind)


# Historic mode has no sign, so that panels are a matter of standard mode.
HOUSES = (
    *(WattsHouse(kind, 1, 0, mode) for kind in ("flat", "house", "heat-pump", "car") for mode in (STANDARD, HISTORIC)),
    *(WattsHouse(kind, 3, 0, mode) for kind in ("house", "heat-pump") for mode in (STANDARD, HISTORIC)),
    WattsHouse("house", 1, 3000, STANDARD),
    WattsHouse("heat-pump", 1, 5000, STANDARD),
    WattsHouse("house", 3, 4000, STANDARD),
)


@dataclass(frozen=True, slots=True)
class TrueFrame:
    """A frame as its reader has it: ``at`` POSIX seconds of its last byte; and the true watts, see above."""

    at: float
    readings: tuple[Reading, ...]
    drawn_va: int
    drawn_wh: int
    injected_va: int
    injected_wh: int | None
    said_watts: int
    watts: int


def frames(household: SimulatedHousehold, mode: str, begin: int, seconds: float, seed: int) -> Iterator[TrueFrame]:
    """The frames of a meter from that POSIX second on, at the line's pace."""
    start, producer = begin * 1000, household.solar_w > 0
    identity = MeterIdentity(phases=household.phases, kva=KVA)
    contract = "hc" if seed % 2 else "base"
    meter = Linky(
        mode=mode,
        contract=contract,
        identity=identity,
        household=household,
        start_ms=start,
        producer=producer,
        seed=seed,
        ages=True,
    )
    gaps, now = random.Random(f"gaps/{seed}"), float(start)
    while now < start + seconds * 1000:
        frame = meter.next_frame(int(now))
        sent = now + sum(map(len, frame.encode())) * 10_000 / BAUD[mode]
        if frame.kind == "long":
            watts = sum(meter.metrology.instant.watts), sum(meter.metrology.said.watts)
            yield _heard(frame, sent / 1000, *watts)
        now = sent + gaps.uniform(16.7, 33.4)


def _heard(frame: SimulatedFrame, at: float, watts: int, said_watts: int) -> TrueFrame:
    data = {group.label: group.data for group in frame.groups}
    time = datetime.fromtimestamp(int(at), UTC)
    values = {_SERIES[label]: int(text) for label, text in data.items() if label in _SERIES}
    if frame.mode == HISTORIC:
        values[_SERIES["EAST"]] = sum(int(data[label]) for label in _CLASSES if label in data)
    readings = tuple(
        Reading(series, time, value, unit, Kind.INDEX if unit == "Wh" else Kind.GAUGE, Quality.HOST)
        for (series, unit), value in values.items()
    )
    injected = values.get(_SERIES["EAIT"])
    powers = values[_SERIES["SINSTS"]], values[_SERIES["EAST"]], values.get(_SERIES["SINSTI"], 0), injected
    return TrueFrame(at, readings, *powers, said_watts, watts)


def estimated(power: PowerEstimates, frame: TrueFrame, mode: str) -> tuple[int, int] | None:
    """Watts and half the width of their interval, as they are published; None while unknown."""
    received = datetime.fromtimestamp(0, UTC) + timedelta(seconds=frame.at)
    said = Interpretation(received.replace(microsecond=0), Quality.HOST, None, None, frame.readings, ())
    made = {reading.series: int(reading.value) for reading in power.of(said, mode, received)}
    return (made[ESTIMATE], made[HALF_WIDTH]) if made else None


@dataclass(slots=True)
class WattsTally:
    """Errors in W of one house, by who makes them, and how often the interval held."""

    errors: dict[str, list[float]] = field(default_factory=lambda: {"ours": [], "tick rule": [], "VA as W": []})
    bias: dict[str, float] = field(default_factory=lambda: {"ours": 0.0, "tick rule": 0.0, "VA as W": 0.0})
    held: int = 0
    held_at_start: int = 0
    unknown: int = 0
    widths: list[float] = field(default_factory=list)

    def add(self, frame: TrueFrame, ours: tuple[int, int] | None, rule: float) -> None:
        """Count a frame; one of which we know nothing counts for nobody."""
        if ours is None:
            self.unknown += 1
            return
        watts, half = ours
        truth = frame.said_watts
        said = {"ours": watts, "tick rule": rule, "VA as W": frame.drawn_va - frame.injected_va}
        for who, value in said.items():
            self.errors[who].append(abs(value - truth))
            self.bias[who] += value - truth
        self.held += abs(watts - truth) <= half
        self.held_at_start += abs(watts - frame.watts) <= half
        if abs(truth) >= LEAST_W:
            self.widths.append(2 * half / abs(truth))

    @property
    def frames(self) -> int:
        """How many were counted."""
        return len(self.errors["ours"])

    def percentiles(self, who: str) -> list[float]:
        """The errors at ``PERCENTILES``."""
        return [percentile(self.errors[who], percent) for percent in PERCENTILES]

    def held_percent(self, *, at_start: bool = False) -> float:
        """How often of 100 times the truth was within the interval."""
        return 100 * (self.held_at_start if at_start else self.held) / self.frames

    def width_percent(self) -> float:
        """The median width of the interval where at least ``LEAST_W`` flow."""
        return 100 * percentile(self.widths, 50)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many of 100 are; the largest at 100."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def live_in(house: WattsHouse, begin: int, seconds: float, seed: int) -> WattsTally:
    """A mixed house for so long."""
    tally, power, rule = WattsTally(), PowerEstimates(), TickRule(KVA * 1000)
    for frame in frames(house.household(seed), house.mode, begin, seconds, seed):
        watts = rule.hear(frame.at, frame.drawn_va, frame.drawn_wh, frame.injected_va, frame.injected_wh)
        tally.add(frame, estimated(power, frame, house.mode), watts)
    return tally


@dataclass(slots=True)
class ChangedLoad(SteadyLoad):
    """A load of ``before_w`` at ``before_cos`` that becomes a steady one at ``change_ms``."""

    before_w: int = 100
    before_cos: float = 1.0
    change_ms: int = 0

    def load_w(self, at_ms: int) -> tuple[tuple[int, ...], int]:
        """Watts on each phase, and until when."""
        load, until = super(ChangedLoad, self).load_w(at_ms)
        if at_ms >= self.change_ms:
            return load, until
        before, _ = SteadyLoad(phases=self.phases, watts=self.before_w, cos_phi=self.before_cos).load_w(at_ms)
        return before, min(until, self.change_ms)

    def load_var(self, at_ms: int) -> tuple[int, ...]:
        """Vars on each phase."""
        if at_ms >= self.change_ms:
            return super(ChangedLoad, self).load_var(at_ms)
        return SteadyLoad(phases=self.phases, watts=self.before_w, cos_phi=self.before_cos).load_var(at_ms)


def steady_error(watts: int, cos_phi: float, phases: int, mode: str, seed: int) -> float:
    """The largest error, as a share, from two minutes after a load began until five."""
    draw = random.Random(f"steady/{seed}")
    before_w, before_cos = draw.choice(((60, 0.5), (100, 1.0), (700, 0.6), (500, 0.4), (3000, 1.0)))
    lead, begin = draw.uniform(200, 400), DAY + draw.randrange(80_000)
    change = begin + lead
    load = ChangedLoad(seed, phases, 0, False, 0, watts=watts, cos_phi=cos_phi)
    load.before_w, load.before_cos, load.change_ms = before_w, before_cos, round(change * 1000)
    power, worst = PowerEstimates(), 0.0
    for frame in frames(load, mode, begin, lead + 300, seed):
        said = estimated(power, frame, mode)
        if frame.at > change + STEADY_S:
            worst = max(worst, abs(said[0] - watts) / watts if said else math.inf)
    return worst


STEADY_LOADS = tuple(
    (watts, cos)
    for watts in (300, 420, 800, 2500, 6000)
    for cos in (0.4, 0.6, 0.8, 0.95, 1.0)
    if watts / cos < 1000 * KVA
)


def steady_errors(seeds: Sequence[int], loads: Sequence[tuple[int, float]] = STEADY_LOADS) -> list[float]:
    """Of each load, one and three phases, both modes."""
    return [
        steady_error(watts, cos_phi, phases, mode, 1000 * seed + watts + round(cos_phi * 100))
        for seed in seeds
        for watts, cos_phi in loads
        for phases in (1, 3)
        for mode in (STANDARD, HISTORIC)
    ]


def measure(at: At) -> dict[str, float]:
    """The worst of all houses for each figure; each house's are a table that is shown."""
    hours, seeds = (0.5, [1]) if at.quick else (24, [1, 2, 3])
    steady = steady_errors(seeds, STEADY_LOADS[:2] if at.quick else STEADY_LOADS)
    houses = HOUSES[:2] if at.quick else HOUSES
    found = {house.name: live_in(house, DAY + 17 * 3600, hours * 3600, seed=11) for house in houses}
    (at.folder / TABLE).write_text("".join(f"{line}\n" for line in table(found)), encoding="utf-8")
    ours, rule = (percentile([e for t in found.values() for e in t.errors[who]], 95) for who in ("ours", "tick rule"))
    worse = max(
        mine - theirs
        for t in found.values()
        for mine, theirs in zip(*map(t.percentiles, ("ours", "tick rule")), strict=True)
    )
    return {
        "steady_worst_percent": 100 * max(steady),
        "held_percent": min(t.held_percent() for t in found.values()),
        "held_at_start_percent": min(t.held_percent(at_start=True) for t in found.values()),
        "width_percent": max(t.width_percent() for t in found.values()),
        "ours_95_w": ours,
        "rule_95_w": rule,
        "worse_w": worse,
    }


def table(found: Mapping[str, WattsTally]) -> list[str]:
    """Errors in W by house: bias, then percentiles; how often the interval held, and how wide it is."""
    lines = ["errors in W: bias | " + " ".join(f"{'worst' if p == 100 else f'{p} %':>6}" for p in PERCENTILES)]
    for name, tally in found.items():
        lines.append(
            f"{name}: {tally.frames:,} frames, {tally.unknown} unknown; interval holds {tally.held_percent():.1f} % "
            f"({tally.held_percent(at_start=True):.1f} % when the frame begins), {tally.width_percent():.1f} % wide"
        )
        for who in tally.errors:
            errors = " ".join(f"{error:6.0f}" for error in tally.percentiles(who))
            lines.append(f"  {who:<10} {tally.bias[who] / tally.frames:+6.1f} | {errors}")
    return lines
