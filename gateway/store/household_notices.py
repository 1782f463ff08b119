"""What the household is to be told by each of its ways, kept until it is told, refused or stale; and what was.

A row is one notice on one way; the rows that left in one message have its number. It holds the text as it leaves, which
by a stranger's server has no figure in it, and never an address. Times are POSIX seconds; a row that was queued while
nobody knew the time has ``at`` 0 and counts ``due`` and ``expires`` from then on, until it is ``dated``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What was told is kept for what is not to be told again: the longest of that is a month.
_KEPT_S = 40 * 86_400
# A way takes no more than that on: what comes then is news of yesterday.
MOST_WAITING = 200


class NoticeState(StrEnum):
    """How a notice stands on its way."""

    WAITING = "waiting"
    DONE = "done"
    # It ended before it was told; it came too late; its way does not take it.
    OVER = "over"
    STALE = "stale"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """One notice on one way.

    ``matter`` is what it is about, the same for the beginning and the end of it (``ending``); ``event`` is its word in
    the configuration. ``number`` is 0 before it is kept.
    """

    way: str
    matter: str
    event: str
    text: str
    at: int
    due: int
    expires: int
    ending: bool = False
    urgent: bool = False
    tries: int = 0
    state: NoticeState = NoticeState.WAITING
    number: int = 0
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedWay:
    """A way that is not gone any more: since when, and why, by language; ``address`` is a digest of its address."""

    address: str
    since: int
    why: str


_COLUMNS = "way, matter, event, text, at, due, expires, ending, urgent, tries, state, id, ended_at"


@dataclass(eq=False)
class HouseholdQueue:
    """The rows of all ways."""

    _db: Transactions

    @translated
    def queue(self, rows: Iterable[QueuedNotice]) -> None:
        """Keep these, durably."""
        with self._db.transaction():
            for row in rows:
                self._db.execute(
                    "INSERT INTO household_notice (way, matter, event, text, at, due, expires, ending, urgent, state)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
                    [row.way, row.matter, row.event, row.text, row.at, row.due, row.expires, row.ending, row.urgent],
                )
                self._db.execute(
                    "UPDATE household_notice SET state = 'stale', ended_at = ?1 WHERE way = ?2 AND state = 'waiting'"
                    " AND id NOT IN (SELECT id FROM household_notice WHERE way = ?2 AND state = 'waiting'"
                    " ORDER BY urgent DESC, id DESC LIMIT ?3)",
                    [row.at, row.way, MOST_WAITING],
                )

    @translated
    def newest(self, way: str, matter: str) -> QueuedNotice | None:
        """The last that was queued of a matter on a way."""
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM household_notice WHERE way = ? AND matter = ? ORDER BY id DESC LIMIT 1",  # noqa: S608 (a constant)
            [way, matter],
        ).fetchone()
        return _notice(found) if found else None

    @translated
    def waiting(self, way: str) -> list[QueuedNotice]:
        """What waits on a way, what is urgent first, then the oldest."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM household_notice WHERE way = ? AND state = 'waiting' ORDER BY urgent DESC, id",  # noqa: S608
            [way],
        )
        return [_notice(row) for row in rows]

    @translated
    def recent(self, most: int) -> list[QueuedNotice]:
        """The newest of all ways, the newest first."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM household_notice ORDER BY id DESC LIMIT ?", [most])  # noqa: S608
        return [_notice(row) for row in rows]

    @translated
    def put_off(self, changes: Iterable[tuple[int, int, int]]) -> None:
        """Rows by number: when they are due now, and after how many tries."""
        with self._db.transaction():
            self._db.executemany(
                "UPDATE household_notice SET due = ?2, tries = ?3 WHERE id = ?1 AND state = 'waiting'", changes
            )

    @translated
    def date(self, rows: Iterable[QueuedNotice]) -> None:
        """Rows that were queued while nobody knew the time, with their times."""
        with self._db.transaction():
            self._db.executemany(
                "UPDATE household_notice SET at = ?2, due = ?3, expires = ?4 WHERE id = ?1 AND at = 0",
                [(row.number, row.at, row.due, row.expires) for row in rows],
            )

    @translated
    def end(self, numbers: Sequence[int], state: NoticeState, now: float) -> None:
        """These wait no more; of what is done they were one message."""
        with self._db.transaction():
            self._db.executemany(
                "UPDATE household_notice SET state = ?2, ended_at = ?3, message = ?4"
                " WHERE id = ?1 AND state = 'waiting'",
                [(number, state.value, int(now), numbers[0]) for number in numbers],
            )

    @translated
    def messages(self, way: str, since: float, *, urgent: bool = False) -> list[int]:
        """When each message left on a way since then, the oldest first; only those that could not wait."""
        rows = self._db.execute(
            "SELECT max(ended_at) FROM household_notice WHERE way = ? AND state = 'done' AND ended_at > ?"
            " GROUP BY message HAVING max(urgent) >= ? ORDER BY 1",
            [way, int(since), urgent],
        )
        return [int(at) for (at,) in rows]

    @translated
    def refused(self) -> dict[str, RefusedWay]:
        """The ways that are not gone any more, by name."""
        rows = self._db.execute("SELECT way, address, since, why FROM refused_way")
        return {way: RefusedWay(address, since, why) for way, address, since, why in rows}

    @translated
    def refuse(self, way: str, refused: RefusedWay) -> None:
        """A way is not gone any more."""
        with self._db.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO refused_way (way, address, since, why) VALUES (?, ?, ?, ?)",
                [way, refused.address, refused.since, refused.why],
            )

    @translated
    def allow(self, way: str) -> None:
        """It is gone again."""
        with self._db.transaction():
            self._db.execute("DELETE FROM refused_way WHERE way = ?", [way])

    @translated
    def forget(self, ways: Sequence[str], now: float) -> None:
        """Leave out what is older than is ever asked for, and what waits on ways that are no more."""
        names = ", ".join("?" * len(ways))
        with self._db.transaction():
            self._db.execute("DELETE FROM household_notice WHERE ended_at < ?", [int(now) - _KEPT_S])
            self._db.execute(f"DELETE FROM household_notice WHERE way NOT IN ({names})", ways)  # noqa: S608 (places)
            self._db.execute(f"DELETE FROM refused_way WHERE way NOT IN ({names})", ways)  # noqa: S608


def _notice(row: tuple[Any, ...]) -> QueuedNotice:
    way, matter, event, text, at, due, expires, ending, urgent, tries, state, number, ended_at = row
    kind = NoticeState(state)
    return QueuedNotice(
        way, matter, event, text, at, due, expires, bool(ending), bool(urgent), tries, kind, number, ended_at
    )
