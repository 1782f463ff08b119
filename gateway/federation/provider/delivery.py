"""The outbox to the federation: rows become messages, and leave when their recipient has confirmed them.

Before every send, and before every repetition, the rows are read from the store again, against the consents valid at
that moment: what was revoked is not sent, queued or not. The messages of one turn are noted together, in a commit that
looks at the consents once more; then they leave. The stanza id says which rows a message covers, so a receipt is
understood even by a gateway that has been restarted since. A recipient that is slow or gone delays nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import StoreError
from gateway.federation.connection.presence import Presences, bare
from gateway.federation.connection.uplink import Uplink
from gateway.federation.connection.waiting import ROUND_S, wait_any, work_off
from gateway.federation.provider.batch import Dropped, Packer, Ready, RowBatch, disguised, first_batch, release
from gateway.federation.provider.flight import Flight, Lane
from gateway.federation.provider.replies import reply_in
from gateway.federation.wire.stanza import (
    DEFAULT_MAX_STANZA_BYTES,
    RECEIPTS,
    Interval,
    Publisher,
    hints,
    parse_interval,
    size,
)
from gateway.store.absence import NOT_THERE, Absences
from gateway.store.points import Confirm, MeterInfo, OutboxRow, Outgoing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.federation.connection.session import Session, Stanza
    from gateway.store.journal import Journal
    from gateway.store.outbox import Outbox
    from gateway.store.pseudonyms import Pseudonyms
    from gateway.store.subscriptions import Subscriptions

log = logging.getLogger(__name__)

_BUSY_S = 1.0
# While the database cannot be used.
_STORE_RETRY_S = 5.0
# As a bounce would say it, of who shows its presence and is not there.
_AWAY = "recipient-unavailable"
# More than a stanza of the default size can hold.
_MOST_ROWS = 1000


class Delivery:
    """Sends what the outbox holds.

    Args:
        session: the connection; listening begins at once, sending with ``run``.
        outbox, subscriptions, absences, pseudonyms, journal: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the messages are.
        wake: set by whoever wrote something that may have to be sent; cleared here.
        clock: the host's POSIX seconds, for the consents.
        monotonic: seconds that only grow, for the waiting.
        max_stanza_bytes: the most that one message may take.
        batch_s: how long new rows are gathered for one message; what is urgent, and a full message, goes at once.
    """

    def __init__(
        self,
        session: Session,
        outbox: Outbox,
        subscriptions: Subscriptions,
        absences: Absences,
        pseudonyms: Pseudonyms,
        journal: Journal,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        wake: asyncio.Event,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        max_stanza_bytes: int = DEFAULT_MAX_STANZA_BYTES,
        batch_s: float = 0.0,
    ) -> None:
        self._outbox, self._subscriptions, self._journal = outbox, subscriptions, journal
        self._absences, self._pseudonyms = absences, pseudonyms
        self._session, self._call, self._wake = session, call, wake
        self._max_bytes, self._batch_s, self._clock, self._monotonic = max_stanza_bytes, batch_s, clock, monotonic
        self.alive_at = monotonic()
        self._lanes: dict[str, Lane] = {}
        # For whom there may be something to send now. A receipt is of one recipient: looking through the outbox for
        # all of them at each would cost as much as their number squared.
        self._due: set[str] = set()
        self._everybody, self._looked = True, monotonic()
        # What came in waits for the one task that works on the lanes, so that no step sees them half changed.
        self._incoming: deque[Callable[[], Awaitable[None] | None]] = deque()
        self._arrived, self.turned = asyncio.Event(), asyncio.Event()
        self._uplink, self.presences = Uplink(), Presences()
        self._subscribers: set[str] = set()
        self._ready: list[Ready] = []
        self._packer = Packer(publisher, max_stanza_bytes)
        session.listen(f"{{jabber:client}}message/{{{RECEIPTS}}}received", self._receive)
        session.listen("{jabber:client}message/{jabber:client}error", self._receive)
        session.on_acknowledged(lambda to, stanza_id: self._later(partial(self._accepted, to, stanza_id)))
        session.on_present(self._present)
        session.on_absent(self._absent)
        session.on_change(lambda up: self._later(self._new_session) if up else self._wake.set())

    def resume(self, origin: str, after: int | None) -> None:
        """The recipient, of this device, is there and wants to go on after this number; with None, wherever it was."""
        # At once: its presence may come before its turn does.
        self._subscribers.add(bare(origin))
        self._later(partial(self._resume, origin, after))
        if self.presences.was_early(origin):
            self._later(partial(self._shown, origin))

    async def run(self, stop: asyncio.Event) -> None:
        """Send whenever there is a connection and something to send, until ``stop``; ``turned`` is set after a turn."""
        while not stop.is_set():
            self.alive_at = self._monotonic()
            # Whoever wrote something does not say for whom; a consent may begin with nobody to say so.
            self._everybody |= self._wake.is_set() or self.alive_at - self._looked >= ROUND_S
            self._wake.clear()
            self._arrived.clear()
            pause = await self._turn()
            self.turned.set()
            if not (self._wake.is_set() or self._arrived.is_set()) and (pause is None or pause > 0):
                pause = ROUND_S if pause is None else min(pause, ROUND_S)
                await wait_any(pause, self._wake, self._arrived, stop)

    async def _turn(self) -> float | None:
        """Work off what came in, then send; seconds until there is something to do again."""
        try:
            while self._incoming:
                # It stays until it is done: a receipt is not lost while the database cannot be written.
                await work_off(self._incoming)
            return await self._send_all() if self._session.connected.is_set() else None
        except StoreError as error:
            log.debug("the outbox cannot be used: %s", error)
            return _STORE_RETRY_S

    async def _send_all(self) -> float | None:
        """One message for each recipient in turn until none may have another; seconds until the next is due."""
        if self._everybody:
            await self._look_at_all()
        now = self._monotonic()
        for recipient, lane in self._lanes.items():
            for flight in lane.settled(now):
                await self._call(self._outbox.take_servers_word, recipient, flight.after, flight.last, self._clock())
                self._due.add(recipient)
            if (at := self._wake_at(recipient, lane)) is not None and at <= now:
                self._due.add(recipient)
        turns = deque(recipient for recipient in self._lanes if recipient in self._due)
        full = False
        try:
            while turns and not self._incoming and self._session.connected.is_set():
                if full := self._uplink.full(self._max_bytes, self._monotonic()):
                    break
                recipient = turns.popleft()
                if await self._send_one(recipient, self._lanes[recipient]):
                    turns.append(recipient)
                    # Last in the next round too: on a slow line a round ends before everybody had a turn.
                    self._lanes[recipient] = self._lanes.pop(recipient)
                else:
                    self._due.discard(recipient)
        finally:
            await self._let_go()
        if full:
            return _BUSY_S
        times = [at for item in self._lanes.items() if (at := self._wake_at(*item)) is not None]
        return max(min(times) - self._monotonic(), 0.01) if times else None

    def _wake_at(self, recipient: str, lane: Lane) -> float | None:
        """When there is something to do for a recipient: who is asleep is greeted again."""
        at = lane.wake_at()
        if not lane.asleep:
            return at
        again = self.presences.again_at(recipient)
        return again if at is None else min(at, again)

    async def _let_go(self) -> None:
        """Note the messages of this turn, all in one commit, and send those that may leave."""
        ready, self._ready = self._ready, []
        if not ready:
            return
        noted = [False] * len(ready)
        with self._session.departures.one():
            try:
                noted = await self._call(self._outbox.hand_over, [message.outgoing for message in ready], self._clock())
            finally:
                for message, may_leave in zip(ready, noted, strict=True):
                    if not (may_leave and self._send(message)):
                        message.lane.unsent(message.interval.after, message.interval.last)
                        self._uplink.forget((message.outgoing.recipient, message.interval.id))
                        self._due.add(message.outgoing.recipient)

    def _send(self, message: Ready) -> bool:
        recipient, interval = message.outgoing.recipient, message.interval
        to, more = recipient, [ET.Element(f"{{{RECEIPTS}}}request")]
        if message.confirm is Confirm.RECEIPT:
            # It is kept here until it is confirmed: no server need keep it, or an archive have it for ever.
            more += hints("no-store", "no-permanent-store")
            # A device may be gone without a word; which others are there its server knows.
            to = recipient if message.silent else self.presences.address(recipient)
        if not self._session.send_message(to, interval.id, message.payload, *more):
            return False
        if not self._session.acknowledges:
            message.lane.accepted(interval.after, interval.last, self._monotonic())
        return True

    async def _look_at_all(self) -> None:
        """There may be something for everybody who is not suspended."""
        for recipient in await self._call(self._absences.suspended):
            self._lanes.pop(recipient, None)
        for recipient in await self._call(self._outbox.recipients):
            self._lanes.setdefault(recipient, Lane())
        await self._know_subscribers()
        self._due = set(self._lanes)
        self._everybody, self._looked = False, self._monotonic()

    async def _send_one(self, recipient: str, lane: Lane) -> bool:
        """Make ready what is next for one recipient; False when there is nothing, or nothing may be sent now."""
        if lane.asleep:
            if self.presences.show(recipient, self._monotonic()):
                self._session.greet(recipient)
            await self._note_away(recipient, _AWAY)
            return False
        overdue = lane.overdue(self._monotonic())
        if overdue is None and not lane.open(self._monotonic(), self._max_bytes):
            return False
        after = lane.cursor if overdue is None else overdue.after
        rows: list[OutboxRow] = await self._call(self._outbox.pending, recipient, after, _MOST_ROWS, self._clock())
        if overdue is not None:
            rows = [row for row in rows if row.seq <= overdue.last]
        if not rows:
            if overdue is not None:
                await self._set_aside(recipient, lane, overdue)
            return overdue is not None
        if overdue is None:
            release(lane, rows, self._monotonic(), self._batch_s, whole=len(rows) < _MOST_ROWS)
        subscriptions = await self._call(self._subscriptions.of, recipient)
        batch = first_batch(rows, subscriptions)
        if batch.confirm is Confirm.RECEIPT and self.presences.is_away(recipient):
            lane.asleep = True
            return True
        view = await self._call(self._pseudonyms.view_of, recipient, self._clock())
        meter = view.meter(batch.meter)
        if overdue is not None and rows[0].seq - 1 > overdue.after:
            # What went before is gone, or may not leave now: it is a message of its own, of which nothing is sent.
            lane.split(overdue, rows[0].seq - 1)
            return True
        # Not from the cursor on: a number that is in no message must not look as if it were in this one.
        after = rows[0].seq - 1
        return await self._send_batch(recipient, lane, disguised(batch, meter, view), meter, after, len(rows), overdue)

    async def _set_aside(self, recipient: str, lane: Lane, flight: Flight) -> None:
        """Nothing of this message may be sent now: what is still kept of it may be later.

        That is where the recipient is suspended, and where the clock is wrong: at none of its hours a consent is valid.
        """
        if await self._call(self._outbox.keeps, recipient, flight.after, flight.last):
            lane.hold(flight, self._monotonic())
        else:
            lane.drop(flight.after, flight.last)

    async def _send_batch(
        self,
        recipient: str,
        lane: Lane,
        batch: RowBatch,
        meter: MeterInfo,
        after: int,
        rows: int,
        overdue: Flight | None,
    ) -> bool:
        packed = self._packer.pack(meter, batch)
        last = packed.last
        if overdue is not None and packed.whole and len(batch.rows) == rows:
            last = overdue.last
        elif overdue is not None:
            lane.split(overdue, last)
        if isinstance(packed, Dropped):
            await self._call(self._outbox.drop, recipient, after, last)
            lane.drop(after, last)
            lane.cursor = max(lane.cursor, last)
            return True
        interval = Interval(self._outbox.epoch, after, last)
        # What stays the same from month to month would join the pseudonyms again wherever the data are kept. The
        # stanza's id says it still, to the receipt and to nobody else.
        told = (None, None) if batch.nameless else (interval, await self._call(self._journal.head))
        payload = self._packer.write(meter, batch, packed, *told)
        # By what these rows take, all that wait would not fill a message yet.
        if overdue is None and after >= lane.released and size(payload) * rows < self._max_bytes * len(packed.rows):
            lane.gather(self._batch_s)
            return False
        silent = overdue is not None and overdue.due > 0 and not overdue.bounced
        self._post(Ready(Outgoing(recipient, last, packed.rows), lane, batch.confirm, interval, payload, silent))
        return True

    def _post(self, message: Ready) -> None:
        """Have a message leave at the end of this turn; from now on it is in flight."""
        interval, amount, now = message.interval, size(message.payload), self._monotonic()
        message.lane.sent(interval.after, interval.last, amount, message.confirm, now)
        if self._session.acknowledges:
            self._uplink.sent((message.outgoing.recipient, interval.id), amount, now)
        self._ready.append(message)

    def _later(self, work: Callable[[], Awaitable[None] | None]) -> None:
        self._incoming.append(work)
        self._arrived.set()

    def _receive(self, stanza: Stanza) -> None:
        """A receipt or a bounce; what does not come from the recipient itself changes nothing."""
        if (reply := reply_in(stanza)) and reply.interval.epoch == self._outbox.epoch:
            work = self._confirmed if reply.bounced is None else partial(self._bounced, reply.bounced)
            self._later(partial(work, stanza.sender, stanza.origin, reply.interval))

    async def _confirmed(self, recipient: str, origin: str, interval: Interval) -> None:
        left = await self._call(self._outbox.confirm, recipient, interval.after, interval.last, self._clock())
        if left is None:
            log.debug("%s confirms %s, which was never sent to it", recipient, interval.id)
        elif recipient in self._lanes:
            self.presences.heard(origin, confirms=True)
            self._lanes[recipient].confirmed(interval.after, interval.last, self._monotonic())
            self._uplink.forget((recipient, interval.id))
            self._due.add(recipient)

    async def _bounced(self, condition: str, recipient: str, origin: str, interval: Interval) -> None:
        lane = self._lanes.get(recipient)
        if lane is None:
            return
        # It has been as far as that.
        self._uplink.forget((recipient, interval.id))
        if condition in NOT_THERE:
            self.presences.left(origin)
        if not lane.probing:
            log.warning("a recipient cannot be reached; its messages wait")
        log.debug("bounced: %s to %s: %s", interval.id, recipient, condition)
        lane.bounced(interval.after, interval.last, self._monotonic())
        self._due.add(recipient)
        await self._note_away(recipient, condition)

    async def _note_away(self, recipient: str, condition: str) -> None:
        if await self._call(self._absences.note_bounce, recipient, condition, self._clock()):
            log.warning("a recipient has been away for too long and is suspended; what waits for it is kept")
            self._everybody = True

    def _accepted(self, recipient: str, stanza_id: str) -> None:
        self._uplink.taken((recipient, stanza_id), self._monotonic())
        interval = parse_interval(stanza_id)
        if interval is not None and recipient in self._lanes:
            self._lanes[recipient].accepted(interval.after, interval.last, self._monotonic())

    async def _new_session(self) -> None:
        self._uplink.begin()
        self._everybody = True
        for lane in self._lanes.values():
            lane.new_session()
        await self._know_subscribers()
        self.presences.begin(await self._call(self._subscriptions.showing))
        for recipient in self.presences.showing & self._subscribers:
            # Who has not noticed that we were gone shows itself again.
            if self.presences.show(recipient, self._monotonic()):
                self._session.greet(recipient)

    async def _know_subscribers(self) -> None:
        self._subscribers = {s.recipient for s in await self._call(self._subscriptions.all)}

    def _present(self, origin: str) -> None:
        """A recipient shows its presence; a stranger's is nothing to us, unless it subscribes next."""
        if bare(origin) in self._subscribers:
            self._later(partial(self._shown, origin))
        else:
            self.presences.early(origin)

    def _absent(self, origin: str) -> None:
        self.presences.was_early(origin)
        if bare(origin) in self._subscribers:
            self._later(partial(self.presences.left, origin))

    async def _shown(self, origin: str) -> None:
        recipient = bare(origin)
        self.presences.heard(origin, confirms=False)
        if recipient not in self.presences.showing:
            self.presences.showing.add(recipient)
            await self._call(self._subscriptions.note_shows, recipient)
        if (lane := self._lanes.get(recipient)) and (lane.asleep or lane.probing):
            lane.resume(None)
            self._due.add(recipient)

    def _resume(self, origin: str, after: int | None) -> None:
        recipient = bare(origin)
        self.presences.asked(origin)
        self._lanes.setdefault(recipient, Lane()).resume(after)
        self._due.add(recipient)
