"""What one part of a house has put into others and runs there, so that it can be taken out while they go on."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from gateway.process.cells import Cells, Part

T = TypeVar("T")


class Joint:
    """Of one part.

    Args:
        cells: those of the house.
    """

    def __init__(self, cells: Cells) -> None:
        # Tells its cells to end, one by one or with the gateway.
        self.stop = asyncio.Event()
        self._cells, self._names = cells, list[str]()
        self._out: list[Callable[[], None]] = []

    def keep(self, name: str, part: Part, patience_s: float) -> None:
        """Keep alive what ends by itself when it is told to; for how long it may not come round (seconds)."""
        work = partial(part.run, self.stop)
        alive_at = partial(getattr, part, "alive_at")
        self._cells.add(name, work, says_goodbye=True, alive_at=alive_at, patience_s=patience_s)
        self._names.append(name)

    def add(
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]], alive_at: Callable[[], float], patience_s: float
    ) -> None:
        """Keep alive what is ended at once."""
        self._cells.add(name, work, alive_at=alive_at, patience_s=patience_s)
        self._names.append(name)

    def put(self, places: list[T], what: T) -> None:
        """Put something of this part into another's list."""
        places.append(what)
        self._out.append(partial(places.remove, what))

    @contextmanager
    def putting(self, places: list[T]) -> Iterator[None]:
        """What comes into that list meanwhile is this part's."""
        before = len(places)
        yield
        self._out += [partial(places.remove, what) for what in places[before:]]

    async def leave(self) -> None:
        """Be gone from the others, then end."""
        for take_out in self._out:
            # Once is enough.
            with suppress(ValueError):
                take_out()
        self.stop.set()
        await asyncio.gather(*map(self._cells.retire, self._names))
