"""The conversation of the existing clients, as it stands in ``golden/``, held between two real servers."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from slixmpp import JID
from slixmpp.exceptions import IqError

from gateway.errors import StoreError
from gateway.federation.connection.session import Session
from gateway.federation.wire.fields import MAX_RECORDS
from gateway.federation.wire.stanza import QUOALISE, Publisher, build_quoalise
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity
from tests.gateway.federation.conftest import PRM, QUICK, START, Gate, account, eventually, running
from tests.gateway.federation.existing_client import existing_reader
from tests.gateway.store.conftest import frame

GOLDEN = Path(__file__).parent / "golden"
T0 = 1_583_016_600


def golden(name, **words):
    """A file of the conversation, its placeholders filled in."""
    text = (GOLDEN / f"{name}.xml").read_text()
    for word, value in {"prm": PRM, **words}.items():
        text = text.replace(f"{{{word}}}", value)
    return ET.fromstring(text)


def missing(wanted, said, path=""):
    """What is wanted and not said, None when all of it is."""
    here = f"{path}/{wanted.tag.rpartition('}')[2]}"
    if wanted.tag != said.tag:
        return here
    for name, value in wanted.attrib.items():
        if not said.get(name) or value not in ("*", said.get(name)):
            return f"{here}@{name}={value}"
    text, own = (wanted.text or "").strip(), (said.text or "").strip()
    if text and (not own or text not in ("*", own)):
        return f"{here}={text}"
    if wanted.tag == f"{{{QUOALISE}}}quoalise" and list(existing_reader(wanted)) != list(existing_reader(said)):
        return f"{here}: {list(existing_reader(said))}"
    left = list(said)
    for child in wanted if not wanted.tag.endswith("}sensml") else []:
        lacks = {id(one): missing(child, one, here) for one in left}
        fitting = next((one for one in left if lacks[id(one)] is None), None)
        if fitting is None:
            return max(filter(None, lacks.values()), key=len, default=f"{here}/{child.tag.rpartition('}')[2]}")
        left.remove(fitting)
    return None


def test_the_comparison_finds_what_is_not_said():
    """What is missing or different, down to a record of a pack; more, or in another order, is the same."""
    wanted = ET.fromstring('<a x="1"><b>t</b><c y="*"/></a>')
    assert missing(wanted, ET.fromstring('<a x="1" z="3"><c y="9"/><d/><b>t</b></a>')) is None
    for said in ('<a><b>t</b><c y="9"/></a>', '<a x="1"><b>u</b><c y="9"/></a>', '<a x="1"><b>t</b><c y=""/></a>'):
        assert missing(wanted, ET.fromstring(said))
    packs = [golden("push"), golden("push")]
    packs[1].find(".//{urn:ietf:params:xml:ns:senml}senml").set("v", "471")
    assert missing(*packs) == f"/message/quoalise: [('urn:dev:prm:{PRM}_consumption/power/apparent/raw', " + (
        "1583016720.0, 'VA', 471.0)]"
    )


def read_minutes(house, powers, first=T0):
    """Minutes of that power each; the last one is still open."""
    for minute, power in enumerate(powers):
        for second in (0, 30):
            house._recorder.add(frame(first + 60 * minute + second, power=power))
    # Written when the consents are in force.
    house.store.batches.write([house._recorder.take()], START)
    house.wake.set()


def fill(house):
    """More points in the ten minutes than one answer holds."""
    for number in range(MAX_RECORDS // 600 + 1):
        row = [100 + number, f"consumption/other/{number}"]
        house.store.db.execute("INSERT INTO series VALUES (?, 1, ?, 'V', 'gauge')", row)
        rows = ([row[0], T0 + second] for second in range(600))
        house.store.db.executemany("INSERT INTO minute VALUES (?, ?, 1, 1, 1, 1, 1, 1)", rows)


class Client:
    """Sends what a file asks, whatever it is, and has the whole stanza that came back."""

    def __init__(self, session, gateway, words):
        self.session, self.gateway, self.words = session, gateway, words
        self.pushed = []
        session.listen(
            f"{{jabber:client}}message/{{{QUOALISE}}}quoalise", lambda stanza: self.pushed.append(stanza.xml)
        )

    async def hold(self, name):
        """One exchange of the conversation."""
        exchange = golden(name, **self.words)
        iq = self.session._client.make_iq_set(ito=JID(self.gateway))
        iq.append(exchange.find("asked")[0])
        try:
            answer = await iq.send(timeout=20)
        except IqError as error:
            answer = error.iq
        wanted = exchange.find("answered")
        wanted.tag = "{jabber:client}iq"
        assert missing(wanted, answer.xml) is None, (name, ET.tostring(answer.xml, "unicode"))


@pytest.mark.parametrize("servers", ["federation", "federation_ep"])
def test_the_conversation_of_the_existing_clients_is_held(servers, house, request, caplog):
    """Form, history, errors, subscription, push: every name and attribute that they read is where they read it."""
    servers = request.getfixturevalue(servers)
    home, away = servers.domains
    gw, coop = account(servers, "ggw", home), account(servers, "gcoop", away, resource="quoalise")
    words = {"gateway": f"{gw.jid}/proxy", "coop": coop.jid, "asker": f"{coop.jid}/quoalise"}
    read_minutes(house, (450, 460, 470))
    house.allow(coop.jid, "consumption")

    async def scenario():
        session = Session(coop, QUICK)
        client = Client(session, words["gateway"], words)
        async with Gate(house, gw) as gate, running(session):
            await session.connected.wait()
            for name in ("get_history_form", "get_history", "not_authorized", "bad_request"):
                await client.hold(name)
            for _ in range(2):
                await client.hold("subscribe")
            read_minutes(house, (480,), T0 + 180)
            await eventually(lambda: client.pushed)
            assert missing(golden("push", **words), client.pushed[0]) is None
            assert client.pushed[0].findall(f"{{{QUOALISE}}}quoalise/{{{QUOALISE}}}data")[1:] == []
            for _ in range(2):
                await client.hold("unsubscribe")
            fill(house)
            await client.hold("too_large")

            def broken(*_):
                raise StoreError("the disk is on fire")

            house.store.meters.all = broken
            await client.hold("upstream_error")
            del house.store.meters.all
            assert gate.session.connected.is_set()

    asyncio.run(scenario())
    assert "fire" in caplog.text


def test_every_file_is_part_of_the_conversation():
    """A file that nobody reads would promise what nobody keeps."""
    text = Path(__file__).read_text()
    assert not [path.stem for path in GOLDEN.glob("*.xml") if f'"{path.stem}"' not in text]


@pytest.mark.parametrize("form", list(NameForm))
@pytest.mark.parametrize("primary", [False, True])
def test_the_existing_client_reads_each_of_our_packs(house, form, primary):
    """In every form of name, in both kinds of units, with texts among the numbers: the numbers, and nothing wrong."""
    house.minutes(40, tariff="BASE")
    (meter,) = house.store.meters.all()
    publisher = Publisher("gw", "sen1.test", "P1Y", primary=primary)
    for granularity in Granularity:
        points = house.store.readings.page("house", "", granularity, 0, 2**37, 10_000)
        numbers = [p for p in points if not isinstance(p.value, str)]
        assert numbers or granularity is Granularity.DAY
        read = list(existing_reader(build_quoalise(publisher, meter, form, points))) if numbers else []
        expected = sorted(
            (publisher.name(meter, p.series.path).written(form), float(p.time), *publisher.measured(p)) for p in numbers
        )
        assert sorted(read) == expected
