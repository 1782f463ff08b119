"""What waits for each recipient, as rows: put in when it is promised, taken back when it may not leave any more.

What leaves, and who confirms it, is ``outbox``'s.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.points import Consent, GivenUp, Granularity, Point, Series, pushed_from
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.meters import Meters

log = logging.getLogger(__name__)

# What is given up -> how fine the rows are that it is of.
_GIVES_UP = {
    Granularity.RAW: GivenUp.RAW,
    Granularity.MINUTE: GivenUp.MINUTES,
    Granularity.HALF_HOUR: GivenUp.HALF_HOURS,
}


@dataclass(eq=False)
class QueuedRows:
    """The rows of the outbox (``outbox``) before they are handed over. All but ``thin`` in the open transaction."""

    _db: Transactions
    _meters: Meters

    def append(self, jid: str, points: Sequence[Point]) -> None:
        """Give each point the next number of that recipient."""
        number, last = self._db.execute("SELECT id, last_seq FROM recipient WHERE jid = ?", [jid]).fetchone()
        self._db.executemany(
            "INSERT INTO outbox (recipient, seq, series, granularity, time, value) VALUES (?, ?, ?, ?, ?, ?)",
            ((number, seq, p.series.id, int(p.granularity), p.time, p.value) for seq, p in enumerate(points, last + 1)),
        )
        self._db.execute("UPDATE recipient SET last_seq = ? WHERE id = ?", [last + len(points), number])

    def purge(self, recipient: str, standing: Sequence[Consent]) -> None:
        """Delete the rows that none of the consents of a recipient that have not ended covers."""
        (number,) = self._db.execute("SELECT max(id) FROM recipient WHERE jid = ?", [recipient]).fetchone()
        queued = self._db.execute("SELECT DISTINCT series, granularity FROM outbox WHERE recipient = ?", [number])
        for series, granularity in queued.fetchall():
            start = pushed_from(standing, self._meters.series_numbered(series), Granularity(granularity))
            if start != 0:
                self._db.execute(
                    "DELETE FROM outbox WHERE recipient = ? AND series = ? AND granularity = ?"
                    " AND (?4 IS NULL OR time < ?4)",
                    [number, series, granularity, start],
                )

    def remove(self, series: Series, granularity: Granularity, time: int) -> list[str]:
        """Take a point out of every queue; whose queues they were."""
        key = [series.id, granularity, time]
        waiting = self._db.execute(
            "SELECT DISTINCT jid FROM outbox JOIN recipient ON recipient.id = recipient"
            " WHERE series = ? AND granularity = ? AND time = ?",
            key,
        ).fetchall()
        self._db.execute("DELETE FROM outbox WHERE series = ? AND granularity = ? AND time = ?", key)
        return [jid for (jid,) in waiting]

    def expire(self, meter: int, before: int) -> None:
        """Give up what is of a time before, of one meter."""
        dropped = self._db.execute(
            "DELETE FROM outbox WHERE time < ? AND series IN (SELECT id FROM series WHERE meter = ?)", [before, meter]
        ).rowcount
        # A receipt for what is given up will not come any more either.
        self._db.execute("DELETE FROM awaited WHERE handed < ?", [before])
        if dropped:
            log.warning("outbox: %d rows given up, their recipients did not come within the retention", dropped)

    @translated
    def thin(self, given_up: GivenUp, longest: int, most: int = 20_000) -> int:
        """Give up the oldest rows of that kind in queues longer than ``longest``, ``most`` at once; how many.

        They are the gauges'; who comes back finds what is still stored in its history.
        """
        with self._db.transaction():
            finest = max((g for g, what in _GIVES_UP.items() if what <= given_up), default=-1)
            return sum(
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
