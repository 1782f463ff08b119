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


# What a day is made of: (table, condition, first and last second that a changed row has to do with).
_OF_DAYS = (
    ("coarse", " WHEN {row}.step = 1800", "{row}.time", "{row}.time"),
    ("received_point", "", "{row}.time", "{row}.time"),
    # A break tells something of the half hours around it.
    ("event", "", "{row}.time - 3600", "{row}.time + 86400"),
    ("span", "", "{row}.start", "{row}.until"),
)
# What a register at rest counted is one row of years, of which only the end moves.
_AT_REST = "OLD.wh = 0 AND (OLD.value, OLD.wh, OLD.evidence) = (NEW.value, NEW.wh, NEW.evidence)"


@migrations()
def days_that_are_over(db: Database) -> None:
    """What each local day of a meter came to (``told``), made by the household's room, gone with any change below it.

    ``sources`` says of what it was reckoned, and how. It has taken the place of ``self_use``. So no erasure,
    rectification or late arrival has to know of it.
    """
    for (name,) in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'self_use_*'"
    ).fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("DROP TABLE self_use")
    db.execute(
        "CREATE TABLE kept_day (day INTEGER NOT NULL, meter INTEGER NOT NULL, sources INTEGER NOT NULL,"
        " told TEXT NOT NULL, PRIMARY KEY (day, meter, sources)) STRICT, WITHOUT ROWID"
    )
    for table, only, first, last in _OF_DAYS:
        for what, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            begin, end, when = first.format(row=row), last.format(row=row), only.format(row=row)
            if (table, what) == ("span", "UPDATE"):
                begin = f"CASE WHEN {_AT_REST} THEN min(OLD.until, NEW.until) ELSE OLD.start END"
                end = "max(OLD.until, NEW.until)"
            # Of the day before its beginning too: an index is at the end of one and the start of the next. The longest
            # day has 25 hours.
            db.execute(
                f"CREATE TRIGGER kept_day_{table}_{what.lower()} AFTER {what} ON {table}{when}"  # noqa: S608
                f" BEGIN DELETE FROM kept_day WHERE day >= {begin} - 90000 AND day <= {end}; END"
            )


@migrations()
def accounts(db: Database) -> None:
    """What each recipient was promised and what became of it (``queue.py``), from what is known of before."""
    for column in (
        *("since", "promised", "sent", "confirmed", "by_server", "lapsed", "besides"),
        *("withdrawn", "erased", "corrected", "expired", "crowded", "passed", "unfit"),
    ):
        db.execute(f"ALTER TABLE recipient ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    # Its receipts by day were counted; what only its server took is among the answers then.
    db.execute(
        "UPDATE recipient SET confirmed = (SELECT coalesce(sum(points), 0) FROM confirmed WHERE recipient = jid),"
        " since = coalesce((SELECT min(hour) FROM transfer JOIN party ON party.id = party WHERE party.jid ="
        " recipient.jid), (SELECT min(asked_at) FROM subscription WHERE recipient = recipient.id),"
        " CAST(strftime('%s') AS INTEGER))"
    )
    db.execute(
        "UPDATE recipient SET sent = confirmed + (SELECT count(*) FROM awaited WHERE recipient = id)"
        " + (SELECT count(*) FROM outbox WHERE recipient = id AND outbox.handed > 0)"
    )
    db.execute(
        "UPDATE recipient SET promised = sent + (SELECT count(*) FROM outbox WHERE recipient = id AND"
        " outbox.handed = 0), besides = max(0, (SELECT coalesce(sum(points), 0) FROM transfer JOIN party"
        " ON party.id = party WHERE party.jid = recipient.jid) - sent)"
    )


@migrations()
def sent_again(db: Database) -> None:
    """Which rows of the outbox replace what their recipient has, as it was found to be another."""
    db.execute("ALTER TABLE outbox ADD COLUMN again INTEGER NOT NULL DEFAULT 0")


@migrations()
def last_comparison(db: Database) -> None:
    """What came of the last comparison with each recipient (``queue.py``): when, in a word, in values.

    ``compared_again``: how many comparisons in a row have found something missing or altered there.
    """
    db.execute("ALTER TABLE recipient ADD COLUMN compared_as TEXT NOT NULL DEFAULT ''")
    for column in ("at", "same", "missing", "altered", "surplus", "again"):
        db.execute(f"ALTER TABLE recipient ADD COLUMN compared_{column} INTEGER NOT NULL DEFAULT 0")
