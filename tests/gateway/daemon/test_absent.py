"""Parts that a house does not have: what a former configuration has left is looked after all the same."""

import asyncio
from contextlib import closing
from types import SimpleNamespace

import pytest

from gateway.daemon.absent import NoWays
from gateway.errors import GatewayError, StoreError
from gateway.store.household_notices import QueuedNotice
from gateway.store.store import Store
from tests.prepared import prepare

NOW = 1_780_000_000
LEFT = QueuedNotice("anne", "meter house", "meter", "The meter is not heard.", NOW, NOW, NOW + 86_400)


def test_what_waits_on_former_ways_is_forgotten_once_the_time_is_known(tmp_path, monkeypatch):
    """Not before, since what is old is told by the time; and again after a card that was full."""
    monkeypatch.setattr("gateway.daemon.absent._ROUND_S", 0.0)
    prepare(tmp_path)
    seen, refusals = [], [StoreError("the card is full")]

    async def scenario(queue):
        stop, times = asyncio.Event(), iter([None, NOW, NOW])

        async def call(function, *arguments):
            if refusals:
                raise refusals.pop()
            return function(*arguments)

        def clock():
            seen.append(len(queue.recent(20)))
            now = next(times, None)
            if now is None and len(seen) > 1:
                stop.set()
            return now

        await asyncio.wait_for(NoWays(queue, call, clock).run(stop), 30.0)

    with closing(Store(tmp_path)) as store:
        store.household.queue([LEFT])
        asyncio.run(scenario(store.household))
    assert seen == [1, 1, 1, 0]


def test_a_change_that_may_be_taken_back_forgets_nothing_at_once(monkeypatch):
    """The last way has gone a moment ago: what waits on it is left for an hour, at a start for a round."""
    monkeypatch.setattr("gateway.daemon.absent._ROUND_S", 0.0)

    async def rounds(*, at_once):
        forgotten, stop, looks = [], asyncio.Event(), iter(range(3))

        async def call(_function, *arguments):
            forgotten.append(arguments)

        def clock():
            if next(looks, None) is None:
                stop.set()
            return NOW

        await asyncio.wait_for(NoWays(SimpleNamespace(forget=None), call, clock, at_once=at_once).run(stop), 30.0)
        return forgotten

    assert asyncio.run(rounds(at_once=False)) == []
    assert asyncio.run(rounds(at_once=True)) == [((), NOW)]


def test_nothing_is_told_and_a_test_says_why():
    """The sentence of a house with ways of which none is left."""
    ways = NoWays(None, None, lambda: NOW)
    assert (ways.links(0.0), ways.waiting) == ([], frozenset())
    assert asyncio.run(ways.listed(20)) == {"ways": [], "notices": []}
    with pytest.raises(GatewayError, match=r"no \[\[notice\]\]"):
        asyncio.run(ways.test(None))
