"""Waiting for the first of several things, and working off what came in; whoever only waits loads no XMPP library."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Awaitable, Callable

Work = TypeVar("Work", bound="Callable[[], Awaitable[Any] | None]")

# Who waits for work comes round this often all the same: the watchdog sees that it still turns.
ROUND_S = 60.0


async def work_off(incoming: deque[Work]) -> None:
    """Do the first of what came in; it stays while the database cannot be used, and for no other reason."""
    try:
        if (work := incoming[0]()) is not None:
            await work
    except StoreError:
        raise
    except Exception:
        # It would fail each time, and everything behind it would wait for ever.
        incoming.popleft()
        raise
    incoming.popleft()


async def wait_any(timeout_s: float | None, *events: asyncio.Event, future: asyncio.Future[Any] | None = None) -> bool:
    """Wait for the first of the events (or the future); False when none came within ``timeout_s``."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    everything = [*waiting, future] if future else waiting
    try:
        done, _ = await asyncio.wait(everything, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return bool(done)
