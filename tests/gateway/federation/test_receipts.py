"""A receipt that comes back is sent again, a few times; nothing else is."""

import asyncio
from xml.etree import ElementTree as ET

from gateway.federation.connection.session import Stanza
from gateway.federation.recipient.receipts import MOST_KNOWN, Receipts
from tests.gateway.federation.conftest import eventually
from tests.gateway.federation.test_delivery import Line

GATEWAY = "maison@sen1.test/proxy"


class Bounces(Line):
    """A line on which what was sent may come back."""

    def back(self, stanza_id, origin=GATEWAY, kind="error"):
        """A receipt comes back from there, as Prosody sends it (util/stanza.lua, error_reply); ejabberd adds it."""
        xml = ET.fromstring('<message xmlns="jabber:client" type="error"><error type="wait"/></message>')
        (_, listener), *_ = self._listeners
        listener(Stanza(f"r-{stanza_id}", kind, origin, origin.partition("/")[0], "", xml, None))


def line():
    """A line that is up."""
    made = Bounces()
    made.connected.set()
    return made


def test_a_receipt_that_comes_back_is_sent_again_and_not_for_ever():
    """Each time later, as often as there are pauses; to the device that it was for, with the same id."""

    async def scenario():
        bounced = line()
        receipts = Receipts(bounced, again_s=(0.01, 0.02))
        receipts.confirm(GATEWAY, "a-0-10")
        for count in (2, 3):
            bounced.back("a-0-10")
            await eventually(lambda count=count: len(bounced.sent) == count)
        pending = len(asyncio.get_running_loop()._scheduled)
        bounced.back("a-0-10")
        assert len(asyncio.get_running_loop()._scheduled) == pending, "a fourth one waits"
        assert {(to, stanza_id) for to, stanza_id, _ in bounced.sent} == {("maison@sen1.test", "r-a-0-10")}
        assert set(bounced.addressed) == {GATEWAY}

    asyncio.run(scenario())


def test_what_was_never_confirmed_is_not_because_somebody_says_so():
    """Neither another number nor another sender's word, nor what is no error."""

    async def scenario():
        bounced = line()
        Receipts(bounced, again_s=(0.0,)).confirm(GATEWAY, "a-0-10")
        bounced.back("a-10-20")
        bounced.back("a-0-10", origin="intruder@sen2.test/x")
        bounced.back("a-0-10", kind="chat")
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(bounced.sent) == 1

    asyncio.run(scenario())


def test_no_more_is_remembered_than_may_come_back():
    """The oldest are forgotten."""

    async def scenario():
        receipts = Receipts(line())
        for number in range(MOST_KNOWN + 10):
            receipts.confirm(GATEWAY, str(number))
        assert len(receipts._sent) == MOST_KNOWN
        assert (GATEWAY, "9") not in receipts._sent

    asyncio.run(scenario())
