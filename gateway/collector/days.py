"""Which days of readings are files, and which must be written (again): asked of the database, and noted in it.

A transaction that changes a day that is over marks it (``sql/012_files.sql``); whoever has written the file takes away
the marks that it saw with the readings, and no others. Nothing is marked before the first ``begin``. The published
totals of a day are a file beside these, once the whole of that day is published: nothing changes it afterwards.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from psycopg import AsyncConnection, sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

# One run at a time; two numbers, as the first alone is the key of today (``today_held``).
_LOCK = 0x4C494E51
_TODAY = 0x4C494E50
# Who writes for longer is waited for by the next night.
_LOCK_WAIT = "SET LOCAL lock_timeout = '30s'"
_NAME = re.compile(r"(_totals/)?day=([0-9]{4}-[0-9]{2}-[0-9]{2})/part-([0-9]{2,9})\.parquet")
# In place of a part: the totals of a day. They are of nobody, so that nothing that households tell marks them.
TOTALS = -1
_TRIGGERS = {
    "files_insert": "AFTER INSERT ON reading REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION mark_changed()",
    "files_update": "AFTER UPDATE ON reading REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION mark_changed()",
    "files_delete": "AFTER DELETE ON reading REFERENCING OLD TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION mark_changed()",
    "files_limited": "AFTER UPDATE OF limited ON gateway FOR EACH ROW"
    " WHEN (OLD.limited IS DISTINCT FROM NEW.limited) EXECUTE FUNCTION mark_limited()",
    "files_erasing": "AFTER UPDATE OF erasing ON series FOR EACH ROW"
    " WHEN (OLD.erasing IS DISTINCT FROM NEW.erasing) EXECUTE FUNCTION mark_erasing()",
    "files_left": "BEFORE DELETE ON meter FOR EACH ROW EXECUTE FUNCTION mark_left()",
}
_ARE_THERE = (
    "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'files\\_%' AND tgrelid IN"
    " ('linky.reading'::regclass, 'linky.gateway'::regclass, 'linky.meter'::regclass, 'linky.series'::regclass)"
)
_NIGHT = "SELECT collector, marked_until, (now() AT TIME ZONE 'UTC')::date - 1 FROM file_night"
_FIRST = """
SELECT coalesce(min((f.time AT TIME ZONE 'UTC')::date), (now() AT TIME ZONE 'UTC')::date) FROM series
CROSS JOIN LATERAL (SELECT time FROM reading WHERE series = series.id ORDER BY time LIMIT 1) f
"""
_WAIT = "SELECT pg_advisory_xact_lock(%s, %s::date - date '2000-01-01')"
# A day that nobody could be writing for the first time any more needs no waiting: these can.
_WAITED_FOR = 3
_MARK_NEW = """
INSERT INTO day_mark (day, part) SELECT d::date, part FROM generate_series(%s::date, %s::date, '1 day') d
CROSS JOIN (SELECT DISTINCT part_of(id) AS part FROM gateway) p
"""
# Months are dropped without a word; what all retentions have ended for is no file's any more.
_MARK_PAST = """
INSERT INTO day_mark (day, part) SELECT day, part FROM day_file
WHERE part >= 0
  AND (day + 1)::timestamp AT TIME ZONE 'UTC' <= coalesce((SELECT min(now() - keep) FROM series), 'infinity')
"""
# Half hours are published in their order: what is looked at comes after the last file.
_MARK_TOTALS = """
INSERT INTO day_mark (day, part)
SELECT DISTINCT (h.start AT TIME ZONE 'UTC')::date, %(totals)s FROM published_half_hour h, segment_release r, (
  SELECT coalesce((max(day) + 1)::timestamp AT TIME ZONE 'UTC', '-infinity') AS first
  FROM day_file WHERE part = %(totals)s
) f
WHERE h.start >= f.first AND h.start < date_trunc('day', r.until, 'UTC')
"""
_SEEN = "SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(DISTINCT (gateway::text || ' ' || notice))" \
    " FILTER (WHERE notice IS NOT NULL), '{}') FROM day_mark WHERE day = %s AND part = %s"  # fmt: skip
_KEEP = """
INSERT INTO day_file (day, part, bytes, sha256, readings) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (day, part) DO UPDATE SET bytes = excluded.bytes, sha256 = excluded.sha256, readings = excluded.readings,
  written_at = now()
"""
_CHANGE = (
    "INSERT INTO file_change (day, part, before, after, gateway, notice)"
    " SELECT %s, %s, %s, %s, nullif(split_part(told, ' ', 1), '')::integer,"
    " nullif(substr(told, strpos(told, ' ') + 1), '')"
    " FROM unnest(%s::text[]) AS told"
)


@dataclass(frozen=True, slots=True, order=True)
class DayPart:
    """A day of UTC of a thousand gateways, or the totals of one, which is a file."""

    day: date
    part: int

    @property
    def name(self) -> str:
        """Its path below the folder, as DuckDB and Arrow know a partition; who reads all days sees no totals."""
        if self.part == TOTALS:
            return f"_totals/day={self.day.isoformat()}/part-00.parquet"
        return f"day={self.day.isoformat()}/part-{self.part:02}.parquet"

    @classmethod
    def named(cls, name: str) -> DayPart | None:
        """What a file of this name is; None for one that is none of these."""
        found = _NAME.fullmatch(name)
        try:
            one = cls(date.fromisoformat(found[2]), TOTALS if found[1] else int(found[3])) if found else None
        except ValueError:
            return None
        return one if one and one.name == name else None


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What a file is known by."""

    bytes: int
    sha256: str
    readings: int


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """Marks that were there with the readings; ``notices`` each as gateway's number, space, its id."""

    numbers: list[int]
    notices: list[str]


async def alone(db: AsyncConnection) -> bool:
    """Whether this connection is the only one that writes files, until it ends."""
    row = await (await db.execute("SELECT pg_try_advisory_lock(%s, 0)", [_LOCK])).fetchone()
    return bool(row and row[0])


async def begin(db: AsyncConnection) -> str:
    """Mark what is over since the last night, and make the triggers at the first; the collector's own id.

    Whoever writes without a mark, as before the triggers or because it was the same day, is waited for.
    """
    async with db.transaction():
        await db.execute(_LOCK_WAIT)
        row = await (await db.execute(_ARE_THERE)).fetchone()
        if row is None or row[0] < len(_TRIGGERS):
            for name, what in _TRIGGERS.items():
                await db.execute(f"CREATE OR REPLACE TRIGGER {name} {what}".encode())
    async with db.transaction():
        await db.execute(_LOCK_WAIT)
        row = await (await db.execute(_NIGHT)).fetchone()
        if row is None:
            await db.execute(f"INSERT INTO file_night (marked_until) SELECT ({_FIRST}) - 1".encode())
            row = await (await db.execute(_NIGHT)).fetchone()
        if row is None:
            raise AssertionError
        collector, until, yesterday = row
        if until < yesterday:
            for back in range(min(_WAITED_FOR, (yesterday - until).days)):
                await db.execute(_WAIT, [_TODAY, yesterday - timedelta(days=back)])
            await db.execute(_MARK_NEW, [until + timedelta(days=1), yesterday])
            await db.execute("UPDATE file_night SET marked_until = %s", [yesterday])
        await db.execute(_MARK_PAST)
        await db.execute(_MARK_TOTALS, {"totals": TOTALS})
    return str(collector)


async def collector(db: AsyncConnection) -> str | None:
    """The collector's own id; None where no night has ever been."""
    row = await (await db.execute(_NIGHT)).fetchone()
    return str(row[0]) if row else None


async def known(db: AsyncConnection) -> dict[DayPart, WrittenFile]:
    """Every file, as the database has it."""
    rows = await (await db.execute("SELECT day, part, bytes, sha256, readings FROM day_file")).fetchall()
    return {DayPart(day, part): WrittenFile(size, digest, readings) for day, part, size, digest, readings in rows}


async def mark(db: AsyncConnection, which: Iterable[DayPart]) -> None:
    """Have these written, whatever is known of them."""
    async with db.transaction(), db.cursor() as cursor:
        rows = [(one.day, one.part) for one in which]
        await cursor.executemany("INSERT INTO day_mark (day, part) VALUES (%s, %s)", rows)


async def marked(db: AsyncConnection) -> list[DayPart]:
    """What is to be written, the oldest first."""
    rows = await (await db.execute("SELECT DISTINCT day, part FROM day_mark ORDER BY day, part")).fetchall()
    return [DayPart(*row) for row in rows]


async def seen(db: AsyncConnection, which: DayPart) -> SeenMarks:
    """The marks of one, in the snapshot in which its readings are read."""
    row = await (await db.execute(_SEEN, [which.day, which.part])).fetchone()
    return SeenMarks(*row) if row else SeenMarks([], [])


async def note(
    db: AsyncConnection, which: DayPart, marks: SeenMarks, before: WrittenFile | None, after: WrittenFile | None
) -> None:
    """Note one as done, inside a transaction of the caller's; ``after`` is None where there is no file of it."""
    await db.execute("DELETE FROM day_mark WHERE id = ANY(%s)", [marks.numbers])
    if after is None:
        await db.execute("DELETE FROM day_file WHERE day = %s AND part = %s", [which.day, which.part])
    elif after != before:
        await db.execute(_KEEP, [which.day, which.part, after.bytes, after.sha256, after.readings])
    was, now = before and before.sha256, after and after.sha256
    if was is not None and was != now:
        # One row also where nobody told anything: a value came late, a retention ended.
        await db.execute(_CHANGE, [which.day, which.part, was, now, marks.notices or [""]])


async def ended(db: AsyncConnection) -> None:
    """A night has written all that it found marked."""
    async with db.transaction():
        await db.execute("UPDATE file_night SET written_until = marked_until, ran_at = now()")


@asynccontextmanager
async def because_of(db: AsyncConnection, told: str) -> AsyncIterator[None]:
    """What is marked meanwhile, inside a transaction of the caller's, was asked for by this notice."""
    await db.execute("SELECT set_config('linky.notice', %s, true)", [told])
    yield
    await db.execute("SELECT set_config('linky.notice', '', true)")


async def forget(db: AsyncConnection) -> None:
    """There are no files any more: nothing is marked from now on, and nothing of them is known but what changed."""
    async with db.transaction():
        await db.execute(_LOCK_WAIT)
        for name, what in _TRIGGERS.items():
            table = what.split(" ON ")[1].split(" ")[0]
            drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
            await db.execute(drop.format(sql.Identifier(name), sql.Identifier("linky", table)))
        await db.execute("INSERT INTO file_change (day, part, before) SELECT day, part, sha256 FROM day_file")
        await db.execute("DELETE FROM day_mark")
        await db.execute("DELETE FROM day_file")
        await db.execute("DELETE FROM file_night")
