"""What the calendar of tariff classes knows over restarts: notes of each meter, and the classes of the days it lived.

A note is a kind, a whole number (a POSIX second for those that are of a time) and a text, as ``gateway.tic`` writes
them; it goes into the store in the transaction of the readings that showed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.transactions import Transactions, translated
from gateway.tic.day_classes import day_at, day_start, read
from gateway.tic.tariff_memory import OF_A_TIME, READ_COLOURS_DAYS, READ_DAYS

if TYPE_CHECKING:
    from datetime import date

    from gateway.store.recorder import Batch
    from gateway.tic.day_classes import DayClasses

_DAY_S = 86_400
_MARKS = ", ".join("?" * len(OF_A_TIME))


@dataclass(eq=False)
class TariffNotes:
    """The notes (``tariff_note``)."""

    _db: Transactions

    @translated
    def recent(self, meter: str, last_time: int) -> dict[tuple[str, int], str]:
        """What a calendar of that meter begins with: (kind, number) -> text; of old days only what is learned."""
        rows = self._db.execute(
            "SELECT kind, number, text FROM tariff_note JOIN meter ON meter.id = meter WHERE name = ?"  # noqa: S608
            f" AND (kind NOT IN ({_MARKS}) OR number >= CASE kind WHEN 'colour' THEN ? ELSE ? END)",
            [meter, *OF_A_TIME, last_time - READ_COLOURS_DAYS * _DAY_S, last_time - READ_DAYS * _DAY_S],
        )
        return {(kind, number): text for kind, number, text in rows.fetchall()}

    @translated
    def days(self, meter: str, first: date, end: date) -> dict[date, DayClasses]:
        """The classes of the days of ``[first, end)`` that were lived and are known, minute by minute."""
        rows = self._db.execute(
            "SELECT number, text FROM tariff_note JOIN meter ON meter.id = meter"
            " WHERE name = ? AND kind = 'day' AND number >= ? AND number < ? ORDER BY number",
            [meter, day_start(first), day_start(end)],
        )
        return {day_at(number): classes for number, text in rows.fetchall() if (classes := read(text))}

    @translated
    def names(self, meter: str) -> dict[str, str]:
        """Number of an index -> what its supplier calls it."""
        rows = self._db.execute(
            "SELECT number, text FROM tariff_note JOIN meter ON meter.id = meter WHERE name = ? AND kind = 'name'",
            [meter],
        )
        return {str(number): text for number, text in rows.fetchall()}

    def write(self, batch: Batch) -> None:
        """Write, in the open transaction, what a batch notes; a text that is None takes the note away."""
        for (kind, number), text in batch.notes.items():
            if text is None:
                self._db.execute(
                    "DELETE FROM tariff_note WHERE meter = (SELECT id FROM meter WHERE name = ?)"
                    " AND kind = ? AND number = ?",
                    [batch.meter, kind, number],
                )
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO tariff_note SELECT id, ?, ?, ? FROM meter WHERE name = ?",
                    [kind, number, text, batch.meter],
                )
