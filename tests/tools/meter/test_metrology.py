"""Household and registers: indexes are exact integrals, curves and maxima are what their definition says."""

from __future__ import annotations

import itertools

import pytest

from meter import clock
from meter.contract import CONTRACTS, Calendar
from meter.household import SimulatedHousehold
from meter.metrology import SMOOTHING, WH, Metrology


def at(text: str) -> int:
    """Milliseconds of a wall time."""
    return clock.parse_start(text, 0)


def registers(start: str, *, contract: str = "hc", solar_w: int = 0, phases: int = 1, seed: int = 4) -> Metrology:
    """A meter at this wall time."""
    house = SimulatedHousehold(seed=seed, phases=phases, solar_w=solar_w)
    calendar = Calendar(CONTRACTS[contract], seed)
    return Metrology(house, calendar, start_ms=at(start), producer=solar_w > 0, initial_wh=(1000, 2000))


def integral(house: SimulatedHousehold, begin_ms: int, end_ms: int) -> tuple[int, int]:
    """Watt-milliseconds drawn and injected, added up millisecond stretch by stretch, apart from the meter."""
    drawn = injected = 0
    while begin_ms < end_ms:
        load, until = house.load_w(begin_ms)
        until = min(until, end_ms)
        net = sum(load) - house.solar_at_w(begin_ms // 1000)
        drawn += max(net, 0) * (until - begin_ms)
        injected += max(-net, 0) * (until - begin_ms)
        begin_ms = until
    return drawn, injected


@pytest.mark.parametrize(("phases", "solar_w"), [(1, 0), (1, 4000), (3, 6000)])
def test_indexes_equal_the_integral(phases: int, solar_w: int) -> None:
    """Whatever the steps in which time goes on, an index is the integral of power cut to whole watt-hours."""
    meter = registers("2025-06-21T10:00", phases=phases, solar_w=solar_w)
    for step in itertools.islice(itertools.cycle((926, 1, 333, 60_000, 7)), 400):
        meter.advance(meter.now_ms + step)
    drawn, injected = integral(meter.household, meter.begin_ms, meter.now_ms)
    assert sum(meter.supplier) == 3000 + drawn // WH
    assert meter.injected.wh == injected // WH
    assert (injected > 0) == (solar_w > 0)


def test_supplier_and_distributor_indexes_sum_to_the_total() -> None:
    """Over a day each watt-hour went to one supplier and one distributor index, by the hour of the contract."""
    meter = registers("2025-01-15T12:00")
    before = list(meter.supplier)
    meter.advance(meter.now_ms + 86_400_000)
    assert sum(meter.supplier) == sum(meter.distributor) == meter.drawn.wh
    assert meter.supplier[0] > before[0]
    assert meter.supplier[1] > before[1]
    assert meter.supplier[2:] == [0] * 8


def test_an_index_only_counts_in_its_hours() -> None:
    """Under peak/off-peak hours the off-peak index stands still by day and the peak one by night."""
    meter = registers("2025-01-15T22:00")
    for wall, still in (("2025-01-15T22:30", 0), ("2025-01-16T06:30", 1), ("2025-01-16T22:30", 0)):
        before = meter.supplier[still]
        meter.advance(at(wall))
        assert meter.supplier[still] == before


def test_curve_points_are_the_mean_of_whole_half_hours() -> None:
    """CCASN is the mean power of the half-hour that ends at its horodate, in whole watts."""
    meter = registers("2025-01-15T19:07")
    meter.advance(at("2025-01-15T20:59"))
    ends = [end for end, _ in meter.curve_drawn.points]
    assert ends == [at("2025-01-15T20:30") // 1000, at("2025-01-15T20:00") // 1000]
    for end, watts in meter.curve_drawn.points:
        drawn, _ = integral(meter.household, (end - 1800) * 1000, end * 1000)
        assert watts == drawn // 1_800_000


def test_the_maximum_is_filtered_and_starts_again_at_midnight() -> None:
    """SMAXSN follows the low-pass of the breaker, and at midnight becomes yesterday's and restarts at 0."""
    meter = registers("2025-01-15T23:59:50")
    meter.advance(at("2025-01-16") - 1)
    day = meter.maximum.value, meter.maximum.at
    meter.advance(at("2025-01-16"))
    assert (meter.maximum.previous, meter.maximum.previous_at) == day
    assert (meter.maximum.value, meter.maximum.at) == (0, at("2025-01-16") // 1000)
    square = meter.maximum.square
    meter.advance(meter.now_ms + 1000)
    expected = SMOOTHING * meter.instant.drawn_va**2 + (1 - SMOOTHING) * square
    assert meter.maximum.value == int(expected**0.5)


def test_the_day_has_a_shape() -> None:
    """A household draws more in the evening than at three in the morning, and heats water in off-peak hours."""
    house = SimulatedHousehold(seed=7)
    means = {}
    for name, begin, end in (("night", 3, 5), ("evening", 18, 20), ("heater", 23, 24)):
        start = at("2025-01-15")
        means[name] = integral(house, start + begin * 3_600_000, start + end * 3_600_000)[0] / (end - begin)
    assert means["night"] < means["evening"] / 2
    assert means["heater"] > 2000 * 3_600_000


def test_the_load_depends_on_the_seed_alone() -> None:
    """Two households of one seed are the same, in whatever order they are asked; another seed is another house."""
    moments = [at("2025-01-15T00:00") + 977_001 * n for n in range(300)]
    one, other = SimulatedHousehold(seed=3), SimulatedHousehold(seed=3)
    assert [one.load_w(t) for t in moments] == [other.load_w(t) for t in reversed(moments)][::-1]
    assert [one.load_w(t) for t in moments] != [SimulatedHousehold(seed=8).load_w(t) for t in moments]
