"""``python -m gateway.store.prepare DIRECTORY``: check the database file and bring its schema up to date.

A process of its own, before the daemon opens the file: sqlite-utils costs memory that the daemon need not keep. A
damaged file is moved aside, never deleted, and said loudly; consents, the meters' ids and the totals of pulse counters
are saved from it when they can still be read, so that the household's word and its names outlive the card's fault.
A whole one is copied before its schema changes: whoever goes back to the former version finds what it can read.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import sqlite_utils

from gateway.errors import GatewayError, StoreError, reason
from gateway.files import make_folder
from gateway.store.connection import DELETES, FILE_NAME, PAGE_BYTES, WriterLock, give_to_owner
from gateway.store.copies import keep_copy, new_name
from gateway.store.migrations import migrations
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import Phrase

log = logging.getLogger("gateway.store.prepare")

_NOT_MADE = Phrase("{path}: cannot be made: {why}; check [store] directory")

# In this order: what limits a consent before the consents, so that a withdrawn one never comes back by a fault between.
_SAVED_TABLES = (
    *("meter", "consent_change", "consent_held", "consent", "recipient", "subscription"),
    *("access_request", "refused_domain", "notice", "series", "party", "transfer", "confirmed", "journal"),
    *("journal_text", "counter", "shown_text", "pseudonym", "correction"),
)

# What waited or was open is gone with the damaged file: an account says so, or it would never add up again.
_AS_IT_STANDS = (
    "UPDATE recipient SET lapsed = sent - confirmed, crowded = crowded + promised - sent"
    " - (withdrawn + erased + corrected + expired + crowded + passed + unfit)"
)

# What says that the file itself is bad. Anything else (locked, no permission, no memory) may be well tomorrow.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DAMAGED_SECTOR = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_CORRUPTFS)


def prepare(directory: Path) -> None:
    """Leave a whole, migrated database in ``directory``; StoreError when that cannot be."""
    try:
        make_folder(directory)
    except OSError as error:
        raise StoreError(_NOT_MADE.filled(path=directory, why=reason(error))) from error
    lock = WriterLock(directory)
    try:
        path = directory / FILE_NAME
        fault = check(path)
        damaged = set_aside(path, fault) if fault else None
        if damaged:
            # Rows go into the tables for which they were written; the steps that follow carry them on.
            _migrate(path, stop_before=_first_step_missing(damaged))
            _save_from(damaged, path)
        else:
            _copy_before_change(path)
        _migrate(path)
    finally:
        lock.release()


def check(path: Path) -> str | None:
    """What is wrong with the file, in SQLite's words; None when it is whole or not there.

    StoreError when it cannot be known, because the file cannot be opened or another program has locked it.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as db:
            result = db.execute("PRAGMA quick_check(1)").fetchone()
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF in _DAMAGE or error.sqlite_errorcode in _DAMAGED_SECTOR:
            return str(error)
        raise StoreError(f"{path}: cannot be checked: {error}") from error
    return None if result and result[0] == "ok" else str(result[0] if result else "no answer")


def set_aside(path: Path, fault: str) -> Path:
    """Rename a damaged file and what belongs to it; the new name."""
    aside = new_name(path.parent, f"{path.name}.damaged-")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        try:
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        except OSError as error:
            raise StoreError(f"{path}: is damaged ({fault}) and cannot be set aside: {error.strerror}") from error
    log.error("%s is damaged (%s): kept as %s, a new one is begun; check the SD card", path, fault, aside.name)
    return aside


def _copy_before_change(path: Path) -> None:
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as db:
            known = sqlite_utils.Database(db)
            applied, pending = migrations.applied(known), migrations.pending(known)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if applied and pending:
        copy = keep_copy(path)
        log.warning("%s: %d changes of its tables follow; as it was before: %s", path, len(pending), copy.name)


def _migrate(path: Path, stop_before: str | None = None) -> None:
    try:
        with closing(sqlite3.connect(path)) as db:
            # Means something as long as there is no table.
            db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            db.execute(DELETES)
            migrations.apply(sqlite_utils.Database(db), stop_before=stop_before)
            _give_back(db, path)
        path.chmod(0o600)
        give_to_owner(path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: cannot be migrated: {error}") from error


def _give_back(db: sqlite3.Connection, path: Path) -> None:
    """Write the file anew where most of it is empty, after a step that made it smaller; the next start tries again."""
    free, count = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
    if 2 * free < count:
        return
    try:
        db.execute("VACUUM")
    except sqlite3.Error as error:
        log.warning("%s: stays as large as it was: %s", path, error)


def _first_step_missing(damaged: Path) -> str | None:
    """The first step of the schema that a damaged file did not have; None when it had all, or cannot say."""
    try:
        with closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as old:
            return next((step.name for step in migrations.pending(sqlite_utils.Database(old))), None)
    except sqlite3.Error:
        return None


def _save_from(damaged: Path, path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        for table in _SAVED_TABLES:
            try:
                if not sqlite_utils.Database(db)[table].exists():
                    continue
                with closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as old:
                    rows = old.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 (a constant)
                if not rows:
                    continue
                with db:
                    marks = ", ".join("?" * len(rows[0]))
                    db.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608
            except sqlite3.Error as error:
                log.error("%s: table %s could not be saved: %s", damaged.name, table, error)  # noqa: TRY400
                return
            log.warning("%s: %d rows of table %s saved", damaged.name, len(rows), table)
        # The tables are those of the version that wrote the file: an older one kept no account.
        if {"sent", "lapsed"} <= {column.name for column in sqlite_utils.Database(db)["recipient"].columns}:
            with db:
                db.execute(_AS_IT_STANDS)


def main() -> int:
    """The process's entry: messages to standard error, 0 when the file is ready.

    With ``--both`` behind the directory the last one is the error in every language, as JSON.
    """
    logging.basicConfig(format="%(levelname)s %(message)s")
    os.umask(0o077)
    try:
        prepare(Path(sys.argv[1]))
    except GatewayError as error:
        both = sys.argv[2:] == ["--both"]
        log.critical("%s", json.dumps({lang: error.phrase.in_language(lang) for lang in LANGUAGES}) if both else error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
