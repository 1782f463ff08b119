"""The ledger: what each register counted, in spans that follow each other (``span``), and every sum over them.

Half hours, quarters, days, classes, euros and what recipients get are sums of the same rows: they add up because there
is nothing else to add. A span says how sure it is (``Evidence``); one that counts nothing, a break, is a span as well.
Rows of a register never overlap. What a register at rest counted is one row, however long it rests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gateway.store.breaks import Breaks
from gateway.store.energy import events_of
from gateway.store.spans import CLASS, DRAWN, QUARTER_S, Evidence, Span
from gateway.store.transactions import Transactions, translated
from gateway.tic.judges import ROLL_OVERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.store.points import Series

_FOR_EVER = 2**62
# Each index is cut to whole units; and a damaged line brings the total less often than the class that counts.
_CUT_WH = 8
_MEASURED, _ESTIMATED, _BREAK = (int(one) for one in (Evidence.MEASURED, Evidence.ESTIMATED, Evidence.BREAK))
_UNSURE = _ESTIMATED, _BREAK

_BEFORE = (
    "SELECT start, until, value, wh, evidence FROM span WHERE register = ? AND start <= ? ORDER BY start DESC LIMIT 1"
)
_AFTER = "SELECT start FROM span WHERE register = ? AND start > ? ORDER BY start LIMIT 1"
_INSERT = "INSERT INTO span (register, start, until, value, wh, evidence) VALUES (?, ?, ?, ?, ?, ?)"
MEETING = (
    "SELECT start, until, value, wh, evidence FROM span WHERE register = ?1 AND start < ?3 AND until > ?2 AND start >="
    " coalesce((SELECT max(start) FROM span WHERE register = ?1 AND start <= ?2), ?2) ORDER BY start"
)
# Of each bound the span that it lies in; CROSS JOIN: look for each of them, and not at each span.
AT_BOUNDS = (
    "SELECT s.start, s.until, s.value, s.wh, s.evidence, bound.value FROM json_each(?2) AS bound CROSS JOIN span AS s"
    " ON s.register = ?1 AND s.start = (SELECT max(start) FROM span WHERE register = ?1 AND start <= bound.value)"
)
DOUBTFUL = "SELECT start, until FROM span WHERE register = ? AND evidence >= 2 AND start < ? ORDER BY start"


class _Row(NamedTuple):
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


@dataclass(eq=False)
class Ledger:
    """Spans of every register (``span``)."""

    _db: Transactions

    def add(self, spans: Mapping[tuple[str, int], Span], series: Mapping[str, Series]) -> None:
        """Keep what a meter's registers counted since the last time, in the open transaction."""
        for (path, start), span in sorted(spans.items(), key=lambda item: item[0]):
            self._add(series[path], start, span)
        classes = [one.id for path, one in series.items() if path.startswith(CLASS)]
        for (path, start), span in spans.items():
            if path == DRAWN and classes and span.until % QUARTER_S == 0:
                self._check_classes(classes, start, span)

    def _add(self, series: Series, start: int, span: Span) -> None:
        register = series.id
        row = self._db.execute(_BEFORE, [register, start]).fetchone()
        before = _Row(*row) if row else None
        new = _Row(start, span.until, span.value, span.wh, int(span.evidence))
        if self._is_taken(register, before, new):
            row = self._db.execute(_BEFORE, [register, _FOR_EVER]).fetchone()
            self._fold(register, _Row(*row), new)
        elif before is None:
            self._db.execute(_INSERT, [register, *new])
        elif before.until < start:
            self._go_on(series, before, new)
        elif before.start == start and before.follows and before.value != span.value and not span.evidence:
            # The index that it began with has been corrected since.
            self._write(register, start, max(before.until, span.until), before.known, span.value + span.wh)
        elif before.start == start and span.until >= before.until and _may_replace(before, new):
            self._db.execute(
                "UPDATE span SET until = ?, value = ?, wh = ?, evidence = ? WHERE register = ? AND start = ?",
                [*new[1:], register, start],
            )
        elif before.start == start and before.evidence == new.evidence == Evidence.SHARED:
            # An index of a time that was silent came later: what was one span is two.
            self._write(register, start, span.until, before.value, span.value + span.wh)
            self._write(register, span.until, before.until, span.value + span.wh, before.value + before.wh)
        elif _rests(before) and before.value == span.value and not (span.wh or span.evidence):
            self._reach(register, before, max(before.until, span.until))
        elif before.until == start or (_rests(before) and before.start < start):
            # What rested was kept as one row up to now, and now it goes on.
            self._reach(register, before, min(before.until, start))
            self._db.execute(_INSERT, [register, *new])
        else:
            self._fold(register, before, new)

    def _go_on(self, series: Series, before: _Row, new: _Row) -> None:
        """After a time in which it was not read, from what it said then: what a restart knows of it may be of before.

        Over a break that was told meanwhile nothing is counted.
        """
        told = events_of(self._db, series.meter, before.until, new.start)
        same = before.value + before.wh == new.value and before.evidence != _BREAK
        if same and Breaks.of(series.path, told).between(before.until, new.start):
            self._db.execute(_INSERT, [series.id, before.until, new.until, 0, 0, _BREAK])
        elif same:
            self._db.execute(_INSERT, [series.id, before.until, new.until, new.value, new.wh, int(Evidence.SHARED)])
        else:
            self._db.execute(_INSERT, [series.id, before.until, new.start, 0, 0, _BREAK])
            self._db.execute(_INSERT, [series.id, *new])

    def _reach(self, register: int, row: _Row, until: int) -> None:
        if until != row.until:
            self._db.execute("UPDATE span SET until = ? WHERE register = ? AND start = ?", [until, register, row.start])

    def _is_taken(self, register: int, before: _Row | None, new: _Row) -> bool:
        """Whether its seconds were counted already, and later ones: by a clock that was set back."""
        following = self._db.execute(_AFTER, [register, new.start]).fetchone()
        if following is None:
            return False
        if before is None:
            # What a person enters last goes on to what was read first.
            return following[0] != new.until or new.evidence != Evidence.SHARED
        if before.start != new.start:
            return before.until > new.start or following[0] < new.until
        # What nobody knew is known now, or a silence is parted by what was read in it.
        learned = before.evidence == _BREAK and before.until == new.until
        return not learned and not before.evidence == new.evidence == Evidence.SHARED

    def _fold(self, register: int, last: _Row, new: _Row) -> None:
        """Seconds that were counted already, by a clock that was set back: what the index rose by since is kept.

        In the newest span, or, from where that ends, in one of its own. A break among them follows on the newest one.
        """
        reached, index = last.value + last.wh, new.value + new.wh
        if new.evidence == _BREAK and last.evidence != _BREAK:
            self._db.execute(_INSERT, [register, last.until, last.until + 1, 0, 0, _BREAK])
        elif last.evidence in (_BREAK, Evidence.CARRIED) or index < reached:
            return
        elif new.until > last.until:
            self._db.execute(_INSERT, [register, last.until, new.until, reached, index - reached, new.evidence])
        else:
            self._db.execute(
                "UPDATE span SET wh = ? WHERE register = ? AND start = ?", [index - last.value, register, last.start]
            )

    def _check_classes(self, classes: Sequence[int], start: int, total: Span) -> None:
        """The classes are parts of the total: where they come to more than by rounding, none of them is sure."""
        marks = ", ".join("?" * len(classes))
        within = f"register IN ({marks}) AND start >= ? AND until <= ? AND evidence < {_BREAK} AND wh > 0"
        place = [*classes, start, total.until]
        count, wh = self._db.execute(f"SELECT count(*), total(wh) FROM span WHERE {within}", place).fetchone()  # noqa: S608
        if wh > total.wh + count + _CUT_WH:
            self._db.execute(f"UPDATE span SET evidence = {_ESTIMATED} WHERE {within}", place)  # noqa: S608

    def correct(self, register: Series, time: int, value: int | None) -> None:
        """Let the index between two spans be another one, or (None) unknown, in the open transaction.

        What lies on its two sides is what the indexes say then; where they fall, nobody knows.
        """
        row = self._db.execute(_BEFORE, [register.id, time]).fetchone()
        right = _Row(*row) if row and row[0] == time else None
        row = self._db.execute(_BEFORE, [register.id, time - 1]).fetchone()
        left = _Row(*row) if row and row[1] >= time else None
        if left and left.until > time:
            # Its index had been removed, and is put back: what was one span is two again.
            parts = time % QUARTER_S == 0 or left.evidence == Evidence.SHARED
            if value is not None and parts and left.follows:
                end = self._index_after(register.id, left)
                self._write(register.id, left.start, time, left.known, value)
                self._write(register.id, time, left.until, value, end)
        elif value is not None:
            if right and right.follows:
                self._write(register.id, time, right.until, value, self._index_after(register.id, right))
            elif right and right.evidence == Evidence.CARRIED:
                # What its classes say it came to holds all the same.
                self._db.execute(
                    "UPDATE span SET value = ? WHERE register = ? AND start = ?", [value, register.id, time]
                )
            if left and left.follows:
                self._write(register.id, left.start, time, left.known, value)
        elif left and right and left.follows and right.follows:
            end = self._index_after(register.id, right)
            self._db.execute("DELETE FROM span WHERE register = ? AND start = ?", [register.id, time])
            self._write(register.id, left.start, right.until, left.known, end)
        else:
            # Beside a break there is nothing to make one span of.
            for one in (left, right):
                if left and right and one and one.follows:
                    self._write(register.id, one.start, one.until, one.known, None)

    def doubt(self, register: Series, time: int) -> None:
        """Let nobody know what a register counted in the span that holds a moment: its index was set then."""
        row = self._db.execute(_BEFORE, [register.id, time - 1]).fetchone()
        if row and _Row(*row).until >= time and not _rests(_Row(*row)):
            self._write(register.id, row[0], row[1], None, None)

    def _index_after(self, register: int, row: _Row) -> int | None:
        """The index at the end of a span; None where it is not known."""
        following = self._db.execute(_BEFORE, [register, row.until]).fetchone()
        follows = following and following[0] == row.until and row.evidence != Evidence.CARRIED
        known = _Row(*following).known if follows else None
        return known if known is not None or row.evidence == _BREAK else row.value + row.wh

    def _write(self, register: int, start: int, until: int, index: int | None, later: int | None) -> None:
        wh = later - index if index is not None and later is not None else -1
        # One that rested was read all the while.
        sure = Evidence.MEASURED if until - start <= QUARTER_S or not wh else Evidence.SHARED
        found = [index or 0, max(wh, 0), int(Evidence.BREAK if wh < 0 else sure)]
        self._db.execute(_INSERT.replace("INSERT", "INSERT OR REPLACE"), [register, start, until, *found])

    def erase(self, register: Series, first: int, last: int) -> None:
        """Delete every span that meets ``[first, last)``, in the open transaction; of one at rest the part in it.

        What is left says that there nobody knows anything.
        """
        gone = []
        for row in self._rows(register, first, last):
            self._db.execute("DELETE FROM span WHERE register = ? AND start = ?", [register.id, row.start])
            begin, end = (max(row.start, first), min(row.until, last)) if _rests(row) else (row.start, row.until)
            for start, until in ((row.start, begin), (end, row.until)):
                if start < until:
                    self._db.execute(_INSERT, [register.id, start, until, *row[2:]])
            gone += [begin, end]
        if gone:
            self._db.execute(_INSERT, [register.id, min(gone), max(gone), 0, 0, _BREAK])

    @translated
    def slices(self, register: Series, bounds: Sequence[int], longest: int | None = None) -> list[Slice]:
        """What a register counted between each two successive ``bounds`` (POSIX seconds, in order, all different).

        A span that lies across a bound is shared out in proportion, exact in sum. A silence of more than
        ``longest`` seconds is left out: of a counter that nobody reads, pulses are lost.
        """
        at = self._at_bounds(register, bounds, longest)
        doubtful = self._db.execute(DOUBTFUL, [register.id, bounds[-1]]).fetchall()
        found, place = [], 0
        for low, high in pairwise(bounds):
            while place < len(doubtful) and doubtful[place][1] <= low:
                place += 1
            begin, end = at.get(low), at.get(high)
            if begin and end and begin[0] <= end[0] and not (place < len(doubtful) and doubtful[place][0] < high):
                # Nothing but the register's own rise lies between: it is the difference of two indexes.
                found.append(Slice(end[0] - begin[0], high - low, shared=begin[1] or end[1]))
            else:
                found.append(_summed(self._rows(register, low, high), low, high, longest))
        return found

    def _at_bounds(self, register: Series, bounds: Sequence[int], longest: int | None) -> dict[int, tuple[int, bool]]:
        """Bound -> the index at it, and whether that is shared out; none where nobody knows it."""
        found = {}
        for *row, bound in self._db.execute(AT_BOUNDS, [register.id, json.dumps(bounds)]):
            one = _Row(*row)
            left_out = longest is not None and one.evidence != _MEASURED and one.until - one.start > longest
            if bound <= one.until and one.evidence != _BREAK and not left_out:
                found[bound] = one.value + _part(one, bound), bool(one.wh) and one.start < bound < one.until
        return found

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

    def _rows(self, register: Series, start: int, end: int) -> list[_Row]:
        return [_Row(*row) for row in self._db.execute(MEETING, [register.id, start, end])]


def _may_replace(before: _Row, new: _Row) -> bool:
    """Whether a span that began at the same second says more; what nobody is to know stays so."""
    return before.evidence != _BREAK or new.evidence in (_BREAK, Evidence.CARRIED)


def _rests(row: _Row) -> bool:
    return not row.wh and row.evidence == _MEASURED


def _part(row: _Row, until: int) -> int:
    """What of a span's energy lies before a moment in it."""
    return row.wh * (until - row.start) // (row.until - row.start)


def _summed(rows: Iterable[_Row], low: int, high: int, longest: int | None) -> Slice:
    """What spans come to between two bounds."""
    wh, covered, shared = 0, 0, False
    for row in rows:
        unread = longest is not None and row.evidence != _MEASURED and row.until - row.start > longest
        if row.evidence == _BREAK or unread:
            continue
        first, last = max(row.start, low), min(row.until, high)
        wh += _part(row, last) - _part(row, first)
        covered += last - first
        shared |= row.evidence == _ESTIMATED or (bool(row.wh) and last - first < row.until - row.start)
    return Slice(wh, covered, shared)
