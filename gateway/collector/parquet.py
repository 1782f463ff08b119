"""A night's work: each day of readings that is over, and each that has changed since, as a Parquet file.

A file is put in its place inside the transaction that notes it: whoever lost the database puts nothing there, and who
is killed in between writes the same file once more.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from gateway.collector import columns, days
from gateway.collector.days import DayPart, WrittenFile
from gateway.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import AsyncConnection

    from gateway.collector.folder import DayFiles

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Night:
    """How many files were written, were taken away, and had not changed."""

    written: int
    removed: int
    same: int


async def night(db: AsyncConnection, place: DayFiles, *, every: bool = False) -> Night | None:
    """Write what is to be written; None where another run is just doing it.

    Args:
        db: a connection for this alone.
        place: where the files are. One that is not as the database has it is written anew.
        every: also those that nobody has changed.

    StoreError: the database, or the place, is away. ConfigError: another's files are there.
    """
    if not await days.alone(db):
        return None
    try:
        owner = await days.begin(db)
        known, found = await days.known(db), place.listed()
        astray = _astray(place, known, found, owner)
        await days.mark(db, astray | known.keys() if every else astray)
        counts = [0, 0, 0]
        for which in await days.marked(db):
            counts[await _renew(db, place, which, owner, known.get(which), found.get(which.name))] += 1
        await days.ended(db)
    except OSError as error:
        raise _away(error) from error
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StoreError(f"PostgreSQL cannot be used: {said}") from error
    finally:
        place.begun.unlink(missing_ok=True)
    return Night(*counts)


async def end(db: AsyncConnection, place: DayFiles) -> int | None:
    """Take away every file of this collector, and mark nothing from now on; how many files. None as above."""
    if not await days.alone(db):
        return None
    try:
        owner = (await days.collector(db) or "").encode()
        ours = [name for name in place.listed() if owner and place.owner(name, columns.OWNER) == owner]
        for name in ours:
            place.remove(name)
        await days.forget(db)
    except OSError as error:
        raise _away(error) from error
    return len(ours)


def _astray(place: DayFiles, known: dict[DayPart, WrittenFile], found: dict[str, int], owner: str) -> set[DayPart]:
    """Files that are not as the database has them: lost, cut, or of a database that was put back to an older state."""
    there = {which: size for name, size in found.items() if (which := DayPart.named(name))}
    for which in there.keys() - known.keys():
        if place.owner(which.name, columns.OWNER) != owner.encode():
            raise ConfigError(f"{which.name} was not written by this collector: choose another place for [parquet]")
    both = there.keys() | known.keys()
    return {which for which in both if which not in known or there.get(which) != known[which].bytes}


async def _renew(
    db: AsyncConnection, place: DayFiles, which: DayPart, owner: str, before: WrittenFile | None, size: int | None
) -> int:
    """Write one file, of which there is one of that ``size``; the place in ``Night`` at which it counts."""
    marks, readings = await columns.write(db, which, place.begun, owner)
    after = _known_by(place.begun, readings) if readings else None
    async with db.transaction():
        await days.note(db, which, marks, before, after)
        if after is None:
            place.remove(which.name)
            return 2 if size is None else 1
        if after == before and size == after.bytes:
            return 2
        place.put(which.name)
    return 0


def _known_by(file: Path, readings: int) -> WrittenFile:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return WrittenFile(file.stat().st_size, digest, readings)


def _away(error: OSError) -> StoreError:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return StoreError(f"[parquet] the files cannot be written: {said}")
