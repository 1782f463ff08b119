"""A database of an earlier version, and its migration: ``python -m power_cuts.migration FOLDER``."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import sqlite_utils

from gateway.store.connection import FILE_NAME
from gateway.store.migrations import migrations
from gateway.store.prepare import prepare
from power_cuts.record import mark

# After this step of the schema there is a table for each of these rows; they are what an early house had.
_FILLED_AFTER = "consents_and_outbox"
_DAY_S, _BEGIN = 86_400, 1_760_000_000
_ROWS = (
    ("INSERT INTO meter VALUES (?, ?, ?, NULL, '021961000000', ?)", [(1, "house", "ab12cd34ef", _BEGIN)]),
    (
        "INSERT INTO series VALUES (?, 1, ?, ?, ?)",
        [(1, "consumption/power/apparent/raw", "VA", "gauge"), (2, "consumption/energy/active/index", "Wh", "index")],
    ),
    ("INSERT INTO reading VALUES (?, ?, ?, 0)", [(s, _BEGIN + 60 * n, 400 + n) for s in (1, 2) for n in range(900)]),
    ("INSERT INTO minute VALUES (1, ?, 30, 9000, 200, 400, 300, 1)", [(_BEGIN + 60 * n,) for n in range(900)]),
    ("INSERT INTO coarse VALUES (2, 1800, ?, ?)", [(_BEGIN + 1800 * n, 5000 + n) for n in range(200)]),
    (
        "INSERT INTO consent VALUES (?, 'coop@sen2.test', 1, 'consumption', 60, ?, ?, ?)",
        [(1, _BEGIN, _BEGIN + 90 * _DAY_S, _BEGIN + _DAY_S), (2, _BEGIN + _DAY_S, _BEGIN + 90 * _DAY_S, None)],
    ),
    ("INSERT INTO recipient VALUES (1, 'coop@sen2.test', ?)", [(300,)]),
    ("INSERT INTO subscription VALUES (1, 1, 'consumption', 'sen1', 'receipt', ?)", [(_BEGIN,)]),
    ("INSERT INTO outbox VALUES (1, ?, 1, 60, ?, ?)", [(n, _BEGIN + 60 * n, 300.5) for n in range(1, 300)]),
)
# The one table of a later step that a still later one makes anew.
_CORRECTED_AFTER = "privacy"
_CORRECTION = "INSERT INTO correction VALUES (?, 1, 0, ?, 400, 401, ?, 'household', 'wrong')"


def steps() -> list[str]:
    """The names of all steps, in order."""
    with closing(sqlite3.connect(":memory:")) as db:
        return [step.name for step in migrations.pending(sqlite_utils.Database(db))]


def make(folder: Path, count: int) -> None:
    """A database as a version of ``count`` steps left it, with rows in it as soon as it has tables for them."""
    names = steps()
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        for place, name in enumerate(names[:count]):
            after = names[place + 1] if place + 1 < len(names) else None
            migrations.apply(sqlite_utils.Database(db), stop_before=after)
            db.execute("BEGIN")
            if name == _FILLED_AFTER:
                for statement, rows in _ROWS:
                    db.executemany(statement, rows)
            if name == _CORRECTED_AFTER:
                db.executemany(_CORRECTION, [(n, _BEGIN + 60 * n, _BEGIN + _DAY_S) for n in range(1, 40)])
            db.execute("COMMIT")
    (folder / FILE_NAME).chmod(0o600)


def main() -> None:
    """Bring the folder's database up to date."""
    prepare(Path(sys.argv[1]))
    mark(done=True)


if __name__ == "__main__":
    main()
