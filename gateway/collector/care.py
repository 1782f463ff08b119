"""What is done in the tables beside the intake, a little at a time: erasures finished, days that are over counted."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import psycopg

from gateway.collector.counting import count_days
from gateway.collector.database import Database
from gateway.collector.erasing import finish
from gateway.errors import Once, StoreError
from gateway.federation.connection.waiting import wait_any

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger(__name__)

_EVERY_S = 10.0
# So long is counted at a time: an erasure waits no longer.
_COUNTING_S = 5.0


async def care(conninfo: str, stop: asyncio.Event) -> None:
    """Look every ten seconds until ``stop``, on a connection of its own; several processes share the work."""
    database = Database(conninfo)
    say = Once(log)
    try:
        while not stop.is_set():
            try:
                await finish(database, stop.is_set)
                if not await _count(database, stop):
                    continue
                say.clear()
            except StoreError as error:
                say("away", "erasing and counting wait: %s", error)
            except psycopg.Error as error:
                say("wrong", "erasing and counting wait: PostgreSQL refuses (%s)", type(error).__name__)
            await wait_any(_EVERY_S, stop)
    finally:
        await database.close()


async def _count(database: Database, stop: asyncio.Event) -> bool:
    """Count days for some seconds; whether that was all of them."""
    until = time.monotonic() + _COUNTING_S
    await count_days(database, lambda: stop.is_set() or time.monotonic() >= until)
    return time.monotonic() < until
