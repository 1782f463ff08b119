"""The schema of 0.1.0, as ordered steps; each runs once, in one transaction with the record that it ran (sqlite-utils).

None of them is edited any more. Times are POSIX seconds UTC. The tables that grow are
``WITHOUT ROWID`` and keyed (series, time): one value costs about 14 bytes and a range of one series is one read.
"""

from __future__ import annotations

import secrets

from sqlite_utils import Database, Migrations

migrations = Migrations("linky-gateway")

# What a request asks for and a consent gives, in the same words.
_TERMS = (
    "push INTEGER NOT NULL, history INTEGER NOT NULL, history_from INTEGER, purpose TEXT NOT NULL,"
    " controller TEXT NOT NULL, contact TEXT NOT NULL, privacy TEXT NOT NULL, role TEXT NOT NULL,"
    " code_url TEXT NOT NULL, code_version TEXT NOT NULL, code_hash TEXT NOT NULL, retention TEXT NOT NULL"
)


@migrations()
def meters_and_series(db: Database) -> None:
    """What is measured: meters, and one row for each quantity of a meter."""
    db.execute("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    # Numbers of the outbox mean nothing in another database file: the epoch tells two files apart.
    db.execute("INSERT INTO about VALUES ('epoch', ?)", [secrets.token_hex(4)])
    db.execute(
        "CREATE TABLE meter (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sensor TEXT NOT NULL UNIQUE,"
        " prm TEXT, address TEXT, last_time INTEGER NOT NULL DEFAULT 0) STRICT"
    )
    db.execute(
        "CREATE TABLE series (id INTEGER PRIMARY KEY, meter INTEGER NOT NULL REFERENCES meter,"
        " path TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (meter, path)) STRICT"
    )


@migrations()
def readings_and_rollups(db: Database) -> None:
    """What was read (only changes), by minute, and by half hour and day (``coarse``)."""
    db.execute(
        "CREATE TABLE reading (series INTEGER NOT NULL, time INTEGER NOT NULL, value ANY NOT NULL,"
        " quality INTEGER NOT NULL, PRIMARY KEY (series, time)) STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE minute (series INTEGER NOT NULL, time INTEGER NOT NULL, samples INTEGER NOT NULL,"
        " total INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, last ANY NOT NULL,"
        " closed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series, time)) STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE coarse (series INTEGER NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL,"
        " value ANY NOT NULL, PRIMARY KEY (series, step, time)) STRICT, WITHOUT ROWID"
    )


@migrations()
def consents_and_outbox(db: Database) -> None:
    """Who may have what, who asked for it, and what was promised and not yet confirmed."""
    db.execute(
        "CREATE TABLE consent (id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, meter INTEGER NOT NULL"
        " REFERENCES meter, prefix TEXT NOT NULL, granularity INTEGER NOT NULL, given_at INTEGER NOT NULL,"
        " until INTEGER NOT NULL, withdrawn_at INTEGER) STRICT"
    )
    db.execute(
        "CREATE TABLE recipient (id INTEGER PRIMARY KEY, jid TEXT NOT NULL UNIQUE,"
        " last_seq INTEGER NOT NULL DEFAULT 0) STRICT"
    )
    db.execute(
        "CREATE TABLE subscription (recipient INTEGER NOT NULL REFERENCES recipient, meter INTEGER NOT NULL"
        " REFERENCES meter, prefix TEXT NOT NULL, form TEXT NOT NULL, confirm TEXT NOT NULL,"
        " asked_at INTEGER NOT NULL, PRIMARY KEY (recipient, meter, prefix)) STRICT, WITHOUT ROWID"
    )
    # The value travels with the row: a reading may be older than its retention when its recipient comes back.
    db.execute(
        "CREATE TABLE outbox (recipient INTEGER NOT NULL, seq INTEGER NOT NULL, series INTEGER NOT NULL,"
        " granularity INTEGER NOT NULL, time INTEGER NOT NULL, value ANY NOT NULL,"
        " PRIMARY KEY (recipient, seq)) STRICT, WITHOUT ROWID"
    )


@migrations()
def events(db: Database) -> None:
    """What happened to a meter: breaks of its series, and what a household may want to know; ``detail`` is JSON."""
    db.execute(
        "CREATE TABLE event (id INTEGER PRIMARY KEY, meter INTEGER NOT NULL REFERENCES meter, time INTEGER NOT NULL,"
        " kind TEXT NOT NULL, series TEXT NOT NULL, detail TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX event_time ON event (time)")


@migrations()
def undated_frames(db: Database) -> None:
    """Frames that nobody can date yet; ``at`` is milliseconds since the start (``boot``) of the machine."""
    db.execute(
        "CREATE TABLE undated (meter INTEGER NOT NULL REFERENCES meter, boot TEXT NOT NULL, at INTEGER NOT NULL,"
        " frame TEXT NOT NULL, PRIMARY KEY (meter, boot, at)) STRICT, WITHOUT ROWID"
    )


@migrations()
def journal(db: Database) -> None:
    """What was decided and what left: the signed chain, its personal texts beside it, and transfers of the open day."""
    db.execute(
        "CREATE TABLE journal (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL,"
        " hash BLOB NOT NULL, sig BLOB NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE journal_text (seq INTEGER NOT NULL, field TEXT NOT NULL, salt BLOB NOT NULL, text TEXT NOT NULL,"
        " PRIMARY KEY (seq, field)) STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE journal_day (day INTEGER NOT NULL, recipient TEXT NOT NULL, series INTEGER NOT NULL,"
        " granularity INTEGER NOT NULL, points INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
        " PRIMARY KEY (day, recipient, series, granularity)) STRICT, WITHOUT ROWID"
    )


@migrations()
def counters(db: Database) -> None:
    """What pulses have added up to, exact (``1234``, ``24691/2``), where the index of a reading is a whole number."""
    db.execute(
        "CREATE TABLE counter (meter INTEGER NOT NULL REFERENCES meter, path TEXT NOT NULL, total TEXT NOT NULL,"
        " PRIMARY KEY (meter, path)) STRICT, WITHOUT ROWID"
    )


@migrations()
def received(db: Database) -> None:
    """What other providers send us, apart from our own: theirs, under their retention, and never passed on."""
    db.execute("CREATE TABLE received_provider (jid TEXT PRIMARY KEY, heard_at INTEGER NOT NULL) STRICT, WITHOUT ROWID")
    db.execute(
        "CREATE TABLE received_subscription (provider TEXT NOT NULL, identifier TEXT NOT NULL, since INTEGER NOT NULL,"
        " PRIMARY KEY (provider, identifier)) STRICT, WITHOUT ROWID"
    )
    # [first, last): to be asked of the provider's history; replaces: what it says now is the truth (a rectification).
    db.execute(
        "CREATE TABLE received_gap (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, identifier TEXT NOT NULL,"
        " first INTEGER NOT NULL, last INTEGER NOT NULL, replaces INTEGER NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE received_chain (provider TEXT NOT NULL, epoch TEXT NOT NULL, reached INTEGER NOT NULL,"
        " PRIMARY KEY (provider, epoch)) STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE received_span (provider TEXT NOT NULL, epoch TEXT NOT NULL, after INTEGER NOT NULL,"
        " last INTEGER NOT NULL, PRIMARY KEY (provider, epoch, after, last)) STRICT, WITHOUT ROWID"
    )
    # sen1 is the literal name, name the form in which it came last; ignored counts values that would have changed.
    db.execute(
        "CREATE TABLE received_series (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, sen1 TEXT NOT NULL,"
        " granularity TEXT NOT NULL, unit TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, retention TEXT,"
        " ignored INTEGER NOT NULL DEFAULT 0, UNIQUE (provider, sen1, granularity, unit)) STRICT"
    )
    db.execute(
        "CREATE TABLE received_point (series INTEGER NOT NULL, time ANY NOT NULL, value ANY NOT NULL,"
        " PRIMARY KEY (series, time)) STRICT, WITHOUT ROWID"
    )
    # notice is the provider's own id of it: told twice, it is done once.
    db.execute(
        "CREATE TABLE received_event (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, notice TEXT NOT NULL,"
        " time INTEGER NOT NULL, kind TEXT NOT NULL, series TEXT NOT NULL, detail TEXT NOT NULL,"
        " UNIQUE (provider, notice)) STRICT"
    )


@migrations()
def consents_as_documents(db: Database) -> None:
    """A consent is a row that never changes, and what happens to it later is rows of its own; old ones are carried.

    Both tables refuse UPDATE and DELETE, except while ``about`` has a row ``erasing``: only the erasure of a household
    at its own order writes that row, and takes it away in the same transaction.
    """
    db.execute("ALTER TABLE consent RENAME TO consent_before")
    db.execute(
        "CREATE TABLE consent (id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, meter INTEGER NOT NULL"
        " REFERENCES meter, prefix TEXT NOT NULL, granularity INTEGER NOT NULL, given_at INTEGER NOT NULL,"
        " until INTEGER NOT NULL, begins INTEGER NOT NULL, replaces INTEGER REFERENCES consent,"
        f" {_TERMS}, given_by TEXT NOT NULL, channel TEXT NOT NULL, text_version TEXT NOT NULL,"
        " lang TEXT NOT NULL, text_hash TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX consent_recipient ON consent (recipient)")
    db.execute(
        "CREATE TABLE consent_change (id INTEGER PRIMARY KEY, consent INTEGER NOT NULL REFERENCES consent,"
        " at INTEGER NOT NULL, kind TEXT NOT NULL CHECK"
        " (kind IN ('withdrawn', 'replaced', 'erased', 'limited', 'resumed')),"
        " given_by TEXT NOT NULL, channel TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX consent_change_of ON consent_change (consent)")
    db.execute(
        "INSERT INTO consent SELECT id, recipient, meter, prefix, granularity, given_at, until, given_at, NULL,"
        " 1, 1, NULL, '', '', '', '', 'controller', '', '', '', '', '', 'command', '', '', '' FROM consent_before"
    )
    db.execute(
        "INSERT INTO consent_change (consent, at, kind, given_by, channel)"
        " SELECT id, withdrawn_at, 'withdrawn', '', 'command' FROM consent_before WHERE withdrawn_at IS NOT NULL"
    )
    db.execute("DROP TABLE consent_before")
    for table in ("consent", "consent_change"):
        for what in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table}"  # noqa: S608 (of constants)
                " WHEN NOT EXISTS (SELECT 1 FROM about WHERE key = 'erasing')"
                " BEGIN SELECT RAISE(ABORT, 'a consent is never changed, only added to'); END"
            )


@migrations()
def access_notices_and_transfers(db: Database) -> None:
    """What strangers ask for, what recipients are to be told (``payload`` is JSON), and who received what."""
    db.execute(
        "CREATE TABLE access_request (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, jid TEXT NOT NULL,"
        " sensor TEXT NOT NULL, prefix TEXT NOT NULL, granularity INTEGER NOT NULL,"
        f" {_TERMS}, until INTEGER, lang TEXT NOT NULL, state TEXT NOT NULL CHECK"
        " (state IN ('pending', 'granted', 'refused', 'expired')), answered_at INTEGER, consents TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX access_request_at ON access_request (at)")
    db.execute(
        "CREATE TABLE notice (id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, at INTEGER NOT NULL,"
        " kind TEXT NOT NULL, payload TEXT NOT NULL, lang TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
        " sent_at INTEGER, confirmed_at INTEGER) STRICT"
    )
    db.execute("CREATE INDEX notice_open ON notice (id) WHERE confirmed_at IS NULL")
    # Who is written once: the rows that grow hold numbers only, about 30 bytes a series, recipient and hour.
    db.execute("CREATE TABLE party (id INTEGER PRIMARY KEY, jid TEXT NOT NULL UNIQUE) STRICT")
    db.execute(
        "CREATE TABLE transfer (series INTEGER NOT NULL, granularity INTEGER NOT NULL, party INTEGER NOT NULL,"
        " hour INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, points INTEGER NOT NULL,"
        " PRIMARY KEY (series, granularity, party, hour)) STRICT, WITHOUT ROWID"
    )


@migrations()
def recipients_away_and_anchors(db: Database) -> None:
    """Who is away and since when, which notices came back, and the heads of other gateways' journals."""
    # days: on how many different days something came back; suspended_at: when we stopped trying.
    db.execute(
        "CREATE TABLE absence (recipient TEXT PRIMARY KEY, since INTEGER NOT NULL, last INTEGER NOT NULL,"
        " days INTEGER NOT NULL, condition TEXT NOT NULL, suspended_at INTEGER) STRICT, WITHOUT ROWID"
    )
    db.execute("ALTER TABLE notice ADD COLUMN bounced INTEGER NOT NULL DEFAULT 0")
    db.execute(
        "CREATE TABLE received_anchor (provider TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
        " hash TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (provider, epoch)) STRICT, WITHOUT ROWID"
    )


@migrations()
def privacy(db: Database) -> None:
    """The texts that were shown, corrections, pseudonyms, and consents that an import holds back."""
    db.execute(
        "CREATE TABLE shown_text (hash TEXT PRIMARY KEY, lang TEXT NOT NULL, words TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )
    db.execute("ALTER TABLE consent ADD COLUMN profile TEXT NOT NULL DEFAULT 'exact'")
    db.execute("ALTER TABLE consent ADD COLUMN pseudonym INTEGER NOT NULL DEFAULT 0")
    # Given on another machine: they allow nothing here until the household says so here.
    db.execute("CREATE TABLE consent_held (consent INTEGER PRIMARY KEY REFERENCES consent) STRICT")
    db.execute(
        "CREATE TABLE pseudonym (recipient TEXT NOT NULL, generation INTEGER NOT NULL, since INTEGER NOT NULL,"
        " PRIMARY KEY (recipient, generation)) STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE correction (id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series,"
        " granularity INTEGER NOT NULL, time INTEGER NOT NULL, before ANY NOT NULL, after ANY NOT NULL,"
        " at INTEGER NOT NULL, given_by TEXT NOT NULL, reason TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX correction_of ON correction (series, granularity, time)")


@migrations()
def relayed_frames(db: Database) -> None:
    """How far the frames of each start (``boot``) of a board are stored; ``number`` is the order of the starts."""
    db.execute(
        "CREATE TABLE relayed (number INTEGER PRIMARY KEY, board TEXT NOT NULL, boot TEXT NOT NULL,"
        " seq INTEGER NOT NULL, UNIQUE (board, boot)) STRICT"
    )


@migrations()
def self_use_by_day(db: Database) -> None:
    """What a household used of its own production, by local day; made of half hours, and gone with any change of one.

    ``sources`` says which productions it is of. So no erasure, rectification or late arrival has to know of it.
    """
    db.execute(
        "CREATE TABLE self_use (day INTEGER NOT NULL, meter INTEGER NOT NULL, sources INTEGER NOT NULL,"
        " half_hours INTEGER NOT NULL, drawn INTEGER NOT NULL, produced INTEGER NOT NULL, shared INTEGER NOT NULL,"
        " used INTEGER NOT NULL, used_shared INTEGER NOT NULL, PRIMARY KEY (day, meter, sources)) STRICT, WITHOUT ROWID"
    )
    for table, only in (("coarse", " WHEN {}.step = 1800"), ("received_point", "")):
        for what, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            # A half hour belongs to the day before its beginning too: an index is at the end of one and the start of
            # the next. The longest day has 25 hours.
            db.execute(
                f"CREATE TRIGGER self_use_{table}_{what.lower()} AFTER {what} ON {table}{only.format(row)}"  # noqa: S608
                f" BEGIN DELETE FROM self_use WHERE day >= {row}.time - 90000 AND day <= {row}.time; END"
            )


@migrations()
def told_notices(db: Database) -> None:
    """What the household was told of faults and news, by name, so that a restart does not say it again."""
    db.execute("CREATE TABLE told (what TEXT NOT NULL UNIQUE, since INTEGER NOT NULL) STRICT")


@migrations()
def corrections_that_remove(db: Database) -> None:
    """A correction may take a point away (``after`` is null) and put one back (``before`` is null).

    ``rest`` is what else stood in the row that was taken away (JSON), so that it can come back as it was.
    """
    db.execute("ALTER TABLE correction RENAME TO correction_before")
    db.execute("DROP INDEX correction_of")
    db.execute(
        "CREATE TABLE correction (id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series,"
        " granularity INTEGER NOT NULL, time INTEGER NOT NULL, before ANY, after ANY,"
        " at INTEGER NOT NULL, given_by TEXT NOT NULL, reason TEXT NOT NULL, rest TEXT NOT NULL DEFAULT '') STRICT"
    )
    db.execute("CREATE INDEX correction_of ON correction (series, granularity, time)")
    db.execute(
        "INSERT INTO correction SELECT id, series, granularity, time, before, after, at, given_by, reason, ''"
        " FROM correction_before"
    )
    db.execute("DROP TABLE correction_before")


@migrations()
def health_answers(db: Database) -> None:
    """Whom the household lets know whether its gateway is well; ``until`` is null for a no. Kept as consents are."""
    db.execute(
        "CREATE TABLE health_answer (id INTEGER PRIMARY KEY, installer TEXT NOT NULL, at INTEGER NOT NULL,"
        " until INTEGER, given_by TEXT NOT NULL, channel TEXT NOT NULL, text_version TEXT NOT NULL,"
        " lang TEXT NOT NULL, text_hash TEXT NOT NULL) STRICT"
    )
    for what in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER health_answer_no_{what.lower()} BEFORE {what} ON health_answer"  # noqa: S608 (of constants)
            " WHEN NOT EXISTS (SELECT 1 FROM about WHERE key = 'erasing')"
            " BEGIN SELECT RAISE(ABORT, 'an answer is never changed, only added to'); END"
        )
