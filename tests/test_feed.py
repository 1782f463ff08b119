"""The publisher of the live feed: the day from the store, links and alerts without names, at a real broker."""

import asyncio
import json
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

import pytest

from federation import wait_until
from gateway.alerts import Alert, Kind
from gateway.broker import Broker
from gateway.config import load
from gateway.errors import BrokerError, ConfigError
from gateway.feed import Feed, day_of
from gateway.live.meter import Day
from gateway.live.topics import STATUS
from gateway.status import BROKEN, OK, WAITING, Link
from gateway.store.prepare import prepare
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Quality, Reading
from gateway.tic.reading import Kind as SeriesKind
from tests.mosquitto import Broker as HouseBroker

DRAWN, INJECTED = "consumption/energy/active/index", "production/energy/active/index"

# The Paris midnight that begins 30 March 2025, a day of 23 hours, and the one after it.
MIDNIGHT = int(datetime(2025, 3, 29, 23, tzinfo=UTC).timestamp())
NEXT = MIDNIGHT + 23 * 3600


@pytest.fixture
def store(tmp_path):
    """An empty store with a meter and a counter of panels."""
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as opened:
        opened.add_meter("house")
        opened.add_meter("panels")
        yield opened


def record(store, meter, path, samples):
    """Have the store know an index at these seconds, one frame each."""
    recorder = Recorder(meter, {})
    for second, value in samples:
        at = datetime.fromtimestamp(second, UTC)
        reading = Reading(path, at, value, "Wh", SeriesKind.INDEX, Quality.METER)
        recorder.add(Interpretation(at, Quality.METER, None, None, (reading,), ()))
    store.write([recorder.take()], samples[-1][0])


def around(midnight, value):
    """An index that is read just before a midnight and just after it."""
    return [(midnight - 60, value - 1), (midnight, value), (midnight + 60, value + 1)]


def test_the_day_is_from_midnight_in_paris_whatever_its_length(store):
    """The index at midnight, the whole day before (here of 23 hours), what the counters have counted since."""
    record(store, "house", DRAWN, [*around(MIDNIGHT, 1000), *around(NEXT, 9000)])
    record(store, "house", INJECTED, around(NEXT, 70))
    record(store, "panels", INJECTED, [*around(NEXT, 500), (NEXT + 7200, 2500)])
    assert day_of(store, "house", ["panels"], NEXT + 7300) == Day(9000, 70, 8000, 2000, NEXT + 86_400)
    assert day_of(store, "house", [], NEXT + 7300) == Day(9000, 70, 8000, None, NEXT + 86_400)


def test_nothing_is_said_of_a_day_whose_midnight_nobody_saw(store):
    """A gateway that began in the afternoon has no half day to show as a whole one."""
    record(store, "house", DRAWN, [(NEXT + 50_000, 9000), (NEXT + 50_060, 9010)])
    assert day_of(store, "house", ["panels"], NEXT + 60_000) == Day(end=NEXT + 86_400)


@pytest.fixture
def broker(tmp_path):
    """The broker of a house."""
    with HouseBroker(tmp_path / "broker") as running:
        yield running


LOGIN = 'user = "gateway"\npassword_file = "password"\n'


def configuration(folder, broker, extra=LOGIN):
    path = folder / "gateway.toml"
    (folder / "password").write_text(broker.users["gateway"])
    path.write_text(f'[[meter]]\nsource = "/nowhere"\n[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n{extra}')
    return load(path)


@asynccontextmanager
async def feed(config, store):
    """A feed at its broker, ended in order."""
    stop = asyncio.Event()

    async def call(function, *arguments):
        return function(*arguments)

    connection = Broker(config, config.mqtt, STATUS)
    published = Feed(config, connection, store, call, lambda: None)
    async with asyncio.TaskGroup() as group:
        group.create_task(connection.run(stop))
        group.create_task(published.run(stop))
        try:
            yield published
        finally:
            stop.set()


async def until(predicate, what):
    """Wait beside the loop."""
    await asyncio.to_thread(wait_until, predicate, 10, what)


def alert(kind, link):
    return Alert(kind, link, 0.0, False, 1, "Rien de coop@e.org.", "Nothing of coop@e.org.", "Nothing.")


def test_links_and_alerts_are_told_without_a_recipients_name(broker, store, tmp_path):
    """The worst of several, under a topic of its own; over when it is over; gone when the link is gone."""
    config = configuration(tmp_path, broker)
    far = [Link("recipient a@e.org", OK, 1, ""), Link("recipient coop@e.org", BROKEN, 1, "")]

    async def scenario():
        with broker.ear() as ear:
            async with feed(config, store) as published:
                port, counter = Link("port house", WAITING, 1, ""), Link("counter panels", OK, 1, "")
                published.look([port, counter, *far], [alert(Kind.RECIPIENT, "recipient coop@e.org")])
                await until(lambda: ear.retained.get("linky/link/recipient") == b"broken", "the recipient's link")
                await until(lambda: ear.retained.get(STATUS) == b"online", "online")
                said = json.loads(ear.retained["linky/alert/recipient"])
                assert set(said) == {"fr", "en"}
                assert ear.retained["linky/link/port/house"] == b"waiting"
                assert ear.retained["linky/alert/port/house"] == b"{}"
                meter = json.loads(ear.retained["linky/meter/house/json"])
                assert (meter["broken"], meter["alert"]) == (["recipient"], True)
                published.look([port, far[0]], [])
                await until(lambda: ear.retained["linky/alert/recipient"] == b"{}", "the end of the alert")
                await until(lambda: ear.retained["linky/link/counter/panels"] == b"", "no more counter")
                assert ear.retained["linky/link/recipient"] == b"ok"
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
            async with feed(config, store) as published:
                for power in range(100):
                    reading = Reading("consumption/power/apparent/raw", at, power, "VA", SeriesKind.GAUGE, Quality.HOST)
                    published.hear("house", [reading], None, standard=False)
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
