"""What of a recipient's file still has to be handed on by a bridge, in the same file.

A value is committed in the same transaction as its place in the queue, and confirmed to the gateway after that. It
leaves the queue when the other system has it. What the household withdraws leaves records and queue alike.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.recipient_file import Received, RecipientFile

# A value that is corrected while it is under way gets a new number, and is not done with the old one.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
 granularity TEXT NOT NULL, time REAL NOT NULL, UNIQUE (name, granularity, time)) STRICT;
CREATE INDEX IF NOT EXISTS record_by_time ON record (time);
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One record in the queue: its number, its name as sent, the literal one, and what it says."""

    seq: int
    name: str
    sen1: str
    granularity: str
    time: float
    value: int | float | str | None
    unit: str


@dataclass(frozen=True, slots=True)
class BridgedNotice:
    """What the household told of data that the other system has already: POSIX seconds, kind, series ("" for all)."""

    time: int
    kind: str
    series: str
    first: int | None
    last: int | None

    @property
    def spares(self) -> bool:
        """Whether it is a withdrawal after which nothing is to be deleted: it names a time of which nobody has any."""
        return self.last == 0


class BridgeQueue:
    """The queue in one gateway's file, whose keeper was opened with ``enqueue``. StoreError when it cannot be used."""

    def __init__(self, file: RecipientFile) -> None:
        self._path, self._db = file.path, file.db
        with self._translated():
            self._db.executescript(_SCHEMA)

    def first(self, most: int) -> list[Waiting]:
        """The values that have waited longest, at most so many; what was withdrawn meanwhile is not among them."""
        with self._translated():
            rows = self._db.execute(
                "SELECT seq, name, sen1, granularity, time, value, coalesce(unit, '') FROM waiting"
                " JOIN record USING (name, granularity, time) ORDER BY seq LIMIT ?",
                [most],
            )
            found = [Waiting(*row) for row in rows]
            if not found:
                # What is left in the queue was withdrawn.
                self._db.execute("DELETE FROM waiting")
            return found

    def done(self, seq: int) -> None:
        """Everything up to this number is handed on."""
        with self._translated():
            self._db.execute("DELETE FROM waiting WHERE seq <= ?", [seq])

    def again(self, name: str, granularity: str, time: float) -> None:
        """A value was not handed on after all: it waits once more, unless it was withdrawn meanwhile."""
        with self._translated():
            self._db.execute(
                "INSERT OR IGNORE INTO waiting (name, granularity, time) VALUES (?, ?, ?)", [name, granularity, time]
            )

    def forget(self, before: float) -> int:
        """Delete what was measured before a time (POSIX seconds) and does not wait; how many records that was."""
        with self._translated():
            return self._db.execute(
                "DELETE FROM record WHERE time < ? AND (name, granularity, time) NOT IN"
                " (SELECT name, granularity, time FROM waiting)",
                [before],
            ).rowcount

    def backlog(self) -> tuple[int, float | None]:
        """How many values wait, and the time of the oldest."""
        with self._translated():
            row = self._db.execute("SELECT count(*), min(time) FROM waiting").fetchone()
            return row[0], row[1]

    def notices(self) -> list[BridgedNotice]:
        """What the household told that concerns what was handed on already: withdrawals, erasures, limits."""
        with self._translated():
            rows = self._db.execute(
                "SELECT time, kind, series, first, last FROM notice WHERE kind <> 'data-rectified' ORDER BY time, id"
            )
            return [BridgedNotice(*row) for row in rows]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: the queue cannot be used: {error}") from error


def enqueue(db: sqlite3.Connection, record: Received) -> None:
    """Let a record wait, in the transaction in which it is kept."""
    db.execute(
        "INSERT OR REPLACE INTO waiting (name, granularity, time) VALUES (?, ?, ?)",
        [record.name, record.granularity, record.time],
    )
