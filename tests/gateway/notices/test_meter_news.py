"""News of the meter and of what is used: each when it is so, and not when it only looks like it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateway.balance.base_load import RISEN_NIGHTS, risen
from gateway.config.tables import load
from gateway.household.now import Now
from gateway.links.alert_words import FaultKind, Topic
from gateway.links.link import BROKEN, OK, WAITING
from gateway.live.meter import LiveMeter
from gateway.notices.deciding.beside import beside
from gateway.notices.deciding.household import HouseholdNotices
from gateway.notices.deciding.meter_news import PowerCut, exchanged, subscribed
from gateway.notices.deciding.news import Item
from gateway.notices.deciding.usage_news import by_hour, is_bright, used
from gateway.store.recorder import Batch, Happened
from gateway.store.store import Store
from gateway.words.phrase import same
from tests.gateway.live.conftest import reading
from tests.gateway.notices.test_deciding import EVENING, FOUND
from tests.gateway.notices.test_quiet import posix
from tests.prepared import prepare

NOW = posix("2026-07-15T12:00")
HOUR = 3600


@pytest.fixture
def store(tmp_path):
    """An empty one."""
    prepare(tmp_path)
    made = Store(tmp_path)
    made.meters.add("house")
    yield made
    made.close()


def happened(store, *events):
    """What happened to the meter, stored."""
    store.batches.write([Batch("house", happened=list(events), last_time=NOW)], NOW)


def test_another_meter_and_another_contract_are_told_with_the_day(store):
    """Once each, for a fortnight; a mode that was switched is neither."""
    happened(
        store,
        Happened(NOW - 20 * 86_400, "meter-replaced", "", {"before": "0219", "after": "0220"}),
        Happened(NOW - HOUR, "meter-replaced", "", {"before": "021961111111", "after": "021962222222"}),
        Happened(NOW - HOUR, "contract-changed", "contract/option", {"before": "BASE", "after": "HC.."}),
        Happened(NOW - HOUR, "mode-switched", "", {"before": "historic", "after": "standard"}),
    )
    items = exchanged(store, ["house"], NOW)
    assert [item.topic for item in items] == [Topic.OTHER_METER, Topic.CONTRACT]
    assert "BASE before, HC.. now" in str(items[1].text)
    # A meter's number is nobody's business.
    assert not any("0219" in str(one) for item in items for one in (item.text, item.log, item.key))
    assert len({item.key for item in items}) == 2


def test_another_subscribed_power_is_told_and_the_first_one_is_not():
    """What was never known has not changed; one that comes back has."""
    told, fresh, meter = {}, [], LiveMeter("house")
    for va in (6000, 6000, 9000, 9000, 6000):
        meter.hear([reading("contract/power/reference", va, EVENING)], EVENING, 0.0, standard=True)
        (item,) = subscribed({"house": meter}, 1.0, told)
        fresh.append(item.key not in told)
        told[item.key] = 1
    assert fresh == [False, False, True, False, True]
    assert "6 kVA" in str(item.text)


def test_a_time_without_power_is_told_once_with_its_times():
    """From the last reading to the first; a restart of the program is none, nor a minute's reboot."""
    meter = LiveMeter("house")
    end = datetime(2026, 1, 15, 19, tzinfo=UTC)
    last = int(end.timestamp()) - 8000
    for cut, found in (
        (PowerCut(last, 40.0), 1),
        (PowerCut(last, 100_000.0), 0),
        (PowerCut(int(end.timestamp()) - 90, 40.0), 0),
        (PowerCut(None, 40.0), 0),
    ):
        assert cut.items({"house": LiveMeter("house")}) == []
        meter.hear([], end, 0.0, standard=True)
        items = cut.items({"house": meter})
        meter.hear([], end + timedelta(hours=1), 1.0, standard=True)
        assert cut.items({"house": meter}) == items
        assert len(items) == found
    assert "17:46" in str(PowerCut(last, 40.0).items({"house": live_at(end)})[0].text)


def live_at(end):
    """A meter that was heard then."""
    meter = LiveMeter("house")
    meter.hear([], end, 0.0, standard=True)
    return meter


def test_an_open_breaker_is_looked_at_like_a_link():
    """Closed is well; what the register does not define says nothing; a mute meter neither."""
    for text, state in (("closed", OK), ("overpower", BROKEN), ("order", BROKEN), ("undefined", WAITING)):
        meter = LiveMeter("house")
        meter.hear([reading("status/breaker", text, EVENING)], EVENING, 0.0, standard=True)
        assert [link.state for link in beside({"house": meter}, 1.0)] == [WAITING, state]
        assert beside({"house": meter}, 60.0)[1].state == WAITING


# ---- what is used -------------------------------------------------------------------------------------------------


def counted(store, path, litres, until=NOW):
    """An index at half hours that rose by so much in each hour until then."""
    store.meters.add("tap")
    series = store.meters.add_series("tap", path, "l", "index")
    time, index = until - until % HOUR - len(litres) * HOUR, 1000
    with store.db.transaction():
        for amount in [0, *litres]:
            index += amount
            for back in (0, 1800):
                store.db.execute("INSERT OR IGNORE INTO coarse VALUES (?, 1800, ?, ?)", [series.id, time - back, index])
            time += HOUR


def config(folder, quantity):
    """A house with a counter."""
    (folder / "gateway.toml").write_text(
        f'[[meter]]\nsource = "/nowhere/tty"\n[[counter]]\nname = "tap"\nquantity = "{quantity}"\ngpio = 17\n'
        'per_pulse = "1 l"\n'
    )
    return load(folder / "gateway.toml")


WANTED = {"water-leak", "water-burst", "gas", "base-load", "injection-stopped"}
DAY = [3] * 24


@pytest.mark.parametrize(
    ("litres", "topics"),
    [
        (DAY, [Topic.LEAK]),
        ([0, *DAY[1:]], []),
        (DAY[:23], []),
        ([*[0, 0, 9, 100] * 60, 301], [Topic.BURST]),
        ([*[0, 0, 9, 100] * 60, 300], []),
        # Of a week that is not known nobody can say what is much.
        ([*[0, 0, 9, 100] * 30, 301], []),
    ],
)
def test_water_that_runs_all_day_and_much_water_at_once(store, tmp_path, litres, topics):
    """No hour without it in 24; three times the most of four weeks."""
    counted(store, "water/volume/index", litres)
    assert [item.topic for item in used(store, config(tmp_path, "water"), NOW + 60, WANTED)] == topics


def test_what_runs_is_seen_whenever_it_is_looked_at_and_told_by_day(store, tmp_path):
    """Also a minute after the hour, before its mark is on the card; and not once more at midnight."""
    counted(store, "water/volume/index", [3] * 60, posix("2026-07-16T08:00"))
    house, looks = config(tmp_path, "water"), ("15T22:40", "16T00:40", "16T08:10", "16T09:01")
    found = [used(store, house, posix(f"2026-07-{look}"), WANTED) for look in looks]
    keys = [item.key for items in found for item in items]
    assert [len(items) for items in found] == [1, 1, 1, 1]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_what_nobody_is_told_of_is_not_told(store, tmp_path):
    """Gas in summer only for whoever asked for it."""
    counted(store, "gas/volume/index", DAY)
    house = config(tmp_path, "gas")
    assert [item.topic for item in used(store, house, NOW, WANTED)] == [Topic.GAS]
    assert used(store, house, NOW, WANTED - {"gas"}) == []


def test_gas_in_winter_is_for_heating(store, tmp_path):
    """Nobody is told."""
    winter = posix("2026-01-15T12:00")
    counted(store, "gas/volume/index", DAY, winter)
    assert used(store, config(tmp_path, "gas"), winter, WANTED) == []


def test_an_hour_is_the_rise_of_its_index():
    """Hours with both ends; one that fell counts nothing."""
    assert by_hour({0: 5, 1800: 6, 3600: 9, 7200: 4, 14_400: 8}) == {3600: 4, 7200: 0}


def test_two_nights_far_above_four_weeks_of_nights_are_a_risen_base_load():
    """By a third and 80 W, both; one of them is a guest."""
    usual = [100] * RISEN_NIGHTS
    assert risen([*usual, 190, 200]) == (100, 190)
    assert risen([*usual, 190, 170]) is None
    assert risen([*usual, 190, None]) is None
    assert risen([*usual[1:], 190, 200]) is None
    assert risen([400] * RISEN_NIGHTS + [500, 500]) is None
    assert risen([400] * RISEN_NIGHTS + [525, 530]) == (400, 525)


def test_the_sun_is_high_from_february_to_october():
    """At noon in the middle of France."""
    assert [is_bright(date(2026, month, 15)) for month in range(1, 13)] == [False, *[True] * 9, False, False]


def test_three_bright_days_without_injection_after_weeks_with_it(store, tmp_path, monkeypatch):
    """Looked at as days are reckoned; in winter, or where it was rare, nobody is told."""

    def house(injected):
        days = [
            SimpleNamespace(date=date(2026, 7, 15) - timedelta(days=back), injected=wh, whole=True)
            for back, wh in enumerate(injected, start=1)
        ]
        return lambda *_: SimpleNamespace(read=lambda *_: days, risen_base_load=lambda *_: None)

    found = []
    for injected in ([0] * 3 + [900] * 28, [0, 0, 5] + [900] * 28, [0] * 3 + [900] * 19 + [0] * 9, [0] * 31):
        monkeypatch.setattr("gateway.notices.deciding.usage_news.HouseholdDays", house(injected))
        found.append([item.topic for item in used(store, config(tmp_path, "water"), NOW, WANTED)])
    assert found == [[Topic.NO_INJECTION], [], [], []]


# ---- together ------------------------------------------------------------------------------------------------------


def test_what_others_announce_is_told_once_over_restarts_and_shown_while_it_holds(store, tmp_path):
    """A new version, say; and a fault that is calm is known as that."""

    async def call(function, *arguments):
        return function(*arguments)

    def made():
        settings = config(tmp_path, "water")
        return HouseholdNotices(settings, Now(settings, store, call), store.notified, store, call)

    async def scenario():
        item = Item("version 0.2.0", Topic.VERSION, "", same("0.2.0 is here"), "a new version")
        told = []
        for _ in range(2):
            notices = made()
            await notices.resume()
            notices.announce(item)
            for second in range(1000, 1003):
                told += await notices.look(FOUND, float(second), NOW)
            shown = [alert.link for alert in notices.active]
        notices.over("version 0.2.0")
        await notices.look(FOUND, 1004.0, NOW)
        return [alert.matter for alert in told], shown, notices.active

    assert asyncio.run(scenario()) == (["version 0.2.0"], ["version"], [])
    assert FaultKind.BREAKER.link == "breaker"
