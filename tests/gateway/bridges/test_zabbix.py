"""A real Zabbix 7.0: what a household's gateway sent is there with the meter's clock, its unit, once."""

import asyncio
import json
import random
import re
from dataclasses import replace

import pytest

from gateway.bridges.config import BridgedHouseholdTable, ZabbixTable
from gateway.bridges.core import Value
from gateway.bridges.naming import title
from gateway.errors import BridgeError
from servers import wait_until
from tests.gateway.bridges.conftest import stored, subscribed
from tests.gateway.federation.conftest import START, eventually
from tests.markdown import ROOT

pytest.importorskip("zabbix_utils")
from gateway.bridges.zabbix import ZabbixSink

INDEX, POWER = "consumption/energy/active/index", "consumption/power/apparent/raw"
# So long that the house's invented time stays within it.
KEEPS = "9000d"
TEMPLATES = (ROOT / "gateway/bridges/zabbix.yaml").read_text()
IMPORTED = ("template_groups", "templates", "items", "triggers", "templateDashboards")
RULES = {kind: {"createMissing": True, "updateExisting": True} for kind in IMPORTED}


def settings(zabbix, **more):
    """The bridge's table for a Zabbix, with a token of its administrator."""
    return ZabbixTable(url=zabbix.url, server=zabbix.address, history=KEEPS, trends=KEEPS, **more)


def token(zabbix):
    """A new API token."""
    made = zabbix.api("token.create", {"name": f"bridge {random.getrandbits(64):x}", "userid": "1"})
    return zabbix.api("token.generate", made["tokenids"])[0]["token"]


def imported(zabbix):
    """As by Data collection, Templates, Import."""
    return zabbix.api("configuration.import", {"format": "yaml", "rules": RULES, "source": TEMPLATES})


def values(name, count, path=INDEX, first=0):
    """Values of one series, a minute apart."""
    household = BridgedHouseholdTable(name=name, gateway="gw@x.test/proxy", identifier="gw@x.test/a@x.test")
    return [
        Value(household, path, path, "PT1M", START + 60 * n, 1000 + n, "Wh", path) for n in range(first, first + count)
    ]


def received(zabbix, host):
    """(path, granularity, time, value) of all that a household sent as Zabbix has it, as often as it has it."""
    rows = []
    for key, clock, _, value in zabbix.history(host):
        path, _, granularity = key.removeprefix("linky[").removesuffix("]").partition(",")
        # What follows of indexes has a test of its own.
        if not path.endswith(("/hour", "/day")):
            rows.append((path, granularity, clock, float(value)))
    return sorted(rows)


async def arrived(zabbix, host, count):
    """Zabbix has that many values of a host; asked in a thread, so that the gateway goes on meanwhile."""
    deadline = asyncio.get_running_loop().time() + 60
    while (there := len(await asyncio.to_thread(received, zabbix, host))) < count:
        assert asyncio.get_running_loop().time() < deadline, f"{there} of {count} values are in Zabbix"
        await asyncio.sleep(0.2)


@pytest.mark.slow
def test_an_hour_without_the_bridge_and_kills_lose_nothing_and_double_nothing(zabbix, scene, house):
    """The bridge is killed, away for an hour, killed while it catches up, and Zabbix as well: every minute once."""
    scene.configure(
        f'[zabbix]\nurl = "{zabbix.url}"\nserver = "{zabbix.address}"\ntoken_file = "token"\n'
        f'history = "{KEEPS}"\ntrends = "{KEEPS}"\n'
    )
    (scene.folder / "token").write_text(token(zabbix) + "\n")
    rng = random.Random(7)

    async def scenario(bridge):
        async with scene.gate(house):
            await subscribed(house, scene.bridge)
            house.minutes(3)
            await eventually(lambda: not house.waiting(scene.bridge), 30, "the first minutes confirmed")
            await arrived(zabbix, scene.name, 1)
            bridge.kill()
            house.minutes(60)
            for _ in range(3):
                bridge.start()
                # From before its first connection to the middle of handing on.
                await asyncio.sleep(rng.uniform(0.5, 4))
                bridge.kill()
            await asyncio.to_thread(zabbix.kill_server)
            bridge.start()
            await eventually(lambda: not house.waiting(scene.bridge), 60, "the hour confirmed, with Zabbix away")
            house.minutes(2)
            # Not in a thread: Zabbix would end with it.
            zabbix.start_server()
            await arrived(zabbix, scene.name, len(stored(house)))

    with scene.program("zabbix") as bridge:
        asyncio.run(scenario(bridge))
        assert bridge.stop() == 0
    assert received(zabbix, scene.name) == stored(house)
    assert [path for path, *_ in stored(house)].count(INDEX) == 64
    assert "Traceback" not in bridge.log.read_text()
    asked = {"output": "extend", "filter": {"host": scene.name}, "sortfield": "key_"}
    index, curve, power = zabbix.api("item.get", asked)
    assert (index["name"], index["units"]) == (title(INDEX, "PT1M", "fr"), "Wh")
    assert (curve["key_"], curve["units"]) == ("linky[consumption/power/active/raw,PT30M]", "W")
    assert (power["name"], power["units"]) == (title(POWER, "PT1M", "fr"), "VA")
    facts = {"Type": "Consommation", "Titre": "Mairie", "Batiment": "Mairie", "ECS": "Gaz"}
    assert json.loads(index["description"]) == facts
    with scene.program("zabbix", "--status") as asking:
        assert asking.wait(30) == 0
    assert f"{scene.name}: 0 values wait\n" in bridge.log.read_text()


def test_what_zabbix_answered_for_before_a_crash_is_not_there_twice(zabbix):
    """Sent, and the bridge dies before its own commit: Zabbix says what it has; sent again all the same it is once."""
    sink = ZabbixSink(settings(zabbix), token(zabbix))
    sent = values("crash", 40)
    assert sink.missing(sent) == sent
    _send(sink, sent[:25])
    after = ZabbixSink(settings(zabbix), token(zabbix))
    assert after.missing(sent) == sent[25:]
    # In other company, so that Zabbix would give other nanoseconds of its own.
    _send(after, sent[10:])
    assert received(zabbix, "crash") == [(INDEX, "PT1M", int(v.time), v.value) for v in sent]


def test_one_home_s_old_value_is_not_looked_for_among_everybody_s(zabbix, monkeypatch):
    """Homes whose values are of one hour are asked for together, one that catches up by itself; each is found."""
    sink = ZabbixSink(settings(zabbix), token(zabbix))
    # Some minutes before the full hour and after it, of two homes; a home's of four days ago; one that catches up.
    sent = [*values("now one", 6, POWER, -3), *values("now two", 6, POWER, -3), *values("now one", 1, POWER, -6000)]
    sent += [*values("late", 2, POWER, -2000), *values("late", 2, POWER)]
    _send(sink, sent)
    asked, ask = [], sink._ask

    def noted(method, **params):
        asked.append((method, params["time_till"] - params["time_from"], len(params["itemids"])))
        return ask(method, **params)

    monkeypatch.setattr(sink, "_ask", noted)
    assert sink.missing(sent) == []
    assert sorted(asked) == [("history.get", 0, 1), ("history.get", 5 * 60, 2), ("history.get", 2001 * 60, 1)]


def test_what_zabbix_had_in_memory_when_it_was_killed_is_sent_again(zabbix, monkeypatch):
    """Values are handed on when its history has them, not when its trapper said so."""
    sink = ZabbixSink(settings(zabbix), token(zabbix))
    _send(sink, values("killed", 5))
    sent = values("killed", 60, first=5)
    trapper = sink._sender.send

    def answer_and_die(packed):
        answer = trapper(packed)
        zabbix.kill_server()
        return answer

    zabbix.hold_history()
    monkeypatch.setattr(sink._sender, "send", answer_and_die)
    with pytest.raises(BridgeError, match="took 60 values and has not 60 of them"):
        sink.send(sent)
    monkeypatch.undo()
    with pytest.raises(BridgeError, match="trapper"):
        sink.send(sent)
    zabbix.start_server()
    _send(sink, sent)
    assert received(zabbix, "killed") == [(INDEX, "PT1M", int(v.time), v.value) for v in values("killed", 65)]


def test_text_is_text(zabbix):
    """A tariff's name has an item of its own kind."""
    sink = ZabbixSink(settings(zabbix, language="en"), token(zabbix))
    said = [replace(v, value="HP", unit="", granularity="raw") for v in values("text", 2, "contract/tariff")]
    _send(sink, said)
    rows = [(key, clock, value) for key, clock, _, value in zabbix.history("text")]
    assert rows == [("linky[contract/tariff]", int(v.time), "HP") for v in said]
    (item,) = zabbix.api("item.get", {"filter": {"host": "text"}, "output": ["itemid", "name", "units"]})
    assert (item["name"], item["units"]) == (title("contract/tariff", "raw", "en"), "")


def test_what_zabbix_would_not_keep_is_left_out_and_does_not_hold_up_the_rest(zabbix, caplog):
    """Values older than the history storage period: said once."""
    sink = ZabbixSink(ZabbixTable(url=zabbix.url, server=zabbix.address, history="1d"), token(zabbix))
    with caplog.at_level("WARNING"):
        sink.send(values("old", 3))
        sink.send(values("old", 3))
    assert zabbix.history("old") == []
    assert len(re.findall("older than the history storage period", caplog.text)) == 1


def test_a_wrong_token_is_one_sentence(zabbix):
    """Where, and what Zabbix said; the token is not in it."""
    with pytest.raises(BridgeError, match="Zabbix's API at http://127") as refused:
        ZabbixSink(settings(zabbix), "0" * 64).missing(values("nobody", 1))
    assert "0" * 64 not in str(refused.value)


def _send(sink, sent):
    """As the forwarder does: what is missing, again, until Zabbix knows its new items."""

    def all_there():
        missing = sink.missing(sent)
        if missing:
            try:
                sink.send(missing)
            except BridgeError as error:
                assert "does not know the items" in str(error)  # noqa: PT017 - any other is a fault
        return not missing

    wait_until(all_there, 60, "Zabbix takes them", every=0.3)
