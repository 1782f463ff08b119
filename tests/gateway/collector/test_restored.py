"""A dump of the collector's database brought back: what was given meanwhile comes again, and who has left is seen."""

import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from gateway.collector import schema
from harness.accounts import HOME
from meter.process import SimulatedMeter
from servers import wait_until
from servers.postgres import Postgres, has_timescale
from tests.gateway.collector.conftest import Store, with_database
from tests.gateway.collector.test_collecting import SINCE, WAIT_S, Home, far_account, kept, stored
from tests.gateway.collector.test_segments import FIRST, add_homes, divide, fill_all, reckoned
from tests.markdown import ROOT

pytestmark = pytest.mark.slow


def client(program, *words):
    """One of PostgreSQL's own programs."""
    done = subprocess.run([program, *words], check=False, capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 0, done.stderr


def bring_back(postgres, store, dump):
    """As a co-operative's page says it, where ``init`` has made empty tables; what the second ``init`` said."""
    store.ask("DROP SCHEMA linky CASCADE")
    client(postgres.program("pg_restore"), "--single-transaction", "--no-owner", "-d", store.conninfo, dump)
    return store.command("init")


def test_a_dump_of_before_is_brought_up_to_a_newer_package(empty, monkeypatch, store_at, postgres, tmp_path):
    """The tables that ``init`` has made are newer than those of the dump: none of them is in the way."""
    with monkeypatch.context() as older:
        older.setattr(schema, "_MIGRATIONS", schema._MIGRATIONS[:2])
        with_database(empty, schema.migrate)
    old, dump = store_at(), tmp_path / "linky.dump"
    old.conninfo = empty
    old.ask("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'maison@x')")
    client(postgres.program("pg_dump"), "-Fc", "-f", dump, "-d", empty)
    new = store_at()
    assert f"{len(schema._MIGRATIONS) - 2} migrations were run" in bring_back(postgres, new, dump)
    assert new.ask("SELECT account, jid FROM gateway") == [("coop@x", "maison@x")]
    with_database(new.conninfo, schema.check)


def test_what_was_published_after_the_dump_is_not_published_again(store_at, postgres, tmp_path, caplog):
    """From other homes it would be another total: the difference of the two is a home."""
    old, dump = store_at(), tmp_path / "linky.dump"
    series = add_homes(old, 12)
    fill_all(old, series)
    divide(old, "")
    reckoned(old, datetime.now(UTC) - FIRST - timedelta(days=1))
    client(postgres.program("pg_dump"), "-Fc", "-f", dump, "-d", old.conninfo)
    before = old.ask("SELECT * FROM segment_half_hour ORDER BY start")
    assert reckoned(old, timedelta(0)).published
    assert not caplog.records
    new = store_at()
    bring_back(postgres, new, dump)
    new.ask("DELETE FROM reading WHERE series = %s", series[0])
    assert reckoned(new, timedelta(0)).published == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert new.ask("SELECT * FROM segment_half_hour ORDER BY start") == before
    (until, now) = new.ask("SELECT until, now() FROM segment_release")[0]
    assert timedelta(0) < until - now <= timedelta(minutes=30)
    # What begins from then on is published as ever, also where the program is started anew.
    assert reckoned(new, timedelta(0)).published == 0
    new.ask("UPDATE segment_release SET until = %s", FIRST + timedelta(days=1))
    assert reckoned(new, timedelta(0)).published
    assert len(caplog.records) == 1


def test_a_hypertable_comes_back_between_two_calls(tmp_path):
    """As the document says it: its chunks with it; then old times and new ones are written."""
    if not has_timescale():
        pytest.skip("TimescaleDB is not installed for the newest PostgreSQL: postgresql-17-timescaledb")
    before, after = "SELECT timescaledb_pre_restore()", "SELECT timescaledb_post_restore()"
    for name in ("README.md", "LISEZMOI.md"):
        text = " ".join((ROOT / "gateway" / "collector" / name).read_text().split())
        assert text.index(before) < text.index(after)
    dump = tmp_path / "linky.dump"
    with Postgres(timescale=True) as cluster:
        old, new = (Store(cluster.create(name, "template0", "timescaledb"), tmp_path) for name in ("old", "new"))
        for one in (old, new):
            with_database(one.conninfo, partial(schema.migrate, timescale=True))
        old.ask("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'maison@x')")
        old.ask("INSERT INTO meter (gateway, sensor) VALUES (1, 'ab12')")
        old.ask("INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)"
                " VALUES (1, 'n', 'n', 'consumption/energy', 'PT1M', 'Wh', '1 year')")  # fmt: skip
        days = "INSERT INTO reading SELECT 1, now() - n * interval '1 day', n FROM generate_series(1, 90) n"
        old.ask(days)
        client(cluster.program("pg_dump"), "-Fc", "-f", dump, "-d", old.conninfo)
        new.ask("DROP SCHEMA linky CASCADE")
        cluster.sql(before, "new")
        client(cluster.program("pg_restore"), "--single-transaction", "--no-owner", "-d", new.conninfo, dump)
        cluster.sql(after, "new")
        assert new.ask("SELECT time, value FROM reading ORDER BY 1") == old.ask(
            "SELECT time, value FROM reading ORDER BY 1"
        )
        chunks = "SELECT count(*) FROM public.show_chunks('reading')"
        assert new.one(chunks) == old.one(chunks) > 2
        new.ask(days.replace("interval '1 day'", "interval '1 day' - interval '1 second'") + " ON CONFLICT DO NOTHING")
        new.ask("INSERT INTO reading VALUES (1, now() + interval '70 days', 1)")
        assert (new.one("SELECT count(*) FROM reading"), new.one(chunks)) == (181, old.one(chunks) + 1)
        with_database(new.conninfo, schema.check)


def test_what_came_after_the_dump_comes_again_and_who_has_left_is_refused(federation, store_at, postgres, tmp_path):
    """The tables are there (``test_begin`` has the role), pg_restore fills them, the gateways are asked for the rest.

    What a withdrawal had deleted is back with the dump; its gateway refuses, so ``gateways list`` names it.
    """
    stays, leaves = (Home(tmp_path / jid, federation, jid) for jid in (HOME, "parti@sen1.test"))
    for home in (stays, leaves):
        # A fast clock would be hours away from the time that is asked for again.
        home.meter = SimulatedMeter(tmp_path / home.jid / "ttyTIC", seed=len(home.jid), mode="standard")
    store = store_at(far_account(federation))
    dump = tmp_path / "linky.dump"
    with ExitStack() as running:
        for home in (stays, leaves):
            running.enter_context(home.meter)
            running.enter_context(home.gateway())
        with store.collector("one") as one:
            for home in (stays, leaves):
                store.command("gateways", "add", f"{home.jid}/proxy", "--identifier", home.identifier(), *SINCE)
            wait_until(lambda: all(len(kept(store, home)) > 20 for home in (stays, leaves)), 2 * WAIT_S, "readings")
            client(postgres.program("pg_dump"), "-Fc", "-f", dump, "-d", store.conninfo)
            before = len(kept(store, stays))
            assert leaves.command("consent", "revoke", one_address(store)).returncode == 0
            wait_until(lambda: not kept(store, leaves), WAIT_S, "all of it is deleted", every=0.3)
            wait_until(lambda: len(kept(store, stays)) > before + 20, WAIT_S, "readings after the dump", every=0.3)
            assert one.stop(60) == 0
        # The machine is lost: on the next one init has made empty tables.
        new = store_at(far_account(federation))
        bring_back(postgres, new, dump)
        assert kept(new, leaves)
        with new.collector("one") as one:
            wait_until(lambda: f"{leaves.jid}" in refused(new), WAIT_S, "the refusal", every=0.5)
            assert stays.jid not in refused(new)
            new.command("gateways", "remove", leaves.jid, "--erase")
            assert not kept(new, leaves)
            stays.meter.command("unplug")
            stays.await_silence(3)
            stays.await_delivered(2 * WAIT_S)
            wait_until(lambda: kept(new, stays) == stored(stays), 2 * WAIT_S, "each reading once", every=0.3)
            assert one.stop(60) == 0


def one_address(store):
    """The account that receives."""
    return store.one("SELECT DISTINCT account FROM gateway")


def refused(store):
    """The lines of ``gateways list`` that say so."""
    return "\n".join(line for line in store.command("gateways", "list").splitlines() if "refused" in line)
