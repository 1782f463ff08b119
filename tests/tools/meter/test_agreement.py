"""Two independent readings of the specification meet: the gateway's decoder and the simulator's encoder."""

from __future__ import annotations

import pytest

from gateway.tic.frame import Reader
from gateway.tic.labels import check
from meter import clock, contract
from meter.frames import MeterIdentity
from meter.household import SimulatedHousehold
from meter.living import Linky


@pytest.mark.parametrize("mode", ["historic", "standard"])
@pytest.mark.parametrize("tariff", list(contract.CONTRACTS))
@pytest.mark.parametrize(("phases", "solar_w"), [(1, 0), (3, 6000)])
def test_the_gateway_decodes_what_the_meter_says(mode: str, tariff: str, phases: int, solar_w: int) -> None:
    """Each frame comes out whole, group by group as it went in, and the label table finds nothing to refuse."""
    start_ms = clock.parse_start("2025-01-15T19:50", 0)
    meter = Linky(
        mode=mode,
        contract=tariff,
        identity=MeterIdentity(phases=phases, kva=6 * phases),
        household=SimulatedHousehold(seed=2, phases=phases, solar_w=solar_w),
        start_ms=start_ms,
        producer=solar_w > 0,
    )
    reader = Reader()
    for number in range(12):
        if number == 9:
            meter.injure(["overload", "on"])
        sent = meter.next_frame(start_ms + 3_600_000 * number)
        [frame] = reader.feed(b"".join(sent.encode()))
        assert (frame.mode, frame.whole, frame.bad, frame.end) == (mode, True, 0, "etx")
        assert [tuple(group) for group in frame.groups] == [tuple(group) for group in sent.groups]
        assert [check(mode, group) for group in frame.groups] == [None] * len(sent.groups)
