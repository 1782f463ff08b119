"""What was gathered goes into the database, in order; what cannot be written waits in memory; what is old is deleted.

Everything here is done on the store's one thread. A card that is full or dies must not keep the meter from being read.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from gateway.daemon.journalled import longest_retention_s
from gateway.errors import Once, StoreError
from gateway.household.days import roll_up
from gateway.links.degradation import Degradation, Measures, Resource, ResourceChange, given_up_waiting
from gateway.links.link import BROKEN, OK, Link, LinkKind
from gateway.store.points import GivenUp
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gateway.config.tables import Config
    from gateway.store.recorder import Batch
    from gateway.store.store import Store

log = logging.getLogger(__name__)

# In one transaction: on a card that is still full a day of minutes is not tried again every minute.
_BATCHES_A_COMMIT = 20

_WRITTEN = Phrase("written")
_SET_ASIDE = Phrase("a damaged file was set aside: {file}")


class StoreWriter:
    """Writes to the store, and looks after it.

    Args:
        config: the whole configuration.
        store: written through ``call``, on its thread.
        call: ``await call(function, *arguments)`` runs something of the store on its thread.

    Attributes:
        waiting: batches that are not written yet, oldest first.
        error: why they are not, in words; None while all is well.
        degradation: what is given up while something runs short.
        turned: when all that was gathered was written last, or kept to be written later (monotonic seconds).
    """

    def __init__(self, config: Config, store: Store, call: Callable[..., Awaitable[Any]]) -> None:
        self._config, self._store, self._call = config, store, call
        self.waiting: list[Batch] = []
        self.error: Phrase | None = None
        self.degradation = Degradation()
        self._written = self.turned = time.monotonic()
        # How far boards' frames were stored since that was last told: (board, its start) -> the last number.
        self._relayed: dict[tuple[str, str], int] = {}
        self._disbelieved: list[tuple[str, str]] = []
        self._say = Once(log)

    async def write(
        self,
        batches: Iterable[Batch],
        disbelieved: Iterable[tuple[str, str]] = (),
        leave: Callable[[], Awaitable[object]] | None = None,
    ) -> dict[tuple[str, str], int]:
        """Write what waits and these; how far the frames of boards are stored, (board, its start) -> last number.

        Args:
            batches: what was gathered.
            disbelieved: starts of boards of which what is stored of that is not true.
            leave: has what is written leave, and returns when it has had its turn: so that the card is written once
                for the readings and for what is noted of their messages.
        """
        self.waiting += batches
        self._disbelieved += disbelieved
        await self._call(self._write_waiting, leave is not None)
        if leave:
            await leave()
            await self._call(self._settle)
        self.turned = time.monotonic()
        if self.error:
            # What left the list may not be on the card either.
            return {}
        relayed, self._relayed = self._relayed, {}
        return relayed

    def _settle(self) -> None:
        """Have on the card what was written, whether it has left or not."""
        try:
            self._store.batches.settle()
        except StoreError as error:
            self._failed(error)

    def _failed(self, error: StoreError) -> None:
        log.log(logging.DEBUG if self.error else logging.ERROR, "%s; readings wait in memory", error)
        self.error = error.phrase

    def _write_waiting(self, leaving: bool) -> None:
        """Write what waits, on the store's thread.

        There it ends whatever becomes of the task that waits for it: a batch leaves the list with its own commit, so
        what was being written when the daemon was told to stop is not written twice.
        """
        self._thin_waiting()
        try:
            while self._disbelieved:
                self._store.relayed.forget(*self._disbelieved[0])
                del self._disbelieved[0]
            while True:
                # While nothing can be written, what waits stays where it is thinned.
                count, batches = self._write_some(leaving=leaving and not self.error and self._store.db.postpones)
                del self.waiting[:count]
                for board, seq in (item for batch in batches for item in batch.relayed.items()):
                    self._relayed[board] = max(seq, self._relayed.get(board, 0))
                if not self.waiting:
                    break
        except StoreError as error:
            self._failed(error)
            return
        if self.error:
            log.warning("the database can be written again")
        self.error, self._written = None, time.monotonic()
        if not self._store.db.postpones:
            self._postpone()

    def _postpone(self) -> None:
        """Have the card written less from now on; where that cannot be, each minute is committed."""
        try:
            self._store.db.postpone_from_now()
        except StoreError as error:
            self._say("redo", "%s; the database is written each minute", error)

    def _write_some(self, *, leaving: bool) -> tuple[int, list[Batch]]:
        """Write the first that wait, in one transaction: how many are done with, and which of them are written.

        What a batch raises that is not the database's fault it raises each time: it is left out, for the others wait.
        """
        for count in (_BATCHES_A_COMMIT, 1):
            batches = self.waiting[:count]
            try:
                self._store.batches.write(batches, time.time(), leaving=leaving)
            except StoreError:
                raise
            except Exception as error:
                log.debug("a batch cannot be written", exc_info=error)
                why = type(error).__name__
            else:
                return len(batches), batches
        log.error("meter %s: readings cannot be stored and are left out: an unexpected %s", batches[0].meter, why)
        return 1, []

    def _thin_waiting(self) -> None:
        """Give up of what waits what the shortages ask for, and of what waits for long the more the longer."""
        count = len(self.waiting)
        newer = Counter(batch.meter for batch in self.waiting[:count])
        newest = {batch.meter: batch.last_time for batch in self.waiting[:count]}
        kept: list[Batch] = []
        before: dict[str, Batch] = {}
        for batch in self.waiting[:count]:
            newer[batch.meter] -= 1
            age_s = newest[batch.meter] - batch.last_time
            # What could be written until now is tried whole.
            waited = given_up_waiting(newer[batch.meter], age_s) if self.error else GivenUp.NOTHING
            given_up = max(self.degradation.stored, waited)
            batch.thin(given_up)
            older = before.get(batch.meter)
            if given_up >= GivenUp.MINUTES and older and older.may_join(batch):
                older.join(batch)
            else:
                kept.append(batch)
                before[batch.meter] = batch
        # More may have come meanwhile, from the other thread.
        self.waiting[:count] = kept

    async def weigh(self, measures: Measures, now: float) -> list[ResourceChange]:
        """Take in how short the machine is of anything, and give up at once what that asks for; what changed."""
        changes = self.degradation.look(measures, now)
        for change in changes:
            now_so = f"{change.given_up.words} are given up" if change.given_up else "everything is kept again"
            log.warning("%s: %s", now_so, change.words)
        try:
            if any(change.resource is Resource.DISK and change.given_up for change in changes):
                await self._forget_own()
            if any(change.resource is Resource.MEMORY and change.given_up for change in changes):
                await self._call(self._store.db.shrink)
            if self.degradation.queued and measures.queue is not None:
                await self._thin_queues()
        except StoreError as error:
            log.warning("what is given up could not be deleted: %s", error)
        return changes

    async def _thin_queues(self) -> None:
        dropped = 0
        # A part at a time: the meter's minutes are written in between.
        while part := await self._call(self._store.queue.thin, self.degradation.queued, self.degradation.longest_queue):
            dropped += part
        if dropped:
            log.warning("outbox: %d rows given up, their recipients have too many", dropped)

    async def forget(self) -> None:
        """Delete what is past its retention."""
        keep, store = self._config.store, self._store
        try:
            if await self._call(store.of_others.any):
                await self._call(store.providers.forget, int(time.time()), keep.received_days * 86400)
            retention_s = await self._call(longest_retention_s, self._config, store.journal)
            await self._call(store.transfers.forget, time.time(), retention_s)
            await self._forget_own()
        except StoreError as error:
            log.warning("old readings could not be deleted: %s", error)

    async def _forget_own(self) -> None:
        keep = self._config.store
        raw_s = self.degradation.raw_s(keep.raw_hours * 3600)
        spans = raw_s, keep.minute_days * 86400, keep.outbox_days * 86400
        await self._call(self._store.batches.forget, int(time.time()), *spans)

    async def roll_up(self) -> None:
        """Keep what the days that are over came to, so that a year of them is read at once."""
        try:
            while await self._call(roll_up, self._store, self._config, time.time()):
                pass
        except StoreError as error:
            log.warning("roll-ups could not be written: %s", error)

    def link(self, now: float) -> Link:
        """How the store is, at that second of the monotonic clock."""
        damaged = sorted(path.name for path in self._config.directory.glob("*.damaged-*Z"))
        age = now - self._written
        if self.error:
            return Link(LinkKind.STORE, "", BROKEN, age, self.error)
        return Link(LinkKind.STORE, "", OK, age, _SET_ASIDE.filled(file=damaged[-1]) if damaged else _WRITTEN)
