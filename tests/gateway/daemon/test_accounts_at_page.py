"""The accounts as the page changes them: what was typed counts at once, goes with its table, and nothing else goes."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.account.password_file import password_file
from gateway.config.settings import adopt, refusing
from gateway.config.tables import MQTT_CREDENTIAL, load
from gateway.config.typed_secrets import keep_secret, kept_secret, typed_secret
from gateway.daemon.accounts_at_page import PageAccount, PageBroker
from gateway.daemon.app import Gateway
from gateway.daemon.ways_at_page import PageWays
from gateway.errors import ConfigError, StoreError
from gateway.words.phrase import Phrase
from tests.gateway.daemon.test_renewal import FILE, change, opened
from tests.mosquitto import HOST, Mosquitto
from tests.prepared import prepare

OLD, NEW = "canary-old-71", "canary-new-05"


def broker_table(broker, **more):
    """What the page's form has."""
    return {"host": HOST, "port": broker.port, "tls": False, "user": "linky", "discovery": True} | more


def connection(house):
    """To the broker, of the cell that keeps it alive."""
    return house.cells._cells["broker"].work.func.__self__


def test_the_page_keeps_what_the_household_said_of_the_broker_besides(tmp_path):
    """The form has no prefix of Home Assistant; that which was set by the command line stays."""

    async def scenario(broker):
        async with opened(tmp_path) as gateway:
            await change(gateway, "mqtt.discovery_prefix", "maison")
            page = PageBroker(gateway.house, gateway._requests)
            await page.keep(broker_table(broker), NEW)
            account = gateway.house.config.mqtt
            assert (account.discovery_prefix, account.user) == ("maison", "linky")

    with Mosquitto(tmp_path / "broker", {"linky": NEW}) as broker:
        asyncio.run(scenario(broker))


def test_a_password_typed_anew_is_used_by_the_part_that_runs(tmp_path):
    """The table is the same, so the connection is not made anew; it reads the new one. A change that fails: the old."""

    async def scenario(broker):
        async with opened(tmp_path) as gateway:
            house, table = gateway.house, broker_table(broker)
            page = PageBroker(house, gateway._requests)
            keep_secret(house.config, MQTT_CREDENTIAL, OLD)
            await change(gateway, "mqtt", table)
            running = connection(house)
            assert await running.refusal() is not None
            await page.keep(table, NEW)
            assert connection(house) is running
            assert await running.refusal() is None

            house.config.settings.written["mqtt"]["ca_file"] = "missing.crt"
            with pytest.raises(ConfigError, match=r"missing\.crt"):
                await gateway._requests.put("mqtt", table | {"tls": True}, OLD)
            assert typed_secret(house.config, MQTT_CREDENTIAL).read_text() == f"{NEW}\n"
            assert await connection(house).refusal() is None

    with Mosquitto(tmp_path / "broker", {"linky": NEW}) as broker:
        asyncio.run(scenario(broker))


def test_a_typed_secret_goes_with_its_table_whoever_takes_that_away(tmp_path):
    """By the command line, by a user that is none any more, at the page after somebody else."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            config, ways = gateway.house.config, PageWays(gateway.house, gateway._requests)
            secrets = config.directory / "secrets"

            def kept():
                return sorted(file.name for file in secrets.iterdir())

            for name in ("home", "other"):
                await ways.add(name, {"language": "en"}, "json://192.168.1.4/x")
            account = {"user": "linky", "host": HOST}
            await gateway._requests.put("mqtt", account, NEW)
            (config.directory / "xmpp-password").write_text(OLD)
            assert kept() == ["mqtt-password", "notices_home", "notices_other"]
            await change(gateway, "notice.home", take_back=True)
            assert kept() == ["mqtt-password", "notices_other"]
            await change(gateway, "mqtt.user")
            assert kept() == ["notices_other"]
            await gateway._requests.put("mqtt", account, NEW)
            # What the file says of it counts again, and so does its password.
            await change(gateway, "mqtt", take_back=True)
            assert kept() == ["notices_other"]
            keep_secret(config, "notices_gone", "json://192.168.1.4/y")
            await ways.remove("gone")
            assert kept() == ["notices_other"]
            await ways.remove("other")
            assert kept() == []
            assert (config.directory / "xmpp-password").read_text() == OLD

    asyncio.run(scenario())


def test_a_start_forgets_what_a_power_cut_left(tmp_path):
    """Between a secret and its table; that of a table which does not go with the file today is not touched."""
    file = tmp_path / "gateway.toml"
    file.write_text(FILE)
    prepare(tmp_path / "data")
    config = load(file)
    for name in ("notices_half", "notices_home", MQTT_CREDENTIAL):
        keep_secret(config, name, NEW)
    tables = '{"mqtt":{"user":"linky","port":"none"},"notice":{"home":{"language":"en"},"half":null}}'
    config.settings_file.write_text(f'{{"version":1,"tables":{tables}}}')

    async def scenario():
        stop = asyncio.Event()
        stop.set()
        gateway = await Gateway.opened(load(file), stop)
        assert "mqtt" in gateway.house.config.settings.refused
        await gateway.run()

    asyncio.run(scenario())
    assert sorted(one.name for one in (tmp_path / "data/secrets").iterdir()) == [MQTT_CREDENTIAL, "notices_home"]


@pytest.mark.parametrize("broken", [b'{"version":2,"tables":{}}', b'{"vers', None])
def test_a_start_that_cannot_read_the_settings_forgets_no_secret(tmp_path, broken):
    """A release that went back, half a file, another's file: once it is right again the broker's password is there."""
    file = tmp_path / "gateway.toml"
    file.write_text(FILE)
    prepare(tmp_path / "data")
    config = load(file)
    names = [MQTT_CREDENTIAL, "notices_anne"]
    for name in names:
        keep_secret(config, name, NEW)
    tables = b'{"mqtt":{"user":"linky"},"notice":{"anne":{"language":"fr"}}}'
    whole = b'{"version":1,"tables":%b}' % tables

    async def start():
        stop = asyncio.Event()
        stop.set()
        gateway = await Gateway.opened(load(file), stop)
        await gateway.run()
        return gateway.house.config

    if broken is None:
        config.settings_file.mkdir()
    else:
        config.settings_file.write_bytes(broken)
    assert asyncio.run(start()).mqtt.user is None
    assert sorted(one.name for one in (tmp_path / "data/secrets").iterdir()) == names
    if broken is None:
        config.settings_file.rmdir()
    config.settings_file.write_bytes(whole)
    assert asyncio.run(start()).mqtt.user == "linky"
    assert sorted(one.name for one in (tmp_path / "data/secrets").iterdir()) == names


@pytest.mark.parametrize(
    ("cut_off", "left"),
    [
        ("gateway.daemon.renewal.settings.keep", ("before", OLD)),
        ("gateway.daemon.renewal.complete_secret", ("after", NEW)),
        ("gateway.config.typed_secrets._unlink", ("after", NEW)),
    ],
)
def test_a_power_cut_leaves_the_secret_that_goes_with_the_settings(tmp_path, monkeypatch, cut_off, left):
    """Typed and not kept: the former one; kept: the new one; never the one with the other's table."""

    class PowerCut(BaseException):
        """Nothing of ours runs after it."""

    def cut(*_):
        raise PowerCut

    async def scenario():
        async with opened(tmp_path) as gateway:
            config = gateway.house.config
            await gateway._requests.put("mqtt", {"user": "before"}, OLD)
            with monkeypatch.context() as patched:
                patched.setattr(cut_off, cut)
                with pytest.raises(PowerCut):
                    await gateway._requests.put("mqtt", {"user": "after"}, NEW)
            (config.directory / "secrets/mqtt-password.draft").write_text(NEW)
        async with opened(tmp_path) as gateway:
            await gateway._sweep()
            return gateway.house.config

    config = asyncio.run(scenario())
    assert (config.mqtt.user, kept_secret(config, MQTT_CREDENTIAL)) == left
    assert [one.name for one in (tmp_path / "data/secrets").iterdir()] == [MQTT_CREDENTIAL]


def test_a_way_that_is_out_of_force_keeps_its_address(tmp_path):
    """One that is added under its name has the next one: its table does not go with the file just now."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            config, ways = gateway.house.config, PageWays(gateway.house, gateway._requests)
            await ways.add("anne", {"language": "fr"}, "json://192.168.1.4/anne")
            adopt(config, refusing(config, ["notice"], Phrase("it does not go with the file")))
            assert config.notice == ()
            await ways.add("anne", {"language": "fr"}, "json://192.168.1.4/other")
            assert kept_secret(config, "notices_anne") == "json://192.168.1.4/anne"
            assert kept_secret(config, "notices_anne-2") == "json://192.168.1.4/other"

    asyncio.run(scenario())


def test_a_secret_that_cannot_be_removed_costs_no_change(tmp_path, monkeypatch, caplog):
    """The change counts and a sentence says it; the next one tries again."""

    def refuse(_config):
        raise StoreError("the card is read-only")

    async def scenario():
        async with opened(tmp_path) as gateway:
            await gateway._requests.put("mqtt", {"user": "linky"}, NEW)
            with monkeypatch.context() as patched:
                patched.setattr("gateway.daemon.renewal.drop_unused", refuse)
                await change(gateway, "mqtt")
                assert gateway.house.config.mqtt is None
                assert "the card is read-only" in caplog.text
                with pytest.raises(StoreError):
                    await PageBroker(gateway.house, gateway._requests).leave()
            assert typed_secret(gateway.house.config, MQTT_CREDENTIAL)
            await change(gateway, "backup")
            assert typed_secret(gateway.house.config, MQTT_CREDENTIAL) is None

    asyncio.run(scenario())


def test_where_the_server_is_reached_is_kept_changed_and_left_out(tmp_path, monkeypatch):
    """What stands in the file may be several, which stay unless another or none is typed."""

    @asynccontextmanager
    async def let_in(_account, _passwords=None):
        yield

    monkeypatch.setattr("gateway.federation.connection.one_off.alone", let_in)
    several = ["one.test:5222", "two.test:5222"]
    found = []

    async def scenario():
        (tmp_path / "password").write_text(f"{OLD}\n")
        of_file = f'[federation]\njid = "a@x.test"\npassword_file = "password"\naddress = {several}\n'
        async with opened(tmp_path, of_file) as gateway:
            page = PageAccount(gateway.house, gateway._requests)
            assert page.known()["server"] == ", ".join(several)
            for server in (None, "three.test:5222", None, ""):
                await page.keep("a@x.test", NEW, server)
                found.append(gateway.house.config.federation.address)

    asyncio.run(scenario())
    assert found == [tuple(several), "three.test:5222", "three.test:5222", None]


def test_an_account_that_moved_is_answered_as_moved(tmp_path, monkeypatch):
    """The house's session is let in with the new password, which it tries first, before the page is done."""

    @asynccontextmanager
    async def let_in(_account, _passwords=None):
        yield

    monkeypatch.setattr("gateway.federation.connection.one_off.alone", let_in)
    tried = []

    async def scenario():
        async with opened(tmp_path) as gateway:
            config = gateway.house.config
            (config.directory / "xmpp-password").write_text(f"{OLD}\n")
            await change(gateway, "federation", {"jid": "a@old.test"})
            put = gateway._requests.put

            async def put_and_connect(*arguments):
                await put(*arguments)
                passwords = gateway.house.federation._passwords
                tried.append(passwords.candidates())
                passwords.accepted(tried[0][0])

            monkeypatch.setattr(gateway._requests, "put", put_and_connect)
            await PageAccount(gateway.house, gateway._requests).keep("b@new.test", NEW, "")
            assert config.federation.jid == "b@new.test"
            return password_file(config)

    file = asyncio.run(scenario())
    assert tried == [[NEW, OLD]]
    assert (file.candidates(), file.pending()) == ([NEW], None)
