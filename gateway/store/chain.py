"""How far a recipient has got with a provider's outbox: a number up to which nothing is missing, and spans beyond it.

The numbers are those of one database of the provider (its epoch), so a new epoch begins anew. Every call stands inside
a transaction of the caller's, with what the numbers stand for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.store.transactions import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS received_chain (provider TEXT NOT NULL, epoch TEXT NOT NULL, reached INTEGER NOT NULL,
 PRIMARY KEY (provider, epoch)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS received_span (provider TEXT NOT NULL, epoch TEXT NOT NULL, after INTEGER NOT NULL,
 last INTEGER NOT NULL, PRIMARY KEY (provider, epoch, after, last)) STRICT, WITHOUT ROWID;
"""


class DeliveryChain:
    """The chain of one provider in a database that has the tables of ``SCHEMA``."""

    def __init__(self, db: Database, provider: str = "") -> None:
        self._db, self._provider = db, provider

    def reached(self) -> tuple[str, int] | None:
        """The epoch and the number up to which nothing of it is missing."""
        row = self._db.execute(
            "SELECT epoch, reached FROM received_chain WHERE provider = ?", [self._provider]
        ).fetchone()
        return (row[0], row[1]) if row else None

    def begin(self, epoch: str, first: int, last: int) -> bool:
        """The provider said what waits: nothing before ``first`` will come, nothing after ``last`` was ever given.

        Whether numbers were passed over that never came, or the chain begins anew after another.
        """
        before = self.reached()
        if before and before[0] == epoch and first - 1 <= before[1] <= last and not self._is_foreign(epoch, last):
            return False
        # One provider has one living database: numbers of another one will not come back.
        self._db.execute("DELETE FROM received_chain WHERE provider = ? AND epoch <> ?", [self._provider, epoch])
        self._db.execute(
            "DELETE FROM received_span WHERE provider = ? AND (epoch <> ? OR last > ?)", [self._provider, epoch, last]
        )
        self._db.execute("INSERT OR IGNORE INTO received_chain VALUES (?, ?, 0)", [self._provider, epoch])
        self._db.execute(
            "UPDATE received_chain SET reached = min(max(reached, ?), ?) WHERE provider = ? AND epoch = ?",
            [first - 1, last, self._provider, epoch],
        )
        self._join(epoch)
        return before is not None and (before[0] != epoch or first - 1 > before[1])

    def add(self, epoch: str, after: int, last: int) -> None:
        """What is numbered ``after < n <= last`` is kept."""
        self._db.execute(
            "INSERT OR IGNORE INTO received_span VALUES (?, ?, ?, ?)", [self._provider, epoch, after, last]
        )
        self._join(epoch)

    def joins(self, epoch: str, after: int) -> bool:
        """Whether what is numbered behind ``after`` leaves no hole before it."""
        reached = self.reached()
        return reached is not None and reached[0] == epoch and after <= reached[1]

    def is_whole(self) -> bool:
        """Whether nothing stands beyond a hole: what is kept is all that was sent so far."""
        row = self._db.execute("SELECT 1 FROM received_span WHERE provider = ? LIMIT 1", [self._provider])
        return row.fetchone() is None

    def covers(self, epoch: str, after: int, last: int) -> bool:
        """Whether all of these numbers came before."""
        return bool(
            self._db.execute(
                "SELECT 1 FROM received_chain WHERE provider = ?1 AND epoch = ?2 AND reached >= ?4 UNION ALL"
                " SELECT 1 FROM received_span WHERE provider = ?1 AND epoch = ?2 AND after <= ?3 AND last >= ?4",
                [self._provider, epoch, after, last],
            ).fetchone()
        )

    def _is_foreign(self, epoch: str, last: int) -> bool:
        """Whether there are spans that cannot be of this epoch's numbers up to ``last``."""
        row = self._db.execute(
            "SELECT 1 FROM received_span WHERE provider = ? AND (epoch <> ? OR last > ?) LIMIT 1",
            [self._provider, epoch, last],
        )
        return row.fetchone() is not None

    def _join(self, epoch: str) -> None:
        """Let the chain grow over the spans that touch it, and forget those."""
        key = [self._provider, epoch]
        while True:
            (last,) = self._db.execute(
                "SELECT max(last) FROM received_span JOIN received_chain USING (provider, epoch)"
                " WHERE provider = ? AND epoch = ? AND after <= reached",
                key,
            ).fetchone()
            if last is None:
                return
            self._db.execute(
                "UPDATE received_chain SET reached = max(reached, ?) WHERE provider = ? AND epoch = ?", [last, *key]
            )
            self._db.execute(
                "DELETE FROM received_span WHERE provider = ?1 AND epoch = ?2 AND last <="
                " (SELECT reached FROM received_chain WHERE provider = ?1 AND epoch = ?2)",
                key,
            )
