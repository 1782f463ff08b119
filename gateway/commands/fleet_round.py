"""Many gateways asked beside each other, as fast as their servers carry it; one that is silent holds nobody up.

Whoever is asked has a turn until it answers, or for a moment: that is all that a silent one costs the others. A server
that holds answers back (the rates of Debian's configurations) makes nobody silent: as long as answers come, those that
are still due are waited for.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

# 1,000 that are silent have all been asked after 16 s.
_TURNS, _TURN_S = 32, 0.5
# Answers come: the last was no longer ago.
_FLOWS_S = 3.0
# Nobody is waited for longer than so many times the patience, and for no more than so many at once.
LONGEST = 10
_MOST_OPEN = 2_000


class AskingRound(Generic[Asked, Answer]):
    """One round.

    Args:
        ask: asks one, for as many seconds at most; its answer, or what stands for none.
        silent: what stands for one that did not answer in time.
        timeout_s: how long one is waited for while nobody else answers either.
        progress: told how many of how many are done.
    """

    def __init__(
        self,
        ask: Callable[[Asked, float], Awaitable[Answer]],
        silent: Callable[[Asked], Answer],
        timeout_s: float,
        progress: Callable[[int, int], None],
    ) -> None:
        self._ask, self._silent, self._timeout_s, self._progress = ask, silent, timeout_s, progress
        self._turns, self._open = asyncio.Semaphore(_TURNS), asyncio.Semaphore(_MOST_OPEN)
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()

    async def run(self, whom: Sequence[Asked]) -> list[Answer]:
        """What each of them says, in the order in which they end."""
        answers: list[Answer] = []
        self._progress(0, len(whom))

        async def one(asked: Asked) -> None:
            answers.append(await self._one(asked))
            self._progress(len(answers), len(whom))

        await self._all(one(asked) for asked in whom)
        return answers

    async def _all(self, work: Iterable[Awaitable[None]]) -> None:
        async def turn(one: Awaitable[None]) -> None:
            try:
                await one
            finally:
                self._open.release()

        async with asyncio.TaskGroup() as group:
            for one in work:
                await self._open.acquire()
                group.create_task(turn(one))

    async def _one(self, asked: Asked) -> Answer:
        async with self._turns:
            begun = self._loop.time()
            request = asyncio.ensure_future(self._ask(asked, self._timeout_s * LONGEST))
            await asyncio.wait([request], timeout=min(_TURN_S, self._timeout_s))
        try:
            while not request.done():
                left = self._until(begun) - self._loop.time()
                if left <= 0:
                    return self._silent(asked)
                await asyncio.wait([request], timeout=left)
            self._heard = self._loop.time()
            return request.result()
        finally:
            request.cancel()
            with suppress(asyncio.CancelledError):
                await request

    def _until(self, begun: float) -> float:
        """Until when one is waited for that was asked then."""
        return max(begun + self._timeout_s, min(self._heard + _FLOWS_S, begun + self._timeout_s * LONGEST))
