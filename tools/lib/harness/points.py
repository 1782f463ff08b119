"""What a database says that a gateway, a recipient or nobody writes at this moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

GATEWAYS = "data/linky-gateway.sqlite"
_PATIENCE_S = 30.0


def opened(database: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)


def rows(database: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What it answers."""
    with closing(opened(database)) as db:
        return db.execute(query, values).fetchall()
