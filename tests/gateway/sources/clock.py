"""A loop whose time does not pass but jumps: to the next moment at which something is to be done."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class JumpingLoop(asyncio.SelectorEventLoop):
    """Timers only: what waits for the outside world waits for real, without any time passing."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.jumps = True
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Seconds, as everything on this loop sees them."""
        return self.now


class _Jump(selectors.SelectSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout and self._loop.jumps:
            ready = super().select(0)
            if not ready:
                # A little further than asked: the sum of two floats may fall short of a third.
                self._loop.now += timeout + 1e-9
            return ready
        return super().select(timeout)


def run_jumping(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end on a loop of its own, in no time."""
    loop = JumpingLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        try:
            return runner.run(coroutine)
        finally:
            loop.jumps = False  # the end of the threads is waited for, with a deadline that must not come at once
