"""One transaction for what many gateways sent: rows by COPY, notices obeyed in their place among them, chains moved on.

A process writes only for gateways of partitions that this very session holds (``partitions.py``): who lost one while it
was away cannot bring back what the next has just been told to erase.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from gateway.collector.chain import IngestChain
from gateway.collector.counting import NOTE_INCOMING
from gateway.collector.items import CollectedGateway, GatewayMessage, HistoryPage, Item
from gateway.collector.months import Month, make, within_reach
from gateway.collector.obey import Orders
from gateway.collector.rows import ReadingRow, rows
from gateway.collector.schema import Layout
from gateway.federation.wire.notice import Notice
from gateway.federation.wire.scope import within
from gateway.federation.wire.stanza import QuoaliseMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.series import SeriesBook

log = logging.getLogger(__name__)

TEMPORARY = (
    "CREATE TEMPORARY TABLE incoming (series integer, time double precision, value double precision, words text,"
    " number integer) ON COMMIT DELETE ROWS"
)
_HOLD = "SELECT FROM gateway WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# A statement of its own: one that had to wait for the lock would see the other tables as they were before.
_HELD = (
    "SELECT id, epoch, reached, spans,"
    " ARRAY(SELECT identifier FROM subscription WHERE gateway = gateway.id AND wanted),"
    " EXISTS (SELECT FROM erasure WHERE gateway = gateway.id)"
    " FROM gateway WHERE id = ANY(%s) ORDER BY id"
)
# What is past its retention when it comes would only be deleted within the hour.
_INSERT = """
INSERT INTO reading (series, time, value, words)
SELECT DISTINCT ON (series, time) incoming.series, to_timestamp(incoming.time), incoming.value, incoming.words
FROM incoming JOIN series ON series.id = incoming.series WHERE to_timestamp(incoming.time) >= now() - series.keep
ORDER BY series, time, number
"""
_KEEP = _INSERT + " ON CONFLICT DO NOTHING"
# What is rectified replaces, and of two the later one.
_REPLACE = (
    _INSERT
    + " DESC ON CONFLICT (series, time) DO UPDATE SET value = excluded.value, words = excluded.words"
    + " WHERE (reading.value, reading.words) IS DISTINCT FROM (excluded.value, excluded.words)"
)
# Beyond a hole it is not moved on: from there on the history is asked when the gateway says that it is one.
_MOVE = """
UPDATE gateway SET epoch = moved.epoch, reached = moved.reached, spans = moved.spans,
  heard_at = CASE WHEN moved.spans = '[]' OR heard_at IS NULL THEN now() ELSE heard_at END
FROM unnest(%s::integer[], %s::text[], %s::bigint[], %s::jsonb[]) AS moved (id, epoch, reached, spans)
WHERE gateway.id = moved.id
"""
_REFUSE = (
    "INSERT INTO refused (gateway, reason) VALUES (%s, %s)"
    " ON CONFLICT (gateway, day) DO UPDATE SET count = refused.count + 1, reason = excluded.reason"
)
_MOST_REASON = 200


class ItemBatch:
    """What is done with some items in one transaction.

    Args:
        db: the connection, with ``TEMPORARY`` on it.
        held: the partitions that the connection holds.
        book: the numbers of series.
        layout: how readings lie.
        clock: the host's POSIX seconds.
    """

    def __init__(
        self, db: AsyncConnection, held: frozenset[int], book: SeriesBook, layout: Layout, clock: Callable[[], float]
    ) -> None:
        self._db, self._held, self._book, self._layout, self._clock = db, held, book, layout, clock
        self._chains: dict[int, IngestChain] = {}
        # What is subscribed to at this moment: of the rest nothing is kept, whoever took it out and erased it.
        self._wanted: dict[int, list[str]] = {}
        # Of these an erasure is not through yet: but for notices, what comes now comes again.
        self._erasing: set[int] = set()
        self._rows: list[ReadingRow] = []
        self._replaces = False
        self._orders = Orders(db)

    async def keep(self, items: Sequence[Item]) -> list[Item]:
        """Write the items in their order; those that are kept once the transaction is committed."""
        await self._hold({item.source.id for item in items if item.source.partition in self._held})
        kept = [item for item in items if item.source.id in self._chains and await self._take(item)]
        await self._write()
        chains = self._chains.values()
        spans = [json.dumps(chain.spans) for chain in chains]
        moved = [list(self._chains), [chain.epoch for chain in chains], [chain.reached for chain in chains], spans]
        await self._db.execute(_MOVE, moved)
        return kept

    async def _hold(self, gateways: set[int]) -> None:
        await self._db.execute(_HOLD, [sorted(gateways)])
        found = await (await self._db.execute(_HELD, [sorted(gateways)])).fetchall()
        self._chains = {
            number: IngestChain(epoch, reached, tuple((after, last) for after, last in spans))
            for number, epoch, reached, spans, *_ in found
        }
        self._wanted = {row[0]: row[4] for row in found}
        self._erasing = {row[0] for row in found if row[5]}

    async def _take(self, item: Item) -> bool:
        """Take one item in; whether it may be confirmed."""
        match item:
            case HistoryPage() | GatewayMessage(content=QuoaliseMessage()) if item.source.id in self._erasing:
                return False
            case HistoryPage():
                await self._add(item.source, item.parcel, replaces=item.gap.replaces)
                if item.last:
                    await self._db.execute("DELETE FROM gap WHERE id = %s", [item.gap.id])
            case GatewayMessage(content=QuoaliseMessage() as parcel):
                if parcel.live or not item.source.expects(parcel):
                    log.debug("what was not subscribed to is not kept")
                    return False
                await self._add(item.source, parcel, replaces=parcel.rectifies)
                if (i := parcel.covers) is not None:
                    self._chains[item.source.id] = self._chains[item.source.id].add(i.epoch, i.after, i.last)
            case GatewayMessage(content=Notice() as notice):
                # It is about what came before it.
                await self._write()
                if not await self._orders.obey(item.source, notice, int(self._clock())):
                    self._erasing.add(item.source.id)
                    return False
            case GatewayMessage(content=reason):
                await self._db.execute(_REFUSE, [item.source.id, str(reason)[:_MOST_REASON]])
        return True

    async def _add(self, source: CollectedGateway, parcel: QuoaliseMessage, *, replaces: bool) -> None:
        if replaces != self._replaces:
            await self._write()
            self._replaces = replaces
        now, known = self._clock(), source.scopes
        scopes = [known.get(wanted) for wanted in self._wanted[source.id]]
        self._rows += [
            row
            for row in rows(source.id, parcel)
            if within_reach(row.time, now) and any(scope and within(scope, row.series.name) for scope in scopes)
        ]

    async def _write(self) -> None:
        """Bring the rows that were gathered into the table."""
        if not self._rows:
            return
        numbers = await self._book.numbers(self._db, [row.series for row in self._rows])
        if self._layout is Layout.PARTITIONS:
            await self._make_months()
        async with self._db.cursor() as cursor:
            async with cursor.copy("COPY incoming FROM STDIN") as copy:
                for order, row in enumerate(self._rows):
                    if (series := numbers.get(row.series)) is not None:
                        await copy.write_row((series, row.time, row.value, row.words, order))
            await cursor.execute(_REPLACE if self._replaces else _KEEP)
            await cursor.execute(NOTE_INCOMING)
            await cursor.execute("DELETE FROM incoming")
        self._rows = []

    async def _make_months(self) -> None:
        """Months of the past that a history reaches back to; those to come are there."""
        months = {Month.of(row.time) for row in self._rows}
        names = [month.table for month in sorted(months)]
        row = await (
            await self._db.execute(
                "SELECT count(*) FROM unnest(%s::text[]) t WHERE to_regclass('linky.' || t) IS NULL", [names]
            )
        ).fetchone()
        if row and row[0]:
            await make(self._db, months)
