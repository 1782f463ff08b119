"""What the roof covers of the house now: from an index or a power, of several sources, or unknown."""

from contextlib import closing

import pytest

from gateway.commands.main import main
from gateway.config.tables import ReceivedTable, ShareTable, load
from gateway.household.cover_now import CoverNow, cover_now
from gateway.household.days import HouseholdDays
from gateway.store.received import Incoming, Lot
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from tests.gateway.store.conftest import START, frame
from tests.prepared import prepare

ROOF = "toit@e.org"
INDEX, POWER = "production/energy/active/index", "production/power/active/raw"
NOW = START + 3600


def source(meter, held=25):
    share = ShareTable(held=held, of=100, unit="actions")
    return ReceivedTable(
        name=meter, provider=f"{ROOF}/proxy", identifier=f"{ROOF}/{meter}@e.org/production", share=share
    )


@pytest.fixture
def house(tmp_path):
    """A house that draws 1,200 W for an hour, to which points of roofs are given; what covers it at a moment."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "."\n')
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:
        store.meters.add("house", "ab12")
        recorder = Recorder("house", {})
        for second in range(0, 3601, 30):
            recorder.add(frame(START + second, power=1300, index=1000 + second // 3))
        store.batches.write([recorder.take()], NOW)

        def work(sources, *points, now=NOW):
            values = []
            for meter, path, granularity, unit, time, value in points:
                name = f"{ROOF}/{meter}@e.org/{path}"
                values.append(Incoming(name, name, path, unit, granularity, time, value))
            if values:
                store.providers.receive(ROOF, [Lot(values, None, "P1Y")], NOW)
            loaded = load(config)
            return cover_now(store.received, sources, HouseholdDays(store, loaded, "house"), now)

        yield work


def index(meter="pv", watts=3000, granularity="raw", until=NOW, step=10, unit="Wh", each=1):
    """An index that rises by so many watts for twenty minutes."""
    times = range(until - 1200, until + 1, step)
    return [(meter, INDEX, granularity, unit, time, (time - START + 10**6) * watts // 3600 * each) for time in times]


def test_the_part_of_a_roof_covers_some_of_what_is_drawn(house):
    """A quarter of 3,000 W is 750 of 1,200 W: 62 per cent, in words."""
    found = house([source("pv")], *index())
    assert found == CoverNow(750, 1200)
    assert found.percent == 62
    assert found.sentence.in_language("fr") == "Le toit couvre 62 % de votre consommation en ce moment."
    assert str(found.sentence) == "The roof covers 62% of what you are using right now."


def test_by_the_minute_it_is_the_same(house):
    """The index of a minute is what it was at its end."""
    found = house([source("pv")], *index(granularity="PT1M", until=NOW - 60, step=60))
    assert found == CoverNow(750, 1200)


def test_a_power_says_it_too(house):
    """The newest, in W or kW, if it is not older than five minutes."""
    assert house([source("pv")], ("pv", POWER, "raw", "kW", NOW - 20, 2)) == CoverNow(500, 1200)
    assert house([source("pv")], now=NOW + 281) is None


def test_more_than_all_is_all(house):
    """The rest of the part is surplus."""
    assert house([source("pv", 100)], *index()).percent == 100


def test_several_roofs_add_up_and_one_that_is_silent_makes_it_unknown(house):
    """Half of the truth would be a wrong figure."""
    both = [source("pv"), source("barn")]
    assert house(both, *index()) is None
    assert house(both, ("barn", POWER, "raw", "W", NOW - 5, 600)) == CoverNow(900, 1200)


@pytest.mark.parametrize(
    "points",
    [
        [],
        index(granularity="PT15M", step=900, until=START + 3600),
        [("pv", POWER, "PT30M", "W", START + 1800, 3000)],
        index(until=NOW - 301),
        # The roof was silent for ten minutes before: of five minutes nothing is known.
        [*index(until=NOW - 600), ("pv", INDEX, "raw", "Wh", NOW, 10**9)],
        [("pv", POWER, "raw", "VA", NOW, 3000)],
    ],
)
def test_what_says_nothing_of_now_is_unknown(house, points):
    """Nothing, quarters, half hours, silence, a unit that is no energy: None, and not 0."""
    assert house([source("pv")], *points) is None


def test_without_a_share_or_a_meter_there_is_nothing_to_say(house):
    """A neighbour's roof is not mine; a house that is not heard draws nobody knows what."""
    mine = source("pv")
    other = ReceivedTable(name="pv", provider=mine.provider, identifier=mine.identifier)
    assert house([other], *index()) is None
    assert house([mine], now=NOW + 1000) is None


def test_the_list_of_what_is_received_ends_with_it(tmp_path, capsys, monkeypatch):
    """At the command line, in the household's language."""
    (tmp_path / "gateway.toml").write_text(
        '[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n'
        '[federation]\njid = "maison@e.org"\n'
        f'[[received]]\nname = "pv"\nprovider = "{ROOF}/proxy"\nidentifier = "{ROOF}/pv@e.org/production"\n'
        'share = { held = 25, of = 100, unit = "actions" }\n'
    )
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12")
        recorder = Recorder("house", {})
        for second in range(0, 3601, 30):
            recorder.add(frame(START + second, power=1300, index=1000 + second // 3))
        store.batches.write([recorder.take()], NOW)
        name = f"{ROOF}/pv@e.org/{POWER}"
        store.providers.receive(ROOF, [Lot([Incoming(name, name, POWER, "W", "raw", NOW - 5, 3000)], None, "P1Y")], NOW)
    monkeypatch.setattr("gateway.commands.received.time.time", lambda: NOW)
    assert main(["received", "list", "--lang", "fr", "--config", str(tmp_path / "gateway.toml")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Le toit couvre 62 % de votre consommation en ce moment."
