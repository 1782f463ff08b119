"""What was gathered goes into the database, in order; what cannot be written waits in memory; what is old is deleted.

Everything here is done on the store's one thread. A card that is full or dies must not keep the meter from being read.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from gateway.errors import StoreError
from gateway.household_days import roll_up
from gateway.sharing import longest_retention_s
from gateway.status import BROKEN, OK, Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gateway.config import Config
    from gateway.store.recorder import Batch
    from gateway.store.store import Store

log = logging.getLogger(__name__)

# While the database cannot be written its minutes wait in memory; of older ones only the fine values are given up.
_WHOLE_BATCHES_KEPT = 10

# In one transaction: on a card that is still full a day of minutes is not tried again every minute.
_BATCHES_A_COMMIT = 20


class Writer:
    """Writes to the store, and looks after it.

    Args:
        config: the whole configuration.
        store: gives the store, once it is open.
        call: ``await call(function, *arguments)`` runs something of the store on its thread.

    Attributes:
        waiting: batches that are not written yet, oldest first.
        error: why they are not, in words; None while all is well.
    """

    def __init__(self, config: Config, store: Callable[[], Store], call: Callable[..., Awaitable[Any]]) -> None:
        self._config, self._store, self._call = config, store, call
        self.waiting: list[Batch] = []
        self.error: str | None = None
        self._written = time.monotonic()
        # How far boards' frames were stored since that was last told: (board, its start) -> the last number.
        self._relayed: dict[tuple[str, str], int] = {}

    async def write(self, batches: Iterable[Batch]) -> dict[tuple[str, str], int]:
        """Write what waits and these; how far the frames of boards are stored, (board, its start) -> last number."""
        self.waiting += batches
        await self._call(self._write_waiting)
        relayed, self._relayed = self._relayed, {}
        return relayed

    def _write_waiting(self) -> None:
        """Write what waits, on the store's thread.

        There it ends whatever becomes of the task that waits for it: a batch leaves the list with its own commit, so
        what was being written when the daemon was told to stop is not written twice.
        """
        for batch in self.waiting[:-_WHOLE_BATCHES_KEPT]:
            batch.thin()
        try:
            while True:
                batches = self.waiting[:_BATCHES_A_COMMIT]
                self._store().write(batches, time.time())
                del self.waiting[: len(batches)]
                for board, seq in (item for batch in batches for item in batch.relayed.items()):
                    self._relayed[board] = max(seq, self._relayed.get(board, 0))
                if not self.waiting:
                    break
        except StoreError as error:
            log.log(logging.DEBUG if self.error else logging.ERROR, "%s; readings wait in memory", error)
            self.error = str(error)
            return
        if self.error:
            log.warning("the database can be written again")
        self.error, self._written = None, time.monotonic()

    async def forget(self) -> None:
        """Delete what is past its retention."""
        keep, store = self._config.store, self._store()
        try:
            await self._call(store.forget_received, int(time.time()), keep.received_days * 86400)
            retention_s = await self._call(longest_retention_s, self._config, store.journal)
            await self._call(store.forget_transfers, time.time(), retention_s)
            await self._call(
                store.forget,
                int(time.time()),
                keep.raw_hours * 3600,
                keep.minute_days * 86400,
                keep.outbox_days * 86400,
            )
        except StoreError as error:
            log.warning("old readings could not be deleted: %s", error)

    async def roll_up(self) -> None:
        """Keep what the days that are over came to, so that a year of them is read at once."""
        try:
            while await self._call(roll_up, self._store(), self._config, time.time()):
                pass
        except StoreError as error:
            log.warning("roll-ups could not be written: %s", error)

    def link(self, now: float) -> Link:
        """How the store is, at that second of the monotonic clock."""
        damaged = sorted(path.name for path in self._config.directory.glob("*.damaged-*Z"))
        age = now - self._written
        if self.error:
            return Link("store", BROKEN, age, self.error)
        return Link("store", OK, age, f"a damaged file was set aside: {damaged[-1]}" if damaged else "written")
