"""One day of a thousand gateways as a file of columns: read from PostgreSQL in portions, written by pyarrow.

The same readings give the same bytes. A meter is its pseudonym; who has limited the use of their data is left out, as
in the views. The totals of a day are those that were published: nothing is reckoned for them.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from psycopg import IsolationLevel

from gateway.collector import days
from gateway.collector.days import TOTALS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from psycopg import AsyncConnection

    from gateway.collector.days import DayPart, SeenMarks

# Whose files they are, among what stands in each.
OWNER = b"linky-collect"
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("meter", "path", "granularity", "unit", "kind")),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("words", pa.string()),
    ]
)
_NAMED = 5
TOTALS_SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("segment", "path")),
        pa.field("start", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("energy", pa.float64(), nullable=False),
        pa.field("homes", pa.int32(), nullable=False),
    ]
)
_TOTALS = """
SELECT segment, path, start, energy, homes FROM segment_half_hour
WHERE start >= %(day)s::timestamp AT TIME ZONE 'UTC' AND start < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
ORDER BY segment COLLATE "C", path COLLATE "C", start
"""
# As measured: 40 % smaller than a dictionary for all of them.
_FORM = {
    "compression": "zstd",
    "use_dictionary": ["meter", "path", "granularity", "unit", "kind", "words"],
    "column_encoding": {"value": "BYTE_STREAM_SPLIT", "time": "DELTA_BINARY_PACKED"},
    "write_page_index": True,
}
# Rows that are in memory, and the most of one series that come together.
_GROUP, _PORTION = 200_000, 50_000
# PostgreSQL counts from 2000, everybody else from 1970.
_EPOCH_US = 946_684_800_000_000
_THEIR_SERIES = """
SELECT v.series, v.meter, v.path, v.granularity, v.unit, v.kind
FROM shown_series v JOIN series s ON s.id = v.series JOIN meter m ON m.id = s.meter
WHERE m.gateway >= %(part)s * 1000 AND m.gateway < (%(part)s + 1) * 1000
ORDER BY v.meter COLLATE "C", v.path COLLATE "C", v.granularity COLLATE "C", v.unit COLLATE "C", v.series
"""
# A row for so many readings of a series, as bytes that nobody has to read one by one: times in microseconds since 2000,
# values (NaN where there are words), both big-endian.
_READINGS = """
SELECT s.place, p.times, p.values, p.words FROM unnest(%(series)s::integer[]) WITH ORDINALITY AS s(number, place)
CROSS JOIN LATERAL (
  SELECT r.portion, string_agg(timestamptz_send(r.time), '' ORDER BY r.time) AS times,
    string_agg(float8send(coalesce(r.value, 'NaN')), '' ORDER BY r.time) AS values,
    CASE WHEN count(r.words) > 0 THEN array_agg(r.words ORDER BY r.time) END AS words
  FROM (
    SELECT time, value, words, (row_number() OVER (ORDER BY time) - 1) / %(most)s AS portion FROM reading
    WHERE series = s.number AND time >= %(day)s::timestamp AT TIME ZONE 'UTC'
      AND time < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
  ) r GROUP BY r.portion
) p ORDER BY s.place, p.portion
"""


class _Portion(NamedTuple):
    """Readings of one series, whose names are ``names``."""

    names: Sequence[str]
    times: bytes
    values: bytes
    words: list[str | None] | None


async def write(db: AsyncConnection, which: DayPart, to: Path, owner: str) -> tuple[SeenMarks, int]:
    """Write a day's readings, or totals, to a file, made anew; the marks that were there with them, and how many rows.

    Args:
        db: a connection without a transaction: all of the file is of one moment.
        which: the day, and whose.
        to: without any it is not made.
        owner: the collector's id, which stands in the file.
    """
    await db.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await db.set_read_only(True)
    try:
        async with db.transaction():
            marks = await days.seen(db, which)
            written = _write_totals if which.part == TOTALS else _write
            return marks, await written(db, which, to, owner)
    finally:
        await db.set_isolation_level(None)
        await db.set_read_only(None)


async def _write(db: AsyncConnection, which: DayPart, to: Path, owner: str) -> int:
    writer, readings, waiting = None, 0, []
    schema = SCHEMA.with_metadata({OWNER: owner.encode()})
    try:
        async for portion in _portions(db, which):
            waiting.append(portion)
            readings += len(portion.times) // 8
            if writer is None:
                writer = pq.ParquetWriter(to, schema, **_FORM)
            if sum(len(one.times) for one in waiting) >= _GROUP * 8:
                writer.write_batch(_batch(waiting, schema))
                waiting = []
        if writer is not None and waiting:
            writer.write_batch(_batch(waiting, schema))
    finally:
        if writer is not None:
            writer.close()
    return readings


async def _write_totals(db: AsyncConnection, which: DayPart, to: Path, owner: str) -> int:
    rows = await (await db.execute(_TOTALS, {"day": which.day})).fetchall()
    if rows:
        schema = TOTALS_SCHEMA.with_metadata({OWNER: owner.encode()})
        columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
        pq.write_table(pa.table(columns, schema=schema), to, compression="zstd")
    return len(rows)


async def _portions(db: AsyncConnection, which: DayPart) -> AsyncIterator[_Portion]:
    found = await (await db.execute(_THEIR_SERIES, {"part": which.part})).fetchall()
    asked = {"series": [number for number, *_ in found], "day": which.day, "most": _PORTION}
    async with db.cursor("day", binary=True) as cursor:
        cursor.itersize = 20
        await cursor.execute(_READINGS, asked)
        async for place, times, values, words in cursor:
            yield _Portion(found[place - 1][1:], times, values, words)


def _batch(portions: Sequence[_Portion], schema: pa.Schema) -> pa.RecordBatch:
    counts = [len(one.times) // 8 for one in portions]
    columns = [
        pa.concat_arrays([pa.repeat(one.names[n], count) for one, count in zip(portions, counts, strict=True)])
        for n in range(_NAMED)
    ]
    times = pc.add(_numbers("q", pa.int64(), b"".join(one.times for one in portions)), _EPOCH_US)
    values = _numbers("d", pa.float64(), b"".join(one.values for one in portions))
    words = [
        pa.nulls(count, pa.string()) if one.words is None else pa.array(one.words, pa.string())
        for one, count in zip(portions, counts, strict=True)
    ]
    columns += [
        times.cast(schema.field("time").type),
        pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values),
        pa.concat_arrays(words),
    ]
    return pa.record_batch(columns, schema=schema)


def _numbers(code: str, kind: pa.DataType, content: bytes) -> pa.Array:
    """PostgreSQL's bytes, big-endian, as a column."""
    numbers = array(code, content)
    if sys.byteorder == "little":
        numbers.byteswap()
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])
