"""The heads of other gateways' journals, as they came with their data: with one a cut or rewritten journal is found."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.store.transactions import Transactions, translated


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last entry of a gateway's journal as it was told with data; ``time`` is when, in POSIX seconds."""

    gateway: str
    epoch: str
    seq: int
    hash: str
    time: int


@dataclass(eq=False)
class Anchors:
    """The newest head of each provider's journal, for each database that it had."""

    _db: Transactions

    @translated
    def all(self) -> list[Anchor]:
        """All of them, by provider and time."""
        rows = self._db.execute(
            "SELECT provider, epoch, seq, hash, time FROM received_anchor ORDER BY provider, time, epoch"
        )
        return [Anchor(*row) for row in rows]

    def keep(self, provider: str, epoch: str, seq: int, own: str, now: float) -> None:
        """Keep a head in the open transaction, unless a later one is kept: a shortened journal must not win."""
        self._db.execute(
            "INSERT INTO received_anchor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq,"
            " hash = excluded.hash, time = excluded.time WHERE excluded.seq > seq",
            [provider, epoch, seq, own, int(now)],
        )
