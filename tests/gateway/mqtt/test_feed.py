"""The publisher of the live feed: links and alerts without names, at a real broker."""

import asyncio
import json
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

import pytest

from gateway.config.tables import load
from gateway.errors import BrokerError, ConfigError
from gateway.household.now import Now
from gateway.links.alert_words import FaultKind, Topic
from gateway.links.alerts import Alert
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.live.topics import STATUS
from gateway.mqtt.broker import Broker
from gateway.mqtt.feed import Feed
from gateway.store.store import Store
from gateway.tic.reading import Kind as SeriesKind
from gateway.tic.reading import Quality, Reading
from gateway.words.phrase import written
from servers import wait_until
from tests.mosquitto import Broker as HouseBroker
from tests.prepared import prepare


@pytest.fixture
def store(tmp_path):
    """An empty store with a meter and a counter of panels."""
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as opened:
        opened.meters.add("house")
        opened.meters.add("panels")
        yield opened


@pytest.fixture
def broker(tmp_path):
    """The broker of a house."""
    with HouseBroker(tmp_path / "broker") as running:
        yield running


START = datetime(2026, 1, 15, 18, 50, tzinfo=UTC)

LOGIN = 'user = "gateway"\npassword_file = "password"\n'


def configuration(folder, broker, extra=LOGIN):
    path = folder / "gateway.toml"
    (folder / "password").write_text(broker.users["gateway"])
    path.write_text(f'[[meter]]\nsource = "/nowhere"\n[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n{extra}')
    return load(path)


@asynccontextmanager
async def feed(config, store):
    """The present and its feed at a broker, ended in order."""
    stop = asyncio.Event()

    async def call(function, *arguments):
        return function(*arguments)

    connection = Broker(config, config.mqtt, STATUS)
    now = Now(config, store, call, lambda: None)
    published = Feed(connection, now)
    async with asyncio.TaskGroup() as group:
        group.create_task(connection.run(stop))
        group.create_task(published.run(stop))
        try:
            yield now, published
        finally:
            stop.set()


async def until(predicate, what):
    """Wait beside the loop."""
    await asyncio.to_thread(wait_until, predicate, 10, what)


def alert(kind, name):
    return Alert(
        kind, name, 0.0, False, 1, written({"fr": "Rien de coop@e.org.", "en": "Nothing of coop@e.org."}), "Nothing."
    )


def test_links_and_alerts_are_told_without_a_recipients_name(broker, store, tmp_path):
    """The worst of several, under a topic of its own; over when it is over; gone when the link is gone."""
    config = configuration(tmp_path, broker)
    far = [
        Link(LinkKind.RECIPIENT, "a@e.org", OK, 1, ""),
        Link(LinkKind.WATCHER, "a@e.org", OK, None, ""),
        Link(LinkKind.RECIPIENT, "coop@e.org", BROKEN, 1, ""),
    ]

    async def scenario():
        with broker.ear() as ear:
            async with feed(config, store) as (now, published):
                port, counter = (
                    Link(LinkKind.PORT, "house", WAITING, 1, ""),
                    Link(LinkKind.COUNTER, "panels", OK, 1, ""),
                )
                links, active = [port, counter, *far], [alert(FaultKind.RECIPIENT, "coop@e.org")]
                active.append(Alert(Topic.TEMPO, "", 0.0, False, 1, written({"fr": "Rouge.", "en": "Red."}), "Red."))
                now.look(links, active)
                published.look(links, active)
                await until(lambda: ear.retained.get("linky/link/recipient") == b"broken", "the recipient's link")
                await until(lambda: ear.retained.get(STATUS) == b"online", "online")
                said = json.loads(ear.retained["linky/alert/recipient"])
                assert set(said) == {"fr", "en"}
                assert json.loads(ear.retained["linky/alert/tempo"]) == {"fr": "Rouge.", "en": "Red."}
                assert ear.retained["linky/link/port/house"] == b"waiting"
                assert ear.retained["linky/alert/port/house"] == b"{}"
                meter = json.loads(ear.retained["linky/meter/house/json"])
                assert (meter["broken"], meter["alert"]) == (["recipient"], True)
                now.look([port, far[0]], [])
                published.look([port, far[0]], [])
                await until(lambda: ear.retained["linky/alert/recipient"] == b"{}", "the end of the alert")
                await until(lambda: ear.retained["linky/link/counter/panels"] == b"", "no more counter")
                assert ear.retained["linky/link/recipient"] == b"ok"
                assert ear.retained["linky/alert/tempo"] == b""
            await until(lambda: ear.retained[STATUS] == b"offline", "offline")
            assert b"e.org" not in b"".join(topic.encode() + payload for topic, payload in ear.messages)

    asyncio.run(scenario())


def test_a_slow_second_is_told_once_with_its_latest_values(broker, store, tmp_path):
    """Live values are never queued: of a hundred frames before the connection only the last is told."""
    config = configuration(tmp_path, broker)
    at = datetime(2026, 1, 15, tzinfo=UTC)

    async def scenario():
        with broker.ear() as ear:
            broker.kill()
            async with feed(config, store) as (now, _):
                for power in range(100):
                    reading = Reading("consumption/power/apparent/raw", at, power, "VA", SeriesKind.GAUGE, Quality.HOST)
                    now.hear("house", [reading], None, standard=False)
                    await asyncio.sleep(0)
                broker.start()
                await until(lambda: ear.retained.get(STATUS) == b"online", "online")
                told = [json.loads(payload)["drawn_va"] for topic, payload in ear.messages if topic.endswith("/json")]
                assert set(told) == {99}

    asyncio.run(scenario())


def test_what_cannot_be_published_is_a_sentence(broker, tmp_path):
    """Whoever must not lose a message is told that it was not sent, and where to."""
    config = configuration(tmp_path, broker)

    async def scenario():
        with pytest.raises(BrokerError, match=rf"the MQTT broker at 127.0.0.1:{broker.port}: there is no connection"):
            await Broker(config, config.mqtt, STATUS).publish("t", b"")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('tls = true\nca_file = "missing.pem"', "mqtt.ca_file: .*missing.pem cannot be used: No such file"),
        ('user = "gateway"\npassword_file = "missing"', "missing: the password cannot be read"),
    ],
)
def test_a_secret_or_certificate_that_is_not_there_is_said_at_the_start(broker, tmp_path, extra, words):
    """One sentence with the file's name, before anything runs."""
    config = configuration(tmp_path, broker, extra)
    with pytest.raises(ConfigError, match=words):
        Broker(config, config.mqtt, STATUS)


def test_what_a_fault_kept_from_the_broker_is_told_when_the_feed_begins_again(broker, store, tmp_path):
    """A value that does not change afterwards, too: it was taken to be told when something failed."""
    config, told, failed, series = configuration(tmp_path, broker), [], [], "contract/tariff"

    class Edge:
        def greet(self, greeter):
            """It was connected before."""

        async def publish(self, topic, payload, **_):
            if topic.endswith(series) and not failed:
                failed.append(topic)
                raise ZeroDivisionError
            told.append(topic)

    async def scenario():
        now, stop = Now(config, store, None, lambda: None), asyncio.Event()
        published = Feed(Edge(), now)
        now.hear("house", [Reading(series, START, "HP", "", SeriesKind.TEXT, Quality.METER)], START, standard=True)
        with pytest.raises(ZeroDivisionError):
            await published.run(stop)
        told.clear()
        again = asyncio.create_task(published.run(stop))
        await until(lambda: "linky/meter/house/json" in told, "it is told again")
        stop.set()
        await again

    asyncio.run(scenario())
    assert f"linky/meter/house/value/{series}" in told
