"""What an operator imports into a real Zabbix: a silent household is one alarm, a bridge that is down one as well."""

import asyncio
import re
import time
from dataclasses import replace

import pytest

from gateway.bridges.config import BridgedHouseholdTable
from gateway.bridges.core import Value
from servers import wait_until
from servers.zabbix import ZabbixServer
from tests.gateway.bridges.conftest import subscribed
from tests.gateway.federation.conftest import eventually

pytest.importorskip("zabbix_utils")
from gateway.bridges.zabbix import ZabbixSink
from tests.gateway.bridges.test_zabbix import INDEX, KEEPS, POWER, TEMPLATES, _send, imported, settings, token

pytestmark = pytest.mark.slow

# Seconds. Zabbix looks each half minute whether time has made an alarm.
PATIENCE, AWAY, SETTLE = 40, 20, 900
FIGURES = {"gateways": 4, "queue_values": 0, "values_handed_on_total": 9, "connected_seconds": SETTLE, "sink_up": 1}


@pytest.fixture(scope="module")
def templated(zabbix_installed, tmp_path_factory):
    """A Zabbix of its own with the templates."""
    with ZabbixServer(tmp_path_factory.mktemp("templated")) as running:
        imported(running)
        yield running


@pytest.fixture
def impatient(templated):
    """Its alarms come after seconds, as the template's macros say."""
    for macro, value in (("{$LINKY.PATIENCE}", PATIENCE), ("{$LINKY.BRIDGE.AWAY}", AWAY)):
        (found,) = templated.api("usermacro.get", {"filter": {"macro": macro}, "output": ["hostmacroid"]})
        templated.api("usermacro.update", {**found, "value": f"{value}s"})
    return templated


def now_of(names, path=POWER):
    """A value of this moment as a meter says it, of each household."""
    homes = [
        BridgedHouseholdTable(name=n, gateway=f"{n}@x.test/proxy", identifier=f"{n}@x.test/a@x.test") for n in names
    ]
    return [Value(home, path, path, "raw", float(int(time.time())), 230, "VA", path) for home in homes]


def alarms(zabbix, tag):
    """The hosts for which a trigger of ours stands, by what it is for."""
    asked = {"tags": [{"tag": "linky", "value": tag, "operator": 1}], "selectHosts": ["host"], "output": ["value"]}
    rows = zabbix.api("trigger.get", {**asked, "filter": {"value": 1}})
    return {host["host"] for row in rows for host in row["hosts"]}


def test_the_templates_are_imported_again_without_doubling_anything(templated):
    """Each thing has its identifier for ever: what Zabbix exports has those of the file, before and after."""
    ids = set(re.findall("uuid: ([0-9a-f]{32})", TEMPLATES))
    assert len(ids) == TEMPLATES.count("uuid: ")
    for _ in range(2):
        assert imported(templated)
        rows = templated.api("template.get", {"output": ["templateid"], "search": {"host": "Linky "}})
        groups = templated.api("templategroup.get", {"output": ["groupid"], "filter": {"name": "Templates/Linky"}})
        options = {"templates": [row["templateid"] for row in rows]}
        options["template_groups"] = [row["groupid"] for row in groups]
        told = templated.api("configuration.export", {"format": "yaml", "options": options})
        assert set(re.findall("uuid: ([0-9a-f]{32})", told)) == ids


def test_a_new_household_has_its_template_its_dashboard_and_its_last_word(templated):
    """Linked as it is made; when it last gave something, its shortest period; what its alarm is under."""
    sink = ZabbixSink(settings(templated), token(templated))
    began = int(time.time())
    minutes = [replace(one, granularity="PT1M") for one in now_of(["given"], INDEX)]
    _send(sink, [replace(one, granularity="P1D") for one in now_of(["given"])] + minutes)
    rows = {key: int(value) for key, _, _, value in templated.history("given") if key.startswith("linky.")}
    assert rows["linky.every"] == 60
    assert began <= rows["linky.seen"] <= time.time()
    asked = {"filter": {"host": "given"}, "selectParentTemplates": ["host"], "selectTriggers": ["triggerid"]}
    (host,) = templated.api("host.get", asked)
    assert [one["host"] for one in host["parentTemplates"]] == ["Linky household"]
    (dashboard,) = templated.api(
        "templatedashboard.get",
        {
            "search": {"name": "Linky"},
            "searchWildcardsEnabled": True,
            "filter": {"name": "Linky"},
            "selectPages": "extend",
        },
    )
    widgets = [widget["type"] for page in dashboard["pages"] for widget in page["widgets"]]
    assert widgets == ["item", "item", "problems", "svggraph", "svggraph", "svggraph"]
    ids = [one["triggerid"] for one in host["triggers"]]
    (silent,) = templated.api("trigger.get", {"triggerids": ids, "selectDependencies": ["description"]})
    assert [one["description"].partition(" · ")[2] for one in silent["dependencies"]] == [
        "Nothing comes through the bridge"
    ]


def test_one_alarm_for_a_silent_household_and_one_for_a_bridge_that_is_away(impatient):
    """One that stops is silent until its next value. The bridge away: it alone, until it is back and has settled."""
    names = [f"home {n}" for n in range(4)]
    sink = ZabbixSink(settings(impatient), token(impatient))
    figures = dict(FIGURES)

    def tells(given, holds):
        """The bridge tells of itself and hands on what these households give, each second, until it holds."""

        def told():
            sink.tell(figures)
            sink.send(now_of(given))
            return holds()

        wait_until(told, 240, "the alarms that are due", every=1)

    def silent():
        return alarms(impatient, "silent") & set(names)

    tells(names, lambda: impatient.history("linky-bridge"))
    # One that its operator has freed of the bridge's shows when time has come for all of them.
    (free,) = impatient.api("trigger.get", {"host": names[3], "output": ["triggerid"]})
    impatient.api("trigger.update", {**free, "dependencies": []})
    tells(names[1:], silent)
    assert (silent(), alarms(impatient, "bridge")) == ({names[0]}, set())
    tells(names, lambda: not silent())
    figures["connected_seconds"] = 0
    tells(names, lambda: alarms(impatient, "bridge"))
    tells([], lambda: silent() == {names[3]})
    # Back, and not settled: what waited in gateways is still on its way.
    figures["connected_seconds"] = SETTLE - 1
    tells(names[2:], lambda: not silent())
    assert alarms(impatient, "bridge") == {"linky-bridge"}
    figures["connected_seconds"] = SETTLE
    tells(names[2:], lambda: not alarms(impatient, "bridge"))
    tells(names[2:], lambda: silent() == {names[0], names[1]})


def test_values_that_wait_while_none_go_on_are_the_bridge_s_alarm(impatient):
    """Connected, and Zabbix gets nothing of what waits; later nothing is heard of it at all."""
    sink = ZabbixSink(settings(impatient, bridge="stuck"), token(impatient))
    figures = {**FIGURES, "queue_values": 7}

    def alarmed():
        return "stuck" in alarms(impatient, "bridge")

    def told(goes_on):
        figures["values_handed_on_total"] += goes_on
        sink.tell(figures)
        return alarmed()

    wait_until(lambda: told(0), 120, "the alarm of a bridge that hands nothing on", every=1)
    wait_until(lambda: not told(1), 120, "its end", every=1)
    wait_until(alarmed, 120, "the alarm of a bridge that says nothing", every=1)


def test_the_program_tells_of_itself(templated, scene, house):
    """Each minute: connected for how long, how many gateways, what waits, what was handed on."""
    scene.configure(
        f'[zabbix]\nurl = "{templated.url}"\nserver = "{templated.address}"\ntoken_file = "token"\n'
        f'bridge = "its own"\nhistory = "{KEEPS}"\ntrends = "{KEEPS}"\n'
    )
    (scene.folder / "token").write_text(token(templated) + "\n")

    def told():
        return {key: int(value) for key, _, _, value in templated.history("its own")}

    async def scenario():
        async with scene.gate(house):
            await subscribed(house, scene.bridge)
            house.minutes(3)
            await eventually(lambda: not house.waiting(scene.bridge), 30, "the first minutes confirmed")
            deadline = time.monotonic() + 200
            while len(found := await asyncio.to_thread(told)) < 4:
                assert time.monotonic() < deadline
                await asyncio.sleep(1)
            return found

    with scene.program("zabbix") as bridge:
        found = asyncio.run(scenario())
        assert bridge.stop() == 0
    assert found["linky.bridge[gateways]"] == 1
    assert found["linky.bridge[queue_values]"] == 0
    assert found["linky.bridge[values_handed_on_total]"] > 0
    assert found["linky.bridge[connected_seconds]"] > 30
