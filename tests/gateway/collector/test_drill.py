"""The drill of whoever runs a collector: yesterday's backup and the gateways make today, none missing, none twice."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from harness.accounts import FAR
from servers import wait_until
from tests.gateway.bridges.conftest import stored
from tests.gateway.collector.test_collecting import WAIT_S, far_account
from tests.gateway.collector.test_restored import bring_back, client
from tests.gateway.federation.conftest import SENSOR, Gate, House, account, eventually
from tests.integration.processes import PASSWORD

pytestmark = pytest.mark.slow

HOUR_S, DAY_MIN = 3600, 24 * 60
COUNTED = """
SELECT jid, path, granularity, extract(epoch FROM time)::bigint, value FROM reading
JOIN series ON series.id = reading.series JOIN meter ON meter.id = meter JOIN gateway ON gateway.id = gateway
"""


class Drill:
    """Three houses that give a minute each minute, and a collector as a process."""

    def __init__(self, folder, federation, store):
        self.store, self.houses, self.gates = store, {}, {}
        home, _ = federation.domains
        for name in ("drill-nord", "drill-sud", "drill-ouest"):
            (folder / name).mkdir()
            house = House(folder / name)
            # Up to now it is thirty hours and some minutes, all of them of the past.
            house.time = int(time.time()) // 60 * 60 - 30 * HOUR_S - 600
            house.allow(FAR)
            login = account(federation, name, home)
            self.houses[login.jid], self.gates[login.jid] = house, login

    def promised(self):
        """(gateway, path, granularity, time, value) of all that the houses have."""
        return sorted((jid, *row) for jid, house in self.houses.items() for row in stored(house))

    def kept(self, store):
        """The same of the collector's table, every row of it."""
        return sorted(store.ask(COUNTED))

    async def refilled(self, store, jids, what):
        """The table has what these houses have, and nothing else of them."""
        wanted = [row for row in self.promised() if row[0] in jids]

        def there():
            # In a thread: the houses are in this one.
            return [row for row in self.kept(store) if row[0] in jids] == wanted

        await asyncio.to_thread(wait_until, there, 180, what, 0.5)

    async def confirmed(self):
        """No house has anything waiting: by itself none would send it again."""
        await eventually(lambda: not any(house.waiting(FAR) for house in self.houses.values()), 120, "confirmed")

    async def hours(self, count):
        """So many hours pass in each house."""
        for _ in range(count):
            for house in self.houses.values():
                house.minutes(60)
            await self.confirmed()


def test_yesterdays_backup_and_the_gateways_make_today(federation, store_at, postgres, tmp_path):
    """A day after the dump the database is lost; what is restored asks each gateway for that day, and for no other."""
    federation.register(*FAR.split("@"), PASSWORD)
    store, dump = store_at(far_account(federation)), tmp_path / "linky.dump"
    drill = Drill(tmp_path, federation, store)

    async def yesterday_and_today(process):
        async with AsyncExitStack() as running:
            for jid, house in drill.houses.items():
                await running.enter_async_context(Gate(house, drill.gates[jid]))
                words = "gateways", "add", f"{jid}/proxy", "--identifier", f"{jid}/{SENSOR}@sen1.test/consumption"
                await asyncio.to_thread(store.command, *words)
            await eventually(lambda: all(house.store.subscriptions.of(FAR) for house in drill.houses.values()), 60)
            await drill.hours(6)
            # The backup of last night: it knows of each gateway what it had heard then.
            await asyncio.to_thread(store.ask, "UPDATE gateway SET heard_at = now() - interval '24 hours'")
            await asyncio.to_thread(client, postgres.program("pg_dump"), "-Fc", "-f", dump, "-d", store.conninfo)
            before = len(drill.kept(store))
            await drill.hours(24)
            await drill.refilled(store, list(drill.houses), "all of it is committed")
            assert len(drill.promised()) - before >= 3 * 2 * DAY_MIN
            process.kill()

    async def after_the_loss(new):
        jids = list(drill.houses)
        async with AsyncExitStack() as running:
            for jid in jids[:2]:
                await running.enter_async_context(Gate(drill.houses[jid], drill.gates[jid]))
            await drill.refilled(new, jids[:2], "two are refilled")
            assert drill.kept(new) != drill.promised()
            # One that was away is asked when it is there.
            await running.enter_async_context(Gate(drill.houses[jids[2]], drill.gates[jids[2]]))
            await drill.refilled(new, jids, "all of it")
            # And it goes on from there.
            for house in drill.houses.values():
                house.minutes(5)
            await drill.confirmed()
            assert drill.kept(new) == drill.promised()

    try:
        with store.collector("one") as process:
            asyncio.run(yesterday_and_today(process))
        new = store_at(far_account(federation))
        bring_back(postgres, new, dump)
        lost = set(drill.promised()) - set(drill.kept(new))
        assert len(lost) >= 3 * 2 * DAY_MIN
        with new.collector("one") as process:
            asyncio.run(after_the_loss(new))
            wait_until(lambda: new.one("SELECT count(*) FROM gap") == 0, WAIT_S, "no gap is left", every=0.3)
            assert process.stop(60) == 0
        rows = new.ask(COUNTED)
        assert len(rows) == len({row[:4] for row in rows}) == len(drill.promised())
        assert "Traceback" not in process.log.read_text()
    finally:
        for house in drill.houses.values():
            house.store.close()
