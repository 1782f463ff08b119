"""What the household was told and need not hear again after a restart: names of notices, and since when each holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(eq=False)
class NotifiedAlerts:
    """The notices of an earlier start."""

    _db: Transactions

    @translated
    def all(self) -> dict[str, int]:
        """Name of a notice -> since when it holds (POSIX seconds), in the order in which they were kept."""
        return dict(self._db.execute("SELECT what, since FROM told ORDER BY rowid").fetchall())

    @translated
    def keep(self, told: Mapping[str, int]) -> None:
        """Keep these and no others."""
        with self._db.transaction():
            self._db.execute("DELETE FROM told")
            self._db.executemany("INSERT INTO told (what, since) VALUES (?, ?)", told.items())
