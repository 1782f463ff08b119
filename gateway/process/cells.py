"""The parts of a running gateway, each a cell: one that fails is started again alone, and the others go on.

A cell that raises, or that does not come round within its patience, is started again after a pause that doubles and is
jittered; one that has failed too often within an hour counts as broken and is still tried, at the longest pause. What
is said of it is one sentence, once; where it failed stands in the log at DEBUG. Nothing ends the gateway from here but
a cell that gives everything up (``gives_up``).
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol

from gateway.errors import GatewayError, cause_of
from gateway.links import words as say
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

log = logging.getLogger(__name__)

P = ParamSpec("P")

# More failures than these within an hour nobody counts: at the longest pause there are twelve.
_MOST_COUNTED = 64


@dataclass(frozen=True, slots=True)
class RestartPace:
    """How a cell is started again; all in seconds but ``budget``.

    The first pause, the longest; after more than ``budget`` failures within ``window_s`` the cell is broken, until it
    has lived for ``lasted_s``. ``grace_s``: what a cell has to end by itself at the end, and again when it is ended.
    """

    first_s: float = 1.0
    longest_s: float = 300.0
    budget: int = 6
    window_s: float = 3600.0
    lasted_s: float = 600.0
    grace_s: float = 5.0
    look_s: float = 1.0


@dataclass(slots=True)
class _Cell:
    """One part; times are monotonic seconds."""

    name: str
    work: Callable[[], Coroutine[Any, Any, None]]
    says_goodbye: bool
    alive_at: Callable[[], float] | None
    patience_s: float
    gives_up: Callable[[], GatewayError | None]
    began: float
    task: asyncio.Task[None] | None = None
    # The first failure since all was well, the last one, and those within the window.
    failing: float | None = None
    failed: float = -math.inf
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_COUNTED))
    cause: Phrase = NOTHING
    late: Phrase = NOTHING
    told_broken: bool = False
    # Taken out of the house while the others go on.
    retired: bool = False

    @property
    def runs(self) -> bool:
        """Whether it is at work now."""
        return self.task is not None and not self.task.done()


class Part(Protocol):
    """What runs until it is told to stop, and says when it last came round (monotonic seconds)."""

    @property
    def alive_at(self) -> float:
        """Its last sign of life."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""


class Cells:
    """All cells of one gateway.

    Args:
        pace: how they are started again.
        clock: monotonic seconds.
    """

    def __init__(self, pace: RestartPace | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace, self._clock = pace or RestartPace(), clock
        self._cells: dict[str, _Cell] = {}
        # Begins to keep a cell, once the others are at work; as many as were kept, each in a task of its own.
        self._begin: Callable[[_Cell], None] | None = None
        # For the watchdog: the supervisor itself comes round. ``_resumed``: when the loop last went on after a pause.
        self.alive_at = self._resumed = clock()

    def add(
        self,
        name: str,
        work: Callable[[], Coroutine[Any, Any, None]],
        *,
        says_goodbye: bool = False,
        alive_at: Callable[[], float] | None = None,
        patience_s: float = math.inf,
        gives_up: Callable[[], GatewayError | None] = lambda: None,
    ) -> None:
        """Make a cell.

        Args:
            name: in the status, such as ``page`` or ``meter house``.
            work: begins it, as often as it takes; when it returns the cell is done.
            says_goodbye: it ends by itself when the gateway is told to; any other is ended at once.
            alive_at: its last sign of life (monotonic seconds).
            patience_s: at most that old.
            gives_up: asked after each failure: why the gateway has to end, if it has to.
        """
        cell = self._cells[name] = _Cell(name, work, says_goodbye, alive_at, patience_s, gives_up, self._clock())
        if self._begin:
            self._begin(cell)

    async def retire(self, name: str) -> None:
        """Take a cell out, the others go on: one that says goodbye has been told to, any other is ended."""
        cell = self._cells.get(name)
        if cell is None:
            return
        cell.retired = True
        if not cell.says_goodbye:
            self._cancel([cell])
        for _ in range(2):
            await self._wait([cell])
            self._cancel([cell])
        if cell.runs:
            log.error("cell %s does not end; the gateway goes on without it", cell.name)
        if self._cells.get(name) is cell:
            del self._cells[name]

    def shielded(self, name: str, tell: Callable[P, None]) -> Callable[P, None]:
        """``tell``, for a caller that has other things to do: what it raises is the failure of the cell ``name``."""

        def telling(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                tell(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is not the caller's)
                if cell := self._cells.get(name):
                    self._note(cell, error)

        return telling

    async def run(self, stop: asyncio.Event) -> None:
        """Keep every cell alive until ``stop``, then end them. Raises what a cell gives up with."""
        async with asyncio.TaskGroup() as group:
            keepers: list[asyncio.Task[None]] = []

            def begin(cell: _Cell) -> None:
                keepers[:] = [keeper for keeper in keepers if not keeper.done()]
                keepers.append(group.create_task(self._keep(cell, stop), name=f"keeper of {cell.name}"))

            for cell in self._cells.values():
                begin(cell)
            self._begin = begin
            while not await _is_set(stop, self._pace.look_s):
                self._look()
            self._begin = None
            await self._end()
            for keeper in keepers:
                keeper.cancel()

    def links(self, now: float) -> list[Link]:
        """Each cell of which there is something to say, at that monotonic second."""
        return [link for cell in self._cells.values() if (link := self._link(cell, now))]

    async def _keep(self, cell: _Cell, stop: asyncio.Event) -> None:
        while not stop.is_set() and not cell.retired:
            error = await self._live(cell)
            if error is None:
                cell.failures.clear()
                return
            if (stop.is_set() or cell.retired) and isinstance(error, asyncio.CancelledError):
                return
            self._note(cell, error)
            if not stop.is_set() and (end := cell.gives_up()):
                raise end from error
            await _is_set(stop, self._pause_s(cell))

    async def _live(self, cell: _Cell) -> BaseException | None:
        """One life of a cell: what ended it; None when it is done, or was ended with the gateway."""
        cell.began, cell.late = self._clock(), NOTHING
        task = cell.task = asyncio.create_task(cell.work(), name=cell.name)
        ended = False
        try:
            await asyncio.wait({task})
            ended = True
        finally:
            if not ended:
                task.cancel()
                await asyncio.wait({task}, timeout=self._pace.grace_s)
        if not task.cancelled():
            return task.exception()
        return GatewayError(cell.late) if cell.late else asyncio.CancelledError()

    def _look(self) -> None:
        """End what does not come round any more, and say what works again."""
        before, now = self.alive_at, self._clock()
        self.alive_at = now
        if now - before > 10 * self._pace.look_s:
            # The whole program stood still: that is nobody's fault here.
            self._resumed = now
        for cell in self._cells.values():
            if cell.told_broken and not self._is_broken(cell, now):
                cell.told_broken = False
                log.warning("cell %s works again", cell.name)
            if cell.task is None or not cell.runs or cell.alive_at is None or cell.late:
                continue
            silent = now - max(cell.alive_at(), cell.began, self._resumed)
            if silent > cell.patience_s:
                cell.late = say.LATE.filled(seconds=f"{silent:.0f}")
                cell.task.cancel()

    async def _end(self) -> None:
        """Let those go that say goodbye, and end the others."""
        every = list(self._cells.values())
        self._cancel(cell for cell in every if not cell.says_goodbye)
        await self._wait(every)
        self._cancel(every)
        await self._wait(every)
        for cell in self._cells.values():
            if cell.runs:
                log.error("cell %s does not end; the gateway ends without it", cell.name)

    async def _wait(self, cells: Iterable[_Cell]) -> None:
        if running := [cell.task for cell in cells if cell.task and cell.runs]:
            await asyncio.wait(running, timeout=self._pace.grace_s)

    def _cancel(self, cells: Iterable[_Cell]) -> None:
        for cell in cells:
            if cell.task and cell.runs:
                cell.task.cancel()

    def _note(self, cell: _Cell, error: BaseException) -> None:
        now, cause = self._clock(), cause_of(error)
        if cell.failing is None or now - max(cell.failed, cell.began) >= self._pace.lasted_s:
            cell.failing = now
        known = cell.cause == cause and self._recent(cell, now)
        cell.failed, cell.cause = now, cause
        cell.failures.append(now)
        log.debug("cell %s failed", cell.name, exc_info=error)
        if self._is_broken(cell, now) and not cell.told_broken:
            cell.told_broken = True
            log.error("cell %s has failed too often: %s; it is still tried, the others go on", cell.name, cause)
        else:
            log.log(logging.DEBUG if known else logging.WARNING, "cell %s: %s; it is tried again", cell.name, cause)

    def _pause_s(self, cell: _Cell) -> float:
        pace, count = self._pace, self._recent(cell, self._clock())
        pause = pace.longest_s if count > pace.budget else min(pace.longest_s, pace.first_s * 2.0 ** (count - 1))
        # Spread, for the many gateways that something makes fail at the same moment.
        return min(pace.longest_s, pause * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)

    def _recent(self, cell: _Cell, now: float) -> int:
        return sum(now - at < self._pace.window_s for at in cell.failures)

    def _is_broken(self, cell: _Cell, now: float) -> bool:
        if cell.late and cell.runs:
            return True
        lasted = cell.runs and now - max(cell.failed, cell.began) >= self._pace.lasted_s
        return not lasted and self._recent(cell, now) > self._pace.budget

    def _link(self, cell: _Cell, now: float) -> Link | None:
        kind, name, count = LinkKind.CELL, cell.name, self._recent(cell, now)
        broken = self._is_broken(cell, now)
        if cell.late and cell.runs:
            return Link(kind, name, BROKEN, now - cell.began, say.STUCK.filled(cause=cell.late))
        if not count and not broken:
            return None
        words = say.FAILED.filled(count=count, cause=cell.cause)
        if broken:
            return Link(kind, name, BROKEN, now - (cell.failing or now), words)
        return Link(kind, name, OK if cell.runs else WAITING, now - cell.failed, words)


async def _is_set(stop: asyncio.Event, timeout_s: float) -> bool:
    """Wait for it, no longer than that."""
    try:
        async with asyncio.timeout(timeout_s):
            return await stop.wait()
    except TimeoutError:
        return False
