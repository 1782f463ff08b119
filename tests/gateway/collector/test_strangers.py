"""A stranger's stanzas do not take a collector off the federation."""

import asyncio

from gateway.federation.connection.session import Session
from tests.gateway.collector.test_collecting import far_account
from tests.gateway.federation.conftest import QUICK, SENSOR, Gate, House, account
from tests.gateway.federation.hostile import pester


def test_a_collector_stays_where_it_is(federation, store_at, tmp_path):
    """4 kB nested 600 deep, thrice: the same session goes on."""
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house")
    store = store_at(far_account(federation))
    home = federation.domains[0]
    gateway = account(federation, "gwcollect", home)
    pest = Session(account(federation, "pestcollect", home, resource="x"), QUICK)
    federation.register("coop", federation.domains[1], "canary-7f3a-correct-horse")
    store.command("gateways", "add", f"{gateway.jid}/proxy", "--identifier", f"{gateway.jid}/{SENSOR}@{home}")
    program = store.collector("one")
    asyncio.run(pester(Gate(house, gateway), lambda: program, pest, program.log.read_text))
    house.store.close()


def test_a_collector_has_a_resource_that_nobody_guesses(store_at):
    """Unless one is written for it."""
    from gateway.collector.config import load

    store = store_at("")
    one, other = (load(store.config).session_account().resource for _ in range(2))
    assert one.startswith("collect-")
    assert one != other
