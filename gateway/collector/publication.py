"""Published totals on the federation: the collector's account gives them, at a resource of their own.

A session apart from the one that receives: what strangers send here holds up no reading. Of several processes one has
it, by a lock of the database that ends with its connection; another takes it up within moments.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from gateway.collector.database import Database, connect
from gateway.errors import Once, StoreError
from gateway.federation.connection.jids import bare_jid
from gateway.federation.connection.session import Session
from gateway.federation.connection.strangers import SenderLimits
from gateway.federation.connection.waiting import wait_any
from gateway.federation.provider.published import PUBLISHED_COMMANDS, PublishedSeries
from gateway.federation.wire.fields import COMMAND_NAMES
from gateway.federation.wire.stanza import Publisher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig

log = logging.getLogger(__name__)

_LOCK = 0x4C494E50
_EVERY_S = 5.0

_KINDS = ("consumption", "production")
# Of a half hour: its energy, and of how many homes that is.
UNITS = {
    path: unit for kind in _KINDS for path, unit in ((f"{kind}/energy/active/total", "Wh"), (f"{kind}/homes", "count"))
}

_ROWS = """
FROM published_half_hour h CROSS JOIN LATERAL (
  VALUES (split_part(h.path, '/', 1) || '/energy/active/total', h.energy),
    (split_part(h.path, '/', 1) || '/homes', h.homes)
) p (path, value)
WHERE h.segment = %(segment)s AND h.path = ANY(%(kept)s)
  AND h.start >= to_timestamp(%(first)s) AND h.start < to_timestamp(%(last)s) AND p.path = ANY(%(paths)s)
"""
_PAGE = f"""
SELECT extract(epoch FROM h.start)::bigint, p.path, p.value {_ROWS}
  AND (h.start > to_timestamp(%(first)s) OR p.path COLLATE "C" > %(after)s)
ORDER BY h.start, p.path COLLATE "C" LIMIT %(limit)s
"""  # noqa: S608 (nothing in it is from outside)
_COUNT = f"SELECT count(*) {_ROWS}"
# By steps of the key: a segment's half hours are many. What was never published has no name for others.
_SENSORS = """
WITH RECURSIVE one AS (
  SELECT min(segment) AS segment FROM published_half_hour
  UNION ALL
  SELECT (SELECT min(p.segment) FROM published_half_hour p WHERE p.segment > one.segment)
  FROM one WHERE one.segment IS NOT NULL
)
SELECT segment FROM one WHERE segment IS NOT NULL
"""
_UNTIL = "SELECT extract(epoch FROM until)::bigint FROM segment_release"


class SegmentShelf:
    """The published half hours in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sensors(self) -> Sequence[str]:
        """The segments of which something was published."""
        return [name for (name,) in await self._rows(_SENSORS, {})]

    async def published_until(self) -> int:
        """As ``Shelf.published_until``."""
        rows = await self._rows(_UNTIL, {})
        return int(rows[0][0]) if rows else 0

    async def page(
        self, sensor: str, paths: Sequence[str], period: tuple[int, int], limit: int, after: tuple[int, str] | None
    ) -> Sequence[tuple[int, str, float]]:
        """As ``Shelf.page``."""
        asked = _asked(sensor, paths, period) | {"limit": limit, "after": ""}
        if after is not None and after[0] >= period[0]:
            asked |= {"first": after[0], "after": after[1]}
        return [(at, path, float(value)) for at, path, value in await self._rows(_PAGE, asked)]

    async def count(self, sensor: str, paths: Sequence[str], period: tuple[int, int]) -> int:
        """As ``Shelf.count``."""
        return int((await self._rows(_COUNT, _asked(sensor, paths, period)))[0][0])

    async def _rows(self, text: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
        async def work(db: AsyncConnection) -> list[tuple[Any, ...]]:
            return await (await db.execute(text, values)).fetchall()

        try:
            return await self._database.run(work)
        except psycopg.Error as error:
            raise StoreError(f"PostgreSQL refuses: {type(error).__name__}") from error


def _asked(sensor: str, paths: Sequence[str], period: tuple[int, int]) -> dict[str, object]:
    kept = [f"{kind}/energy/active/index" for kind in _KINDS]
    # Later than any calendar of PostgreSQL is later than all that is kept.
    first, last = (min(at, 253_370_764_800) for at in period)
    return {"segment": sensor, "kept": kept, "paths": list(paths), "first": first, "last": last}


class SegmentPublication:
    """Of one process; nothing where the configuration names nobody."""

    def __init__(self, config: CollectorConfig) -> None:
        self._config, self._say = config, Once(log)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``, while this is the process that does."""
        if not self._config.publish.to:
            return
        while not stop.is_set():
            try:
                await self._try(stop)
            except (StoreError, psycopg.Error) as error:
                self._say("away", "the totals cannot be given: %s; trying again", type(error).__name__)
            await wait_any(_EVERY_S, stop)

    async def _try(self, stop: asyncio.Event) -> None:
        db = await connect(self._config.database_conninfo())
        try:
            account = bare_jid(self._config.account.jid)
            row = await (await db.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, account])).fetchone()
            self._say.clear()
            if row and row[0]:
                await self._serve(db, stop)
        finally:
            await db.close()

    async def _serve(self, db: AsyncConnection, stop: asyncio.Event) -> None:
        """Give the totals until ``stop``, or until the lock is lost with its connection."""
        table = self._config.publish
        account = self._config.session_account(table.resource)
        names = {node: COMMAND_NAMES[node] for node in PUBLISHED_COMMANDS}
        # Below 0: no message to the account as a whole comes here instead of to who receives.
        session = Session(account, commands=names, doorkeeper=SenderLimits(table.gives), priority=-1)
        database, ended = Database(self._config.database_conninfo()), asyncio.Event()
        local, _, domain = bare_jid(account.jid).partition("@")
        series = PublishedSeries(session, SegmentShelf(database), Publisher(local, domain), UNITS, table.gives)
        try:
            async with asyncio.TaskGroup() as group:
                for work in (session.run, series.run, partial(_hold, db, stop)):
                    group.create_task(work(ended))
        finally:
            await database.close()


async def _hold(db: AsyncConnection, stop: asyncio.Event, ended: asyncio.Event) -> None:
    try:
        while not await wait_any(_EVERY_S, stop):
            await db.execute("SELECT 1")
    except psycopg.Error as error:
        log.debug("the lock was lost: %s", type(error).__name__)
    finally:
        ended.set()
