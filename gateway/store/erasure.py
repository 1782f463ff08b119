"""Erasure at the household's order: rows deleted, past recipients told, the journal still provable, the bytes gone.

One transaction deletes, queues the notices and makes the journal's entry. Then the file is written anew (VACUUM) and
its log emptied: what a delete leaves in free pages goes too. A memory card keeps old blocks for a while whatever a
program does; only a card that is encrypted or destroyed is beyond that.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.connection import DELETES, ERASES, FILE_NAME
from gateway.store.copies import copies_of_before, files_for_household, set_aside, unpacked
from gateway.store.points import Granularity, Series, under
from gateway.store.pseudonyms import KEY_NAME, Pseudonyms
from gateway.store.queue import Purged
from gateway.store.recorder import SUM_OFFSET_S, period_start
from gateway.store.terms import Channel, ConsentChangeKind, NoticeKind
from gateway.store.transactions import Transactions, translated
from gateway.store.transfers import FOR_EVER, Transfers
from gateway.tic.tariff_memory import OF_A_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.store.consents import Consents
    from gateway.store.imports import Imports
    from gateway.store.journal import Journal
    from gateway.store.ledger_entries import LedgerEntries
    from gateway.store.meters import Meters
    from gateway.store.minutes import Minutes
    from gateway.store.notices import RecipientNotices
    from gateway.store.queue import Accounts
    from gateway.store.raw import RawGauges

log = logging.getLogger(__name__)

# What a household chose at its page; others read and write it.
SETTINGS_NAMES = ("settings.json", "settings-before.json", "choices.json")

# In which a household's own data stand; the rows of meters stay, without what names a delivery point.
_HOUSEHOLD = (
    *("reading", "readings", "minute", "minutes", "coarse", "span", "outbox", "awaited", "counter", "event"),
    *("tariff_note", "kept_day"),
    *("undated", "correction", "journal_day", "subscription", "recipient", "consent_held", "consent_change"),
    *("consent", "shown_text", "access_request", "health_answer", "refused_domain", "transfer", "confirmed"),
    *("party", "pseudonym", "absence", "told", "household_notice", "series"),
    *("received_point", "received_series", "received_event", "received_gap", "received_span"),
    *("received_chain", "received_subscription", "received_anchor"),
    *("received_provider", "imported", "imported_file", "imported_series", "imported_batch"),
)

# What is kept about one recipient (?1), in an order in which no row is named by another when it goes.
_RECIPIENT = (
    "DELETE FROM outbox WHERE recipient = (SELECT id FROM recipient WHERE jid = ?1)",
    "DELETE FROM awaited WHERE recipient = (SELECT id FROM recipient WHERE jid = ?1)",
    "DELETE FROM subscription WHERE recipient = (SELECT id FROM recipient WHERE jid = ?1)",
    "DELETE FROM recipient WHERE jid = ?1",
    "DELETE FROM consent_held WHERE consent IN (SELECT id FROM consent WHERE recipient = ?1)",
    "DELETE FROM consent_change WHERE consent IN (SELECT id FROM consent WHERE recipient = ?1)",
    "UPDATE consent SET replaces = NULL WHERE recipient = ?1",
    "DELETE FROM consent WHERE recipient = ?1",
    "DELETE FROM health_answer WHERE installer = ?1",
    "DELETE FROM shown_text WHERE ?1 <> '' AND hash NOT IN (SELECT text_hash FROM consent)"
    " AND hash NOT IN (SELECT text_hash FROM health_answer)",
    "DELETE FROM access_request WHERE jid = ?1",
    "DELETE FROM notice WHERE recipient = ?1 AND confirmed_at IS NOT NULL",
    "DELETE FROM transfer WHERE party = (SELECT id FROM party WHERE jid = ?1)",
    "DELETE FROM party WHERE jid = ?1",
    "DELETE FROM confirmed WHERE recipient = ?1",
    "DELETE FROM pseudonym WHERE recipient = ?1",
    "DELETE FROM absence WHERE recipient = ?1",
    "DELETE FROM told WHERE substr(what, -length(?1) - 1) = ' ' || ?1",
    "DELETE FROM household_notice WHERE substr(matter, -length(?1) - 1) = ' ' || ?1",
)

_KNOWN = (
    "SELECT 1 FROM consent WHERE recipient = ?1 UNION SELECT 1 FROM recipient WHERE jid = ?1"
    " UNION SELECT 1 FROM health_answer WHERE installer = ?1"
    " UNION SELECT 1 FROM party WHERE jid = ?1 UNION SELECT 1 FROM access_request WHERE jid = ?1 LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure takes, or took: readings and roll-ups, queued messages, events; and who is asked to erase too."""

    readings: int = 0
    queued: int = 0
    events: int = 0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """Series of one meter, or of all when it is None, at or below ``prefix``, in ``[first, last)``."""

    meter: str | None = None
    prefix: str = ""
    first: int = 0
    last: int = FOR_EVER


class Erasure:
    """Deleting for good, in the tables of every part."""

    def __init__(
        self,
        db: Transactions,
        meters: Meters,
        minutes: Minutes,
        raw: RawGauges,
        journal: Journal,
        notices: RecipientNotices,
        pseudonyms: Pseudonyms,
        transfers: Transfers,
        consents: Consents,
        entries: LedgerEntries,
        imports: Imports,
        accounts: Accounts,
    ) -> None:
        self._db = db
        self._meters = meters
        self._minutes = minutes
        self._raw = raw
        self._journal = journal
        self._notices = notices
        self._pseudonyms = pseudonyms
        self._transfers = transfers
        self._consents = consents
        self._entries = entries
        self._imports = imports
        self._accounts = accounts

    @translated
    def what_is_in(self, span: Range) -> Erased:
        """What ``erase_range`` would take."""
        series = self._concerned(span)
        readings = sum(self._count(*one) for s in series for one in _places(s, span))
        readings += sum(self._minutes.count(s.id, *_minutes(span)) for s in series)
        readings += sum(self._raw.count(s.id, span.first, span.last) for s in series) + self._imports.count_in(span)
        queued = sum(self._count("outbox", f"series = {s.id} AND {_period('time', span)}") for s in series)
        told = {jid for s in series for jid in self._transfers.recipients_of(s, span.first, span.last)}
        events = self._count("event", *self._events(span))
        return Erased(readings, queued, events, tuple(sorted(told)))

    @translated
    def has_series(self, span: Range) -> bool:
        """Whether any series lies in the span, whatever is stored of it."""
        return bool(self._concerned(span)) or self._imports.has_series(span)

    @translated
    def knows(self, recipient: str) -> bool:
        """Whether anything is kept about a recipient but what it is still to be told."""
        return bool(self._db.execute(_KNOWN, [recipient]).fetchone())

    @translated
    def erase_range(self, span: Range, now: float, by: str = "") -> Erased:
        """Delete readings, every roll-up that overlaps, what is queued, the events; tell whoever was handed any."""
        self._secure()
        with self._db.transaction():
            found = self.what_is_in(span)
            self._tell_erased(span, now)
            series = self._concerned(span)
            for s in series:
                self._minutes.erase(s.id, *_minutes(span))
                self._raw.erase(s.id, span.first, span.last)
                self._entries.erase(s, span.first, span.last)
                for table, where in _places(s, span):
                    self._db.execute(f"DELETE FROM {table} WHERE {where}")  # noqa: S608 (whole numbers and constants)
                where = f"series = {s.id} AND {_period('time', span)}"
                self._accounts.purge(where, [], Purged.ERASED)
                self._db.execute(f"DELETE FROM correction WHERE {where}")  # noqa: S608
            self._imports.erase_in(span)
            where, values = self._events(span)
            self._db.execute(f"DELETE FROM event WHERE {where}", values)  # noqa: S608 (whole numbers and constants)
            self._erase_notes(span)
            facts: dict[str, int | str] = {"what": "readings", "series": span.prefix, "first": span.first}
            facts |= {"last": min(span.last, int(now)), "points": found.readings}
            self._enter_erased(facts | ({"meter": span.meter} if span.meter else {}), by, now)
        return found

    @translated
    def erase_recipient(self, recipient: str, now: float, by: str = "", channel: Channel = Channel.COMMAND) -> int:
        """Withdraw what the recipient may have, ask it to erase, delete what is kept about it; how many consents.

        The notices stay until it has confirmed them. In the journal the entries stay, and its name goes.
        """
        self._secure()
        with self._db.transaction():
            consents = self._withdraw_all(recipient, now, by, channel)
            # What it was handed of the day goes into the journal under its commitment, and the name goes with the
            # others.
            self._journal.flush()
            self._allow_deletes(True)
            for statement in _RECIPIENT:
                self._db.execute(statement, [recipient])
            self._allow_deletes(False)
            self._journal.erase_naming(recipient)
            self._enter_erased({"what": "recipient", "consents": consents}, by, now)
        return consents

    @translated
    def erase_everything(self, now: float, by: str = "", channel: Channel = Channel.COMMAND) -> Erased:
        """Delete all of a household but the notices that ask others to erase, and the journal without its names."""
        self._secure()
        with self._db.transaction():
            found = self.what_is_in(Range())
            for recipient in {c.recipient for c in self._consents.all()}:
                self._withdraw_all(recipient, now, by, channel)
            self._tell_erased(Range(), now)
            self._journal.flush()
            self._allow_deletes(True)
            for table in _HOUSEHOLD:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 (a constant)
            self._allow_deletes(False)
            kept = [_ERASED.value, NoticeKind.CONSENT_WITHDRAWN.value]
            self._db.execute("DELETE FROM notice WHERE kind NOT IN (?, ?) OR confirmed_at IS NOT NULL", kept)
            self._db.execute("UPDATE meter SET prm = NULL, address = NULL, last_time = 0")
            self._enter_erased({"what": "everything", "points": found.readings}, by, now)
            self._journal.erase()
        self._db.rows_are_gone()
        return found

    def wipe(self) -> bool:
        """Write the file anew without what was deleted, and empty its log; False when a reader holds the log still.

        Then it is done by the next call: nothing but time is lost by calling it again.
        """
        try:
            self._db.commit()
            if self._db.redo:
                self._db.redo.wipe()
            self._secure()
            self._db.execute("VACUUM")
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"it is erased, but the file cannot be written anew: {error}; try again") from error
        finally:
            self._db.execute(DELETES)
        return not busy

    def copies(self) -> list[str]:
        """The names of damaged files, of copies of before and for a backup: whatever was in them is in them still."""
        folder = self._journal.key_path.parent
        damaged = sorted(path.name for path in folder.glob(f"{FILE_NAME}.damaged-*"))
        return [*damaged, *copies_of_before(folder), *sorted(path.name for path in unpacked(folder))]

    def beside(self) -> list[str]:
        """The names of what lies beside the database and holds a household's data: old files, a key, what it chose."""
        folder = self._journal.key_path.parent
        # What an import that was cut off left there.
        left = (*folder.glob("history-*.import"), *files_for_household(folder))
        names = (*self.copies(), *set_aside(folder), *sorted(path.name for path in left), KEY_NAME, *SETTINGS_NAMES)
        return [name for name in dict.fromkeys(names) if (folder / name).exists()]

    def remove_copies(self) -> list[str]:
        """Remove what lies ``beside``; what went. What cannot be removed lies there still, and the others go."""
        folder = self._journal.key_path.parent
        return [name for name in self.beside() if _remove(folder / name)]

    def _withdraw_all(self, recipient: str, now: float, by: str, channel: Channel) -> int:
        """End what the recipient may have, and ask it to erase what it ever could have; how many consents."""
        consents = self._consents.of(recipient)
        for consent in consents:
            if consent.withdrawn_at is None:
                self._consents.change(consent, ConsentChangeKind.WITHDRAWN, now, by, channel)
        # Of several versions one: the oldest reaches furthest back.
        for consent in {(c.meter, c.prefix): c for c in reversed(consents)}.values():
            for sensor in self._pseudonyms.known_as(recipient, consent.meter, now):
                self._notices.queue(
                    recipient, NoticeKind.CONSENT_WITHDRAWN, self._transfers.facts_of(consent, now, sensor), now
                )
        return len(consents)

    def _tell_erased(self, span: Range, now: float) -> None:
        for meter in self._meters.all():
            if span.meter not in (None, meter.name):
                continue
            series = [s for s in self._meters.series(meter.name) if under(s.path, span.prefix)]
            # Without a prefix by the first level: a notice without a name would be of everything for ever.
            for prefix in [span.prefix] if span.prefix else sorted({s.path.partition("/")[0] for s in series}):
                concerned = [s for s in series if under(s.path, prefix)]
                self._transfers.tell_past(_ERASED, meter.name, concerned, span.first, span.last, now, prefix)

    def _enter_erased(self, facts: dict[str, int | str], by: str, now: float) -> None:
        self._journal.append("data-erased", facts, {"by": by} if by else {}, now)

    def _concerned(self, span: Range) -> list[Series]:
        meters = [m.name for m in self._meters.all() if span.meter in (None, m.name)]
        return [s for meter in meters for s in self._meters.series(meter) if under(s.path, span.prefix)]

    def _events(self, span: Range) -> tuple[str, list[str]]:
        """Which events lie in the span: those of its series, and those of the meters where it has no prefix."""
        meters = ", ".join(str(m.id) for m in self._meters.all() if span.meter in (None, m.name)) or "NULL"
        paths = [path for (path,) in self._db.execute("SELECT DISTINCT series FROM event")]
        where = f"meter IN ({meters}) AND series IN (SELECT value FROM json_each(?)) AND {_period('time', span)}"  # noqa: S608
        return where, [json.dumps([path for path in paths if under(path, span.prefix)])]

    def _erase_notes(self, span: Range) -> None:
        """What the calendar of tariffs knows of that time was read from the contract's series."""
        if under("contract/tariff", span.prefix):
            meters = ", ".join(str(m.id) for m in self._meters.all() if span.meter in (None, m.name)) or "NULL"
            kinds = ", ".join(f"'{kind}'" for kind in OF_A_TIME)
            where = f"meter IN ({meters}) AND kind IN ({kinds}) AND {_period('number', span)}"
            self._db.execute(f"DELETE FROM tariff_note WHERE {where}")  # noqa: S608 (whole numbers and constants)

    def _count(self, table: str, where: str, values: Sequence[str] = ()) -> int:
        (count,) = self._db.execute(f"SELECT count(*) FROM {table} WHERE {where}", values).fetchone()  # noqa: S608
        return int(count)

    def _secure(self) -> None:
        """Let deletes overwrite what they free, until ``wipe``: what every delivery deletes would wear the card."""
        self._db.execute(ERASES)

    def _allow_deletes(self, allowed: bool) -> None:
        """Consents refuse every change unless this row is there; it never outlives the transaction."""
        if allowed:
            self._db.execute("INSERT INTO about VALUES ('erasing', '')")
        else:
            self._db.execute("DELETE FROM about WHERE key = 'erasing'")


_ERASED = NoticeKind.DATA_ERASED


def _places(series: Series, span: Range) -> Sequence[tuple[str, str]]:
    """Tables and conditions of a series' points in the span: of roll-ups all whose period meets it."""
    found = [("reading", f"series = {series.id} AND {_period('time', span)}")]
    for step, table, more in (
        (Granularity.QUARTER, "coarse", "step = 900 AND "),
        (Granularity.HALF_HOUR, "coarse", "step = 1800 AND "),
        (Granularity.DAY, "coarse", "step = 86400 AND "),
    ):
        start = period_start(step, span.first) if span.first > 0 else 0
        found.append((table, f"{more}series = {series.id} AND time >= {start} AND time < {span.last}"))
    # The sum of a half hour whose minutes were given up (``Batch.thin``) is of all of it.
    minute, last = _minutes(span)
    start = period_start(Granularity.HALF_HOUR, span.first) if span.first > 0 else 0
    among = f"time >= {start} AND time < {min(minute, last)} AND time % {int(Granularity.HALF_HOUR)} = {SUM_OFFSET_S}"
    found.append(("minute", f"series = {series.id} AND {among}"))
    return found


def _minutes(span: Range) -> tuple[int, int]:
    """From when to when the minutes begin that the span meets."""
    return period_start(Granularity.MINUTE, span.first) if span.first > 0 else 0, span.last


def _period(column: str, span: Range) -> str:
    return f"{column} >= {span.first} AND {column} < {span.last}"


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("%s: cannot be removed: %s", path, error.strerror)
        return False
    return True
