"""Whole tables out and in, row by row: what ``privacy export`` writes is what ``privacy import`` reads.

Every table of the schema is either in ``ARCHIVED`` or in ``LEFT_OUT`` with the reason; a test holds new tables to it.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ArchiveError, StoreError
from gateway.store.minutes import every_row, gathered
from gateway.store.raw import every_raw, raw_gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.store.transactions import Database

Cell = int | float | str | bytes | None

# In an order in which a row never names one that comes later.
ARCHIVED = (
    *("meter", "series", "reading", "minute", "coarse", "span", "counter", "event", "tariff_note"),
    "correction",
    *("shown_text", "consent", "consent_change", "access_request", "notice", "party", "transfer", "confirmed"),
    "pseudonym",
    *("recipient", "subscription", "journal", "journal_text", "journal_day"),
    *("received_provider", "received_subscription", "received_gap", "received_chain", "received_span"),
    "received_anchor",
    *("received_series", "received_point", "received_event"),
    *("imported_batch", "imported_file", "imported_series", "imported"),
)
LEFT_OUT = {
    "minutes": "the same as minute, which has them row by row in an archive",
    "readings": "the same as reading, in which they are rows",
    "about": "the number of this very file: a copy must have another one",
    "outbox": "copies of readings on their way; in another file they would all be sent once more",
    "awaited": "numbers of this file's outbox whose receipts may still come",
    "relayed": "how far the boards of this installation are; what they send again is known by its time",
    "undated": "frames that only this start of this machine can date",
    "absence": "who did not take what this installation sent; the next one finds out by itself",
    "kept_day": "made again of the ledger and the half hours",
    "told": "what this installation has said of its own faults; another one has its own",
    "health_answer": "who may know whether this installation is well; of another one the household says it anew",
    "refused_domain": "whose requests this installation does not hear for some weeks; another one is asked anew",
    "household_notice": "what this installation tells its household now; of another one that is stale",
    "refused_way": "which ways of this installation are refused; another one finds out by itself",
    "consent_held": "which consents this installation has not been told to use yet",
}
# Tables of which a part is kept by half hour: all their rows, and how many of them that are.
_GATHERED: dict[str, tuple[Callable[[Database], Iterator[tuple[Cell, ...]]], Callable[[Database], int]]] = {
    "minute": (every_row, gathered),
    "reading": (every_raw, raw_gathered),
}
# Of the others all columns. The numbers of an outbox mean nothing in another file.
_COLUMNS = {"recipient": ("id", "jid")}


@dataclass(eq=False)
class Dump:
    """One moment of the database, read table by table while the daemon goes on writing."""

    _db: Database

    def schema(self) -> list[str]:
        """The names of the steps that made the schema, in order."""
        rows = self._db.execute("SELECT name FROM _sqlite_migrations ORDER BY id")
        return [name for (name,) in rows]

    def archived(self) -> tuple[str, ...]:
        """The tables that an archive has."""
        return ARCHIVED

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of an archived table."""
        return _COLUMNS.get(table) or tuple(name for name, _ in described(self._db, table))

    def count(self, table: str) -> int:
        """How many rows it has."""
        (count,) = self._db.execute(f"SELECT count(*) FROM {known(table)}").fetchone()  # noqa: S608 (a known name)
        return int(count) + (_GATHERED[table][1](self._db) if table in _GATHERED else 0)

    def rows(self, table: str) -> Iterator[tuple[Cell, ...]]:
        """Its rows in the order of their keys."""
        columns = described(self._db, table)
        keys = [name for name, place in sorted(columns, key=lambda c: c[1]) if place]
        names = ", ".join(self.columns(table))
        query = f"SELECT {names} FROM {known(table)} ORDER BY {', '.join(keys)}"  # noqa: S608 (a known name)
        try:
            yield from _GATHERED[table][0](self._db) if table in _GATHERED else self._db.execute(query)
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be read: {error}") from error


@contextmanager
def snapshot(db: Database) -> Iterator[Dump]:
    """A dump of one moment: whatever is written meanwhile is not in it."""
    try:
        db.execute("BEGIN")
        db.execute("SELECT 1 FROM about").fetchone()
        yield Dump(db)
    except sqlite3.Error as error:
        raise StoreError(f"the database cannot be read: {error}") from error
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def described(db: Database, table: str) -> list[tuple[str, int]]:
    """Each column with its place in the primary key, 0 when it is not in it."""
    return [(row[1], row[5]) for row in db.execute(f"PRAGMA table_info({known(table)})")]


def known(table: str) -> str:
    """The name as it may stand in SQL."""
    if table not in ARCHIVED:
        raise ArchiveError(f"{table[:40]!a} is no table of an archive")
    return table
