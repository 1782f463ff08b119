"""How good a line is: faults by kind and a score, over the last minute, hour and day, in bounded memory.

Core: no I/O, and the clock (monotonic seconds) is handed in. Each window is a ring of slots that are used again, so a
line that is bad for ten years takes no more room than a good one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The longest frame (historic, three-phase) takes 3 s, and groups are known at its end: later than this is silence.
ALLOWED_SILENCE_S = 4.0

# A day's capture of a sound line had 1 bad group in 668,286. A hundredth is thus far from normal, yet leaves a frame
# in three whole; at a tenth hardly any frame is whole and values are missing for seconds.
GOOD_SCORE, FAIR_SCORE = 99.0, 90.0


class Fault(Enum):
    """What can be wrong with what is received; the first five are groups that were lost to it."""

    PARITY = "parity"
    FRAMING = "framing"
    CHECKSUM = "checksum"
    WIDTH = "width"
    PLAUSIBILITY = "plausibility"
    EOT = "eot"
    SILENCE = "silence"
    OVERRUN = "overrun"


class Window(Enum):
    """How far back; the value is in seconds."""

    MINUTE = 60
    HOUR = 3600
    DAY = 86_400


_BAD_GROUPS = (Fault.PARITY, Fault.FRAMING, Fault.CHECKSUM, Fault.WIDTH, Fault.PLAUSIBILITY)

# Kinds of gateway.tic.frame.Reader.bad_groups. A byte of wrong parity arrives as NUL, which no group may hold.
_READER_KINDS = {
    "character": Fault.PARITY,
    "format": Fault.FRAMING,
    "overflow": Fault.FRAMING,
    "separator": Fault.FRAMING,
    "checksum": Fault.CHECKSUM,
}

# The newest slot is always partly in the future, so a window is exact to one slot.
_SLOTS = {Window.MINUTE: 60, Window.HOUR: 60, Window.DAY: 96}


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened in a window.

    ``good`` groups; ``counts`` of every fault (bad groups, interruptions, silences, overruns); ``silent_s`` of
    ``observed_s`` seconds brought no good group beyond the pauses that a meter may make.
    """

    good: int
    counts: Mapping[Fault, int]
    silent_s: float
    observed_s: float

    @property
    def bad(self) -> int:
        """Groups that were lost."""
        return sum(self.counts[fault] for fault in _BAD_GROUPS)

    @property
    def score(self) -> float | None:
        """0 to 100: the share of groups that were good, times the share of time that was not silent; None: unknown."""
        groups = self.good + self.bad
        if not groups:
            return 0.0 if self.silent_s else None
        heard = 1.0 - min(1.0, self.silent_s / self.observed_s) if self.observed_s else 1.0
        return round(100.0 * self.good / groups * heard, 2)


class SignalQuality:
    """The rolling counters of one line; ``start`` is when it was first listened to."""

    def __init__(self, start: float) -> None:
        self._start = self._now = self._last_good = start
        self._rings = {window: _Ring(window.value / slots, slots) for window, slots in _SLOTS.items()}

    def note(self, now: float, good: int = 0, faults: Mapping[Fault, int] | None = None) -> None:
        """Count groups and faults that were seen just now."""
        self.tick(now)
        if good:
            self._last_good = self._now
        for ring in self._rings.values():
            values = ring.at(self._now)
            values[_GOOD] += good
            for fault, count in (faults or {}).items():
                values[_COLUMN[fault]] += count

    def tick(self, now: float) -> None:
        """Nothing was received, but time went on; at least once a second, or silence is noted late."""
        before, self._now = self._now, max(now, self._now)
        begins = self._last_good + ALLOWED_SILENCE_S
        if self._now <= begins:
            return
        for ring in self._rings.values():
            for values, share in ring.spread(max(before, begins), self._now):
                values[_SILENT] += share
            if before <= begins:
                ring.at(self._now)[_COLUMN[Fault.SILENCE]] += 1

    def tally(self, window: Window, now: float) -> Tally:
        """The counters of a window that ends now."""
        self.tick(now)
        sums = self._rings[window].sums(self._now)
        counts = {fault: int(sums[column]) for fault, column in _COLUMN.items()}
        observed = min(float(window.value), self._now - self._start)
        return Tally(int(sums[_GOOD]), counts, min(sums[_SILENT], observed), observed)


def reader_faults(before: Mapping[str, int], after: Mapping[str, int]) -> dict[Fault, int]:
    """What a Reader's ``bad_groups`` gained, by fault; kinds it does not know are framing."""
    gained: dict[Fault, int] = {}
    for kind, count in after.items():
        if more := count - before.get(kind, 0):
            fault = _READER_KINDS.get(kind, Fault.FRAMING)
            gained[fault] = gained.get(fault, 0) + more
    return gained


_GOOD, _SILENT = 0, 1
_COLUMN = {fault: place for place, fault in enumerate(Fault, 2)}
_WIDTH = 2 + len(Fault)


class _Ring:
    """Slots of equal length; a slot is cleared when its turn comes again."""

    __slots__ = ("_length", "_numbers", "_values")

    def __init__(self, length: float, slots: int) -> None:
        self._length = length
        self._numbers = [-1] * slots
        self._values = [[0.0] * _WIDTH for _ in range(slots)]

    def at(self, now: float) -> list[float]:
        """The values of the slot of this time."""
        return self._slot(int(now // self._length))

    def spread(self, begin: float, end: float) -> Iterator[tuple[list[float], float]]:
        """Each slot between two times with the seconds that it has of them; no more slots than there are."""
        last = int(end // self._length)
        for number in range(max(int(begin // self._length), last - len(self._numbers) + 1), last + 1):
            share = min(end, (number + 1) * self._length) - max(begin, number * self._length)
            yield self._slot(number), share

    def sums(self, now: float) -> list[float]:
        """The values of all slots of the window that ends now, added up."""
        oldest = int(now // self._length) - len(self._numbers)
        live = [values for number, values in zip(self._numbers, self._values, strict=True) if number > oldest]
        return [sum(column) for column in zip(*live, strict=True)] if live else [0.0] * _WIDTH

    def _slot(self, number: int) -> list[float]:
        place = number % len(self._numbers)
        if self._numbers[place] != number:
            self._numbers[place] = number
            self._values[place] = [0.0] * _WIDTH
        return self._values[place]
