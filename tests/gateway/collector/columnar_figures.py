"""What days as files take: written, read, and one home erased from a year. Printed as the document has it.

    PYTHONPATH=.:tools/lib python -m tests.gateway.collector.columnar_figures [HOMES [DAYS]]

A PostgreSQL of its own (its disk is not waited for), made-up homes with two series: a day of all of them by the minute,
then a year by half hours. An index rises by what a family draws, a power follows; seeded.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import psycopg

from gateway.collector.months import Month, make
from gateway.collector.schema import migrate
from harness.accounts import FAR
from servers.postgres import Postgres
from tests.gateway.collector.columnar import moment
from tests.gateway.collector.conftest import with_database
from tests.gateway.collector.desk import INDEX, POWER
from tests.integration.processes import ENVIRONMENT

# Base load, evenings, a kettle now and then; what was drawn is summed.
_FILL = """
INSERT INTO reading (series, time, value)
SELECT CASE kind WHEN 0 THEN 2 * home - 1 ELSE 2 * home END, to_timestamp(%(first)s + %(step)s * n),
  CASE kind WHEN 0 THEN 1000000 + home * 977 + floor(sum(power) OVER (PARTITION BY home, kind ORDER BY n)
    * %(step)s / 3600) ELSE power END
FROM (
  SELECT home, n, kind, round((80 + 60 * random() + (home * 37) %% 300 + 25 * sin(home + n / 40.0) + CASE
    WHEN (n * %(step)s / 3600 + home) %% 24 >= 18 THEN 400 + 150 * sin(n / 9.0 + home) ELSE 0 END + CASE
    WHEN random() < 0.02 THEN 2000 ELSE 0 END)::numeric, -1)::double precision AS power
  FROM generate_series(%(home)s::integer, %(last)s) home CROSS JOIN generate_series(0, %(count)s::integer - 1) n
  CROSS JOIN generate_series(0, 1) kind
) x
"""
_PEAK = "import resource, sys; from gateway.collector.cli import main; code = main(sys.argv[1:]);" \
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"  # fmt: skip


def main(homes=1000, days=365):
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, DuckDB {duckdb.__version__}")
    with Postgres() as postgres, tempfile.TemporaryDirectory() as name:
        conninfo, folder = postgres.create("figures"), Path(name) / "files"
        folder.mkdir()
        config = Path(name) / "collect.toml"
        config.write_text(
            f'[account]\njid = "{FAR}"\n[database]\nconninfo = "{conninfo}"\n[parquet]\nfolder = "{folder}"\n'
        )
        with_database(conninfo, migrate)
        with_database(conninfo, lambda db: months(db, days))
        with psycopg.connect(conninfo, autocommit=True, options="-c search_path=linky") as db:
            db.execute("SELECT setseed(0.5)")
            people(db, homes)
            fill(db, homes, moment(1), 60, 1440)
            db.execute("ANALYZE")
            readings, said = night(config)
            size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
            print(f"a day by the minute, {homes} homes: {readings} readings, {size / readings:.2f} bytes each, {said}")
            fill(db, homes, moment(days + 1), 1800, 48 * (days - 1))
            readings, said = night(config)
            print(f"{days - 1} days by half hours: {readings} more readings, {said}")
            ask(folder)
            db.execute("DELETE FROM reading WHERE series IN (1, 2)")
            db.execute("DELETE FROM meter WHERE id = 1")
            _, said = night(config)
            left = duckdb.sql(f"SELECT count(*) FROM '{folder}/*/*.parquet' WHERE meter = 'm000001'").fetchall()[0][0]
            print(f"one home erased from {days} days: {said}; {left} readings of it left")


async def months(db, days):
    async with db.transaction():
        await make(db, {Month.of(moment(day)) for day in range(days + 2)})


def people(db, homes):
    db.execute(
        "INSERT INTO gateway (account, jid) SELECT 'coop@x', n || '@x' FROM generate_series(1, %s - 1) n", [homes]
    )
    db.execute("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'last@x')")
    db.execute(
        "INSERT INTO meter (gateway, sensor, pseudonym) SELECT id, 's', 'm' || lpad(id::text, 6, '0') FROM gateway"
    )
    db.execute(
        "INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)"
        " SELECT id, path, path, path, 'PT1M', unit, '3 years' FROM meter"
        " CROSS JOIN (VALUES (1, %s, 'Wh'), (2, %s, 'VA')) v(place, path, unit) ORDER BY id, place",
        [INDEX, POWER],
    )


def fill(db, homes, first, step, count):
    for home in range(1, homes + 1, 50):
        last = min(home + 49, homes)
        db.execute(_FILL, {"first": first, "step": step, "count": count, "home": home, "last": last})


def night(config):
    """Run one, in a process of its own; the readings of all files that are new, and what to say of it."""
    before = status(config)
    command = [sys.executable, "-c", _PEAK, "parquet", "--config", str(config)]
    began = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    taken = time.monotonic() - began
    memory = int(done.stderr.split()[-1]) / 1024
    return status(config) - before, f"{done.stdout.strip()} in {taken:.1f} s, {memory:.0f} MB at most"


def status(config):
    """How many readings the files have."""
    conninfo = config.read_text().split('conninfo = "')[1].split('"')[0]
    with psycopg.connect(conninfo, options="-c search_path=linky") as db:
        return db.execute("SELECT coalesce(sum(readings), 0)::bigint FROM day_file").fetchone()[0]


def ask(folder):
    files = f"'{folder}/*/*.parquet'"
    every = "SELECT time_bucket(INTERVAL 30 minute, time) h, avg(value) FROM {} WHERE unit = 'VA' GROUP BY h"
    one = "SELECT time, value FROM {} WHERE meter = 'm000077' ORDER BY time"
    for what, text in (("the half-hourly mean of all", every), ("one meter", one)):
        began = time.monotonic()
        rows = len(duckdb.sql(text.format(files)).fetchall())
        print(f"DuckDB, {what}, all days: {1000 * (time.monotonic() - began):.0f} ms ({rows} rows)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
