"""The numbers of series in the database, remembered; held in the transaction that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.rows import SeriesKey

# Several times what a household has; a peer that invents names must not fill the tables.
MOST_SERIES = 2_000
_MOST_REMEMBERED = 500_000

_ADD = """
WITH its_meter AS (
  INSERT INTO meter (gateway, sensor) VALUES (%(gateway)s, %(sensor)s)
  ON CONFLICT (gateway, sensor) DO UPDATE SET sensor = excluded.sensor RETURNING id
)
INSERT INTO series (meter, name, sen1, path, granularity, unit, sent_unit, keep)
SELECT id, %(name)s, %(sen1)s, %(path)s, %(granularity)s, %(unit)s, %(sent_unit)s,
  shorter(%(retention)s::interval, %(most)s::interval)
FROM its_meter
ON CONFLICT (meter, sen1, granularity, unit)
DO UPDATE SET name = excluded.name, sent_unit = excluded.sent_unit, keep = shorter(series.keep, excluded.keep)
RETURNING id
"""
_KNOWN = """
SELECT count(*), coalesce(bool_or(sensor = %(sensor)s AND sen1 = %(sen1)s AND granularity = %(granularity)s
  AND unit = %(unit)s), false)
FROM series JOIN meter ON meter.id = series.meter WHERE gateway = %(gateway)s
"""
_LOOK = (
    "SELECT series.id, gateway, sen1, granularity, unit, sent_unit, name"
    " FROM series JOIN meter ON meter.id = series.meter WHERE series.id = ANY(%s) FOR KEY SHARE OF series"
)


class SeriesBook:
    """Finds the number of a series, and adds it.

    Args:
        most: the longest retention of all, ISO 8601.
    """

    def __init__(self, most: str) -> None:
        self._most = most
        self._numbers: dict[SeriesKey, int] = {}

    async def numbers(self, db: AsyncConnection, keys: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
        """The number of each, held until the transaction ends; a series too many for its gateway is not among them."""
        wanted = list(dict.fromkeys(keys))
        guessed = [number for key in wanted if (number := self._numbers.get(key)) is not None]
        # Another process, or the retention, may have deleted it since; and what a transaction was given that a crash of
        # PostgreSQL ended may have been given to another series after it.
        rows = await (await db.execute(_LOOK, [guessed])).fetchall()
        there = {number: tuple(identity) for number, *identity in rows}
        found = {}
        for key in wanted:
            number = self._numbers.get(key)
            known = (key.gateway, key.sen1, key.granularity, key.unit, key.sent_unit, key.name)
            if number is None or there.get(number) != known:
                number = await self._add(db, key)
            if number is not None:
                found[key] = number
        if len(self._numbers) > _MOST_REMEMBERED:
            self._numbers.clear()
        self._numbers.update(found)
        return found

    async def _add(self, db: AsyncConnection, key: SeriesKey) -> int | None:
        fields = {name: getattr(key, name) for name in key.__slots__} | {"most": self._most}
        row = await (await db.execute(_KNOWN, fields)).fetchone()
        if row is None or (row[0] >= MOST_SERIES and not row[1]):
            return None
        row = await (await db.execute(_ADD, fields)).fetchone()
        return int(row[0]) if row else None


async def drop_empty(db: AsyncConnection, series: Sequence[int]) -> None:
    """Delete those of the series that have no reading, and meters without a series.

    Held first, then looked at: a reading that another transaction was just writing is seen.
    """
    rows = await (
        await db.execute("SELECT id FROM series WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED", [list(series)])
    ).fetchall()
    await db.execute(
        "DELETE FROM series WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM reading WHERE reading.series = series.id)",
        [[number for (number,) in rows]],
    )
    rows = await (
        await db.execute(
            "SELECT id FROM meter WHERE NOT EXISTS (SELECT FROM series WHERE series.meter = meter.id)"
            " ORDER BY id FOR UPDATE SKIP LOCKED"
        )
    ).fetchall()
    await db.execute(
        "DELETE FROM meter WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM series WHERE series.meter = meter.id)",
        [[number for (number,) in rows]],
    )
