"""The others who send us their series: what was subscribed with them, how far they were taken, what they told.

Each call is one transaction, so what is confirmed after it is on the disk. Their points are ``received``'s.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.chain import DeliveryChain
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.store.anchors import Anchors
    from gateway.store.received import Lot, ReceivedPoints

# Notices that are remembered: a provider's bad day shall not fill it either.
_MOST_EVENTS = 10_000

# A period of a day is stamped at its beginning and comes at its end, 25 hours later when the clock is set back.
_MARGIN_S = 2 * 86_400

_FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class ReceivedGap:
    """A time ``[first, last)`` of an identifier that is to be asked of the provider's history."""

    id: int
    identifier: str
    first: int
    last: int
    replaces: bool


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """Something that a provider told: a notice's kind, the series it names, and its details."""

    provider: str
    time: int
    kind: str
    series: str
    detail: dict[str, object]


@dataclass(eq=False)
class Providers:
    """Who sends what, and until where it came.

    The tables ``received_provider``, ``received_subscription``, ``received_gap``, ``received_chain``, ``received_span``
    and ``received_event``.
    """

    _db: Transactions
    _anchors: Anchors
    _received: ReceivedPoints

    @translated
    def reached(self, provider: str) -> tuple[str, int] | None:
        """The provider's epoch and the outbox number up to which nothing is missing."""
        return DeliveryChain(self._db, provider).reached()

    @translated
    def begin(
        self, provider: str, identifier: str, numbers: tuple[str, int, int] | None, since: int, now: float
    ) -> None:
        """A subscription was accepted: keep it, and note what has to be asked of the history.

        Args:
            provider: bare JID.
            identifier: what was subscribed to.
            numbers: epoch, first waiting and last given number; None when the provider has no numbers, and may have
                sent anything since it was last heard.
            since: POSIX seconds from which a subscription that is new asks for history; ``now`` not to.
            now: POSIX seconds.
        """
        with self._db.transaction():
            passed_over = numbers is None
            if numbers is not None:
                passed_over = DeliveryChain(self._db, provider).begin(*numbers)
            heard = self._db.execute("SELECT heard_at FROM received_provider WHERE jid = ?", [provider]).fetchone()
            if passed_over and heard:
                for (known,) in self._db.execute(
                    "SELECT identifier FROM received_subscription WHERE provider = ?", [provider]
                ).fetchall():
                    self._add_gap(provider, known, heard[0] - _MARGIN_S, int(now) + 1)
            added = self._db.execute(
                "INSERT OR IGNORE INTO received_subscription VALUES (?, ?, ?)", [provider, identifier, int(now)]
            ).rowcount
            if added and since < now:
                self._add_gap(provider, identifier, since, int(now) + 1)

    @translated
    def subscriptions(self, provider: str) -> list[str]:
        """The identifiers that the provider accepted."""
        rows = self._db.execute("SELECT identifier FROM received_subscription WHERE provider = ?", [provider])
        return [identifier for (identifier,) in rows]

    @translated
    def end(self, provider: str, identifier: str, now: float) -> None:
        """A subscription is over; what it brought stays until its retention ends."""
        with self._db.transaction():
            self._drop(provider, identifier)
            # With a branch the provider ended what is subscribed below it: until that is renewed it promises nothing.
            for known in self.subscriptions(provider):
                self._add_gap(provider, known, max(int(now) - _MARGIN_S, 0), int(now) + 1)

    @translated
    def all(self) -> list[str]:
        """Everybody with a subscription or with data here."""
        rows = self._db.execute(
            "SELECT provider FROM received_subscription UNION SELECT provider FROM received_series ORDER BY 1"
        )
        return [jid for (jid,) in rows]

    @translated
    def gaps(self, provider: str) -> list[ReceivedGap]:
        """What is still to be asked of the provider's history."""
        rows = self._db.execute(
            "SELECT id, identifier, first, last, replaces FROM received_gap WHERE provider = ? ORDER BY id", [provider]
        )
        return [ReceivedGap(number, known, first, last, bool(r)) for number, known, first, last, r in rows]

    @translated
    def receive(self, provider: str, lots: Sequence[Lot], now: float, filled: int | None = None) -> int:
        """Commit what came, and the gap that it fills to the end; how many points are new or rectified."""
        with self._db.transaction():
            chain = DeliveryChain(self._db, provider)
            new = 0
            for lot in lots:
                added, rectified = self._received.keep(provider, lot)
                new += added + rectified
                if rectified:
                    changed = ReceivedEvent(provider, int(now), "values-rectified", "", {"points": rectified})
                    self._note(changed, f"own-{now!r}")
                if lot.numbers is not None:
                    chain.add(*lot.numbers)
                if lot.numbers is not None and lot.head is not None:
                    self._anchors.keep(provider, lot.numbers[0], *lot.head, now)
            # Beyond a hole it is not moved on: from there on the history is asked, once it is known what will not come.
            self._db.execute(
                "INSERT INTO received_provider VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET heard_at = excluded.heard_at WHERE ?",
                [provider, int(now), chain.is_whole()],
            )
            if filled is not None:
                self._db.execute("DELETE FROM received_gap WHERE id = ?", [filled])
        return new

    @translated
    def note(self, event: ReceivedEvent, notice: str, identifiers: Collection[str] = ()) -> bool:
        """Keep an event once; one that rectifies names the ``identifiers`` to be asked again. False when known."""
        with self._db.transaction():
            new = self._note(event, notice)
            if new:
                first, last = _period(event.detail)
                last = min(last, event.time)
                for identifier in identifiers if first <= last else ():
                    self._add_gap(event.provider, identifier, first, last + 1, replaces=True)
        return new

    @translated
    def erase(
        self, event: ReceivedEvent, notice: str, series: Collection[int], identifiers: Collection[str] = ()
    ) -> int | None:
        """Delete what a notice names (GDPR Art. 17 and 19), together with the event; None when it was done before.

        Args:
            event: what is told; ``detail`` has ``first`` and ``last`` (POSIX seconds) where the notice has them.
            notice: the provider's id of it.
            series: ids of the series that it names.
            identifiers: the subscriptions that end with it.
        """
        with self._db.transaction():
            deleted = None
            if self._note(event, notice):
                first, last = _period(event.detail)
                deleted = self._received.delete(event.provider, series, first, last)
                for identifier in identifiers:
                    self._drop(event.provider, identifier)
        return deleted

    @translated
    def events(self) -> list[ReceivedEvent]:
        """What providers told, oldest first."""
        rows = self._db.execute("SELECT provider, time, kind, series, detail FROM received_event ORDER BY time, id")
        return [ReceivedEvent(jid, time, kind, series, json.loads(d)) for jid, time, kind, series, d in rows]

    @translated
    def forget(self, now: int, kept_s: int) -> int:
        """Delete points past the retention that came with them, or older than ``kept_s``, and the oldest events.

        How many points that is.
        """
        with self._db.transaction():
            deleted = self._received.forget(now, kept_s)
            self._db.execute(
                "DELETE FROM received_event WHERE id <= (SELECT max(id) FROM received_event) - ?", [_MOST_EVENTS]
            )
        return deleted

    def _note(self, event: ReceivedEvent, notice: str) -> bool:
        row = [event.provider, notice, event.time, event.kind, event.series, json.dumps(event.detail)]
        return (
            self._db.execute(
                "INSERT OR IGNORE INTO received_event (provider, notice, time, kind, series, detail)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            ).rowcount
            == 1
        )

    def _add_gap(self, provider: str, identifier: str, first: int, last: int, *, replaces: bool = False) -> None:
        key = [provider, identifier, int(replaces)]
        # A provider without numbers leaves one at every new session: they are asked as one.
        row = self._db.execute(
            "SELECT min(first), max(last) FROM received_gap WHERE provider = ? AND identifier = ? AND replaces = ?", key
        ).fetchone()
        self._db.execute("DELETE FROM received_gap WHERE provider = ? AND identifier = ? AND replaces = ?", key)
        low, high = (first, last) if row[0] is None else (min(first, row[0]), max(last, row[1]))
        self._db.execute(
            "INSERT INTO received_gap (provider, identifier, first, last, replaces) VALUES (?, ?, ?, ?, ?)",
            [provider, identifier, low, high, int(replaces)],
        )

    def _drop(self, provider: str, identifier: str) -> None:
        key = [provider, identifier]
        self._db.execute("DELETE FROM received_subscription WHERE provider = ? AND identifier = ?", key)
        self._db.execute("DELETE FROM received_gap WHERE provider = ? AND identifier = ?", key)


def _period(detail: dict[str, object]) -> tuple[int, int]:
    first, last = detail.get("first"), detail.get("last")
    return first if isinstance(first, int) else 0, last if isinstance(last, int) else _FOR_EVER
