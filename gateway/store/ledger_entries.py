"""What is written into the ledger (``span``): spans as they are counted, corrected, erased.

Whatever comes, in whatever order: rows of a register never overlap, leave no hole, and come to the difference of its
indexes. Everything here is of the open transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.breaks import Breaks
from gateway.store.energy import events_of
from gateway.store.ledger import LedgerRow, rows_of
from gateway.store.spans import CLASS, DRAWN, QUARTER_S, Evidence, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.store.points import Series
    from gateway.store.transactions import Transactions

_FOR_EVER = 2**62
# Each index is cut to whole units; and a damaged line brings the total less often than the class that counts.
_CUT_WH = 8
_ESTIMATED, _BREAK = int(Evidence.ESTIMATED), int(Evidence.BREAK)

_BEFORE = (
    "SELECT start, until, value, wh, evidence FROM span WHERE register = ? AND start <= ? ORDER BY start DESC LIMIT 1"
)
_AFTER = "SELECT start FROM span WHERE register = ? AND start > ? ORDER BY start LIMIT 1"
_REPLACE = "INSERT OR REPLACE INTO span (register, start, until, value, wh, evidence) VALUES (?, ?, ?, ?, ?, ?)"
_INSERT = "INSERT INTO span (register, start, until, value, wh, evidence) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(eq=False)
class LedgerEntries:
    """The one part that changes the ledger."""

    _db: Transactions

    def add(self, spans: Mapping[tuple[str, int], Span], series: Mapping[str, Series]) -> None:
        """Keep what a meter's registers counted since the last time."""
        for (path, start), span in sorted(spans.items(), key=lambda item: item[0]):
            self._add(series[path], start, span)
        classes = [one.id for path, one in series.items() if path.startswith(CLASS)]
        for (path, start), span in spans.items():
            if path == DRAWN and classes and span.until % QUARTER_S == 0:
                self._check_classes(classes, start, span)

    def _add(self, series: Series, start: int, span: Span) -> None:
        register = series.id
        before = self._last(register, start)
        new = LedgerRow(start, span.until, span.value, span.wh, int(span.evidence))
        if (newest := self._last(register, _FOR_EVER)) and self._is_taken(register, before, new):
            self._fold(register, newest, new)
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
        elif before.rests and before.value == span.value and not (span.wh or span.evidence):
            self._reach(register, before, max(before.until, span.until))
        elif before.until == start or (before.rests and before.start < start):
            # What rested was kept as one row up to now, and now it goes on.
            self._reach(register, before, min(before.until, start))
            self._db.execute(_INSERT, [register, *new])
        else:
            self._fold(register, before, new)

    def _last(self, register: int, time: int) -> LedgerRow | None:
        """The last span that began at a moment or before it."""
        row = self._db.execute(_BEFORE, [register, time]).fetchone()
        return LedgerRow(*row) if row else None

    def _go_on(self, series: Series, before: LedgerRow, new: LedgerRow) -> None:
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

    def _reach(self, register: int, row: LedgerRow, until: int) -> None:
        if until != row.until:
            self._db.execute("UPDATE span SET until = ? WHERE register = ? AND start = ?", [until, register, row.start])

    def _is_taken(self, register: int, before: LedgerRow | None, new: LedgerRow) -> bool:
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

    def _fold(self, register: int, last: LedgerRow, new: LedgerRow) -> None:
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
        """Let the index between two spans be another one, or (None) unknown.

        What lies on its two sides is what the indexes say then; where they fall, nobody knows.
        """
        right, left = self._last(register.id, time), self._last(register.id, time - 1)
        right = right if right and right.start == time else None
        left = left if left and left.until >= time else None
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
        row = self._last(register.id, time - 1)
        if row and row.until >= time and not row.rests:
            self._write(register.id, row.start, row.until, None, None)

    def _index_after(self, register: int, row: LedgerRow) -> int | None:
        """The index at the end of a span; None where it is not known."""
        following = self._last(register, row.until)
        follows = following and following.start == row.until and row.evidence != Evidence.CARRIED
        known = following.known if following and follows else None
        return known if known is not None or row.evidence == _BREAK else row.value + row.wh

    def _write(self, register: int, start: int, until: int, index: int | None, later: int | None) -> None:
        wh = later - index if index is not None and later is not None else -1
        # One that rested was read all the while.
        sure = Evidence.MEASURED if until - start <= QUARTER_S or not wh else Evidence.SHARED
        found = [index or 0, max(wh, 0), int(Evidence.BREAK if wh < 0 else sure)]
        self._db.execute(_REPLACE, [register, start, until, *found])

    def erase(self, register: Series, first: int, last: int) -> None:
        """Delete every span that meets ``[first, last)``; of one at rest the part in it.

        What is left says that there nobody knows anything.
        """
        gone = []
        for row in rows_of(self._db, register, first, last):
            self._db.execute("DELETE FROM span WHERE register = ? AND start = ?", [register.id, row.start])
            begin, end = (max(row.start, first), min(row.until, last)) if row.rests else (row.start, row.until)
            for start, until in ((row.start, begin), (end, row.until)):
                if start < until:
                    self._db.execute(_INSERT, [register.id, start, until, *row[2:]])
            gone += [begin, end]
        if gone:
            self._db.execute(_INSERT, [register.id, min(gone), max(gone), 0, 0, _BREAK])


def _may_replace(before: LedgerRow, new: LedgerRow) -> bool:
    """Whether a span that began at the same second says more; what nobody is to know stays so."""
    return before.evidence != _BREAK or new.evidence in (_BREAK, Evidence.CARRIED)
