"""Home Assistant finds a meter by itself: by its own rules, with what its energy dashboard needs, at a real broker."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jinja2 import Template

from gateway.config.tables import load
from gateway.household.now import Now
from gateway.live import discovery, topics
from gateway.live.meter import KnownDay
from gateway.live.topics import STATUS
from gateway.mqtt.boards.rights import HOME_ASSISTANT
from gateway.mqtt.broker import Broker
from gateway.mqtt.home_assistant import HomeAssistant
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.live.conftest import reading
from tests.gateway.live.home_assistant import found
from tests.integration.processes import Process
from tests.mosquitto import HOST
from tests.mosquitto import Broker as HouseBroker

DRAWN, INJECTED = "consumption/energy/active/index", "production/energy/active/index"
# What `linky-gateway display add home-assistant --home-assistant` writes.
USER = "home-assistant"
ACCESS = "".join(f"{line}\n" for line in (f"user {USER}", *HOME_ASSISTANT))
CONFIG = "homeassistant/device/linky-house/config"
HISTORIC = {
    "consumption/power/apparent/raw": 750,
    "consumption/current/raw": 3,
    DRAWN: 1000,
    f"{DRAWN}/provider/hc": 400,
    f"{DRAWN}/provider/hp": 600,
    "contract/tariff": "HP..",
}
STANDARD = {
    "consumption/power/apparent/raw": 750,
    "production/power/apparent/raw": 0,
    DRAWN: 1000,
    INJECTED: 0,
    f"{DRAWN}/provider/1": 1000,
    f"{DRAWN}/provider/2": 0,
    "contract/tariff": "HP  BLANC",
    "contract/tempo/today": "BLAN",
    "contract/tempo/tomorrow": "ROUG",
    "status/breaker": "closed",
    "status/overload": "0",
}
STANDARD |= {f"consumption/voltage/raw/phase/{phase}": 230 for phase in (1, 2, 3)}
STANDARD |= {f"consumption/power/apparent/raw/phase/{phase}": 250 for phase in (1, 2, 3)}


def entities(values, lang="fr", meter="house", *, priced=False):
    """What Home Assistant makes of a meter, by its rules."""
    told = discovery.device("homeassistant", meter, values, "1.0", lang, priced=priced)
    return found("homeassistant", told.topic, told.payload)


@pytest.mark.parametrize("values", [HISTORIC, STANDARD, {}], ids=["historic", "standard", "nothing"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_home_assistant_takes_it_by_its_own_rules(values, lang):
    """Every key, class, state class and unit goes together (rules of 2026.2.3); nothing has the name of another."""
    named = [entity["name"] for entity in entities(values, lang, "annexe-2").values()]
    assert len(set(named)) == len(named)


def test_the_energy_dashboard_has_its_indexes():
    """Growing watt-hours from the topics of the values: the whole, what was injected, each tariff that is used."""
    told = entities(STANDARD)
    energies = {name: entity for name, entity in told.items() if entity.get("state_class") == "total_increasing"}
    assert energies.keys() == {
        f"sensor.linky_house_{key}"
        for key in ("drawn_index", "injected_index", "drawn_index_1", "drawn_today_wh", "injected_today_wh")
    }
    assert energies["sensor.linky_house_drawn_index"]["state_topic"] == f"linky/meter/house/value/{DRAWN}"
    assert "sensor.linky_house_drawn_index_hc" in entities(HISTORIC)


def test_the_power_of_now_is_in_watts_with_its_uncertainty():
    """Of the class that the energy dashboard asks for, also while it is not known; VA stay beside it."""
    for values in (STANDARD, HISTORIC):
        power = entities(values)["sensor.linky_house_power_w"]
        assert (power["device_class"], power["unit_of_measurement"]) == ("power", "W")
        assert power["state_class"] == "measurement"
        assert power["value_template"] == "{{ value_json.power_w }}"
        assert power["json_attributes_topic"] == "linky/meter/house/json"
        assert "value_json.power_within_w" in power["json_attributes_template"]
        assert "sensor.linky_house_drawn_va" in entities(values)
    without_index = {"consumption/power/apparent/raw": 750}
    assert "sensor.linky_house_power_w" not in entities(without_index)


def test_what_the_day_has_cost_is_euros_that_begin_anew_at_midnight(snapshot):
    """Where a tariff prices the day; a total, as it may fall, with the midnight that the feed says it began at."""
    name = "sensor.linky_house_cost_today"
    assert name not in entities(STANDARD)
    cost = entities(STANDARD, priced=True)[name]
    kind = (cost["device_class"], cost["unit_of_measurement"], cost["state_class"])
    assert kind == ("monetary", "EUR", "total")
    assert cost["suggested_display_precision"] == 2
    told = {"cost": cost["value_template"], "since": cost["last_reset_value_template"]}
    said = topics.as_json(snapshot)
    assert rendered(told, said) == {"cost": "2.31", "since": "2026-01-14T23:00:00Z"}
    # What Home Assistant calls unknown, and what it leaves as it was.
    unknown = said | {"cost_today_cents": None, "today_since": None}
    assert rendered(told, unknown) == {"cost": "None", "since": ""}


def rendered(templates, said):
    """What the templates make of an object of the feed."""
    return {name: Template(text).render(value_json=said) for name, text in templates.items()}


def test_every_template_and_topic_is_one_of_the_feed(snapshot):
    """What entities look at is what is published: keys of the object, topics of values, options that are said."""
    said = topics.as_json(snapshot)
    published = {message.topic for message in topics.values("house", STANDARD)} | {"linky/meter/house/json"}
    for entity in entities(STANDARD).values():
        assert entity["state_topic"] in published
        if template := entity.get("value_template"):
            assert template.partition("value_json.")[2].partition(" ")[0] in said
        if options := entity.get("options"):
            assert said[entity["value_template"].partition("value_json.")[2].partition(" ")[0]] in options


def test_what_is_old_is_not_available_but_the_fault_is():
    """A silent meter has no values any more; that it is silent can still be seen."""
    told = entities(STANDARD)
    power = told["sensor.linky_house_drawn_va"]
    assert power["availability_mode"] == "all"
    assert {one["t"] for one in power["availability"]} == {STATUS, "linky/meter/house/json"}
    assert [one["t"] for one in told["binary_sensor.linky_house_alert"]["availability"]] == [STATUS]


@pytest.mark.parametrize("key", ["breaker", "overload"])
def test_a_state_of_which_nothing_is_known_is_neither_on_nor_off(key):
    """After a start of the gateway the object says null for a moment, a meter that never tells has no entity."""
    name = f"binary_sensor.linky_house_{key}"
    assert f"'None' if value_json.{key} is none" in entities(STANDARD)[name]["value_template"]
    assert name not in entities(HISTORIC)


def test_what_changes_every_second_begins_disabled():
    """Home Assistant's own card is spared: wires are there for whoever switches them on."""
    disabled = {name for name, entity in entities(STANDARD).items() if entity.get("enabled_by_default") is False}
    wires = {f"sensor.linky_house_{kind}_{phase}" for kind in ("voltage", "apparent_power") for phase in (1, 2, 3)}
    assert disabled == wires


@pytest.fixture
def broker(tmp_path):
    """The broker of a house with Home Assistant, let in as the document says."""
    running = HouseBroker(tmp_path / "broker")
    running.users[USER] = running.add(USER)
    with (tmp_path / "broker" / "acl").open("a") as acl:
        acl.write(f"\n{ACCESS}")
    with running:
        yield running


@asynccontextmanager
async def devices(folder, broker, extra=""):
    """The present of a house and its devices at the broker, ended in order."""
    (folder / "password").write_text(broker.users["gateway"])
    login = f'host = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "password"\n'
    (folder / "gateway.toml").write_text(f'[[meter]]\nsource = "/nowhere"\n[mqtt]\n{login}{extra}')
    config, stop = load(folder / "gateway.toml"), asyncio.Event()
    connection = Broker(config, config.mqtt, STATUS)
    now = Now(config, None, None, lambda: None)
    told = now.told = HomeAssistant(connection, now, config.mqtt, "fr")
    async with asyncio.TaskGroup() as group:
        group.create_task(connection.run(stop))
        group.create_task(told.run(stop))
        try:
            yield now
        finally:
            stop.set()


async def until(predicate, what):
    await asyncio.to_thread(wait_until, predicate, 10, what)


def hear(now, values):
    now.hear("house", [reading(series, value) for series, value in values.items()], None, standard=True)


def counted(assistant):
    return sum(topic == CONFIG and payload != b"" for topic, payload in list(assistant.messages))


def test_a_device_is_told_when_it_grows_and_when_home_assistant_starts(broker, tmp_path):
    """Once for a hundred frames; again with what is new, at a birth, in another language, and after a broker's loss."""
    values = dict(HISTORIC)

    async def scenario():
        with broker.ear(USER, "homeassistant/#") as assistant:
            async with devices(tmp_path, broker) as now:
                for power in range(100):
                    hear(now, values | {"consumption/power/apparent/raw": power})
                await until(lambda: assistant.retained.get(CONFIG), "the device")
                first = found("homeassistant", CONFIG, assistant.retained[CONFIG])
                assert "sensor.linky_house_injected_index" not in first
                assert counted(assistant) <= 2
                hear(now, {INJECTED: 5})
                await until(lambda: INJECTED.encode() in assistant.retained[CONFIG], "what was injected")
                assert b"cost_today" not in assistant.retained[CONFIG]
                now.meters["house"].day = KnownDay(cost_cents=231)
                hear(now, {INJECTED: 6})
                await until(lambda: b"cost_today" in assistant.retained[CONFIG], "what the day has cost")
                # Without a price for a moment it stays: unknown, and not gone.
                now.meters["house"].day = KnownDay()
                hear(now, {INJECTED: 7})
                before = counted(assistant)
                assistant.say("homeassistant/status", b"online")
                await until(lambda: counted(assistant) == before + 1, "the device after a birth")
                assert b"cost_today" in assistant.retained[CONFIG]
                now.told.speak("en")
                await until(lambda: b"Power drawn" in assistant.retained[CONFIG], "the device in English")
                assistant.say("homeassistant/status", b"offline")
                broker.kill()
                assistant.retained.clear()
                broker.start()
                await until(lambda: assistant.retained.get(CONFIG), "the device after a loss")

    asyncio.run(scenario())


def test_where_discovery_is_off_the_device_is_taken_away(broker, tmp_path):
    """An empty message in its place, which also those hear who come later; another prefix is obeyed."""

    async def scenario():
        with broker.ear(USER, "homeassistant/#") as assistant:
            async with devices(tmp_path, broker) as now:
                hear(now, HISTORIC)
                await until(lambda: assistant.retained.get(CONFIG), "the device")
            async with devices(tmp_path, broker, "discovery = false\n"):
                await until(lambda: assistant.retained[CONFIG] == b"", "its end")
            with broker.ear(USER, "homeassistant/#") as late:
                async with devices(tmp_path, broker, 'discovery_prefix = "homeassistant/device"\n') as now:
                    hear(now, HISTORIC)
                    await until(lambda: "homeassistant/device/device/linky-house/config" in late.retained, "elsewhere")
                assert CONFIG not in late.retained

    asyncio.run(scenario())


def test_a_real_gateway_makes_its_meter_a_device(broker, tmp_path):
    """From the wire to Home Assistant's rules: a producer's meter with Tempo, at a broker with passwords."""
    (tmp_path / "password").write_text(broker.users["gateway"])
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo", solar=3000, phases=3) as meter:
        (tmp_path / "gateway.toml").write_text(
            f'[[meter]]\nsource = "{meter.path}"\nclock = "meter"\n[store]\ndirectory = "data"\n'
            f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "password"\n'
        )
        with (
            broker.ear(USER, "#") as assistant,
            Process(tmp_path, "gateway", "run", "--config", tmp_path / "gateway.toml"),
        ):
            wait_until(lambda: assistant.retained.get(CONFIG), 30, "the device")
            wait_until(lambda: b"injected_index" in assistant.retained[CONFIG], 30, "a whole frame")
            told = found("homeassistant", CONFIG, assistant.retained[CONFIG])
            for key in ("drawn_va", "injected_index", "tempo_today", "voltage_3", "drawn_today_wh"):
                assert f"sensor.linky_house_{key}" in told
            wait_until(lambda: {one["state_topic"] for one in told.values()} <= set(assistant.retained), 60, "values")
            (frame,) = meter.truth()[-1:]
            assert frame["data"]["ADSC"].encode() not in assistant.retained[CONFIG]


def test_the_document_names_what_an_access_list_needs():
    """The lines that ``display add`` writes, and these tests let Home Assistant in with, are those of the document."""
    document = Path(topics.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert f"\n```\n{ACCESS}```\n" in document


def test_a_meter_that_cannot_be_told_keeps_no_other_from_it(tmp_path, monkeypatch):
    """What fails over one costs that one; after the fault the other is told, though it has not changed."""
    (tmp_path / "gateway.toml").write_text(
        '[[meter]]\nname = "roof"\nsource = "/nowhere"\n[[meter]]\nname = "house"\nsource = "/nowhere/b"\n[mqtt]\n'
    )
    config, said, made, asked = load(tmp_path / "gateway.toml"), [], discovery.device, []

    class Edge:
        def greet(self, greeter):
            """It was connected before."""

        def listen(self, topic, handler):
            """Nobody speaks here."""

        async def publish(self, topic, payload, **_):
            said.append(topic)

    def device(prefix, meter, *rest, **options):
        asked.append(meter)
        if len(asked) == 1:
            raise ZeroDivisionError
        return made(prefix, meter, *rest, **options)

    monkeypatch.setattr(discovery, "device", device)

    async def scenario():
        now, stop = Now(config, None, None, lambda: None), asyncio.Event()
        told = HomeAssistant(Edge(), now, config.mqtt, "fr")
        for meter in ("house", "roof"):
            now.hear(meter, [reading(series, value) for series, value in HISTORIC.items()], None, standard=False)
        with pytest.raises(ZeroDivisionError):
            await told.run(stop)
        again = asyncio.create_task(told.run(stop))
        await until(lambda: said, "the other one is told")
        stop.set()
        await again

    asyncio.run(scenario())
    (other,) = {"house", "roof"} - {asked[0]}
    assert said == [discovery.topic(config.mqtt.discovery_prefix, other)]
