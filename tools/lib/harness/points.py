"""Points: read from a database that somebody may be writing just now; and the sentence on those that are wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from gateway.control.messages import Settle
from gateway.control.running import ask
from gateway.errors import GatewayError
from gateway.store.minutes import every_row
from gateway.store.raw import every_raw

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
    """What it answers; ``reading`` and ``minute`` have everything in them."""
    with closing(opened(database)) as db:
        if " minute" in query or " reading" in query:
            lay_out(db)
        return db.execute(query, values).fetchall()


def lay_out(db: sqlite3.Connection) -> None:
    """Let ``reading`` and ``minute`` be tables of all that there is, on this connection, as far as it has them.

    What is gathered by half hour is among their rows. Of a recipient's own file nothing is changed.
    """
    for table, part, every in (("minute", "minutes", every_row), ("reading", "readings", every_raw)):
        known = dict(db.execute("SELECT name, sql FROM main.sqlite_schema WHERE name IN (?, ?)", [table, part]))
        if len(known) == len((table, part)):
            found = list(every(db))
            db.execute(known[table].replace("CREATE TABLE", "CREATE TEMP TABLE"))
            if found:
                marks = ", ".join("?" * len(found[0]))
                db.executemany(f"INSERT INTO temp.{table} VALUES ({marks})", found)


def say(wrong: list[str], what: str, found: Iterable[tuple[object, ...]]) -> None:
    """Add a sentence to what is wrong, if there are such points: how many, and three of them."""
    if shown := sorted(found, key=str):
        wrong.append(f"{len(shown)} points {what}: {', '.join(map(str, shown[:3]))}")
