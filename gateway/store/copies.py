"""The database as one whole file beside the running one: before a migration, for a backup; and how whole the file is.

What is copied is one moment, also while the daemon writes (SQLite's backup API, one step). A copy holds a household's
data like the file itself: it has its rights, it is known to erasure, and one made before a migration is not kept longer
than it can be of use.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.files import move, sync
from gateway.store.connection import FILE_NAME, give_to_owner, open_reader, room_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

_BEFORE = f"{FILE_NAME}.before-"
_PART = ".part"
_STAMP = "%Y%m%dT%H%M%SZ"
# Who has not gone back to the former version by then will not.
_KEPT_DAYS = 30
# What a backup packs; one that was cut off has left it.
PACKING = ".packing"
# What a restoration lays beside its place; what it still has to do, beside the configuration; how the last one ended.
STAGED, CHANGE, BROUGHT_BACK = ".restoring", "restoring.json", "brought-back.json"
# Packing one takes minutes: what is older is left over.
_PACKED_S = 86_400
# Files that a household asked for at its page, until they are fetched: all that is stored, a backup.
_FOR_HOUSEHOLD = "taken-along."
TAKEN_ALONG, BACKUP_TAKEN_ALONG = f"{_FOR_HOUSEHOLD}zip", f"{_FOR_HOUSEHOLD}backup"
# The other way: a backup that it brought along, until it is restored.
BROUGHT_ALONG = f"{_FOR_HOUSEHOLD}restore"
_DAY_S = 86_400

# So many faults are told; a file that has more is no better known by them.
_MOST_FAULTS = 10


def copy_database(source: Path, target: Path) -> None:
    """Copy one moment of the database file to ``target``, on the disk when it returns; StoreError, and no half copy."""
    part = target.with_name(target.name + _PART)
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
        sync(part)
        give_to_owner(part)
        move(part, target)
    except (sqlite3.Error, OSError) as error:
        for left in (part, part.with_name(f"{part.name}-journal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise StoreError(f"{source}: cannot be copied to {target}: {error}") from error


def schema_of(path: Path) -> tuple[str, ...]:
    """The names of the steps that made the file's schema, in order."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        return tuple(name for (name,) in db.execute("SELECT name FROM _sqlite_migrations ORDER BY id"))


def keep_copy(path: Path) -> Path:
    """Copy the database before its schema changes; the copy. StoreError when there is no room, and nothing changed."""
    size, free = path.stat().st_size, room_at(path.parent)
    if free < size + size // 4:
        raise StoreError(
            f"{path}: the new version changes the database, and there is no room for a copy of what it is now"
            f" ({size // 1_000_000 + 1} MB): make room, and start again"
        )
    copy = new_name(path.parent, _BEFORE)
    copy_database(path, copy)
    return copy


def name_of_former(directory: Path) -> Path | None:
    """Under which name the database can be kept, as a copy of before; it is one file then. None when there is none."""
    path = directory / FILE_NAME
    fold(path)
    return new_name(directory, _BEFORE) if path.exists() else None


def fold(path: Path) -> None:
    """Let the database be one file: what its log (the WAL) has is in it, and the log is gone, also after a power cut.

    A log that stayed behind would be played into whatever file takes the database's name. What cannot be opened, or is
    read at this moment, keeps its log.
    """
    if path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sync(path.parent)


def copies_of_before(directory: Path) -> list[str]:
    """The names of the copies made before migrations and restorations, with what belongs to them, the oldest first."""
    return sorted(path.name for path in directory.glob(f"{_BEFORE}*"))


def files_for_household(directory: Path) -> list[Path]:
    """Files that were made for a household to be fetched, or that it brought, whole or not."""
    return sorted(directory.glob(f"{_FOR_HOUSEHOLD}*"))


def unpacked(directory: Path) -> list[Path]:
    """Copies that a backup was packing, or has left when it was cut off."""
    return sorted(directory.glob(f"{FILE_NAME}{PACKING}*"))


def remove_files_for_household(directory: Path) -> None:
    """Those that a gateway which ended had made for somebody, and what a backup that was cut off has left."""
    for path in (*files_for_household(directory), *unpacked(directory)):
        try:
            # The nightly one may be packed at this moment.
            if path.name.startswith(FILE_NAME) and time.time() - path.stat().st_mtime < _PACKED_S:
                continue
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a file for the household cannot be removed: %s", error.strerror)


def remove_staged(directory: Path) -> None:
    """What a restoration that was cut off before it began has laid beside its places; the caller knows that it was."""
    for path in sorted(directory.rglob(f"*{STAGED}*")):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("what a restoration has left cannot be removed: %s", error.strerror)


def set_aside(directory: Path) -> list[str]:
    """The names, from there, of what restorations have set aside besides the database: settings, passwords, boards."""
    found = (path for path in directory.rglob("*.before-*Z") if not path.name.startswith(_BEFORE))
    return sorted(path.relative_to(directory).as_posix() for path in found)


def forget_copies(directory: Path, now: float) -> None:
    """Remove the copies of before that nobody will go back to."""
    for name in copies_of_before(directory):
        with suppress(ValueError, OSError):
            stamp = name.removeprefix(_BEFORE).partition("-")[0].removesuffix(_PART)
            made = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
            if made.timestamp() < now - _KEPT_DAYS * _DAY_S:
                (directory / name).unlink()


def faults(directory: Path) -> Sequence[str]:
    """What is wrong with the database, page by page and row by row, in SQLite's words; empty when it is whole."""
    with closing(open_reader(directory)) as db:
        try:
            found = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_MOST_FAULTS})") if row[0] != "ok"]
            for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(_MOST_FAULTS):
                found.append(f"row {row} of {table} names one of {parent} that is not there")
        except sqlite3.DatabaseError as error:
            return [str(error)]
    return found


def new_name(directory: Path, prefix: str) -> Path:
    """``prefix`` and a second in UTC that no file there has.

    A machine without a clock begins each start at the same time: after a power cut the second may come again.
    """
    moment = datetime.now(UTC)
    while any(directory.glob(f"{prefix}{moment:{_STAMP}}*")):
        moment += timedelta(seconds=1)
    return directory / f"{prefix}{moment:{_STAMP}}"
