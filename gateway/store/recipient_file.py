"""The file of a reference recipient: the records that one gateway sent, and what it said of them.

A file of its own, not the gateway's: it may be on another machine. What is numbered stands in ``chain``, in the same
transaction as the records. A record's identity is (name, granularity, time).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from gateway.errors import StoreError
from gateway.store.anchors import Anchor
from gateway.store.chain import SCHEMA as CHAIN_SCHEMA
from gateway.store.chain import DeliveryChain
from gateway.store.providers import ReceivedGap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (name TEXT NOT NULL, granularity TEXT NOT NULL, time REAL NOT NULL, value, unit TEXT,
 meter TEXT NOT NULL, sen1 TEXT NOT NULL DEFAULT '', PRIMARY KEY (name, granularity, time)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS anchor (gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
 hash TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (gateway, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (id TEXT PRIMARY KEY, reason TEXT NOT NULL, xml TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notice (gateway TEXT NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL,
 series TEXT NOT NULL, first INTEGER, last INTEGER, PRIMARY KEY (gateway, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap (id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, identifier TEXT NOT NULL,
 first INTEGER NOT NULL, last INTEGER NOT NULL);
-- Where each series ended when a hole in the numbers was seen first: what came since is beyond it.
CREATE TABLE IF NOT EXISTS end_before (name TEXT NOT NULL, sen1 TEXT NOT NULL, time REAL NOT NULL);
-- Since when a gateway sends what was subscribed to: of what had brought nothing before a hole, all since then.
CREATE TABLE IF NOT EXISTS begun (gateway TEXT NOT NULL, identifier TEXT NOT NULL, time INTEGER NOT NULL,
 PRIMARY KEY (gateway, identifier)) WITHOUT ROWID;
-- Of an older version of this file: without its chain the gateway sends again what waits, and every record is known.
DROP TABLE IF EXISTS chain;
DROP TABLE IF EXISTS span;
"""
_ENDS = "SELECT name, sen1, max(time) FROM record GROUP BY name, granularity"
# Gaps of one identifier that are so near are one; so many stand for themselves.
_NEAR_S, _MOST_GAPS = 86_400, 50
_INTO_RECORD = "INTO record VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Received:
    """One record as it was received; ``time`` is POSIX seconds UTC."""

    name: str
    time: float
    value: float | str | bool | bytes | None
    unit: str | None
    granularity: str
    meter: str
    sen1: str = ""

    def as_json(self) -> dict[str, object]:
        """The record as one JSON object, its time in ISO 8601 UTC."""
        moment = datetime.fromtimestamp(self.time, UTC).isoformat().replace("+00:00", "Z")
        value = self.value.hex() if isinstance(self.value, bytes) else self.value
        return {
            "name": self.name,
            "time": moment,
            "value": value,
            "unit": self.unit,
            "granularity": self.granularity,
            "meter": self.meter,
        }


# Called within the transaction for every record that is new, or another than was kept.
Changed: TypeAlias = "Callable[[sqlite3.Connection, Received], None]"


def read_anchors(path: Path) -> list[Anchor]:
    """The newest head of each gateway's journal, for each database that it had, from a recipient's file.

    Works while the recipient runs. StoreError when the file is not one.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT gateway, epoch, seq, hash, time FROM anchor ORDER BY gateway, time").fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read as a recipient's store: {error}") from error
    return [Anchor(*row) for row in rows]


class MissedRecords:
    """What a gateway's history is still to be asked for, and from where on; all but ``gaps`` are of a transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def ends(self) -> list[tuple[str, str, float]]:
        """Each name, as it was sent and as the literal one, with the time of the last record of each granularity.

        Of those before the hole, while there is one.
        """
        before = self._db.execute("SELECT name, sen1, time FROM end_before").fetchall()
        return before or self._db.execute(_ENDS).fetchall()

    def remember_ends(self) -> None:
        """A hole is seen; of one behind another the first is remembered, also that nothing had come before it."""
        if self._db.execute("SELECT 1 FROM end_before LIMIT 1").fetchone() is not None:
            return
        if not self._db.execute(f"INSERT INTO end_before {_ENDS}").rowcount:
            # A name that no series has: else what comes behind the hole would be taken for what was before it.
            self._db.execute("INSERT INTO end_before VALUES ('', '', 0)")

    def forget_ends(self) -> None:
        """There is no hole any more."""
        self._db.execute("DELETE FROM end_before")

    def begun(self, gateway: str, identifier: str, now: int) -> None:
        """A subscription was accepted, now or before."""
        self._db.execute("INSERT OR IGNORE INTO begun VALUES (?, ?, ?)", [gateway, identifier, now])

    def since(self, gateway: str, identifier: str) -> int | None:
        """When a subscription was accepted first; None where it was not."""
        key = [gateway, identifier]
        row = self._db.execute("SELECT time FROM begun WHERE gateway = ? AND identifier = ?", key).fetchone()
        return row[0] if row else None

    def gaps(self, gateway: str) -> list[ReceivedGap]:
        """What is to be asked of a gateway's history: what it rectified, what was missed."""
        rows = self._db.execute("SELECT id, identifier, first, last FROM gap WHERE gateway = ? ORDER BY id", [gateway])
        return [ReceivedGap(number, asked, first, last, replaces=True) for number, asked, first, last in rows]

    def add(self, gateway: str, identifier: str, first: int, last: int) -> None:
        """Note what is to be asked for, joined with what is near it: where no history is given it stays."""
        key = [gateway, identifier]
        # Before any goes: a number that is used again would stand for another gap in the hands of who asks just now.
        (number,) = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM gap").fetchone()
        known = self._db.execute("SELECT id, first, last FROM gap WHERE gateway = ? AND identifier = ?", key).fetchall()
        # Of distant ones all that lies between would be asked for too; of too many that is the lesser evil.
        near = [
            one for one in known if len(known) >= _MOST_GAPS or (one[1] <= last + _NEAR_S and one[2] >= first - _NEAR_S)
        ]
        self._db.executemany("DELETE FROM gap WHERE id = ?", ([one[0]] for one in near))
        span = min([first, *(one[1] for one in near)]), max([last, *(one[2] for one in near)])
        self._db.execute(
            "INSERT INTO gap (id, gateway, identifier, first, last) VALUES (?, ?, ?, ?, ?)", [number, *key, *span]
        )

    def fill(self, number: int | None) -> None:
        """It was asked for again, to its end."""
        self._db.execute("DELETE FROM gap WHERE id = ?", [number])


class RecipientFile:
    """The file, or memory when there is no path. Raises StoreError when it cannot be opened or written.

    What changes it is of the open ``transaction``; ``missed`` is what is not there yet.

    Args:
        path: where it is; None to keep nothing after the end.
        changed: see ``Changed``.
    """

    def __init__(self, path: Path | None, changed: Changed | None) -> None:
        try:
            self.db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
            self.db.execute("PRAGMA journal_mode = WAL")
            # A receipt means committed: it must be on the disk before the gateway forgets it.
            self.db.execute("PRAGMA synchronous = FULL")
            self.db.executescript(_SCHEMA + CHAIN_SCHEMA)
            if "sen1" not in {row[1] for row in self.db.execute("PRAGMA table_info(record)")}:
                self.db.execute("ALTER TABLE record ADD COLUMN sen1 TEXT NOT NULL DEFAULT ''")
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be opened as a recipient's store: {error}") from error
        self.chain, self.missed, self.path = DeliveryChain(self.db), MissedRecords(self.db), path
        self._changed = changed

    def close(self) -> None:
        """Close the file; what was committed is in it."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"the recipient's store cannot be written: {error}") from error

    def insert(self, record: Received) -> bool:
        """Keep a record unless it is there; whether it is new."""
        new = self.db.execute(f"INSERT OR IGNORE {_INTO_RECORD}", _row(record)).rowcount == 1
        if new and self._changed:
            self._changed(self.db, record)
        return new

    def replace(self, record: Received) -> bool:
        """Keep a record instead of what was there; whether it has another value. A memory keeps none."""
        key = [record.name, record.granularity, record.time]
        before = self.db.execute("SELECT value FROM record WHERE name = ? AND granularity = ? AND time = ?", key)
        known = before.fetchone()
        if self.path is not None:
            self.db.execute(f"INSERT OR REPLACE {_INTO_RECORD}", _row(record))
        other = known is None or known[0] != record.value
        if other and self._changed:
            self._changed(self.db, record)
        return other

    def values(self, name: str, granularity: str, first: int, last: int, most: int) -> Sequence[tuple[float, object]]:
        """Times and values of one name and granularity in ``[first, last)``, in order; ``most`` of them at most."""
        query = "SELECT time, value FROM record WHERE name = ? AND granularity = ? AND time >= ? AND time < ?"
        try:
            rows = self.db.execute(f"{query} ORDER BY time LIMIT ?", [name, granularity, first, last, most])
            return rows.fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the recipient's store cannot be read: {error}") from error

    def names(self) -> list[tuple[str, str]]:
        """Each name of which there are records, as it was sent and as the literal one."""
        return self.db.execute("SELECT DISTINCT name, sen1 FROM record").fetchall()

    def erase(self, names: Iterable[str], first: float, last: float) -> int:
        """Delete the records of these names in ``[first, last]``; how many."""
        erase = "DELETE FROM record WHERE name = ? AND time >= ? AND time <= ?"
        return sum(self.db.execute(erase, [name, first, last]).rowcount for name in names)

    def anchor(self, gateway: str, epoch: str, seq: int, own: str, now: int) -> None:
        """Keep the head, unless a later one is kept: a message may come late, and a shortened journal must not win."""
        self.db.execute(
            "INSERT INTO anchor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq,"
            " hash = excluded.hash, time = excluded.time WHERE excluded.seq > seq",
            [gateway, epoch, seq, own, now],
        )

    def refuse(self, stanza_id: str, reason: str, xml: str) -> None:
        """Keep what could not be read, for a person to look at: asked again it would be no better."""
        self.db.execute("INSERT OR IGNORE INTO refused VALUES (?, ?, ?)", [stanza_id, reason, xml])

    def note(self, row: Sequence[object]) -> bool:
        """Keep a notice (gateway, id, time, kind, series, first, last) once; False when it was there."""
        return self.db.execute("INSERT OR IGNORE INTO notice VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount == 1


def _row(r: Received) -> list[float | str | bool | bytes | None]:
    return [r.name, r.granularity, r.time, r.value, r.unit, r.meter, r.sen1]
