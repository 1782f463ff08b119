"""What came and is not committed yet: bounded, and worked off in batches; receipts only after the commit.

What does not fit is neither read nor answered. Its gateway is marked, and asked to begin again where it stands as soon
as there is room: the far end keeps what we have no room for. While PostgreSQL is away the queue fills, and that is all.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections import deque
from typing import TYPE_CHECKING

import psycopg

from gateway.collector.counts import IngestCounts, IngestRefusal
from gateway.collector.items import CollectedGateway, GatewayMessage, HistoryPage, Item
from gateway.errors import StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.recipient.intake import MOST_WAITING, PACK, asks_receipt, read
from gateway.federation.recipient.receipts import Receipts
from gateway.federation.wire.notice import NOTICE, Notice
from gateway.federation.wire.stanza import SENML

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from gateway.federation.connection.session import Session, Stanza

log = logging.getLogger(__name__)

_RECORD = f"{{{SENML}}}senml"
_FIRST_WAIT_S, _LAST_WAIT_S = 0.5, 30.0
# A commit of one message costs as much as one of a hundred: so long the first waits for others, until there are so many
# records, or one is a notice, or a page for which somebody waits. With a number of records a message costs the same
# however many processes share them.
_GATHER_S, _GATHER_RECORDS = 2.0, 500
# What a gateway has under way at most (gateway.federation.provider.flight): about 60 kB.
_WINDOW_RECORDS = 1_000


class IngestQueue:
    """Listens for messages, and has them kept.

    Args:
        session: the connection; listening begins at once.
        sources: bare JID -> the gateway, of those that this process has; changed by who owns it.
        keep: commits items together; those that were kept. StoreError while the database is away.
        most_records: what may wait.
        batch_records: what is committed together.
        ask_again: has a gateway asked at once: it has told something, or was left for want of room.
    """

    def __init__(
        self,
        session: Session,
        sources: dict[str, CollectedGateway],
        keep: Callable[[Sequence[Item]], Awaitable[Sequence[Item]]],
        most_records: int,
        batch_records: int,
        ask_again: Callable[[CollectedGateway], None],
    ) -> None:
        self._receipts, self._sources, self._keep = Receipts(session), sources, keep
        self._most, self._batch, self._ask_again = most_records, batch_records, ask_again
        self._enough = min(batch_records, _GATHER_RECORDS)
        self._items: deque[Item] = deque()
        self.records = 0
        self.counts = IngestCounts()
        self._arrived, self._urgent = asyncio.Event(), asyncio.Event()
        # Those for whom there was no room.
        self._missed: dict[CollectedGateway, None] = {}
        self.alive_at = time.monotonic()
        session.listen(f"{{jabber:client}}message/{PACK}", self._take_pack)
        session.listen(f"{{jabber:client}}message/{NOTICE}", self._take)

    @property
    def most(self) -> int:
        """How many records may wait."""
        return self._most

    @property
    def waits_since(self) -> float | None:
        """When what has waited longest came (monotonic seconds); None where nothing waits."""
        return self._items[0].came if self._items else None

    async def page(self, page: HistoryPage) -> bool:
        """Queue a page of history; whether it was committed, once that is known."""
        if page.source.gone:
            return False
        self._append(page)
        return await page.kept

    async def run(self, stop: asyncio.Event) -> None:
        """Keep and confirm until ``stop``."""
        wait = _FIRST_WAIT_S
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._arrived.clear()
            try:
                while self._items and not stop.is_set():
                    if self.records < self._enough:
                        await wait_any(_GATHER_S, self._urgent, stop)
                    self._urgent.clear()
                    await self._keep_next()
                    # Also where something always waits.
                    self._ask_what_was_left()
                    self.alive_at = time.monotonic()
                    wait = _FIRST_WAIT_S
            except StoreError as error:
                self.counts.failed += 1
                log.log(logging.WARNING if wait == _FIRST_WAIT_S else logging.DEBUG, "%s; trying again", error)
                # Many processes meet again after a database's restart: spread them.
                await wait_any(wait * random.uniform(0.7, 1.3), stop)  # noqa: S311 (no secret)
                wait = min(wait * 2, _LAST_WAIT_S)
                continue
            if not self._arrived.is_set():
                await wait_any(ROUND_S, self._arrived, stop)

    def forget(self, sources: Iterable[CollectedGateway]) -> None:
        """They are another process's, or wanted in another way: what waits of them is neither kept nor confirmed."""
        for source in sources:
            source.gone = True
            self.counts.given_up += source.jid not in self._sources
            self._missed.pop(source, None)
        gone = [item for item in self._items if item.source.gone]
        for item in gone:
            self._leave(item)
            if isinstance(item, HistoryPage) and not item.kept.done():
                item.kept.set_result(False)
        if gone:
            self._items = deque(item for item in self._items if not item.source.gone)

    def _take_pack(self, stanza: Stanza) -> None:
        # One message with both is read as the notice.
        if stanza.xml.find(NOTICE) is None:
            self._take(stanza)

    def _take(self, stanza: Stanza) -> None:
        source = self._sources.get(stanza.sender)
        if source is None or stanza.type == "error":
            self.counts.refused[IngestRefusal.NOT_OURS] += source is None
            return
        size = sum(1 for _ in stanza.xml.iter(_RECORD)) + 1
        if self.records + size > self._most or source.waiting >= MOST_WAITING:
            self._missed[source] = None
            self.counts.refused[IngestRefusal.NO_ROOM] += 1
            return
        content = read(stanza)
        if isinstance(content, str):
            self.counts.refused[IngestRefusal.UNREADABLE] += 1
            log.warning("a message of a gateway cannot be read: %s", content)
            if stanza.xml.find(NOTICE) is not None:
                # An order that is not understood is not done, and not confirmed.
                return
        if isinstance(content, Notice):
            source.notices += 1
        self._append(GatewayMessage(source, stanza.id, stanza.origin, asks_receipt(stanza), content))

    def _append(self, item: Item) -> None:
        self._items.append(item)
        self.counts.came(item)
        item.source.waiting += 1
        self.records += item.records
        self._arrived.set()
        if isinstance(item, HistoryPage) or isinstance(item.content, Notice) or self.records >= self._enough:
            self._urgent.set()

    async def _keep_next(self) -> None:
        """Commit the first items together, and confirm them; they wait on while the database is away."""
        together: list[Item] = []
        records = 0
        for item in self._items:
            if together and records + item.records > self._batch:
                break
            together.append(item)
            records += item.records
        try:
            with self.counts.timed():
                kept = await self._keep(together)
        except (psycopg.DataError, psycopg.IntegrityError):
            kept = await self._one_by_one(together)
        else:
            self.counts.kept(together, kept)
        for item in together:
            # One whose gateway was given up meanwhile has left by itself.
            if self._items and self._items[0] is item:
                self._items.popleft()
                self._leave(item)
        self._answer(together, kept)

    async def _one_by_one(self, items: Sequence[Item]) -> Sequence[Item]:
        """One of them is what PostgreSQL cannot hold: it shall not stop the others; those that may be confirmed."""
        kept: list[Item] = []
        for item in items:
            try:
                now = await self._keep([item])
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                reason = f"PostgreSQL cannot hold it: {type(error).__name__}"
                log.error("a message of a gateway is set aside: %s", reason)  # noqa: TRY400 (its text may hold a value)
                self.counts.refused[IngestRefusal.NOT_STORABLE] += 1
                if isinstance(item, GatewayMessage):
                    kept += [item] if await self._keep([_set_aside(item, reason)]) else []
            else:
                kept += now
                self.counts.kept([item], now)
        return kept

    def _answer(self, items: Sequence[Item], kept: Sequence[Item]) -> None:
        done = set(map(id, kept))
        for item in items:
            match item:
                case GatewayMessage():
                    if id(item) in done and item.asks_receipt:
                        self.counts.receipts += 1
                        self._receipts.confirm(item.origin, item.id)
                    if id(item) in done and isinstance(item.content, Notice):
                        # To fetch what is rectified or allowed now, and to see at once what is not any more.
                        self._ask_again(item.source)
                case HistoryPage():
                    if not item.kept.done():
                        item.kept.set_result(id(item) in done)

    def _leave(self, item: Item) -> None:
        item.source.waiting -= 1
        self.records -= item.records

    def _ask_what_was_left(self) -> None:
        """Have those begin again for whom there was no room, as many as there is room for now."""
        room = (self._most - self.records) // _WINDOW_RECORDS
        if self.records <= self._most // 2:
            room = max(room, 1)
        for source in list(itertools.islice(self._missed, max(room, 0))):
            del self._missed[source]
            self._ask_again(source)


def _set_aside(message: GatewayMessage, reason: str) -> GatewayMessage:
    return GatewayMessage(message.source, message.id, message.origin, message.asks_receipt, reason)
