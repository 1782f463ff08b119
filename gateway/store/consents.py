"""Consents: rows that are added and withdrawn, never changed; a withdrawal empties the recipient's queue at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.points import Consent, Granularity, under
from gateway.store.tables import Tables, translated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gateway.store.points import Series

_SELECT = (
    "SELECT consent.id, recipient, meter.name, prefix, granularity, given_at, until, withdrawn_at"
    " FROM consent JOIN meter ON meter.id = consent.meter"
)


class Consents(Tables):
    """Who may have what."""

    @translated
    def grant(
        self, recipient: str, meter: str, prefix: str, granularity: Granularity, until: int, now: float
    ) -> Consent:
        """Add a consent and commit it at once; the row as stored."""
        self.begin()
        # What was queued under a consent that has expired since does not come back with the new one.
        self._purge(recipient, now)
        (number,) = self._db.execute(
            "INSERT INTO consent (recipient, meter, prefix, granularity, given_at, until)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            [recipient, self._meter_id(meter), prefix, int(granularity), int(now), until],
        ).fetchone()
        facts = {"consent": number, "meter": meter, "series": prefix, "granularity": granularity.code, "until": until}
        self.journal.append("consent-granted", facts, {"recipient": recipient}, now)
        self.commit()
        return _consent(self._db.execute(_SELECT + " WHERE consent.id = ?", [number]).fetchone())

    @translated
    def revoke(self, recipient: str, prefix: str, now: float) -> int:
        """Withdraw the recipient's consents under ``prefix`` ("" for all) and purge what they had queued."""
        # Expired or not: with a clock that is wrong today they would be valid again tomorrow.
        ended = [c for c in self.consents(recipient) if c.withdrawn_at is None and under(c.prefix, prefix)]
        self.begin()
        for consent in ended:
            self._db.execute("UPDATE consent SET withdrawn_at = ? WHERE id = ?", [int(now), consent.id])
            self.journal.append("consent-withdrawn", {"consent": consent.id}, {"recipient": recipient}, now)
        self._purge(recipient, now)
        self.commit()
        return len(ended)

    @translated
    def consents(self, recipient: str | None = None) -> list[Consent]:
        """Every consent ever given, to one recipient or to all."""
        rows = self._db.execute(_SELECT + " WHERE ?1 IS NULL OR recipient = ?1 ORDER BY consent.id", [recipient])
        return [_consent(row) for row in rows]

    def allowed(self, recipient: str, now: float) -> list[Consent]:
        """The recipient's consents that are valid at ``now``."""
        return [c for c in self.consents(recipient) if c.valid(now)]

    def _purge(self, recipient: str, now: float) -> None:
        """Delete the queued rows that no standing consent covers."""
        standing = [c for c in self.consents(recipient) if c.standing(now)]
        (number,) = self._db.execute("SELECT max(id) FROM recipient WHERE jid = ?", [recipient]).fetchone()
        queued = self._db.execute("SELECT DISTINCT series, granularity FROM outbox WHERE recipient = ?", [number])
        for series, granularity in queued.fetchall():
            if not covered(standing, self._series_by_id(series), Granularity(granularity)):
                self._db.execute(
                    "DELETE FROM outbox WHERE recipient = ? AND series = ? AND granularity = ?",
                    [number, series, granularity],
                )


def covered(consents: Sequence[Consent], series: Series, granularity: Granularity) -> bool:
    """Whether one of the consents allows that series at that granularity."""
    return any(c.granularity <= granularity and c.covers(series.meter, series.path) for c in consents)


def _consent(row: sqlite3.Row | tuple[int, str, str, str, int, int, int, int | None]) -> Consent:
    number, recipient, meter, prefix, granularity, given_at, until, withdrawn_at = row
    return Consent(number, recipient, meter, prefix, Granularity(granularity), given_at, until, withdrawn_at)
