"""From where on a gateway's history is asked when numbers were passed over: as far back as its series are coarse."""

import asyncio
import time
from xml.etree import ElementTree as ET

import pytest

from gateway.collector.asking import AskedGateway, margin_s
from gateway.collector.gateways import add, wanted
from gateway.collector.obey import add_gap
from gateway.collector.rounds import Rounds
from gateway.errors import FederationError
from gateway.federation.recipient.supply import Standing
from harness.accounts import FAR, HOME
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, desk_at, parcel
from tests.gateway.collector.test_rounds import Line, Nowhere
from tests.gateway.federation.conftest import eventually

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


@pytest.mark.parametrize(("age_s", "of_power"), [(3 * DAY_S, HOUR_S), (DAY_S, 2 * DAY_S)])
def test_of_each_subscription_it_is_asked_as_far_back_as_it_needs(store, age_s, of_power):
    """A day's value, told the day after under the time of the day before, is within; of others an hour is asked.

    Of one that was a day old when the gateway was heard, none had come, and one may have been due.
    """
    names = {name: f"{SENSOR}/{name}" for name in (INDEX, POWER, "contract")}

    async def scenario():
        async with desk_at(store) as desk:
            await desk.database.run(lambda db: add(db, FAR, wanted(HOME, names.values()), None))
            await desk.settle()
            since = "UPDATE subscription SET since = to_timestamp(%s) WHERE identifier = ANY(%s)"
            store.ask(since, HEARD - age_s, [*names.values()])
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
        names[POWER]: of_power,
        names[INDEX]: 2 * DAY_S,
        names["contract"]: 2 * DAY_S,
    }


def test_a_gap_that_grows_is_as_old_as_its_beginning(store):
    """A gateway without numbers leaves one every session: its age must not begin anew each time. Others are young."""

    async def scenario():
        async with desk_at(store) as desk:
            number = desk.source.id
            await desk.database.run(lambda db: add_gap(db, number, SENSOR, HEARD, HEARD + 60))
            store.ask("UPDATE gap SET noted_at = now() - interval '3 days', refused_at = now() - interval '1 hour'")
            await desk.database.run(lambda db: add_gap(db, number, SENSOR, HEARD + 30, HEARD + 90))
            await desk.database.run(lambda db: add_gap(db, number, SENSOR, HEARD, HEARD + 60, replaces=True))

    asyncio.run(scenario())
    found = store.ask(
        "SELECT first, last, round(extract(epoch FROM now() - noted_at) / 3600), refused_at IS NULL"
        " FROM gap ORDER BY id"
    )
    assert found == [(HEARD, HEARD + 90, 72, False), (HEARD, HEARD + 60, 0, True)]


def test_what_a_gateway_refuses_to_fill_is_marked_until_it_gives_it(store):
    """One that is away says nothing about it, nor does nonsense."""

    async def scenario():
        async with desk_at(store) as desk:
            await desk.database.run(lambda db: add_gap(db, desk.source.id, SENSOR, HEARD, HEARD + 60))
            asked, marked = AskedGateway(desk.database, None, desk.source), []
            (gap,) = await asked.gaps()
            for standing in ("absent", "refused", "absent", "busy", "nonsense", "refused", "subscribed", "nonsense"):
                await asked.answered({gap.id: Standing(standing)})
                marked.append(store.one("SELECT refused_at IS NOT NULL FROM gap"))
            return marked

    assert asyncio.run(scenario()) == [False, True, True, True, True, True, False, False]


class Unnumbered(Line):
    """Every gateway accepts, and numbers nothing, once ``away`` is over."""

    away = True

    async def request(self, to, command):
        await super().request(to, command)
        if self.away:
            raise FederationError("?", "remote-server-timeout")
        return ET.Element("accepted")


@pytest.mark.parametrize("before", [True, False])
def test_a_gateway_without_numbers_that_was_away_at_first_is_asked_for_what_came_meanwhile(store, before):
    """Of a subscription that stood before the time since it was heard is a gap; another begins."""

    async def scenario():
        async with desk_at(store) as desk:
            store.ask("UPDATE gateway SET heard_at = to_timestamp(%s)", HEARD)
            if before:
                store.ask("UPDATE subscription SET since = to_timestamp(%s)", HEARD - DAY_S)
            line, sources, stop = Unnumbered(), {}, asyncio.Event()
            rounds = Rounds(line, desk.database, Nowhere(), sources)
            rounds.assign(await desk.database.run(desk.partitions.assigned))
            running = asyncio.create_task(rounds.run(stop))
            await eventually(lambda: rounds.changes)
            asked, line.away = len(line.asked), False
            rounds.ask_again(sources[HOME])
            await eventually(lambda: len(line.asked) > asked and not sources[HOME].asking)
            stop.set()
            await running

    asyncio.run(scenario())
    assert store.one("SELECT since IS NOT NULL FROM subscription")
    assert store.ask("SELECT first FROM gap") == ([(HEARD - 2 * DAY_S,)] if before else [])


class WithoutHistory(Line):
    """Every gateway's household agreed, and to no history."""

    async def request(self, to, command):
        answer = await super().request(to, command)
        if command.get("node") == "get_history":
            raise FederationError("no consent covers this", "not-authorized")
        return answer


def test_a_consent_without_the_history_is_seen_as_soon_as_it_is_asked(store):
    """By the rounds as they run: the subscription stands, and its gap is marked."""

    async def scenario():
        async with desk_at(store) as desk:
            await desk.database.run(lambda db: add_gap(db, desk.source.id, SENSOR, HEARD, HEARD + 60))
            rounds, stop = Rounds(WithoutHistory(), desk.database, Nowhere(), {}), asyncio.Event()
            rounds.assign(await desk.database.run(desk.partitions.assigned))
            running = asyncio.create_task(rounds.run(stop))
            await eventually(lambda: store.one("SELECT refused_at IS NOT NULL FROM gap"))
            await eventually(lambda: rounds.changes)
            stop.set()
            await running
            return rounds.changes

    assert asyncio.run(scenario()).popitem()[1] == ("subscribed", "")
