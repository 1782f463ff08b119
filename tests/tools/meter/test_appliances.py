"""Appliances with a power factor of their own: VA of watts and vars, the same watts in the index, and by seed alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from meter import clock
from meter.appliances import KINDS, ApplianceHousehold, SteadyLoad
from meter.frames import STANDARD, MeterIdentity
from meter.living import Linky
from meter.metrology import WH

if TYPE_CHECKING:
    from meter.household import SimulatedHousehold

START = clock.parse_start("2026-03-05T17:00", 0)


def linky(household: SimulatedHousehold, **options: bool) -> Linky:
    """A meter before that household."""
    identity = MeterIdentity(phases=household.phases, kva=9)
    return Linky(identity=identity, household=household, start_ms=START, producer=household.solar_w > 0, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_a_house_is_a_function_of_seed_and_time(kind: str) -> None:
    """Asked in any order it draws the same, and another seed something else."""
    moments = [START + 977 * step for step in range(3000)]
    one, other = ApplianceHousehold(3, kind=kind), ApplianceHousehold(3, kind=kind)
    forward = [one.load_w(moment)[0] + one.load_var(moment) for moment in moments]
    assert forward == [other.load_w(moment)[0] + other.load_var(moment) for moment in reversed(moments)][::-1]
    another = ApplianceHousehold(4, kind=kind)
    assert forward != [another.load_w(moment)[0] + another.load_var(moment) for moment in moments]
    assert min(watts for watts, _ in forward) > 0


def test_va_and_index_are_of_the_same_watts() -> None:
    """VA is the root of both squares, the index the integral of watts alone cut to whole watt-hours."""
    meter = linky(ApplianceHousehold(5, kind="house"))
    household, energy, at = meter.metrology.household, meter.metrology.drawn.wms, START
    while at < START + 3_600_000:
        load, until = household.load_w(at)
        var = household.load_var(at)
        assert var is not None
        meter.metrology.advance(until)
        energy += load[0] * (until - at)
        assert meter.metrology.instant.drawn_va == round(math.hypot(load[0], var[0]))
        at = until
    assert meter.metrology.drawn.wms == energy
    assert sum(meter.metrology.supplier) - 3_519_703 == energy // WH - 3_519_703


def test_three_phases_add_with_their_signs() -> None:
    """What the panels inject on one phase is taken from what the others draw."""
    meter = linky(SteadyLoad(1, 3, 4000, watts=900, cos_phi=0.9))
    meter.metrology.advance(clock.parse_start("2026-03-05T17:30", 0))
    now = meter.metrology.instant
    signed = sum(va if watts >= 0 else -va for watts, va in zip(now.watts, now.va, strict=True))
    assert abs(now.drawn_va - now.injected_va - signed) <= 2
    assert sum(now.watts) < 900


def test_what_a_frame_says_may_be_a_frame_old_and_its_truth_tells_so() -> None:
    """With ages: VA is of a moment after the frame before began; watts of that moment stand beside those of now."""
    meter, changes = linky(ApplianceHousehold(1, kind="flat"), ages=True), 0
    for number in range(1, 4000):
        now = START + 930 * number
        frame = meter.next_frame(now)
        truth = meter.truth(frame, now)
        data = truth["data"]
        assert isinstance(data, dict)
        assert int(data["SINSTS"]) == meter.metrology.said.drawn_va
        changes += truth["said_watts"] != sum(meter.metrology.instant.watts)
    assert 0 < changes < 4000


def test_a_steady_load_has_its_power_factor() -> None:
    """600 W at 0.6 are 1,000 VA, second by second."""
    meter = linky(SteadyLoad(watts=600, cos_phi=0.6))
    for _ in range(10):
        frame = meter.next_frame(meter.metrology.now_ms + 1000)
        assert frame.mode == STANDARD
        assert {group.label: group.data for group in frame.groups}["SINSTS"] == "01000"
