"""A house that lives while its disk is recorded: ``python -m power_cuts.house FOLDER SEED ROUNDS [FAULT]``.

A simulated Linky through the real reader, recorder and store, as the daemon joins them: a batch a minute, half hours
and a midnight, recipients that are sent what waits and confirm it, consents given and taken back, corrections, erasure,
others' series, retention, restarts. At each commit it marks what the database then holds (``content``): with FAULT
``unsynced`` or ``early`` it does wrong on purpose, so that one sees that wrong is found.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sys
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gateway.daemon.meter import MeterReader
from gateway.errors import GatewayError
from gateway.store.connection import open_reader
from gateway.store.erasure import Range
from gateway.store.points import Confirm, Granularity, Outgoing
from gateway.store.prepare import prepare
from gateway.store.received import Incoming, Lot
from gateway.store.store import Store
from gateway.store.terms import Manner, Profile, Terms
from gateway.tic.frame import Reader
from gateway.tic.quality import SignalQuality
from meter.living import Linky
from power_cuts.record import mark

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.sources.line import Line
    from gateway.store.redo import Done
    from gateway.store.transactions import Database
    from gateway.tic.frame import Frame

METER = "house"
ROOF = "roof@sen2.test"
COOP, TOWN, NEIGHBOUR = "coop@sen2.test", "town@sen3.test", "neighbour@sen4.test"
RECIPIENTS = {COOP: Granularity.RAW, TOWN: Granularity.MINUTE, NEIGHBOUR: Granularity.HALF_HOUR}
POWER = "consumption/power/apparent/raw"

# The last evening of winter time: half hours, a midnight and the night of 23 hours are ahead.
START = int(datetime.fromisoformat("2026-03-28T22:41:00+01:00").timestamp())
FRAMES_A_ROUND = 3
_TAKEN_AT_ONCE = 48

# So short that each of them deletes something within the hours of a run.
_RAW_S, _MINUTE_S, _OUTBOX_S = 3600, 3 * 3600, 4 * 3600

# The WAL is copied into the file after so many pages: the default is reached a few times a day only.
_PAGES_A_CHECKPOINT = (1000, 200, 40)


def content(db: Database) -> dict[str, str]:
    """Every table of the database as a short digest of its rows."""
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {name: _digest(db, name) for name in names}


def _digest(db: Database, table: str) -> str:
    # By which name the records of the log count is the log's.
    where = " WHERE key <> 'generation'" if table == "about" else ""
    rows = sorted(map(repr, db.execute(f"SELECT * FROM {table}{where}")))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12] if rows else ""


def keys(folder: Path) -> dict[str, str]:
    """The files of keys that lie beside the database, as short digests."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in sorted(folder.glob("*.key"))}


class Watched(Store):
    """The store, and a mark before and after whatever makes something durable; ``house`` is set once it is open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.house: CutHouse | None = None
        self._marked = -1
        self.db.commit = partial(self._marking, self.db.commit)
        self.db.postpone = partial(self._marking, self.db.postpone)

    def _marking(self, make_durable: Callable[..., None], *done: Done, leaving: bool = False) -> None:
        """Commit or postpone, and say what is in the database now; what is left open is nowhere yet."""
        if leaving:
            make_durable(*done, leaving=leaving)
            return
        if not self.house or not self.db.in_transaction:
            make_durable(*done)
            return
        if self.house.fault == "early":
            self.house.hand_out()
        found = content(self.db)
        mark(about=found)
        make_durable(*done)
        mark(done=found)
        self._marked = self._changes()

    def settle(self) -> None:
        """Say what is in the database, if that is not said yet and no transaction is open."""
        if not self.db.in_transaction and self._marked != self._changes():
            mark(done=content(self.db))
            self._marked = self._changes()

    def _changes(self) -> int:
        return int(self.db.execute("SELECT total_changes()").fetchone()[0])


class CutWire:
    """A line that brings what the meter sent since it was asked last."""

    finite, receipt, age_s = False, None, 0.0

    def __init__(self) -> None:
        self.quality = SignalQuality(0.0)
        self.waiting: list[tuple[Frame, datetime]] = []

    async def frames(self) -> AsyncIterator[tuple[Frame, datetime]]:
        """All of it."""
        while self.waiting:
            yield self.waiting.pop(0)


class CutHouse:
    """One installation and what happens to it, drawn from a seed."""

    def __init__(self, folder: Path, seed: int, fault: str) -> None:
        self.folder, self.fault = folder, fault
        self.chance = random.Random(seed)
        self.now = START
        self._linky = Linky(contract="hc", start_ms=START * 1000, seed=seed, producer=True)
        self._bytes = Reader()
        # Recipient -> the last number handed to it, the last it confirmed.
        self._sent: dict[str, int] = {}
        self._confirmed: dict[str, int] = {}
        self._number = 0
        self._open()

    def live(self, rounds: int) -> None:
        """Some hours of it; what the store is asked to do is done when each step returns."""
        self._begin()
        steps = (
            *(self._grant, self._withdraw, self._limit, self._correct, self._receive, self._tell, self._ask_access),
            *(self._forget, self._notices, self._look_while_writing, self._restart, self._rotate),
        )
        for number in range(rounds):
            self._read(leaving=self.chance.random() < 1 / 2)
            self._deliver()
            self._store.batches.settle()
            self._do(self.chance.choice(steps))
            if number == rounds // 2:
                self._do(self._erase)
        self._restart()
        self._store.close()

    def hand_out(self) -> None:
        """What waits goes to the sender, and is noted as gone."""
        for jid in self._store.outbox.recipients():
            rows = self._store.outbox.pending(jid, self._sent.get(jid, 0), _TAKEN_AT_ONCE, self.now)
            if rows:
                # What the sender does besides: the name under which this recipient knows the meter.
                self._store.pseudonyms.view_of(jid, self.now)
                points = [[r.seq, r.point.series.id, int(r.point.granularity), r.point.time] for r in rows]
                mark(sent=jid, epoch=self._store.outbox.epoch, points=points, keys=keys(self.folder))
                self._sent[jid] = rows[-1].seq

    def _do(self, step: Callable[[], None]) -> None:
        try:
            step()
        except GatewayError:
            # Not possible just now (nothing to correct, one request too many): nothing has changed.
            self._store.db.rollback()
        self._store.settle()

    def _open(self) -> None:
        prepare(self.folder)
        self._store = Watched(self.folder)
        self._store.house = self
        self._store.db.execute(f"PRAGMA wal_autocheckpoint = {self.chance.choice(_PAGES_A_CHECKPOINT)}")
        self._store.db.postpone_from_now()
        if self.fault == "unsynced":
            self._store.db.execute("PRAGMA synchronous = OFF")
            os.fdatasync = lambda _: None
        known = self._store.meters.add(METER, "ab12cd34ef")
        self._wire = CutWire()
        values = self._store.readings.last_values(METER)
        self._reader = MeterReader(known, values, cast("Line", self._wire))
        self._store.settle()

    def _begin(self) -> None:
        """Who may have what from the first day on."""
        for jid, granularity in RECIPIENTS.items():
            self._allow(jid, granularity, Manner(Profile.COARSE, True) if jid == NEIGHBOUR else Manner())
            self._store.subscriptions.add(jid, METER, "consumption", "sen1", Confirm.RECEIPT, self.now)
            self._store.settle()

    def _allow(self, jid: str, granularity: Granularity, manner: Manner) -> None:
        terms = Terms(purpose="collective self-consumption", controller="SCIC", retention="P1Y")
        self._store.consents.grant(
            jid, METER, "consumption", granularity, self.now + 10**7, self.now, terms=terms, manner=manner
        )

    def _read(self, *, leaving: bool = False) -> None:
        """A few frames, some seconds or minutes apart, and the commit of them; with what leaves of them, perhaps."""
        for _ in range(FRAMES_A_ROUND):
            self.now += self.chance.choice((2, 20, 70, 290))
            data = b"".join(self._linky.next_frame(self.now * 1000).encode())
            self._wire.waiting += [(f, datetime.fromtimestamp(self.now, UTC)) for f in self._bytes.feed(data)]
        asyncio.run(self._reader.read(asyncio.Event()))
        self._reader.recorder.relayed("garage", "boot-1", self.now - START)
        self._store.batches.write([self._reader.recorder.take()], self.now, leaving=leaving)
        self._store.settle()

    def _deliver(self) -> None:
        """As the delivery does: hand out what waits, and take what was confirmed off the list with the next commit."""
        for jid in self._store.outbox.recipients():
            rows = self._store.outbox.pending(jid, self._sent.get(jid, 0), _TAKEN_AT_ONCE, self.now)
            if rows:
                self._store.outbox.hand_over([Outgoing(jid, rows[-1].seq, tuple(rows))], self.now)
        self._store.settle()
        self.hand_out()
        for jid, last in self._sent.items():
            first = self._confirmed.get(jid, 0)
            if first < last and self.chance.random() < 1 / 2:
                self._store.outbox.confirm(jid, first, last, self.now)
                self._confirmed[jid] = last
        self._store.settle()

    def _grant(self) -> None:
        jid = self.chance.choice(list(RECIPIENTS))
        self._allow(jid, self.chance.choice(list(Granularity)), self._store.pseudonyms.manner_of(jid))

    def _withdraw(self) -> None:
        jid = self.chance.choice(list(RECIPIENTS))
        self._store.consents.revoke(jid, "", self.now, "household")
        self._store.settle()
        self._allow(jid, Granularity.MINUTE, self._store.pseudonyms.manner_of(jid))

    def _limit(self) -> None:
        jid = self.chance.choice(list(RECIPIENTS))
        self._store.consents.limit(jid, self.now)
        self._store.settle()
        self._store.consents.lift_limit(jid, self.now)

    def _correct(self) -> None:
        points = list(self._store.readings.stream(POWER, Granularity.RAW))
        point = self.chance.choice(points)
        where = (METER, POWER, Granularity.RAW, point.time)
        self._store.corrections.rectify(*where, str(int(point.value) + 1), self.now, "household", "a test")
        self._store.settle()
        self._store.corrections.remove(*where, self.now, "household", "a test")
        self._store.settle()
        self._store.corrections.restore(*where, self.now, "household")

    def _erase(self) -> None:
        self._store.erasure.erase_range(Range(METER, "consumption/power", START, START + 1800), self.now, "household")
        self._store.settle()
        self._store.erasure.erase_recipient(TOWN, self.now, "household")
        self._store.settle()
        self._store.erasure.wipe()

    def _receive(self) -> None:
        self._number += 1
        name = "urn:dev:ow:10e2073a01080063/production/power"
        values = [Incoming(name, name, "production/power", "W", "raw", self.now + n, 900 + n) for n in range(5)]
        numbers = ("e1", 5 * self._number - 5, 5 * self._number)
        self._store.providers.receive(ROOF, [Lot(values, numbers, "P1Y")], self.now)

    def _tell(self) -> None:
        self._store.notified.keep({"meter-mute": self.now, "card-full": self.now - 60})

    def _ask_access(self) -> None:
        jid = f"asker{self.now}@sen5.test"
        request = self._store.access.ask(jid, "ab12cd34ef", POWER, Granularity.DAY, Terms(controller="x"), self.now)
        self._store.settle()
        self._store.access.refuse(request.id, self.now)

    def _forget(self) -> None:
        self._store.providers.forget(self.now, 3600)
        self._store.settle()
        self._store.transfers.forget(self.now, 7200)
        self._store.settle()
        self._store.batches.forget(self.now, _RAW_S, _MINUTE_S, _OUTBOX_S)

    def _notices(self) -> None:
        for notice in self._store.notices.to_send(self.now):
            self._store.notices.sent(notice.id, self.now)
            self._store.settle()
            if self.chance.random() < 1 / 2:
                self._store.notices.confirmed(notice.id, notice.recipient, self.now)
                self._store.settle()

    def _look_while_writing(self) -> None:
        """An export keeps the WAL from being taken back while the house goes on."""
        with closing(open_reader(self.folder)) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM reading").fetchone()
            for _ in range(3):
                self._read()

    def _rotate(self) -> None:
        self._store.pseudonyms.rotate(NEIGHBOUR, self.now)

    def _restart(self) -> None:
        self._store.close()
        self._sent = dict(self._confirmed)
        self._open()


def main() -> None:
    """Live for a while."""
    folder, seed, rounds, *fault = sys.argv[1:]
    CutHouse(Path(folder), int(seed), fault[0] if fault else "").live(int(rounds))


if __name__ == "__main__":
    main()
