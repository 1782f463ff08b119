"""A PostgreSQL for the session, a database for each test, and the collector as the process that an operator runs."""

import asyncio
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO

import psycopg
import pytest

from gateway.collector import schema
from gateway.collector.cli import main
from gateway.collector.database import connect
from gateway.collector.months import Month, make
from gateway.collector.partitions import classes_of
from gateway.collector.schema import Layout, check, migrate
from harness.accounts import FAR
from servers.postgres import Postgres, has_timescale, missing_postgres
from tests.integration.processes import PASSWORD, Process

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres():
    """One cluster; a test that kills it starts it again."""
    if missing := missing_postgres():
        reason = f"Debian packages that are not installed: {' '.join(missing)}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with Postgres() as running:
        yield running


@pytest.fixture
def empty(postgres):
    """An empty database."""
    return postgres.create(f"test_{next(_NUMBERS)}")


@pytest.fixture(scope="session")
def template(postgres):
    """A database with the tables, to be copied."""

    async def work():
        db = await connect(postgres.create("template_linky"))
        await migrate(db)
        await db.close()

    asyncio.run(work())
    return "template_linky"


@pytest.fixture
def store_at(postgres, template, tmp_path):
    """Make the collector's database, with its tables, for the account that some lines lead to."""
    return lambda account="": Store(postgres.create(f"test_{next(_NUMBERS)}", template), tmp_path, account)


@pytest.fixture(scope="session")
def bench(postgres, template):
    """A database that tests use one after the other: a copy of its own takes a thousand files."""
    return postgres.create("bench", template)


@pytest.fixture
def store(bench, tmp_path):
    """A collector's store with empty tables, for what needs no server."""
    store = Store(bench, tmp_path)
    store.ask("TRUNCATE gateway, reading, retained, invitation RESTART IDENTITY CASCADE")
    store.ask("TRUNCATE half_hour_changed, segment_release, published_half_hour")
    store.ask("DELETE FROM segment WHERE name <> 'all'")
    store.ask("TRUNCATE segment_total")
    for (month,) in store.ask("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading'::regclass"):
        store.ask(f"DROP TABLE {month}")
    return store


def with_database(conninfo, work):
    """What a coroutine function of a connection gives."""

    async def within():
        db = await connect(conninfo)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(within())


@pytest.fixture(params=list(Layout), ids=lambda layout: layout.value)
def laid_out(request, tmp_path):
    """A collector's store in each layout."""
    with ExitStack() as running:
        if request.param is Layout.PARTITIONS:
            conninfo = request.getfixturevalue("postgres").create(f"layout_{next(_NUMBERS)}")
        elif has_timescale():
            cluster = running.enter_context(Postgres(timescale=True))
            conninfo = cluster.create("layout", "template0", "timescaledb")
        else:
            pytest.skip("TimescaleDB is not installed for the newest PostgreSQL: postgresql-17-timescaledb")
        timescale = request.param is Layout.HYPERTABLE
        assert with_database(conninfo, partial(migrate, timescale=timescale)) == len(schema._MIGRATIONS)
        assert with_database(conninfo, check) is request.param
        yield Store(conninfo, tmp_path)


class Store:
    """A collector's folder and its database."""

    def __init__(self, conninfo, folder, account=""):
        self.conninfo, self.folder = conninfo, folder
        (folder / "collect-password").write_text(PASSWORD + "\n")
        self.config = folder / "collect.toml"
        self.config.write_text(
            f'[account]\njid = "{FAR}"\npassword_file = "collect-password"\n{account}'
            f'[database]\nconninfo = "{conninfo}"\n'
        )

    def command(self, *arguments, code=0):
        """One command of the command line, in this process; what it printed."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            ended = main([*map(str, arguments), "--config", str(self.config)])
        assert ended == code, err.getvalue()
        return out.getvalue() if code == 0 else err.getvalue()

    def collector(self, resource):
        """A process that is not started yet."""
        return Collecting(self.folder, resource, "run", "--resource", resource, "--config", self.config)

    def make_months(self, *times):
        """Of these times, for what is not written by the program."""

        async def work(db):
            async with db.transaction():
                await make(db, {Month.of(time) for time in times})

        # Also of a test that is in a loop of its own.
        with ThreadPoolExecutor(1) as beside:
            beside.submit(with_database, self.conninfo, work).result()

    def shares(self):
        """How many partitions each process has that has any."""
        text = (
            "SELECT substr(application_name, 22), count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND classid::bigint = %s AND datname = current_database() GROUP BY pid, 1"
        )
        return dict(self.ask(text, classes_of(FAR)[0]))

    def ask(self, text, *values):
        """The rows of a query."""
        with psycopg.connect(self.conninfo, options="-c search_path=linky", autocommit=True) as db:
            cursor = db.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, text, *values):
        """The first value of the first row."""
        return self.ask(text, *values)[0][0]


class Collecting(Process):
    """``linky-collect`` as a process."""

    def __init__(self, folder, name, *arguments):
        super().__init__(folder, name, *arguments)
        self._command[1:3] = ["-m", "gateway.collector.cli"]
