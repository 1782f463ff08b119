"""When each gateway is asked: at once for what it has not accepted yet, from time to time for what stands.

What is known of a gateway that nobody asks is its ``CollectedGateway`` and an entry of a heap: no task waits for it. In
a new session all are shown our presence, and are asked anew bit by bit: who numbers what it sends loses nothing by it,
and whoever can break a connection does not have a hundred thousand homes asked.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import math
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.collector.asking import AskedGateway
from gateway.collector.items import CollectedGateway
from gateway.errors import FederationError, StoreError
from gateway.federation.connection.waiting import wait_any
from gateway.federation.recipient.subscriber import Inquiry, RetryPace
from gateway.federation.recipient.supply import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from gateway.collector.database import Database
    from gateway.collector.partitions import Assignment
    from gateway.collector.queue import IngestQueue
    from gateway.federation.connection.session import Session

log = logging.getLogger(__name__)

# A household's consent may take months: from ten minutes to six hours. A server's night is shorter.
PACE = RetryPace(again_s=3600, refused_s=600, refused_most_s=6 * 3600, absent_s=1, absent_most_s=600)
# Asked at the same time: one that says nothing takes half a minute. Of those so many may be in the middle of a history,
# the others are asked for theirs a minute later; and so many pages are awaited, of 30 kB each.
_MOST_ASKED, _MOST_PAGING, _TURNS = 1024, 256, 32
# Of those that stand, so many are asked anew in a second of a new session, and none that has just been asked.
_ANEW_EACH_S, _JUST_S = 50.0, 60.0
# Presences shown, or taken back, at a time, and the pause after them.
_SHOWN, _SHOWN_S = 50, 0.05


class Paging:
    """Who of all gateways is in the middle of a history, and whose page is awaited."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(_TURNS)
        self.sources: set[CollectedGateway] = set()


class Gate:
    """A session as it asks one gateway, once: nothing more of one that was given up meanwhile."""

    def __init__(self, session: Session, paging: Paging, source: CollectedGateway) -> None:
        self._session, self._paging, self._source = session, paging, source

    def greet(self, to: str) -> None:
        """Show our presence, and remember when."""
        if not self._source.gone:
            self._source.greeted_at = time.monotonic()
            self._session.greet(to)

    async def request(self, to: str, payload: Element) -> Element:
        """Ask; a page of the history in its turn. FederationError where there is no room for another history."""
        if payload.get("node") != "get_history":
            return await self._ask(to, payload)
        if self._source not in self._paging.sources and len(self._paging.sources) >= _MOST_PAGING:
            raise FederationError("its history has to wait: others are being fetched", "resource-constraint")
        self._paging.sources.add(self._source)
        async with self._paging.turns:
            return await self._ask(to, payload)

    def close(self) -> None:
        """It was asked."""
        self._paging.sources.discard(self._source)

    async def _ask(self, to: str, payload: Element) -> Element:
        if self._source.gone:
            raise FederationError("it is another process's now", "remote-server-timeout")
        return await self._session.request(to, payload)


class Rounds:
    """Asks the gateways of this process.

    Args:
        session: the connection; listening begins at once.
        database: where the answers go.
        queue: where pages of history wait for their commit.
        sources: bare JID -> the gateway; those that are assigned are kept in it.
    """

    def __init__(
        self, session: Session, database: Database, queue: IngestQueue, sources: dict[str, CollectedGateway]
    ) -> None:
        self._session, self._database, self._queue, self._sources = session, database, queue, sources
        self._due: list[tuple[float, int, CollectedGateway]] = []
        self._numbers = itertools.count()
        # Those that are to be shown our presence, or that we are not there for them any more.
        self._unshown: deque[CollectedGateway] = deque()
        # When the next of those that stand is asked anew.
        self._next_anew = 0.0
        self._asked: set[asyncio.Task[None]] = set()
        self._paging = Paging()
        self._arrived = asyncio.Event()
        # (gateway, identifier) -> standing and sentence, where that has changed and is not written yet.
        self.changes: dict[tuple[int, str], tuple[str, str]] = {}
        session.on_present(self._appeared)
        session.on_change(self._changed)

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Have these gateways and no others: the former ones are told that we are not there for them any more."""
        there = {one.jid: one for one in assignments}
        gone = [source for jid, source in self._sources.items() if not _is_the_same(source, there.get(jid))]
        for source in gone:
            del self._sources[source.jid]
        self._unshown.extend(source for source in gone if source.jid not in there)
        for one in there.values():
            if one.jid not in self._sources:
                self._take_up(one)
        # After that: one whose subscriptions are others is not given up.
        self._queue.forget(gone)
        self._arrived.set()

    def ask_again(self, source: CollectedGateway) -> None:
        """Ask it now: it has said something that makes it worth it."""
        source.failures = 0
        self._plan(source, time.monotonic())

    async def run(self, stop: asyncio.Event) -> None:
        """Ask each when it is due, until ``stop``."""
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                self._arrived.clear()
                pause = math.inf
                if self._session.connected.is_set():
                    pause = min(self._ask_due(group), self._show())
                await wait_any(None if pause == math.inf else pause, self._arrived, stop)

    def _take_up(self, one: Assignment) -> None:
        source = CollectedGateway(
            one.id, one.partition, one.jid, one.resource, one.wanted, one.former, one.ending, one.accepted, one.numbered
        )
        if len(source.scopes) < len(one.wanted) + len(one.former):
            log.warning("a subscription in the database is left out: its name cannot be read")
        self._sources[one.jid] = source
        self._anew(source)

    def _anew(self, source: CollectedGateway) -> None:
        """A new session, a gateway that has just become ours, or one that has just come: it may have forgotten us."""
        now, source.fresh = time.monotonic(), source.wanted
        if not (source.wanted or source.ending):
            return
        stands = source.accepted and source.numbered and not source.ending
        # What a gateway without numbers has sent meanwhile is nowhere but in its history.
        if not stands and (source.asked_at == -math.inf or source.ending or source.accepted):
            self._plan(source, now)
            return
        if stands:
            self._unshown.append(source)
            source.greeted_at = now
            self._arrived.set()
        if now >= source.asked_at + _JUST_S:
            self._next_anew = max(now, self._next_anew)
            self._plan(source, self._next_anew)
            self._next_anew += 1 / _ANEW_EACH_S

    def _plan(self, source: CollectedGateway, due: float) -> None:
        """Ask it then, or sooner if that was planned, and not before it said that it may be."""
        if source.asking:
            source.again = True
            return
        due = max(due, source.earliest)
        if due >= source.due:
            return
        source.due = due
        heapq.heappush(self._due, (source.due, next(self._numbers), source))
        self._arrived.set()

    def _ask_due(self, group: asyncio.TaskGroup) -> float:
        """Begin with those that are due; seconds until there is one again."""
        while self._due and len(self._asked) < _MOST_ASKED:
            due, _, source = self._due[0]
            if not source.gone and not source.asking and due == source.due:
                if (pause := due - time.monotonic()) > 0:
                    return pause
                source.asking, source.again, source.due = True, False, math.inf
                task = group.create_task(self._ask(source), name=f"gateway {source.id}")
                self._asked.add(task)
                task.add_done_callback(self._answered)
            heapq.heappop(self._due)
        return math.inf

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._asked.discard(task)
        self._arrived.set()

    def _show(self) -> float:
        """Show our presence to some of those that wait for it, or are not ours any more; seconds until to the next."""
        for _ in range(min(_SHOWN, len(self._unshown))):
            source = self._unshown.popleft()
            if not source.gone:
                source.greeted_at = time.monotonic()
                self._session.greet(source.provider)
            elif source.jid not in self._sources:
                self._session.take_leave(source.provider)
        return _SHOWN_S if self._unshown else math.inf

    async def _ask(self, source: CollectedGateway) -> None:
        gate, account = Gate(self._session, self._paging, source), AskedGateway(self._database, self._queue, source)
        inquiry = Inquiry(gate, source.provider, source.wanted, account, self._refused, PACE, source.ending)
        inquiry.failures = source.failures
        fresh, source.fresh = source.fresh, ()
        source.asked_at = time.monotonic()
        try:
            pause = await inquiry.ask(fresh)
            # Of no database it is said with the next asking.
            with suppress(StoreError):
                await account.answered(inquiry.filled)
        finally:
            source.asking = False
            gate.close()
        if source.gone:
            return
        source.failures, source.ending = inquiry.failures, tuple(inquiry.former)
        # All of it where a session began meanwhile.
        source.fresh = source.fresh or tuple(inquiry.fresh)
        self._note(source, inquiry)
        now = time.monotonic()
        if inquiry.busy:
            source.earliest = now + PACE.busy_s
        if source.again:
            pause = 0.0
        if pause is not None:
            self._plan(source, now + pause)

    def _note(self, source: CollectedGateway, inquiry: Inquiry) -> None:
        """How its subscriptions stand now, where that is news."""
        now = tuple(inquiry.outcomes[identifier] for identifier in source.wanted)
        for place, (identifier, outcome) in enumerate(zip(source.wanted, now, strict=True)):
            if source.outcomes[place : place + 1] != (outcome,):
                self.changes[source.id, identifier] = outcome.standing.value, outcome.detail
        source.outcomes = now
        source.accepted = all(outcome.standing is Standing.SUBSCRIBED for outcome in now)

    def _refused(self, identifier: str, error: FederationError) -> None:
        log.debug("a gateway does not give %s: %s", identifier, error)

    def _appeared(self, origin: str) -> None:
        """It was not there for a while: it has forgotten who is. Right after our own presence it is its answer."""
        source = self._sources.get(origin.partition("/")[0])
        if source and origin == source.provider and time.monotonic() >= source.greeted_at + PACE.answer_s:
            source.failures, source.asked_at = 0, -math.inf
            self._anew(source)

    def _changed(self, connected: bool) -> None:
        self._unshown.clear()
        self._due = [entry for entry in self._due if entry[0] == entry[2].due and not entry[2].gone]
        heapq.heapify(self._due)
        self._next_anew = 0.0
        if connected:
            for source in self._sources.values():
                self._anew(source)


def _is_the_same(source: CollectedGateway, one: Assignment | None) -> bool:
    """Whether it goes on as it is."""
    return one is not None and (source.id, source.resource, source.wanted, source.former) == (
        one.id, one.resource, one.wanted, one.former,
    )  # fmt: skip
