"""The schema, as ordered steps: those of 0.1.0 are in ``migrations_0_1_0``, the later ones follow here.

A step is never edited once released: a new step is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.ledger_from_marks import fill
from gateway.store.migrations_0_1_0 import migrations
from gateway.store.minutes import gather_all

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ("migrations",)


@migrations()
def superseded_notices(db: Database) -> None:
    """A notice that a later one makes untrue is not told any more."""
    db.execute("ALTER TABLE notice ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0")


@migrations()
def what_was_handed_over(db: Database) -> None:
    """When a row of the outbox was first handed over (0: not yet), up to which number, and what receipts said of it.

    ``awaited``: rows that were handed over and left the outbox before their receipt; ``told``: how many of a day's
    confirmed points the journal has.
    """
    db.execute("ALTER TABLE outbox ADD COLUMN handed INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE recipient ADD COLUMN handed INTEGER NOT NULL DEFAULT 0")
    # What an earlier version handed over and still keeps goes out once more, and is noted then.
    db.execute(
        "UPDATE recipient SET handed = coalesce((SELECT min(seq) - 1 FROM outbox WHERE recipient = id), last_seq)"
    )
    db.execute(
        "CREATE TABLE awaited (recipient INTEGER NOT NULL, seq INTEGER NOT NULL, handed INTEGER NOT NULL,"
        " PRIMARY KEY (recipient, seq)) STRICT, WITHOUT ROWID"
    )
    # Whatever takes a row away, a withdrawal, an erasure, a retention: a receipt may still come.
    db.execute(
        "CREATE TRIGGER outbox_awaited AFTER DELETE ON outbox WHEN OLD.handed > 0"
        " BEGIN INSERT OR REPLACE INTO awaited VALUES (OLD.recipient, OLD.seq, OLD.handed); END"
    )
    db.execute(
        "CREATE TABLE confirmed (day INTEGER NOT NULL, recipient TEXT NOT NULL, points INTEGER NOT NULL,"
        " told INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (day, recipient)) STRICT, WITHOUT ROWID"
    )


@migrations()
def refused_domains(db: Database) -> None:
    """Of which domains the household hears no requests, until when."""
    db.execute(
        "CREATE TABLE refused_domain (domain TEXT PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL,"
        " by TEXT NOT NULL, channel TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )


@migrations()
def who_shows_its_presence(db: Database) -> None:
    """Which recipients have ever shown that they are there; they are sent nothing while they do not."""
    db.execute("ALTER TABLE recipient ADD COLUMN shows INTEGER NOT NULL DEFAULT 0")


@migrations()
def energy_ledger(db: Database) -> None:
    """What each register counted, span by span, filled from the indexes at half hours and beside breaks."""
    db.execute(
        "CREATE TABLE span (register INTEGER NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL,"
        " value INTEGER NOT NULL, wh INTEGER NOT NULL, evidence INTEGER NOT NULL,"
        " PRIMARY KEY (register, start)) STRICT, WITHOUT ROWID"
    )
    # A handful: where days are not the difference of two indexes.
    db.execute("CREATE INDEX span_doubtful ON span (register, start) WHERE evidence >= 2")
    fill(db)


@migrations()
def minutes_by_half_hour(db: Database) -> None:
    """The closed minutes of indexes and gauges, a half hour of one series in a row (``minutes.py``)."""
    # No table without rowid: on a page of 512 bytes its rows have room for 102, and use a page more from there on.
    db.execute("CREATE TABLE minutes (id INTEGER PRIMARY KEY, minutes BLOB NOT NULL) STRICT")
    gather_all(db.conn)


@migrations()
def raw_gauges_by_half_hour(db: Database) -> None:
    """The raw values of gauges, a half hour of one series in a row (``raw.py``); the others go in two days."""
    db.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, readings BLOB NOT NULL) STRICT")


@migrations()
def tariff_notes(db: Database) -> None:
    """What the calendar of tariff classes knows of a meter: kind, number (a POSIX second, if it is of a time), text."""
    db.execute(
        "CREATE TABLE tariff_note (meter INTEGER NOT NULL REFERENCES meter, kind TEXT NOT NULL,"
        " number INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (meter, kind, number)) STRICT, WITHOUT ROWID"
    )


@migrations()
def imported_history(db: Database) -> None:
    """Points of others' files by batch, beside the meter's own (``imports.py``); the file itself in parts."""
    db.execute(
        "CREATE TABLE imported_batch (id INTEGER PRIMARY KEY AUTOINCREMENT, meter INTEGER NOT NULL REFERENCES meter,"
        " sha256 BLOB NOT NULL, name TEXT NOT NULL, form TEXT NOT NULL, rank INTEGER NOT NULL, rules INTEGER NOT NULL,"
        " choices TEXT NOT NULL, given_by TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (meter, sha256)) STRICT"
    )
    db.execute(
        "CREATE TABLE imported_file (batch INTEGER NOT NULL REFERENCES imported_batch, part INTEGER NOT NULL,"
        " bytes BLOB NOT NULL, PRIMARY KEY (batch, part)) STRICT"
    )
    db.execute(
        "CREATE TABLE imported_series (id INTEGER PRIMARY KEY, meter INTEGER NOT NULL REFERENCES meter,"
        " path TEXT NOT NULL, UNIQUE (meter, path)) STRICT"
    )
    db.execute(
        "CREATE TABLE imported (series INTEGER NOT NULL, start INTEGER NOT NULL, step INTEGER NOT NULL,"
        " batch INTEGER NOT NULL REFERENCES imported_batch, value INTEGER NOT NULL, flags INTEGER NOT NULL,"
        " PRIMARY KEY (series, start, step, batch)) STRICT, WITHOUT ROWID"
    )


@migrations()
def household_notices(db: Database) -> None:
    """What the household is to be told by each of its ways (``household_notices.py``), and the ways that refuse."""
    db.execute(
        "CREATE TABLE household_notice (id INTEGER PRIMARY KEY AUTOINCREMENT, way TEXT NOT NULL, matter TEXT NOT NULL,"
        " event TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL,"
        " expires INTEGER NOT NULL, ending INTEGER NOT NULL, urgent INTEGER NOT NULL,"
        " tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, ended_at INTEGER, message INTEGER) STRICT"
    )
    db.execute("CREATE INDEX household_notice_of_way ON household_notice (way, matter)")
    db.execute(
        "CREATE TABLE refused_way (way TEXT PRIMARY KEY, address TEXT NOT NULL, since INTEGER NOT NULL,"
        " why TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )
