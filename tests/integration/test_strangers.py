"""A stranger's stanzas do not take the reference recipient off the federation."""

import asyncio
import re

import pytest

from gateway.federation.session import Session
from tests.federation.conftest import QUICK, SENSOR, Gate, House, account
from tests.federation.hostile import pester
from tests.integration.processes import Process


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    (tmp_path / "house").mkdir()
    opened = House(tmp_path / "house")
    yield opened
    opened.store.close()


def test_consume_stays_where_it_is(federation, house, tmp_path):
    """4 kB nested 600 deep, thrice: the same session goes on, under a resource that nobody guesses."""
    home, far = federation.domains
    gateway, pest = account(federation, "gwpest", home), account(federation, "pest", home, resource="x")
    recipient = account(federation, "cooppest", far)
    (tmp_path / "password").write_text("secret\n")
    program = Process(
        *(tmp_path, "consume", "consume", "--jid", recipient.jid, "--password-file", tmp_path / "password"),
        *("--address", federation.address(far), "--ca-file", federation.ca, "--gateway", f"{gateway.jid}/proxy"),
        *("--identifier", f"{gateway.jid}/{SENSOR}@{home}/consumption", "--log-level", "INFO"),
    )
    origin = asyncio.run(pester(Gate(house, gateway), lambda: program, Session(pest, QUICK), program.log.read_text))
    assert re.fullmatch(rf"{re.escape(recipient.jid)}/recipient-[0-9a-f]{{8}}", origin)
