"""Opening the database file: one connection that writes, any number that only read.

SQLite up to 3.51.2 can corrupt a WAL file when two connections write or checkpoint at the same instant, so exactly one
connection writes: the daemon's, or, when no daemon runs, the command line's. The lock file says whose turn it is.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from typing import TYPE_CHECKING

from gateway.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "linky-gateway.sqlite"
LOCK_NAME = "linky-gateway.lock"

# The writer waits for nobody in normal service; a backup may hold the file for a moment.
_BUSY_TIMEOUT_S = 10.0


class WriterLock:
    """The right to write to a directory's database, held by one process until ``release`` or its end."""

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_NAME
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}; check the directory's owner") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise StoreError(f"{directory}: another linky-gateway is writing there; stop it first") from error

    def release(self) -> None:
        """Give the right back."""
        os.close(self._fd)


def open_writer(directory: Path) -> sqlite3.Connection:
    """The one connection that writes: WAL, every commit synced to the card (FULL), transactions begun by hand."""
    path = directory / FILE_NAME
    try:
        db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        # NORMAL would save 13 % of the wear and may roll the last minutes back after a power cut.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
    return db


def open_reader(directory: Path) -> sqlite3.Connection:
    """A connection that can only read and never checkpoints; works while the daemon runs."""
    path = directory / FILE_NAME
    if not path.is_file():
        raise StoreError(f"{path}: no such database; start the gateway once, or check [store] directory")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S)
        db.execute("PRAGMA query_only = 1")
        db.execute("SELECT 1 FROM about").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    return db
