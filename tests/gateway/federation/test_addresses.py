"""A server that is a cluster: several addresses, of which any will do."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from gateway.config.tables import load
from gateway.errors import ConfigError
from gateway.federation.connection.addresses import shuffled
from gateway.federation.connection.session import Account, Session
from servers import Proxy, free_port
from tests.gateway.federation.conftest import QUICK, account, eventually, running


def ordered(session, *addresses):
    """The session with the addresses in this order: chance is tested apart."""
    session._addresses = [(host, int(port)) for host, port in (one.split(":") for one in addresses)]
    return session


def test_of_two_addresses_the_one_that_answers_is_found_in_the_same_attempt(federation):
    """No wait between two attempts stands between a gateway and the node that is left."""
    known = account(federation, "either", "sen1.test")
    dead = f"127.0.0.1:{free_port()}"

    async def scenario():
        session = Session(replace(known, address=(dead, known.address)), replace(QUICK, retry_first=600))
        async with running(ordered(session, dead, known.address)):
            await eventually(session.connected.is_set)
            assert session.state.sessions == 1

    asyncio.run(scenario())


def test_an_address_that_takes_connections_and_says_nothing_holds_nobody_up_for_good(federation):
    """The next attempt begins with another one."""
    known = account(federation, "other", "sen1.test")

    async def scenario():
        async with Proxy(known.address) as mute:
            mute.freeze()
            session = Session(replace(known, address=(mute.address, known.address)), replace(QUICK, start=2))
            async with running(ordered(session, mute.address, known.address)):
                await eventually(lambda: mute.accepted)
                await eventually(session.connected.is_set, 30)

    asyncio.run(scenario())


def test_where_a_node_is_lost_its_gateways_go_to_another(federation):
    """Cut off and refused here, connected there."""
    known = account(federation, "moved", "sen1.test")

    async def scenario():
        async with Proxy(known.address) as one, Proxy(known.address) as two:
            session = ordered(
                Session(replace(known, address=(one.address, two.address)), QUICK), one.address, two.address
            )
            async with running(session):
                await eventually(session.connected.is_set)
                assert (one.accepted, two.accepted) == (1, 0)
                one.refuse = True
                one.cut()
                await eventually(lambda: session.state.sessions == 2)
                assert two.accepted == 1

    asyncio.run(scenario())


def test_none_that_answers_is_one_failed_attempt():
    """All were tried, and it goes on."""
    several = tuple(f"127.0.0.1:{free_port()}" for _ in range(3))

    async def scenario():
        async with running(Session(Account("gw@sen9.test", "x", several), QUICK)) as session:
            await eventually(lambda: session.state.attempts >= 2)
            assert str(session.state.error).startswith("the server cannot be reached")

    asyncio.run(scenario())


def test_gateways_spread_over_the_nodes():
    """Each takes its first one by chance: of 2,000 each of four nodes gets a quarter, within five deviations."""
    nodes = tuple(f"192.0.2.{number}:5222" for number in range(1, 5))
    firsts = Counter(shuffled(nodes)[0] for _ in range(2000))
    assert set(firsts) == {(f"192.0.2.{number}", 5222) for number in range(1, 5)}
    assert all(abs(count - 500) < 97 for count in firsts.values())


@pytest.mark.parametrize("address", [("192.0.2.1:5222", "host:0"), ("host:x",)])
def test_each_address_must_be_one(address):
    """Before anything is tried."""
    with pytest.raises(ConfigError, match="host:port"):
        Session(Account("gw@sen1.test", "x", address))


@pytest.mark.parametrize(
    ("written", "read"),
    [('"a.test:5222"', "a.test:5222"), ('["a.test:5222", "b.test:5222"]', ("a.test:5222", "b.test:5222"))],
)
def test_the_configuration_takes_one_address_or_several(tmp_path, written, read):
    """``address`` in [federation]."""
    file = tmp_path / "gateway.toml"
    file.write_text(f'[[meter]]\nsource = "/nowhere/tty"\n[federation]\njid = "gw@a.test"\naddress = {written}\n')
    assert load(file).federation.address == read


def test_a_list_of_no_address_is_refused(tmp_path):
    """It would be no address at all."""
    file = tmp_path / "gateway.toml"
    file.write_text('[[meter]]\nsource = "/nowhere/tty"\n[federation]\njid = "gw@a.test"\naddress = []\n')
    with pytest.raises(ConfigError, match=r"\[federation\] address"):
        load(file)
