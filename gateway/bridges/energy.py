"""Energy by the hour and by the day, of the indexes of totals: kWh between two readings that are known, else nothing.

Known is an index at a full hour, or at a midnight of France, that was read then; or that lies between two readings at
most 1 Wh apart, as of a home that draws little: its meter speaks when the index moves. So a gap is a gap: the hours in
it, and the two that it cuts, have no value, and the first reading after it is nobody's hour. What comes late fills the
hours that it is of. An index by the minute is the last of its minute, so it is read at the minute's end.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.store.recorder import day_end, day_start
from gateway.store.spans import DRAWN, INJECTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from gateway.bridges.core import Value

    _Place: TypeAlias = tuple[str, str, str]
    # When an index was read (POSIX seconds), and what it was (Wh).
    Reading: TypeAlias = tuple[int, float]

TOTALS = (DRAWN, INJECTED)
_HOUR_S, _MINUTE_S = 3600, 60
# Between readings further apart nothing is taken for granted.
_APART_S, _APART_WH = 25 * _HOUR_S, 1
# A meter says its index every second or two; raw readings so near to each other have none between them.
_NEXT_S = 10


@dataclass(frozen=True, slots=True)
class _Step:
    """A period: what it is called, its granularity, the border at or before a time, and the border after a border."""

    word: str
    code: str
    start: Callable[[int], int]
    end: Callable[[int], int]

    def within(self, after: int, until: int) -> Iterator[int]:
        """The borders between, the last moment included."""
        border = self.end(self.start(after))
        while border <= until:
            yield border
            border = self.end(border)

    def pairs(self, border: int) -> tuple[tuple[int, int], ...]:
        """The period that ends there and the one that begins; none where no such period does."""
        if self.start(border) != border:
            return ()
        return ((self.start(border - 1), border), (border, self.end(border)))


_HOUR = _Step("hour", "PT1H", lambda at: at // _HOUR_S * _HOUR_S, lambda border: border + _HOUR_S)
_DAY = _Step("day", "P1D", day_start, day_end)


@dataclass(frozen=True, slots=True)
class _Story:
    """What is remembered of one index: its last reading, and what it was at the borders before."""

    last: Reading
    known: dict[int, float]


class EnergySteps:
    """The energy that follows of indexes as they come; what it remembers saves most looks at the other system.

    Args:
        look: readings that the other system has of some series about some times, by place in that list.
    """

    def __init__(self, look: Callable[[Sequence[tuple[Value, int]]], Sequence[Sequence[Reading]]]) -> None:
        self._look = look
        self._stories: dict[_Place, _Story] = {}
        self._next: dict[_Place, _Story] = {}

    def of(self, values: Sequence[Value]) -> list[Value]:
        """Hours and days that these values begin or end, also those that are there already; raises as ``look`` does."""
        lines: dict[_Place, list[Value]] = {}
        for value in values:
            if value.path in TOTALS and not isinstance(value.value, str):
                lines.setdefault((value.household.name, value.path, value.granularity), []).append(value)
        runs = {place: _Run(these, self._stories.get(place)) for place, these in lines.items()}
        now = int(time.time())
        asked = [(run, border) for run in runs.values() for border in run.asked(now)]
        found = self._look([(run.value, border) for run, border in asked]) if asked else []
        for (run, border), readings in zip(asked, found, strict=True):
            run.learn(border, readings)
        self._next = {place: run.story() for place, run in runs.items()}
        return [value for run in runs.values() for value in run.energy()]

    def keep(self) -> None:
        """What ``of`` was asked last is in the other system."""
        self._stories |= self._next


class _Run:
    """One index as some values continue it."""

    def __init__(self, values: Sequence[Value], before: _Story | None) -> None:
        self.value, self._before = values[0], before
        self._steps = (_DAY,) if self.value.granularity == _DAY.code else (_HOUR, _DAY)
        readings = sorted({read_at(value): float(value.value) for value in values}.items())
        self._first, self._last = readings[0], readings[-1]
        if before and before.last[0] < self._first[0]:
            readings.insert(0, before.last)
        self._readings = readings
        self._known = dict(before.known) if before else {}
        # An hour that began before the first of all readings may be known by what the other system has.
        self._touched = {_HOUR.start(self._first[0])} if before is None and len(self._steps) > 1 else set()
        self._touch()

    def _touch(self) -> None:
        """Which borders these readings are at or on both sides of, and what the index was there."""
        at = [moment for moment, _ in self._readings]
        for earlier, later in zip([at[0] - 1, *at], at, strict=False):
            for step in self._steps:
                near = later - earlier <= _APART_S
                self._touched |= set(step.within(earlier if near else later - 1, later))
        for border in self._touched:
            self._note(border, self._readings)

    def _note(self, border: int, readings: Sequence[Reading]) -> None:
        value = _index_at(readings, border)
        if value is not None:
            self._known[border] = value

    def asked(self, now: int) -> set[int]:
        """Borders of which only the other system may know: before these readings, or after them where they are late."""
        ends = {
            border for border in self._touched for step in self._steps for pair in step.pairs(border) for border in pair
        }
        known = self._known.keys()
        return {end for end in ends - known if end < self._readings[0][0] or self._last[0] < end <= now}

    def learn(self, border: int, readings: Sequence[Reading]) -> None:
        """Take in what the other system has about a border; what it has stays as it is."""
        self._note(border, sorted({**dict(self._readings), **dict(readings)}.items()))

    def energy(self) -> Iterator[Value]:
        """Each period that is known, at its beginning."""
        for step in self._steps:
            for start, end in sorted({pair for border in self._touched for pair in step.pairs(border)}):
                before, after = self._known.get(start), self._known.get(end)
                # An index that falls is another's.
                if before is not None and after is not None and after >= before:
                    path = self.value.path.removesuffix("index") + step.word
                    energy = round((after - before) / 1000, 3)
                    yield replace(
                        self.value, path=path, granularity=step.code, time=float(start), value=energy, unit="kWh"
                    )

    def story(self) -> _Story:
        """What is worth remembering: the last reading, its hour and the hour before, its day and the day before."""
        if self._before and self._before.last[0] > self._last[0]:
            return self._before
        hour, day = _HOUR.start(self._last[0]), day_start(day_start(self._last[0]) - 1)
        kept = {at: value for at, value in self._known.items() if at >= hour - _HOUR_S or _is_day(at, day)}
        return _Story(self._last, kept)


def read_at(value: Value, clock: float | None = None) -> int:
    """When the index of a value was read, or another of its series that stands at ``clock``."""
    return math.floor(value.time if clock is None else clock) + (_MINUTE_S if value.granularity == "PT1M" else 0)


def _index_at(readings: Sequence[Reading], border: int) -> float | None:
    """The index at a moment, to the watt-hour; None where nobody knows."""
    place = bisect_right(readings, (border, math.inf))
    if place and readings[place - 1][0] == border:
        return readings[place - 1][1]
    if not 0 < place < len(readings):
        return None
    (before, low), (after, high) = readings[place - 1], readings[place]
    near = after - before <= _NEXT_S or (after - before <= _APART_S and high - low <= _APART_WH)
    return low if near and high >= low else None


def _is_day(at: int, since: int) -> bool:
    return at >= since and day_start(at) == at
