"""An errand at real servers: it asks, and takes nothing that is for the account's own program."""

import asyncio
import logging
import time
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.connection.one_off import alone
from gateway.federation.connection.session import Account, Session
from servers import free_port
from tests.gateway.federation.conftest import QUICK, account, eventually, running

UNREACHED = Account("errands@sen1.test", "secret", f"127.0.0.1:{free_port()}")
ROSTER = "{jabber:iq:roster}query"


def test_what_waits_for_the_account_is_still_there_after_an_errand(federation):
    """A message that came while the account was away goes to its program, which asks for it later."""
    home, far = federation.domains
    sender = account(federation, "writer", home)
    reader = account(federation, "errands", far)
    body = f"kept {time.time_ns()}"

    async def work():
        words = ET.Element("{jabber:client}body")
        words.text = body
        async with running(Session(sender, QUICK)) as writing:
            async with asyncio.timeout(15):
                await writing.connected.wait()
            gone = []
            writing.on_acknowledged(lambda _, number: gone.append(number))
            writing.send_message(reader.jid, "kept", words)
            await eventually(lambda: gone, what="its own server has it")
            # An answer of the other domain comes behind what was sent to it before: the message is there.
            await writing.request(far, ET.Element("{jabber:iq:version}query"), kind="get")
            async with alone(replace(reader, resource="errand")) as errand:
                # Long enough for the server to hear that what it brought here arrived.
                for _ in range(5):
                    await errand.request(reader.jid, ET.Element(ROSTER), kind="get")
        heard, program = [], Session(reader, QUICK)
        program.listen(
            "{jabber:client}message", lambda stanza: heard.append(stanza.xml.findtext("{jabber:client}body"))
        )
        async with running(program):
            await eventually(lambda: heard, 20, "what waited")
        return heard

    assert asyncio.run(work()) == [body]


def test_errands_are_quiet_and_nobody_else_is(caplog):
    """What goes wrong with two at once is said by whoever sent them; a session beside and after them speaks."""
    caplog.set_level(logging.WARNING)

    async def errand():
        with pytest.raises(FederationError):
            async with alone(UNREACHED):
                pass

    async def said():
        count = len(caplog.messages)
        async with running(Session(UNREACHED, QUICK)):
            await asyncio.gather(errand(), errand())
            await eventually(lambda: len(caplog.messages) > count, 20, "a session's own fault is said")
        return len(caplog.messages) - count

    async def work():
        await asyncio.gather(errand(), errand())
        assert caplog.messages == []
        return await said()

    assert asyncio.run(work()) == 1
    assert logging.getLogger("gateway.federation").level == logging.NOTSET
