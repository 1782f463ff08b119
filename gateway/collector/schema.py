"""The collector's schema ``linky``: numbered migrations, appended only, each in one transaction with its number.

An advisory lock lets several processes start at once: one migrates, the others wait and find it done. How readings lie
on the disk is decided once: partitions by month, or TimescaleDB's hypertable where the operator wants that.
"""

from __future__ import annotations

import enum
import logging
from importlib import resources

from psycopg import AsyncConnection, sql

from gateway.errors import StoreError

log = logging.getLogger(__name__)

SCHEMA = "linky"
_MIGRATIONS = (
    *("001_tables.sql", "002_views.sql", "003_requests.sql", "004_invitations.sql", "005_labels.sql"),
    *("006_figures.sql", "007_sent.sql", "008_segments.sql", "009_gaps.sql", "010_partitions.sql", "011_planned.sql"),
    *("012_files.sql", "013_bounded.sql", "014_gaps_refused.sql", "015_once.sql", "016_erasure_noted.sql"),
    *("017_meters.sql", "018_home_erasing.sql", "019_borders.sql", "020_days.sql"),
)
# Any number that nobody else uses in this database (pg_advisory_xact_lock).
_LOCK = 0x4C494E4B
_VIEWS = (
    "shown_series",
    "last_value",
    "curve",
    "energy_hourly",
    "energy_daily",
    "completeness_daily",
    "standing",
    "home",
    "segment_half_hour",
    "segment_daily",
)
_FUNCTIONS = (
    "energy(interval, text, timestamptz, timestamptz, text[], text)",
    "completeness(timestamptz, timestamptz, text[])",
    "energy_of_days(text)",
)


class Layout(enum.Enum):
    """How the readings lie on the disk."""

    PARTITIONS = "partitions"
    HYPERTABLE = "hypertable"


def layout_for(extensions: set[str], *, wanted: bool) -> Layout:
    """The layout of a new schema, with the extensions of its database. StoreError where what is wanted is not there."""
    if wanted and "timescaledb" not in extensions:
        raise StoreError(
            "[database] timescale = true, and the database has no TimescaleDB: run CREATE EXTENSION timescaledb in it"
            " as its superuser, or leave the line out"
        )
    return Layout.HYPERTABLE if wanted else Layout.PARTITIONS


async def migrate(db: AsyncConnection, *, timescale: bool = False) -> int:
    """Bring the schema up to date; how many migrations were run. StoreError when a newer program has been here."""
    done = 0
    for number, name in enumerate(_MIGRATIONS, 1):
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if await version(db) >= number:
                continue
            await db.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            await db.execute(
                "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, layout text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now())"
            )
            layout = await _layout(db, wanted=timescale)
            await db.execute(_statements(name, layout))
            if number == 1 and layout is Layout.HYPERTABLE:
                await db.execute(
                    "SELECT public.create_hypertable('reading', 'time', chunk_time_interval => '1 month'::interval)"
                )
            await db.execute("INSERT INTO schema_version VALUES (%s, %s)", [number, layout.value])
            done += 1
    await check(db)
    return done


async def version(db: AsyncConnection) -> int:
    """The number of the last migration; 0 where there is no schema."""
    row = await (await db.execute("SELECT to_regclass('linky.schema_version') IS NOT NULL")).fetchone()
    if row is None or not row[0]:
        return 0
    row = await (await db.execute("SELECT coalesce(max(version), 0) FROM schema_version")).fetchone()
    return int(row[0]) if row else 0


async def check(db: AsyncConnection) -> Layout:
    """The layout of a schema that is of this program's version. StoreError with what to do otherwise."""
    found = await version(db)
    if found < len(_MIGRATIONS):
        raise StoreError(f"the database has schema {found}, {len(_MIGRATIONS)} is needed: run linky-collect init")
    if found > len(_MIGRATIONS):
        raise StoreError(f"the database has schema {found} of a newer linky-collect: upgrade this one")
    return await _layout(db, wanted=False)


async def let_read(db: AsyncConnection, role: str) -> None:
    """Let a role read the views, and nothing else. psycopg.Error when there is no such role."""
    names = [sql.SQL("{}.{}").format(sql.Identifier(SCHEMA), sql.Identifier(view)) for view in _VIEWS]
    async with db.transaction():
        await db.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(SCHEMA), sql.Identifier(role)))
        await db.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.SQL(", ").join(names), sql.Identifier(role)))
        for function in _FUNCTIONS:
            await db.execute(
                sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), sql.Identifier(role))
            )


async def _layout(db: AsyncConnection, *, wanted: bool) -> Layout:
    """What the schema has, or would have."""
    row = await (await db.execute("SELECT to_regclass('linky.schema_version') IS NOT NULL")).fetchone()
    if row and row[0]:
        row = await (await db.execute("SELECT layout FROM schema_version ORDER BY version LIMIT 1")).fetchone()
        if row:
            return Layout(row[0])
    found = await (await db.execute("SELECT extname FROM pg_extension")).fetchall()
    return layout_for({name for (name,) in found}, wanted=wanted)


def _statements(name: str, layout: Layout) -> str:
    text = (resources.files("gateway.collector") / "sql" / name).read_text(encoding="utf-8")
    partitioned = "PARTITION BY RANGE (time)" if layout is Layout.PARTITIONS else ""
    return text.replace("/* layout */", partitioned)
