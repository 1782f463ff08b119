"""One hostile input of a running daemon, the pace at which they come, and the last of them, kept for whoever must look.

What is fired follows from the seed alone, shot by shot; when each of them flies is the machine's.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterable, Iterator
    from pathlib import Path
    from typing import Any

# Each second another rate, from the slowest to the fastest.
SLOWEST, FASTEST = 5, 50
# What came last stops a house, or what came a while before: so many are kept of each way in.
_KEPT = 1000
_CANCELLED_S = 2.0


@dataclass(frozen=True, slots=True)
class Shot:
    """``kind`` is a word for the table, ``note`` whatever its way in needs besides the bytes (a topic, who says it)."""

    kind: str
    data: bytes
    note: str = ""


@dataclass(slots=True)
class Fired:
    """What one way in was sent: how many of each kind, what came back, and the last shots as they were."""

    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    last: deque[Shot] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def note(self, shot: Shot) -> None:
        """It is sent now."""
        self.kinds[shot.kind] += 1
        self.last.append(shot)

    def keep(self, file: Path) -> None:
        """Write the last shots down, the newest at the end, a JSON object each."""
        lines = [
            json.dumps({"kind": shot.kind, "note": shot.note, "data": shot.data.decode("latin-1")})
            for shot in self.last
        ]
        file.write_text("\n".join(lines) + "\n", encoding="ascii")


async def together(work: Iterable[Coroutine[Any, Any, object]], until: str, seconds: float | None = None) -> None:
    """Until the first of them ends, or fails (``until``), or the time is over; what failed is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=until)
    finally:
        # Once: a second time would come in the midst of what each of them ends.
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """What goes on while a block lasts."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield
    finally:
        await cancel(tasks)


async def cancel(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Until all have ended: wait_for of Python 3.11 forgets it where what it waits for comes in the same moment."""
    while going := [task for task in tasks if not task.done()]:
        for task in going:
            task.cancel()
        await asyncio.wait(going, timeout=_CANCELLED_S)


async def drive(shots: Iterator[Shot], send: Callable[[Shot], Awaitable[None]], fired: Fired, seed: str) -> None:
    """Send at 5 to 50 a second, until cancelled or until there are no more."""
    chance = random.Random(f"{seed}-pace")
    loop = asyncio.get_running_loop()
    while True:
        rate, begun = chance.randint(SLOWEST, FASTEST), loop.time()
        for number in range(rate):
            shot = next(shots, None)
            if shot is None:
                return
            fired.note(shot)
            await send(shot)
            await asyncio.sleep(max(0.0, begun + (number + 1) / rate - loop.time()))
