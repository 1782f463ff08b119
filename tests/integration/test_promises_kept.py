"""Between two real servers: what is told and obeyed, what is seen live and never later, who is gone and comes back."""

import asyncio
import itertools
import json
import sys
import time
from contextlib import asynccontextmanager
from xml.etree import ElementTree as ET

import pytest

from gateway.consent.text import notice_text
from gateway.federation.connection.session import Session
from gateway.federation.provider.announcer import Announcer
from gateway.federation.provider.commands import Commands
from gateway.federation.provider.delivery import Delivery
from gateway.federation.provider.live import LiveValues
from gateway.federation.recipient.recipient import Keeper, Recipient
from gateway.federation.wire.fields import COMMAND_NAMES
from gateway.federation.wire.stanza import QUOALISE, Publisher
from gateway.journal.entry import Head, write_line
from gateway.journal.verify import Why, verify
from gateway.store.erasure import Range
from gateway.store.points import Confirm, Granularity
from gateway.store.recipient_file import read_anchors
from gateway.store.terms import NoticeKind
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.federation.conftest import (
    PRM,
    QUICK,
    SENSOR,
    START,
    House,
    account,
    announcer_parts,
    delivery_parts,
    eventually,
    running,
)
from tests.gateway.store.conftest import INDEX, POWER
from tests.integration import processes

pytestmark = pytest.mark.servers

DAY_S = 86_400
numbers = itertools.count(1)


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """Prosody and ejabberd, each in turn on the gateway's side."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    opened = House(tmp_path)
    yield opened
    opened.store.close()


class Wake:
    """Wakes who sends, as the daemon does."""

    def __init__(self):
        self.delivery, self.announcer = asyncio.Event(), asyncio.Event()

    def set(self):
        self.delivery.set()
        self.announcer.set()


class Provider:
    """A gateway's end of the federation, all of it, whose days pass at the test's word."""

    def __init__(self, house, login):
        self.house, self.shift, house.wake = house, 0.0, Wake()
        self.session = Session(login, QUICK, (QUOALISE,), COMMAND_NAMES)
        publisher = Publisher(self.session.jid.user, self.session.jid.domain, "P1Y")
        asked, store = (self.call, publisher), house.store
        self.delivery = Delivery(
            *(self.session, *delivery_parts(store), *asked, house.wake.delivery),
            self.clock,
            lambda: time.monotonic() + self.shift,
        )
        self.announcer = Announcer(
            self.session, *announcer_parts(store), *asked, notice_text, house.wake.announcer, self.clock
        )
        self.live = LiveValues(self.session, store.watching, store.transfers, *asked)
        self.commands = Commands(self.session, store, *asked, self.returned, live=self.live)
        self.stop = asyncio.Event()

    def clock(self):
        return time.time() + self.shift

    def returned(self, recipient, after):
        self.delivery.resume(recipient, after)
        self.house.wake.set()

    def overhear(self):
        """The ids of the messages that are sent from now on."""
        ids, send = [], self.session.send_message

        def sending(to, stanza_id, *payload, **more):
            ids.append(stanza_id)
            return send(to, stanza_id, *payload, **more)

        self.session.send_message = sending
        return ids

    def pass_days(self, days):
        """Let days pass."""
        self.shift += days * DAY_S
        self.house.wake.set()

    async def call(self, function, *arguments):
        """Everything of the store on one thread: here the test's own."""
        await asyncio.sleep(0)
        return function(*arguments)

    async def __aenter__(self):
        work = (self.session, self.delivery, self.announcer, self.live, self.commands)
        self._tasks = [asyncio.create_task(room.run(self.stop)) for room in work]
        async with asyncio.timeout(15):
            await self.session.connected.wait()
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)


class Scene:
    """A provider on the first domain, a recipient on the second, perhaps without an account yet."""

    def __init__(self, servers, house, tmp_path, *, registered=True):
        number = next(numbers)
        self.servers, self.house, self.path = servers, house, tmp_path / "recipient.sqlite"
        self.home, self.away = servers.domains
        self.login = account(servers, f"kept{number}", self.home)
        self.coop = f"promise{number}@{self.away}"
        if registered:
            self.register()
        self.gateway, self.sen1 = f"{self.login.jid}/proxy", f"{self.login.jid}/{SENSOR}@{self.home}"

    def register(self):
        """Make the recipient's account."""
        self.servers.register(*self.coop.split("@"), "secret")

    def provider(self):
        """The gateway's end."""
        return Provider(self.house, self.login)

    def session(self, resource="recipient"):
        """One of the recipient's devices; its account must exist."""
        return Session(account(self.servers, *self.coop.split("@"), resource=resource), QUICK)

    @asynccontextmanager
    async def recipient(self, identifier=None, refused=lambda _: None, **options):
        """A recipient that subscribes, keeps, obeys and confirms until the end of the block; its new records."""
        keeper, records, stop = Keeper(self.path), [], asyncio.Event()

        def take(record):
            records.append(record)
            return True

        session = self.session()
        options = {"again_s": 1.0, "retry_s": 0.3} | options
        taker = Recipient(session, self.gateway, [identifier or self.sen1], keeper, take, refused, **options)
        tasks = [asyncio.create_task(work(stop)) for work in (taker.receive, taker.subscribe)]
        try:
            async with running(session):
                yield records
        finally:
            stop.set()
            async with asyncio.timeout(5):
                await asyncio.gather(*tasks)
            keeper.close()

    def kept(self):
        """How many records the recipient's file holds."""
        keeper = Keeper(self.path)
        try:
            return keeper.file.db.execute("SELECT count(*) FROM record").fetchone()[0]
        finally:
            keeper.close()


def minutes(records):
    """The minutes of the index among them, from the house's start."""
    return sorted(int(r.time - START) // 60 for r in records if r.name.endswith("index"))


def notice_of(house, kind):
    """The last notice of that kind."""
    return [n for n in house.store.notices.all() if n.kind is kind][-1]


def test_a_withdrawal_stops_at_once_is_obeyed_and_confirmed(servers, house, tmp_path):
    """The next thing that is sent is the notice, and nothing after it; what was asked by PRM is erased as well."""
    scene = Scene(servers, house, tmp_path)
    house.allow(scene.coop)

    async def scenario():
        refused = []
        by_prm = scene.recipient(f"urn:dev:prm:{PRM}", refused=refused.append)
        async with scene.provider() as provider, by_prm as records:
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(5)
            await eventually(lambda: minutes(records) == [0, 1, 2, 3] and not house.waiting(scene.coop))
            assert scene.kept() == 8
            sent = provider.overhear()
            house.minutes(3)
            house.store.consents.revoke(scene.coop, "", time.time())
            house.wake.set()
            await eventually(lambda: notice_of(house, NoticeKind.CONSENT_WITHDRAWN).confirmed_at)
            assert (scene.kept(), house.waiting(scene.coop)) == (0, 0)
            # It asks again and again, and nothing comes of it.
            refused.clear()
            await eventually(lambda: len(refused) >= 3)
            assert sent == [f"notice-{house.store.outbox.epoch}-1"]
            assert len(records) == 8

    asyncio.run(scenario())
    kinds = [entry.facts()["kind"] for entry in house.store.journal.entries()]
    assert [k for k in kinds if k.startswith("notice")] == ["notice-sent", "notice-confirmed"]


def test_a_withdrawal_while_the_recipient_is_away_waits_for_it_and_nothing_else_does(servers, house, tmp_path):
    """What was queued is gone at once; when it comes back it erases what it had, and confirms."""
    scene = Scene(servers, house, tmp_path)
    house.allow(scene.coop)

    async def scenario():
        async with scene.provider():
            async with scene.recipient() as records:
                await eventually(lambda: house.store.subscriptions.of(scene.coop))
                house.minutes(3)
                await eventually(lambda: minutes(records) == [0, 1] and not house.waiting(scene.coop))
            house.minutes(3)
            assert house.waiting(scene.coop)
            house.store.consents.revoke(scene.coop, "", time.time())
            assert not house.waiting(scene.coop)
            house.wake.set()
            await eventually(lambda: notice_of(house, NoticeKind.CONSENT_WITHDRAWN).attempts)
            assert scene.kept() == 4
            async with scene.recipient() as records:
                await eventually(lambda: notice_of(house, NoticeKind.CONSENT_WITHDRAWN).confirmed_at)
                assert scene.kept() == 0

    asyncio.run(scenario())


def test_who_ever_received_it_is_told_of_an_erasure_and_of_a_rectification(servers, house, tmp_path):
    """The one is deleted there, the other asked for again; both are confirmed, and the rest stays."""
    scene = Scene(servers, house, tmp_path)
    house.allow(scene.coop)

    async def scenario():
        async with scene.provider(), scene.recipient() as records:
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(6)
            await eventually(lambda: minutes(records) == [0, 1, 2, 3, 4] and not house.waiting(scene.coop))
            span = Range("house", POWER, START + 60, START + 120)
            assert house.store.erasure.erase_range(span, time.time()).told == (scene.coop,)
            house.wake.set()
            await eventually(lambda: notice_of(house, NoticeKind.DATA_ERASED).confirmed_at)
            assert scene.kept() == 9
            assert house.store.corrections.rectify(
                "house", POWER, Granularity.MINUTE, START + 180, "777", time.time(), "the household", "a test"
            )
            house.wake.set()
            await eventually(lambda: records[-1].value == 777)
            await eventually(lambda: notice_of(house, NoticeKind.DATA_RECTIFIED).confirmed_at)
            assert scene.kept() == 9

    asyncio.run(scenario())


def test_a_live_value_comes_at_once_and_waits_for_nobody(servers, house, tmp_path):
    """It reaches the watcher and no file; when the watcher leaves, that is known, and nothing waits for its return."""
    scene = Scene(servers, house, tmp_path)
    house.minutes(1)
    house.allow(scene.coop, granularity=Granularity.RAW)
    came = []

    async def scenario():
        async with scene.provider() as provider:
            async with scene.recipient(live_s=1) as records:
                await eventually(lambda: provider.live.watches)
                provider.live.say("house", {POWER: 612, INDEX: 10_000}, START + 100)
                await eventually(lambda: len(records) == 2)
                assert {(r.value, r.time) for r in records} == {(612, START + 100), (10_000, START + 100)}
                (watch,) = provider.live.watches
            await eventually(lambda: not provider.live.watches, what="the end of the live subscription")
            # As if the provider had not known: the servers keep none for later.
            provider.live.watch(watch)
            provider.live.say("house", {POWER: 613}, START + 101)
            await eventually(lambda: not provider.live._said.is_set())
            body = ET.Element("{jabber:client}body")
            body.text = "a marker that is kept"
            provider.session.send_message(scene.coop, "marker", body)
            again = scene.session("recipient")
            again.listen(f"{{jabber:client}}message/{{{QUOALISE}}}quoalise", came.append)
            again.listen("{jabber:client}message/{jabber:client}body", came.append)
            async with running(again):
                await eventually(lambda: came)
            assert [stanza.id for stanza in came] == ["marker"]

    asyncio.run(scenario())
    assert (scene.kept(), house.store.outbox.backlog()) == (0, [])
    assert house.store.transfers.recipients_of(house.store.meters.series("house")[0], START + 100, START + 101) == [
        scene.coop
    ]


def test_an_account_that_is_gone_is_suspended_and_lacks_nothing_when_it_is_back(servers, house, tmp_path):
    """Fourteen days of the real servers' bounces; then silence; its subscription brings everything, in order."""
    scene = Scene(servers, house, tmp_path, registered=False)
    house.allow(scene.coop)
    house.store.subscriptions.add(scene.coop, "house", "", "sen1", Confirm.RECEIPT, START)

    def away():
        row = house.store.db.execute("SELECT days FROM absence WHERE recipient = ?", [scene.coop]).fetchone()
        return row[0] if row else 0

    async def scenario():
        async with scene.provider() as provider:
            for day in range(14):
                house.minutes(2)
                await eventually(lambda day=day: away() == day + 1, what=f"the bounce of day {day}")
                provider.pass_days(1)
            assert list(house.store.absences.suspended()) == [scene.coop]
            house.minutes(2)
            assert house.store.outbox.recipients() == []
            scene.register()
            async with scene.recipient() as records:
                await eventually(lambda: len(minutes(records)) == 29 and not house.waiting(scene.coop))
                assert minutes(records) == list(range(29))
                await eventually(lambda: notice_of(house, NoticeKind.RECIPIENT_SUSPENDED).confirmed_at)

    asyncio.run(scenario())
    assert house.store.absences.suspended() == {}
    kinds = [entry.facts()["kind"] for entry in house.store.journal.entries()]
    assert kinds.count("recipient-suspended") == kinds.count("recipient-returned") == 1


def test_a_journal_whose_end_was_cut_is_found_from_what_a_recipient_kept(federation, house, tmp_path):
    """The recipient's anchor came with the data, and it has never seen the journal."""
    scene = Scene(federation, house, tmp_path)
    house.allow(scene.coop)
    house.allow("other@sen2.test")

    async def scenario():
        async with scene.provider(), scene.recipient() as records:
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(3)
            await eventually(lambda: minutes(records) == [0, 1])

    asyncio.run(scenario())
    (anchor,) = read_anchors(scene.path)
    lines = [f"{write_line(entry)}\n".encode() for entry in house.store.journal.entries()]
    head = Head(anchor.seq, anchor.hash)
    assert verify(lines, [], [head]).fault is None
    assert verify(lines[: anchor.seq - 1], [], []).fault is None
    assert verify(lines[: anchor.seq - 1], [], [head]).fault.why is Why.CUT


def test_the_daemon_tells_its_recipient_what_the_command_line_orders(federation, tmp_path):
    """From `consent revoke` to the erased file of `consume` and its confirmation; before, somebody watches live."""
    watch_then_withdraw(federation, tmp_path)


def watch_then_withdraw(federation, tmp_path, python=sys.executable):
    """A daemon and its recipients as processes of an interpreter: one watches, one keeps and has to erase."""
    home = processes.House(tmp_path / "house", federation, tmp_path / "ttyTIC", python=python)
    home.grant("consumption")
    with SimulatedMeter(tmp_path / "ttyTIC", speed=20, seed=1, mode="standard"), home.gateway("DEBUG") as gateway:
        home.await_link("xmpp", "ok")
        with home.recipient("INFO", "--live", "1", "--count", "60", name="watcher") as watcher:
            wait_until(lambda: f"watcher {processes.FAR}" in home.links(), 20, "the watcher in status", every=0.1)
            assert watcher.wait(30) == 0
        assert watcher.log.read_text().count("consumption/") == 60
        wait_until(lambda: processes.FAR not in str(home.links()), 30, "its end in status", every=0.1)
        with home.recipient() as recipient:
            wait_until(lambda: "consumption" in recipient.log.read_text(), 40, "data", every=0.2)
            assert home.command("consent", "revoke", processes.FAR).returncode == 0
            wait_until(lambda: _told(home)["confirmed"], 30, "the confirmation", every=0.1)
        assert _told(home)["kind"] == "consent-withdrawn"
        shown = home.command("journal", "show", "--lang", "en").stdout
        assert "notice confirmed" in shown
        assert "configuration changed" in shown
        assert "Traceback" not in gateway.log.read_text()
    keeper = Keeper(home.received)
    # What an earlier house of this account had sent, and its server kept, is not this one's.
    assert keeper.file.db.execute("SELECT count(*) FROM record WHERE meter = 'ab12'").fetchone() == (0,)
    keeper.close()


def _told(home):
    (row,) = json.loads(home.command("consent", "notices", "--json").stdout)
    return row
