"""The ways in that are closed: no encryption, no SCRAM; and what a wrong account or address says."""

import asyncio
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import ConfigError, FederationError, StoreError
from gateway.federation.connection import attempt
from gateway.federation.connection.jids import bare_jid
from gateway.federation.connection.session import Account, Session
from gateway.federation.connection.waiting import work_off
from gateway.federation.wire.form import STANZAS
from tests.gateway.federation.conftest import QUICK, account, eventually, running

HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
    " from='sen9.test' id='1' version='1.0'>"
)


async def with_server(features, watch):
    """A server that offers these stream features, in clear; what the client said to it."""
    heard = bytearray()

    async def serve(reader, writer):
        writer.write((HEADER + f"<stream:features>{features}</stream:features>").encode())
        while chunk := await reader.read(4096):
            heard.extend(chunk)
            if b"starttls" in chunk:
                writer.write(b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = Account("gw@sen9.test", "secret-canary", f"127.0.0.1:{port}")
    async with running(Session(account, replace(QUICK, start=1))) as session:
        await watch(session)
    server.close()
    return bytes(heard)


MECHANISMS = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</mechanisms>"
BOTH = "<mechanism>SCRAM-SHA-256</mechanism><mechanism>PLAIN</mechanism>"


@pytest.mark.parametrize(
    "features",
    [
        MECHANISMS.format(BOTH),
        MECHANISMS.format("<mechanism>PLAIN</mechanism>"),
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + MECHANISMS.format(BOTH),
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
    ],
)
def test_without_encryption_no_login_is_tried(features):
    """Whoever strips STARTTLS from the offer, or fails it, hears no credential, not even a SCRAM proof."""

    async def watch(session):
        await eventually(lambda: session.state.attempts >= 2, 30)
        assert not session.connected.is_set()
        assert session.state.error

    heard = asyncio.run(with_server(features, watch))
    assert heard
    for word in (b"<auth", b"canary", b"SCRAM", b"<response", b"<presence"):
        assert word not in heard


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY l0 'lol'>{LAUGHS}]>" + HEADER.partition("?>")[2] + "&l9;"
FEATURES = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"


async def with_words(chunks, watch, start=1):
    """A server that says these chunks of bytes and nothing else; what the client said, and how much it took in."""
    heard, taken = bytearray(), 0

    async def serve(reader, writer):
        nonlocal taken
        try:
            for chunk in chunks:
                writer.write(chunk)
                async with asyncio.timeout(5):
                    await writer.drain()
                taken += len(chunk)
            while chunk := await reader.read(4096):
                heard.extend(chunk)
        except OSError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = Account("gw@sen9.test", "secret-canary", f"127.0.0.1:{port}")
    async with running(Session(account, replace(QUICK, start=start, retry_first=60, retry_last=60))) as session:
        await watch(session)
    server.close()
    return bytes(heard), taken


ENDLESS = 64 * 1024


@pytest.mark.parametrize(
    ("chunks", "sentence"),
    [
        ([BOMB.encode()], "no XMPP stream"),
        ([bytes([byte]) for byte in BOMB.encode()], "no XMPP stream"),
        ([BOMB.encode("utf-16")], "no XMPP stream"),
        ([b"\xef\xbb\xbf" + BOMB.encode()], "no XMPP stream"),
        ([b" " * ENDLESS] * 200, "no XMPP stream"),
        ([HEADER.encode(), b"<message><body>", *[b"x" * ENDLESS] * 200], "more than 1024 KiB"),
        ([HEADER.encode(), b"<message a='", *[b"x" * ENDLESS] * 200], "more than 1024 KiB"),
        ([HEADER.encode(), *[b"<a>" * 20_000] * 200], "more than 1024 KiB"),
    ],
    ids=["laughs", "laughs-by-bytes", "laughs-in-utf16", "laughs-with-bom", "spaces", "text", "attribute", "depth"],
)
def test_whoever_is_on_the_way_before_the_login_costs_little(chunks, sentence):
    """Entities and endless stanzas end the attempt with a sentence, long before they take memory."""

    async def watch(session):
        await eventually(lambda: session.state.error)
        assert sentence in str(session.state.error)

    # Time enough to read a megabyte on a busy machine.
    heard, taken = asyncio.run(with_words(chunks, watch, start=30))
    assert b"canary" not in heard
    # What the kernel holds on the way comes on top of our megabyte.
    assert taken < 10 * 2**20


def test_a_header_that_comes_byte_by_byte_is_a_header():
    """What guards the start of a stream stops no slow line."""

    async def watch(session):
        await eventually(lambda: session.state.error)

    words = ("\n" + HEADER.partition("?>")[2] + FEATURES).encode()
    for text in ((HEADER + FEATURES).encode(), words):
        heard, _ = asyncio.run(with_words([bytes([byte]) for byte in text], watch))
        assert b"<starttls" in heard


def test_a_strangers_sentence_is_one_plain_line(federation):
    """It stands on a terminal: no new line that passes for one of ours, nothing that moves the cursor."""
    home, far = federation.domains
    asker, peer = account(federation, "curious", home), account(federation, "rude", far)

    async def work():
        said = ET.Element("{jabber:client}error", {"type": "cancel"})
        ET.SubElement(said, f"{{{STANZAS}}}not-allowed")
        ET.SubElement(said, f"{{{STANZAS}}}text").text = "no\u009b2J\nlinky-gateway: all is well\r " + "x" * 2000
        rude = Session(peer, QUICK)
        rude.listen("{jabber:client}iq/{urn:example}ask", lambda stanza: rude.answer(stanza, said, error=True))
        async with running(rude), running(Session(asker, QUICK)) as session, asyncio.timeout(20):
            await asyncio.gather(rude.connected.wait(), session.connected.wait())
            with pytest.raises(FederationError) as refused:
                await session.request(str(rude.jid), ET.Element("{urn:example}ask"))
        return refused.value

    error = asyncio.run(work())
    assert error.condition == "not-allowed"
    assert str(error).startswith("no2J linky-gateway: all is well x")
    assert str(error).isprintable()
    assert len(str(error)) == 500


def test_an_unreachable_server_is_a_sentence():
    """What failed, and that it goes on trying."""

    async def scenario():
        async with running(Session(Account("gw@sen9.test", "x", "127.0.0.1:9"), QUICK)) as session:
            await eventually(lambda: session.state.attempts >= 2)
            assert str(session.state.error).startswith("the server cannot be reached")

    asyncio.run(scenario())


@pytest.mark.parametrize("text", ["gw", "gw@", "@sen1.test", "gw@sen1.test/proxy", "a b@sen1.test", ""])
def test_what_is_no_bare_jid_is_refused(text):
    """One sentence that shows what was written."""
    with pytest.raises(ConfigError, match="not an XMPP address"):
        bare_jid(text)


def test_a_bare_jid_has_one_way_to_be_written():
    """Case does not tell two recipients apart."""
    assert bare_jid("Coop@Sen2.Test") == "coop@sen2.test"


@pytest.mark.parametrize("address", ["host:", "host:0", "host:99999", ":5222", "host:x"])
def test_a_wrong_address_is_refused(address):
    """Before anything is tried."""
    with pytest.raises(ConfigError, match="host:port"):
        Session(Account("gw@sen1.test", "x", address))


def test_a_ca_file_that_cannot_be_read_is_refused(tmp_path):
    """Missing, or not a certificate: a sentence with its name."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate")
    for file in (wrong, Path("/nonexistent/ca.pem")):
        with pytest.raises(ConfigError, match=r"ca\.pem"):
            Session(Account("gw@sen1.test", "x", None, file))


def test_a_password_is_not_in_the_accounts_own_words():
    """Such as a traceback or a log line would show."""
    assert "canary" not in repr(Account("gw@sen1.test", "canary"))


def test_a_session_that_failed_is_over_and_may_begin_again(federation, monkeypatch):
    """Whoever waits for the connection learns that it is gone; the next life connects."""
    home, _ = federation.domains
    watch, failed = Session._watch, []

    async def fail_once(self, attempt, stop):
        if not failed:
            failed.append(1)
            raise ZeroDivisionError
        await watch(self, attempt, stop)

    monkeypatch.setattr(Session, "_watch", fail_once)

    async def work():
        session, changes = Session(account(federation, "fragile", home), QUICK), []
        session.on_change(changes.append)
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(20):
                await session.run(asyncio.Event())
        assert (session.connected.is_set(), session.state.connected, changes) == (False, False, [True, False])
        async with running(session):
            await eventually(session.connected.is_set)

    asyncio.run(work())


@pytest.mark.parametrize("every", [0.25, 3600])
def test_a_server_is_told_once_of_many_stanzas_and_before_it_is_left(federation, monkeypatch, every):
    """It asks after nearly each; what it were not told of it would send back to whoever sent it."""
    monkeypatch.setattr(attempt, "_ACKNOWLEDGE_S", every)
    home, _ = federation.domains
    user = f"taker{every}"
    came, back, said = [], [], []

    async def work():
        sender = Session(account(federation, f"many{every}", home), QUICK)
        sender.listen("{jabber:client}message", back.append)
        taker = Session(account(federation, user, home), QUICK)
        taker.listen("{jabber:client}message/{urn:test}x", came.append)
        async with running(sender):
            await eventually(sender.connected.is_set)
            async with running(taker):
                await eventually(taker.connected.is_set)
                send = taker._client.send_raw
                taker._client.send_raw = lambda data: said.append(data) or send(data)
                begun = time.monotonic()
                for number in range(60):
                    sender.send_message(f"{user}@{home}/proxy", str(number), ET.Element("{urn:test}x"))
                    await eventually(lambda n=number: len(came) > n)
            lasted = time.monotonic() - begun
            sender.send_message(f"many{every}@{home}/proxy", "last", ET.Element("{urn:test}x"))
            await eventually(lambda: back)
        acknowledged = [ET.fromstring(text).get("h") for text in said if text.startswith("<a ")]
        assert [stanza.type for stanza in back] == ["chat"]
        assert 1 <= len(acknowledged) <= lasted / every + 2
        assert int(acknowledged[-1]) >= 60

    asyncio.run(work())


def test_what_cannot_be_worked_off_does_not_stay_in_the_way():
    """A database that is away is waited for; whatever else fails is gone at the next life."""
    done, errors = [], [StoreError("away"), ZeroDivisionError()]

    async def work():
        if errors:
            raise errors.pop(0)
        done.append(1)

    async def scenario():
        incoming = deque([work, work])
        with pytest.raises(StoreError):
            await work_off(incoming)
        assert len(incoming) == 2
        with pytest.raises(ZeroDivisionError):
            await work_off(incoming)
        await work_off(incoming)
        assert (done, len(incoming)) == ([1], 0)

    asyncio.run(scenario())
