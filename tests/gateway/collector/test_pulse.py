"""A PostgreSQL that hangs: whoever waits for it is told within seconds, and works on when it does."""

import asyncio

import pytest

from gateway.collector import pulse
from gateway.collector.database import Database
from gateway.collector.pulse import Pulse
from gateway.errors import StoreError

WAIT_S = 60


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
        stop, used, silences = asyncio.Event(), Database(bench), []
        watched = Pulse(Database(bench), lambda: (silences.append(1), used.cut()))
        beating = asyncio.create_task(watched.run(stop))
        try:
            for _ in range(2):
                await asyncio.wait_for(answers(used), WAIT_S)
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
