"""How far each board's frames are stored, so that what a board sends again counts once, whoever was killed meanwhile.

The number is written in the transaction of the readings that it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.recorder import Batch

# A board's flash holds frames of some days: of more starts than these it has nothing left to send.
_STARTS_KEPT = 64


@dataclass(eq=False)
class Relayed:
    """The sequence numbers of boards."""

    _db: Transactions

    @translated
    def reached(self, board: str) -> dict[str, int]:
        """Start of the board -> the last sequence number of it that is stored."""
        rows = self._db.execute("SELECT boot, seq FROM relayed WHERE board = ? ORDER BY number", [board])
        return dict(rows.fetchall())

    @translated
    def forget(self, board: str, boot: str) -> None:
        """Nothing is known any more of how far that start came."""
        with self._db.transaction():
            self._db.execute("DELETE FROM relayed WHERE board = ? AND boot = ?", [board, boot])

    def write(self, batch: Batch) -> None:
        """Note, in the open transaction, how far the boards of a batch came."""
        for (board, boot), seq in batch.relayed.items():
            self._db.execute(
                "INSERT INTO relayed (board, boot, seq) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                [board, boot, seq],
            )
            self._db.execute(
                "DELETE FROM relayed WHERE board = ?1 AND number NOT IN"
                " (SELECT number FROM relayed WHERE board = ?1 ORDER BY number DESC LIMIT ?2)",
                [board, _STARTS_KEPT],
            )
