"""A reference recipient: takes what a gateway sends, commits it, and only then confirms it.

What it has is kept as a chain of outbox numbers for each database of the gateway (epoch), so that after any accident on
either side it can say how far it got. A record's identity is (name, granularity, time): a repetition changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.errors import FederationError, SenMLError, StoreError
from gateway.federation.attempt import wait_any
from gateway.federation.form import Page, build_submit, parse_page, parse_result
from gateway.federation.stanza import QUOALISE, RECEIPTS, parse_quoalise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.federation.session import Session, Stanza
    from gateway.federation.stanza import Parcel
    from gateway.journal.entry import Head
    from gateway.senml.pack import Value

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (name TEXT NOT NULL, granularity TEXT NOT NULL, time REAL NOT NULL, value, unit TEXT,
 meter TEXT NOT NULL, PRIMARY KEY (name, granularity, time)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chain (epoch TEXT PRIMARY KEY, reached INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS span (epoch TEXT NOT NULL, after INTEGER NOT NULL, last INTEGER NOT NULL,
 PRIMARY KEY (epoch, after, last)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS anchor (gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
 hash TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (gateway, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (id TEXT PRIMARY KEY, reason TEXT NOT NULL, xml TEXT NOT NULL) WITHOUT ROWID;
"""
_HISTORY_PAGE = 500
_MOST_WAITING = 256
FIRST_ABSENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Received:
    """One record as it was received; ``time`` is POSIX seconds UTC."""

    name: str
    time: float
    value: Value
    unit: str | None
    granularity: str
    meter: str

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
        Received(r.name, r.time, r.value, r.unit, parcel.granularities.get(r.name, "raw"), parcel.meter)
        for r in parcel.records
    ]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last entry of a gateway's journal as it was told with data; ``time`` is when, in POSIX seconds."""

    gateway: str
    epoch: str
    seq: int
    hash: str
    time: int


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
    """The recipient's own SQLite file, or memory when it keeps none. Raises StoreError when it cannot be written."""

    def __init__(self, path: Path | None) -> None:
        try:
            self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            # A receipt means committed: it must be on the disk before the gateway forgets it.
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be opened as a recipient's store: {error}") from error
        self.keeps = path is not None

    def close(self) -> None:
        """Close the file; everything that was confirmed is in it."""
        self._db.close()

    def add(self, parcel: Parcel, gateway: str = "") -> list[Received]:
        """Commit a parcel of a gateway (bare JID); the records of it that are new."""
        with self._transaction():
            known = parcel.interval is not None and self._covers(parcel)
            new = [r for r in received(parcel) if (self._insert(r) if self.keeps else not known)]
            if parcel.interval is not None:
                i = parcel.interval
                self._db.execute("INSERT OR IGNORE INTO span VALUES (?, ?, ?)", [i.epoch, i.after, i.last])
                self._join(i.epoch)
                self._anchor(gateway, i.epoch, parcel.journal_head)
        return new

    def refuse(self, stanza_id: str, reason: str, xml: str) -> None:
        """Keep what could not be read, for a person to look at: asked again it would be no better."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO refused VALUES (?, ?, ?)", [stanza_id, reason, xml])

    def reached(self) -> tuple[str, int] | None:
        """The newest epoch and the number up to which nothing of it is missing."""
        row = self._db.execute("SELECT epoch, reached FROM chain").fetchone()
        return (row[0], row[1]) if row else None

    def begin(self, epoch: str, first: int, last: int) -> None:
        """The gateway said what waits: nothing before ``first`` will come, nothing after ``last`` was ever given."""
        with self._transaction():
            # One gateway, so one database of it lives: numbers of another one will not come back.
            self._db.execute("DELETE FROM chain WHERE epoch <> ?", [epoch])
            self._db.execute("DELETE FROM span WHERE epoch <> ? OR last > ?", [epoch, last])
            self._db.execute("INSERT OR IGNORE INTO chain VALUES (?, 0)", [epoch])
            self._db.execute(
                "UPDATE chain SET reached = min(max(reached, ?), ?) WHERE epoch = ?", [first - 1, last, epoch]
            )
            self._join(epoch)

    def _anchor(self, gateway: str, epoch: str, head: Head | None) -> None:
        """Keep the head, unless a later one is kept: a message may come late, and a shortened journal must not win."""
        if head is not None:
            self._db.execute(
                "INSERT INTO anchor VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq,"
                " hash = excluded.hash, time = excluded.time WHERE excluded.seq > seq",
                [gateway, epoch, head.seq, head.hash, int(time.time())],
            )

    def _insert(self, r: Received) -> bool:
        row = [r.name, r.granularity, r.time, r.value, r.unit, r.meter]
        return self._db.execute("INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?)", row).rowcount == 1

    def _covers(self, parcel: Parcel) -> bool:
        i = parcel.interval
        assert i is not None, "asked only of a parcel from an outbox"  # noqa: S101
        return bool(
            self._db.execute(
                "SELECT 1 FROM chain WHERE epoch = ?1 AND reached >= ?3 UNION ALL"
                " SELECT 1 FROM span WHERE epoch = ?1 AND after <= ?2 AND last >= ?3",
                [i.epoch, i.after, i.last],
            ).fetchone()
        )

    def _join(self, epoch: str) -> None:
        """Let the chain grow over the spans that touch it, and forget those."""
        while True:
            row = self._db.execute(
                "SELECT max(last) FROM span JOIN chain USING (epoch) WHERE epoch = ? AND after <= reached", [epoch]
            ).fetchone()
            if row[0] is None:
                return
            self._db.execute("UPDATE chain SET reached = max(reached, ?) WHERE epoch = ?", [row[0], epoch])
            self._db.execute(
                "DELETE FROM span WHERE epoch = ?1 AND last <= (SELECT reached FROM chain WHERE epoch = ?1)", [epoch]
            )

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


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
        retry_s: how soon a refused one is tried again; one that was not answered after a sixth of it.
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
    ) -> None:
        self._session, self._gateway, self._identifiers = session, gateway, identifiers
        self._keeper, self._emit, self._refused = keeper, emit, refused
        self._history: dict[str, int | None] = dict.fromkeys(identifiers, history_from)
        self._again_s, self._retry_s, self._absent_s = again_s, retry_s, FIRST_ABSENCE_S
        self._bare = gateway.split("/", 1)[0].lower()
        self._waiting: asyncio.Queue[Stanza] = asyncio.Queue(_MOST_WAITING)
        self._changed = asyncio.Event()
        session.listen(f"{{jabber:client}}message/{{{QUOALISE}}}quoalise", self._take)
        session.on_change(lambda _: self._changed.set())

    async def receive(self, stop: asyncio.Event) -> None:
        """Keep and confirm messages until ``stop``."""
        while not stop.is_set():
            following = asyncio.ensure_future(self._waiting.get())
            await wait_any(None, stop, future=following)
            if not following.done():
                following.cancel()
                return
            stanza = following.result()
            if self._keep(stanza):
                receipt = ET.Element(f"{{{RECEIPTS}}}received", {"id": stanza.id})
                self._session.send_message(stanza.origin, f"r-{stanza.id}", receipt)

    async def subscribe(self, stop: asyncio.Event) -> None:
        """Subscribe in every new session, and from time to time, until ``stop``."""
        while not stop.is_set():
            self._changed.clear()
            pause: float | None = None
            if self._session.connected.is_set():
                pause = await self._subscribe_all()
            if not self._changed.is_set():
                await wait_any(pause, self._changed, stop)

    async def _subscribe_all(self) -> float:
        """Subscribe to everything; seconds until it is to be done again."""
        pause = self._again_s
        for identifier in self._identifiers:
            try:
                await self._subscribe(identifier)
                await self._read_history(identifier)
            except FederationError as error:
                refused = error.condition == "not-authorized"
                pause = self._retry_s if refused else min(self._absent_s, self._retry_s)
                self._refused(error)
        # A gateway that is not there is often only being started.
        self._absent_s = self._absent_s * 2 if pause < self._again_s else FIRST_ABSENCE_S
        return pause

    async def _subscribe(self, identifier: str) -> None:
        fields = {"identifier": identifier, "confirm": "receipt"}
        reached = self._keeper.reached()
        if reached is not None:
            fields |= {"epoch": reached[0], "resume_after": str(reached[1])}
        answer = parse_result(await self._session.request(self._gateway, build_submit("subscribe", fields)))
        first, last = answer.get("first", ""), answer.get("last", "")
        if answer.get("epoch") and first.isdecimal() and last.isdecimal():
            self._keeper.begin(answer["epoch"], int(first), int(last))

    async def _read_history(self, identifier: str) -> None:
        """Page through what was stored before, once."""
        start = self._history[identifier]
        if start is None:
            return
        moments = [datetime.fromtimestamp(at, UTC).isoformat() for at in (start, int(time.time()) + 1)]
        fields = {"identifier": identifier, "start_time": moments[0], "end_time": moments[1]}
        after: str | None = None
        while True:
            command = build_submit("get_history", fields, Page(_HISTORY_PAGE, after))
            answer = await self._session.request(self._gateway, command)
            quoalise = answer.find(f"{{{QUOALISE}}}quoalise")
            new = [] if quoalise is None else self._keeper.add(parse_quoalise(quoalise, time.time()))
            if not all(self._emit(record) for record in new):
                return
            after, total = parse_page(answer)
            if after is None or total is None or not after.isdecimal() or int(after) + 1 >= total:
                break
        self._history[identifier] = None

    def _take(self, stanza: Stanza) -> None:
        if stanza.sender != self._bare or stanza.type == "error":
            log.debug("a pack from %s is ignored: it is not the gateway", stanza.sender)
        elif self._waiting.full():
            log.debug("a pack is left to be sent again: too many wait")
        else:
            self._waiting.put_nowait(stanza)

    def _keep(self, stanza: Stanza) -> bool:
        """Take a message in; whether it may be confirmed."""
        quoalise = stanza.xml.find(f"{{{QUOALISE}}}quoalise")
        assert quoalise is not None, "the listener matched it"  # noqa: S101
        try:
            parcel = parse_quoalise(quoalise, time.time())
        except SenMLError as error:
            log.error("a pack of the gateway is set aside: %s", error)  # noqa: TRY400 (no traceback)
            self._keeper.refuse(stanza.id, str(error), ET.tostring(quoalise, encoding="unicode"))
            return True
        taken = all(self._emit(record) for record in self._keeper.add(parcel, self._bare))
        return taken or self._keeper.keeps
