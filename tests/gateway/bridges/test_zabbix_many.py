"""A real Zabbix that meets many households at once: each is made with its tags, in a few calls for all of them."""

import asyncio
import time
from collections import Counter
from contextlib import ExitStack, closing

import pytest

from gateway.bridges.config import BridgedHouseholdTable
from gateway.bridges.core import Forwarder, InThread
from gateway.bridges.shared import SharedSink
from gateway.federation.recipient.recipient import Keeper
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.pack import Record
from gateway.store.bridge_queue import BridgeQueue, enqueue
from servers.zabbix import ZabbixServer
from tests.gateway.federation.conftest import START

pytest.importorskip("zabbix_utils")
from gateway.bridges.zabbix import ZabbixSink
from tests.gateway.bridges.test_zabbix import settings, token

PATHS = (
    "consumption/energy/active/index",
    "consumption/power/apparent/raw",
    "consumption/power/active/raw",
    "production/energy/active/index",
)


def registered(zabbix, folder, count, word):
    """Hand on the first values of many households, a queue for each: seconds, and calls by their method."""
    calls = Counter()
    with ExitStack() as stack:
        queues = []
        for n in range(count):
            jid = f"{word}{n}@x.test"
            home = BridgedHouseholdTable(
                name=f"{word} {n}", gateway=f"{jid}/proxy", identifier=f"{jid}/ab12@x.test",
                tags={"place": f"35{n % 7:03}", "segment": "école"},
            )  # fmt: skip
            keeper = stack.enter_context(closing(Keeper(folder / f"{n}.sqlite", enqueue)))
            queues.append((BridgeQueue(keeper.file), home))
            records = [Record(f"{home.identifier}/{path}", START, n, "Wh") for path in PATHS]
            keeper.add(QuoaliseMessage(tuple(records), None, "ab12", None, {}, {}, rectifies=False))
        sink = ZabbixSink(settings(zabbix), token(zabbix))
        call = sink._api._call

        def counted(method, params):
            calls[method] += 1
            return call(method, params)

        sink._api._call = counted
        shared, stop = SharedSink(InThread(sink)), asyncio.Event()

        async def all_handed_on():
            tasks = [asyncio.create_task(Forwarder(queue, [home], shared, 90).run(stop)) for queue, home in queues]
            while any(queue.backlog()[0] for queue, _ in queues):
                await asyncio.wait(tasks, timeout=0.05)
            stop.set()
            await asyncio.gather(*tasks)

        began = time.monotonic()
        asyncio.run(asyncio.wait_for(all_handed_on(), 600))
        return time.monotonic() - began, calls


def held(zabbix, word):
    """What Zabbix has of these households: tags of each host, and each of its items with its history."""
    asked = {"output": ["host"], "search": {"host": f"{word} "}, "selectTags": "extend", "selectItems": "count"}
    hosts = zabbix.api("host.get", asked)
    return {host["host"]: ({tag["tag"]: tag["value"] for tag in host["tags"]}, host["items"]) for host in hosts}


@pytest.mark.slow
def test_many_new_households_are_made_together(zabbix, tmp_path):
    """A hundred households, four series each: hosts and items in a few calls, tags by which an operator filters."""
    count = 100
    _, calls = registered(zabbix, tmp_path, count, "new")
    assert held(zabbix, "new") == {
        f"new {n}": ({"place": f"35{n % 7:03}", "segment": "école"}, "4") for n in range(count)
    }
    # The first goes alone; whoever comes meanwhile goes together.
    assert calls["host.create"] <= 4
    assert calls["item.create"] <= 2 + 4 * count / 100 + 2
    assert zabbix.history("new 42") == [(f"linky[{path}]", START, 1, "42") for path in sorted(PATHS)]
    asked = {"filter": {"host": "new 42", "key_": f"linky[{PATHS[1]}]"}, "selectTags": "extend"}
    (item,) = zabbix.api("item.get", asked)
    assert {tag["tag"]: tag["value"] for tag in item["tags"]} == {
        "component": "power", "flow": "consumption", "series": PATHS[1], "granularity": "raw",
    }  # fmt: skip


@pytest.mark.campaign
def test_how_many_new_households_a_minute(tmp_path):
    """A thousand, at a Zabbix that hears of new items as seldom as a new installation does: prints the figure."""
    (tmp_path / "zabbix").mkdir()
    (tmp_path / "queues").mkdir()
    with ZabbixServer(tmp_path / "zabbix", hears_s=10) as zabbix:
        took, calls = registered(zabbix, tmp_path / "queues", 1000, "many")
        assert len(held(zabbix, "many")) == 1000
    print(
        f"1,000 new households, 4 series each: {took:.0f} s, {60_000 / took:.0f} a minute, {sum(calls.values())} calls"
    )
