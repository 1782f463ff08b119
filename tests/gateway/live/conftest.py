"""Snapshots to be told: a house at dinner, and what a meter says."""

from datetime import UTC, datetime

import pytest

from gateway.live.meter import Snapshot, TariffAhead
from gateway.tic.reading import Kind, Quality, Reading

AT = datetime(2026, 1, 15, 19, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)
TEN, NIGHT = datetime(2026, 1, 15, 21, tzinfo=UTC), (("00:00", "06:00"), ("22:00", "24:00"))


def reading(series, value, time=AT):
    """One reading."""
    kind = Kind.TEXT if isinstance(value, str) else Kind.GAUGE
    return Reading(series, time, value, "", kind, Quality.METER)


@pytest.fixture
def snapshot():
    """A house at dinner."""
    return evening()


def evening():
    """A house with panels on a white Tempo day, tomorrow red."""
    return Snapshot(
        meter="house",
        sequence=4660,
        time=AT,
        age_s=0.25,
        standard=True,
        drawn_va=3450,
        injected_va=0,
        subscribed_va=6000,
        tariff="HP  BLANC",
        tariff_kind="peak",
        tariff_index=4,
        tempo_today="white",
        tempo_tomorrow="red",
        overload=False,
        breaker="closed",
        injecting=False,
        drawn_today_wh=9120,
        drawn_yesterday_wh=14800,
        injected_today_wh=2300,
        produced_today_wh=6100,
        broken=("recipient", "xmpp"),
        alert=True,
        ahead=TariffAhead(TEN, TEN, NIGHT, NIGHT, "18", "31/36"),
        power_w=3310,
        power_within_w=70,
        cos_phi=0.96,
        cost_today_cents=231,
        today_since=MIDNIGHT,
    )
