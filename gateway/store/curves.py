"""What a day's curve is drawn of: the minutes of a gauge, and what a text series said meanwhile; as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.minutes import Minutes
    from gateway.store.points import Series

# Of texts each change is a row: none of them is gathered.
TEXTS = "SELECT time, last FROM minute WHERE series = ? AND time > ? AND time < ? ORDER BY time"
SAID_BEFORE = (
    "SELECT time, last FROM minute WHERE series = ? AND time <= ? ORDER BY time DESC LIMIT 1",
    # Of a text that has not changed since the minutes were let go, the newest reading is left.
    "SELECT time, value FROM reading WHERE series = ? AND time <= ? ORDER BY time DESC LIMIT 1",
)

# First second of the minute, its mean, its lowest and its highest value.
Minute = tuple[int, float, int, int]


@dataclass(eq=False)
class Curves:
    """A day at a time, whatever the number of years in the database."""

    _db: Transactions
    _minutes: Minutes

    @translated
    def minutes(self, gauge: Series, start: int, end: int) -> list[Minute]:
        """The minutes of ``[start, end)`` of which anything was read; the one that is open is among them."""
        # Where minutes were given up one sum of their half hour stands at a second at which no minute begins.
        return [
            (time, total / samples, low, high)
            for time, samples, total, low, high, *_ in self._minutes.rows(gauge.id, start, end)
            if samples > 0 and time % 60 == 0
        ]

    @translated
    def texts(self, text: Series, start: int, end: int) -> list[tuple[int, str]]:
        """(from when on, text) over ``[start, end)``: first what was said at ``start``, if that is known."""
        before = [row for query in SAID_BEFORE if (row := self._db.execute(query, [text.id, start]).fetchone())]
        changes = self._db.execute(TEXTS, [text.id, start, end]).fetchall()
        said = [max(before)] if before else []
        return [(time, str(value)) for time, value in (*said, *changes)]
