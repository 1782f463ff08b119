"""The ledger: what each register counted, in spans that follow each other, and every sum over them.

Half hours, quarters, days, classes, euros and what recipients get are sums of the same rows: they add up because there
is nothing else to add. A span says how sure it is (``Evidence``); one that counts nothing, a break, is a span as well.
Rows of a register never overlap. What a register at rest counted is one row, however long it rests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gateway.store.spans import Evidence
from gateway.store.transactions import Transactions, translated
from gateway.tic.judges import ROLL_OVERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.store.points import Series

_FOR_EVER = 2**62
_MEASURED, _ESTIMATED, _BREAK = (int(one) for one in (Evidence.MEASURED, Evidence.ESTIMATED, Evidence.BREAK))
_UNSURE = _ESTIMATED, _BREAK

MEETING = (
    "SELECT start, until, value, wh, evidence FROM span WHERE register = ?1 AND start < ?3 AND until > ?2 AND start >="
    " coalesce((SELECT max(start) FROM span WHERE register = ?1 AND start <= ?2), ?2) ORDER BY start"
)
# Of each bound the span that it lies in; CROSS JOIN: look for each of them, and not at each span.
AT_BOUNDS = (
    "SELECT s.start, s.until, s.value, s.wh, s.evidence, bound.value FROM json_each(?2) AS bound CROSS JOIN span AS s"
    " ON s.register = ?1 AND s.start = (SELECT max(start) FROM span WHERE register = ?1 AND start <= bound.value)"
)
# By the key of the table SQLite would read every span since the first one.
DOUBTFUL = (
    "SELECT start, until FROM span INDEXED BY span_doubtful"
    " WHERE register = ? AND evidence >= 2 AND start < ? ORDER BY start"
)


class LedgerRow(NamedTuple):
    """A span as it is stored: what its register rose by (``wh``) from an index that was ``value``."""

    start: int
    until: int
    value: int
    wh: int
    evidence: int

    @property
    def known(self) -> int | None:
        """The index at its beginning; None where nobody knows it."""
        return self.value if self.value or self.evidence != _BREAK else None

    @property
    def rests(self) -> bool:
        """Whether the register was read all along, and counted nothing."""
        return not self.wh and self.evidence == _MEASURED

    @property
    def follows(self) -> bool:
        """Whether what it counts is the difference of the indexes at its ends, or was until one of them was removed."""
        return self.known is not None and self.evidence != Evidence.CARRIED


@dataclass(frozen=True, slots=True)
class Slice:
    """What a register counted between two bounds; ``covered`` seconds are known.

    ``shared``: not exact to the watt-hour, because a bound lies within a span, or a span is an estimate.
    """

    wh: int
    covered: int
    shared: bool


_NOTHING = Slice(0, 0, shared=False)


@dataclass(eq=False)
class Ledger:
    """Sums over the spans of every register."""

    _db: Transactions

    @translated
    def slices(self, register: Series, bounds: Sequence[int], longest: int | None = None) -> list[Slice]:
        """What a register counted between each two successive ``bounds`` (POSIX seconds, in order, all different).

        A span that lies across a bound is shared out in proportion, exact in sum. A silence of more than
        ``longest`` seconds is left out: of a counter that nobody reads, pulses are lost.
        """
        at, reached = self._at_bounds(register, bounds, longest)
        doubtful = self._db.execute(DOUBTFUL, [register.id, bounds[-1]]).fetchall()
        found, place = [], 0
        for low, high in pairwise(bounds):
            while place < len(doubtful) and doubtful[place][1] <= low:
                place += 1
            begin, end = at.get(low), at.get(high)
            if begin and end and begin[0] <= end[0] and not (place < len(doubtful) and doubtful[place][0] < high):
                # Nothing but the register's own rise lies between: it is the difference of two indexes.
                found.append(Slice(end[0] - begin[0], high - low, shared=begin[1] or end[1]))
            elif reached.get(low) == reached.get(high) and (reached.get(low) or 0) <= low:
                found.append(_NOTHING)
            else:
                found.append(_summed(self._rows(register, low, high), low, high, longest))
        return found

    def _at_bounds(
        self, register: Series, bounds: Sequence[int], longest: int | None
    ) -> tuple[dict[int, tuple[int, bool]], dict[int, int]]:
        """Of each bound the index at it, and whether that is shared out, where it is known; the end of its last span.

        That is the same of two bounds only where no span begins between them.
        """
        found, reached = {}, {}
        for start, until, value, wh, evidence, bound in self._db.execute(AT_BOUNDS, [register.id, json.dumps(bounds)]):
            reached[bound] = until
            left_out = longest is not None and evidence != _MEASURED and until - start > longest
            if bound <= until and evidence != _BREAK and not left_out:
                within = bool(wh) and start < bound < until
                found[bound] = value + (wh * (bound - start) // (until - start) if wh else 0), within
        return found, reached

    @translated
    def across(self, register: Series, bounds: Sequence[int]) -> dict[int, LedgerRow]:
        """Bound -> the span with energy that lies across it: what ``slices`` shares out there in proportion."""
        rows = self._db.execute(AT_BOUNDS, [register.id, json.dumps(bounds)])
        found = {bound: LedgerRow(*row) for *row, bound in rows}
        return {bound: row for bound, row in found.items() if row.wh and row.start < bound < row.until}

    @translated
    def exact(self, register: Series, start: int, end: int) -> int | None:
        """What a register counted in ``[start, end)``; None where that is not all known, to the watt-hour."""
        reached, wh = start, 0
        for row in self._rows(register, start, end):
            cut = row.start < start or row.until > end
            if row.start > reached or row.evidence in _UNSURE or (cut and row.wh):
                return None
            reached, wh = row.until, wh + row.wh
        return wh if reached >= end else None

    @translated
    def steps(self, register: Series, start: int, end: int, step: int) -> dict[int, int]:
        """Step in ``[start, end)`` -> Wh, of those that are known to the watt-hour; both ends are ends of steps."""
        known: dict[int, list[int]] = {}
        for row in self._rows(register, start, end):
            for begin in range(max(row.start, start) // step * step, min(row.until, end), step):
                cut = row.start < begin or row.until > begin + step
                if row.evidence not in _UNSURE and not (cut and row.wh):
                    one = known.setdefault(begin, [0, 0])
                    one[0] += row.wh
                    one[1] += min(row.until, begin + step) - max(row.start, begin)
        return {begin: wh for begin, (wh, seconds) in known.items() if seconds == step}

    @translated
    def is_near(self, register: Series, time: int, within: int) -> bool:
        """Whether it was read, or known, so many seconds around a moment."""
        rows = self._rows(register, time - 1, time + 1)
        known = [row for row in rows if row.evidence != _BREAK]
        return any(not row.wh or row.until - row.start <= within for row in known)

    @translated
    def faults(self, register: Series) -> list[int]:
        """Where spans do not follow each other, or do not come to what the index rose by: POSIX seconds."""
        rows = self._rows(register, 0, _FOR_EVER)
        found = [row.start for row in rows if row.until <= row.start or row.wh < 0]
        for one, other in pairwise(rows):
            known = _BREAK not in (one.evidence, other.evidence) and one.evidence != Evidence.CARRIED
            # A counter that began again at zero is so many units below what it has counted.
            if one.until != other.start or (known and one.value + one.wh - other.value not in (0, *ROLL_OVERS)):
                found.append(other.start)
        return found

    def _rows(self, register: Series, start: int, end: int) -> list[LedgerRow]:
        return rows_of(self._db, register, start, end)


def part_before(row: LedgerRow, moment: int) -> int:
    """What of a span's energy lies before a moment in it, shared out by time."""
    return row.wh * (moment - row.start) // (row.until - row.start)


def rows_of(db: Transactions, register: Series, start: int, end: int) -> list[LedgerRow]:
    """The spans of a register that meet ``[start, end)``, in order."""
    return [LedgerRow(*row) for row in db.execute(MEETING, [register.id, start, end])]


def _summed(rows: Iterable[LedgerRow], low: int, high: int, longest: int | None) -> Slice:
    """What spans come to between two bounds."""
    wh, covered, shared = 0, 0, False
    for row in rows:
        unread = longest is not None and row.evidence != _MEASURED and row.until - row.start > longest
        if row.evidence == _BREAK or unread:
            continue
        first, last = max(row.start, low), min(row.until, high)
        wh += part_before(row, last) - part_before(row, first)
        covered += last - first
        shared |= row.evidence == _ESTIMATED or (bool(row.wh) and last - first < row.until - row.start)
    return Slice(wh, covered, shared)
