"""Whether anything of others is kept here; what it is, ``received`` and ``providers`` know, which few houses load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.transactions import translated

if TYPE_CHECKING:
    from gateway.store.transactions import Transactions

_TABLES = "received_series", "received_subscription", "received_event"


class OfOthers:
    """What others have sent.

    Args:
        db: the connection.
    """

    def __init__(self, db: Transactions) -> None:
        self._db = db

    @translated
    def any(self) -> bool:
        """Whether there is something, now or before; for whoever has nothing to do otherwise."""
        one = " UNION ALL ".join(f"SELECT 1 FROM {table}" for table in _TABLES)  # noqa: S608 (ours)
        (found,) = self._db.execute(f"SELECT EXISTS ({one})").fetchone()
        return bool(found)
