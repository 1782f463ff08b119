"""One connection and its transaction: what the parts of the store share, and nothing of any table."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from gateway.errors import GatewayError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")


class Transactions:
    """A connection whose transactions are begun and ended by hand. All calls must come from one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        # What was done in the open transaction and may not be lost with it: see ``keep``.
        self._kept: list[Callable[[], object]] = []
        self._forget: list[Callable[[], object]] = []

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def begin(self) -> None:
        """Open a transaction unless a confirmation has opened one already; what one that was undone kept is in it."""
        if not self._connection.in_transaction:
            self.execute("BEGIN IMMEDIATE")
            for work in self._kept:
                work()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """From ``begin`` to ``commit``; what is raised within leaves it to ``translated`` to undo it."""
        self.begin()
        yield
        self.commit()

    def keep(self, work: Callable[[], T]) -> T:
        """Do something in the open transaction; if that is undone, by a full card say, do it in the next one again.

        For what no one does a second time: a recipient confirms once.
        """
        self._kept.append(work)
        return work()

    def commit(self) -> None:
        """Make everything since ``begin`` durable."""
        if self._connection.in_transaction:
            self.execute("COMMIT")
            self._kept.clear()

    def rollback(self) -> None:
        """Undo everything since ``begin``."""
        if self._connection.in_transaction:
            self.execute("ROLLBACK")
        self.rows_are_gone()

    def when_rows_go(self, forget: Callable[[], object]) -> None:
        """Have this called whenever rows that somebody remembers may be gone."""
        self._forget.append(forget)

    def rows_are_gone(self) -> None:
        """Let those forget that remember rows."""
        for forget in self._forget:
            forget()

    def shrink(self) -> None:
        """Give back the memory of pages that can be read again."""
        try:
            self.execute("PRAGMA shrink_memory")
        except sqlite3.Error as error:
            self.rollback()
            raise _unusable(error) from error

    def close(self) -> None:
        """Close the connection; what was written is committed already."""
        self._connection.close()


# A connection as the store has it, or one of its own as a file that is only looked at has it.
Database = sqlite3.Connection | Transactions


class Connected(Protocol):
    """Some tables of the store over the connection of all."""

    _db: Transactions


S = TypeVar("S", bound=Connected)


def translated(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let SQLite's errors come out of a part's method as StoreError, with everything since ``begin`` undone."""

    @wraps(method)
    def translating(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except sqlite3.Error as error:
            self._db.rollback()
            raise _unusable(error) from error
        except GatewayError:
            raise
        except Exception:
            # A value that SQLite cannot hold, for one: an open transaction would keep everybody from writing.
            self._db.rollback()
            raise

    return translating


def _unusable(error: sqlite3.Error) -> StoreError:
    return StoreError(f"the database cannot be used: {error}")
