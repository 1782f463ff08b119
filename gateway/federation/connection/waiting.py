"""Waiting for the first of several things, and working off what came in; whoever only waits loads no XMPP library."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Awaitable, Callable

Work = TypeVar("Work", bound="Callable[[], Awaitable[Any] | None]")

# Who waits for work comes round this often all the same: the watchdog sees that it still turns.
ROUND_S = 60.0
_WANTED_EVERY_S = 5.0


class UsedPart(Protocol):
    """What runs until it is told to stop, and says when it last came round (monotonic seconds)."""

    alive_at: float

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""


Made = TypeVar("Made", bound=UsedPart)


class MadeLater(Generic[Made]):
    """A part that is made, and its modules loaded, when it is used first.

    Args:
        wanted: true once it has something to do.
        make: makes it.
    """

    def __init__(self, wanted: Callable[[], object], make: Callable[[], Made]) -> None:
        self._wanted, self._make = wanted, make
        self._made: Made | None = None
        self._alive_at = time.monotonic()

    @property
    def made(self) -> Made:
        """The part itself."""
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def alive_at(self) -> float:
        """When it last came round."""
        return max(self._alive_at, self._made.alive_at if self._made else 0.0)

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""
        while not (stop.is_set() or self._wanted()):
            self._alive_at = time.monotonic()
            await wait_any(_WANTED_EVERY_S, stop)
        if not stop.is_set():
            await self.made.run(stop)


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
