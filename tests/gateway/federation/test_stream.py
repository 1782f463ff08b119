"""One stanza costs one stanza: whatever a stranger sends, the session goes on, and so does what comes after it."""

import asyncio
import logging
import ssl
from contextlib import asynccontextmanager
from xml.etree import ElementTree as ET

import pytest
from slixmpp import JID

from gateway.errors import FederationError
from gateway.federation.connection.attempt import Attempt
from gateway.federation.connection.session import Account, Session
from gateway.federation.connection.strangers import RECIPIENT, Limits, SenderLimits, SenderVerdict, TokenBucket
from gateway.federation.wire.form import XML_LANG, build_submit
from tests.gateway.federation.conftest import QUICK, Gate, account, eventually, running
from tests.gateway.federation.hostile import payload, relatives
from tests.gateway.federation.test_session import HEADER

GW = Account("gw@sen1.test", "x", "127.0.0.1:9")
PING = "<iq type='get' from='sen1.test' id='{}'><ping xmlns='urn:xmpp:ping'/></iq>"


class Wire:
    """The transport under a client, which keeps what the client says."""

    def __init__(self):
        self.said = ""

    def get_extra_info(self, _, default=None):
        return default

    def write(self, data):
        self.said += data.decode()

    def is_closing(self):
        return False


@asynccontextmanager
async def talk(doorkeeper=None):
    """A client as if it were logged in, fed by hand: our servers let through less than others may."""
    session = Session(GW, doorkeeper=doorkeeper)
    attempt, wire = Attempt(JID(f"{GW.jid}/proxy"), "x", session._ssl), Wire()
    client, counted = attempt.client, attempt.client.plugin["xep_0198"]
    session._prepare(client)
    client.connection_made(wire)
    client._session_started = counted.enabled_in = True
    sender = asyncio.create_task(client.run_filters())

    def hear(text):
        client.data_received(text.encode())
        return counted.handled

    async def answers(number):
        hear(PING.format(number))
        await eventually(lambda: f'id="{number}"' in wire.said, 5, "an answer to a ping")
        return wire.said

    hear(HEADER)
    session._client = client
    yield hear, answers, session
    assert attempt.fault is None
    sender.cancel()
    await asyncio.wait({sender})


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_that_a_peer_sends_raises_into_the_transport(seed, caplog):
    """Sixty hostile stanzas, from forged addresses too: each is counted, the next is heard, the log stays short."""
    everything = Limits(TokenBucket(1e6, 1e6), TokenBucket(1e6, 1e6), TokenBucket(1e6, 1e6), TokenBucket(1e6, 1e6))

    async def scenario():
        async with talk(SenderLimits(lambda _: False, everything)) as (hear, answers, _):
            shots = [payload("gw@sen1.test/proxy", depth) for depth in (600, 1998)]
            for number, text in enumerate([*shots, *relatives(seed, 60, "gw@sen1.test/proxy", forged=seed == 2)]):
                assert hear(text) == number + 1, text[:200]
            await answers("afterwards")

    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    assert not [record for record in caplog.records if record.exc_info]
    assert len(caplog.records) < 5, caplog.text


def test_what_is_refused_is_said_to_who_asked_and_to_nobody_else():
    """A question gets one error, in its language; an answer or a message gets none."""
    deep = "<a>" * 30 + "</a>" * 30

    async def scenario():
        async with talk() as (hear, answers, _):
            for name, kind in (("iq", "set"), ("iq", "result"), ("iq", "error"), ("message", "chat"), ("presence", "")):
                hear(f"<{name} type='{kind}' from='coop@sen2.test/x' id='{name}{kind}' xml:lang='en'>{deep}</{name}>")
            return await answers("afterwards")

    said = asyncio.run(scenario())
    assert said.count("policy-violation") == 1
    assert said.count("too deeply") == 1
    assert 'id="iqset"' in said
    assert "iqresult" not in said
    assert "messagechat" not in said


def test_an_answer_says_in_which_language_it_is():
    """That of its words, not that of the stream; a refusal as well."""

    async def scenario():
        async with talk() as (hear, answers, session):
            session.listen("{jabber:client}iq/{of}asked", lambda asked: session.answer(asked, ET.Element("{of}answer")))
            session._prepare(session._client)
            for lang in ("en-GB", "fr", "de"):
                hear(f"<iq type='set' from='a@b/c' id='{lang}' xml:lang='{lang}'><asked xmlns='of'/></iq>")
            hear(f"<iq type='set' from='a@b/c' id='deep' xml:lang='en'>{'<a>' * 30 + '</a>' * 30}</iq>")
            return await answers("afterwards")

    said = asyncio.run(scenario())
    found = {xml.get("id"): xml.get(XML_LANG) for xml in ET.fromstring(f"{said}</stream:stream>")}
    assert found == {"en-GB": "en", "fr": "fr", "de": "fr", "deep": "en", "afterwards": None}


def test_an_address_that_is_none_costs_its_own_stanza():
    """Refused by the doorkeeper, asked of without an answer, or taken for a message: the next one is heard."""
    none = Limits(stranger=TokenBucket(1, 0.0001))

    async def scenario():
        async with talk(SenderLimits(lambda _: False, none)) as (hear, answers, _):
            for origin in ("@", "a@b@c", "x@sen9.test/" + "r" * 1100, "a b@c"):
                for name in ("iq", "message"):
                    hear(f"<{name} type='get' from='{origin}' id='1'><unheard xmlns='of'/></{name}>" * 3)
            await answers("afterwards")

    asyncio.run(scenario())


def test_a_stranger_may_send_less_than_who_is_known():
    """What one who has a consent may say at length costs a stranger a refusal."""
    long = "<iq type='get' from='{}' id='1'><q xmlns='urn:quoalise:0'>" + "<a/>" * 2_000 + "</q></iq>"

    async def scenario():
        async with talk(SenderLimits("coop@sen2.test".__eq__)) as (hear, answers, _):
            for origin in ("coop@sen2.test/x", "evil@sen2.test/x"):
                hear(long.format(origin))
            return await answers("afterwards")

    said = asyncio.run(scenario())
    assert (said.count("feature-not-implemented"), said.count("policy-violation")) == (1, 1)


@pytest.mark.servers
def test_a_stranger_does_not_take_the_gateway_off_the_federation(federation, house):
    """4 kB of an ordinary account, and again: the session is the same, and the household's recipient is served."""
    home, far = federation.domains
    house.minutes(10)
    gateway, coop = account(federation, "gwdeep", home), account(federation, "coopdeep", far, resource="x")
    house.allow(coop.jid)
    pest = account(federation, "pestdeep", home, resource="x")
    target = f"{gateway.jid}/proxy"

    async def scenario():
        gate = Gate(house, gateway, doorkeeper=SenderLimits(coop.jid.__eq__, Limits(stranger=TokenBucket(1000, 1000))))
        async with gate, running(Session(coop, QUICK)) as honest, running(Session(pest, QUICK)) as hostile:
            await eventually(lambda: honest.connected.is_set() and hostile.connected.is_set())
            for text in (payload(target), payload(target, 1500), payload(target)):
                hostile._client.send_raw(text)
            for _ in range(3):
                with pytest.raises(FederationError) as last:
                    await hostile.request(target, build_submit("fly", {}), 20)
                assert last.value.condition == "item-not-found"
                answer = await honest.request(target, build_submit("list_series", {}), 20)
                assert answer.get("status") == "completed"
            assert gate.session.state.sessions == 1

    asyncio.run(scenario())


def test_what_failed_on_the_way_in_is_no_reason_for_what_comes_later():
    """One login of two was refused, the other opened: that is forgotten when the session starts."""

    async def scenario():
        session = Session(GW)
        attempt = Attempt(JID(f"{GW.jid}/proxy"), "x", session._ssl)
        attempt.client.event("failed_auth", {"condition": "not-authorized"})
        await eventually(lambda: attempt.denied, 5)
        assert "password" in str(attempt.fault)
        encrypted = session._ssl.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="sen1.test")
        attempt.client.socket, attempt.client.sessionstarted = encrypted, True
        attempt.client.event("stream_negotiated")
        await eventually(attempt.started.is_set, 5)
        assert (attempt.fault, attempt.denied) == (None, False)
        await attempt.close(0)

    asyncio.run(scenario())


def test_whom_a_recipient_asked_is_never_turned_away():
    """However fast it sends; a stranger is dropped without a word after its burst."""
    keeper = SenderLimits("gw@sen1.test".__eq__, RECIPIENT)
    assert {keeper.judge("gw@sen1.test") for _ in range(10_000)} == {SenderVerdict.ADMIT}
    keeper.expect("gw@sen1.test")
    assert keeper.judge("gw@sen1.test") is SenderVerdict.ADMIT
    assert [keeper.judge("x@sen1.test") for _ in range(1000)].count(SenderVerdict.ADMIT) == RECIPIENT.stranger.burst
    assert {keeper.judge("x@sen1.test") for _ in range(1000)} == {SenderVerdict.DROP}
