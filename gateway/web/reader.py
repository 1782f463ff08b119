"""How the page reads what is stored: on a connection and a thread of its own, beside the one that writes."""

from __future__ import annotations

import asyncio
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar

from gateway.store.store import Archive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

T = TypeVar("T")

# A card that breathes for minutes keeps what writes; whoever looks sees what was committed until then.
_PATIENCE_S = 2.0


async def nothing_to_settle() -> None:
    """For who reads what nobody writes."""


class StoreReader:
    """Reads the database of a house.

    Args:
        directory: where it is.
        settle: commits what was postponed, so that the last minutes are there to be read.
    """

    def __init__(self, directory: Path, settle: Callable[[], Awaitable[None]]) -> None:
        self._directory, self._settle = directory, settle

    async def read(self, look: Callable[[Archive], T]) -> T:
        """What ``look`` makes of it; StoreError where it cannot be read."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._settle()
        return await asyncio.to_thread(self._look, look)

    def _look(self, look: Callable[[Archive], T]) -> T:
        with closing(Archive(self._directory)) as archive:
            return look(archive)
