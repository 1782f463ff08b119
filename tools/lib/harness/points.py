"""Points: read from a database that somebody may be writing just now; and the sentence on those that are wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from gateway.control.messages import Settle
from gateway.control.running import ask
from gateway.errors import GatewayError
from gateway.store.minutes import every_row

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GATEWAYS = "data/linky-gateway.sqlite"
_SOCKET = "control.sock"
_PATIENCE_S = 30.0


def opened(database: Path) -> sqlite3.Connection:
    """A connection that cannot write; a gateway that runs there has committed what it had postponed."""
    with suppress(ConnectionError, GatewayError):
        ask(database.with_name(_SOCKET), Settle())
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)


def rows(database: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What it answers; ``minute`` has every minute in it."""
    with closing(opened(database)) as db:
        if " minute" in query:
            lay_out_minutes(db)
        return db.execute(query, values).fetchall()


def lay_out_minutes(db: sqlite3.Connection) -> None:
    """Let ``minute`` be a table of all minutes on this connection, those that are gathered by half hour among them."""
    (table,) = db.execute("SELECT sql FROM main.sqlite_schema WHERE name = 'minute'").fetchone()
    made = list(every_row(db))
    db.execute(table.replace("CREATE TABLE", "CREATE TEMP TABLE"))
    db.executemany("INSERT INTO temp.minute VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)


def say(wrong: list[str], what: str, found: Iterable[tuple[object, ...]]) -> None:
    """Add a sentence to what is wrong, if there are such points: how many, and three of them."""
    if shown := sorted(found, key=str):
        wrong.append(f"{len(shown)} points {what}: {', '.join(map(str, shown[:3]))}")
