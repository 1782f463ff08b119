"""A change of settings that cannot be had changes nothing, even if that shows late; acts of root are written down."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from gateway.config.tables import load
from gateway.control.messages import AskHelper, ChangeSettings, Erase
from gateway.daemon import app, renewal
from gateway.daemon.app import Gateway
from gateway.errors import GatewayError
from gateway.links.link import LinkKind
from gateway.upkeep.helper import client
from tests.prepared import prepare

FILE = """
[[meter]]
source = "/nowhere/tty"
[store]
directory = "data"
[mqtt]
host = "127.0.0.1"
port = 1
[backup]
directory = "place"
"""


@asynccontextmanager
async def opened(tmp_path, more=""):
    """A gateway whose cells do not run: its parts are joined all the same."""
    file = tmp_path / "gateway.toml"
    file.write_text(FILE + more)
    prepare(tmp_path / "data")
    gateway = await Gateway.opened(load(file), asyncio.Event())
    try:
        yield gateway
    finally:
        await gateway.close()


def change(gateway, place, value=None, **more):
    """The order of whoever changes something."""
    return gateway._requests.answer(ChangeSettings(place=place, value=value, **more))


def kinds(gateway):
    """Of the links of the house."""
    return {link.kind for link in gateway.house.standing.own_links(0.0)}


def test_a_part_comes_and_goes_with_its_table(tmp_path):
    """The broker's link, its feed's ear, its cells: all of it, and back again."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            house = gateway.house
            ears = len(house.now.listeners)
            assert (await change(gateway, "mqtt"))["made_anew"] == ["broker"]
            assert LinkKind.MQTT not in kinds(gateway)
            assert len(house.now.listeners) == ears - 2
            assert (gateway.lookout.lookers, gateway._requests.speakers) == ([], [])
            assert not {"broker", "feed", "home assistant"} & house.cells._cells.keys()
            assert (await change(gateway, "mqtt", take_back=True))["made_anew"] == ["broker"]
            assert LinkKind.MQTT in kinds(gateway)
            assert len(house.now.listeners) == ears
            assert LinkKind.BACKUP in kinds(gateway)
            assert await change(gateway, "backup") == {"made_anew": [], "waits_for_start": False}
            assert LinkKind.BACKUP not in kinds(gateway)

    asyncio.run(scenario())


def test_ways_come_and_go_with_their_tables(tmp_path):
    """The first one brings them, another one changes them, without the last one nothing of them is left."""
    home = {"url": "json://192.168.1.4/x", "language": "en"}

    async def scenario():
        async with opened(tmp_path) as gateway:
            house = gateway.house
            none, listeners = house.ways, len(gateway.lookout.listeners)
            assert LinkKind.NOTICE not in kinds(gateway)
            assert (await change(gateway, "notice.home", home))["made_anew"] == ["notices"]
            some = house.ways
            assert [way.name for way in some.ways] == ["home"]
            # As long as the gateway has run, they have.
            assert some._began == none.began
            assert LinkKind.NOTICE in kinds(gateway)
            await change(gateway, "notice.other", home)
            assert house.ways is some
            assert [way.name for way in some.ways] == ["home", "other"]
            assert (await change(gateway, "notice"))["made_anew"] == ["notices"]
            assert (house.ways.ways, LinkKind.NOTICE in kinds(gateway)) == ((), False)
            assert len(gateway.lookout.listeners) == listeners
            assert "notices" in house.cells._cells

    asyncio.run(scenario())


def test_what_cannot_be_made_is_not_kept_and_the_part_is_what_it_was(tmp_path):
    """A certificate that is none shows when the connection is made: file, configuration and part are as before."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            config = gateway.house.config
            gateway.house.config.settings.written["mqtt"]["ca_file"] = "missing.crt"
            with pytest.raises(GatewayError, match=r"missing\.crt"):
                await change(gateway, "mqtt.tls", value=True)
            assert (config.mqtt.tls, config.settings.tables) == (False, {})
            assert LinkKind.MQTT in kinds(gateway)
            assert '"tables":{}' in config.settings_file.read_text()

    asyncio.run(scenario())


def test_meters_that_come_wait_for_the_next_start_and_hold_nothing_up(tmp_path):
    """Until then every part finds the meters that it knows; other changes count at once."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            done = await change(gateway, "meter.shed", {"source": "/nowhere/else"})
            assert done == {"made_anew": [], "waits_for_start": True}
            assert [one.name for one in gateway.house.config.meter] == ["house"]
            await change(gateway, "mqtt")
            assert gateway.house.config.mqtt is None
            assert [one.name for one in load(tmp_path / "gateway.toml").meter] == ["house", "shed"]

    asyncio.run(scenario())


def test_a_line_is_another_one_and_its_reader_the_same(tmp_path):
    """What it has gathered is not lost; the doctor looks at the new port."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            house = gateway.house
            reader, line = house.meters["house"], house.meters["house"].line
            done = await change(gateway, "meter.house", {"source": "/nowhere/else", "tee": "127.0.0.1:7999"})
            assert done["made_anew"] == ["meter house"]
            assert house.meters["house"] is reader
            assert reader.line is not line
            assert house.doctors._patients["house"].source == "/nowhere/else"
            assert house.tees.keys() == {"house"}
            await change(gateway, "meter.house.tee")
            assert not house.tees
            assert "tee house" not in house.cells._cells

    asyncio.run(scenario())


def test_everything_that_is_erased_takes_the_settings_along(tmp_path):
    """What says something of the household; how the meter is read stays."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            await change(gateway, "objective.kwh_per_month", 300)
            await change(gateway, "meter.house.source", "/nowhere/else")
            await gateway._requests.answer(Erase(what="everything"))
            config = gateway.house.config
            assert (config.objective.kwh_per_month, config.meter[0].source) == (None, "/nowhere/else")

    asyncio.run(scenario())
    assert load(tmp_path / "gateway.toml").settings.tables == {"meter": {"house": {"source": "/nowhere/else"}}}


def test_what_needs_root_stands_in_the_journal_done_or_refused(tmp_path, monkeypatch):
    """Which act and by whom; of its arguments nothing."""

    async def send(act, arguments):
        if act != "restart-unit":
            raise GatewayError("the helper does not do this")

    monkeypatch.setattr("gateway.daemon.as_root.send", send)

    async def scenario():
        async with opened(tmp_path) as gateway:
            order = AskHelper(act="restart-unit", arguments={"unit": "canary-7f3a"}, by="anne")
            assert await gateway._requests.answer(order) == {}
            with pytest.raises(GatewayError, match="does not do this"):
                await gateway._requests.answer(AskHelper(act="format", arguments={"secret": "canary-7f3a"}))
            await change(gateway, "meter.shed", {"source": "/nowhere/else"}, restart=True)
            return [entry.facts() for entry in gateway.house.store.journal.entries()][-4:]

    done, refused, changed, again = asyncio.run(scenario())
    assert changed == {"kind": "setting-changed", "what": "meter", "channel": "command"}
    assert (done["kind"], done["what"], "by" in done) == ("root-acted", "restart-unit", True)
    assert (refused["kind"], refused["what"]) == ("root-refused", "format")
    assert refused["reason"] == "the helper does not do this"
    assert again["kind"] == "root-acted"
    assert "canary" not in str((done, refused))


def test_without_a_helper_a_restart_is_refused_and_the_change_is_kept(tmp_path, monkeypatch):
    """A gateway that was not installed the usual way."""
    monkeypatch.setattr(client, "SOCKET", tmp_path / "none")

    async def scenario():
        async with opened(tmp_path) as gateway:
            await gateway._requests.answer(AskHelper(act="reboot", arguments={"act": "format", "hear": 1}))

    with pytest.raises(GatewayError, match="does not answer: restart the machine"):
        asyncio.run(scenario())
    assert renewal._ITSELF == {"unit": "linky-gateway.service"}


@pytest.mark.parametrize(
    "tables",
    [
        {"federation": {"jid": "a@b.test"}},
        {
            "mqtt": {"user": "gateway", "host": "127.0.0.1"},
            "household": {"language": "en"},
            "federation": {"jid": "a@b.test"},
        },
    ],
)
def test_what_the_household_changed_keeps_no_gateway_from_starting(tmp_path, tables, caplog):
    """A password that is not there costs the part that needs it, with a sentence; the meter is read."""
    file = tmp_path / "gateway.toml"
    file.write_text(FILE)
    prepare(tmp_path / "data")
    (tmp_path / "data/settings.json").write_text(json.dumps({"version": 1, "tables": tables}))

    async def scenario():
        gateway = await app._opened(load(file), asyncio.Event())
        config = gateway.house.config
        await gateway.close()
        return config

    config = asyncio.run(scenario())
    assert config.federation is None
    assert "federation" in config.settings.refused
    assert "does not count" in caplog.text


def test_what_could_not_be_told_goes_by_the_next_session(tmp_path):
    """The server is away, somebody changes its address: what waited is told, and what came meanwhile."""

    async def scenario():
        file = tmp_path / "gateway.toml"
        (tmp_path / "password").write_text("secret\n")
        (tmp_path / "password").chmod(0o600)
        file.write_text(
            FILE + '[federation]\njid = "a@b.test"\npassword_file = "password"\naddress = "127.0.0.1:1"\n'
            '[household]\naddress = "c@d.test"\n'
        )
        prepare(tmp_path / "data")
        gateway = await Gateway.opened(load(file), asyncio.Event())
        former = gateway.house.federation
        former._household.say({"fr": "perdu", "en": "lost"})
        await change(gateway, "federation.address", "127.0.0.1:2")
        now = gateway.house.federation
        found = [message.texts["en"] for message in now._household._waiting]
        await gateway.close()
        return found, now is former

    assert asyncio.run(scenario()) == (["lost"], False)
