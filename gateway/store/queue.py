"""What waits for each recipient, as rows: put in when it is promised, taken back when it may not leave any more.

What leaves, and who confirms it, is ``outbox``'s. What became of all of it is the account of each recipient, counted so
that it can be added up. Two sums hold at every commit: ``promised = sent + waiting + purged`` and ``sent = confirmed +
open``. What happens is counted where it happens, beside the numbers of the recipient (``recipient``); what waits and
what is open are rows, and counted as rows. So the sums tell of any row that went without a word.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.store.points import Consent, GivenUp, Granularity, Point, Series, pushed_from
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.store.meters import Meters

log = logging.getLogger(__name__)

# Columns of the last comparison.
_OF_COMPARISON = 7

# What is given up -> how fine the rows are that it is of.
_GIVES_UP = {
    Granularity.RAW: GivenUp.RAW,
    Granularity.MINUTE: GivenUp.MINUTES,
    Granularity.HALF_HOUR: GivenUp.HALF_HOURS,
}


class Purged(StrEnum):
    """Why a row went before it was handed over; in the order and by the names of the columns, and JSON's keys."""

    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    CORRECTED = "corrected"
    EXPIRED = "expired"
    CROWDED = "crowded"
    PASSED = "passed"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class LastComparison:
    """What came of the last comparison with a recipient, in values.

    Args:
        at: when it was (POSIX seconds).
        standing: ``same``, ``differs``, ``unanswered``, ``veiled`` or ``broken``
            (``gateway.federation.provider.comparison.SentComparison``).
        same: the same on both sides.
        missing, altered: so there, and sent again.
        surplus: there, though not here.
        again: how many comparisons in a row, this one included, have found something missing or altered.
    """

    at: int
    standing: str
    same: int
    missing: int
    altered: int
    surplus: int
    again: int = 0

    @property
    def is_known(self) -> bool:
        """Whether it says how both sides stand; else nobody knows."""
        return self.standing == "differs" or (self.standing == "same" and self.same > 0)


@dataclass(frozen=True, slots=True)
class RecipientAccount:
    """What one recipient was promised, in values.

    Args:
        since: from when on it is counted (POSIX seconds); None where that is not known, in a file made of an archive.
        promised: given a number, for that recipient.
        sent: handed over, each once, however often its message went.
        waiting: not handed over yet.
        confirmed: of those sent, confirmed by a receipt, or by the word of its server (``by_server``).
        open: of those sent, not confirmed; ``lapsed`` of them so long ago that no receipt is awaited any more.
        besides: given in answers, and shown live: without a number, and without a receipt.
        purged: why -> how many went before they were handed over; without zeros.
        comparison: whether it has what it was sent, as it said last; None where it was never asked.
    """

    recipient: str
    since: int | None
    promised: int
    sent: int
    waiting: int
    confirmed: int
    by_server: int
    open: int
    lapsed: int
    besides: int
    purged: Mapping[Purged, int]
    comparison: LastComparison | None = None

    @property
    def balanced(self) -> bool:
        """Whether both sums hold."""
        gone = sum(self.purged.values())
        return self.promised == self.sent + self.waiting + gone and self.sent == self.confirmed + self.open


@dataclass(eq=False)
class Accounts:
    """The counts in ``recipient``. All that counts does so in the open transaction."""

    _db: Transactions

    @translated
    def all(self) -> list[RecipientAccount]:
        """The account of each recipient that ever subscribed, by its address."""
        rows = self._db.execute(
            "SELECT jid, nullif(since, 0), promised, sent,"
            " (SELECT count(*) FROM outbox WHERE recipient = id AND outbox.handed = 0), confirmed, by_server,"
            " (SELECT count(*) FROM outbox WHERE recipient = id AND outbox.handed > 0)"
            " + (SELECT count(*) FROM awaited WHERE recipient = id) + lapsed, lapsed, besides,"
            " withdrawn, erased, corrected, expired, crowded, passed, unfit, compared_at, compared_as, compared_same,"
            " compared_missing, compared_altered, compared_surplus, compared_again FROM recipient ORDER BY jid"
        )
        return [_read(row) for row in rows]

    @translated
    def compared(self, recipient: str, found: LastComparison) -> None:
        """Note and commit what came of a comparison, in the place of the last one; ``again`` is counted here."""
        with self._db.transaction():
            self._db.execute(
                "UPDATE recipient SET compared_at = ?, compared_as = ?, compared_same = ?, compared_missing = ?,"
                " compared_altered = ?, compared_surplus = ?, compared_again = CASE WHEN ? THEN compared_again + 1"
                " WHEN ? THEN 0 ELSE compared_again END WHERE jid = ?",
                [
                    *(found.at, found.standing, found.same, found.missing, found.altered, found.surplus),
                    *(found.missing + found.altered > 0, found.is_known, recipient),
                ],
            )

    def promise(self, number: int, rows: int, last: int) -> None:
        """So many rows were put in, up to that number."""
        self._db.execute(
            "UPDATE recipient SET last_seq = ?, promised = promised + ? WHERE id = ?", [last, rows, number]
        )

    def hand(self, number: int, rows: int, last: int) -> None:
        """A message up to that number leaves; so many of its rows do for the first time."""
        self._db.execute(
            "UPDATE recipient SET handed = max(handed, ?), sent = sent + ? WHERE id = ?", [last, rows, number]
        )

    def confirm(self, recipient: str, rows: int, *, by_server: bool) -> None:
        """So many rows that were handed over are confirmed."""
        self._db.execute(
            "UPDATE recipient SET confirmed = confirmed + ?1, by_server = by_server + ?2 WHERE jid = ?3",
            [rows, rows if by_server else 0, recipient],
        )

    def besides(self, recipient: str, points: int) -> None:
        """So many points leave that were not promised."""
        self._db.execute("UPDATE recipient SET besides = besides + ? WHERE jid = ?", [points, recipient])

    def purge(self, condition: str, values: Sequence[object], why: Purged) -> int:
        """Delete the rows of the outbox of which a condition is true; how many there were.

        Those that were handed over are open from then on; the others went for a reason.
        """
        unsent = self._db.execute(
            f"SELECT recipient, count(*) FROM outbox WHERE ({condition}) AND handed = 0 GROUP BY recipient",  # noqa: S608
            values,
        ).fetchall()
        self._add(why.value, unsent)
        return self._db.execute(f"DELETE FROM outbox WHERE {condition}", values).rowcount  # noqa: S608

    def lapse(self, condition: str, values: Sequence[object]) -> None:
        """Await no receipt any more for the rows of which a condition is true, and which are gone."""
        late = self._db.execute(
            f"SELECT recipient, count(*) FROM awaited WHERE {condition} GROUP BY recipient",  # noqa: S608
            values,
        ).fetchall()
        self._add("lapsed", late)
        self._db.execute(f"DELETE FROM awaited WHERE {condition}", values)  # noqa: S608

    def _add(self, column: str, counts: Iterable[tuple[int, int]]) -> None:
        self._db.executemany(
            f"UPDATE recipient SET {column} = {column} + ?2 WHERE id = ?1",  # noqa: S608
            counts,
        )


def _read(row: Sequence[Any]) -> RecipientAccount:
    counts, compared = row[:-_OF_COMPARISON], row[-_OF_COMPARISON:]
    purged = zip(Purged, counts[-len(Purged) :], strict=True)
    values: list[Any] = [*counts[: -len(Purged)], {why: rows for why, rows in purged if rows}]
    values.append(LastComparison(*compared) if compared[1] else None)
    return RecipientAccount(*values)


@dataclass(eq=False)
class QueuedRows:
    """The rows of the outbox (``outbox``) before they are handed over. All but ``thin`` in the open transaction."""

    _db: Transactions
    _meters: Meters
    _accounts: Accounts

    def append(self, jid: str, points: Sequence[Point], *, again: bool = False) -> None:
        """Give each point the next number of that recipient; ``again``: it replaces what the recipient has."""
        number, last = self._db.execute("SELECT id, last_seq FROM recipient WHERE jid = ?", [jid]).fetchone()
        self._db.executemany(
            "INSERT INTO outbox (recipient, seq, series, granularity, time, value, again) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (number, seq, p.series.id, int(p.granularity), p.time, p.value, int(again))
                for seq, p in enumerate(points, last + 1)
            ),
        )
        self._accounts.promise(number, len(points), last + len(points))

    @translated
    def send_again(self, recipient: str, points: Sequence[Point]) -> None:
        """Promise points once more, to replace what the recipient has, and commit; but for those that wait anyway."""
        waits = (
            "SELECT 1 FROM outbox WHERE series = ? AND granularity = ? AND time = ?"
            " AND recipient = (SELECT id FROM recipient WHERE jid = ?)"
        )
        with self._db.transaction():
            chosen = [
                p
                for p in points
                if not self._db.execute(waits, [p.series.id, int(p.granularity), p.time, recipient]).fetchone()
            ]
            self.append(recipient, chosen, again=True)

    @translated
    def first_waiting(self, recipient: str) -> dict[tuple[int, int], int]:
        """Series and granularity -> the time of the oldest value that waits, or is under way."""
        rows = self._db.execute(
            "SELECT series, granularity, min(time) FROM outbox WHERE recipient = (SELECT id FROM recipient"
            " WHERE jid = ?) GROUP BY series, granularity",
            [recipient],
        )
        return {(series, granularity): time for series, granularity, time in rows}

    def purge(self, recipient: str, standing: Sequence[Consent]) -> None:
        """Delete the rows that none of the consents of a recipient that have not ended covers."""
        (number,) = self._db.execute("SELECT max(id) FROM recipient WHERE jid = ?", [recipient]).fetchone()
        queued = self._db.execute("SELECT DISTINCT series, granularity FROM outbox WHERE recipient = ?", [number])
        for series, granularity in queued.fetchall():
            start = pushed_from(standing, self._meters.series_numbered(series), Granularity(granularity))
            if start != 0:
                self._accounts.purge(
                    "recipient = ? AND series = ? AND granularity = ? AND (?4 IS NULL OR time < ?4)",
                    [number, series, granularity, start],
                    Purged.WITHDRAWN,
                )

    def remove(self, series: Series, granularity: Granularity, time: int) -> list[str]:
        """Take a point out of every queue; whose queues they were."""
        key = [series.id, granularity, time]
        waiting = self._db.execute(
            "SELECT DISTINCT jid FROM outbox JOIN recipient ON recipient.id = recipient"
            " WHERE series = ? AND granularity = ? AND time = ?",
            key,
        ).fetchall()
        self._accounts.purge("series = ? AND granularity = ? AND time = ?", key, Purged.CORRECTED)
        return [jid for (jid,) in waiting]

    def expire(self, meter: int, before: int) -> None:
        """Give up what is of a time before, of one meter."""
        dropped = self._accounts.purge(
            "time < ? AND series IN (SELECT id FROM series WHERE meter = ?)", [before, meter], Purged.EXPIRED
        )
        # A receipt for what is given up will not come any more either.
        self._accounts.lapse("handed < ?", [before])
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
                self._accounts.purge(
                    "recipient = ?1 AND seq IN (SELECT seq FROM outbox JOIN series"
                    " ON series.id = outbox.series WHERE recipient = ?1 AND kind = 'gauge' AND granularity <= ?2"
                    " ORDER BY seq LIMIT ?3)",
                    [recipient, finest, most],
                    Purged.CROWDED,
                )
                for recipient, rows in self._db.execute(
                    "SELECT recipient, count(*) FROM outbox GROUP BY recipient"
                ).fetchall()
                if rows > longest
            )
