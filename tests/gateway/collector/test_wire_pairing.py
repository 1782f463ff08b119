"""Pairing as the wire document prints it, with a real collector: its examples are sent and compared."""

import asyncio
import csv

import pytest

from gateway.federation.wire.invitation import read
from servers import wait_until
from tests.gateway.collector.test_collecting import WAIT_S, far_account
from tests.gateway.collector.test_joining import INVITE
from tests.integration.wire_document import PLACES, Conversation, Post, account

# As the document prints them.
SECRET = "Zm9yLW9uZS1nYXRld2F5LQ"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.mark.slow
def test_the_examples_of_pairing_are_answered_as_printed(federation, store_at, tmp_path):
    """A claim, the names, and another gateway that comes too late."""
    account(federation, "coop@coop.example/one")
    coop = store_at(far_account(federation))
    coop.config.write_text(coop.config.read_text() + INVITE)
    coop.command("invite", 1, "--sheet", "spring", "--no-accounts", "--to", tmp_path)
    with (tmp_path / "spring.csv").open(newline="") as table:
        signed = read(next(csv.DictReader(table))["link"])
    made = signed.invitation
    put = PLACES | {"inv-0001": made.id, SECRET: made.secret, DIGEST: signed.digest}
    posts = {jid: Post(account(federation, jid)) for jid in ("maison@home.example/proxy", "voisins@home.example/proxy")}
    with coop.collector("one") as one:
        wait_until(lambda: "connected to the federation" in one.log.read_text(), WAIT_S, "the collector's session")
        asyncio.run(Conversation(("collector",), posts, None, put).hold())
        assert one.stop() == 0
    assert [row[0] for row in coop.ask("SELECT joined_at IS NOT NULL FROM invitation")] == [True]
