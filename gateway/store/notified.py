"""What the household was told and need not hear again after a restart: names of notices, and since when each holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.transactions import translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store.transactions import Transactions


class NotifiedAlerts:
    """The notices of an earlier start."""

    def __init__(self, db: Transactions) -> None:
        self._db = db

    @translated
    def all(self) -> dict[str, int]:
        """Name of a notice -> since when it holds (POSIX seconds), in the order in which they were kept."""
        return dict(self._db.execute("SELECT what, since FROM told ORDER BY rowid").fetchall())

    @translated
    def keep(self, told: Mapping[str, int]) -> None:
        """Keep these and no others."""
        self._db.begin()
        self._db.execute("DELETE FROM told")
        self._db.executemany("INSERT INTO told (what, since) VALUES (?, ?)", told.items())
        self._db.commit()
