"""The journal in the database: what was decided and what left, each entry in the transaction of what it tells.

The form of an entry and its check are ``gateway/journal/``'s. Here are its writing, the transfers that are summed by
the day, and its erasure: personal texts stand beside the chain and can go, the chain stays whole without them.
"""

from __future__ import annotations

import json
import logging
import secrets
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import StoreError
from gateway.journal.entry import (
    FORMAT,
    NO_ENTRY,
    SALT_BYTES,
    Entry,
    Head,
    Kind,
    PersonalText,
    clean,
    digest,
    write_event,
    write_line,
)
from gateway.journal.system_log import LINE
from gateway.store.connection import DELETES, ERASES
from gateway.store.points import Granularity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.journal.key import SigningKey
    from gateway.store.transactions import Transactions

    # Points of one series at one granularity: series, granularity, first time, last time, how many.
    Group = tuple[int, int, int, int, int]

log = logging.getLogger(__name__)

DAY_S = 86_400
KEY_NAME = "journal.key"

_FOR_EVER = 2**62
_COUNT_POINTS = "INSERT INTO journal_day VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADDED_UP = (
    " ON CONFLICT DO UPDATE SET points = points + excluded.points, first = min(first, excluded.first),"
    " last = max(last, excluded.last)"
)


def grouped(points: Iterable[tuple[int, int, int]]) -> list[Group]:
    """Points (series, granularity, time) summed by series and granularity."""
    times: dict[tuple[int, int], list[int]] = {}
    for series, granularity, at in points:
        times.setdefault((series, granularity), []).append(at)
    return [(*key, min(found), max(found), len(found)) for key, found in times.items()]


class Journal:
    """The signed chain of one database.

    Args:
        db: the store's connection; only reading works on one that only reads. The transaction that an entry could not
            be written in is undone: nothing happens untold.
    """

    def __init__(self, db: Transactions) -> None:
        self._db = db
        (file,) = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()
        self.key_path = Path(file).with_name(KEY_NAME)
        self._key: SigningKey | None = None
        self._committed: Head | None = None
        self._told: Head | None = None
        db.hearers.append(self._see)

    def _see(self) -> None:
        self._committed = self._last()

    def append(
        self,
        kind: Kind,
        facts: Mapping[str, int | str] | None = None,
        personal: Mapping[str, str] | None = None,
        now: float | None = None,
    ) -> Head:
        """Add an entry to the open transaction, or, where there is none, in one of its own; the new head.

        Args:
            kind: what happened.
            facts: whole numbers and strings that name nobody and tell no measured value; ``[a-z][a-z0-9_]*``.
            personal: an address, a name, words of a person: only their salted hash is in the chain. What is longer
                than 4,000 characters is cut.
            now: POSIX seconds; the host's clock by default.

        StoreError, with the whole transaction undone, when it cannot be written or signed.
        """
        moment = max(0, int(time.time() if now is None else now))
        with self._writing():
            key = self._signer(moment)
            return self._add(kind, facts or {}, personal or {}, moment, key)

    def head(self) -> Head | None:
        """The last entry that is committed; None for a journal that was not begun.

        While a transaction is open it is the one from before, perhaps older than it need be: a recipient must never
        hold the head of what a power cut then undoes.
        """
        if not self._db.in_transaction:
            with self._translated():
                self._committed = self._last()
        return self._committed

    def tell(self) -> None:
        """Have the system's log hold the head where it has changed: an anchor, if this file is ever written anew."""
        head = self.head()
        if head is None or head == self._told:
            return
        with self._translated():
            (epoch,) = self._db.execute("SELECT value FROM about WHERE key = 'epoch'").fetchone()
        log.info(LINE, epoch, head.seq, head.hash)
        self._told = head

    def facts_of(self, kind: Kind) -> list[dict[str, Any]]:
        """The facts of every entry of a kind, their texts in their places, None for one that was erased."""
        found = []
        with self._translated():
            written = f'%"kind":"{kind}"%'
            rows = self._db.execute("SELECT seq, event FROM journal WHERE event LIKE ? ORDER BY seq", [written])
            for seq, event in rows.fetchall():
                beside = self._db.execute("SELECT field, text FROM journal_text WHERE seq = ?", [seq])
                texts, facts = dict(beside.fetchall()), json.loads(event)
                found.append({n: texts.get(n) if isinstance(value, dict) else value for n, value in facts.items()})
        return found

    def begun(self) -> int | None:
        """When it was begun (POSIX seconds): with the first start of this house; None where it was not."""
        with self._translated():
            row = self._db.execute("SELECT time FROM journal ORDER BY seq LIMIT 1").fetchone()
        return row[0] if row else None

    def latest(self, *kinds: Kind, since: float = 0.0, among: int = 20_000) -> list[tuple[int, dict[str, Any]]]:
        """Entries of these kinds since a time (POSIX seconds), the latest first: when, and their facts, ``kind`` too.

        Looked for in the last ``among`` entries. Of personal texts there is nothing.
        """
        with self._translated():
            rows = self._db.execute(
                "SELECT time, event FROM journal WHERE seq > (SELECT max(seq) FROM journal) - ?"
                " AND time >= ? ORDER BY seq DESC",
                [among, int(since)],
            )
            found = [(at, event) for at, event in rows if any(f'"kind":"{kind}"' in event for kind in kinds)]
        told = [(at, json.loads(event)) for at, event in found]
        return [(at, facts) for at, facts in told if facts["kind"] in kinds]

    def entries(self, start: int = 0, end: int = _FOR_EVER) -> Iterator[Entry]:
        """Every entry of ``[start, end)`` in order, as it is kept."""
        with self._translated():
            prev, texts = NO_ENTRY, self._texts()
            following = next(texts, None)
            for seq, moment, event, own, sig in self._db.execute("SELECT * FROM journal ORDER BY seq"):
                beside = {}
                while following and following[0] <= seq:
                    if following[0] == seq:
                        beside[following[1]] = following[2]
                    following = next(texts, None)
                if start <= moment < end:
                    yield Entry(seq, moment, event, prev, own, sig, beside)
                prev = own

    def lines(self) -> Iterator[str]:
        """An export of it: every entry as its line, the line feed with it."""
        return (f"{write_line(entry)}\n" for entry in self.entries())

    def count(self, recipient: str, groups: Iterable[Group], now: float | None = None) -> None:
        """Note points that a recipient is handed, summed by series and granularity (``grouped``)."""
        with self._writing():
            self._db.executemany(
                _COUNT_POINTS + _ADDED_UP,
                (
                    (_day(now), recipient, series, granularity, points, first, last)
                    for series, granularity, first, last, points in groups
                ),
            )

    def flush(self, now: float | None = None) -> int:
        """Make entries of the days (UTC) that are over at ``now``, of all of them when it is None; how many.

        In the open transaction or in one of its own. A day that is flushed early and goes on makes a second entry.
        """
        until = _FOR_EVER if now is None else int(now) - DAY_S
        with self._translated():
            rows = self._db.execute(
                "SELECT day, recipient, series.path, meter.name, granularity, points, first, last FROM journal_day"
                " JOIN series ON series.id = series JOIN meter ON meter.id = meter WHERE day <= ?",
                [until],
            ).fetchall()
            receipts = self._db.execute(
                "SELECT day, recipient, points - told FROM confirmed WHERE day <= ? AND points > told", [until]
            ).fetchall()
        if not rows and not receipts:
            return 0
        with self._writing():
            for day, recipient, series, meter, granularity, points, first, last in rows:
                facts = {"day": day, "meter": meter, "series": series, "granularity": Granularity(granularity).code}
                facts |= {"points": points, "first": first, "last": last}
                self.append("transfer", facts, {"recipient": recipient}, now)
            for day, recipient, points in receipts:
                self.append("transfer-confirmed", {"day": day, "points": points}, {"recipient": recipient}, now)
            self._db.execute("DELETE FROM journal_day WHERE day <= ?", [until])
            self._db.execute("UPDATE confirmed SET told = points WHERE day <= ? AND points > told", [until])
        return len(rows) + len(receipts)

    def erase(self, text: str | None = None, before: float = _FOR_EVER) -> int:
        """Delete personal texts for good: all, or those that are ``text``, of entries from before a time; how many.

        The entries keep their salted hashes, which say nothing without the salts. The bytes are overwritten in the
        file too, where no transaction is open. That it was done is an entry that the caller appends.
        """
        with self._translated():
            (erasing,) = self._db.execute("PRAGMA secure_delete").fetchone()
            self._db.execute(ERASES)
        with self._writing():
            count = self._db.execute(
                "DELETE FROM journal_text WHERE (?1 IS NULL OR text = ?1)"
                " AND seq IN (SELECT seq FROM journal WHERE time < ?2)",
                [None if text is None else clean(text), int(before)],
            ).rowcount
        with self._translated():
            # Within an erasure more is to be overwritten.
            self._db.execute(ERASES if erasing == 1 else DELETES)
            if not self._db.in_transaction:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count

    def erase_naming(self, text: str) -> int:
        """Delete all personal texts of every entry that names ``text``, in the open transaction; how many.

        Whoever asks for access stands there with a purpose and a name of its organisation, which say as much.
        """
        with self._writing():
            return self._db.execute(
                "DELETE FROM journal_text WHERE seq IN (SELECT seq FROM journal_text WHERE text = ?)", [clean(text)]
            ).rowcount

    def _add(
        self, kind: Kind, facts: Mapping[str, int | str], personal: Mapping[str, str], moment: int, key: SigningKey
    ) -> Head:
        texts = {name: PersonalText(secrets.token_bytes(SALT_BYTES), clean(text)) for name, text in personal.items()}
        event = write_event(kind, facts, texts)
        last = self._last()
        seq, prev = (last.seq + 1, bytes.fromhex(last.hash)) if last else (1, NO_ENTRY)
        own = digest(prev, seq, moment, event)
        self._db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", [seq, moment, event, own, key.sign(own)])
        self._db.executemany(
            "INSERT INTO journal_text VALUES (?, ?, ?, ?)",
            ((seq, name, text.salt, text.text) for name, text in texts.items()),
        )
        return Head(seq, own.hex())

    def _signer(self, moment: int) -> SigningKey:
        """The key; a journal that is not begun is begun with it, one that had another says so."""
        if self._key and self._last():
            return self._key
        # 12 MB: only who writes an entry pays for it.
        from gateway.journal.key import read_or_make_key  # noqa: PLC0415

        key = read_or_make_key(self.key_path)
        if self._last() is None:
            (epoch,) = self._db.execute("SELECT value FROM about WHERE key = 'epoch'").fetchone()
            self._add("begun", {"format": FORMAT, "epoch": epoch, "key": key.public}, {}, moment, key)
        elif not self._ends_with(key):
            log.error("the journal goes on with another key: the one that it was signed with is not there")
            self._add("key-rotated", {"key": key.public}, {}, moment, key)
        self._key = key
        return key

    def _ends_with(self, key: SigningKey) -> bool:
        from gateway.journal.key import is_signed  # noqa: PLC0415

        own, sig = self._db.execute("SELECT hash, sig FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return is_signed(key.public, own, sig)

    def _last(self) -> Head | None:
        row = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(row[0], row[1].hex()) if row else None

    def _texts(self) -> Iterator[tuple[int, str, PersonalText]]:
        rows = self._db.execute("SELECT seq, field, salt, text FROM journal_text ORDER BY seq, field")
        return ((seq, name, PersonalText(salt, text)) for seq, name, salt, text in rows)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Join the open transaction, or make one and commit it; whatever goes wrong undoes all of it."""
        try:
            opened = self._db.begin()
            yield
            if opened:
                self._db.commit()
        except BaseException as error:
            self._db.rollback()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"the journal cannot be written: {error}") from error
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the journal cannot be used: {error}") from error


def _day(now: float | None) -> int:
    return int(time.time() if now is None else now) // DAY_S * DAY_S
