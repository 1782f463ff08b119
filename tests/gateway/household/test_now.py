"""The present of a house: the day from the store, and who is told that something is new."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from gateway import __version__
from gateway.balance.tariff import Tariff
from gateway.config.tables import load
from gateway.household.days import HouseholdDays
from gateway.household.now import Now, day_of
from gateway.links.alert_words import FaultKind as Fault
from gateway.links.alert_words import Topic
from gateway.links.alerts import Alert
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.live.meter import KnownDay
from gateway.live.state import meter_now
from gateway.live.topics import as_json
from gateway.sources.line import LineState
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from gateway.words.phrase import NOTHING, same, written
from tests.prepared import prepare

DRAWN, INJECTED = "consumption/energy/active/index", "production/energy/active/index"

# The Paris midnight that begins 30 March 2025, a day of 23 hours, and the one after it.
MIDNIGHT = int(datetime(2025, 3, 29, 23, tzinfo=UTC).timestamp())
NEXT = MIDNIGHT + 23 * 3600


@pytest.fixture
def store(tmp_path):
    """An empty store with a meter and a counter of panels."""
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as opened:
        opened.meters.add("house")
        opened.meters.add("panels")
        yield opened


@pytest.fixture
def configured(tmp_path):
    """A house with panels."""
    counter = '[[counter]]\nname = "panels"\nquantity = "electricity-produced"\ngpio = 17\nper_pulse = "1 Wh"\n'
    (tmp_path / "gateway.toml").write_text(f'[[meter]]\nsource = "/nowhere"\n{counter}')
    return load(tmp_path / "gateway.toml")


@pytest.fixture
def now(configured, store):
    """Its present, when the clock stands at two in the morning."""

    async def call(function, *arguments):
        return function(*arguments)

    return Now(configured, store, call, lambda: float(NEXT + 7300))


def record(store, meter, path, samples):
    """Have the store know an index at these seconds, one frame each."""
    known = store.meters.add(meter)
    recorder = Recorder(meter, store.readings.last_values(meter), known.last_time)
    for second, value in samples:
        at = datetime.fromtimestamp(second, UTC)
        reading = Reading(path, at, value, "Wh", Kind.INDEX, Quality.METER)
        recorder.add(Interpretation(at, Quality.METER, None, None, (reading,), ()))
    store.batches.write([recorder.take()], samples[-1][0])


def around(midnight, value):
    """An index that is read just before a midnight and just after it."""
    return [(midnight - 60, value - 1), (midnight, value), (midnight + 60, value + 1)]


def test_the_day_is_from_midnight_in_paris_whatever_its_length(store, configured):
    """The index at midnight, the whole day before (here of 23 hours), what the counters have counted since."""
    record(store, "house", DRAWN, [*around(MIDNIGHT, 1000), *around(NEXT, 9000), (NEXT + 7200, 9401)])
    record(store, "house", INJECTED, around(NEXT, 70))
    record(store, "panels", INJECTED, [*around(NEXT, 500), (NEXT + 7200, 2500)])
    known = KnownDay(9000, 1, 8000, 2000, begin=NEXT, end=NEXT + 86_400)
    assert day_of(store, configured, "house", NEXT + 7300) == known
    assert day_of(store, msgspec.structs.replace(configured, counter=()), "house", NEXT + 7300) == replace(
        known, produced_wh=None
    )


def test_a_day_whose_midnight_nobody_saw_is_told_as_a_part_of_one(store, configured):
    """What was counted since the first reading, from the first minute on, and that it is less than the day."""
    record(store, "house", DRAWN, [(NEXT + 50_000, 9000), (NEXT + 50_060, 9010)])
    told = day_of(store, configured, "house", NEXT + 50_070)
    assert (told.partial, told.drawn_index) == (("today",), 9000)
    record(store, "house", DRAWN, [(NEXT + 50_390, 9100), (NEXT + 50_410, 9120), (NEXT + 51_000, 9300)])
    told = day_of(store, configured, "house", NEXT + 51_010)
    assert (told.partial, told.drawn_index) == (("today",), 9000)


def test_a_day_whose_meter_has_fallen_silent_is_told_as_a_part_of_one(store, configured):
    """Half an hour after the last reading: what was drawn since is not in it."""
    record(store, "house", DRAWN, [*around(MIDNIGHT, 1000), *around(NEXT, 9000), (NEXT + 7200, 9400)])
    assert day_of(store, configured, "house", NEXT + 7200 + 1800).partial == ()
    assert day_of(store, configured, "house", NEXT + 7200 + 1801).partial == ("today",)


def test_a_day_without_its_daily_point_is_what_the_indexes_say(store, configured):
    """The midnight of a meter that was unplugged over it lies between two that are known: the history knows it too."""
    record(
        store, "house", DRAWN, [*around(MIDNIGHT, 1000), (NEXT - 3600, 8000), (NEXT + 3590, 8998), (NEXT + 3610, 9002)]
    )
    told = day_of(store, configured, "house", NEXT + 4000)
    assert told.drawn_yesterday_wh is not None
    (day,) = HouseholdDays(store, configured).read(date(2025, 3, 30), date(2025, 3, 31))
    assert told.drawn_yesterday_wh == day.drawn


def test_a_counter_that_nobody_reads_makes_what_was_produced_unknown(now, store):
    """Its midnight and its last pulse are known, and say nothing of today; no face has a nought beside what left."""
    record(store, "house", DRAWN, [*around(NEXT, 9000), (NEXT + 7200, 9400)])
    record(store, "house", INJECTED, [*around(NEXT, 70), (NEXT + 7200, 970)])
    record(store, "panels", INJECTED, around(NEXT, 500))
    asyncio.run(now.know_the_day())
    said = as_json(now.meters["house"].snapshot(0.0))
    assert (said["injected_today_wh"], said["produced_today_wh"], said["self_consumed_today_wh"]) == (900, None, None)
    assert said["produced_doubt"] == "unread"


def test_a_broken_counter_makes_it_unknown_at_once(now, store):
    """What it counted until it broke is not what was produced; when it is there again it is known again."""
    record(store, "house", DRAWN, [*around(NEXT, 9000), (NEXT + 7200, 9400)])
    record(store, "panels", INJECTED, [*around(NEXT, 500), (NEXT + 7200, 2500)])
    asyncio.run(now.know_the_day())
    told = []
    for state in (OK, BROKEN, OK):
        now.look([Link(LinkKind.COUNTER, "panels", state, 1, "")], [])
        said = as_json(now.meters["house"].snapshot(0.0))
        told.append((said["produced_today_wh"], said["produced_doubt"], said["broken"]))
    assert told == [(2000, None, []), (None, "unread", ["counter"]), (2000, None, [])]


def test_no_house_injects_more_than_it_makes(now, store):
    """A counter set to the wrong pulse, or panels that it does not count: what was produced is not known."""
    record(store, "house", DRAWN, [*around(NEXT, 9000), (NEXT + 7200, 9400)])
    record(store, "house", INJECTED, [*around(NEXT, 70), (NEXT + 7200, 970)])
    record(store, "panels", INJECTED, [*around(NEXT, 500), (NEXT + 7200, 700)])
    asyncio.run(now.know_the_day())
    said = as_json(now.meters["house"].snapshot(0.0))
    assert (said["injected_today_wh"], said["produced_today_wh"], said["produced_doubt"]) == (900, None, "too-little")


def power(value):
    return Reading(
        "consumption/power/apparent/raw", datetime.fromtimestamp(NEXT, UTC), value, "VA", Kind.GAUGE, Quality.METER
    )


def test_the_day_so_far_is_asked_of_the_store(now, store):
    """What was drawn yesterday and produced today is known as soon as it was asked for."""
    record(store, "house", DRAWN, [*around(MIDNIGHT, 1000), *around(NEXT, 9000)])
    record(store, "panels", INJECTED, [*around(NEXT, 500), (NEXT + 7200, 2500)])
    asyncio.run(now.know_the_day())
    snapshot = now.meters["house"].snapshot(0.0)
    assert (snapshot.drawn_yesterday_wh, snapshot.produced_today_wh) == (8000, 2000)
    assert snapshot.today_since == datetime.fromtimestamp(NEXT, UTC)


def test_what_the_day_costs_is_known_and_follows_a_price_at_once(now, store, configured):
    """What was drawn since midnight at its price, with its part of the subscription; unknown without a tariff."""
    record(store, "house", DRAWN, [*around(MIDNIGHT, 1000), *around(NEXT, 9000), (NEXT + 7200, 10_000)])
    asyncio.run(now.know_the_day())
    assert now.meters["house"].snapshot(0.0).cost_today_cents is None
    told = '[[tariff]]\nname = "T"\nfrom = 2024-01-01\nsubscription = 31\nprices = { base = %s }\n'
    for price, cents in (("0.2", 28), ("0.4", 48)):
        priced = msgspec.toml.decode(told % price, type=dict[str, list[Tariff]])["tariff"]
        now._config = msgspec.structs.replace(configured, tariff=tuple(priced))
        asyncio.run(now.know_the_day())
        # A kWh, and a twelfth of a day of March, which costs a euro.
        assert now.meters["house"].snapshot(0.0).cost_today_cents == cents


def test_who_waits_is_woken_by_a_frame_and_by_a_link(now):
    """Each is another turn; who asks with an old one does not wait at all, and nobody waits for ever."""
    heard = []
    now.listen(heard.append)

    async def scenario():
        begun = now.turn
        waiting = asyncio.create_task(now.changed(begun, 60))
        await asyncio.sleep(0)
        now.hear("house", [power(750)], None, standard=True)
        await waiting
        await now.changed(begun, 60)
        turn = now.turn
        waiting = asyncio.create_task(now.changed(turn, 60))
        await asyncio.sleep(0)
        now.look([Link(LinkKind.XMPP, "", BROKEN, 1, same(""))], [])
        await waiting
        turn = now.turn
        now.look([Link(LinkKind.XMPP, "", BROKEN, 2, same("older, and nothing else"))], [])
        await now.changed(turn, 0.01)
        assert now.turn == turn

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert heard == ["house", "house"]
    assert meter_now(now.meters["house"], {"whole": 1, "partial": 0, "bad_groups": 0}, 0.0)["now"]["broken"] == ["xmpp"]


def test_a_link_named_after_people_has_no_name_for_displays(now):
    """Recipients, providers and watchers count by the worst of their kind; a meter has its own links only."""
    links = [
        Link(LinkKind.PORT, "house", OK, 1, same("")),
        Link(LinkKind.PORT, "barn", BROKEN, 1, same("")),
        Link(LinkKind.RECIPIENT, "a@e.org", OK, 1, same("")),
        Link(LinkKind.RECIPIENT, "b@e.org", WAITING, 1, same("")),
        Link(LinkKind.WATCHER, "a@e.org", OK, None, same("")),
    ]
    now.look(links, [])
    assert now.meters["house"].links == {"port": OK, "recipient": WAITING, "watcher": OK}


def test_the_house_is_one_object(now):
    """Meters with their counts, links with addresses, alerts in both languages: it is for those who live there."""
    now.hear("house", [power(750)], None, standard=True)
    alert = Alert(Fault.STORE, "", 0.0, False, 1, written({"fr": "Plein.", "en": "Full."}), "full")
    links = [
        Link(LinkKind.STORE, "", BROKEN, 1.25, same("full")),
        Link(LinkKind.RECIPIENT, "a@e.org", OK, None, same("has everything")),
    ]
    house = now.house(links, [alert], {"house": LineState(frames=3, partial=1, bad_groups=2)})
    assert (house["version"], house["turn"]) == (__version__, now.turn)
    (meter,) = house["meters"]
    assert meter["now"]["drawn_va"] == meter["values"]["consumption/power/apparent/raw"] == 750
    assert meter["line"] == {"whole": 3, "partial": 1, "bad_groups": 2}
    assert [link["link"] for link in house["links"]] == ["store", "recipient a@e.org"]
    assert house["alerts"] == [{"link": "store", "fr": "Plein.", "en": "Full."}]


def test_looking_does_not_count_what_is_published(now):
    """The sequence of displays has no gap because somebody watched in a terminal."""
    meter = now.meters["house"]
    meter.snapshot(0.0)
    told = meter_now(meter, {"whole": 1, "partial": 0, "bad_groups": 0}, 0.0)
    assert "sequence" not in told["now"]
    assert meter.snapshot(0.0).sequence == 2


def test_what_is_no_fault_of_a_link_is_told_as_none(now):
    """An overload and a red day are news, and new; displays are told of a fault only when a link is broken."""
    calm = now.turn
    news = [Alert(kind, "", 0.0, False, 1, same(kind.value), "") for kind in (Fault.OVERLOAD, Topic.TEMPO)]
    now.look([], news)
    assert now.turn > calm
    assert not now.meters["house"].alert
    now.look([], [*news, Alert(Fault.DISK, "", 0.0, False, 1, NOTHING, "")])
    assert now.meters["house"].alert
