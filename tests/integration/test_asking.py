"""From a stranger's question to a withdrawal, between two real servers: the daemon, its command line, an asker."""

import asyncio
import json
import re
import sys
import time
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.connection.disco import ITEMS
from gateway.federation.connection.session import Account, Session
from gateway.federation.provider.catalogue import CATALOGUE
from gateway.federation.wire.form import ResultPage, build_submit, parse_page, parse_result
from gateway.federation.wire.stanza import OURS, QUOALISE, parse_quoalise
from harness.accounts import FAR, HOME
from harness.points import GATEWAYS, opened
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.federation.conftest import QUICK, eventually, running
from tests.gateway.federation.conftest import House as Filled
from tests.gateway.federation.test_commands import DATA, command
from tests.integration.processes import PASSWORD, House
from tests.integration.test_debian_python import debian_python
from tests.integration.test_household import bodies

__all__ = ["debian_python"]

FAMILY = "famille@sen2.test"
GATEWAY = f"{HOME}/proxy"
SENSOR_NAME = f"{HOME}/ab12@sen1.test"
DAY_S, HALF_HOURS = 86400, 48
FORM = {
    "identifier": f"{SENSOR_NAME}/consumption",
    "granularity": "PT1M",
    "push": "1",
    "history": "1",
    "history_from": "2020-01-01",
    "purpose": "partager un toit",
    "controller": "La Coop",
    "contact": "dpo@coop.example",
    "privacy": "https://coop.example/privacy",
    "role": "controller",
    "retention": "P6M",
}


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """The household on Prosody and the asker on ejabberd, and the reverse."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def python(request):
    """With the newest slixmpp, and with the one of Debian 13 (1.10)."""
    return sys.executable if request.param == "newest" else request.getfixturevalue("debian_python")


class Asker:
    """Somebody with an account in the other domain; ``told`` are the kinds of the notices that came."""

    def __init__(self, session):
        self._session, self.told = session, []
        session.listen(f"{{jabber:client}}message/{{{OURS}}}notice", self._hear)

    def _hear(self, stanza):
        self.told.append(stanza.xml.find(f"{{{OURS}}}notice").get("kind"))

    async def do(self, node, page=None, **fields):
        """A command with its form filled in; the answer."""
        return await self._session.request(GATEWAY, build_submit(node, fields, page))

    async def look(self, node):
        """A command without a form; the answer."""
        return await self._session.request(GATEWAY, command(node))

    async def complete(self, node, form, **fields):
        """A form filled in as a person's client does it: its session, what it held, and its last step."""
        held = {f.get("var"): f.findtext(f"{DATA}value") or "" for f in form.findall(f"{DATA}x/{DATA}field")}
        filled = build_submit(node, held | fields)
        filled.attrib |= {"action": "complete", "sessionid": form.get("sessionid")}
        return await self._session.request(GATEWAY, filled)

    async def discover(self, node):
        """Node and name of the items that service discovery lists."""
        query = ET.Element(f"{{{ITEMS}}}query", {"node": node})
        answer = await self._session.request(GATEWAY, query, kind="get")
        return [(item.get("node"), item.get("name")) for item in answer]

    async def is_refused(self, node, **fields):
        """The condition and the sentence of a refusal."""
        with pytest.raises(FederationError) as refusal:
            await self.do(node, **fields)
        return refusal.value.condition, str(refusal.value)

    async def standing(self):
        """(tag, state) of what it holds and has asked for."""
        answer = await self.look("my_access")
        return [(one.tag.rpartition("}")[2], one.get("state")) for one in answer.find(f"{{{OURS}}}access")]

    async def pages(self, size, **fields):
        """All records of a history by pages, and how many pages there were."""
        records, after, count, total = [], None, 0, None
        while True:
            answer = await self.do("get_history", ResultPage(size, after), **fields)
            parcel = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0)
            assert parcel.retention == "P6M"
            records, count = [*records, *parcel.records], count + 1
            after, counted = parse_page(answer)
            total = total or counted
            if len(records) >= total:
                return records, count


class Home:
    """The household's folder, with a day of readings that ended at the last midnight."""

    def __init__(self, folder, servers, python):
        self.begin = int(time.time()) // DAY_S * DAY_S - DAY_S
        told = f'[household]\naddress = "{FAMILY}"\n'
        self.house = House(folder, servers, folder / "ttyTIC", python=python, extra=told)
        servers.register(*FAMILY.split("@"), PASSWORD)
        (folder / "data").mkdir()
        filled = Filled(folder / "data")
        filled.store.meters.add("house", "ab12")
        filled.time = self.begin
        filled.minutes(DAY_S // 60)
        filled.store.close()

    def notices(self):
        """Kind of every notice to the asker that is queued or was sent."""
        with closing(opened(self.house.folder / GATEWAYS)) as db:
            return [kind for (kind,) in db.execute("SELECT kind FROM notice WHERE recipient = ? ORDER BY id", [FAR])]

    async def command(self, *arguments):
        """One command of the household; what it printed."""
        done = await asyncio.to_thread(self.house.command, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def login(servers, jid, resource):
    """An account of the rig."""
    return Account(jid, PASSWORD, servers.address(jid.partition("@")[2]), servers.ca, resource)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("servers", "python"),
    [
        ("federation", "debian"),
        ("federation_ep", "newest"),
        pytest.param("federation", "newest", marks=pytest.mark.campaign),
        pytest.param("federation_ep", "debian", marks=pytest.mark.campaign),
    ],
    indirect=True,
)
def test_from_a_question_to_a_withdrawal(servers, tmp_path, python):
    """Asked, answered with less, listed, read by pages, withdrawn; at each step just what was allowed, and no more."""
    home = Home(tmp_path, servers, python)
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard") as meter:
        meter.command("unplug")
        with home.house.gateway("DEBUG") as gateway:
            home.house.await_link("xmpp", "ok")
            asyncio.run(_converse(home, servers))
            assert gateway.stop() == 0
        log = gateway.log.read_text()
    assert "Traceback" not in log
    assert "Task was destroyed" not in log
    verdict = home.house.command("journal", "verify")
    assert verdict.returncode == 0, verdict.stderr


async def _converse(home, servers):
    phone, told = Session(replace(login(servers, FAMILY, "phone")), QUICK), []
    phone.listen("{jabber:client}message/{jabber:client}body", lambda stanza: told.append(bodies(stanza)))
    session = Session(login(servers, FAR, "asker"), QUICK)
    asker = Asker(session)
    async with running(phone), running(session):
        await phone.connected.wait()
        await session.connected.wait()
        await _ask(home, asker)
        await eventually(lambda: any("demande un accès" in texts["fr"] for texts in told))
        await _receive_less(home, asker)
        await _read(home, asker)
        await _lose(home, asker)


async def _ask(home, asker):
    """A stranger sees nothing, asks, and hears that the household will answer."""
    assert (await asker.is_refused("list_series"))[0] == "not-authorized"
    assert await asker.standing() == []
    assert await asker.discover(CATALOGUE) == []
    form = await asker.look("request_access")
    assert form.find(f"{DATA}x").get("type") == "form"
    end = time.strftime("%Y-%m-%d", time.gmtime(home.begin + 300 * DAY_S))
    condition, sentence = await asker.is_refused("request_access", **FORM | {"until": "2999-01-01"})
    assert condition == "bad-request"
    assert "trois ans" in sentence
    answer = await asker.complete("request_access", form, **FORM | {"until": end})
    assert answer.get("sessionid") == form.get("sessionid")
    assert parse_result(answer) == {"result": "Success", "request": "1", "state": "pending"}
    assert await asker.standing() == [("request", "pending")]
    (waiting,) = json.loads(await home.command("consent", "pending", "--json"))
    assert (waiting["from"], waiting["meter"], waiting["controller"]) == (FAR, "house", "La Coop")
    assert (await asker.is_refused("list_series"))[0] == "not-authorized"


async def _receive_less(home, asker):
    """The household gives half hours of the power, and no pushes; the asker is told and sees it."""
    less = ["--granularity", "PT30M", "--no-push", "--series", "consumption/power/apparent"]
    await home.command("consent", "answer", "1", "--yes", *less, "--accept")
    assert home.notices() == ["access-granted"]
    await eventually(lambda: asker.told == ["access-granted"], what="the answer told to the asker")
    assert await asker.standing() == [("consent", "valid"), ("request", "granted")]
    answer = await asker.do("list_series")
    (power,) = answer.findall(f"{{{OURS}}}catalogue/{{{OURS}}}series")
    assert power.get("name") == f"{SENSOR_NAME}/consumption/power/apparent/raw"
    assert await asker.discover(CATALOGUE) == [(power.get("name"), "Puissance apparente soutirée")]
    (consent,) = power.findall(f"{{{OURS}}}consent")
    assert (consent.get("granularity"), consent.get("push"), consent.get("history")) == ("PT30M", "false", "true")


def _day(home):
    return {
        "identifier": SENSOR_NAME,
        "start_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(home.begin)),
        "end_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(home.begin + DAY_S)),
    }


async def _read(home, asker):
    """The day by pages, all of it once and nothing finer; no push, no index."""
    records, count = await asker.pages(20, **_day(home))
    # The last half hour of the day is closed by the first frame after it, which nobody has read.
    times = [(r.time - home.begin) / 1800 for r in records]
    assert times == list(range(HALF_HOURS - 1))
    assert count == 3
    assert {r.name for r in records} == {f"{SENSOR_NAME}/consumption/power/apparent/raw"}
    for node, fields in (
        ("get_history", _day(home) | {"granularity": "PT1M"}),
        ("get_history", _day(home) | {"identifier": f"{SENSOR_NAME}/consumption/energy"}),
        ("subscribe", {"identifier": SENSOR_NAME}),
    ):
        assert (await asker.is_refused(node, **fields))[0] == "not-authorized"


async def _lose(home, asker):
    """Withdrawn: at the next question there is nothing any more, and the asker sees why."""
    await home.command("consent", "revoke", FAR)
    assert (await asker.is_refused("get_history", **_day(home)))[0] == "not-authorized"
    assert (await asker.is_refused("list_series"))[0] == "not-authorized"
    assert await asker.standing() == [("consent", "withdrawn"), ("request", "granted")]
    assert home.notices() == ["access-granted", "consent-withdrawn"]
    await eventually(lambda: asker.told == home.notices(), what="the withdrawal told to the asker")


def test_a_household_that_says_no_is_heard(servers, tmp_path):
    """Refused: the request says so, a notice waits for the asker, and nothing was opened."""
    home = Home(tmp_path, servers, sys.executable)

    async def converse():
        session = Session(login(servers, FAR, "asker"), QUICK)
        async with running(session):
            await session.connected.wait()
            asker, end = Asker(session), time.strftime("%Y-%m-%d", time.gmtime(home.begin + 300 * DAY_S))
            await asker.do("request_access", **FORM | {"until": end})
            await home.command("consent", "answer", "1", "--no")
            assert await asker.standing() == [("request", "refused")]
            assert (await asker.is_refused("get_history", **_day(home)))[0] == "not-authorized"

    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard") as meter:
        meter.command("unplug")
        with home.house.gateway() as gateway:
            home.house.await_link("xmpp", "ok")
            asyncio.run(converse())
            wait_until(lambda: home.notices() == ["access-refused"], 30, "a notice")
            said = gateway.log.read_text()
    # Who asks is nobody's business but the household's.
    assert not re.search(f"{FAR}|La Coop", said)
    assert "consent pending" in said
