"""Whoever has ended a consent waits for what is leaving, and for nothing else."""

import asyncio
from contextlib import contextmanager
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from gateway.federation.connection.departure import Departures
from gateway.federation.connection.session import Session
from tests.gateway.federation.conftest import QUICK, account, eventually, running


class Pipe:
    """A transport that keeps so many bytes to itself."""

    def __init__(self, held=0):
        self.held = held

    def get_write_buffer_size(self):
        return self.held


class Client:
    """Where slixmpp's client stands: its queue, its transport, and the one beneath that TLS writes to."""

    def __init__(self, held=0):
        self.waiting_queue, self.transport, self.aborted = asyncio.Queue(), Pipe(), False
        self.beneath = Pipe(held)
        self.transport._ssl_protocol = SimpleNamespace(_transport=self.beneath)

    def abort(self):
        self.aborted = True


def test_it_waits_for_what_is_leaving_and_not_for_what_begins_later():
    """A delivery that never stops holds nobody up."""

    async def scenario():
        departures = Departures(lambda: None)
        first = departures.one()
        first.__enter__()
        waiting = asyncio.create_task(departures.over())
        await asyncio.sleep(0)
        with departures.one():
            assert not waiting.done()
            first.__exit__(None, None, None)
            await waiting

    asyncio.run(scenario())


@pytest.mark.parametrize("where", ["queue", "transport", "beneath"])
def test_it_waits_until_the_socket_has_it(where):
    """Neither slixmpp's queue nor a buffer of TLS or of asyncio holds anything back."""

    @contextmanager
    def held(client):
        if where == "queue":
            client.waiting_queue.put_nowait("<message/>")
            yield
            client.waiting_queue.get_nowait()
        else:
            pipe = client.transport if where == "transport" else client.beneath
            pipe.held = 10
            yield
            pipe.held = 0

    async def scenario():
        client = Client()
        departures = Departures(lambda: client)
        with held(client):
            waiting = asyncio.create_task(departures.over())
            done, _ = await asyncio.wait([waiting], timeout=0.1)
            assert not done
        await waiting
        assert not client.aborted

    asyncio.run(scenario())


def test_a_line_that_takes_nothing_any_more_is_cut():
    """What is in no socket yet never will be."""

    async def scenario():
        client = Client(held=10)
        await Departures(lambda: client).over(patience_s=0.05)
        assert client.aborted

    asyncio.run(scenario())


def test_a_session_that_ended_meanwhile_holds_nobody_up():
    """What it had not written is lost with it."""

    async def scenario():
        clients = [Client(held=10)]
        waiting = asyncio.create_task(Departures(lambda: clients[-1]).over(patience_s=60))
        await asyncio.sleep(0)
        clients.append(None)
        await asyncio.wait_for(waiting, 60)
        assert not clients[0].aborted

    asyncio.run(scenario())


def test_over_a_real_session_it_is_in_the_socket(federation):
    """What was given to the stream before has left slixmpp and TLS when the wait is over."""
    home = federation.domains[0]
    sender, taker = (account(federation, f"leaves{n}", home) for n in (1, 2))
    came = []

    async def scenario():
        one, other = Session(sender, QUICK), Session(taker, QUICK)
        other.listen("{jabber:client}message/{jabber:client}body", lambda stanza: came.append(stanza.id))
        async with running(one), running(other):
            await asyncio.gather(one.connected.wait(), other.connected.wait())
            body = ET.Element("{jabber:client}body")
            body.text = "x" * 20_000
            for number in range(5):
                assert one.send_message(taker.jid, f"m{number}", body)
            assert not one._client.waiting_queue.empty()
            await one.departures.over()
            transport = one._client.transport
            assert one._client.waiting_queue.empty()
            assert transport.get_write_buffer_size() == 0
            # Of this no release of Python may make nothing: without it the wait would see only half of what is held.
            assert transport._ssl_protocol._transport.get_write_buffer_size() == 0
            await eventually(lambda: len(came) == 5)

    asyncio.run(scenario())
