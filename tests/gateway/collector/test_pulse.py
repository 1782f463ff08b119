"""A PostgreSQL that hangs: whoever waits for it is told within seconds, and works on when it does."""

import asyncio

import pytest

from gateway.collector import pulse
from gateway.collector.database import Database
from gateway.collector.pulse import Pulse
from gateway.errors import StoreError
from harness.wait import wait_until

WAIT_S = 60


async def connected(database):
    """Once it is: what the pulse asks while it connects says nothing of the others."""
    await asyncio.to_thread(wait_until, lambda: database.is_open, WAIT_S, "the connection", every=0.01)


async def answers(database):
    """Whether it does, this time."""
    try:
        await database.run(lambda db: db.execute("SELECT"))
    except StoreError:
        return False
    return True


def test_what_waits_for_a_server_that_hangs_fails_and_works_again(postgres, bench, monkeypatch):
    """Its processes are stopped, its connections open; a second time as the first."""
    monkeypatch.setattr(pulse, "_LOOK_S", 0.1)

    async def work():
        stop, used, asking, silences = asyncio.Event(), Database(bench), Database(bench), []
        watched = Pulse(asking, lambda: (silences.append(1), used.cut()))
        beating = asyncio.create_task(watched.run(stop))
        try:
            for _ in range(2):
                await asyncio.wait_for(answers(used), WAIT_S)
                await connected(asking)
                before = len(silences)
                with postgres.hanging():
                    waiting = asyncio.create_task(used.run(lambda db: db.execute("SELECT")))
                    with pytest.raises(StoreError):
                        await asyncio.wait_for(waiting, WAIT_S)
                    assert len(silences) > before
                    assert not beating.done()
                async with asyncio.timeout(WAIT_S):
                    while not await answers(used):
                        pass
            stop.set()
            await asyncio.wait_for(beating, WAIT_S)
        finally:
            beating.cancel()
            await used.close()

    asyncio.run(work())


def test_who_is_cancelled_while_the_server_hangs_ends(postgres, bench, monkeypatch):
    """Another part of the process has failed: its error must not wait for an answer that never comes."""
    looks = counted_looks(monkeypatch)

    async def work():
        asking = Database(bench)
        watched = asyncio.create_task(Pulse(asking, lambda: None).run(asyncio.Event()))
        await connected(asking)
        with postgres.hanging():
            before = len(looks)
            await asyncio.to_thread(wait_until, lambda: len(looks) > before + 3, WAIT_S, "four looks", every=0.01)
            watched.cancel()
            done, _ = await asyncio.wait({watched}, timeout=WAIT_S)
        assert done
        assert watched.cancelled()

    asyncio.run(work())


def test_of_a_connection_that_is_not_there_yet_nobody_is_told(postgres, bench, monkeypatch):
    """A server may take no further one and answer all the others: these are not cut."""
    looks = counted_looks(monkeypatch)

    async def work():
        stop, silences = asyncio.Event(), []
        with postgres.hanging():
            watched = asyncio.create_task(Pulse(Database(bench), lambda: silences.append(1)).run(stop))
            many = 2 * pulse._LOOKS
            await asyncio.to_thread(wait_until, lambda: len(looks) > many, WAIT_S, "many looks", every=0.01)
            stop.set()
        await asyncio.wait_for(watched, WAIT_S)
        assert silences == []

    asyncio.run(work())


def counted_looks(monkeypatch):
    """Every look of a pulse that looks often."""
    looks, wait_any = [], pulse.wait_any

    async def look(*arguments, **named):
        found = await wait_any(*arguments, **named)
        looks.append(found)
        return found

    monkeypatch.setattr(pulse, "_LOOK_S", 0.02)
    monkeypatch.setattr(pulse, "wait_any", look)
    return looks
