"""The tool hears its peer, and nobody else."""

import asyncio
from contextlib import AsyncExitStack
from xml.etree import ElementTree as ET

import pytest

from conformance.connection import CLIENT, Connection, HearingSession
from conformance.replies import query
from gateway.federation.connection.disco import CAPS, INFO
from gateway.federation.connection.one_off import once
from gateway.federation.connection.session import Account
from harness.accounts import register

pytestmark = pytest.mark.servers
OWN, PEER, STRANGER = "hearing@sen1.test", "heard@sen2.test", "stranger@sen2.test"


def body(text):
    """Words of a message."""
    element = ET.Element(f"{{{CLIENT}}}body")
    element.text = text
    return element


async def say(line, to):
    """Presence, a message of each kind, and a question: where that is answered all of it has come."""
    line.show(to)
    for kind in ("chat", "headline"):
        assert line.send_message(to, f"{line.account.jid}-{kind}", body("good day"), kind=kind)
    assert await line.ask(to, query(INFO), 60, "get") is not None


def test_what_strangers_send_is_not_kept(federation, tmp_path):
    """Neither messages nor presences; it shows the hash of its own features with its presence."""
    password = register(federation, tmp_path, [OWN, PEER, STRANGER])

    def session(jid, other):
        account = Account(jid, password, federation.address(jid.partition("@")[2]), federation.ca, "conformance")
        return HearingSession(account, other)

    async def heard():
        async with AsyncExitStack() as lines:
            own = (await lines.enter_async_context(Connection(lambda: session(OWN, f"{PEER}/conformance")))).line
            stranger, peer = session(STRANGER, OWN), session(PEER, OWN)
            for line in (stranger, peer):
                await lines.enter_async_context(once(line))
                await say(line, str(own.jid))
            own.show(str(peer.jid))
            shown = await peer.see(str(own.jid), 60)
            return list(own.messages), list(own.presences), shown

    messages, presences, shown = asyncio.run(heard())
    assert [stanza.id for stanza in messages] == [f"{PEER}-chat", f"{PEER}-headline"]
    assert {presence.get("from") for presence in presences} == {f"{PEER}/conformance"}
    assert shown.find(f"{{{CAPS}}}c").get("ver")
