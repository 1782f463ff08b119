"""One connection to PostgreSQL that comes back by itself, and the one place where its errors become ours.

Work is a coroutine function of a connection, run in one transaction: when the connection is lost before its commit is
known it may be run again, so it must be such that twice is once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import AsyncConnection

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_CONNECT_S = 10
# A statement that takes longer is stuck behind something that nobody will end for us.
_STATEMENT_MS = 300_000
# The same at both ends: who has lost its server must know it as soon as that has given its locks to another.
_KEEPALIVE = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 -c tcp_user_timeout=20000"
)
_ALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
# Many small look-ups, which a compiler of queries (jit) only makes wait.
_PLANNED = "-c jit=off"
# What another transaction is to blame for: once more, and it works (PostgreSQL, appendix A, classes 40 and 55).
_AGAIN = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
_TIMES = 3


async def connect(conninfo: str, name: str = "linky-collect") -> AsyncConnection:
    """A connection whose names are those of our schema. StoreError when there is none.

    A machine that has died holds its locks until the server notices: 20 s, and not two hours as a system has it.
    """
    options = f"-c search_path=linky,public -c statement_timeout={_STATEMENT_MS} {_KEEPALIVE} {_PLANNED}"
    try:
        return await AsyncConnection.connect(
            conninfo, autocommit=True, connect_timeout=_CONNECT_S, options=options, application_name=name, **_ALIVE
        )
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL cannot be reached: {_sentence(error)}") from error


class Database:
    """A connection for one after the other.

    Args:
        conninfo: as libpq reads it.
        prepare: done once with each new connection.
        name: what the server lists the connection as.
    """

    def __init__(
        self,
        conninfo: str,
        prepare: Callable[[AsyncConnection], Awaitable[object]] | None = None,
        name: str = "linky-collect",
    ) -> None:
        self._conninfo, self._prepare, self._name = conninfo, prepare, name
        self._db: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Run work in a transaction of its own, again where another transaction was in its way.

        StoreError when the database is away. psycopg.DataError, IntegrityError: what the work itself is to blame for.
        """
        async with self._turn:
            for time in range(_TIMES):
                try:
                    db = await self._connected()
                    async with db.transaction():
                        return await work(db)
                except (psycopg.DataError, psycopg.IntegrityError):
                    raise
                except psycopg.Error as error:
                    # One that goes on keeps its locks: a full disk is no reason to give everything to the others.
                    if self._db is not None and self._db.closed:
                        await self._close()
                    if not isinstance(error, _AGAIN) or time + 1 == _TIMES:
                        raise StoreError(f"PostgreSQL cannot be used: {_sentence(error)}") from error
        raise AssertionError

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known here."""
        return self._db is not None and not self._db.closed

    def cut(self) -> None:
        """Have what waits for the server fail as if that had closed the connection; the next work opens another."""
        if self._db is not None and not self._db.closed:
            # To cancel the work would be to wait: psycopg first asks the server to end the statement.
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._db.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Close the connection; the next work opens another."""
        async with self._turn:
            await self._close()

    async def _connected(self) -> AsyncConnection:
        if self._db is None or self._db.closed:
            self._db = await connect(self._conninfo, self._name)
            if self._prepare:
                await self._prepare(self._db)
        return self._db

    async def _close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            await db.close()


def _sentence(error: psycopg.Error) -> str:
    """The first line of what PostgreSQL says: details may hold a value."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
