"""What service discovery says: the hash of XEP-0115; between two real servers, features, commands and catalogue."""

import asyncio
from contextlib import AsyncExitStack
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.connection.disco import CAPS, CAPS_NODE, COMMANDS, INFO, ITEMS, verification
from gateway.federation.connection.session import Session
from gateway.federation.wire.fields import COMMAND_NAMES
from gateway.federation.wire.stanza import QUOALISE
from tests.gateway.federation.conftest import QUICK, SENSOR, Gate, account, running


def test_the_hash_is_that_of_the_specification():
    """XEP-0115 §5.2, the simple example."""
    features = [CAPS, INFO, ITEMS, "http://jabber.org/protocol/muc"]
    assert verification([("client", "pc", "Exodus 0.9.1")], features) == "QgayPKawpkPSDYmwT/WM94uAlu0="


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """Prosody and ejabberd, each in turn on the gateway's side."""
    return request.getfixturevalue(request.param)


async def discover(session, gateway, what, node=None):
    """The answer to a query of service discovery."""
    query = ET.Element(f"{{{what}}}query", {"node": node} if node else {})
    return await session.request(gateway, query, kind="get")


def items(answer):
    """Node -> (jid, name)."""
    return {item.get("node"): (item.get("jid"), item.get("name")) for item in answer}


def features(answer):
    return {feature.get("var") for feature in answer.findall(f"{{{INFO}}}feature")}


def test_a_peer_finds_the_commands_and_the_catalogue(servers, house):
    """From the root down; the catalogue's items and what they are depend on who asks."""
    house.minutes(2)
    home, away = servers.domains
    gw, coop, other = account(servers, "dgw", home), account(servers, "dcoop", away), account(servers, "dother", away)
    house.allow(coop.jid, "consumption/power")
    leaf = f"{gw.jid}/{SENSOR}@{home}/consumption/power/apparent/raw"

    async def scenario():
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(Gate(house, gw))
            sessions = [await stack.enter_async_context(running(Session(a, QUICK))) for a in (coop, other)]
            for session in sessions:
                await session.connected.wait()
            mine, theirs = sessions
            gateway = f"{gw.jid}/proxy"
            info = await discover(mine, gateway, INFO)
            assert {QUOALISE, COMMANDS, CAPS, INFO, ITEMS} <= features(info)
            assert info.find(f"{{{INFO}}}identity").get("name") == "linky-gateway"
            assert items(await discover(mine, gateway, ITEMS)) == {
                COMMANDS: (gateway, "Commandes / Commands"),
                "catalogue": (gateway, "Séries"),
            }
            assert items(await discover(mine, gateway, ITEMS, COMMANDS)).keys() == COMMAND_NAMES.keys()
            assert items(await discover(mine, gateway, ITEMS, "catalogue")) == {
                leaf: (gateway, "Puissance apparente soutirée")
            }
            assert items(await discover(theirs, gateway, ITEMS, "catalogue")) == {}
            branch = await discover(mine, gateway, INFO, "catalogue")
            assert branch.find(f"{{{INFO}}}identity").get("type") == "branch"
            told = await discover(mine, gateway, INFO, leaf)
            assert told.find(f"{{{INFO}}}identity").get("name") == "Puissance apparente soutirée"
            for session, node in ((theirs, leaf), (mine, "nonsense")):
                with pytest.raises(FederationError) as refusal:
                    await discover(session, gateway, INFO, node)
                assert refusal.value.condition == "item-not-found"
            hashed = verification([("client", "bot", "linky-gateway")], features(info))
            assert features(await discover(mine, gateway, INFO, f"{CAPS_NODE}#{hashed}")) == features(info)

    asyncio.run(scenario())


def test_the_presence_carries_the_hash_of_what_is_said(servers):
    """As another resource of the account sees it: what it asks for is what it was told the hash of."""
    (home, _), heard = servers.domains, []
    first, second = (account(servers, "dcaps", home, resource=name) for name in ("phone", "proxy"))
    watcher, watched = Session(first, QUICK), Session(second, QUICK, (QUOALISE,), COMMAND_NAMES)

    async def scenario():
        arrived = asyncio.Event()

        def hear(stanza):
            caps = stanza.xml.find(f"{{{CAPS}}}c") if stanza.name == "presence" else None
            if caps is not None and stanza["from"].resource == "proxy":
                heard.append(caps.attrib)
                arrived.set()
            return stanza

        async with running(watcher):
            await watcher.connected.wait()
            # Before the one that drops presences.
            watcher._client._XMLStream__filters["in"].insert(0, hear)
            async with running(watched):
                async with asyncio.timeout(10):
                    await arrived.wait()
                    info = await discover(watcher, str(watched.jid), INFO)
        assert heard[0]["hash"] == "sha-1"
        assert heard[0]["node"] == CAPS_NODE
        assert heard[0]["ver"] == verification([("client", "bot", "linky-gateway")], features(info))

    asyncio.run(scenario())
