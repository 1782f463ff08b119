"""Frames that came while nobody knew the time, kept until somebody does: by start of the machine and by its seconds.

What they say is stored when they are dated, in the transaction in which they leave here: no crash loses or doubles it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.meters import Meters
    from gateway.store.recorder import Batch, UndatedFrame


@dataclass(eq=False)
class UndatedFrames:
    """The frames without a date."""

    _db: Transactions
    _meters: Meters

    @translated
    def oldest(self, meter: str, boot: str, limit: int) -> list[UndatedFrame]:
        """The oldest frames of that start of the machine, (milliseconds since it, the frame), at most ``limit``."""
        return self._db.execute(
            "SELECT at, frame FROM undated JOIN meter ON meter.id = meter"
            " WHERE meter.name = ? AND boot = ? ORDER BY at LIMIT ?",
            [meter, boot, limit],
        ).fetchall()

    @translated
    def count(self, meter: str, boot: str) -> int:
        """How many of them there are."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM undated JOIN meter ON meter.id = meter WHERE meter.name = ? AND boot = ?",
            [meter, boot],
        ).fetchone()
        return int(count)

    @translated
    def give_up(self, boot: str) -> int:
        """Delete those of earlier starts, which nobody can date any more, and note the event; how many there were."""
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO event (meter, time, kind, series, detail)"
                " SELECT meter.id, meter.last_time, 'undated-lost', '', json_object('frames', count(*))"
                " FROM undated JOIN meter ON meter.id = meter WHERE boot <> ? GROUP BY meter.id",
                [boot],
            )
            return self._db.execute("DELETE FROM undated WHERE boot <> ?", [boot]).rowcount

    def write(self, batch: Batch) -> None:
        """Keep the frames of a batch that have no date, let those go that have one now, in the open transaction."""
        meter = self._meters.number(batch.meter)
        rows: Sequence[tuple[object, ...]] = [(meter, batch.boot, at, frame) for at, frame in batch.undated]
        self._db.executemany("INSERT OR REPLACE INTO undated VALUES (?, ?, ?, ?)", rows)
        if batch.dated_until is not None:
            self._db.execute(
                "DELETE FROM undated WHERE meter = ? AND boot = ? AND at <= ?", [meter, batch.boot, batch.dated_until]
            )
