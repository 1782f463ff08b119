"""The gateway as a recipient: a real provider, two real servers, and what must not be believed, kept or passed on."""

import asyncio
import itertools
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError, StoreError
from gateway.federation.connection.session import Session
from gateway.federation.recipient.inbox import Inbox
from gateway.federation.recipient.subscriber import RetryPace
from gateway.federation.recipient.supply import Standing, SupplyRequest
from gateway.federation.wire.stanza import QUOALISE, RECEIPTS
from gateway.store.points import Granularity
from tests.gateway.federation.conftest import PRM, QUICK, SENSOR, START, Gate, House, account, eventually, running
from tests.gateway.federation.messages import notice, pack

CLIENT = "{jabber:client}"
BRISK = RetryPace(again_s=60, refused_s=0.3, refused_most_s=0.3, absent_s=0.1, absent_most_s=0.5)
numbers = itertools.count(1)


class Receiver:
    """A gateway's session with an inbox over a house's store."""

    def __init__(self, house, login, wanted, pace=BRISK):
        self.house, self.session = house, Session(login, QUICK)
        self.inbox = Inbox(self.session, house.store.providers, house.store.received, self.call, wanted, pace)
        self.fault = None

    async def call(self, function, *arguments):
        """As the daemon does, on one thread: here the test's own."""
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        return function(*arguments)

    def standing(self, place=0):
        """How a subscription stands."""
        return self.inbox.supplies()[place].outcome.standing

    def points(self, provider=None, path="index"):
        """(minute since the start, value) of what was received."""
        found = [s for s in self.house.store.received.series(provider) if s.path.endswith(path)]
        return [(int(p.time - START) // 60, p.value) for s in found for p in self.house.store.received.history(s)]

    def minutes(self):
        """The minutes received of the index."""
        return [minute for minute, _ in self.points()]


@asynccontextmanager
async def receiving(receiver):
    """Run it until the end of the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(receiver.inbox.run(stop))
    try:
        async with running(receiver.session):
            yield receiver
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await task


class Scene:
    """A provider's gateway in the first domain, the receiving gateway in the second, each with a house."""

    def __init__(self, servers, tmp_path):
        number = next(numbers)
        self.home, self.away = servers.domains
        self.servers = servers
        self.provider_account = account(servers, f"roof{number}", self.home)
        self.own_account = account(servers, f"own{number}", self.away)
        self.provider, self.own = self.provider_account.jid, self.own_account.jid
        self.sen1 = f"{self.provider}/{SENSOR}@{self.home}"
        for folder in ("theirs", "ours"):
            (tmp_path / folder).mkdir()
        self.theirs, self.ours = House(tmp_path / "theirs"), House(tmp_path / "ours")

    def wanted(self, identifier=None, name="roof", history_days=0):
        """A [[received]] of the provider."""
        return SupplyRequest(name, f"{self.provider}/proxy", identifier or f"{self.sen1}/consumption", history_days)

    def receiver(self, *wanted, **options):
        """The receiving end; by default it wants the provider's consumption."""
        return Receiver(self.ours, self.own_account, list(wanted) or [self.wanted()], **options)

    def gate(self):
        """The provider's end."""
        return Gate(self.theirs, self.provider_account)

    def close(self):
        """Close both stores."""
        self.theirs.store.close()
        self.ours.store.close()


@pytest.fixture
def scene(federation, tmp_path):
    """Accounts and houses of its own for each test."""
    made = Scene(federation, tmp_path)
    yield made
    made.close()


async def subscribed(scene):
    """Wait until the provider knows of the subscription."""
    await eventually(lambda: scene.theirs.store.subscriptions.of(scene.own), what="subscribed")


class Voice:
    """An account that sends what it likes and remembers its receipts."""

    def __init__(self, login):
        # What it says is no stanza of a program: the tap is told so by its device.
        self.session, self.receipts = Session(replace(login, resource="odd"), QUICK), []
        self.session.listen(f"{CLIENT}message/{{{RECEIPTS}}}received", self._receive)

    def _receive(self, stanza):
        self.receipts.append(stanza.xml.find(f"{{{RECEIPTS}}}received").get("id"))

    def say(self, to, stanza_id, payload):
        """Send one message that asks for a receipt."""
        assert self.session.send_message(to, stanza_id, payload, ET.Element(f"{{{RECEIPTS}}}request"))


def test_what_the_provider_stores_comes_and_stays(scene):
    """History, what is pushed, and what was missed: each point once, with its retention, and the provider confirmed."""
    scene.theirs.allow(scene.own)
    scene.theirs.minutes(4)

    async def scenario():
        async with scene.gate():
            async with receiving(scene.receiver(scene.wanted(history_days=36_525))) as receiver:
                await subscribed(scene)
                await eventually(lambda: receiver.minutes() == [0, 1, 2])
                scene.theirs.minutes(3)
                await eventually(lambda: receiver.minutes() == list(range(6)))
                await eventually(lambda: not scene.theirs.waiting(scene.own))
                assert receiver.standing() is Standing.SUBSCRIBED
                assert receiver.inbox.supplies()[0].last_time == START + 5 * 60
            scene.theirs.minutes(3)
            async with receiving(scene.receiver(scene.wanted(history_days=36_525))) as receiver:
                assert receiver.inbox.supplies()[0].last_time == START + 5 * 60
                await eventually(lambda: receiver.minutes() == list(range(9)))
                await eventually(lambda: not scene.theirs.waiting(scene.own))

    asyncio.run(scenario())
    series = {s.path: s for s in scene.ours.store.received.series()}
    index = series["consumption/energy/active/index"]
    assert (index.sen1, index.unit, index.granularity) == (f"{scene.sen1}/{index.path}", "Wh", "PT1M")
    assert {s.retention for s in series.values()} == {"P1Y"}
    assert scene.ours.store.providers.gaps(scene.provider) == []


@pytest.mark.parametrize("form", ["urn", "senml"])
def test_every_form_of_a_name_may_be_asked(scene, form):
    """By PRM or by the strict name: what comes is known by its literal name."""
    scene.theirs.allow(scene.own)
    asked = f"urn:dev:prm:{PRM}_consumption" if form == "urn" else f"{scene.sen1.replace('@', ':')}/consumption"

    async def scenario():
        async with scene.gate(), receiving(scene.receiver(scene.wanted(asked))) as receiver:
            await subscribed(scene)
            scene.theirs.minutes(3)
            await eventually(lambda: receiver.minutes() == [0, 1])
            await eventually(lambda: not scene.theirs.waiting(scene.own))

    asyncio.run(scenario())
    assert all(s.sen1.startswith(scene.sen1) for s in scene.ours.store.received.series())


def test_strangers_and_what_was_not_asked_are_neither_kept_nor_confirmed(scene, caplog):
    """No row, no receipt, one line in the log; what was asked is taken after it."""
    caplog.set_level(logging.WARNING)
    index = f"{scene.sen1}/consumption/energy/active/index"
    voice = Voice(scene.provider_account)
    stranger = Voice(account(scene.servers, f"stranger{next(numbers)}", scene.away))

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session), running(stranger.session):
            for session in (receiver.session, voice.session, stranger.session):
                await session.connected.wait()
            for number in range(20):
                stranger.say(scene.own, f"s-{number}", pack(index))
                voice.say(scene.own, f"v-{number}", pack(f"{scene.sen1}/production/energy/active/index"))
                voice.say(scene.own, f"w-{number}", pack(f"gw@elsewhere.test/{SENSOR}@{scene.home}/consumption"))
            stranger.say(scene.own, "last", notice("data-erased"))
            voice.say(scene.own, "good", pack(index, 7))
            await eventually(lambda: voice.receipts)
            assert receiver.points() == [(0, 7)]
            assert voice.receipts == ["good"]
            assert stranger.receipts == []

    asyncio.run(scenario())
    assert len(scene.ours.store.received.series()) == 1
    assert scene.ours.store.providers.events() == []
    assert caplog.text.count("no provider of ours") == 1
    assert caplog.text.count("was not subscribed to") == 1


def test_the_receipt_comes_after_the_commit(scene, caplog):
    """While nothing can be written there is no receipt; the same message again is kept and confirmed."""
    index = f"{scene.sen1}/consumption/energy/active/index"
    voice = Voice(scene.provider_account)

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session):
            await asyncio.gather(receiver.session.connected.wait(), voice.session.connected.wait())
            receiver.fault = StoreError("the card is full")
            voice.say(scene.own, "a-1", pack(index, 7))
            await eventually(lambda: "what a provider sends cannot be kept: the card is full" in caplog.text)
            await eventually(lambda: "cannot be kept" in receiver.inbox.supplies()[0].outcome.detail)
            assert (receiver.points(), voice.receipts) == ([], [])
            receiver.fault = None
            voice.say(scene.own, "a-1", pack(index, 7))
            await eventually(lambda: voice.receipts == ["a-1"])
            assert receiver.points() == [(0, 7)]

    asyncio.run(scenario())


def test_what_cannot_be_read_is_confirmed_and_remembered_once(scene):
    """A broken pack would be no better the next time; an order that is not understood is not claimed to be done."""
    voice = Voice(scene.provider_account)
    index = f"{scene.sen1}/consumption/energy/active/index"

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session):
            await asyncio.gather(receiver.session.connected.wait(), voice.session.connected.wait())
            for number in range(5):
                voice.say(scene.own, f"bad-{number}", ET.Element(f"{{{QUOALISE}}}quoalise"))
                broken = pack(index)
                broken.find(f".//{{{QUOALISE}}}data").remove(broken[0][1])
                voice.say(scene.own, f"none-{number}", broken)
            voice.say(scene.own, "order", notice("data-exploded"))
            voice.say(scene.own, "good", pack(index))
            await eventually(lambda: "good" in voice.receipts)

    asyncio.run(scenario())
    assert "order" not in voice.receipts
    assert {f"none-{n}" for n in range(5)} <= set(voice.receipts)
    assert [e.kind for e in scene.ours.store.providers.events()] == ["unreadable"]


def test_values_are_kept_in_the_units_of_a_meter(scene):
    """Joules are watt-hours; a text is a text; one that is longer than any meter's is left out."""
    voice = Voice(scene.provider_account)
    branch = f"{scene.sen1}/consumption"

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session):
            await asyncio.gather(receiver.session.connected.wait(), voice.session.connected.wait())
            voice.say(scene.own, "1", pack(f"{branch}/index", 36_000, unit="J"))
            voice.say(scene.own, "2", pack(f"{branch}/tariff", "HC", label="vs", unit="/"))
            voice.say(scene.own, "3", pack(f"{branch}/novel", "x" * 2000, label="vs", unit="/"))
            await eventually(lambda: len(voice.receipts) == 3)

    asyncio.run(scenario())
    kept = {p.series.path: (p.value, p.series.unit) for p in scene.ours.store.received.last()}
    assert kept == {"consumption/index": (10, "Wh"), "consumption/tariff": ("HC", "/")}


def test_what_no_series_has_is_confirmed_and_not_kept(scene, caplog):
    """A unit that nobody registered, a path that climbs: said once; what comes beside and after it is kept."""
    voice = Voice(scene.provider_account)
    branch = f"{scene.sen1}/consumption"
    odd = [(f"{branch}/index", "bananas"), (f"{branch}/power/../../x", "Wh"), (f"{branch}/./x", "Wh")]

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session):
            await asyncio.gather(receiver.session.connected.wait(), voice.session.connected.wait())
            for number, (name, unit) in enumerate((*odd, (f"{branch}/apparent", "VAh"), (f"{branch}/index", "Wh"))):
                voice.say(scene.own, str(number), pack(name, 5, unit=unit))
            await eventually(lambda: len(voice.receipts) == 5)

    asyncio.run(scenario())
    kept = {p.series.path: (p.value, p.series.unit) for p in scene.ours.store.received.last()}
    assert kept == {"consumption/apparent": (5, "VAh"), "consumption/index": (5, "Wh")}
    assert caplog.text.count("a unit or a name that no series has") == 1


def test_two_branches_of_one_provider_share_its_numbers(scene):
    """Each is subscribed to by itself, and what comes between is kept once, after a restart too."""
    scene.theirs.allow(scene.own)
    wanted = [
        scene.wanted(f"{scene.sen1}/consumption/energy", "energy"),
        scene.wanted(f"{scene.sen1}/consumption/power", "power"),
    ]

    async def scenario():
        async with scene.gate():
            for round_ in (1, 2):
                async with receiving(scene.receiver(*wanted)) as receiver:
                    await eventually(lambda: len(scene.theirs.store.subscriptions.of(scene.own)) == 2)
                    await eventually(lambda r=receiver: {r.standing(0), r.standing(1)} == {Standing.SUBSCRIBED})
                    scene.theirs.minutes(3)
                    expected = list(range(3 * round_ - 1))
                    await eventually(lambda r=receiver, e=expected: r.minutes() == e)
                    await eventually(lambda r=receiver, e=expected: len(r.points(path="raw")) == len(e))
                    await eventually(lambda: not scene.theirs.waiting(scene.own))

    asyncio.run(scenario())
    assert scene.ours.store.providers.gaps(scene.provider) == []
    assert scene.ours.store.providers.reached(scene.provider)[0] == scene.theirs.store.outbox.epoch


@pytest.mark.parametrize("kind", ["consent-withdrawn", "data-erased"])
def test_what_is_withdrawn_is_deleted_and_the_receipt_says_so(scene, kind):
    """Only that branch, that time and that provider; told again, nothing more is deleted."""
    voice = Voice(scene.provider_account)
    index, power = (f"{scene.sen1}/consumption/{rest}" for rest in ("energy/active/index", "power/apparent/raw"))

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session):
            await asyncio.gather(receiver.session.connected.wait(), voice.session.connected.wait())
            for minute in range(4):
                voice.say(scene.own, f"i-{minute}", pack(index, minute, START + 60 * minute))
                voice.say(scene.own, f"p-{minute}", pack(power, minute, START + 60 * minute))
            first, last = str(START + 60), str(START + 120)
            order = notice(kind, series=f"{scene.sen1}/consumption/energy", first=first, last=last)
            voice.say(scene.own, "order", order)
            await eventually(lambda: "order" in voice.receipts)
            assert receiver.minutes() == [0, 3]
            assert len(receiver.points(path="raw")) == 4
            voice.say(scene.own, "after", pack(index, 9, START + 60))
            voice.say(scene.own, "order", order)
            await eventually(lambda: voice.receipts.count("order") == 2)
            assert receiver.points() == [(0, 0), (1, 9), (3, 3)]
            voice.say(scene.own, "all", notice(kind, "2"))
            await eventually(lambda: "all" in voice.receipts)

    asyncio.run(scenario())
    assert scene.ours.store.received.series() == []
    events = scene.ours.store.providers.events()
    assert [(e.provider, e.kind) for e in events] == [(scene.provider, kind)] * 2
    assert events[0].detail == {"first": START + 60, "last": START + 120, "texts": {"fr": "Bonjour"}}


def test_a_rectification_is_taken_only_on_the_providers_word(scene):
    """The same identity with another value changes nothing, unless the message says that it rectifies."""
    voice = Voice(scene.provider_account)
    index = f"{scene.sen1}/consumption/energy/active/index"

    async def scenario():
        async with receiving(scene.receiver()) as receiver, running(voice.session):
            await asyncio.gather(receiver.session.connected.wait(), voice.session.connected.wait())
            for number, rectifies in ((5, False), (6, False), (7, True), (8, False)):
                voice.say(scene.own, f"r-{number}", pack(index, number, rectifies=rectifies))
            await eventually(lambda: len(voice.receipts) == 4)
            assert receiver.points() == [(0, 7)]

    asyncio.run(scenario())
    assert scene.ours.store.received.series()[0].ignored == 2


def test_after_a_notice_of_rectification_the_history_is_read_again(scene):
    """What the provider's history says now replaces what was received."""
    scene.theirs.allow(scene.own)

    async def scenario():
        async with scene.gate() as gate, receiving(scene.receiver()) as receiver:
            await subscribed(scene)
            scene.theirs.minutes(4)
            await eventually(lambda: receiver.minutes() == [0, 1, 2])
            true = receiver.points()
            scene.ours.store.db.execute("UPDATE received_point SET value = 1")
            order = notice("data-rectified", series=f"{scene.sen1}/consumption", first=str(START))
            gate.session.send_message(scene.own, "rectified", order, ET.Element(f"{{{RECEIPTS}}}request"))
            await eventually(lambda: receiver.points() == true)

    asyncio.run(scenario())
    kinds = [e.kind for e in scene.ours.store.providers.events()]
    assert sorted(kinds) == ["data-rectified", "values-rectified"]


def test_a_refusal_is_said_and_a_grant_is_taken_up_at_once(scene, caplog):
    """Asked rarely, said once; with the notice of a consent it is asked at once, its history too."""
    caplog.set_level(logging.WARNING)
    rarely = RetryPace(again_s=3600, refused_s=3600, refused_most_s=3600, absent_s=0.1, absent_most_s=0.2)
    scene.theirs.minutes(3)

    async def scenario():
        receiver = scene.receiver(scene.wanted(history_days=36_525), pace=rarely)
        async with scene.gate() as gate, receiving(receiver):
            await eventually(lambda: receiver.standing() is Standing.REFUSED)
            assert "aucun consentement" in receiver.inbox.supplies()[0].outcome.detail
            scene.theirs.allow(scene.own)
            gate.session.send_message(scene.own, "granted", notice("access-granted"))
            await eventually(lambda: receiver.minutes() == [0, 1])
            assert receiver.standing() is Standing.SUBSCRIBED

    asyncio.run(scenario())
    assert caplog.text.count("does not give it") == 1


def test_a_provider_that_is_away_is_found_when_it_comes(scene):
    """Its server says that nobody is there; it is asked again soon, and less and less often."""

    async def scenario():
        async with receiving(scene.receiver()) as receiver:
            await eventually(lambda: receiver.standing() is Standing.ABSENT)
            scene.theirs.allow(scene.own)
            async with scene.gate():
                await eventually(lambda: receiver.standing() is Standing.SUBSCRIBED)

    asyncio.run(scenario())


def test_what_is_no_longer_wanted_is_ended_and_not_kept(scene):
    """A [[received]] taken out of the configuration: the provider is told, its data stay until their retention ends."""
    scene.theirs.allow(scene.own, "consumption")

    async def scenario():
        async with scene.gate():
            async with receiving(scene.receiver()) as receiver:
                await subscribed(scene)
                scene.theirs.minutes(3)
                await eventually(lambda: receiver.minutes() == [0, 1])
                await eventually(lambda: not scene.theirs.waiting(scene.own))
            scene.theirs.minutes(2)
            receiver = Receiver(scene.ours, scene.own_account, [])
            async with receiving(receiver):
                await eventually(lambda: not scene.theirs.store.subscriptions.of(scene.own))
                await eventually(lambda: not scene.ours.store.providers.subscriptions(scene.provider))
                assert receiver.minutes() == [0, 1]

    asyncio.run(scenario())
    assert scene.ours.store.providers.all() == [scene.provider]


def test_a_former_provider_may_still_have_its_data_erased(scene):
    """Its points are not taken any more; its order is."""
    voice = Voice(scene.provider_account)
    index = f"{scene.sen1}/consumption/energy/active/index"

    async def scenario():
        async with running(voice.session):
            await voice.session.connected.wait()
            async with receiving(scene.receiver()) as receiver:
                await receiver.session.connected.wait()
                voice.say(scene.own, "first", pack(index))
                await eventually(lambda: voice.receipts == ["first"])
            receiver = Receiver(scene.ours, scene.own_account, [])
            async with receiving(receiver):
                await receiver.session.connected.wait()
                voice.say(scene.own, "second", pack(index, 2, START + 60))
                voice.say(scene.own, "order", notice("data-erased", series=scene.sen1))
                await eventually(lambda: voice.receipts == ["first", "order"])

    asyncio.run(scenario())
    assert scene.ours.store.received.series() == []


def test_nothing_received_is_ever_passed_on(scene):
    """Whatever the household allows to others, by push and by history: others' data are in neither."""
    third = account(scene.servers, f"third{next(numbers)}", scene.home)
    scene.theirs.allow(scene.own)
    index = "consumption/energy/active/index"
    own_sen1 = f"{scene.own}/{SENSOR}@{scene.away}"
    for prefix in ("consumption", "production"):
        scene.ours.allow(third.jid, prefix, Granularity.RAW)
    heard = []

    async def scenario():
        from gateway.federation.wire.form import build_submit
        from gateway.federation.wire.stanza import parse_quoalise

        ours = Gate(scene.ours, scene.own_account)
        inbox = Inbox(
            ours.session, scene.ours.store.providers, scene.ours.store.received, ours.call, [scene.wanted()], BRISK
        )
        listener = Session(third, QUICK)
        listener.listen(f"{CLIENT}message/{{{QUOALISE}}}quoalise", heard.append)
        inboxes = asyncio.create_task(inbox.run(ours.stop))
        async with scene.gate(), ours, running(listener):
            await listener.connected.wait()
            to = f"{scene.own}/proxy"
            await listener.request(to, build_submit("subscribe", {"identifier": own_sen1}))
            await subscribed(scene)
            scene.theirs.minutes(3)
            await eventually(scene.ours.store.received.series)
            scene.ours.minutes(2)
            await eventually(lambda: heard)
            period = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
            answer = await listener.request(to, build_submit("get_history", {"identifier": own_sen1} | period))
            answered = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0)
            assert {r.name.startswith(own_sen1) for r in answered.records} == {True}
            for identifier in (scene.sen1, f"{scene.sen1}/{index}", f"urn:dev:prm:{PRM[:-1]}0"):
                for node in ("subscribe", "get_history"):
                    with pytest.raises(FederationError) as refusal:
                        await listener.request(to, build_submit(node, {"identifier": identifier} | period))
                    assert refusal.value.condition == "not-authorized"
            for stanza in heard:
                pushed = parse_quoalise(stanza.xml.find(f"{{{QUOALISE}}}quoalise"), 0)
                assert all(r.name.startswith(own_sen1) for r in pushed.records)
        await inboxes

    asyncio.run(scenario())
    series = {s.path for s in scene.ours.store.meters.series("house")}
    assert not any("share" in path for path in series)
