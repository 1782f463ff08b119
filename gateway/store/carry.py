"""``carry.py NEWER COPY``: what a newer version stored, carried into a copy that an older version can read.

``carry.py same NEWER COPY`` only looks: exit code 0 when the newer version has changed no table, so that the older one
reads the newer file. ``carry.py lacking NEWER COPY`` counts what the copy has and the newer file has not: 1 when there
is something, 2 when that cannot be told. ``carry.py into NEWER COPY NEW`` makes NEW of the copy, with the newer rows
where they fit.

COPY is the database as it was before the upgrade; NEWER is what the newer version made of it. The newer rows are those
of the copy and what came since, so each table of the copy takes the newer rows, wherever the newer table still has all
of its columns. A table that has not keeps the rows of the copy and is named. Where the newer file lacks what the copy
has, or that cannot be told, what the copy has of the meters' past stays, and the newer rows come beside it. Nothing is
changed when the result would not be whole. Standard library alone; no other program may have the files open.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

# What the schema's steps are is the older version's own affair.
_STEPS = "_sqlite_migrations"
# What was read, and what is made of it: rows that are never changed, and such as grow.
_KEPT, _GROWING = ("reading", "coarse"), ("span", "minutes", "readings")
# What is reckoned of the others and made again where it lacks: of rows of two files it would be neither's.
_MADE_AGAIN = ("kept_day", "self_use")


def carry(newer: Path, copy: Path) -> list[str]:
    """Carry the rows over; the names of the tables that could not take them. sqlite3.Error when nothing was changed."""
    keeping = _has_lost(newer, copy)
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)) as db:
        db.execute("ATTACH ? AS newer", [f"{newer.absolute().as_uri()}?mode=ro"])
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("BEGIN IMMEDIATE")
        try:
            triggers = _drop_triggers(db)
            left = [table for table in _tables(db) if not _take(db, table, keeping=keeping)]
            for trigger in triggers:
                db.execute(trigger)
            _require_whole(db)
        except sqlite3.Error:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    return left


def same(newer: Path, copy: Path) -> bool:
    """Whether the two have the same tables, by the same steps."""
    return _shape(newer) == _shape(copy)


def _shape(path: Path) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        tables = set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'"))
        if any(name == _STEPS for _, name, _, _ in tables):
            tables |= set(db.execute(f"SELECT 'step', migration_set, name FROM {_STEPS}"))
    return tables


# Indexes of the half hour before the copy, each as it was read, and of what is kept for ever as many rows at least.
_LOST = (
    "SELECT count(*) FROM main.reading r JOIN main.series s ON s.id = r.series WHERE s.kind = 'index' AND r.time >"
    " (SELECT max(time) FROM main.reading) - 1800 AND NOT EXISTS (SELECT 1 FROM newer.reading n"
    " WHERE n.series = r.series AND n.time = r.time AND n.value = r.value)",
    *(
        f"SELECT max(0, (SELECT count(*) FROM main.{table}) - (SELECT count(*) FROM newer.{table}))"
        for table in ("coarse", "journal", "consent")
    ),
)


def lacking(newer: Path, copy: Path) -> int:
    """How many rows a newer version has lost of what the copy has. sqlite3.Error where its tables are others."""
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as db:
        db.execute("ATTACH ? AS newer", [f"{newer.absolute().as_uri()}?mode=ro"])
        return sum(int(db.execute(question).fetchone()[0]) for question in _LOST)


def _has_lost(newer: Path, copy: Path) -> bool:
    """Whether rows of the copy may not go because the newer file has none of them."""
    try:
        return lacking(newer, copy) > 0
    except sqlite3.Error:
        return True


def _drop_triggers(db: sqlite3.Connection) -> list[str]:
    """Take them away for the time of this: they guard rows against being changed one by one. What makes them again."""
    rows = db.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in rows:
        db.execute(f'DROP TRIGGER main."{name}"')
    return [sql for _, sql in rows]


def _tables(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'")
    return [name for (name,) in rows if name != _STEPS]


def _columns(db: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [row[1] for row in db.execute(f'PRAGMA {schema}.table_info("{table}")')]


def _take(db: sqlite3.Connection, table: str, *, keeping: bool) -> bool:
    if table in _MADE_AGAIN:
        db.execute(f'DELETE FROM main."{table}"')
        return True
    ours, theirs = _columns(db, "main", table), set(_columns(db, "newer", table))
    if not theirs.issuperset(ours):
        return False
    names = ", ".join(f'"{column}"' for column in ours)
    insert = f'INTO main."{table}" ({names}) SELECT {names} FROM newer."{table}"'
    if keeping and table in _KEPT:
        db.execute(f"INSERT {insert} WHERE true ON CONFLICT DO NOTHING")
        return True
    if not (keeping and table in _GROWING):
        db.execute(f'DELETE FROM main."{table}"')
    db.execute(f"INSERT OR REPLACE {insert}")
    return True


def _require_whole(db: sqlite3.Connection) -> None:
    if db.execute("PRAGMA main.foreign_key_check").fetchone():
        msg = "rows would refer to rows that are not there"
        raise sqlite3.IntegrityError(msg)


def main(arguments: list[str]) -> int:
    """Carry, and print the tables that were left; or look."""
    try:
        if arguments[0] == "same":
            return 0 if same(Path(arguments[1]), Path(arguments[2])) else 1
        if arguments[0] == "lacking":
            return _say_lacking(Path(arguments[1]), Path(arguments[2]))
        if arguments[0] == "into":
            return _make(*map(Path, arguments[1:4]))
        left = carry(Path(arguments[0]), Path(arguments[1]))
    except sqlite3.Error as error:
        print(error)
        return 1
    print(*left)
    return 0


def _make(newer: Path, copy: Path, new: Path) -> int:
    """NEW, whole or not at all; where no row fits it is the copy."""
    os.umask(0o077)
    new.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(new)) as file:
            old.backup(file)
        left = carry(newer, new)
    except sqlite3.Error as error:
        print(f"rows cannot be carried over: {error}")
        return 0 if new.exists() else 1
    print(*(["not carried over:", *left] if left else []))
    return 0


def _say_lacking(newer: Path, copy: Path) -> int:
    try:
        lost = lacking(newer, copy)
    except sqlite3.Error as error:
        print(error)
        return 2
    if lost:
        print(f"{lost} rows of before are not there any more")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
