"""A house with a real database that fills minute by minute, and a gateway's member of the federation in one task."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.federation.connection.session import Account, Session, Timing
from gateway.federation.provider.commands import Commands
from gateway.federation.provider.delivery import Delivery
from gateway.federation.wire.fields import COMMAND_NAMES
from gateway.federation.wire.stanza import QUOALISE, Publisher
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from tests.gateway.store.conftest import frame
from tests.prepared import prepare

SENSOR = "ab12cd34ef"
PRM = "30001610071843"
START = 1_781_604_000
FOR_EVER = 2**37

QUICK = Timing(start=10, retry_first=0.1, retry_last=1, retry_refused=0.5, lasted=0.5)


async def eventually(predicate, seconds=60.0, what=""):
    """The first true value of ``predicate``; fails after the deadline. The one place of these tests that polls."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (value := predicate()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s: {what or predicate}"
        await asyncio.sleep(0.01)
    return value


class House:
    """A store with one meter, and its household's hand."""

    def __init__(self, directory):
        prepare(directory)
        self.store = Store(directory)
        self.store.meters.add("house", SENSOR, PRM)
        self.time = START
        self._recorder = Recorder("house", {})
        self.wake = asyncio.Event()

    def minutes(self, count, tariff=None):
        """Let that many minutes pass: a mean of apparent power and an index for each of them."""
        for _ in range(count):
            for second in (0, 30):
                at = self.time + second
                values = {"power": 500 + at % 50, "index": 10_000 + (at - START) // 5}
                if tariff:
                    values["tariff"] = tariff
                self._recorder.add(frame(at, **values))
            self.time += 60
        self.store.batches.write([self._recorder.take()], self.time)
        self.wake.set()

    def allow(self, recipient, prefix="consumption", granularity=Granularity.MINUTE, until=FOR_EVER, **more):
        """Give a consent, from the beginning of time."""
        self.store.consents.grant(recipient, "house", prefix, granularity, until, START - 1, **more)

    def waiting(self, recipient):
        """How many rows wait for a recipient."""
        return next((b.rows for b in self.store.outbox.backlog() if b.recipient == recipient), 0)


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    opened = House(tmp_path)
    yield opened
    opened.store.close()


def delivery_parts(store):
    """What a delivery needs of the store, in the order in which it takes them."""
    return store.outbox, store.subscriptions, store.absences, store.pseudonyms, store.journal


def announcer_parts(store):
    """The same of an announcer."""
    return store.notices, store.absences, store.meters, store.subscriptions, store.outbox.epoch


class Gate:
    """A gateway's end of the federation over a house's store, running until the end of its ``async with``."""

    def __init__(self, house, account, timing=QUICK, doorkeeper=None, **more):
        self.house = house
        self.session = Session(account, timing, (QUOALISE,), COMMAND_NAMES, doorkeeper)
        publisher = Publisher(self.session.jid.user, self.session.jid.domain, "P1Y")
        self._delivery = Delivery(self.session, *delivery_parts(house.store), self.call, publisher, house.wake)
        self._commands = Commands(self.session, house.store, self.call, publisher, self._delivery.resume, **more)
        self.stop = asyncio.Event()

    async def call(self, function, *arguments):
        """Everything of the store on one thread, as in the daemon: here the test's own, which fills the house too."""
        await asyncio.sleep(0)
        return function(*arguments)

    async def __aenter__(self):
        work = (self.session, self._delivery, self._commands)
        self._tasks = [asyncio.create_task(room.run(self.stop)) for room in work]
        async with asyncio.timeout(15):
            await self.session.connected.wait()
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)


@asynccontextmanager
async def running(session):
    """A session that runs until the end of the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(session.run(stop))
    try:
        yield session
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await task


def account(servers, user, domain, password="secret", resource="proxy"):
    """An account of the rig, created on its server."""
    servers.register(user, domain, password)
    return Account(f"{user}@{domain}", password, servers.address(domain), servers.ca, resource)
