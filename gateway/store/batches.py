"""The writing end: a batch becomes readings, roll-ups and outbox rows in one transaction.

Order inside the transaction: spans of the ledger, readings, sums of minutes, index values at half hours, then the
periods that ended, from minutes to days; every new point goes to the outbox of each recipient that subscribed and may
have it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.breaks import INDEX_SET_BY_HAND
from gateway.store.notices import GIVEN_UP_S, RecipientNotices
from gateway.store.points import Granularity
from gateway.store.redo import WrittenBatches
from gateway.store.transactions import Transactions, translated
from gateway.tic.reading import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.journal import Journal
    from gateway.store.ledger_entries import LedgerEntries
    from gateway.store.meters import Meters
    from gateway.store.outbox import Outbox
    from gateway.store.points import Point
    from gateway.store.queue import QueuedRows
    from gateway.store.recorder import Batch
    from gateway.store.relayed import Relayed
    from gateway.store.rollups import Rollups
    from gateway.store.tariff_notes import TariffNotes
    from gateway.store.undated import UndatedFrames


@dataclass(eq=False)
class Batches:
    """What the meters say (``event``, ``counter``, and the tables of the parts that it is given)."""

    _db: Transactions
    _meters: Meters
    _journal: Journal
    _notices: RecipientNotices
    _queue: QueuedRows
    _outbox: Outbox
    _undated: UndatedFrames
    _relayed: Relayed
    _notes: TariffNotes
    _entries: LedgerEntries
    _rollups: Rollups

    def __post_init__(self) -> None:
        """Have a batch written again where that was undone."""
        self._db.does[WrittenBatches] = self._add

    @translated
    def write(self, batches: Sequence[Batch], now: float, *, leaving: bool = False) -> int:
        """Make the batches durable; the number of new points. Raises StoreError with everything rolled back.

        With the end of a half hour they are committed with all that was postponed since the one before.

        Args:
            batches: what the meters said.
            now: POSIX seconds, the host's clock: which consents are valid.
            leaving: a message of them leaves at once: what is noted of it makes both durable, or ``settle``.
        """
        written = WrittenBatches(list(batches), now)
        self._db.begin()
        count = self._add(written)
        half_hour = any(granularity >= Granularity.HALF_HOUR for batch in batches for granularity, _ in batch.closed)
        if self._journal.flush(now) or half_hour:
            self._db.commit()
        else:
            self._db.postpone(written if batches else None, leaving=leaving)
        self._journal.tell()
        return count

    @translated
    def settle(self) -> None:
        """Make durable what was to leave at once, and has not left; StoreError: the next operation does it again."""
        if self._db.left_open:
            self._db.begin()
            self._db.postpone(None)

    def _add(self, written: WrittenBatches) -> int:
        points = [p for batch in written.batches for p in self._write_batch(batch)]
        self._outbox.promise(points, written.now)
        return len(points)

    @translated
    def forget(self, now: int, raw_s: int, minute_s: int, outbox_s: int) -> None:
        """Delete what is past its retention; the half hours, the days and each series' newest reading stay for ever.

        So does what a person entered: months apart, it is all there is.

        Args:
            now: POSIX seconds. A meter counts from its own last frame or from now, whichever is earlier: neither a
                frame from the future nor a clock not yet set deletes anything.
            raw_s: seconds for which raw index and gauge values are kept.
            minute_s: the same for minutes, and for the few raw values of other kinds.
            outbox_s: the same for rows whose recipient did not come for them.
        """
        with self._db.transaction():
            for meter in self._meters.all():
                latest = min(meter.last_time or now, now)
                self._rollups.forget(meter.name, latest, raw_s, minute_s)
                self._queue.expire(meter.id, latest - outbox_s)
            self._notices.forget_last_words(now - GIVEN_UP_S)

    def _write_batch(self, batch: Batch) -> list[Point]:
        self._db.execute(
            "UPDATE meter SET last_time = ?, address = coalesce(?, address), prm = coalesce(?, prm) WHERE name = ?",
            [batch.last_time, batch.address, batch.prm, batch.meter],
        )
        self._db.executemany(
            "INSERT INTO event (meter, time, kind, series, detail) SELECT id, ?, ?, ?, ? FROM meter WHERE name = ?",
            ((h.time, h.kind, h.series, json.dumps(h.detail), batch.meter) for h in batch.happened),
        )
        self._undated.write(batch)
        self._relayed.write(batch)
        self._notes.write(batch)
        self._db.executemany(
            "INSERT INTO counter SELECT id, ?, ? FROM meter WHERE name = ?"
            " ON CONFLICT DO UPDATE SET total = excluded.total",
            ((path, total, batch.meter) for path, total in batch.totals.items()),
        )
        series = {
            path: self._meters.add_series(batch.meter, path, unit, _kind_word(path, kind))
            for path, (unit, kind) in batch.series.items()
        }
        # What ended a register may have come without an index of it.
        registers = {path: self._meters.add_series(batch.meter, path, "Wh", "index") for path, _ in batch.spans}
        self._entries.add(batch.spans, registers)
        for told in batch.happened:
            if told.kind == INDEX_SET_BY_HAND and (register := self._meters.named(batch.meter, told.series)):
                self._entries.doubt(register, told.time)
        points = self._rollups.add_readings(batch, series)
        self._rollups.add_minutes(batch, series)
        for path, time, value in batch.boundaries:
            points += self._rollups.add_boundary(series[path], time, value)
        for granularity, start in batch.closed:
            points += self._rollups.close(batch.meter, granularity, start)
        return points


def _kind_word(path: str, kind: Kind) -> str:
    return "curve" if kind is Kind.MEAN and path.endswith("power/active/raw") else kind.value
