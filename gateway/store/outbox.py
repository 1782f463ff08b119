"""The outbox: points promised to recipients, numbered by recipient, gone when confirmed.

Numbers grow and are never used twice in one database file (the epoch names the file). A confirmation opens a
transaction that the next commit ends: losing it in a power cut only sends the same points again, and a commit a
receipt would wear the card out. A commit that fails loses none: what was confirmed is in the next one.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from gateway.store.consents import Consents, pushed_from
from gateway.store.points import Backlog, Confirm, GivenUp, Granularity, OutboxRow, Subscription, finest_allowed, under
from gateway.store.tables import point, translated

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.store.points import Consent, Point, Series

log = logging.getLogger(__name__)

# No honest number is above this in a thousand years; whoever claims one shall not push ours to SQLite's limit.
_HIGHEST_SEQ = 2**48

# A receipt that comes so long after the end of a consent is still of something sent under it.
_RECEIPT_LATE_S = 3600

# What is given up -> how fine the rows are that it is of.
_GIVES_UP = {
    Granularity.RAW: GivenUp.RAW,
    Granularity.MINUTE: GivenUp.MINUTES,
    Granularity.HALF_HOUR: GivenUp.HALF_HOURS,
}

_ROWS = "recipient = (SELECT id FROM recipient WHERE jid = ?) AND seq > ? AND seq <= ?"


class Outbox(Consents):
    """Subscriptions and the rows that wait for each recipient."""

    @translated
    def promise(self, points: Sequence[Point], now: float) -> None:
        """Give each point to every recipient that subscribed to it and has a consent at that granularity."""
        self._promise_to(None, points, now)

    def _promise_to(self, some: Collection[str] | None, points: Sequence[Point], now: float) -> None:
        """The same to ``some`` recipients only."""
        for subscriptions in self._subscriptions_by_recipient().values():
            jid = subscriptions[0].recipient
            if some is not None and jid not in some:
                continue
            # A host clock not yet set may stand before the consent: the points are kept, and sent when it is right.
            choose = _Choice(subscriptions, [c for c in self.consents(jid) if c.standing(now) and not c.held])
            chosen = [p for p in points if choose(p) is p.granularity]
            if chosen:
                self._append(jid, chosen)

    @translated
    def subscribe(self, recipient: str, meter: str, prefix: str, form: str, confirm: Confirm, now: float) -> None:
        """Note that the recipient wants what it may have under ``prefix``; the same again changes only its manner."""
        self.begin()
        self._db.execute("INSERT OR IGNORE INTO recipient (jid) VALUES (?)", [recipient])
        self._db.execute(
            "INSERT INTO subscription SELECT id, ?, ?, ?, ?, ? FROM recipient WHERE jid = ?"
            " ON CONFLICT DO UPDATE SET form = excluded.form, confirm = excluded.confirm",
            [self._meter_id(meter), prefix, form, confirm.value, int(now), recipient],
        )
        self._alive(recipient, now)
        self.commit()

    @translated
    def unsubscribe(self, recipient: str, meter: str, prefix: str) -> int:
        """End the recipient's subscriptions under ``prefix``; how many there were. What is queued is still sent."""
        self.begin()
        ended = [s for s in self.subscriptions(recipient) if s.meter == meter and under(s.prefix, prefix)]
        for s in ended:
            self._db.execute(
                "DELETE FROM subscription WHERE prefix = ? AND meter = ?"
                " AND recipient = (SELECT id FROM recipient WHERE jid = ?)",
                [s.prefix, self._meter_id(meter), recipient],
            )
        self.commit()
        return len(ended)

    @translated
    def subscriptions(self, recipient: str | None = None) -> list[Subscription]:
        """The subscriptions of one recipient, or of all."""
        rows = self._db.execute(
            "SELECT recipient.jid, meter.name, prefix, form, confirm FROM subscription"
            " JOIN recipient ON recipient.id = subscription.recipient JOIN meter ON meter.id = subscription.meter"
            " WHERE ?1 IS NULL OR recipient.jid = ?1 ORDER BY recipient.jid, meter.id, prefix",
            [recipient],
        )
        return [Subscription(jid, meter, prefix, form, Confirm(c)) for jid, meter, prefix, form, c in rows]

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
        consents = self.allowed(recipient, now)
        found: list[OutboxRow] = []
        known: dict[tuple[int, int], tuple[Series, int | None]] = {}
        while consents and len(found) < limit:
            rows = self._db.execute(
                "SELECT seq, outbox.series, granularity, outbox.time, outbox.value, quality, EXISTS (SELECT 1"
                " FROM correction AS c WHERE c.series = outbox.series AND c.granularity = outbox.granularity"
                " AND c.time = outbox.time) FROM outbox"
                " JOIN recipient ON recipient.id = recipient LEFT JOIN reading"
                " ON granularity = 0 AND reading.series = outbox.series AND reading.time = outbox.time"
                " WHERE jid = ? AND seq > ? ORDER BY seq LIMIT ?",
                [recipient, after_seq, limit],
            ).fetchall()
            for seq, series_id, granularity, at, *said in rows:
                if (series_id, granularity) not in known:
                    series = self._series_by_id(series_id)
                    known[series_id, granularity] = series, pushed_from(consents, series, Granularity(granularity))
                series, start = known[series_id, granularity]
                if start is not None and at >= start:
                    found.append(OutboxRow(seq, point(series, granularity, at, *said)))
            if len(rows) < limit:
                break
            after_seq = rows[-1][0]
        return found[:limit]

    @translated
    def confirm(self, recipient: str, after: int, last: int, now: float | None = None) -> int:
        """Let the rows with ``after < seq <= last`` leave, noted as handed over; how many there were."""
        moment = time.time() if now is None else now
        self.begin()
        return self.keep(partial(self._confirm, recipient, after, last, moment))

    def _confirm(self, recipient: str, after: int, last: int, moment: float) -> int:
        self._alive(recipient, moment)
        groups = self._db.execute(
            f"SELECT series, granularity, min(time), max(time), count(*) FROM outbox WHERE {_ROWS}"  # noqa: S608
            " GROUP BY series, granularity",
            [recipient, after, last],
        ).fetchall()
        # What no consent let out lay between what was sent, and leaves with it unsent.
        sendable = [c for c in self.consents(recipient) if c.standing(moment - _RECEIPT_LATE_S)]
        sent = [g for g in groups if pushed_from(sendable, self._series_by_id(g[0]), Granularity(g[1])) is not None]
        if sent:
            self._note(recipient, sent, moment)
        self.journal.count_rows(recipient, after, last, moment)
        return self.drop(recipient, after, last)

    @translated
    def drop(self, recipient: str, after: int, last: int) -> int:
        """Let the rows with ``after < seq <= last`` leave unsent: no message can hold them; how many there were."""
        self.begin()
        return self._db.execute(f"DELETE FROM outbox WHERE {_ROWS}", [recipient, after, last]).rowcount  # noqa: S608

    @translated
    def resume(self, recipient: str, after: int, now: float | None = None) -> Backlog:
        """The recipient has everything up to ``after``: let those rows leave and say what is left.

        A number that was never given out is of a newer copy of this file, from which it was restored: what waits is
        something else than what the recipient has under these numbers, so it is numbered anew above them.
        """
        self.begin()
        row = self._db.execute("SELECT id, last_seq FROM recipient WHERE jid = ?", [recipient]).fetchone()
        if row and row[1] < after < _HIGHEST_SEQ:
            self._number_above(row[0], row[1], after)
        elif after < _HIGHEST_SEQ:
            self.confirm(recipient, -1, after, now)
        self.commit()
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

    @translated
    def thin_outbox(self, given_up: GivenUp, longest: int, most: int = 20_000) -> int:
        """Give up the oldest rows of that kind in queues longer than ``longest``, ``most`` at once; how many.

        They are the gauges'; who comes back finds what is still stored in its history.
        """
        self.begin()
        finest = max((g for g, what in _GIVES_UP.items() if what <= given_up), default=-1)
        dropped = sum(
            self._db.execute(
                "DELETE FROM outbox WHERE recipient = ?1 AND seq IN (SELECT seq FROM outbox JOIN series"
                " ON series.id = outbox.series WHERE recipient = ?1 AND kind = 'gauge' AND granularity <= ?2"
                " ORDER BY seq LIMIT ?3)",
                [recipient, finest, most],
            ).rowcount
            for recipient, rows in self._db.execute(
                "SELECT recipient, count(*) FROM outbox GROUP BY recipient"
            ).fetchall()
            if rows > longest
        )
        self.commit()
        return dropped

    def _number_above(self, recipient: int, last: int, after: int) -> None:
        (first,) = self._db.execute("SELECT min(seq) FROM outbox WHERE recipient = ?", [recipient]).fetchone()
        shift = after - (last if first is None else first - 1)
        self._db.execute("UPDATE outbox SET seq = seq + ? WHERE recipient = ?", [shift, recipient])
        self._db.execute("UPDATE recipient SET last_seq = ? WHERE id = ?", [last + shift, recipient])

    def _append(self, jid: str, points: Sequence[Point]) -> None:
        number, last = self._db.execute("SELECT id, last_seq FROM recipient WHERE jid = ?", [jid]).fetchone()
        self._db.executemany(
            "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)",
            ((number, seq, p.series.id, int(p.granularity), p.time, p.value) for seq, p in enumerate(points, last + 1)),
        )
        self._db.execute("UPDATE recipient SET last_seq = ? WHERE id = ?", [last + len(points), number])

    def _subscriptions_by_recipient(self) -> dict[str, list[Subscription]]:
        found: dict[str, list[Subscription]] = {}
        for subscription in self.subscriptions():
            found.setdefault(subscription.recipient, []).append(subscription)
        return found

    def _expire_outbox(self, meter: int, before: int) -> None:
        dropped = self._db.execute(
            "DELETE FROM outbox WHERE time < ? AND series IN (SELECT id FROM series WHERE meter = ?)", [before, meter]
        ).rowcount
        if dropped:
            log.warning("outbox: %d rows given up, their recipients did not come within the retention", dropped)


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
        given = [c.granularity for c in self._known[series.id] if c.pushes_from <= point.time]
        return finest_allowed(series.kind, min(given)) if given else None
