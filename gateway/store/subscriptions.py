"""Who wants to be sent what, in which manner, and who shows that it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.points import Confirm, Subscription, under
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.absence import Absences
    from gateway.store.meters import Meters


@dataclass(eq=False)
class Subscriptions:
    """The recipients and their subscriptions (``recipient``, ``subscription``)."""

    _db: Transactions
    _meters: Meters
    _absences: Absences

    @translated
    def add(self, recipient: str, meter: str, prefix: str, form: str, confirm: Confirm, now: float) -> None:
        """Note that the recipient wants what it may have under ``prefix``; the same again changes only its manner."""
        with self._db.transaction():
            self._db.execute("INSERT OR IGNORE INTO recipient (jid, since) VALUES (?, ?)", [recipient, int(now)])
            self._db.execute(
                "INSERT INTO subscription SELECT id, ?, ?, ?, ?, ? FROM recipient WHERE jid = ?"
                " ON CONFLICT DO UPDATE SET form = excluded.form, confirm = excluded.confirm",
                [self._meters.number(meter), prefix, form, confirm.value, int(now), recipient],
            )
            self._absences.alive(recipient, now)

    @translated
    def end(self, recipient: str, meter: str, prefix: str) -> int:
        """End the recipient's subscriptions under ``prefix``; how many there were. What is queued is still sent."""
        with self._db.transaction():
            ended = [s for s in self.of(recipient) if s.meter == meter and under(s.prefix, prefix)]
            for s in ended:
                self._db.execute(
                    "DELETE FROM subscription WHERE prefix = ? AND meter = ?"
                    " AND recipient = (SELECT id FROM recipient WHERE jid = ?)",
                    [s.prefix, self._meters.number(meter), recipient],
                )
        return len(ended)

    @translated
    def all(self) -> list[Subscription]:
        """The subscriptions of all, by recipient."""
        return self._those(None)

    @translated
    def of(self, recipient: str) -> list[Subscription]:
        """The subscriptions of one recipient."""
        return self._those(recipient)

    @translated
    def begun(self, recipient: str) -> list[tuple[Subscription, int]]:
        """The subscriptions of one recipient, each with the POSIX second at which it was asked for first."""
        rows = self._db.execute(
            "SELECT jid, meter.name, prefix, form, confirm, asked_at FROM subscription"
            " JOIN recipient ON recipient.id = subscription.recipient JOIN meter ON meter.id = subscription.meter"
            " WHERE jid = ? ORDER BY meter.id, prefix",
            [recipient],
        )
        return [(Subscription(jid, name, prefix, form, Confirm(c)), at) for jid, name, prefix, form, c, at in rows]

    @translated
    def showing(self) -> list[str]:
        """The recipients that have ever shown their presence."""
        return [jid for (jid,) in self._db.execute("SELECT jid FROM recipient WHERE shows")]

    @translated
    def note_shows(self, recipient: str) -> None:
        """Note and commit that the recipient shows its presence when it is there."""
        with self._db.transaction():
            self._db.execute("UPDATE recipient SET shows = 1 WHERE jid = ?", [recipient])

    def _those(self, recipient: str | None) -> list[Subscription]:
        rows = self._db.execute(
            "SELECT recipient.jid, meter.name, prefix, form, confirm FROM subscription"
            " JOIN recipient ON recipient.id = subscription.recipient JOIN meter ON meter.id = subscription.meter"
            " WHERE ?1 IS NULL OR recipient.jid = ?1 ORDER BY recipient.jid, meter.id, prefix",
            [recipient],
        )
        return [Subscription(jid, meter, prefix, form, Confirm(c)) for jid, meter, prefix, form, c in rows]
