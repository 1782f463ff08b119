"""What is under way to one recipient, and what may be sent to it now: window, patience and back-off, as pure logic.

No I/O and no clock: ``now`` is any monotonic number of seconds. A message is sent again on a new session, a second
after it bounced, and when a minute brought no answer; a recipient that bounces or stays silent is tried with its oldest
message only, less and less often, until it gives a sign of life.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gateway.store.points import Confirm

WINDOW_MESSAGES = 32
WINDOW_BYTES = 60_000

FIRST_PATIENCE_S = 60.0
# What is not answered may lie in the recipient's offline store, where every repetition is added to it: a stock ejabberd
# keeps 100 messages for an account, which is three months of one a day.
LAST_PATIENCE_S = 24 * 3600.0
FIRST_BACKOFF_S = 1.0
LAST_BACKOFF_S = 300.0
# How often it is asked whether what might not be sent may be now.
HELD_S = 60.0
# A bounce comes back within this time of one's own server having taken the message.
SETTLE_S = 60.0


@dataclass(slots=True)
class Flight:
    """One message sent and not yet confirmed: its numbers, its bytes, and when to act on it again."""

    after: int
    last: int
    size: int
    confirm: Confirm
    due: float
    patience: float = FIRST_PATIENCE_S
    accepted: bool = False
    bounced: bool = False
    held: bool = False

    @property
    def settling(self) -> bool:
        """Whether it only waits to see that no bounce comes."""
        return self.accepted and self.confirm is Confirm.SERVER

    @property
    def waiting(self) -> bool:
        """Whether an answer is awaited; of what is held nothing may be sent, and it stands in nobody's way."""
        return not (self.settling or self.held)


@dataclass(slots=True)
class Lane:
    """The messages under way to one recipient, oldest first; ``cursor`` is the highest number sent, -1 for none.

    New rows are gathered until a message is full, or until those before them are old enough: up to ``released`` they
    may go as they are. ``asleep``: the recipient is away and says so when it is back; until then nothing is to be done.
    """

    cursor: int = -1
    released: int = -1
    flights: dict[tuple[int, int], Flight] = field(default_factory=dict)
    probing: bool = False
    asleep: bool = False
    _held_until: float = 0.0
    _backoff: float = 0.0
    _batched: float = -math.inf
    _ripe_at: float = math.inf

    def ripe(self, now: float, age_s: float) -> bool:
        """Whether the last release is so long ago that what was gathered since may go."""
        return now >= self._batched + age_s

    def release(self, last: int, now: float, *, all_of_it: bool) -> None:
        """Let everything up to number ``last`` go; with ``all_of_it`` gathering begins anew."""
        self.released = max(self.released, last)
        if all_of_it:
            self._batched = now

    def gather(self, age_s: float) -> None:
        """What there is waits for more, or until it is old enough."""
        self._ripe_at = self._batched + age_s

    def overdue(self, now: float) -> Flight | None:
        """The oldest message that is to be sent again now."""
        if self.asleep or now < self._held_until:
            return None
        return next((flight for flight in self._next() if flight.due <= now), None)

    def open(self, now: float, most_bytes: int) -> bool:
        """Whether a new message of up to ``most_bytes`` may be sent now."""
        if self.asleep or self.probing or now < self._held_until:
            return False
        sizes = [flight.size for flight in self.flights.values() if flight.waiting]
        return not sizes or (len(sizes) < WINDOW_MESSAGES and sum(sizes) + most_bytes <= WINDOW_BYTES)

    def sent(self, after: int, last: int, size: int, confirm: Confirm, now: float) -> None:
        """Note that the message of these numbers was sent, for the first time or again."""
        before = self.flights.get((after, last))
        if before is None:
            self._put(Flight(after, last, size, confirm, now + FIRST_PATIENCE_S))
        else:
            if before.due and not before.bounced:
                before.patience = min(before.patience * 2, LAST_PATIENCE_S)
                self.probing = True
            before.size, before.confirm, before.due = size, confirm, now + before.patience
            before.accepted = before.bounced = before.held = False
        self.cursor = max(self.cursor, last)
        self._ripe_at = math.inf

    def split(self, flight: Flight, at: int) -> None:
        """Of a message that is to be sent again, the part above number ``at`` becomes another one.

        Both are as due and as patient as it was: who has been silent for long is not asked every minute again.
        """
        self.flights.pop((flight.after, flight.last), None)
        for after, last in ((flight.after, at), (at, flight.last)):
            part = Flight(after, last, flight.size, flight.confirm, flight.due, flight.patience, bounced=flight.bounced)
            self._put(part)

    def unsent(self, after: int, last: int) -> None:
        """A message did not leave after all: it is due at once, and nobody's patience was tried."""
        flight = self.flights.get((after, last))
        if flight is not None:
            flight.due, flight.accepted = 0.0, False

    def drop(self, after: int, last: int) -> None:
        """Forget a message: it was confirmed, or nothing of it may be sent any more."""
        self.flights.pop((after, last), None)

    def hold(self, flight: Flight, now: float) -> None:
        """Nothing of a message may be sent for now, and all of it may be later: look again then."""
        flight.held, flight.due = True, now + HELD_S

    def confirmed(self, after: int, last: int, now: float) -> None:
        """The recipient has these numbers, so it lives: what bounced goes out at once, the silent get new patience."""
        for key in [key for key in self.flights if after <= key[0] and key[1] <= last]:
            del self.flights[key]
        self._alive(now)

    def accepted(self, after: int, last: int, now: float) -> None:
        """One's own server has taken the message."""
        flight = self.flights.get((after, last))
        if flight is not None:
            flight.accepted = True
            if flight.confirm is Confirm.SERVER:
                flight.due = now + SETTLE_S

    def bounced(self, after: int, last: int, now: float) -> None:
        """The message came back. The bounces of one volley count as one."""
        flight = self.flights.get((after, last))
        if flight is None:
            return
        if now >= self._held_until:
            self._backoff = min(self._backoff * 2 or FIRST_BACKOFF_S, LAST_BACKOFF_S)
            self._held_until = now + self._backoff
        self.probing = True
        flight.accepted, flight.bounced, flight.due = False, True, self._held_until

    def settled(self, now: float) -> list[Flight]:
        """The messages that one's own server took and that did not come back: they count as delivered."""
        done = [flight for flight in self.flights.values() if flight.settling and flight.due <= now]
        for flight in done:
            self.confirmed(flight.after, flight.last, now)
        return done

    def new_session(self) -> None:
        """What was under way may have been lost with the old session: it is due again.

        To a recipient that does not answer, only what one's own server has not taken: a line that is lost every hour
        must not fill its offline store.
        """
        self.asleep = False
        for flight in self.flights.values():
            if not (self.probing and flight.accepted):
                flight.due, flight.accepted = 0.0, False
        if not self.flights:
            self.cursor = -1

    def resume(self, after: int | None) -> None:
        """The recipient asks to go on after a number, or only says that it is there: no more waiting."""
        self.probing, self.asleep, self._held_until, self._backoff = False, False, 0.0, 0.0
        self._batched = -math.inf
        if after is not None:
            self.flights.clear()
            self.cursor = after
        for flight in self.flights.values():
            if not flight.settling:
                flight.due = 0.0

    def wake_at(self) -> float | None:
        """When there is something to do here if nothing comes in before."""
        times = [flight.due for flight in self.flights.values() if flight.settling]
        if self.asleep:
            return min(times, default=None)
        times += [max(flight.due, self._held_until) for flight in self._next()]
        if self._ripe_at < math.inf:
            times.append(max(self._ripe_at, self._held_until))
        return min(times, default=None)

    def _next(self) -> list[Flight]:
        """What may be sent again, oldest first: while it is probed, of what awaits an answer the oldest alone."""
        oldest = next((flight for flight in self.flights.values() if flight.waiting), None)
        return [f for f in self.flights.values() if f.held or f is oldest or (f.waiting and not self.probing)]

    def _alive(self, now: float) -> None:
        if self.probing:
            for flight in self.flights.values():
                if not flight.settling:
                    flight.due = 0.0 if flight.bounced else now + FIRST_PATIENCE_S
                    flight.patience = FIRST_PATIENCE_S
        self.probing, self.asleep, self._held_until, self._backoff = False, False, 0.0, 0.0

    def _put(self, flight: Flight) -> None:
        self.flights[flight.after, flight.last] = flight
        self.flights = dict(sorted(self.flights.items()))
