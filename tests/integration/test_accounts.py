"""Between two real servers: the log of what left and what is at the recipient, at any moment of a withdrawal."""

import asyncio
import itertools
import json
import random
import time
from contextlib import closing
from xml.etree import ElementTree as ET

import pytest

from gateway.federation.connection.session import Session
from gateway.federation.recipient.intake import PACK
from gateway.federation.wire.form import build_submit
from gateway.federation.wire.stanza import RECEIPTS, Interval, parse_interval, parse_quoalise
from gateway.store.points import Confirm
from gateway.store.store import Archive
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.federation.conftest import QUICK, SENSOR, House, account, eventually, running
from tests.integration import processes
from tests.integration.test_promises_kept import Provider

pytestmark = pytest.mark.servers

HINT = "{urn:xmpp:hints}no-store"
BODY = "{jabber:client}body"
numbers = itertools.count(1)


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """Prosody and ejabberd, each in turn on the recipient's side."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    opened = House(tmp_path)
    yield opened
    opened.store.close()


class Coop:
    """A recipient of another make: keeps what comes, and confirms what its test says."""

    def __init__(self, servers, gateway, number, resource="js"):
        self.home = servers.domains[0]
        self.gateway = gateway
        self.login = account(servers, f"other{number}", servers.domains[1], resource=resource)
        self.jid, self.points, self.ids, self.markers = self.login.jid, set(), [], set()
        self.stores = []
        self.confirms = lambda _: True
        self.begin()

    def begin(self):
        """A new session of the same program."""
        self.session = Session(self.login, QUICK)
        self.session.listen(f"{{jabber:client}}message/{PACK}", self._take)
        self.session.listen(f"{{jabber:client}}message/{BODY}", lambda stanza: self.markers.add(stanza.id))

    def _take(self, stanza):
        if stanza.type == "error":
            return
        parcel = parse_quoalise(stanza.xml.find(PACK), 0)
        self.points |= {(r.name, parcel.granularities.get(r.name, "raw"), r.time) for r in parcel.records}
        self.ids.append(stanza.id)
        self.stores.append(stanza.xml.find(HINT) is None)
        if self.confirms(stanza.id):
            self.confirm(stanza.id)

    def confirm(self, stanza_id):
        """A receipt for whatever numbers."""
        receipt = ET.Element(f"{{{RECEIPTS}}}received", {"id": stanza_id})
        self.session.send_message(self.gateway, f"r-{stanza_id}", receipt)

    async def subscribe(self, **fields):
        """Subscribe to all there is."""
        identifier = f"{self.gateway.partition('/')[0]}/{SENSOR}@{self.home}/consumption"
        fields = {"identifier": identifier, "confirm": "receipt"} | fields
        await self.session.request(self.gateway, build_submit("subscribe", fields))


class Scene:
    """A gateway, its recipient, and the books of both."""

    def __init__(self, servers, house):
        number = next(numbers)
        self.house = house
        self.provider = Provider(house, account(servers, f"books{number}", servers.domains[0]))
        self.coop = Coop(servers, str(self.provider.session.jid), number)

    def noted(self):
        """How many points the log says were handed over."""
        return sum(points for *_, points in self.house.store.transfers.all())

    def confirmed(self):
        """How many of them were confirmed."""
        self.house.store.db.commit()
        return self.house.store.db.execute("SELECT coalesce(sum(points), 0) FROM confirmed").fetchone()[0]

    async def withdraw(self):
        """As `consent revoke`: when it is back nothing leaves any more."""
        now = self.provider.clock()
        await self.provider.call(self.house.store.consents.revoke, self.coop.jid, "", now)
        await self.provider.session.departures.over()
        self.house.wake.set()

    async def arrived(self, name):
        """Wait until whatever was sent so far is there: the way is one line, and this is the last on it."""
        body = ET.Element(BODY)
        body.text = name
        self.provider.session.send_message(str(self.coop.session.jid), name, body)
        await eventually(lambda: name in self.coop.markers, 30, name)


def test_offline_when_the_household_withdraws(servers, house):
    """Nothing waits at any server: who comes back has what the log says, and learns that it is over."""
    scene = Scene(servers, house)
    coop = scene.coop
    house.allow(coop.jid)

    async def scenario():
        async with scene.provider:
            async with running(coop.session):
                await coop.session.connected.wait()
                await coop.subscribe()
                coop.session.greet(coop.gateway)
                house.minutes(5)
                await eventually(lambda: scene.confirmed() == 8)
            await eventually(lambda: scene.provider.delivery.presences.is_away(coop.jid))
            sent = scene.provider.overhear()
            house.minutes(200)
            await eventually(lambda: scene.provider.delivery._lanes[coop.jid].asleep)
            assert (sent, house.waiting(coop.jid) > 300) == ([], True)
            await scene.withdraw()
            coop.begin()
            async with running(coop.session):
                await coop.session.connected.wait()
                await scene.arrived("back")
            assert not any(coop.stores)

    asyncio.run(scenario())
    assert len(coop.points) == scene.noted() == scene.confirmed() == 8


def test_a_recipient_that_never_confirms(servers, house):
    """All it has is in the log, after the withdrawal too, and it is asked to erase all of it."""
    scene = Scene(servers, house)
    coop = scene.coop
    coop.confirms = lambda _: False
    house.allow(coop.jid)

    async def scenario():
        async with scene.provider, running(coop.session):
            await coop.session.connected.wait()
            await coop.subscribe()
            house.minutes(30)
            await eventually(lambda: coop.points)
            await coop.subscribe()
            await scene.arrived("half")
            await scene.withdraw()
            await scene.arrived("end")

    asyncio.run(scenario())
    assert len(coop.points) == scene.noted() >= 58
    assert (scene.confirmed(), house.waiting(coop.jid)) == (0, 0)
    times = [time for *_, time in coop.points]
    told = house.store.notices.all()[-1].payload
    assert told["first"] <= min(times) <= max(times) <= told["last"]


def test_one_that_confirms_what_it_never_had(servers, house):
    """By a receipt and by a subscription: no row leaves, nothing is noted, and what waits comes all the same."""
    scene = Scene(servers, house)
    coop = scene.coop
    coop.confirms = lambda _: False
    house.allow(coop.jid)

    async def scenario():
        async with scene.provider, running(coop.session):
            await coop.session.connected.wait()
            await coop.subscribe()
            house.minutes(2000)
            await eventually(lambda: coop.ids)
            await scene.arrived("window")
            waiting, last = house.waiting(coop.jid), max(parse_interval(i).last for i in coop.ids)
            assert last < 3900 < waiting
            for end in (last + 1, 3900, 2**40):
                coop.confirm(Interval(house.store.outbox.epoch, 0, end).id)
            await coop.subscribe(epoch=house.store.outbox.epoch, resume_after="3900")
            await scene.arrived("lies")
            assert (house.waiting(coop.jid), scene.confirmed()) == (waiting, 0)
            assert scene.noted() == len(coop.points)
            coop.confirms = lambda _: True
            await coop.subscribe()
            await eventually(lambda: not house.waiting(coop.jid), 60)
            assert len(coop.points) == scene.noted() == scene.confirmed() == waiting

    asyncio.run(scenario())


def test_a_program_of_before_that_never_shows_itself_gets_all_of_it(servers, house):
    """It subscribes once in its life and confirms; away and back without a word, it lacks nothing."""
    scene = Scene(servers, house)
    coop = scene.coop
    house.allow(coop.jid)

    async def scenario():
        async with scene.provider:
            async with running(coop.session):
                await coop.session.connected.wait()
                await coop.subscribe()
                house.minutes(3)
                await eventually(lambda: scene.confirmed() == 4)
            sent = scene.provider.overhear()
            house.minutes(3)
            await eventually(lambda: sent)
            coop.begin()
            async with running(coop.session):
                await coop.session.connected.wait()
                await eventually(lambda: not house.waiting(coop.jid), 30)

    asyncio.run(scenario())
    assert len(coop.points) == scene.noted() == scene.confirmed() == 10


def moments(servers, house, count, seed):
    """Withdrawals, each at another moment of another delivery, to a recipient that confirms as it likes."""
    scene, chance = Scene(servers, house), random.Random(seed)
    coop = scene.coop

    async def scenario():
        async with scene.provider, running(coop.session):
            await coop.session.connected.wait()
            for number in range(count):
                before, share = len(coop.points), chance.choice((0.0, 0.5, 1.0))
                coop.confirms = lambda _, share=share: chance.random() < share
                house.allow(coop.jid)
                await coop.subscribe()
                if chance.random() < 0.5:
                    coop.session.greet(coop.gateway)
                house.minutes(chance.choice((1, 5, 40, 400)))
                waiting = house.waiting(coop.jid)
                enough = before + min(chance.randrange(1, 30), waiting)
                if chance.random() < 0.8:
                    await eventually(lambda enough=enough: len(coop.points) >= enough, 30, f"{number}")
                await scene.withdraw()
                await scene.arrived(f"{number}")
                if chance.random() < 0.3:
                    for stanza_id in coop.ids[-3:]:
                        coop.confirm(stanza_id)
                await coop.session.request(coop.gateway, build_submit("my_access", {}))
                assert len(coop.points) == scene.noted(), f"withdrawal {number}"
                assert scene.confirmed() <= scene.noted()

    asyncio.run(scenario())
    assert scene.noted() > 10 * count
    return scene


def test_ten_random_moments_of_withdrawal(servers, house):
    """What the log says is what the recipient has, each time."""
    moments(servers, house, 10, 20_270_101)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_random_moments_of_withdrawal(servers, house, seed):
    """The same, a hundred times."""
    moments(servers, house, 100, seed)


def test_after_a_withdrawal_at_most_one_message_is_on_its_way_through_a_slow_server(start_federation, house):
    """Stock limits (10 kB a second): the rest of the queue is deleted, and what left was noted."""
    scene = Scene(start_federation("prosody", "ejabberd", limits="default"), house)
    coop = scene.coop
    house.allow(coop.jid)
    house.store.subscriptions.add(coop.jid, "house", "consumption", "sen1", Confirm.RECEIPT, house.time)

    async def scenario():
        async with scene.provider, running(coop.session):
            await coop.session.connected.wait()
            await coop.subscribe()
            house.minutes(3000)
            await eventually(lambda: len(coop.ids) >= 2, 60)
            begun = time.monotonic()
            await scene.withdraw()
            assert time.monotonic() - begun < 3
            came = len(coop.ids)
            await scene.arrived("end")
            assert len(coop.ids) - came <= 1
            assert len(coop.points) == scene.noted()

    asyncio.run(scenario())


def test_what_the_daemon_says_has_left_is_what_its_recipient_was_given(federation, tmp_path):
    """A kill -9 on the way, a withdrawal by the command line in full delivery: point by point the same."""
    home = processes.House(tmp_path / "house", federation, tmp_path / "ttyTIC")
    home.grant("consumption")
    with SimulatedMeter(tmp_path / "ttyTIC", speed=20, seed=3, mode="standard"), home.recipient() as recipient:
        with home.gateway() as gateway:
            wait_until(lambda: recipient.log.read_text().count('"raw"') > 40, 40, "points", every=0.1)
            gateway.kill()
        with home.gateway() as gateway:
            before = recipient.log.read_text().count('"raw"')
            wait_until(lambda: recipient.log.read_text().count('"raw"') > before + 20, 40, "more", every=0.1)
            assert home.command("consent", "revoke", processes.FAR).returncode == 0
            wait_until(lambda: '"confirmed": "2' in home.command("consent", "notices", "--json").stdout, 30, "the end")
            assert gateway.stop() == 0
    lines = [json.loads(line) for line in recipient.log.read_text().splitlines() if line.startswith("{")]
    given = {(line["name"], line["granularity"], line["time"]) for line in lines}
    with closing(Archive(home.folder / "data")) as archive:
        log = sum(points for *_, points in archive.transfers.all())
        told = sum(entry["points"] for entry in archive.journal.facts_of("transfer"))
        sure = sum(entry["points"] for entry in archive.journal.facts_of("transfer-confirmed"))
    assert (log, told, sure) == (len(given),) * 3
