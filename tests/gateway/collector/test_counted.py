"""The values of days that are over, counted once: as right as if each question counted them, whatever happens."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from zoneinfo import ZoneInfo

import psycopg
import pytest

from gateway.collector import care, counting
from gateway.collector.counting import count_days
from gateway.collector.database import Database
from gateway.collector.retention import retain
from harness.wait import wait_until
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, notice, parcel
from tests.gateway.collector.test_figures import due, half_hours, index_at, joined, sent
from tests.gateway.collector.test_views import at, keep

PARIS = ZoneInfo("Europe/Paris")
LATE = slice(60, 100)


def with_tables(store, work):
    """What a coroutine function gives of a connection that a job has."""

    async def within():
        database = Database(store.conninfo)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(within())


def count(store):
    """Have the job done; days without a number afterwards."""
    with_tables(store, count_days)
    return store.one("SELECT count(*) FROM counted WHERE received IS NULL AND day < day_of(now())")


def by_day(moments):
    """Values a day of France, as the tests count them."""
    return Counter(datetime.combine(moment.astimezone(PARIS), datetime.min.time(), PARIS) for moment in moments)


def received(store, path=INDEX):
    """(day, values) of what is shown, without the days that brought nothing."""
    rows = store.ask("SELECT day, received FROM completeness_daily WHERE path = %s AND received > 0", path)
    return {day.astimezone(PARIS): number for day, number in rows}


def right(store, moments, there):
    """Whether what is shown is what is there of the values that are due, and of what comes meanwhile."""
    wanted = set(due(moments, moments[0]))
    found = received(store)
    return found == by_day([m for m in there if m in wanted]) or wanted != set(due(moments, moments[0]))


@pytest.fixture
def perfect(store):
    """A home of five days, all of them counted, and its marks."""
    moments = half_hours(5)
    keep(store, sent(index_at(moments)))
    joined(store, moments[0])
    assert count(store) == 0
    assert store.one("SELECT sum(received) FROM counted") > 4 * 45
    return store, moments


def test_what_comes_days_late_counts_from_its_commit_on(store):
    """Before the job has looked again, and after it; what is there is not written anew."""
    moments = half_hours(5)
    index = index_at(moments)
    late = moments[LATE]
    keep(store, sent({moment: value for moment, value in index.items() if moment not in late}))
    joined(store, moments[0])
    for _ in range(2):
        assert right(store, moments, set(moments) - set(late))
        assert count(store) == 0
    keep(store, sent({moment: index[moment] for moment in late}))
    assert store.one("SELECT count(*) FROM counted WHERE received IS NULL AND day < day_of(now())") > 0
    assert right(store, moments, moments)
    assert count(store) == 0
    assert right(store, moments, moments)


def test_what_is_erased_counts_no_more(perfect):
    """From the commit on in which it was deleted."""
    store, moments = perfect
    gone = moments[LATE]
    keep(store, notice("data-erased", f"{SENSOR}/{INDEX}", first=at(gone[0]), last=at(gone[-1])))
    for _ in range(2):
        assert right(store, moments, set(moments) - set(gone))
        assert count(store) == 0


def test_a_correction_that_brings_more_counts(perfect):
    """Half an hour that was never sent comes with a rectified one."""
    store, moments = perfect
    between = moments[70] + timedelta(minutes=15)
    keep(store, parcel((at(moments[70]), 1), (at(between), 2), rectifies=True, granularity="PT30M"))
    assert store.one("SELECT count(*) FROM counted WHERE received IS NULL AND day < day_of(now())") == 1
    assert count(store) == 0
    day = datetime.combine(between.astimezone(PARIS), datetime.min.time(), PARIS)
    assert store.one("SELECT received FROM counted WHERE day = %s", day.date()) == by_day(moments)[day] + 1
    assert right(store, moments, moments), "no more than could have come"


def test_of_a_shorter_retention_nothing_is_left(perfect):
    """The day in which it ends is counted by who asks, and the days before are forgotten."""
    store, moments = perfect
    store.ask("UPDATE series SET keep = '50 hours'")
    ended = datetime.now(UTC) - timedelta(hours=50)
    with_tables(store, lambda database: retain(database, "P3Y"))
    bound = store.one("SELECT min(time) FROM reading")
    assert timedelta(hours=50) - timedelta(minutes=31) < datetime.now(PARIS) - bound < timedelta(hours=50, minutes=1)
    assert right(store, moments, [moment for moment in moments if moment >= bound])
    # Perhaps nothing is left of that day: retention ended in its last half hour.
    days = {moment.astimezone(PARIS).date() for moment in (ended, datetime.now(UTC) - timedelta(hours=50))}
    assert store.one("SELECT min(day) FROM counted") in days


def test_a_day_is_not_counted_while_somebody_writes_into_it(perfect):
    """The writer holds its series; afterwards it is."""
    store, moments = perfect
    store.ask("UPDATE counted SET received = NULL")
    with psycopg.connect(store.conninfo, options="-c search_path=linky") as writer:
        writer.execute("SELECT FROM series FOR KEY SHARE")
        late = moments[70] + timedelta(minutes=10)
        writer.execute("INSERT INTO reading SELECT id, %s, 1 FROM series", [late])
        assert with_tables(store, count_days) == 0
        writer.commit()
    assert count(store) == 0
    day = datetime.combine(late.astimezone(PARIS), datetime.min.time(), PARIS)
    assert store.one("SELECT received FROM counted WHERE day = %s", day.date()) == by_day(moments)[day] + 1


def test_of_raw_power_hours_are_counted(store):
    """As who asks would count them: an hour with many values is one."""
    moments = half_hours(3)
    keep(store, sent(dict.fromkeys([m + timedelta(seconds=n) for m in moments for n in (0, 7)], 5), POWER, "VA", "raw"))
    joined(store, moments[0])
    before = received(store, POWER)
    assert count(store) == 0
    assert received(store, POWER) == before
    assert max(before.values()) == max(by_day([m for m in moments if m.minute == 0]).values())


def test_a_stock_of_before_is_counted_little_by_little(store, monkeypatch):
    """Many days of a series at once are several portions, and a job that was told to end goes on later."""
    monkeypatch.setattr(counting, "_MOST_DAYS", 4)
    moments = half_hours(5)
    keep(store, sent(index_at(moments)), sent(dict.fromkeys(moments, 300), POWER, "VA"))
    joined(store, moments[0])
    looks = chain([False], repeat(True))
    assert with_tables(store, lambda database: count_days(database, lambda: next(looks))) == 4
    assert right(store, moments, moments)
    assert count(store) == 0
    assert right(store, moments, moments)


def test_what_postgresql_refuses_ends_no_process(perfect, monkeypatch, caplog):
    """It is said, and the days are counted when it no longer does."""
    store, _ = perfect
    monkeypatch.setattr(care, "_EVERY_S", 0.02)
    store.ask("UPDATE counted SET received = NULL")
    uncounted = "SELECT count(*) FROM counted WHERE received IS NULL AND day < day_of(now())"
    store.ask("ALTER TABLE counted ADD CONSTRAINT broken CHECK (received < 0) NOT VALID")

    def refused():
        return [record.getMessage() for record in caplog.records if "PostgreSQL refuses" in record.getMessage()]

    async def work():
        stop = asyncio.Event()
        caring = asyncio.create_task(care.care(store.conninfo, stop))
        await asyncio.to_thread(wait_until, lambda: refused() or caring.done(), 60, "the refusal", every=0.02)
        assert store.one(uncounted)
        store.ask("ALTER TABLE counted DROP CONSTRAINT broken")
        await asyncio.to_thread(wait_until, lambda: not store.one(uncounted), 60, "the count", every=0.02)
        stop.set()
        await caring

    try:
        asyncio.run(work())
    finally:
        store.ask("ALTER TABLE counted DROP CONSTRAINT IF EXISTS broken")
    assert refused() == ["erasing and counting wait: PostgreSQL refuses (CheckViolation)"]


def test_an_erasure_waits_for_a_counting_some_seconds_at_most(store, monkeypatch):
    """However many days are to be counted still: these go on after it."""
    begun = []
    monkeypatch.setattr(care, "_EVERY_S", 0.01)
    monkeypatch.setattr(care, "_COUNTING_S", 0.01)

    async def finish(database, ended):
        begun.append(database)
        return 0

    async def count_for_ever(database, ended):
        while not ended():
            await database.run(lambda db: db.execute("SELECT"))
        return 0

    monkeypatch.setattr(care, "finish", finish)
    monkeypatch.setattr(care, "count_days", count_for_ever)

    async def work():
        stop = asyncio.Event()
        caring = asyncio.create_task(care.care(store.conninfo, stop))
        try:
            await asyncio.to_thread(wait_until, lambda: len(begun) > 2, 60, "another look at erasures", every=0.01)
        finally:
            stop.set()
            await caring

    asyncio.run(work())
