"""An archive's tables become a database: the other half of ``dump``, never in the daemon.

A new file is built with the schema of the archive, filled in one go, brought up to date by the ordinary migrations and
put in the place of the empty one: whatever stops it, the gateway has the one or the other, whole. The consents that
have not ended are held: they were given for another installation, perhaps with another address, perhaps still running
beside this one, and the household says on this one to whom they apply again (``consent resume``).
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import sqlite_utils

from gateway.errors import ArchiveError, StoreError
from gateway.files import move, sync
from gateway.store.connection import FILE_NAME, give_to_owner, open_reader
from gateway.store.copies import fold
from gateway.store.dump import ARCHIVED, Cell, Dump, described
from gateway.store.migrations import migrations
from gateway.store.minutes import gather_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


# Filled in beside the empty database; what a cut-off import left is written over.
_NEW_NAME = FILE_NAME + ".importing"

# Until the household says on this machine that they apply.
_HOLD = (
    "INSERT OR IGNORE INTO consent_held SELECT id FROM consent WHERE NOT EXISTS (SELECT 1 FROM consent_change AS c"
    " WHERE c.consent = consent.id AND kind IN ('withdrawn', 'replaced', 'erased'))"
)


def known_steps() -> list[str]:
    """The names of all the steps that this program knows."""
    with closing(sqlite3.connect(":memory:")) as db:
        return [step.name for step in migrations.pending(sqlite_utils.Database(db))]


def check_empty(directory: Path) -> None:
    """StoreError when the directory's database holds anything of a household."""
    if not (directory / FILE_NAME).exists():
        return
    with closing(open_reader(directory)) as db:
        dump = Dump(db)
        full = [t for t in ARCHIVED if dump.count(t)]
    if full:
        raise StoreError(
            f"{directory / FILE_NAME}: is not empty, and an import must not mix two households; stop the gateway, move"
            " this file and those beside it that begin with its name to another folder, then import"
        )


def load(directory: Path, schema: Sequence[str], tables: Mapping[str, Iterable[Sequence[Cell]]]) -> None:
    """Make the directory's database of these tables; the caller holds the writer's lock.

    Args:
        directory: its database is empty (``check_empty``).
        schema: the steps that the archive's tables were made by; the first ones of ``known_steps``.
        tables: table -> its rows, the first one being the names of the columns.
    """
    new = directory / _NEW_NAME
    for suffix in ("", "-journal"):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            _fill(db, schema, tables)
        new.chmod(0o600)
        give_to_owner(new)
        _put_in_place(new, directory / FILE_NAME)
    except sqlite3.Error as error:
        raise StoreError(f"{new}: cannot be written: {error}") from error
    finally:
        new.unlink(missing_ok=True)


def adopt(path: Path) -> None:
    """Make a database that was brought back from a backup this installation's own.

    Its consents are held, since one of them may have been withdrawn after the backup; its outbox numbers are of another
    epoch, since the former file went on counting. StoreError when the file is not whole.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            found = db.execute("PRAGMA integrity_check(1)").fetchone()
            if found != ("ok",):
                raise StoreError(f"{path}: the backup's database is damaged: {found[0]}")
            migrations.apply(sqlite_utils.Database(db))
            db.execute("BEGIN")
            db.execute("UPDATE about SET value = ? WHERE key = 'epoch'", [secrets.token_hex(4)])
            # A log that lies where it is brought back to may go on from this very copy: it is the former file's.
            db.execute("DELETE FROM about WHERE key = 'generation'")
            db.execute(_HOLD)
            db.execute("COMMIT")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the backup's database cannot be used: {error}") from error


def is_of_the_disk(error: StoreError) -> bool:
    """Whether a database could not be written, which says nothing of what is in it: a card that is full, or ends."""
    # Of an extended code the low byte is the code (sqlite.org/rescode.html).
    code: int = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def _fill(db: sqlite3.Connection, schema: Sequence[str], tables: Mapping[str, Iterable[Sequence[Cell]]]) -> None:
    wrapped = sqlite_utils.Database(db)
    steps = known_steps()
    migrations.apply(wrapped, stop_before=steps[len(schema)] if len(schema) < len(steps) else None)
    # The database is thrown away when the import does not reach its end.
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN")
    for table, rows in tables.items():
        _fill_table(db, table, rows)
    if broken := db.execute("PRAGMA foreign_key_check").fetchone():
        raise ArchiveError(f"table {broken[0]}: a row names one of {broken[2]} that is not in the archive")
    db.execute("COMMIT")
    migrations.apply(wrapped)
    db.execute("BEGIN")
    gather_all(db)
    db.execute("COMMIT")
    db.execute(_HOLD)


def _fill_table(db: sqlite3.Connection, table: str, rows: Iterable[Sequence[Cell]]) -> None:
    following = iter(rows)
    names = next(following, ())
    known = {name for name, _ in described(db, table)}
    if table not in ARCHIVED or not names or len({*names}) < len(names) or not {*names} <= known:
        raise ArchiveError(f"table {table}: its columns are not those of an archive of this format")
    marks = ", ".join("?" * len(names))
    number = 1

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal number
        for row in following:
            number += 1
            yield row

    try:
        db.executemany(f"INSERT INTO {table} ({', '.join(map(str, names))}) VALUES ({marks})", counted())  # noqa: S608
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, OverflowError) as error:
        raise ArchiveError(f"table {table}, line {number}: is no row of it: {error}") from error


def _put_in_place(new: Path, path: Path) -> None:
    fold(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sync(path.parent)
    sync(new)
    move(new, path)
