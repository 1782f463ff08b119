"""What the rig's tap has written down is held to the schema."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from gateway.federation.connection.session import Session
from tests.gateway.federation.conftest import QUICK, account, eventually, running
from tests.tap import Tap, tapped
from tests.wire_schema import can_validate

GOOD = "<joined xmlns='urn:linky-gateway:pairing:1' state='claimed'/>"
BAD = "<joined xmlns='urn:linky-gateway:pairing:1' state='lost'/>"
pytestmark = pytest.mark.skipif(not can_validate(), reason="lxml is not installed")


def message(origin, held):
    """As mod_tap.lua writes one."""
    return f"<message from='{origin}' to='maison@sen1.test/proxy'>{held}</message>\x1e"


def test_what_somebody_sends_in_another_form_is_found(tmp_path):
    """But for what a test makes up to see it refused, which may have any form."""
    tap, file = Tap(tmp_path), tmp_path / "life"
    tap.check()
    nonsense = message("coop@sen2.test/one", BAD).replace("<message ", "<message id='nonsense-1' ")
    file.write_text(message("coop@sen2.test/one", GOOD) + message("coop@sen2.test/odd", BAD) + nonsense)
    tap.check()
    with file.open("a") as more:
        more.write(message("coop@sen2.test/one", BAD))
    with pytest.raises(AssertionError, match="lost"):
        tap.check()


def test_each_module_answers_for_itself(tmp_path):
    """What was found once is not found again, what is not whole yet is found then; another life has another file."""
    tap, file = Tap(tmp_path), tmp_path / "life"
    bad = message("coop@sen2.test/one", BAD)
    file.write_text(bad[:40])
    tap.check()
    file.write_text(bad + bad[:40])
    with pytest.raises(AssertionError, match="lost"):
        tap.check()
    (tmp_path / "another").write_text(message("coop@sen2.test/one", GOOD) + bad[:40])
    tap.check()
    assert len(list(tap.stanzas())) == 2


@pytest.mark.servers
def test_a_server_that_a_test_starts_is_tapped(start_federation, tmp_path):
    """A stanza that does not fit, which somebody sends over it, is found in what it wrote."""
    with tapped(tmp_path) as tap:
        federation = start_federation()

    async def say(text):
        came, session = [], Session(account(federation, "tapped", federation.domains[0]), QUICK)
        session.listen("{jabber:client}message", came.append)
        async with running(session):
            await asyncio.wait_for(session.connected.wait(), 60)
            session.send_message(str(session.jid), "said", ET.fromstring(text))
            await eventually(lambda: came)

    asyncio.run(say(GOOD))
    tap.check()
    assert [stanza.get("id") for stanza in tap.stanzas() if stanza.tag.endswith("message")] == ["said"]
    asyncio.run(say(BAD))
    with pytest.raises(AssertionError, match="lost"):
        tap.check()
