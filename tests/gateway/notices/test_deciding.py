"""What a household is told beside broken links: a full card, a red day, an objective; each once, over restarts."""

import asyncio
import os
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from bench.years import write_years
from gateway.balance.calendar import midnight
from gateway.config.settings import change
from gateway.config.tables import load
from gateway.household.now import Now
from gateway.links.alert_words import FaultKind, Topic
from gateway.links.disk import LEAST_BYTES, DiskSpace
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.notices.deciding.beside import overloads
from gateway.notices.deciding.household import HouseholdNotices
from gateway.notices.deciding.news import MOST_KEPT, Item, News, red_tomorrow
from gateway.notices.deciding.objective_news import exceeded
from gateway.store.store import Store
from gateway.words.phrase import NOTHING
from tests.gateway.live.conftest import reading
from tests.prepared import prepare

# Eight in the evening of 15 January in Paris.
EVENING = datetime(2026, 1, 15, 19, tzinfo=UTC)
FOUND = [Link(LinkKind.STORE, "", OK, 1.0, ""), Link(LinkKind.DISK, "", OK, 1.0, "")]
FULL = [FOUND[0], Link(LinkKind.DISK, "", BROKEN, 1.0, "")]


def statvfs(free, size):
    """What the system says of a disk of that many bytes."""
    return os.statvfs_result((4096, 4096, size // 4096, free // 4096, free // 4096, 0, 0, 0, 0, 255))


def test_a_card_is_nearly_full_until_there_is_clearly_room(tmp_path, monkeypatch):
    """Below half a gigabyte of a large one, a twentieth of a small one; not back and forth around the limit."""
    disk, said = DiskSpace(tmp_path), []
    for free, size in (
        (LEAST_BYTES + 10_000, 32_000_000_000),
        (LEAST_BYTES - 10_000, 32_000_000_000),
        (LEAST_BYTES + 10_000, 32_000_000_000),
        (LEAST_BYTES * 8 // 5, 32_000_000_000),
        (60_000_000, 1_000_000_000),
        (40_000_000, 1_000_000_000),
    ):
        found = statvfs(free, size)
        monkeypatch.setattr("gateway.links.disk.os.statvfs", lambda _, found=found: found)
        said.append(disk.link(100.0))
    assert [link.state for link in said] == [OK, BROKEN, BROKEN, OK, OK, BROKEN]
    assert str(said[1].detail) == "500 MB free of 32.0 GB; 500 MB are needed"
    assert said[-1].figures == {"free_bytes": pytest.approx(40_000_000, abs=4096)}


def test_the_disk_of_this_machine_is_known_and_one_that_is_gone_is_no_fault(tmp_path):
    """Bytes of a real file system; nothing is claimed of none."""
    assert DiskSpace(tmp_path).link(0.0).figures["free_bytes"] > 0
    assert DiskSpace(tmp_path / "gone").link(0.0).state == WAITING


class House:
    """A house with a store, its meter, and the notices of a start of its gateway."""

    def __init__(self, folder):
        (folder / "gateway.toml").write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
        prepare(folder / "data")
        self.config, self.seconds = load(folder / "gateway.toml"), 1000.0
        self.store = Store(folder / "data")

    async def call(self, function, *arguments):
        return function(*arguments)

    async def start(self):
        """A new start of the gateway: its notices."""
        self.now = Now(self.config, self.store, self.call)
        self.notices = HouseholdNotices(self.config, self.now, self.store.notified, self.store, self.call)
        await self.notices.resume()

    def hear(self, at, **texts):
        """The meter says the colours of Tempo, or an overload."""
        names = {"today": "contract/tempo/today", "tomorrow": "contract/tempo/tomorrow", "overload": "status/overload"}
        self.now.hear("house", [reading(names[key], text, at) for key, text in texts.items()], at, standard=True)

    async def live(self, links, seconds=30, waiting=frozenset()):
        """What is told meanwhile, looking each second."""
        told = []
        for _ in range(seconds):
            self.seconds += 1
            told += await self.notices.look(links, self.seconds, 1.8e9, waiting)
        return told


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.store.close()


def test_a_restart_repeats_nothing_and_forgets_what_has_ended(house):
    """A full card and a red day are told by the first start only, the end of the one by the second."""

    async def scenario():
        await house.start()
        house.hear(EVENING, today="BLAN", tomorrow="ROUG")
        first = await house.live(FULL)
        await house.start()
        house.hear(EVENING, today="BLAN", tomorrow="ROUG")
        second = await house.live(FULL)
        active = {alert.link for alert in house.notices.active}
        third = await house.live(FOUND)
        return first, second, active, third

    first, second, active, third = asyncio.run(scenario())
    assert {alert.kind for alert in first} == {FaultKind.DISK, Topic.TEMPO}
    assert len(first) == 2
    assert second == []
    assert active == {"disk", "tempo"}
    assert [(alert.kind, alert.recovered) for alert in third] == [(FaultKind.DISK, True)]
    assert list(house.store.notified.all()) == ["news tempo 2026-01-16"]


def test_hours_that_have_moved_are_told_once_and_stay_for_a_while(house):
    """Over a restart too; a fortnight later they are no news, and a move of tomorrow is."""
    moved = "2026-01-10 00:00/06:36 22:36/24:00 > 01:34/07:34 12:34/14:34"

    async def scenario():
        told = []
        for days in (0, 1, 30):
            await house.start()
            at = EVENING + timedelta(days=days)
            house.now.hear("house", [reading("contract/off-peak/moved", moved, at)], at, standard=True)
            told.append(await house.live(FOUND))
            told[-1] = (len(told[-1]), [alert.link for alert in house.notices.active])
        return told

    assert asyncio.run(scenario()) == [(1, ["off-peak house"]), (0, ["off-peak house"]), (0, [])]
    assert list(house.store.notified.all()) == ["news off-peak house 2026-01-10"]


def test_what_has_not_left_for_the_household_is_told_again_by_the_next_start(house):
    """A message that waits for the federation dies with the process: the fault and the news with it, not for ever."""

    async def scenario():
        await house.start()
        house.hear(EVENING, tomorrow="ROUG")
        assert len(await house.live(FULL, waiting=frozenset({"disk", "tempo"}))) == 2
        assert house.store.notified.all() == {}
        await house.start()
        house.hear(EVENING, tomorrow="ROUG")
        again = await house.live(FULL)
        # Its end waits: the next start must still know that there is one to tell.
        ended = await house.live(FOUND, waiting=frozenset({"disk"}))
        await house.start()
        return again, ended, await house.live(FOUND)

    again, ended, after = asyncio.run(scenario())
    assert len(again) == 2
    assert [alert.recovered for alert in ended] == [alert.recovered for alert in after] == [True]


def test_a_store_that_cannot_be_written_stops_no_notice(house):
    """What was told is kept as soon as it can be."""

    async def scenario():
        await house.start()
        house.store.db.execute("PRAGMA query_only = 1")
        told = await house.live(FULL, 30)
        assert house.store.notified.all() == {}
        house.store.db.execute("PRAGMA query_only = 0")
        return told + await house.live(FULL, 90)

    assert [alert.kind for alert in asyncio.run(scenario())] == [FaultKind.DISK]
    assert list(house.store.notified.all()) == ["fault DISK disk"]


def test_what_was_told_of_a_recipient_goes_when_it_is_erased(house):
    """No trace of an address is left in what was told of it, and only of that one."""
    house.store.notified.keep({"fault RECIPIENT recipient a@b.test": 1, "fault GONE recipient ba@b.test": 2})
    house.store.erasure.erase_recipient("a@b.test", 10)
    assert house.store.notified.all() == {"fault GONE recipient ba@b.test": 2}


@pytest.mark.parametrize(
    ("hour", "day", "begins_fr", "begins_en"),
    [
        (19, 15, "Demain, vendredi 16 janvier, est", "Tomorrow, Friday 16 January, is"),
        # Between midnight and six it is still the day of Tempo before.
        (1, 16, "Aujourd’hui, vendredi 16 janvier, est", "Today, Friday 16 January, is"),
        (6, 16, "Demain, samedi 17 janvier, est", "Tomorrow, Saturday 17 January, is"),
    ],
)
def test_a_red_day_has_its_date(house, hour, day, begins_fr, begins_en):
    """A day of Tempo lasts from six to six."""

    async def scenario():
        await house.start()
        house.hear(datetime(2026, 1, day, hour, tzinfo=UTC), today="BLAN", tomorrow="ROUG")
        return red_tomorrow(house.now.meters, 0.0)

    (item,) = asyncio.run(scenario())
    assert item.text.in_language("fr").startswith(begins_fr)
    assert str(item.text).startswith(begins_en)


def test_each_red_day_is_told_once_and_no_other_colour(house):
    """Three days, said every second: one notice for each of the two reds."""

    async def scenario():
        await house.start()
        told = []
        for day, colour in enumerate(("ROUG", "ROUG", "BLEU")):
            house.hear(EVENING + timedelta(days=day), tomorrow=colour)
            told.append([alert.text.in_language("fr") for alert in await house.live(FOUND)])
        return told, house.notices.active

    told, active = asyncio.run(scenario())
    assert [len(day) for day in told] == [1, 1, 0]
    assert active == []


def test_an_objective_that_is_chosen_at_the_page_counts_at_once(tmp_path):
    """Told within a look, gone with the choice, and told again when it is another one."""
    write_years(tmp_path, date(2025, 12, 1), date(2026, 2, 1))
    config = load(tmp_path / "gateway.toml")

    async def call(function, *arguments):
        return function(*arguments)

    async def scenario(store):
        notices = HouseholdNotices(config, Now(config, store, call), store.notified, store, call)
        found, clock = [], midnight(date(2026, 1, 30)) + 3600.0
        for second, kwh in enumerate((None, 120, 120, None, 130)):
            change(config, "objective", {"kwh_per_month": kwh})
            told = await notices.look([], float(second), clock)
            found.append((len(told), [alert.link for alert in notices.active]))
        return found

    with closing(Store(tmp_path)) as store:
        found = asyncio.run(scenario(store))
    month = ["objective month kwh"]
    assert found == [(0, []), (1, month), (0, month), (0, []), (1, month)]


def test_news_that_was_told_is_not_kept_for_ever():
    """The oldest names go; years of red days fill no card."""
    news = News()
    for day in range(200):
        item = Item(f"tempo {day}", Topic.TEMPO, "tempo", NOTHING, "")
        assert len(news.look([item], 0.0, 0.0)) == 1
    assert list(news.told) == [f"tempo {day}" for day in range(200 - MOST_KEPT, 200)]


def test_an_overload_is_looked_at_like_a_link_while_the_meter_speaks(house):
    """OK, then broken; of a silent meter nobody knows."""

    async def scenario():
        await house.start()
        house.hear(EVENING, overload="0")
        calm = overloads(house.now.meters, house.now.meters["house"]._heard)
        house.hear(EVENING, overload="1")
        heard = house.now.meters["house"]._heard
        return [
            link.state
            for link in (*calm, *overloads(house.now.meters, heard), *overloads(house.now.meters, heard + 60))
        ]

    assert asyncio.run(scenario()) == [OK, BROKEN, WAITING]


def test_an_objective_is_told_when_it_is_exceeded_and_not_before(tmp_path):
    """120 kWh in a month, in kWh as the household wrote it; in the days before nothing."""
    write_years(tmp_path, date(2025, 12, 1), date(2026, 2, 1))
    file = tmp_path / "gateway.toml"
    file.write_text(file.read_text().replace("kwh_per_month = 300", "kwh_per_month = 120"))
    config = load(file)
    with closing(Store(tmp_path)) as store:
        found = [exceeded(store, config, midnight(date(2026, 1, day)) + 3600.0) for day in (4, 30)]
    assert found[0] == []
    (item,) = found[1]
    assert item.key == "objective month kwh 2026-01 120"
    assert item.text.in_language("fr").startswith("L’objectif du mois est dépassé\u00a0: ")
    assert " pour 120\u00a0kWh, " in item.text.in_language("fr")
    assert str(item.text).startswith("The monthly goal is exceeded: ")
    assert item.log == "the objective of the month is exceeded"
