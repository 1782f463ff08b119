"""Erasures of more than a moment's work: seen by nobody at once, deleted in portions, confirmed when they are done."""

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from gateway.collector import erasing
from gateway.collector.database import Database
from gateway.collector.erasing import finish
from gateway.collector.metrics import Tables
from harness.accounts import FAR, HOME
from harness.wait import wait_until
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, beside, desk_at, notice, parcel

NOW = int(time.time()) // 1800 * 1800 - 10 * 86_400
MANY = [(NOW + n * 1800, n) for n in range(40)]
TARGET = "consumption/power/apparent/other"
SEEN = {
    "curve": "SELECT count(*) FROM curve WHERE path = %s",
    "last_value": "SELECT count(*) FROM last_value WHERE path = %s",
    "energy": "SELECT count(*) FROM energy_daily WHERE path = %s",
    "completeness": "SELECT count(*) FROM completeness_daily WHERE path = %s",
    "shown_series": "SELECT count(*) FROM shown_series WHERE path = %s",
}
WITHDRAWN = notice("consent-withdrawn")
OF_POWER = notice("data-erased", f"{SENSOR}/{POWER}", first=NOW, last=NOW + 29 * 1800)


def seen(store, path=INDEX):
    """In which views anything of a series is."""
    return {view for view, text in SEEN.items() if store.one(text, path)}


@pytest.fixture
def small(monkeypatch):
    """Portions of twelve readings."""
    monkeypatch.setattr(erasing, "_PORTION", 12)


async def told(store):
    """What of it is a figure for Prometheus."""
    tables = Tables(store.conninfo, FAR)
    try:
        return {name: value for name, labels, value in await tables.samples() if not labels}
    finally:
        await tables.close()


def run(store, work):
    """Run a coroutine function of a desk whose household has sent two series of forty values."""

    async def within():
        async with desk_at(store) as desk:
            half_hours = [parcel(*MANY, granularity="PT30M"), parcel(*MANY, path=POWER, unit="VA", granularity="PT30M")]
            assert all(await desk.keep(*half_hours))
            store.ask("UPDATE subscription SET since = to_timestamp(%s)", NOW)
            return await work(desk)

    return asyncio.run(within())


def test_it_is_hidden_by_the_notice_and_confirmed_once_it_is_deleted(store, small):
    """What the household sends meanwhile is not kept: it comes again, and is no part of what was erased."""
    assert seen(store) == set()

    async def work(desk):
        assert seen(store) == set(SEEN)
        assert await desk.keep(WITHDRAWN, parcel((NOW, 7))) == [False, False]
        assert seen(store) == seen(store, POWER) == set()
        left = store.one("SELECT count(*) FROM reading")
        assert left == 2 * len(MANY) - 12
        assert await desk.keep(parcel((NOW, 7)), WITHDRAWN) == [False, False]
        assert await desk.fill(parcel((NOW, 7))) == [False]
        store.ask("UPDATE erasure SET noted_at = now() - interval '2 hours'")
        found = await told(store)
        assert (found["erasures_open"], round(found["erasures_oldest_seconds"] / 60)) == (1, 120)
        assert await finish(desk.database) == left
        found = await told(store)
        assert (found["erasures_open"], found["erasures_oldest_seconds"]) == (0, 0)
        assert await desk.keep(WITHDRAWN, parcel((NOW, 8))) == [True, True]

    run(store, work)
    assert store.ask("SELECT value FROM reading") == [(8.0,)]
    assert store.ask("SELECT path, erasing FROM series") == [(INDEX, False)]
    assert store.ask("SELECT kind, deleted FROM notice") == [("consent-withdrawn", 2 * len(MANY))]
    assert store.one("SELECT count(*) FROM erasure") == 0


def test_what_an_erasure_does_not_name_stays_and_is_shown_again(store, small):
    """Another series all the while, the rest of this one when it is done."""

    async def work(desk):
        assert await desk.keep(OF_POWER) == [False]
        assert (seen(store), seen(store, POWER)) == (set(SEEN), set())
        await finish(desk.database)
        assert await desk.keep(OF_POWER) == [True]

    run(store, work)
    assert store.one("SELECT count(*) FROM reading") == 40 + 10
    assert store.one("SELECT sum(received) FROM completeness_daily WHERE path = %s", POWER) == 10
    assert store.one("SELECT count(*) FROM curve WHERE path = %s", POWER) == 10


RECENT = [(int(time.time()) // 1800 * 1800 - n * 1800, 1000 - n) for n in range(1, 41)]
READABLE = """
SELECT relname FROM pg_class
WHERE relnamespace = 'linky'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
  AND has_table_privilege('eyes', oid, 'SELECT')
"""
ASKABLE = """
SELECT proname FROM pg_proc
WHERE pronamespace = 'linky'::regnamespace AND prosecdef AND has_function_privilege('eyes', oid, 'EXECUTE')
"""
ASKED = {
    "energy": "energy('1 day', 'Europe/Paris', now() - interval '3 days', now())",
    "completeness": "completeness(now() - interval '3 days', now())",
    "energy_of_days": "(SELECT e.* FROM meter m CROSS JOIN LATERAL energy_of_days(m.pseudonym) e)",
}


def knowing(store, what):
    """Which of all that a role may read, or ask, says this."""
    sources = {view: f'"{view}"' for (view,) in store.ask(READABLE)}
    sources |= {name: ASKED[name] for (name,) in store.ask(ASKABLE)}
    said = {name: store.one(f"SELECT coalesce(json_agg(x)::text, '') FROM {text} x") for name, text in sources.items()}
    return {name for name, text in said.items() if what in text}


def test_nothing_that_a_role_may_read_knows_the_meter_meanwhile(store, small):
    """Whatever view or function there is: from the notice on, as after its last portion."""
    store.ask("DROP ROLE IF EXISTS eyes")
    store.ask("CREATE ROLE eyes")
    store.command("init", "--reader", "eyes")

    async def work(desk):
        half_hours = [parcel(*RECENT, granularity="PT30M"), parcel(*RECENT, path=POWER, unit="VA", granularity="PT30M")]
        assert all(await desk.keep(*half_hours))
        meter = store.one("SELECT pseudonym FROM meter")
        assert knowing(store, meter) == {
            *("shown_series", "last_value", "curve", "energy_hourly", "energy_daily", "completeness_daily", "home"),
            *ASKED,
        }
        assert await desk.keep(notice("data-erased")) == [False]
        hidden = store.ask("SELECT meters, newest, silent FROM home")
        assert (knowing(store, meter), store.one("SELECT count(*) FROM reading") > 0) == (set(), True)
        await finish(desk.database)
        assert (store.ask("SELECT meters, newest, silent FROM home"), knowing(store, meter)) == (hidden, set())

    try:
        run(store, work)
    finally:
        store.ask("DROP OWNED BY eyes")
        store.ask("DROP ROLE eyes")


def test_a_home_is_as_new_as_what_is_left_of_it(store, small):
    """Where a series is being erased: the newest of the others."""

    async def work(desk):
        assert await desk.keep(parcel(*RECENT, path=POWER, unit="VA", granularity="PT30M")) == [True]
        newest = "SELECT extract(epoch FROM newest)::bigint FROM home"
        assert store.one(newest) == RECENT[0][0]
        assert await desk.keep(notice("data-erased", f"{SENSOR}/{POWER}")) == [False]
        assert store.one(newest) == MANY[-1][0]
        assert store.one("SELECT meters = (SELECT pseudonym FROM meter) FROM home")
        await finish(desk.database)
        assert store.one(newest) == MANY[-1][0]

    run(store, work)


def test_other_notices_are_obeyed_meanwhile(store, small):
    """A second erasure of the same is done with the first; a limit is at once."""

    async def work(desk):
        again = notice("data-erased", f"{SENSOR}/{POWER}", number="n2")
        assert await desk.keep(OF_POWER, again, notice("consent-limited", number="n3")) == [False, False, True]
        assert seen(store) == set()
        await finish(desk.database)
        assert await desk.keep(OF_POWER, again, notice("consent-resumed", number="n4")) == [True, True, True]

    run(store, work)
    assert store.ask("SELECT path FROM series") == [(INDEX,)]
    assert store.one("SELECT sum(deleted) FROM notice") == 40


def test_a_process_that_is_killed_leaves_the_rest_to_the_next(store, monkeypatch):
    """It is in the database; no portion is lost, none is deleted twice."""
    monkeypatch.setattr(erasing, "_PORTION", 1)
    program = (
        "import asyncio; from gateway.collector import erasing; from gateway.collector.database import Database\n"
        f"erasing._PORTION = 1; asyncio.run(erasing.finish(Database({store.conninfo!r})))"
    )

    def kill_midway(some_is_gone):
        with subprocess.Popen([sys.executable, "-c", program]) as killed:
            wait_until(some_is_gone, 60, "some of it is deleted", every=0.05)
            killed.kill()

    async def work(desk):
        rows = [(NOW + n, n) for n in range(3000)]
        assert await desk.keep(parcel(*rows, path=TARGET))
        assert await desk.keep(notice("data-erased", f"{SENSOR}/{TARGET}")) == [False]
        left = "SELECT count(*) FROM reading JOIN series ON id = series WHERE path = %s"
        await asyncio.to_thread(kill_midway, lambda: store.one(left, TARGET) < 2900)
        assert store.one(left, TARGET) > 0
        assert seen(store, TARGET) == set()
        monkeypatch.setattr(erasing, "_PORTION", 500)
        await finish(desk.database)
        assert store.one(left, TARGET) == 0
        assert store.one("SELECT deleted FROM notice") == 3000

    run(store, work)


def test_a_person_who_removes_a_home_waits_for_the_whole_of_it(store, small):
    """What the command says is gone is gone, also where the service is just deleting: it goes on after it."""

    async def work(_desk):
        pass

    run(store, work)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    with psycopg.connect(store.conninfo) as service, ThreadPoolExecutor(1) as person:
        service.execute("SELECT pg_advisory_xact_lock(%s)", [erasing._LOCK])
        said = person.submit(store.command, "gateways", "remove", HOME, "--erase")
        wait_until(lambda: store.one(waits) == 1, 60, "the command waits", every=0.05)
        assert store.one("SELECT count(*) FROM reading") > 0
        assert seen(store) == set()
        service.rollback()
    assert said.result() == f"{HOME} is asked no more; 80 readings deleted\n"
    for table in ("reading", "series", "meter", "counted", "erasure"):
        assert store.one(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.campaign
def test_three_years_of_ten_series_by_the_minute_hold_nobody_up(store):
    """Fifteen million readings: in no view after a second; who writes meanwhile waits a second at most."""
    rows = (
        "INSERT INTO reading (series, time, value) SELECT s.id, t, 1 FROM series s"
        " CROSS JOIN generate_series(now() - interval '3 years' + interval '1 hour', now(), '1 minute') AS t"
    )

    async def fill(desk):
        names = [f"consumption/power/apparent/raw/{n}" for n in range(10)]
        assert all(await desk.keep(*(parcel((NOW, 1), path=name) for name in names)))

    run(store, fill)
    store.make_months(*range(int(time.time()) - 3 * 366 * 86_400, int(time.time()), 86_400))
    store.ask("DELETE FROM reading")
    store.ask("DELETE FROM series WHERE path IN (%s, %s)", INDEX, POWER)
    store.ask(rows)
    store.ask("VACUUM ANALYZE")

    async def erase(desk):
        begun = time.monotonic()
        assert await desk.keep(WITHDRAWN) == [False]
        assert store.one("SELECT count(*) FROM curve") == 0
        hidden = time.monotonic() - begun
        other = Database(store.conninfo)
        longest, deleted = await beside(store, lambda: finish(other))
        await other.close()
        assert await desk.keep(WITHDRAWN) == [True]
        return hidden, longest, deleted

    async def within():
        async with desk_at(store) as desk:
            return await erase(desk)

    hidden, longest, deleted = asyncio.run(within())
    print(f"{deleted} deleted; hidden after {hidden:.2f} s, longest wait {longest:.2f} s")
    assert deleted > 15_000_000
    assert hidden < 1
    assert longest < 1
