"""A stranger's stanzas take neither a gateway nor the reference recipient off the federation."""

import asyncio
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.connection.session import Session
from harness.accounts import HOME
from tests.gateway.federation.conftest import QUICK, SENSOR, Gate, House, account, eventually, running
from tests.gateway.federation.hostile import payload, pester, relatives
from tests.integration import processes
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


def resident(process):
    """Bytes of memory that a process has."""
    told = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmRSS")) * 1024


async def shoot(servers, texts):
    """Each text by an ordinary account of the gateway's own domain, twenty by the same; one is answered afterwards."""
    roster = ET.Element("{jabber:iq:roster}query")
    for number in range(0, len(texts), 20):
        pest = account(servers, f"pest{number}", "sen1.test", resource="x")
        async with running(Session(pest, QUICK)) as session:
            for text in texts[number : number + 20]:
                await eventually(session.connected.is_set, 30)
                session._client.send_raw(text)
                # Its own server may have ended its stream for it, or wait for more of it; what follows brings that.
                try:
                    await session.request(pest.jid, roster, 2, "get")
                except FederationError:
                    continue


@pytest.mark.campaign
@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_relatives_leave_the_gateway_as_it_was(start_federation, tmp_path, seed):
    """The process lives, its session was never down, and it has at most 5 MB more."""
    servers = start_federation("prosody", "ejabberd")
    house = processes.House(tmp_path / "house", servers, "replay:nothing.raw")
    (house.folder / "nothing.raw").write_bytes(b"")
    target = f"{HOME}/proxy"
    texts = [payload(target), payload(target, 1998), *relatives(seed, 200, target)]
    with house.gateway() as gateway:
        house.await_link("xmpp", "ok")
        # What the first of each kind loads and keeps is not what the others add.
        asyncio.run(shoot(servers, texts[:10]))
        before = resident(gateway)
        asyncio.run(shoot(servers, texts))
        house.await_link("xmpp", "ok")
        grown = resident(gateway) - before
        assert gateway.stop() == 0
    said = gateway.log.read_text()
    assert said.count("connected to the federation") == 1, said
    assert "Traceback" not in said
    assert len(said.splitlines()) < 40, said
    assert grown <= 5_000_000, f"{grown / 1e6:.1f} MB"
