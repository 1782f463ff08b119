"""A reference recipient: takes what one gateway sends, commits it to a file of its own, and only then confirms it.

What it has is kept as a chain of outbox numbers (``gateway.store.chain``), so that after any accident on either side it
can say how far it got. A record's identity is (name, granularity, time): a repetition changes nothing.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.errors import StoreError
from gateway.federation.recipient.intake import Arrival, Intake
from gateway.federation.recipient.subscriber import Pace, Subscriber
from gateway.federation.wire.notice import Notice
from gateway.federation.wire.scope import literal, meets, names
from gateway.federation.wire.stanza import Parcel
from gateway.senml.naming import parse_identifier
from gateway.store.anchors import Anchor
from gateway.store.chain import SCHEMA as CHAIN_SCHEMA
from gateway.store.chain import Chain
from gateway.store.providers import ReceivedGap
from gateway.store.terms import NoticeKind

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gateway.errors import FederationError
    from gateway.federation.connection.session import Session
    from gateway.journal.entry import Head
    from gateway.senml.pack import Value

log = logging.getLogger(__name__)

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
-- Of an older version of this file: without its chain the gateway sends again what waits, and every record is known.
DROP TABLE IF EXISTS chain;
DROP TABLE IF EXISTS span;
"""
_FOR_EVER_S = 1e10


@dataclass(frozen=True, slots=True)
class Received:
    """One record as it was received; ``time`` is POSIX seconds UTC."""

    name: str
    time: float
    value: Value
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


def received(parcel: Parcel) -> list[Received]:
    """The records of a parcel."""
    return [
        Received(
            *(r.name, r.time, r.value, r.unit, parcel.granularities.get(r.name, "raw"), parcel.meter),
            literal(r.name, parcel.literal.get(r.name, "")),
        )
        for r in parcel.records
    ]


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


class Keeper:
    """The recipient's own SQLite file, or memory when it keeps none. Raises StoreError when it cannot be written.

    ``changed`` is called within the transaction for every record that is new, or another than was kept.
    """

    def __init__(
        self, path: Path | None, changed: Callable[[sqlite3.Connection, Received], None] = lambda _, __: None
    ) -> None:
        try:
            self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            # A receipt means committed: it must be on the disk before the gateway forgets it.
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA + CHAIN_SCHEMA)
            if "sen1" not in {row[1] for row in self._db.execute("PRAGMA table_info(record)")}:
                self._db.execute("ALTER TABLE record ADD COLUMN sen1 TEXT NOT NULL DEFAULT ''")
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be opened as a recipient's store: {error}") from error
        self._chain = Chain(self._db)
        self._changed = changed
        self.keeps = path is not None

    def close(self) -> None:
        """Close the file; everything that was confirmed is in it."""
        self._db.close()

    def add(self, parcel: Parcel, gateway: str = "") -> list[Received]:
        """Commit a parcel of a gateway (bare JID); its records that are new or rectified. Live values are not kept."""
        if parcel.live:
            return received(parcel)
        i = parcel.interval
        with self._transaction():
            known = i is not None and self._chain.covers(i.epoch, i.after, i.last)
            keep = self._replace if parcel.rectifies else self._insert
            new = [r for r in received(parcel) if (keep(r) if self.keeps else not known)]
            if i is not None:
                self._chain.add(i.epoch, i.after, i.last)
                self._anchor(gateway, i.epoch, parcel.journal_head)
        return new

    def refuse(self, stanza_id: str, reason: str, xml: str) -> None:
        """Keep what could not be read, for a person to look at: asked again it would be no better."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO refused VALUES (?, ?, ?)", [stanza_id, reason, xml])

    def reached(self) -> tuple[str, int] | None:
        """The newest epoch and the number up to which nothing of it is missing."""
        return self._chain.reached()

    def begin(self, epoch: str, first: int, last: int) -> None:
        """The gateway said what waits: nothing before ``first`` will come, nothing after ``last`` was ever given."""
        with self._transaction():
            self._chain.begin(epoch, first, last)

    def replace(self, parcel: Parcel, gap: int | None = None) -> list[Received]:
        """Commit what a gateway says now of a time that it rectified, and the gap when it is filled; what changed."""
        with self._transaction():
            changed = [r for r in received(parcel) if self._replace(r)]
            self._db.execute("DELETE FROM gap WHERE id = ?", [gap])
        return changed

    def gaps(self, gateway: str) -> list[ReceivedGap]:
        """What a gateway rectified and was not asked for again yet."""
        rows = self._db.execute("SELECT id, identifier, first, last FROM gap WHERE gateway = ? ORDER BY id", [gateway])
        return [ReceivedGap(number, asked, first, last, replaces=True) for number, asked, first, last in rows]

    def obey(self, notice: Notice, gateway: str = "", identifiers: Sequence[str] = ()) -> int | None:
        """Do what a notice of a gateway asks for; how many records were deleted, None when it was done before.

        What it limits is marked by the notice itself, which stays in the file; what it rectifies is to be asked for
        again, by those of the ``identifiers`` that it meets.
        """
        first, last = notice.first or 0, time.time() + _FOR_EVER_S if notice.last is None else notice.last
        row = [gateway, notice.id, int(time.time()), notice.kind.value, notice.series, notice.first, notice.last]
        with self._transaction():
            if not self._db.execute("INSERT OR IGNORE INTO notice VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount:
                return None
            if notice.kind is NoticeKind.DATA_RECTIFIED:
                named = notice.identifier
                met = [i for i in identifiers if named is None or meets(named, parse_identifier(i))]
                self._db.executemany(
                    "INSERT INTO gap (gateway, identifier, first, last) VALUES (?, ?, ?, ?)",
                    [(gateway, identifier, first, min(int(last), int(time.time())) + 1) for identifier in met],
                )
            return self._erase(notice, first, last) if notice.kind.erases else 0

    def _erase(self, notice: Notice, first: float, last: float) -> int:
        found = self._db.execute("SELECT DISTINCT name, sen1 FROM record").fetchall()
        rows = [(name, first, last) for name, sen1 in found if names(notice.identifier, name, sen1)]
        erase = "DELETE FROM record WHERE name = ? AND time >= ? AND time <= ?"
        return sum(self._db.execute(erase, row).rowcount for row in rows)

    def _replace(self, r: Received) -> bool:
        """Whether this is another value than is kept; a memory that keeps none tells every one."""
        key = [r.name, r.granularity, r.time]
        before = self._db.execute("SELECT value FROM record WHERE name = ? AND granularity = ? AND time = ?", key)
        known = before.fetchone()
        if self.keeps:
            self._db.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", _row(r))
        other = known is None or known[0] != r.value
        if other:
            self._changed(self._db, r)
        return other

    def _anchor(self, gateway: str, epoch: str, head: Head | None) -> None:
        """Keep the head, unless a later one is kept: a message may come late, and a shortened journal must not win."""
        if head is not None:
            self._db.execute(
                "INSERT INTO anchor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq,"
                " hash = excluded.hash, time = excluded.time WHERE excluded.seq > seq",
                [gateway, epoch, head.seq, head.hash, int(time.time())],
            )

    def _insert(self, r: Received) -> bool:
        new = self._db.execute("INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", _row(r)).rowcount == 1
        if new:
            self._changed(self._db, r)
        return new

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


def _row(r: Received) -> list[Value]:
    return [r.name, r.granularity, r.time, r.value, r.unit, r.meter, r.sen1]


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"the recipient's store cannot be written: {error}") from error


class Recipient:
    """Subscribes with a gateway, and keeps and confirms what it sends.

    Args:
        session: the recipient's connection.
        gateway: the gateway's full JID.
        identifiers: what to subscribe to.
        keeper: where records go before they are confirmed.
        emit: told every new record once it is kept; False when it could not take it.
        refused: told the sentence of a subscription that was refused.
        history_from: POSIX seconds from which to ask for what was stored before, None not to.
        again_s: how often the subscriptions are repeated.
        retry_s: how soon a refused one is tried again, and the longest that an absent gateway is waited for.
        live_s: seconds between two live values, to watch and keep nothing; None to be sent everything for good.
    """

    def __init__(
        self,
        session: Session,
        gateway: str,
        identifiers: list[str],
        keeper: Keeper,
        emit: Callable[[Received], bool],
        refused: Callable[[FederationError], None],
        history_from: int | None = None,
        again_s: float = 600.0,
        retry_s: float = 60.0,
        live_s: int | None = None,
    ) -> None:
        bare = gateway.split("/", 1)[0].lower()
        keeping = Emitting(keeper, bare, emit, identifiers, history_from)
        self._intake = Intake(session, {bare: keeping})
        pace = Pace(again_s, retry_s, retry_s, absent_most_s=retry_s)
        self._subscriber = Subscriber(
            session, gateway, identifiers, keeping, lambda _, error: refused(error), pace, live_s=live_s
        )
        keeping.opened = self._subscriber.ask_again

    async def receive(self, stop: asyncio.Event) -> None:
        """Keep and confirm messages until ``stop``."""
        await self._intake.receive(stop)

    async def subscribe(self, stop: asyncio.Event) -> None:
        """Subscribe in every new session, and from time to time, until ``stop``."""
        await self._subscriber.subscribe(stop)


class Emitting:
    """A keeper whose new records are told as well."""

    def __init__(
        self,
        keeper: Keeper,
        gateway: str,
        emit: Callable[[Received], bool],
        identifiers: Sequence[str],
        history_from: int | None,
    ) -> None:
        self.notices = 0
        # Called when the gateway said something after which to ask again.
        self.opened: Callable[[], None] = lambda: None
        self._keeper, self._gateway, self._emit = keeper, gateway, emit
        self._wanted = {} if history_from is None else dict.fromkeys(identifiers, history_from)
        self._identifiers, self._history = identifiers, dict(self._wanted)

    async def keep(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """As ``Keeping.keep``."""
        return [arrival for arrival in arrivals if self._keep(arrival)]

    async def reached(self) -> tuple[str, int] | None:
        """As ``Keeping.reached``."""
        return self._keeper.reached()

    async def begin(self, _: str, numbers: tuple[str, int, int] | None) -> None:
        """As ``Keeping.begin``."""
        if numbers is not None:
            self._keeper.begin(*numbers)

    async def gaps(self) -> Sequence[ReceivedGap]:
        """As ``Keeping.gaps``."""
        now = int(time.time())
        asked = [ReceivedGap(0, identifier, first, now + 1, False) for identifier, first in self._history.items()]
        return asked + self._keeper.gaps(self._gateway)

    async def fill(self, gap: ReceivedGap, parcel: Parcel, *, last: bool) -> bool:
        """As ``Keeping.fill``."""
        if gap.replaces:
            return all(self._emit(record) for record in self._keeper.replace(parcel, gap.id if last else None))
        taken = all(self._emit(record) for record in self._keeper.add(parcel, self._gateway))
        if taken and last:
            self._history.pop(gap.identifier, None)
        return taken

    async def end(self, identifier: str) -> None:
        """As ``Keeping.end``."""
        self._history.pop(identifier, None)

    def _keep(self, arrival: Arrival) -> bool:
        """Take a message in; whether it may be confirmed."""
        match arrival.content:
            case Parcel() as parcel:
                taken = all(self._emit(record) for record in self._keeper.add(parcel, self._gateway))
                return taken or self._keeper.keeps
            case Notice() as notice:
                return self._obey(notice)
            case reason:
                log.error("a message of the gateway is set aside: %s", reason)
                xml = ET.tostring(arrival.stanza.xml, encoding="unicode")
                self._keeper.refuse(arrival.stanza.id, reason, xml)
                return True

    def _obey(self, notice: Notice) -> bool:
        erased = self._keeper.obey(notice, self._gateway, self._identifiers)
        if erased is not None:
            log.info("the gateway told: %s; %d records erased", notice.kind.value, erased)
            if notice.kind is NoticeKind.CONSENT_WITHDRAWN:
                # With a new consent later on, what was before is asked for anew.
                self._history = dict(self._wanted)
            self.opened()
        return True
