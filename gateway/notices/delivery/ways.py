"""All of the household's ways: alerts go in, each way tells them, a test goes out, and what was told is shown."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError, StoreError
from gateway.federation.connection.waiting import wait_any
from gateway.links.alert_words import FaultKind
from gateway.notices.delivery.intake import HeardAlert, dated, rows_of, take_in
from gateway.notices.delivery.sender import ROUND_S, WaySender
from gateway.notices.ways.reach import Reach
from gateway.store.household_notices import NoticeState
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.links.alerts import Alert
    from gateway.links.link import Link
    from gateway.notices.delivery.way import Way
    from gateway.notices.ways.outcome import Outcome
    from gateway.store.household_notices import HouseholdQueue, QueuedNotice, RefusedWay

log = logging.getLogger(__name__)

# Certificates look wrong while the clock is: but a clock that nobody sets is no reason to be silent for ever.
CLOCK_PATIENCE_S = 900.0
_FORGET_EVERY_S = 3600.0
_MOST_HEARD = 200
_TEST_EVERY_S, _GOODBYE_S = 10.0, 2.0

_TOO_SOON = Phrase("a test went out a moment ago; wait {seconds} seconds")
_NO_WAY = Phrase("there is no [[notice]] {name!r} in the configuration ({names})")
_NO_WAYS = Phrase("there is no [[notice]] in the configuration")


class HouseholdWays:
    """All ways of a household: takes alerts in, and has each way tell them.

    Args:
        ways: of the configuration.
        queue: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        clock: POSIX seconds; None while nobody knows the time.
        is_calm: whether the fault of a matter does not show at the moment.
        reach: the network.
        chance: spreads the tries of many gateways.
        began: since when the gateway runs (monotonic seconds); since now by default.
        contact: to whom a push service may write (``Reach``).
    """

    def __init__(
        self,
        ways: Sequence[Way],
        queue: HouseholdQueue,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float | None],
        is_calm: Callable[[str], bool],
        reach: Reach | None = None,
        chance: random.Random | None = None,
        *,
        began: float | None = None,
        contact: str = "",
    ) -> None:
        self.ways, self._queue, self._call, self._known = tuple(ways), queue, call, clock
        self._is_calm, self._reach = is_calm, reach or Reach()
        self._reach.contact = contact
        # Has a way taken away of which nobody is there any more; of a trial there is none.
        self.take_away: Callable[[str], None] = lambda _: None
        self._chance = chance or random.Random()  # noqa: S311 (no secret)
        self._one_program = asyncio.Lock()
        self.senders = self._made()
        self._heard: deque[HeardAlert] = deque(maxlen=_MOST_HEARD)
        self._wake, self._changed = asyncio.Event(), asyncio.Event()
        self.alive_at = time.monotonic()
        self._began = self.alive_at if began is None else began
        self._forgot = self._tested = -_FORGET_EVERY_S
        self._are_dated, self._unkept = False, 0

    def _made(self) -> dict[str, WaySender]:
        return {way.name: self._sender(way) for way in self.ways}

    def _sender(self, way: Way, gone: Callable[[str], None] | None = None) -> WaySender:
        parts = self._queue, self._call, self._clock, self._is_calm, self._reach, self._chance
        return WaySender(way, self.ways, *parts, self._one_program, self._wake_all, gone or self._leave)

    @property
    def waiting(self) -> frozenset[str]:
        """What the alerts are about that are not on the card yet."""
        return frozenset(one.alert.link for one in self._heard)

    def tell(self, alert: Alert) -> None:
        """Have it told by each way that is to tell it."""
        now = time.monotonic()
        self._heard.append(HeardAlert(alert, now - alert.since, now - self._began))
        self._wake.set()

    def links(self, _now: float) -> list[Link]:
        """How each way is."""
        return [sender.link(time.time()) for sender in self.senders.values()]

    async def run(self, stop: asyncio.Event) -> None:
        """Take in, and have each way tell, until ``stop``."""
        while not stop.is_set():
            self._changed.clear()
            await self._resume()
            ended = asyncio.Event()
            tasks = [asyncio.create_task(one.run(ended), name=f"way {name}") for name, one in self.senders.items()]
            try:
                while not stop.is_set() and not self._changed.is_set():
                    await self._round(stop)
                await self._take_in_if_possible()
            finally:
                ended.set()
                await _end(tasks)

    def change(self, ways: Sequence[Way]) -> None:
        """Tell by these from now on; what waits on a way that stays is told there."""
        self.ways = tuple(ways)
        self.senders = self._made()
        self._changed.set()

    async def _round(self, stop: asyncio.Event) -> None:
        self.alive_at = time.monotonic()
        self._wake.clear()
        await self._take_in_if_possible()
        await wait_any(1.0 if self._heard else ROUND_S, self._wake, self._changed, stop)

    async def _take_in_if_possible(self) -> None:
        try:
            await self._take_in()
        except StoreError as error:
            log.debug("notices wait in memory: %s", error)
            self._tell_from_memory()

    def _clock(self) -> float | None:
        """The time; that of the host, right or not, where nobody has set it for long."""
        known = self._known()
        return time.time() if known is None and time.monotonic() - self._began > CLOCK_PATIENCE_S else known

    async def _resume(self) -> None:
        """Know which ways are refused; one that has another address now is not."""
        try:
            refused: dict[str, RefusedWay] = await self._call(self._queue.refused)
        except StoreError as error:
            log.debug("which ways are refused is not known: %s", error)
            return
        for name, one in refused.items():
            if name in self.senders and one.address == self.senders[name].way.digest:
                self.senders[name].refused = one
            else:
                await self._call(self._queue.allow, name)

    async def _take_in(self) -> None:
        now = self._clock()
        heard = tuple(self._heard)
        await self._keep_told()
        if heard:
            leaving = {number for sender in self.senders.values() for number in sender.leaving}
            await self._call(take_in, self._queue, self.ways, heard, now, leaving)
            for _ in heard:
                self._heard.popleft()
            self._wake_all()
        if now is not None and not self._are_dated:
            await self._call(self._date, int(now))
            self._are_dated = True
            self._wake_all()
        if now is not None and time.monotonic() - self._forgot >= _FORGET_EVERY_S:
            self._forgot = time.monotonic()
            await self._call(self._queue.forget, [way.name for way in self.ways], now)

    def _tell_from_memory(self) -> None:
        """Where the card takes nothing, what is urgent or is about that very card is told all the same."""
        now = self._clock()
        left: list[HeardAlert] = []
        for heard in self._heard if now is not None else ():
            if heard.alert.recovered or not _cannot_wait(heard.alert.kind):
                left.append(heard)
                continue
            for way, row in rows_of(self.ways, heard, int(now or 0)):
                self._unkept -= 1
                self.senders[way.name].unkept.append(replace(row, number=self._unkept))
        if now is not None:
            self._heard = deque(left, _MOST_HEARD)
            self._wake_all()

    async def _keep_told(self) -> None:
        """What was told from memory is told, also to those who come later; what was not yet is as any other."""
        for sender in self.senders.values():
            told, rows = tuple(sender.unkept_told), [row for row in sender.unkept if row.number not in sender.leaving]
            if not told and not rows:
                continue
            await self._call(_keep, self._queue, told, rows)
            sender.unkept_told = deque(list(sender.unkept_told)[len(told) :], sender.unkept_told.maxlen)
            kept = {row.number for row in rows}
            sender.unkept = deque((row for row in sender.unkept if row.number not in kept), sender.unkept.maxlen)

    def _date(self, now: int) -> None:
        for way in self.ways:
            rows = [dated(row, way, now) for row in self._queue.waiting(way.name) if not row.at]
            self._queue.date(rows)

    def _leave(self, name: str) -> None:
        self.take_away(name)

    def _wake_all(self) -> None:
        for sender in self.senders.values():
            sender.wake.set()

    async def test(self, name: str | None) -> list[dict[str, Any]]:
        """Send a test by one way or by all, once in ten seconds; what came of it. Raises GatewayError."""
        if not self.senders:
            raise GatewayError(_NO_WAYS)
        if name is not None and name not in self.senders:
            raise GatewayError(_NO_WAY.filled(name=name, names=", ".join(self.senders)))
        self._count_test()
        chosen = [self.senders[name]] if name else list(self.senders.values())
        outcomes = await asyncio.gather(*(sender.test(time.time()) for sender in chosen))
        return [_as_row(sender.way, one) for sender, one in zip(chosen, outcomes, strict=True)]

    def _count_test(self) -> None:
        left = _TEST_EVERY_S - (time.monotonic() - self._tested)
        if left > 0:
            raise GatewayError(_TOO_SOON.filled(seconds=int(left) + 1))
        self._tested = time.monotonic()

    async def try_out(self, way: Way) -> dict[str, Any]:
        """Send a test by a way that nobody has yet, once in ten seconds as ``test``; what came of it. GatewayError."""
        self._count_test()
        # Its name is nobody's, or by chance that of one that stays.
        return _as_row(way, await self._sender(way, lambda _: None).test(time.time()))

    async def listed(self, most: int) -> dict[str, Any]:
        """The ways, and what was last queued on them; no address is whole. Raises StoreError."""
        rows: list[QueuedNotice] = await self._call(self._queue.recent, most)
        ways = [
            {
                "way": way.name,
                "for": way.person,
                "address": way.address.shown if way.address else "",
                "events": sorted(way.events - {"notices"}),
                "figures": way.figures,
            }
            for way in self.ways
        ]
        told = [
            {"way": row.way, "event": row.event, "state": row.state.value, "at": row.at or None, "text": row.text}
            for row in rows
        ]
        return {"ways": ways, "notices": told}


def _keep(queue: HouseholdQueue, told: Sequence[QueuedNotice], rows: Sequence[QueuedNotice]) -> None:
    queue.queue([*told, *rows])
    for row in told:
        if kept := queue.newest(row.way, row.matter):
            queue.end([kept.number], NoticeState.DONE, row.at)


def _cannot_wait(kind: object) -> bool:
    return kind in (FaultKind.STORE, FaultKind.DISK, FaultKind.OVERLOAD, FaultKind.BREAKER)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let those end that are in the middle of a message, not for long."""
    if tasks:
        await asyncio.wait(tasks, timeout=_GOODBYE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _as_row(way: Way, outcome: Outcome) -> dict[str, Any]:
    address = way.address.shown if way.address else ""
    why = outcome.why or NOTHING
    return {"way": way.name, "address": address, "answer": outcome.answer.value, "why": why.in_every_language()}
