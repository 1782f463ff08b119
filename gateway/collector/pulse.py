"""Whether PostgreSQL answers: one that hangs leaves its connections open, and whoever waits for it waits on.

Nothing on the wire tells it from a long commit: the kernel of a server that is stopped acknowledges for it. So a
connection of its own asks it something that takes no time.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.collector.partitions import SETTLE_S, WITHOUT_DATABASE_S
from gateway.errors import StoreError
from gateway.federation.connection.waiting import wait_any

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import AsyncConnection

    from gateway.collector.database import Database

log = logging.getLogger(__name__)

# Looks rather than seconds: in those for which this process itself was stopped it has not looked.
_LOOK_S = SETTLE_S
_LOOKS = round(WITHOUT_DATABASE_S / _LOOK_S)


class Pulse:
    """Asks the server all the while.

    Args:
        database: a connection that nothing else uses.
        silent: told each time that the server has not answered for ten seconds.
    """

    def __init__(self, database: Database, silent: Callable[[], None]) -> None:
        self._database, self._silent = database, silent

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""
        try:
            while not stop.is_set():
                await self._beat(stop)
                await wait_any(_LOOK_S, stop)
        finally:
            await self._database.close()

    async def _beat(self, stop: asyncio.Event) -> None:
        asked, looks = asyncio.create_task(self._database.run(_answer), name="pulse"), 0
        try:
            while looks < _LOOKS and not (stop.is_set() or await wait_any(_LOOK_S, stop, future=asked)):
                # While it connects nothing is known: others may be answered where no further one is taken in.
                looks += self._database.is_open
            if looks == _LOOKS and not asked.done() and not stop.is_set():
                log.warning("PostgreSQL has not answered for %d seconds: it counts as away", WITHOUT_DATABASE_S)
                self._silent()
        finally:
            # Also of who is cancelled: nothing else would end the wait, and the end waits for it.
            if not asked.done():
                self._database.cut()
            # One that cannot be reached is seen by whoever uses it.
            with suppress(StoreError):
                await asked


async def _answer(db: AsyncConnection) -> None:
    await db.execute("SELECT")
