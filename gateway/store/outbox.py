"""The outbox: points promised to recipients, numbered by recipient, noted when handed over, gone when confirmed.

Numbers grow and are never used twice in one database file (the epoch names the file). That rows are handed over is
on the card before their message leaves (``hand_over``), in one record with their batch where that leaves at once: so
the log of transfers never holds less than their recipient.
A confirmation opens an operation that the next one ends: losing it in a power cut only sends the same points again,
and a write a receipt would wear the card out. A commit that fails loses none: what was confirmed is in the next one.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, cast

from gateway.store.journal import grouped
from gateway.store.points import (
    Backlog,
    Consent,
    Granularity,
    OutboxRow,
    Outgoing,
    Point,
    Series,
    Subscription,
    finest_allowed,
    point,
    pushed_from,
    pushing,
    stated_retention,
    under,
)
from gateway.store.queue import Purged
from gateway.store.redo import ConfirmedRows, HandedRows
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.store.absence import Absences
    from gateway.store.consents import Consents
    from gateway.store.meters import Meters
    from gateway.store.queue import Accounts, QueuedRows
    from gateway.store.raw import RawGauges
    from gateway.store.subscriptions import Subscriptions
    from gateway.store.transfers import Transfers

# No honest number is above this in a thousand years; whoever claims one shall not push ours to SQLite's limit.
_HIGHEST_SEQ = 2**48

_ROWS = "recipient = (SELECT id FROM recipient WHERE jid = ?) AND seq > ? AND seq <= ?"


class Outbox:
    """The rows that wait for each recipient, as they leave (``outbox``, ``awaited``)."""

    def __init__(
        self,
        db: Transactions,
        meters: Meters,
        absences: Absences,
        transfers: Transfers,
        consents: Consents,
        subscriptions: Subscriptions,
        queue: QueuedRows,
        raw: RawGauges,
        accounts: Accounts,
    ) -> None:
        self._db = db
        self._meters = meters
        self._raw = raw
        self._absences = absences
        self._transfers = transfers
        self._consents = consents
        self._subscriptions = subscriptions
        self._queue = queue
        self._accounts = accounts
        db.does |= {HandedRows: self._note_handed, ConfirmedRows: self._note_confirmed}
        self.epoch: str = db.execute("SELECT value FROM about WHERE key = 'epoch'").fetchone()[0]

    @translated
    def promise(self, points: Sequence[Point], now: float, some: Collection[str] | None = None) -> None:
        """Give each point to every recipient that subscribed to it and has a consent at that granularity.

        In the open transaction; where ``some`` are named, to no others.
        """
        for jid, group in groupby(self._subscriptions.all(), key=lambda s: s.recipient):
            subscriptions = list(group)
            if some is not None and jid not in some:
                continue
            # A host clock not yet set may stand before the consent: the points are kept, and sent when it is right.
            choose = _Choice(subscriptions, [c for c in self._consents.of(jid) if c.standing(now) and not c.held])
            chosen = [p for p in points if choose(p) is p.granularity]
            if chosen:
                # Those that share a retention side by side, by series as they came: a message states one.
                self._queue.append(jid, sorted(chosen, key=choose.retention))

    @translated
    def recipients(self) -> list[str]:
        """The JIDs for which anything waits, without the suspended ones."""
        rows = self._db.execute(
            "SELECT jid FROM recipient WHERE EXISTS (SELECT 1 FROM outbox WHERE outbox.recipient = recipient.id)"
            " AND NOT EXISTS (SELECT 1 FROM absence WHERE absence.recipient = jid AND suspended_at IS NOT NULL)"
        )
        return [jid for (jid,) in rows]

    @translated
    def pending(self, recipient: str, after_seq: int, limit: int, now: float) -> list[OutboxRow]:
        """At most ``limit`` rows numbered above ``after_seq``, in order, each covered by a consent valid at ``now``."""
        consents = self._consents.allowed(recipient, now)
        found: list[OutboxRow] = []
        known: dict[tuple[int, int], tuple[Series, int | None, str]] = {}
        qualities: dict[tuple[int, int], dict[int, int]] = {}
        while consents and len(found) < limit:
            rows = self._db.execute(
                "SELECT seq, outbox.series, granularity, outbox.time, outbox.value, quality, EXISTS (SELECT 1"
                " FROM correction AS c WHERE c.series = outbox.series AND c.granularity = outbox.granularity"
                " AND c.time = outbox.time) OR again FROM outbox"
                " JOIN recipient ON recipient.id = recipient LEFT JOIN reading"
                " ON granularity = 0 AND reading.series = outbox.series AND reading.time = outbox.time"
                " WHERE jid = ? AND seq > ? ORDER BY seq LIMIT ?",
                [recipient, after_seq, limit],
            ).fetchall()
            for seq, series_id, granularity, at, *said in rows:
                if (series_id, granularity) not in known:
                    series = self._meters.series_numbered(series_id)
                    fine = Granularity(granularity)
                    retention = stated_retention(pushing(consents, series, fine))
                    known[series_id, granularity] = series, pushed_from(consents, series, fine), retention
                series, start, retention = known[series_id, granularity]
                if granularity == Granularity.RAW and said[1] is None:
                    half_hour = series_id, at // Granularity.HALF_HOUR
                    if half_hour not in qualities:
                        qualities[half_hour] = self._raw.qualities(series_id, at)
                    said[1] = qualities[half_hour].get(at)
                if start is not None and at >= start:
                    found.append(OutboxRow(seq, point(series, granularity, at, *said), retention))
            if len(rows) < limit:
                break
            after_seq = rows[-1][0]
        return found[:limit]

    @translated
    def hand_over(self, messages: Sequence[Outgoing], now: float) -> list[bool]:
        """Note and commit that these messages leave, in one transaction; which of them may.

        One may not where a row of it is gone since it was read, or where no consent lets it out any more, or not for as
        long as it says: what waits is to be read again. A point counts when it is handed over first; its repetitions
        change nothing.
        """
        self._db.begin()
        found = [self._unhanded(message, now) for message in messages]
        leaving = [
            (message.recipient, message.last, numbers)
            for message, numbers in zip(messages, found, strict=True)
            if numbers is not None
        ]
        handed = HandedRows(leaving, now)
        self._note_handed(handed)
        self._db.postpone(handed)
        return [numbers is not None for numbers in found]

    def _unhanded(self, message: Outgoing, now: float) -> list[int] | None:
        """The numbers of the rows that were never handed over; None if one may not be."""
        found = self._db.execute(
            "SELECT seq, series, granularity, time, handed FROM outbox WHERE seq >= ? AND seq <= ?"
            " AND recipient = (SELECT id FROM recipient WHERE jid = ?)",
            [message.rows[0].seq, message.rows[-1].seq, message.recipient],
        )
        there = {seq: row for seq, *row in found}
        consents = self._consents.allowed(message.recipient, now)
        given = {
            (series, g): (pushed_from(consents, series, g), stated_retention(pushing(consents, series, g)))
            for series, g in {(row.point.series, row.point.granularity) for row in message.rows}
        }
        rows = []
        for row in message.rows:
            p, (start, retention) = row.point, given[row.point.series, row.point.granularity]
            *said, handed = there.get(row.seq, (None, None, None, 0))
            if said != [p.series.id, p.granularity, p.time] or start is None or p.time < start:
                return None
            if row.retention != retention:
                return None
            if not handed:
                rows.append(row.seq)
        return rows

    def _note_handed(self, handed: HandedRows) -> None:
        for recipient, last, numbers in handed.messages:
            (number,) = self._db.execute("SELECT id FROM recipient WHERE jid = ?", [recipient]).fetchone()
            points = []
            for seq in numbers:
                points += self._db.execute(
                    "UPDATE outbox SET handed = ? WHERE recipient = ? AND seq = ? RETURNING series, granularity, time",
                    [max(int(handed.now), 1), number, seq],
                ).fetchall()
            self._accounts.hand(number, len(points), last)
            if points:
                self._transfers.add(recipient, grouped(points), handed.now, promised=True)

    @translated
    def confirm(self, recipient: str, after: int, last: int, now: float | None = None) -> int | None:
        """The recipient has what was handed over of ``after < seq <= last``: it leaves; how many rows did.

        None, and nothing changes, where a number of them was never handed over: no message has held it.
        """
        row = self._db.execute("SELECT handed FROM recipient WHERE jid = ?", [recipient]).fetchone()
        if row is None or last > row[0]:
            return None
        moment = time.time() if now is None else now
        self._db.begin()
        return cast("int", self._db.keep(ConfirmedRows(recipient, after, last, moment)))

    def _note_confirmed(self, confirmed: ConfirmedRows) -> int:
        numbers = [confirmed.recipient, confirmed.after, confirmed.last]
        self._absences.alive(confirmed.recipient, confirmed.now)
        # What was never handed over, and lies below what the recipient says it has, it passes over.
        left = self._accounts.purge(_ROWS, numbers, Purged.PASSED)
        # Also of rows that a withdrawal has taken since: what was handed over may have arrived before it.
        handed = self._db.execute(f"DELETE FROM awaited WHERE {_ROWS} RETURNING handed", numbers).fetchall()  # noqa: S608
        self._accounts.confirm(confirmed.recipient, len(handed), by_server=confirmed.word)
        if not confirmed.word:
            self._transfers.add_confirmed(confirmed.recipient, [at for (at,) in handed])
        return left

    @translated
    def take_servers_word(self, recipient: str, after: int, last: int, now: float) -> int:
        """Let the rows with ``after < seq <= last`` leave: one's own server took them, and no receipt is waited for."""
        self._db.begin()
        return cast("int", self._db.keep(ConfirmedRows(recipient, after, last, now, word=True)))

    @translated
    def keeps(self, recipient: str, after: int, last: int) -> bool:
        """Whether anything of these numbers still waits, may it leave now or not."""
        rows = f"SELECT EXISTS (SELECT 1 FROM outbox WHERE {_ROWS})"  # noqa: S608
        return bool(self._db.execute(rows, [recipient, after, last]).fetchone()[0])

    @translated
    def drop(self, recipient: str, after: int, last: int) -> int:
        """Let the rows with ``after < seq <= last`` leave: no message can hold them, say; how many there were."""
        self._db.begin()
        return self._accounts.purge(_ROWS, [recipient, after, last], Purged.UNFIT)

    @translated
    def resume(self, recipient: str, after: int, now: float | None = None) -> Backlog:
        """The recipient has everything up to ``after``: let those rows leave and say what is left.

        A number that was given out and not handed over yet changes nothing: of a newer copy of this file, from which it
        was restored, the recipient may have it, and what it has twice it has once. A number that was never given out is
        of such a copy too: what waits is something else than what the recipient has under these numbers, so it is
        numbered anew above them.
        """
        with self._db.transaction():
            row = self._db.execute("SELECT id, last_seq FROM recipient WHERE jid = ?", [recipient]).fetchone()
            if row and row[1] < after < _HIGHEST_SEQ:
                self._number_above(row[0], row[1], after)
            elif after < _HIGHEST_SEQ:
                self.confirm(recipient, -1, after, now)
        return next((b for b in self.backlog() if b.recipient == recipient), Backlog(recipient, 0, None, 0))

    @translated
    def backlog(self) -> list[Backlog]:
        """What waits, for each recipient that ever subscribed; a period is there to be sent from its end on."""
        rows = self._db.execute(
            "SELECT jid, count(seq), min(time + granularity), last_seq, suspended_at FROM recipient"
            " LEFT JOIN outbox ON outbox.recipient = recipient.id LEFT JOIN absence ON absence.recipient = jid"
            " GROUP BY recipient.id ORDER BY jid"
        )
        return [Backlog(*row) for row in rows]

    def _number_above(self, recipient: int, last: int, after: int) -> None:
        (first,) = self._db.execute("SELECT min(seq) FROM outbox WHERE recipient = ?", [recipient]).fetchone()
        shift = after - (last if first is None else first - 1)
        self._db.execute("UPDATE outbox SET seq = seq + ? WHERE recipient = ?", [shift, recipient])
        self._db.execute("UPDATE recipient SET last_seq = ?, handed = ? WHERE id = ?", [last + shift, after, recipient])
        # Their receipts would name numbers that are other rows' now.
        self._accounts.lapse("recipient = ?", [recipient])


class _Choice:
    """For one recipient: the granularity at which it is to be sent a point, its consents found once a series."""

    def __init__(self, subscriptions: Sequence[Subscription], consents: Sequence[Consent]) -> None:
        self._subscriptions = subscriptions
        self._consents = [c for c in consents if c.terms.push]
        self._known: dict[int, list[Consent]] = {}

    def __call__(self, point: Point) -> Granularity | None:
        series = point.series
        if series.id not in self._known:
            wanted = any(s.meter == series.meter and under(series.path, s.prefix) for s in self._subscriptions)
            self._known[series.id] = (
                [c for c in self._consents if c.covers(series.meter, series.path)] if wanted else []
            )
        given = (
            finest_allowed(series.kind, c.granularity) for c in self._known[series.id] if c.pushes_from <= point.time
        )
        return min((fine for fine in given if fine is not None), default=None)

    def retention(self, point: Point) -> str:
        """Which one is stated with a point that was chosen."""
        return stated_retention(c for c in self._known[point.series.id] if c.granularity <= point.granularity)
