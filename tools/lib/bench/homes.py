"""The collector's figures on 1,000 homes of a year: how long an analyst waits for each, from PostgreSQL's own tables.

The stock is what ingest leaves behind, in the order in which it comes: each half hour the index and the power of every
home, by COPY. ``load`` is of the tests too, which count the rows that are read where this measures the time.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg

from gateway.collector.counting import count_days
from gateway.collector.database import Database, connect
from gateway.collector.months import Month, make
from gateway.collector.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

_HALF_HOUR_S = 1800
INDEX, POWER = "consumption/energy/active/index", "consumption/power/apparent/raw"

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
        with db.cursor() as cursor, cursor.copy("COPY reading (series, time, value) FROM STDIN") as copy:
            for moment in range(first, last + 1, _HALF_HOUR_S):
                copy.write("".join(_lines(moment, first, series)))
        db.execute(_COUNTED, {"first": begun})
    asyncio.run(_count(conninfo))
    with psycopg.connect(conninfo, autocommit=True) as db:
        # As autovacuum does it, which a cluster of minutes has not.
        db.execute("VACUUM ANALYZE")


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
