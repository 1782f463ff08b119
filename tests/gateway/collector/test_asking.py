"""From where on a gateway's history is asked when numbers were passed over: as far back as its series are coarse."""

import asyncio
import time

import pytest

from gateway.collector.asking import AskedGateway, margin_s
from gateway.collector.gateways import add, wanted
from harness.accounts import FAR, HOME
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, desk_at, parcel

HOUR_S, DAY_S = 3600, 86_400
HEARD = int(time.time()) // DAY_S * DAY_S - 10 * DAY_S


@pytest.mark.parametrize(
    ("granularities", "margin"),
    [
        (["raw"], HOUR_S),
        (["PT1M", "PT30M"], HOUR_S),
        (["PT1H"], 2 * HOUR_S),
        (["raw", "P1D"], 2 * DAY_S),
        (["P1W"], 14 * DAY_S),
        (["P1M"], 62 * DAY_S),
        ([], 2 * DAY_S),
        (["P999Y9999M9999W99999D"], 2 * 366 * DAY_S),
        (["hourly"], 2 * DAY_S),
        (["P"], 2 * DAY_S),
    ],
)
def test_the_margin_follows_the_step(granularities, margin):
    """Two of the coarsest, an hour at least; of what nobody knows two days."""
    assert margin_s(granularities) == margin


def test_of_each_subscription_it_is_asked_as_far_back_as_it_needs(store):
    """A day's value, told the day after under the time of the day before, is within; of others an hour is asked."""
    names = {name: f"{SENSOR}/{name}" for name in (INDEX, POWER, "contract")}

    async def scenario():
        async with desk_at(store) as desk:
            await desk.database.run(lambda db: add(db, FAR, wanted(HOME, names.values()), None))
            await desk.settle()
            store.ask("UPDATE subscription SET since = now() WHERE identifier = ANY(%s)", [*names.values()])
            kept = await desk.keep(
                parcel((HEARD - 60, 450), path=POWER, unit="VA"),
                parcel((HEARD - DAY_S, 7), granularity="P1D"),
                parcel((HEARD - 1800, 7), granularity="PT30M"),
            )
            assert kept == [True] * 3
            store.ask("UPDATE gateway SET epoch = '0a0b0c0d', reached = 4, heard_at = to_timestamp(%s)", HEARD)
            asked = AskedGateway(desk.database, None, desk.source)
            await asked.begin(names[POWER], ("0a0b0c0d", 9, 9))
            return {gap.identifier: HEARD - gap.first for gap in await asked.gaps()}

    assert asyncio.run(scenario()) == {
        names[POWER]: HOUR_S,
        names[INDEX]: 2 * DAY_S,
        names["contract"]: 2 * DAY_S,
    }
