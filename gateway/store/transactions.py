"""One connection and its transactions: what the parts of the store share, and nothing of any table.

An operation is begun, and ends with ``commit``, or with ``postpone``: then it is on the card as a record of the log
(``redo``) and in SQLite's transaction, which the next commit ends. Whoever reads on this connection sees it at once.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from gateway.errors import GatewayError, StoreError
from gateway.store.redo import new_generation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.store.redo import Done, RedoLog

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_GENERATION = "SELECT value FROM about WHERE key = 'generation'"
_NAME = "INSERT OR REPLACE INTO about VALUES ('generation', ?)"


class Transactions:
    """A connection whose transactions are begun and ended by hand. All calls must come from one thread at a time.

    Attributes:
        redo: the log beside the database; None for who only reads.
        postpones: whether what is done each minute may wait for the commit of the half hour.
        left_open: whether something was left open that nothing has ended yet; also where it was undone.
        undone: what was kept, was undone, and is done again by the next ``begin``.
        lost: whether what the records say is to be done again, too.
        does: how a thing is done, in the open operation, that is kept: also again, after it was undone.
        forgetful: called whenever rows that somebody remembers may be gone.
        hearers: called after each commit.
    """

    def __init__(self, connection: sqlite3.Connection, redo: RedoLog | None = None) -> None:
        self._connection = connection
        self.redo = redo
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.postpones = False
        self._doing = self.left_open = False
        # Done in the open operation and in no record yet.
        self._kept: list[Done] = []
        self.undone: list[Done] = []
        self.lost = False
        self.does: dict[type[Done], Callable[[Any], Any]] = {}
        self.forgetful: list[Callable[[], object]] = []
        self.hearers: list[Callable[[], object]] = []

    @property
    def in_transaction(self) -> bool:
        """Whether anything was done that is not committed."""
        return self._connection.in_transaction

    def begin(self) -> bool:
        """Open an operation, what was undone and kept in it; False where one is open, by a confirmation say."""
        if self._doing:
            return False
        self._doing = True
        try:
            if not self._connection.in_transaction:
                self.execute("BEGIN IMMEDIATE")
                self._redo_lost()
            self.execute("SAVEPOINT operation")
        except BaseException:
            self._doing = False
            if self.lost and self._connection.in_transaction:
                self.execute("ROLLBACK")
            raise
        self._kept, self.undone = self.undone, []
        for done in self._kept:
            self.does[type(done)](done)
        return True

    def _redo_lost(self) -> None:
        """Do again what the records say, where SQLite has undone it with the whole transaction."""
        if self.lost and self.redo:
            row = self.execute(_GENERATION).fetchone()
            for record in self.redo.read(row[0]) if row else ():
                for done in record:
                    self.does[type(done)](done)
        self.lost = False

    def recover(self) -> None:
        """Do again, and commit, what the records say that a process which is no more has left.

        StoreError where the database cannot be written now. What cannot be done again at all, the records of another
        version say, is left out: a gateway without its last minutes is better than none.
        """
        if not (self.redo and self.redo.is_there):
            return
        self.lost = True
        try:
            self._alone(self.begin, self.commit)
        except Exception as error:
            cause = error.__cause__ if isinstance(error, StoreError) else error
            if isinstance(cause, sqlite3.OperationalError):
                raise
            what = "%s: what it holds cannot be done again, and is left out: an unexpected %s"
            log.error(what, self.redo.path, type(cause).__name__)  # noqa: TRY400 (where it was stands at DEBUG)
            log.debug("where it was", exc_info=error)
            self.lost, self._kept, self.undone = False, [], []

    def postpone_from_now(self) -> None:
        """Let what is done each minute wait for the commit of the half hour, on the card as records; StoreError."""
        if self.redo:
            generation = new_generation()
            self.redo.make()
            self._alone(self.begin, partial(self.execute, _NAME, [generation]), self.commit)
            self.redo.begin(generation)
            self.postpones = True

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """From ``begin`` to ``commit``; what is raised within leaves it to ``translated`` to undo it."""
        self.begin()
        yield
        self.commit()

    def keep(self, done: Done) -> Any:  # noqa: ANN401 (what its part answers)
        """Do something in the open operation; if that is undone, by a full card say, do it in the next one again.

        For what no one does a second time: a recipient confirms once.
        """
        self._kept.append(done)
        return self.does[type(done)](done)

    def postpone(self, done: Done | None, *, leaving: bool = False) -> None:
        """End the operation, which came to that: on the card now, as a record; in the database with the next commit.

        Where it may not wait, or the log has no room, that is now. What is ``leaving`` is left open: what is noted of
        its message follows at once and ends both, in one record; ``begin`` and ``postpone`` do where nothing follows.
        """
        if leaving and done:
            self._kept.append(done)
            self.left_open = True
            return
        made = [*self._kept, *([] if done is None else [done])]
        if not (self.postpones and self.redo and (self.redo.write(made) if made else self.redo.holds)):
            self.commit()
            return
        self.execute("RELEASE operation")
        self._ended()

    def commit(self) -> None:
        """Make everything durable; StoreError, with the operation undone, and what was postponed is postponed still."""
        if not self._connection.in_transaction:
            return
        redo, generation = self.redo, new_generation()
        named = [partial(self.execute, _NAME, [generation])] if redo and redo.holds else []
        self._alone(*named, partial(self.execute, "COMMIT"))
        if redo and redo.holds:
            redo.begin(generation)
        self._ended()
        for tell in self.hearers:
            tell()

    def _ended(self) -> None:
        self._kept.clear()
        self._doing = self.left_open = False

    def rollback(self) -> None:
        """Undo what the open operation did; where SQLite has undone the whole transaction, that is done again later."""
        doing, self._doing = self._doing, False
        postponed = self.redo is not None and self.redo.holds
        if self._connection.in_transaction and (self.lost or not postponed):
            self.execute("ROLLBACK")
        elif self._connection.in_transaction and doing:
            self.execute("ROLLBACK TO operation")
            self.execute("RELEASE operation")
        self.lost = postponed and not self._connection.in_transaction
        self.undone, self._kept = [*self._kept, *self.undone], []
        self.rows_are_gone()

    def rows_are_gone(self) -> None:
        """Let those forget that remember rows."""
        for forget in self.forgetful:
            forget()

    def shrink(self) -> None:
        """Give back the memory of pages that can be read again."""
        self._alone(partial(self.execute, "PRAGMA shrink_memory"))

    def _alone(self, *steps: Callable[[], object]) -> None:
        try:
            for step in steps:
                step()
        except sqlite3.Error as error:
            self.rollback()
            raise _unusable(error) from error

    def close(self) -> None:
        """Close the connection; what was done is committed already."""
        self._connection.close()
        if self.redo:
            self.redo.close()


# A connection as the store has it, or one of its own as a file that is only looked at has it.
Database = sqlite3.Connection | Transactions


class Connected(Protocol):
    """Some tables of the store over the connection of all."""

    _db: Transactions


S = TypeVar("S", bound=Connected)


def translated(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let SQLite's errors come out of a part's method as StoreError, with everything since ``begin`` undone.

    What was undone before is done again first.
    """

    @wraps(method)
    def translating(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            if self._db.lost or self._db.undone:
                # Before anybody looks: rows that are promised would seem to be gone.
                self._db.begin()
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
