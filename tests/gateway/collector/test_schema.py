"""Migrations, months, retention: on plain partitions, and on TimescaleDB where Debian's package of it is installed."""

import asyncio
import os
import socket
import time
from datetime import UTC, datetime

import psycopg
import pytest

from gateway.collector import retention, schema
from gateway.collector.database import Database, connect
from gateway.collector.months import Month, ahead, within_reach
from gateway.collector.retention import Done, retain
from gateway.collector.schema import Layout, check, layout_for, migrate
from gateway.errors import StoreError
from servers.proxy import Proxy
from tests.gateway.collector.conftest import with_database
from tests.gateway.collector.desk import INDEX, POWER, beside, desk_at, parcel

NOW = int(time.time()) // 60 * 60
DAY = 86_400


def test_an_older_schema_keeps_what_it_has(empty, monkeypatch, store_at):
    """Subscriptions of before are there afterwards, and nobody was asked for them."""
    with monkeypatch.context() as older:
        older.setattr(schema, "_MIGRATIONS", schema._MIGRATIONS[:2])
        assert with_database(empty, migrate) == 2
    store = store_at()
    store.conninfo = empty
    store.ask("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'maison@x')")
    store.ask("INSERT INTO subscription (gateway, identifier, since) VALUES (1, 'maison@x/ab12@x', now())")
    assert with_database(empty, migrate) == len(schema._MIGRATIONS) - 2
    found = store.ask("SELECT jid, identifier, since < now(), request, request_state FROM gateway JOIN subscription"
                      " ON gateway.id = gateway")  # fmt: skip
    assert found == [("maison@x", "maison@x/ab12@x", True, None, None)]


def test_both_ends_of_a_connection_miss_the_other_one_after_as_long(empty):
    """Who has lost its server knows it when that gives its locks to another: not a quarter of an hour later."""
    place = empty.split()[0].removeprefix("host=")
    options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)

    async def work():
        async with Proxy(f"{place}/.s.PGSQL.5432") as proxy:
            host, _, port = proxy.address.partition(":")
            db = await connect(empty.replace(f"host={place}", f"host={host} port={port}"))
            with socket.socket(fileno=os.dup(db.fileno())) as end:
                ours = [end.getsockopt(socket.IPPROTO_TCP, option) for option in options]
            await db.close()
        return ours

    assert asyncio.run(work()) == [10, 5, 2, 20_000]


def test_who_could_read_the_views_of_before_reads_those_of_now(empty, monkeypatch, store_at):
    """Their names are the same, and they are others: the role keeps its rights, and another role has none."""
    later = ("home", "curve", "segment_half_hour", "segment_daily")
    older = "readings(text, timestamptz, timestamptz)", "energy(interval, text, timestamptz, timestamptz)"
    with monkeypatch.context() as before:
        before.setattr(schema, "_MIGRATIONS", schema._MIGRATIONS[:5])
        before.setattr(schema, "_VIEWS", tuple(name for name in schema._VIEWS if name not in later))
        before.setattr(schema, "_FUNCTIONS", (*older, "completeness(timestamptz, timestamptz)"))
        assert with_database(empty, migrate) == 5
        store = store_at()
        store.conninfo = empty
        store.ask('CREATE ROLE "the town\'s" LOGIN')
        store.ask("CREATE ROLE passerby LOGIN")
        with_database(empty, lambda db: schema.let_read(db, "the town's"))
    assert with_database(empty, migrate) == len(schema._MIGRATIONS) - 5
    for role, may in (("the town's", True), ("passerby", False)):
        rights = [store.one("SELECT has_table_privilege(%s, 'linky.' || %s, 'SELECT')", role, v) for v in schema._VIEWS]
        rights += [
            store.one("SELECT has_function_privilege(%s, 'linky.' || %s, 'EXECUTE')", role, name)
            for name in schema._FUNCTIONS
        ]
        assert set(rights) == {may}


def test_several_processes_may_start_at_once(empty):
    """One migrates, the others wait and find it done; a second time nothing is left to do."""

    async def start():
        connections = [await connect(empty) for _ in range(4)]
        done = await asyncio.gather(*map(migrate, connections))
        for db in connections:
            await db.close()
        return done

    assert sum(asyncio.run(start())) == len(schema._MIGRATIONS)
    assert with_database(empty, migrate) == 0


def test_a_schema_of_another_version_is_named(empty, store_at):
    """Too old: what to type. Too new: which program is."""
    with pytest.raises(StoreError, match="run linky-collect init"):
        with_database(empty, check)
    store = store_at()
    store.ask("INSERT INTO schema_version VALUES (99, 'partitions')")
    with pytest.raises(StoreError, match="newer linky-collect"):
        with_database(store.conninfo, check)


def test_the_layout_is_the_one_that_is_wanted():
    """By the wish, where the extension is; a choice that was made stays (``laid_out`` sees it read again)."""
    assert layout_for({"plpgsql", "timescaledb"}, wanted=True) is Layout.HYPERTABLE
    assert layout_for({"plpgsql", "timescaledb"}, wanted=False) is Layout.PARTITIONS
    with pytest.raises(StoreError, match="no TimescaleDB: run CREATE EXTENSION"):
        layout_for({"plpgsql"}, wanted=True)
    assert layout_for({"plpgsql"}, wanted=False) is Layout.PARTITIONS


def test_months():
    """Of UTC; the year's end is one like others."""
    assert [month.table for month in ahead(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC).timestamp())] == [
        "reading_2026_11", "reading_2026_12", "reading_2027_01", "reading_2027_02",
    ]  # fmt: skip
    assert Month(2026, 12).next().start == datetime(2027, 1, 1, tzinfo=UTC)
    assert [within_reach(at, NOW) for at in (0, NOW, NOW + DAY, NOW + DAY + 1, 4e9)] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_what_is_past_its_retention_is_deleted(laid_out):
    """The shortest that ever came with a series binds all of it; whole months go at once; what is kept stays."""

    async def fill():
        async with desk_at(laid_out) as desk:
            long_ago = [(NOW - days * DAY, days) for days in (1, 20, 100, 200, 300)]
            await desk.keep(parcel(*long_ago, retention="P1Y"), parcel(*long_ago, path=POWER, retention="P1Y"))
            # The household allows less from now on, and what stays unsaid is no longer than the collector's own most.
            await desk.keep(parcel((NOW, 0), retention="P1M"), parcel((NOW, 0), path="other", retention=None))
            return [await retain(desk.database, most) for most in ("P3Y", "P3Y", "P6M")]

    first, again, shorter = asyncio.run(fill())
    assert first == Done(3, 0)
    assert again == Done(0, 0)
    rows = laid_out.ask("SELECT path, value::int FROM reading JOIN series ON series.id = series ORDER BY 1, 2")
    assert rows == [(INDEX, 0), (INDEX, 1), (INDEX, 20), (POWER, 1), (POWER, 20), (POWER, 100), ("other", 0)]
    assert shorter.months >= 1
    assert laid_out.ask("SELECT path, keep::text FROM series ORDER BY 1") == [
        (INDEX, "1 mon"), (POWER, "6 mons"), ("other", "6 mons"),
    ]  # fmt: skip
    assert laid_out.one("SELECT count(*) FROM retained") == 2


def test_much_is_deleted_in_portions(laid_out, monkeypatch):
    """After a pause there are more readings past their time than one statement deletes within its time."""
    monkeypatch.setattr(retention, "_PORTION", 30)
    laid_out.ask("CREATE TABLE portion (rows bigint)")
    laid_out.ask("CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql SET search_path = linky AS"
                 " $$ BEGIN INSERT INTO portion SELECT count(*) FROM gone; RETURN NULL; END $$")  # fmt: skip
    laid_out.ask("CREATE TRIGGER noted AFTER DELETE ON reading REFERENCING OLD TABLE AS gone"
                 " FOR EACH STATEMENT EXECUTE FUNCTION noted()")  # fmt: skip
    past = [(NOW - 40 * DAY + n, n) for n in range(25)]

    async def work():
        async with desk_at(laid_out) as desk:
            paths = [f"{INDEX}/provider/{n}" for n in range(1, 9)]
            await desk.keep(*(parcel(*past, (NOW, 1), path=path) for path in paths), parcel(*past[:4], path=POWER))
            laid_out.ask("UPDATE series SET keep = '1 month' WHERE path <> %s", POWER)
            laid_out.ask("UPDATE series SET keep = '30 days' WHERE path = %s", POWER)
            # Of what is kept for longer no month may go as a whole.
            await desk.keep(parcel((NOW, 1), path="other"))
            # A stop ends it after a portion; the next run goes on.
            some = "SELECT count(*) FROM portion WHERE rows > 0"
            stopped = await retain(desk.database, "P3Y", lambda: laid_out.one(some) > 0)
            return stopped, await retain(desk.database, "P3Y")

    stopped, rest = asyncio.run(work())
    assert 0 < stopped.readings <= 30
    assert stopped.readings + rest.readings == 204
    assert laid_out.one("SELECT count(*) FROM reading") == 9
    rows = [row for (row,) in laid_out.ask("SELECT rows FROM portion WHERE rows > 0")]
    assert (max(rows), sum(rows)) == (30, 204)
    assert laid_out.ask("SELECT readings FROM retained ORDER BY at") == [(stopped.readings,), (rest.readings,)]


@pytest.mark.parametrize("rows", [100_000, pytest.param(10_000_000, marks=pytest.mark.campaign)])
def test_who_writes_while_much_is_deleted_waits_a_second_at_most(store, rows):
    """Another home's values, each committed: portions hold nobody up, nor does a month that goes as a whole."""

    async def fill():
        async with desk_at(store) as desk:
            await desk.keep(parcel((NOW, 1)), parcel((NOW, 1), path=POWER))

    asyncio.run(fill())
    store.ask("UPDATE series SET keep = '100 days'")
    store.make_months(*range(NOW - 400 * DAY, NOW, DAY))
    # Most of it in the month in which the retention ends: nothing but a deletion removes it.
    store.ask("INSERT INTO reading (series, time, value)"
              " SELECT s.id, now() - interval '100 days 1 second' - n * interval '0.1 second', 1"
              " FROM series s CROSS JOIN generate_series(1, %s) AS n", rows // 2)  # fmt: skip
    store.ask("INSERT INTO reading SELECT id, now() - interval '390 days', 1 FROM series")

    async def work():
        database = Database(store.conninfo)
        try:
            return await beside(store, lambda: retain(database, "P3Y"))
        finally:
            await database.close()

    longest, done = asyncio.run(work())
    print(f"{done}; the longest wait {longest:.2f} s")
    assert done.months >= 1
    assert store.one("SELECT count(*) FROM reading WHERE time < now() - interval '100 days'") == 0
    assert longest < 1


def test_the_command_deletes_a_series_that_has_nothing_left(store):
    """And its meter: a name does not outlive what stood under it. The months to come are made."""

    async def fill():
        async with desk_at(store) as desk:
            await desk.keep(parcel((NOW - DAY, 1)))

    asyncio.run(fill())
    store.ask("UPDATE series SET keep = '1 hour'")
    # On the first of a month yesterday's goes as a whole.
    whole = Month.of(NOW - DAY) != Month.of(time.time() - 3600)
    assert store.command("retain") == f"{1 - whole} readings deleted, {int(whole)} months dropped\n"
    assert store.one("SELECT count(*) FROM meter") == 0
    tables = {name for (name,) in store.ask("SELECT inhrelid::regclass::text FROM pg_inherits")}
    assert {month.table for month in ahead(time.time())} <= tables


def test_one_process_at_a_time_deletes(store):
    """The others go on with their work."""

    async def both():
        one, two = Database(store.conninfo), Database(store.conninfo)

        async def work(db):
            await db.execute("SELECT pg_advisory_xact_lock(%s)", [retention._LOCK])
            return await retain(two, "P1Y")

        try:
            return await one.run(work), await retain(two, "P1Y")
        finally:
            await one.close()
            await two.close()

    assert asyncio.run(both()) == (None, Done(0, 0))


def test_a_database_that_is_away_is_one_sentence(store, postgres):
    """For a person too: where it was looked for, and no password."""
    text = store.config.read_text().replace(str(postgres.folder), "/nowhere")
    store.config.write_text(text)
    said = store.command("status", code=74)
    assert said.startswith("linky-collect: PostgreSQL cannot be reached: ")
    assert "/nowhere" in said
    assert "Traceback" not in said


def test_an_error_of_the_work_itself_is_not_a_database_that_is_away(store):
    """Nobody tries it again for ever."""

    async def work():
        database = Database(store.conninfo)
        try:
            with pytest.raises(psycopg.DataError):
                await database.run(lambda db: db.execute("SELECT 'x'::interval"))
            with pytest.raises(StoreError, match="no_such_table"):
                await database.run(lambda db: db.execute("SELECT * FROM no_such_table"))
            return await database.run(check)
        finally:
            await database.close()

    assert asyncio.run(work()) is Layout.PARTITIONS
