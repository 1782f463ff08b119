"""The collector's figures on 1,000 homes of a year: how long an analyst waits for each, from PostgreSQL's own tables.

The stock is what ingest leaves behind, in the order in which it comes: each half hour the index and the power of every
home, by COPY. ``load`` is of the tests too, which count the rows that are read where this measures the time: of the
processor for the session, so that what else runs does not count, and beside it by the clock, until all rows are here.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from gateway.collector.counting import count_days
from gateway.collector.database import Database, connect
from gateway.collector.months import Month, make
from gateway.collector.schema import migrate
from servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.parts import At

_HALF_HOUR_S = 1800
INDEX, POWER = "consumption/energy/active/index", "consumption/power/apparent/raw"

_LOOKS = 25
_CURVE = f"""
SELECT time, value FROM curve
WHERE meter = '{{meter}}' AND path = '{POWER}' AND time >= {{since}} AND time < now()
"""
_ENERGY = "SELECT start, energy, whole FROM energy('{step}', 'Europe/Paris', {since}, now(), ARRAY['{meter}'])"
_DAY, _YEAR = "now() - interval '1 day'", "now() - interval '1 year'"
QUESTIONS = {
    "a home's day": _CURVE.replace("{since}", _DAY),
    "its energy by the hour": _ENERGY.replace("{since}", _DAY).replace("{step}", "1 hour"),
    "its year": _CURVE.replace("{since}", _YEAR),
    "its energy by the day of a year": _ENERGY.replace("{since}", _YEAR).replace("{step}", "1 day"),
    "completeness of all, 30 days": "SELECT sum(received), sum(expected) FROM completeness_daily",
    "who is silent": "SELECT meters, newest FROM home WHERE silent",
}
_HOMES = """
WITH home AS (
  INSERT INTO gateway (account, jid)
  SELECT 'coop@sen2.test', 'home' || n || '@sen1.test' FROM generate_series(1, %(homes)s) AS n
  RETURNING id, jid || '/ab12@sen1.test' AS sensor
), asked AS (
  INSERT INTO subscription (gateway, identifier, since, standing) SELECT id, sensor, %(first)s, 'subscribed' FROM home
), its_meter AS (
  INSERT INTO meter (gateway, sensor) SELECT id, sensor FROM home RETURNING id, sensor
)
INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)
SELECT id, sensor || '/' || path, sensor || '/' || path, path, 'PT30M', unit, 'P3Y'
FROM its_meter CROSS JOIN (VALUES (%(index)s, 'Wh'), (%(power)s, 'VA')) AS of (path, unit)
"""
# What each batch notes of its days.
_COUNTED = """
INSERT INTO counted (day, series)
SELECT d::date, id FROM series CROSS JOIN generate_series(day_of(%(first)s)::timestamp, day_of(now()), '1 day') AS d
"""


def load(conninfo: str, homes: int, days: int) -> None:
    """Fill an empty database with so many homes, of so many days up to this half hour."""
    last = int(time.time()) // _HALF_HOUR_S * _HALF_HOUR_S
    first = last - days * 86_400
    asyncio.run(_tables(conninfo, first, last))
    with psycopg.connect(conninfo, options="-c search_path=linky", autocommit=True) as db:
        begun = datetime.fromtimestamp(first, UTC)
        db.execute(_HOMES, {"homes": homes, "first": begun, "index": INDEX, "power": POWER})
        found = db.execute("SELECT path, array_agg(id ORDER BY id) FROM series GROUP BY path").fetchall()
        series = dict(found)
        for day in range(first, last + 1, 86_400):
            moments = range(day, min(day + 86_400, last + 1), _HALF_HOUR_S)
            with db.cursor() as cursor, cursor.copy("COPY reading (series, time, value) FROM STDIN") as copy:
                for moment in moments:
                    copy.write("".join(_lines(moment, first, series)))
        db.execute(_COUNTED, {"first": begun})
        # As autovacuum does it, which a cluster of minutes has not.
        db.execute("VACUUM ANALYZE")
        asyncio.run(_count(conninfo))
        db.execute("VACUUM ANALYZE counted")


async def _count(conninfo: str) -> None:
    """The days that are over, by the collector's own job."""
    database = Database(conninfo)
    try:
        await count_days(database)
    finally:
        await database.close()


async def _tables(conninfo: str, first: int, last: int) -> None:
    db = await connect(conninfo)
    try:
        await migrate(db)
        async with db.transaction():
            await make(db, {Month.of(moment) for moment in (*range(first, last, 86_400), last)})
    finally:
        await db.close()


def _lines(moment: int, first: int, series: dict[str, list[int]]) -> Iterator[str]:
    at, step = datetime.fromtimestamp(moment, UTC).isoformat(), (moment - first) // _HALF_HOUR_S
    for number in series[INDEX]:
        yield f"{number}\t{at}\t{100 * number + step * (number % 7 + 100)}\n"
    for number in series[POWER]:
        yield f"{number}\t{at}\t{(step * number) % 3000}\n"


def measure(at: At) -> dict[str, float]:
    """Question -> milliseconds of the session's processor; by the clock, and the first one, beside it."""
    homes, days = (20, 10) if at.quick else (1000, 365)
    with Postgres() as cluster:
        conninfo = cluster.create("homes")
        load(conninfo, homes, days)
        found = {}
        for name, text in QUESTIONS.items():
            found |= _ask(conninfo, name, text)
        with psycopg.connect(conninfo, options="-c search_path=linky", autocommit=True) as db:
            rows, size = db.execute(
                "SELECT (SELECT count(*) FROM reading), sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
                " WHERE inhparent = 'reading'::regclass"
            ).fetchone() or (1, 0)
    return {**found, "rows": rows, "bytes": float(size) / rows}


def _ask(conninfo: str, name: str, text: str) -> dict[str, float]:
    """The medians of some looks of one session, at several homes, and its first one; rows stay as they come."""
    with psycopg.connect(conninfo, options="-c search_path=linky", autocommit=True) as db:
        meters = [meter for (meter,) in db.execute("SELECT pseudonym FROM meter ORDER BY id LIMIT %s", [_LOOKS])]
        clock, processor = [], []
        for look in range(_LOOKS):
            asked = text.replace("{meter}", meters[look % len(meters)]).encode()
            begun, worked = time.perf_counter(), _processor(db)
            answer = db.pgconn.exec_(asked)
            clock.append((time.perf_counter() - begun) * 1000)
            processor.append(_processor(db) - worked)
            if answer.error_message:
                raise RuntimeError(answer.error_message.decode())
    return {name: median(processor), f"{name} wall": median(clock), f"{name} first": clock[0]}


def _processor(db: psycopg.Connection) -> float:
    """How long the session's process has run, in milliseconds (proc(5), schedstat)."""
    return int(Path(f"/proc/{db.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6
