"""A hostile peer on the federation changes nothing for the others: floods, nonsense, giants, forgeries."""

import asyncio
import random
import string
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FederationError
from gateway.federation.connection.session import Session, Stanza
from gateway.federation.connection.strangers import Limits, SenderLimits
from gateway.federation.provider.commands import Commands
from gateway.federation.wire.form import COMMANDS, DATA, RSM, build_submit
from gateway.federation.wire.stanza import QUOALISE, RECEIPTS, Interval, Publisher, parse_quoalise
from tests.gateway.federation.conftest import PRM, QUICK, SENSOR, Gate, House, account, eventually, running
from tests.gateway.federation.test_commands import Line
from tests.integration.test_federation import Scene, history, servers, subscribed

__all__ = ["servers"]

FLOOD = 2000
NODES = [
    "get_history",
    "subscribe",
    "unsubscribe",
    "list_series",
    "request_access",
    "my_access",
    "",
    "fly",
    "http://jabber.org/protocol/commands",
    "\u00e9" * 50,
]
VARS = ["identifier", "start_time", "end_time", "granularity", "confirm", "resume_after", "epoch", "FORM_TYPE", "x"]
VARS += ["form", "max", "after", "push", "history", "until", "purpose", "role"]
GOOD = f"gw@sen1.test/{SENSOR}@sen1.test"
VALUES = [
    GOOD, f"urn:dev:prm:{PRM}", f"{GOOD}/consumption", "urn:dev:prm:11111111111111", "../../etc/passwd", "%", "*", "",
    "2020-01-01T00:00:00Z", "2030-01-01T00:00:00+01:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "PT1M", "P1D", "server", "receipt", "-1", "99999999999999999999", "9" * 1000, "NaN", "' OR 1=1 --", "a\x00b"[:1],
    "gw@sen1.test/" + "a" * 900 + "@sen1.test", "@@@@", "\u202e\ufeff", "[::1]", "urn:dev:prm:", "\u0661" * 14,
]  # fmt: skip


def build_form(node, action, form_type, fields, page):
    """A command such as no client would send, or nearly."""
    element = ET.Element(f"{{{COMMANDS}}}command", {"node": node, "action": action})
    form = ET.SubElement(element, f"{{{DATA}}}x", {"type": form_type} if form_type else {})
    for var, values in fields:
        row = ET.SubElement(form, f"{{{DATA}}}field", {"var": var})
        for value in values:
            ET.SubElement(row, f"{{{DATA}}}value").text = value
    if page:
        wanted = ET.SubElement(element, f"{{{RSM}}}set")
        for name, value in page:
            ET.SubElement(wanted, f"{{{RSM}}}{name}").text = value
    return element


texts = st.one_of(st.sampled_from(VALUES), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
forms = st.builds(
    build_form,
    st.sampled_from(NODES),
    st.sampled_from(["execute", "next", "complete", "cancel", "prev", "", "fly"]),
    st.sampled_from(["submit", "form", "cancel", "result", "", "x"]),
    st.lists(st.tuples(st.one_of(st.sampled_from(VARS), texts), st.lists(texts, max_size=3)), max_size=25),
    st.lists(st.tuples(st.sampled_from(["max", "after", "before", "index", "x"]), texts), max_size=3),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A house with an hour of readings and one consent, for many trials."""
    house = House(tmp_path_factory.mktemp("house"))
    house.minutes(60)
    house.allow("coop@sen2.test")
    yield house
    house.store.close()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(forms, st.sampled_from(["coop@sen2.test", "stranger@sen2.test"]))
def test_every_form_gets_one_answer_and_only_the_consented_get_readings(filled, form, sender):
    """Whatever is in it: an answer or an error, never an exception; and nothing of the house for a stranger."""
    line, stop = Line(), asyncio.Event()

    async def call(function, *arguments):
        return function(*arguments)

    async def scenario():
        commands = Commands(line, filled.store, call, Publisher("gw", "sen1.test"), lambda *_: None)
        iq = ET.Element("{jabber:client}iq")
        iq.append(form)
        line.take(Stanza("1", "set", f"{sender}/x", sender, "", iq, None))
        task = asyncio.create_task(commands.run(stop))
        await eventually(lambda: line.answers, 5)
        stop.set()
        await task

    asyncio.run(scenario())
    ((_, payload, error),) = line.answers
    whole = ET.tostring(payload, encoding="unicode")
    assert error == (payload.tag == "{jabber:client}error")
    if sender != "coop@sen2.test":
        assert "sensml" not in whole
        assert "Success" not in whole or form.get("node") in {"unsubscribe", "my_access"}


def nonsense(seed, count):
    """Forms for the wire, the same each time."""
    source = random.Random(seed)

    def text():
        return source.choice([*VALUES, "".join(source.choices(string.printable[:95], k=30))])

    for _ in range(count):
        fields = [
            (source.choice([*VARS, "y"]), [text() for _ in range(source.randrange(3))])
            for _ in range(source.randrange(8))
        ]
        page = [(source.choice(["max", "after", "before"]), text())] if source.random() < 0.3 else []
        kind = source.choice(["submit", "submit", "form", "cancel", ""])
        yield build_form(source.choice(NODES), source.choice(["execute", "next", "fly", "cancel"]), kind, fields, page)


class Village:
    """A gateway whose door is kept, an honest recipient, and a neighbour of it who means harm."""

    def __init__(self, servers, house):
        self.scene, self.house = Scene(servers), house
        self.known = {self.scene.coop}
        self.keeper = SenderLimits(self.known.__contains__, Limits())
        self.gate = Gate(house, self.scene.gateway_account, doorkeeper=self.keeper)
        self.gateway = self.scene.gateway
        house.allow(self.scene.coop)

    def neighbour(self, name):
        """Somebody of the honest one's own domain."""
        user = f"{name}{self.scene.coop.partition('@')[0]}"
        return account(self.scene.servers, user, self.scene.away, resource="x")


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    opened = House(tmp_path)
    yield opened
    opened.store.close()


@pytest.fixture
def village(servers, house):
    """Accounts of its own for each test."""
    return Village(servers, house)


def shoot(session, to, stanzas):
    """Send without waiting for anything."""
    client = session._client
    for number, (name, kind, payload) in enumerate(stanzas):
        stanza = client.Iq() if name == "iq" else client.make_message(mto=to)
        stanza["to"], stanza["type"], stanza["id"] = to, kind, f"shot-{number}"
        for element in payload:
            stanza.append(element)
        # Not the stanza's own way: nobody waits for an answer.
        client.send(stanza)


async def honest_work(village, session, times):
    """How many of so many histories were answered, whole."""
    answered = 0
    for _ in range(times):
        async with asyncio.timeout(10):
            answer = await history(session, village.gateway, village.scene.sen1)
        records = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0).records
        answered += len(records) == village.whole
    return answered


@pytest.mark.servers
@pytest.mark.parametrize("known", [False, True], ids=["stranger", "with-a-consent"])
def test_a_flood_of_commands_does_not_delay_the_neighbours(village, known):
    """Thousands of requests by one: the others' histories come meanwhile; the flood costs a few answers."""
    village.house.minutes(30)
    pest = village.neighbour("pest")
    if known:
        village.house.allow(pest.jid)
        village.known.add(pest.jid)

    async def scenario():
        async with (
            village.gate as gate,
            running(village.scene.session()) as honest,
            running(Session(pest, QUICK)) as hostile,
        ):
            await eventually(lambda: honest.connected.is_set() and hostile.connected.is_set())
            first = await history(honest, village.gateway, village.scene.sen1)
            village.whole = len(parse_quoalise(first.find(f"{{{QUOALISE}}}quoalise"), 0).records)
            assert village.whole > 50
            heard = []
            hostile._client.add_filter("in", lambda stanza: heard.append(stanza.name) or stanza)
            period = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
            asked = {"identifier": village.scene.sen1, **period}
            shoot(hostile, village.gateway, (("iq", "set", [build_submit("get_history", asked)]) for _ in range(FLOOD)))
            assert await honest_work(village, honest, 10) == 10
            # The flood has passed when what was sent after it has been answered by the server.
            async with asyncio.timeout(30):
                await hostile.request(pest.jid, ET.Element("{jabber:iq:roster}query"), 30, "get")
            assert await honest_work(village, honest, 5) == 5
            answers = heard.count("iq")
            assert 1 <= answers <= (450 if known else 25), answers
            assert gate.session.state.sessions == 1

    asyncio.run(scenario())


@pytest.mark.servers
def test_nonsense_giants_and_forgeries_leave_the_household_and_its_recipient_alone(village):
    """After all of it every promised minute has arrived, once, and history is answered; the session never broke."""
    scene, house = village.scene, village.house
    pest = village.neighbour("pest")
    # As if it were known: everything it says is really looked at.
    village.known.add(pest.jid)
    giant = ET.Element("{jabber:client}body")
    giant.text = "x" * 200_000
    everything = Interval(house.store.outbox.epoch, -1, 10**9).id

    def stanzas():
        yield "message", "chat", [giant]
        yield "iq", "set", [build_submit("get_history", {"identifier": "x" * 200_000})]
        yield "iq", "set", [build_submit("get_history", {f"f{n}": "v" * 50 for n in range(1500)})]
        deep = inner = ET.Element(f"{{{COMMANDS}}}command", {"node": "subscribe"})
        for _ in range(2000):
            inner = ET.SubElement(inner, f"{{{DATA}}}x")
        yield "iq", "set", [deep]
        for identifier in (
            scene.coop,
            f"urn:dev:prm:{PRM}",
            f"{scene.sen1}/consumption",
            f"gw@{scene.home}/other@x.test",
        ):
            for node in ("subscribe", "unsubscribe", "get_history"):
                yield "iq", "set", [build_submit(node, {"identifier": identifier, "resume_after": "999999999"})]
        for name in ("received", "request"):
            yield "message", "chat", [ET.Element(f"{{{RECEIPTS}}}{name}", {"id": everything})]
        for kind in ("error", "headline", "groupchat", "normal"):
            yield "message", kind, [ET.Element(f"{{{RECEIPTS}}}received", {"id": everything})]
        for text in ("x", "-1", everything + "9", everything.upper()):
            yield (
                "message",
                "error",
                [ET.Element(f"{{{RECEIPTS}}}received", {"id": text}), ET.Element("{jabber:client}error")],
            )
        for kind in ("result", "error"):
            yield "iq", kind, [ET.Element(f"{{{COMMANDS}}}command")]
        for form in nonsense(1, 150):
            yield "iq", "set", [form]

    async def scenario():
        async with village.gate as gate, running(Session(pest, QUICK)) as hostile:
            async with subscribed(scene.session(), village.gateway, scene.sen1) as peer:
                await eventually(lambda: house.store.subscriptions.of(scene.coop))
                house.minutes(3)
                await eventually(lambda: len(peer.minutes()) == 2 and not house.waiting(scene.coop))
            house.minutes(5)
            waiting = house.waiting(scene.coop)
            assert waiting >= 10
            rest = list(stanzas())
            while rest:
                # Fewer than one asker may have waiting: all of it is really looked at.
                shoot(hostile, village.gateway, rest[:12])
                rest = rest[12:]
                with pytest.raises(FederationError) as last:
                    await hostile.request(village.gateway, build_submit("fly", {}), 30)
                assert last.value.condition == "item-not-found"
            assert house.waiting(scene.coop) >= 10
            assert house.store.subscriptions.of(pest.jid) == []
            async with subscribed(scene.session(), village.gateway, scene.sen1) as peer:
                house.minutes(2)
                await eventually(lambda: not house.waiting(scene.coop), 20)
                assert sorted(peer.minutes()) == [*range(2, 9)]
                answer = await history(peer.session, village.gateway, scene.sen1)
                assert answer.get("status") == "completed"
            assert gate.session.state.sessions == 1

    asyncio.run(scenario())


BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.servers
@pytest.mark.parametrize(
    "raw",
    [
        f"{BOMB}<message to='GW'><body>&b;</body></message>",
        "<message to='GW'><body>&lol;</body></message>",
        "<message to='GW'><body>" + "x" * 300_000 + "</body></message>",
        "<message to='GW' from='coop@sen9.test/x'><body>forged</body></message>",
        "<message to='GW'><body>\x01</body></message>",
        "<?xml-stylesheet href='x'?><!-- hello --><message to='GW'/>",
    ],
    ids=["doctype", "entity", "over-the-limit", "forged-from", "control", "restricted"],
)
def test_a_stream_that_breaks_the_rules_ends_at_its_own_server(village, raw):
    """Or is put right there; the gateway hears nothing of it that is not its sender's own."""
    pest = village.neighbour("raw")

    async def scenario():
        async with (
            village.gate as gate,
            running(Session(pest, QUICK)) as hostile,
            running(village.scene.session()) as honest,
        ):
            await eventually(lambda: honest.connected.is_set() and hostile.connected.is_set())
            seen = []
            gate.session.listen("{jabber:client}message/{jabber:client}body", seen.append)
            gate.session._client.add_filter("in", lambda stanza: seen.append(stanza.xml.get("from", "")) or stanza)
            hostile._client.send_raw(raw.replace("GW", village.gateway))
            await eventually(lambda: not hostile.connected.is_set() or seen, 10)
            assert {sender.partition("/")[0] for sender in seen} <= {pest.jid, ""}
            with pytest.raises(FederationError):
                await honest.request(village.gateway, build_submit("fly", {}), 10)
            assert gate.session.state.sessions == 1

    asyncio.run(scenario())
