"""When the tariff class was seen to change: between the last frame with the old one and the first with the new one.

What happened while nobody listened is a gap: a change in it is known to have been, not when. From both comes what the
classes of a day were. No I/O and no clock; times are POSIX seconds, by whichever clock the frames are dated.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.tic.day_classes import DAY_MINUTES, DayClasses, apart, class_at, day_at, day_start, minute_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

# Between two frames so far apart a change is not known to the minute, and whoever listens has missed something.
GAP_S = 600
# Days of which changes are remembered: two seasons of learning, and what a household may be shown.
KEPT_DAYS = 60
# The same border is not found further away from where it is meant to be.
NEAR_MINUTES = 10.0

_ONE = timedelta(days=1)


class ClassChange(NamedTuple):
    """From ``before`` to ``after``, later than ``earliest`` and not later than ``time``."""

    earliest: int
    time: int
    before: str
    after: str

    @property
    def sharp(self) -> bool:
        """Whether it is known well enough to learn from."""
        return self.time - self.earliest <= GAP_S

    @property
    def middle(self) -> float:
        """Its most likely moment."""
        return (self.earliest + self.time) / 2

    @property
    def minute(self) -> float:
        """The same as minutes since midnight."""
        return minute_at(self.middle)


class ObservedChanges:
    """The changes and the gaps of the last weeks, in the order in which they came."""

    def __init__(self, changes: Iterable[ClassChange] = (), gaps: Iterable[tuple[int, int]] = ()) -> None:
        self.changes: deque[ClassChange] = deque()
        self.gaps = deque(gaps)
        self._sharp: dict[date, list[ClassChange]] = {}
        for change in changes:
            self.add(change)

    def add(self, change: ClassChange) -> None:
        """Another one, later than all others."""
        self.changes.append(change)
        if change.sharp:
            self._sharp.setdefault(day_at(change.middle), []).append(change)

    def miss(self, start: int, end: int) -> None:
        """Nobody listened from then until then."""
        self.gaps.append((start, end))

    def forget(self, before: int) -> list[tuple[str, int]]:
        """Let go what is older; ``(kind, time)`` of each, the kind being ``change`` or ``gap``."""
        gone = []
        while self.changes and self.changes[0].time < before:
            gone.append(("change", self.changes.popleft().time))
        while self.gaps and self.gaps[0][1] < before:
            gone.append(("gap", self.gaps.popleft()[0]))
        self._sharp = {day: changes for day, changes in self._sharp.items() if day_start(day + _ONE) > before}
        return gone

    def forget_later(self, time: int) -> tuple[list[int], list[tuple[int, int]]]:
        """Let go what would be later than that, of a clock that was put back: times of changes, and gaps."""
        changes, gaps = [], []
        while self.changes and self.changes[-1].time > time:
            changes.append(self.changes.pop().time)
        while self.gaps and self.gaps[-1][1] > time:
            gaps.append(self.gaps.pop())
        self._sharp = {day: [one for one in found if one.time <= time] for day, found in self._sharp.items()}
        return changes, gaps

    def between(self, start: float, end: float) -> Iterator[ClassChange]:
        """The changes whose middle lies there."""
        found = []
        for change in reversed(self.changes):
            if change.time < start:
                break
            if start <= change.middle < end:
                found.append(change)
        return reversed(found)

    def sharp_on(self, day: date) -> list[ClassChange]:
        """The changes of a local day that are known to the minute."""
        return self._sharp.get(day, [])

    def watched(self, start: float, end: float) -> bool:
        """Whether somebody listened all that time."""
        return not any(begin < end and until > start for begin, until in self.gaps)

    def lived(self, day: date, begins: str | None, expected: DayClasses | None) -> DayClasses | None:
        """The classes of a day that is over, to the minute; None where a part of it is not known.

        Args:
            day: the day.
            begins: the class at its beginning, None where nobody knows.
            expected: what it was meant to be; a border that was seen near one of these is that one, and in a gap these
                are believed if they lead from the class before it to the one after it.
        """
        start, end = day_start(day), day_start(day + _ONE)
        found: list[tuple[int, str]] = [] if begins is None else [(0, begins)]
        word = begins
        for change in self.between(start, end):
            if word is None or (word != change.before and change.sharp):
                return None
            word = change.after
            # At midnight it is of the day that begins.
            if change.sharp and round(change.minute) < DAY_MINUTES:
                found.append((_border(change, expected), word))
        for begin, until in self.gaps:
            if begin < end and until > start:
                filled = self._filled(found, (begin, until), (start, end), expected)
                if filled is None:
                    return None
                found = filled
        return _in_order(found)

    def _filled(
        self, found: list[tuple[int, str]], gap: tuple[int, int], day: tuple[int, int], expected: DayClasses | None
    ) -> list[tuple[int, str]] | None:
        if expected is None:
            return None
        first = 0.0 if gap[0] <= day[0] else minute_at(gap[0])
        last = DAY_MINUTES if gap[1] >= day[1] else minute_at(gap[1])
        before = class_at(tuple(found), first)
        inside = [(at, word) for at, word in expected if first < at <= last]
        after = class_at(expected, last, before)
        seen = [one for one in self.changes if not one.sharp and gap[0] <= one.time <= gap[1]]
        told = seen[-1].after if seen else before
        if gap[1] < day[1] and after != told:
            return None
        if first and class_at(expected, first) not in (before, None):
            return None
        return sorted([*found, *inside])


def _border(change: ClassChange, expected: DayClasses | None) -> int:
    near = [at for at, word in expected or () if word == change.after and apart(at, change.minute) <= NEAR_MINUTES]
    return near[0] if near else round(change.minute)


def _in_order(found: list[tuple[int, str]]) -> DayClasses | None:
    """Without what begins nothing; None where two begin at once, or nothing is known."""
    kept: list[tuple[int, str]] = []
    for at, word in sorted(found, key=lambda one: one[0]):
        if kept and kept[-1][1] == word:
            continue
        if kept and kept[-1][0] == at:
            if at:
                return None
            kept.pop()  # at midnight the class of the day before ends
        kept.append((at, word))
    return tuple(kept) or None
