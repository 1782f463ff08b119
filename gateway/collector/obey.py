"""A gateway's notices done in the database, each once, inside a transaction of the caller's that holds the gateway.

Withdrawal and erasure delete (GDPR Art. 17 and 19; ``erasing.py``), a rectification has that time asked for again, a
limitation takes the gateway out of the views until it ends (Art. 18). The receipt after the commit is the answer.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.collector.days import because_of
from gateway.collector.erasing import FOR_EVER, erase, is_done
from gateway.federation.wire.scope import meets, names
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gateway.collector.items import CollectedGateway
    from gateway.federation.wire.notice import Notice

log = logging.getLogger(__name__)

_NOTE = (
    "INSERT INTO notice (gateway, id, kind, series, first, last) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
_ITS_SERIES = (
    "SELECT series.id, series.name, series.sen1 FROM series JOIN meter ON meter.id = series.meter WHERE gateway = %s"
)
_JOIN_GAPS = """
WITH gone AS (
  DELETE FROM gap WHERE gateway = %(gateway)s AND identifier = %(identifier)s AND replaces = %(replaces)s
  RETURNING first, last, noted_at, refused_at
)
INSERT INTO gap (gateway, identifier, first, last, replaces, noted_at, refused_at)
SELECT %(gateway)s, %(identifier)s, least(%(first)s, min(first)), greatest(%(last)s, max(last)), %(replaces)s,
  coalesce(min(noted_at), now()), max(refused_at)
FROM gone
"""


async def add_gap(
    db: AsyncConnection, gateway: int, identifier: str, first: int, last: int, *, replaces: bool = False
) -> None:
    """A time to be asked for, joined with what is already to be: a gateway without numbers leaves one every session.

    What is joined is as old as the oldest of it.
    """
    fields = {"gateway": gateway, "identifier": identifier, "first": first, "last": last, "replaces": replaces}
    await db.execute(_JOIN_GAPS, fields)


class Orders:
    """Obeys notices on one connection."""

    def __init__(self, db: AsyncConnection) -> None:
        self._db = db

    async def obey(self, source: CollectedGateway, notice: Notice, now: int) -> bool:
        """Do what a notice says, unless it was done before; whether all of it is done, and may be confirmed.

        What is to be erased and is too much for one transaction is hidden by it.
        """
        row = [source.id, notice.id, notice.kind.value, notice.series, notice.first, notice.last]
        if not (await self._db.execute(_NOTE, row)).rowcount:
            return await is_done(self._db, source.id, notice.id)
        done = True
        touched = self._touched(source, notice)
        match notice.kind.value:
            case "consent-withdrawn":
                done = await self._erase(source, notice)
                # With a new consent later on, what was before is asked for anew.
                await self._end(source, touched)
                log.info("a consent was withdrawn")
            case "data-erased":
                done = await self._erase(source, notice)
            case "data-rectified":
                last = min(FOR_EVER if notice.last is None else notice.last, now) + 1
                for identifier in touched if (notice.first or 0) < last else ():
                    await add_gap(self._db, source.id, identifier, notice.first or 0, last, replaces=True)
            case "consent-limited" | "consent-resumed" as kind:
                limited = kind == "consent-limited"
                async with because_of(self._db, notice.id):
                    await self._db.execute("UPDATE gateway SET limited = %s WHERE id = %s", [limited, source.id])
        return done

    async def _erase(self, source: CollectedGateway, notice: Notice) -> bool:
        """Delete what a notice names, and the names of which nothing is left: they are the household's too."""
        found = await (await self._db.execute(_ITS_SERIES, [source.id])).fetchall()
        numbers = [number for number, name, sen1 in found if names(notice.identifier, name, sen1)]
        last = FOR_EVER if notice.last is None else min(notice.last + 1, FOR_EVER)
        first = min(notice.first or 0, FOR_EVER)
        gone, done = await erase(self._db, source.id, numbers, first, last, notice.id)
        row = [gone, source.id, notice.id]
        await self._db.execute("UPDATE notice SET deleted = %s WHERE gateway = %s AND id = %s", row)
        log.info("%d readings are deleted%s", gone, "" if done else ", the rest of them is hidden, and will be")
        return done

    async def _end(self, source: CollectedGateway, identifiers: list[str]) -> None:
        key = [source.id, identifiers]
        await self._db.execute("UPDATE subscription SET since = NULL WHERE gateway = %s AND identifier = ANY(%s)", key)
        await self._db.execute("DELETE FROM gap WHERE gateway = %s AND identifier = ANY(%s)", key)

    def _touched(self, source: CollectedGateway, notice: Notice) -> list[str]:
        """The subscriptions that a notice is about: those above what it names, and those below it."""
        named = notice.identifier
        return [i for i in source.scopes if named is None or meets(named, parse_identifier(i))]
