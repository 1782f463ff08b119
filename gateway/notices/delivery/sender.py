"""Each way at work, a cell of its own: a dead server holds up no other way, no reading and no page.

What was sent is noted when the answer is here: a power cut in that moment sends it once more, under the same number.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.addresses.notice import APPRISE, MAIL, PUSH
from gateway.errors import StoreError, cause_of
from gateway.federation.connection.waiting import wait_any
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.notices.delivery.turn import A_DAY, pause_s, plan
from gateway.notices.events import Urgency, message, title
from gateway.notices.ways.outcome import MOST_TEXT, Message, NoticeAnswer, Outcome
from gateway.store.household_notices import HouseholdQueue, NoticeState, QueuedNotice, RefusedWay
from gateway.store.local_time import local_time
from gateway.words.phrase import NOTHING, Phrase, joined, written

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.notices.delivery.way import Way
    from gateway.notices.ways.reach import Reach

log = logging.getLogger(__name__)

ROUND_S, _DAY_S = 30.0, 86_400
_MOST_UNKEPT = 20
# A way that refused is tried again with what is new on the next day: an account was paid, a page said yes.
_REFUSED_S = _DAY_S
# Who tries a way looks at it now.
_TEST_S = 600

_TOLD = Phrase("last sent {time}")
_NOTHING_YET = Phrase("nothing sent yet")
_TRIED = Phrase("{why}; {count} waiting, retried automatically")
_STOPPED = Phrase("{why}; “linky-gateway notice test {name}” tries again")
_ELSEWHERE = Phrase("Alerts to “{name}” do not get through: {why}.")
_TEST = Phrase("A test from your Linky gateway: this is how you will be alerted.")


class WaySender:
    """One way: takes what waits from the store, and tells it.

    Args:
        way: which.
        ways: all, for what this one cannot tell.
        queue: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        clock: POSIX seconds; None while nobody knows the time.
        is_calm: whether the fault of a matter does not show at the moment.
        reach: the network.
        chance: spreads the tries of many gateways.
        one_program: held by whoever runs a program of others.
        told_elsewhere: called when something was queued on another way.
        gone: called with its name when whoever was told there is no more.
    """

    def __init__(
        self,
        way: Way,
        ways: Sequence[Way],
        queue: HouseholdQueue,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float | None],
        is_calm: Callable[[str], bool],
        reach: Reach,
        chance: random.Random,
        one_program: asyncio.Lock,
        told_elsewhere: Callable[[], None],
        gone: Callable[[str], None],
    ) -> None:
        self.way, self._ways, self._queue, self._call, self._clock = way, ways, queue, call, clock
        self._is_calm, self._reach, self._chance, self._one_program = is_calm, reach, chance, one_program
        self.wake, self._one_at_a_time = asyncio.Event(), asyncio.Lock()
        self.alive_at = time.monotonic()
        self._not_before = 0.0
        self._told_at: float | None = None
        self._failed: tuple[Phrase, int] | None = None
        # What came of the last message besides; the rows that are on their way, and those that have left and of which
        # a card that is full could not be told; when messages left.
        self._remark = NOTHING
        self.leaving: frozenset[int] = frozenset()
        self._left: set[int] = set()
        self._left_at: deque[tuple[float, bool]] = deque(maxlen=A_DAY)
        # What a card that is full could not even take.
        self.unkept: deque[QueuedNotice] = deque(maxlen=_MOST_UNKEPT)
        self.unkept_told: deque[QueuedNotice] = deque(maxlen=_MOST_UNKEPT)
        self.refused: RefusedWay | None = None
        self._told_elsewhere, self._gone = told_elsewhere, gone

    def link(self, now: float) -> Link:
        """How it is; ``now`` is POSIX seconds."""
        kind, name = LinkKind.NOTICE, self.way.name
        if self.way.fault:
            return Link(kind, name, BROKEN, None, self.way.fault)
        if self.refused:
            why = written(json.loads(self.refused.why))
            age = max(0.0, now - self.refused.since)
            return Link(kind, name, BROKEN, age, _STOPPED.filled(why=why, name=name))
        if self._failed:
            why, count = self._failed
            return Link(kind, name, WAITING, None, _TRIED.filled(why=why, count=count))
        if self._told_at is None:
            return Link(kind, name, OK, None, _NOTHING_YET)
        told = joined("; ", (_TOLD.filled(time=local_time(self._told_at)), self._remark))
        return Link(kind, name, OK, max(0.0, now - self._told_at), told)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self.wake.clear()
            wait = ROUND_S
            if (now := self._clock()) is not None and self.way.address:
                try:
                    wait = await self._turn(now)
                except StoreError as error:
                    # The link of the store says it already.
                    log.debug("way %s: %s", self.way.name, error)
                except Exception as error:
                    log.debug("way %s: where it was", self.way.name, exc_info=error)
                    self._failed, self._not_before = (cause_of(error), 0), now + ROUND_S
            await wait_any(wait, self.wake, stop)

    async def _turn(self, now: float) -> float:
        """One turn; for how long nothing is to be done after it."""
        rows = await self._rows(now)
        if self.refused and 0 <= now - self.refused.since < _REFUSED_S:
            await self._end(rows, NoticeState.REFUSED, now)
            return ROUND_S
        if now < self._not_before <= now + _DAY_S:
            return min(ROUND_S, self._not_before - now)
        if not rows:
            self._failed = None
            return ROUND_S
        messages = await self._messages(now - _DAY_S)
        of_night = len(await self._messages(self.way.quiet.began(now), urgent=True))
        found = plan(self.way, rows, messages, lambda _: of_night, now, self._is_calm)
        await self._end_if_possible(found.stale, NoticeState.STALE, now)
        with suppress(StoreError):
            await self._put_off([(row.number, until, row.tries) for row, until in found.late])
        if found.leaving:
            await self._tell(found.leaving, now)
            return 0.0
        return ROUND_S if found.again_at is None else min(ROUND_S, max(0.1, found.again_at - now))

    async def _rows(self, now: float) -> list[QueuedNotice]:
        """What waits, and has not left yet; a beginning that could not be told goes with its end."""
        if self._left:
            await self._note_left(now)
        found: list[QueuedNotice] = []
        with suppress(StoreError):
            found = [row for row in await self._call(self._queue.waiting, self.way.name) if row.at]
        rows = [row for row in (*self.unkept, *found) if row.number not in self._left]
        ended = {row.matter for row in rows if row.ending}
        over = [row for row in rows if row.matter in ended and {row.matter} & {o.matter for o in rows if not o.ending}]
        await self._end_if_possible(over, NoticeState.OVER, now)
        return [row for row in rows if row not in over]

    async def _messages(self, since: float, *, urgent: bool = False) -> list[int]:
        """When messages left since then, by the store and by what is known here of it."""
        left = [int(at) for at, loud in self._left_at if at > since and (loud or not urgent)]
        with suppress(StoreError):
            left += await self._call(partial(self._queue.messages, self.way.name, since, urgent=urgent))
        return sorted(set(left))

    async def _end_if_possible(self, rows: Sequence[QueuedNotice], state: NoticeState, now: float) -> None:
        """What a card that is full cannot note is noted later: it holds nothing up that can be told."""
        with suppress(StoreError):
            await self._end(rows, state, now)

    async def _note_left(self, now: float) -> None:
        try:
            await self._call(self._queue.end, sorted(self._left), NoticeState.DONE, now)
        except StoreError as error:
            log.debug("way %s: what has left cannot be noted: %s", self.way.name, error)
        else:
            self._left.clear()

    async def _put_off(self, changes: list[tuple[int, int, int]]) -> None:
        known = {number: (due, tries) for number, due, tries in changes}
        for place, row in enumerate(self.unkept):
            if row.number in known:
                due, tries = known[row.number]
                self.unkept[place] = replace(row, due=due, tries=tries)
        if kept := [one for one in changes if one[0] > 0]:
            await self._call(self._queue.put_off, kept)

    async def _end(self, rows: Sequence[QueuedNotice], state: NoticeState, now: float) -> None:
        gone = {row.number for row in rows}
        self.unkept = deque((row for row in self.unkept if row.number not in gone), _MOST_UNKEPT)
        if kept := [row.number for row in rows if row.number > 0]:
            await self._call(self._queue.end, kept, state, now)

    async def _tell(self, rows: Sequence[QueuedNotice], now: float) -> None:
        self.leaving = frozenset(row.number for row in rows)
        try:
            await self._told(rows, await self._send(self._message(rows)), now)
        finally:
            self.leaving = frozenset()

    async def _told(self, rows: Sequence[QueuedNotice], outcome: Outcome, now: float) -> None:
        """Note what came of a message, first of all that it has left."""
        log.debug("way %s: %s %s", self.way.name, outcome.answer.value, outcome.why)
        tries = max(row.tries for row in rows) + 1
        if outcome.answer is NoticeAnswer.DONE:
            self._told_at, self._failed, self._remark = now, None, outcome.why
            self._left |= {row.number for row in rows if row.number > 0}
            self._left_at.append((now, any(row.urgent for row in rows)))
            self.unkept_told.extend(row for row in rows if row.number < 0)
            self.unkept = deque((row for row in self.unkept if row.number not in self.leaving), _MOST_UNKEPT)
            if self._left:
                await self._note_left(now)
            if self.refused:
                await self.allow()
        elif outcome.answer is NoticeAnswer.AGAIN:
            pause = pause_s(tries, outcome.after_s, self._chance)
            self._failed, self._not_before = (outcome.why, len(rows)), now + pause
            await self._put_off([(row.number, int(now + pause), tries) for row in rows])
        else:
            await self._refuse(rows, outcome.why, now)
            if outcome.gone:
                self._gone(self.way.name)

    def _message(self, rows: Sequence[QueuedNotice]) -> Message:
        first, way = rows[0], self.way
        urgent = any(row.urgent for row in rows)
        digest = all(way.level(row.event) is Urgency.DIGEST for row in rows)
        level = Urgency.URGENT if urgent else Urgency.DIGEST if digest else Urgency.NORMAL
        text = message([row.text for row in rows], way.lang, self._most())
        events = tuple(dict.fromkeys(row.event for row in rows))
        ident = f"linky-{self.way.digest[:8]}-{first.number}"
        until = max(row.expires for row in rows)
        return Message(ident, level, title(level).in_language(way.lang), text, way.lang, first.at, events, until)

    def _most(self) -> int:
        from gateway.notices.ways.services import most_characters  # noqa: PLC0415 (a house may tell nobody)

        return most_characters(self.way.address) if self.way.address else MOST_TEXT

    async def _send(self, told: Message) -> Outcome:
        """Tell it, one message at a time; each way is imported where it is used."""
        address = self.way.address
        assert address is not None  # noqa: S101 (who has none is not asked)
        async with self._one_at_a_time:
            if address.kind == MAIL:
                from gateway.notices.ways import mail  # noqa: PLC0415

                return await mail.tell(self._reach, address, told)
            if address.kind == APPRISE:
                from gateway.notices.ways import apprise  # noqa: PLC0415

                # Each of its children takes as much memory as the gateway.
                async with self._one_program:
                    return await apprise.tell(address, told)
            if address.kind == PUSH:
                from gateway.notices.ways import push  # noqa: PLC0415

                return await push.tell(self._reach, address, told, time.time())
            from gateway.notices.ways import services  # noqa: PLC0415

            return await services.tell(self._reach, address, told, time.time())

    async def _refuse(self, rows: Sequence[QueuedNotice], why: Phrase, now: float) -> None:
        """Go this way no more for now, and say so by another one, once."""
        known = self.refused
        self.refused = RefusedWay(self.way.digest, int(now), json.dumps(why.in_every_language(), ensure_ascii=False))
        self._failed = None
        await self._call(self._queue.refuse, self.way.name, self.refused)
        await self._end(rows, NoticeState.REFUSED, now)
        if known is None:
            log.warning("notices on the way %s are refused: %s", self.way.name, why)
            await self._tell_elsewhere(why, int(now))

    async def _tell_elsewhere(self, why: Phrase, now: int) -> None:
        others = [way for way in self._ways if way.name != self.way.name and way.address]
        if not others:
            return
        other = next((way for way in others if way.person == self.way.person), others[0])
        text = _ELSEWHERE.filled(name=self.way.name, why=why).in_language(other.lang)
        row = QueuedNotice(other.name, f"way {self.way.name}", "notices", text, now, now, now + _DAY_S)
        await self._call(self._queue.queue, [row])
        self._told_elsewhere()

    async def allow(self) -> None:
        """Go this way again."""
        self.refused = None
        await self._call(self._queue.allow, self.way.name)

    async def test(self, now: float) -> Outcome:
        """Tell that this is a test, now; a way that had refused is gone again where it is taken."""
        if not self.way.address:
            return Outcome(NoticeAnswer.REFUSED, self.way.fault)
        lang = self.way.lang
        level, ident = Urgency.NORMAL, f"linky-{self.way.digest[:8]}-test-{int(now)}"
        text = _TEST.in_language(lang)
        told = Message(ident, level, title(level).in_language(lang), text, lang, int(now), until=int(now) + _TEST_S)
        outcome = await self._send(told)
        if outcome.answer is NoticeAnswer.DONE:
            self._told_at, self._failed, self._not_before, self._remark = now, None, 0.0, outcome.why
            await self.allow()
            self.wake.set()
        elif outcome.gone:
            self._gone(self.way.name)
        return outcome
