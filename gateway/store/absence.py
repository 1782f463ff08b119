"""Who is away: recipients whose messages come back, day after day, until they are suspended.

Suspended is not forgotten: what is promised stays in the outbox for as long as that keeps anything, notices stay, and
a sign of life (a subscription, a receipt) or the household's word ends it. Days are counted, not seconds, so that a
clock that is put right makes nobody vanish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.journal import Journal
    from gateway.store.notices import RecipientNotices
from gateway.store.terms import NoticeKind

# So many different days on which something came back, and no sign of life in between.
DAYS_UNTIL_SUSPENDED = 14

# What a bounce says when the address is not there, or nobody is behind it who could ever answer (RFC 6120 §8.3.3). A
# server does not tell strangers whether an account exists, so service-unavailable is the usual one. Every other
# condition says that the account is there and cannot take it today.
# Those of the first line are of one device too.
NOT_THERE = {"gone", "item-not-found", "recipient-unavailable", "service-unavailable"}
_NOT_THERE = NOT_THERE | {"remote-server-not-found", "remote-server-timeout"}

_DAY_S = 86_400


@dataclass(eq=False)
class Absences:
    """Who is away, and since when."""

    _db: Transactions
    _journal: Journal
    _notices: RecipientNotices

    @translated
    def note_bounce(self, recipient: str, condition: str, now: float) -> bool:
        """Note that a message came back for that reason; True when with it the recipient is suspended."""
        if condition not in _NOT_THERE:
            return False
        known = self._db.execute("SELECT last, days, suspended_at FROM absence WHERE recipient = ?", [recipient])
        last, days, suspended = known.fetchone() or (0, 0, None)
        if suspended is not None or last // _DAY_S == int(now) // _DAY_S:
            return False
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO absence VALUES (?1, ?2, ?2, 1, ?3, NULL) ON CONFLICT DO UPDATE SET last = ?2,"
                " days = days + 1, condition = ?3",
                [recipient, int(now), condition],
            )
            gone = days + 1 >= DAYS_UNTIL_SUSPENDED
            if gone:
                self._suspend(recipient, condition, now)
        return gone

    @translated
    def suspended(self) -> dict[str, int]:
        """The suspended recipients, and since when nothing is sent to them."""
        return dict(
            self._db.execute("SELECT recipient, suspended_at FROM absence WHERE suspended_at IS NOT NULL").fetchall()
        )

    @translated
    def welcome(self, recipient: str, now: float) -> bool:
        """The recipient is there, or the household says so; True when it had been suspended."""
        with self._db.transaction():
            returned = self.alive(recipient, now)
            self._notices.tell_again(recipient, given_up=True)
        return returned

    def _suspend(self, recipient: str, condition: str, now: float) -> None:
        self._db.execute("UPDATE absence SET suspended_at = ? WHERE recipient = ?", [int(now), recipient])
        facts: dict[str, int | str] = {"reason": condition, "days": DAYS_UNTIL_SUSPENDED}
        self._journal.append("recipient-suspended", facts, {"recipient": recipient}, now)
        # Kept like every other notice, so that who comes back learns why it was sent nothing.
        self._notices.queue(recipient, NoticeKind.RECIPIENT_SUSPENDED, {}, now)

    def alive(self, recipient: str, now: float) -> bool:
        """A sign of life, in the open transaction."""
        ended = self._db.execute("DELETE FROM absence WHERE recipient = ? RETURNING suspended_at", [recipient])
        row = ended.fetchone()
        self._notices.tell_again(recipient, given_up=row is not None)
        if row is None or row[0] is None:
            return False
        self._journal.append("recipient-returned", {}, {"recipient": recipient}, now)
        return True
