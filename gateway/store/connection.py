"""Opening the database file: one connection that writes, any number that only read.

SQLite up to 3.51.2 can corrupt a WAL file when two connections write or checkpoint at the same instant, so exactly one
connection writes: the daemon's, or, when no daemon runs, the command line's. The lock file says whose turn it is.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.errors import StoreError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "linky-gateway.sqlite"
LOCK_NAME = "linky-gateway.lock"

# The writer waits for nobody in normal service; a backup may hold the file for a moment.
_BUSY_TIMEOUT_S = 10.0

# What a long export makes the WAL grow to is given back when it ends.
_WAL_KEPT_BYTES = 8_000_000

# A commit of a minute changes a few rows in each of some twenty pages, a page for each series, and writes every page
# whole: with SQLite's own 4,096 bytes a card has nearly twice as much to write (README). Of a new file only.
PAGE_BYTES = 512

# Debian's SQLite overwrites whatever is deleted, and writes every page that it frees once more for it. That is for an
# erasure (``ERASES``); what is let go each hour, or was delivered, is overwritten where that costs no page.
DELETES, ERASES = "PRAGMA secure_delete = FAST", "PRAGMA secure_delete = ON"

# The WAL is copied into the database when it is so long: half hours touch the same pages, and these are copied once.
_CHECKPOINT_BYTES = 4_000_000

# What SQLite says when it may not make the WAL's index.
_NO_INDEX = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

_NOT_WRITABLE = Phrase("{path}: cannot be written: {why}; check the directory's owner")
_BUSY = Phrase("{path}: another linky-gateway is writing there; stop it first")
_NO_DATABASE = Phrase("{path}: no such database; start the gateway once, or check [store] directory")
_UNREADABLE = Phrase("{path}: cannot be read: {why}")


class WriterLock:
    """The right to write to a directory's database, held by one process until ``release`` or its end."""

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_NAME
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            give_to_owner(path)
        except OSError as error:
            raise StoreError(_NOT_WRITABLE.filled(path=path, why=reason(error))) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise StoreError(_BUSY.filled(path=directory)) from error

    def release(self) -> None:
        """Give the right back."""
        os.close(self._fd)


def open_writer(directory: Path) -> sqlite3.Connection:
    """The one connection that writes: WAL, every commit synced to the card (FULL), transactions begun by hand."""
    path = directory / FILE_NAME
    db = None
    try:
        db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
        (page_bytes,) = db.execute("PRAGMA page_size").fetchone()
        db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_BYTES // page_bytes}")
        # NORMAL would save 13 % of the wear and may roll the last minutes back after a power cut.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(DELETES)
    except sqlite3.Error as error:
        if db:
            db.close()
        raise StoreError(f"{path}: {error}") from error
    return db


def open_reader(directory: Path) -> sqlite3.Connection:
    """A connection that can only read and never checkpoints; works while the daemon runs."""
    path = directory / FILE_NAME
    if not path.is_file():
        raise StoreError(_NO_DATABASE.filled(path=path))
    try:
        return _read_only(path, "mode=ro")
    except sqlite3.Error as error:
        # On a card mounted read-only the WAL's index cannot be made; with an empty WAL it is not needed.
        wal = path.with_name(path.name + "-wal")
        if error.sqlite_errorcode & 0xFF in _NO_INDEX and not (wal.exists() and wal.stat().st_size):
            with suppress(sqlite3.Error):
                return _read_only(path, "mode=ro&immutable=1")
        raise StoreError(_UNREADABLE.filled(path=path, why=error)) from error


def room_at(path: Path) -> int:
    """Bytes that are free there, for who is not root; OSError."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def give_to_owner(path: Path) -> None:
    """What root makes in the service's folder belongs to the service, which could not write to it otherwise."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)


def _read_only(path: Path, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_TIMEOUT_S)
    try:
        db.execute("PRAGMA query_only = 1")
        db.execute("SELECT 1 FROM about").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db
