"""The retention that messages state: that of the consents on whose word they leave, where it is the shorter one."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.federation.wire.stanza import Publisher, parse_quoalise, size
from gateway.store.points import Confirm, Granularity, Outgoing, stated_retention
from gateway.store.terms import Terms
from tests.gateway.federation import test_delivery, test_history, test_live
from tests.gateway.federation.conftest import SENSOR, START
from tests.gateway.federation.test_delivery import COOP, subscribe
from tests.gateway.store.conftest import INDEX, POWER

YEAR, MONTH, HOUSE = Terms(retention="P1Y"), Terms(retention="P1M"), "P3Y"


@asynccontextmanager
async def delivering(house, monkeypatch, **options):
    """A running delivery of a house whose own limit is three years."""
    monkeypatch.setattr(test_delivery, "PUBLISHER", Publisher("gw", "sen1.test", HOUSE))
    async with test_delivery.at_work(house, **options) as bench:
        yield bench


def stated(*messages):
    """Of messages that were sent: (retention, the series that they hold)."""
    parcels = [parse_quoalise(payload[0], 0) for *_, payload in messages]
    return [(p.retention, {r.name.partition(f"{SENSOR}@sen1.test/")[2] for r in p.records}) for p in parcels]


@pytest.mark.parametrize(("terms", "said"), [(YEAR, "P1Y"), (Terms(), HOUSE), (Terms(retention="P9Y"), HOUSE)])
def test_a_push_states_the_shorter_of_consent_and_house(house, monkeypatch, terms, said):
    """The consent's; the house's where the consent has none, or would allow more than the house ever does."""
    subscribe(house, terms=terms)
    house.minutes(4)

    async def scenario():
        async with delivering(house, monkeypatch) as bench:
            assert {retention for retention, _ in stated(*await bench.sent(1))} == {said}

    asyncio.run(scenario())


def test_of_two_consents_to_one_series_the_shorter_binds(house, monkeypatch):
    """Each was given for a purpose of its own; one that nothing is pushed on says nothing of what is pushed."""
    subscribe(house, terms=YEAR)
    house.allow(COOP, "consumption/power", terms=Terms(purpose="another", retention="P2Y"))
    house.allow(COOP, "consumption/power", terms=Terms(purpose="a third", push=False, retention="P1D"))
    house.minutes(4)

    async def scenario():
        async with delivering(house, monkeypatch) as bench:
            assert {retention for retention, _ in stated(*await bench.sent(1))} == {"P1Y"}

    asyncio.run(scenario())


def test_what_is_bound_differently_goes_in_messages_of_its_own(house, monkeypatch):
    """One for each retention of what was committed together, and not one a point; the numbers join without a gap."""
    house.allow(COOP, "consumption/energy", terms=YEAR)
    house.allow(COOP, "consumption/power", terms=MONTH)
    house.store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START)
    house.minutes(20)

    async def scenario():
        async with delivering(house, monkeypatch) as bench:
            messages = list(await bench.sent(2))
            await bench.quiet()
            assert len(bench.line.sent) == 2
            assert sorted(stated(*messages)) == [("P1M", {POWER}), ("P1Y", {INDEX})]
            ((first, last), (after, _)) = [
                (p.interval.after, p.interval.last) for p in (parse_quoalise(m[2][0], 0) for m in messages)
            ]
            assert (first, last) == (0, after)

    asyncio.run(scenario())


@pytest.mark.parametrize(("terms", "said"), [(MONTH, "P1M"), (Terms(), HOUSE)])
def test_a_repetition_states_what_holds_by_then(house, monkeypatch, terms, said):
    """The household gave another consent in place of the one that the first message left on."""
    subscribe(house, terms=YEAR)
    house.minutes(4)

    async def scenario():
        async with delivering(house, monkeypatch) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            bench.line.bounces(stanza_id)
            await bench.quiet()
            house.allow(COOP, terms=terms)
            bench.after(2)
            first, again = await bench.sent(2)
            assert (stated(first)[0][0], stated(again)[0][0]) == ("P1Y", said)
            assert first[1] == again[1]

    asyncio.run(scenario())


def test_a_consent_that_changes_while_a_message_is_made_ready_changes_the_message(house, monkeypatch):
    """Between the look at the consents and the commit before it leaves: it does not leave, another one does."""
    subscribe(house, terms=YEAR)
    house.minutes(4)
    hand_over = house.store.outbox.hand_over

    def late(messages, now):
        monkeypatch.setattr(house.store.outbox, "hand_over", hand_over)
        house.allow(COOP, terms=MONTH)
        return hand_over(messages, now)

    monkeypatch.setattr(house.store.outbox, "hand_over", late)

    async def scenario():
        async with delivering(house, monkeypatch) as bench:
            sent = await bench.sent(1)
            await bench.quiet()
            assert [retention for retention, _ in stated(*sent)] == ["P1M"]

    asyncio.run(scenario())
    row = house.store.outbox.pending(COOP, -1, 1, START)[0]
    assert row.retention == "P1M"
    assert house.store.outbox.hand_over([Outgoing(COOP, row.seq, (row,))], START) == [True]


def test_a_message_is_no_larger_than_it_may_be_with_a_long_retention(house, monkeypatch):
    """What fits is reckoned with what is stated, not with what the house would state."""
    long = "P" + "1D" * 900
    subscribe(house, terms=Terms(retention=long))
    house.minutes(300)

    async def scenario():
        async with delivering(house, monkeypatch, max_stanza_bytes=6000) as bench:
            sent = await bench.sent(3)
            assert {retention for retention, _ in stated(*sent)} == {long}
            assert max(size(payload[0]) for *_, payload in sent) <= 6000

    asyncio.run(scenario())


def test_live_values_state_it_and_are_parted_by_it(house):
    """One headline for each retention; a change of the consent holds from the next value on."""
    house.allow(COOP, "consumption/energy", Granularity.RAW, terms=YEAR)
    house.allow(COOP, "consumption/power", Granularity.RAW)

    async def scenario():
        async with test_live.at_work(house) as bench:
            assert bench.watch()
            # Also while the server has not taken those of the second before.
            for second in range(2):
                parts = await bench.second(500, **{INDEX: 10_000 + second})
                assert sorted(stated(*parts), key=str) == [("P1Y", {INDEX}), (None, {POWER})]
            assert await bench.second(500, **{INDEX: 10_003}) == []
            for to, stanza_id, _ in bench.line.sent:
                bench.line.acknowledge(to, stanza_id)
            house.allow(COOP, "consumption/power", Granularity.RAW, terms=MONTH)
            assert stated(*await bench.second(501)) == [("P1M", {POWER})]
            house.allow(COOP, "consumption/power", Granularity.RAW, terms=YEAR)
            assert stated(*await bench.second(502, **{INDEX: 10_009})) == [("P1Y", {INDEX, POWER})]

    asyncio.run(scenario())


def test_history_states_that_of_what_it_gives_also_of_nothing(house):
    """A consent that is coarser than what is given says nothing of it; an empty page states what a full one would."""
    house.minutes(35)
    house.allow(COOP, "consumption", Granularity.MINUTE, terms=Terms(purpose="one", retention="P1Y"))
    house.allow(COOP, "consumption", Granularity.HALF_HOUR, terms=Terms(purpose="two", retention="P1M"))
    name = f"{test_history.SEN1}/{POWER}"
    for granularity, said in (("PT1M", "P1Y"), ("PT30M", "P1M")):
        for start in ("2020-01-01T00:00:00Z", "2029-12-31T00:00:00Z"):
            answer, failed = test_history.ask(house, identifier=name, granularity=granularity, start_time=start)
            assert not failed
            assert answer.find(".//{urn:quoalise:0}meta").get("retention") == said, (granularity, start)


def test_the_shortest_is_that_which_ends_first():
    """By its days, whatever its letters; who states none is not asked."""

    def consents(*stated):
        return [type("Given", (), {"terms": Terms(retention=one)}) for one in stated]

    assert stated_retention(consents("P2M", "", "P9W", "P61D")) == "P2M"
    assert stated_retention(consents("P1Y", "P365D", "P366D")) == "P1Y"
    assert stated_retention(consents("", "")) == stated_retention([]) == ""
