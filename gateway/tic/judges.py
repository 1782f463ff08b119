"""What each kind of series may say next: the judges of one meter's readings, each with what it remembers.

No I/O and no clock: time is the frames' own. ``plausibility`` gives every series its judge, and every frame what its
readings say of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.tic.reading import Reading

# What a judge says of a reading: believed, or not yet (the same from the next frame and it is); else why it is refused.
BELIEVED, NOT_YET = "", "not said twice yet"

# Frames over which a refused value must agree with itself.
FRAMES_OF_A_FACT = 3

# A three-phase domestic meter has at most 36 kVA; a breaker lets 1.3 times its power pass for a while (54E §7).
LARGEST_VA = 36_000
_BREAKER_FACTOR = 1.3

# An index is cut to whole units at both ends.
_CUT_UNITS = 2
_LITRES, _KILO = 10, 1000

# After so long without an index nearly any value would be possible, so a second frame has to agree.
_GAP_S = 60

# 9 digits; 8 at a telereading concentrator, and 7 of ten litres for gas.
ROLL_OVERS = (10**9, 10**8)

# A household's gas or water meter.
_LITRES_PER_HOUR = 40_000

# Hardware of a Linky: 90 A a phase; the voltages are those of a phase of 230 V, broken neutral included.
_CURRENT_A = 90
_VOLTAGE_V = 300
_PHASE_VA = 90 * 260
_NO_LIMIT = 10**12, 10**12

TOTAL = "consumption/energy/active/index"


class FactKind(Enum):
    """What a series' history must explain later: a break in an index, another meter, a measure beyond the hardware."""

    INDEX_STEP = "index-step"
    INDEX_FELL = "index-fell"
    ROLL_OVER = "roll-over"
    METER_REPLACED = "meter-replaced"
    OUT_OF_RANGE = "out-of-range"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was not plausible and is true all the same.

    ``time`` aware UTC, of the frame that settled it; ``series`` empty for the meter itself, whose ``before`` and
    ``after`` are addresses; ``before`` is the value believed last, None if there was none.
    """

    kind: FactKind
    time: datetime
    series: str
    before: int | str | None
    after: int | str


class FrameEvidence(NamedTuple):
    """What the judges of one frame's readings share; ``doubted`` is series -> why."""

    time: datetime
    now: float
    age_s: int
    three_phases: bool
    allowed_va: float
    doubted: dict[str, str]
    facts: list[Fact]

    @property
    def industrial(self) -> bool:
        """Whether the contract is larger than any of a Linky."""
        return self.allowed_va > LARGEST_VA


class Judge(Protocol):
    """One series' judge."""

    def judge(self, reading: Reading, frame: FrameEvidence) -> str:
        """BELIEVED, NOT_YET, or why the reading is refused."""


class Index:
    """A counter: it never falls, and rises no faster than its source allows."""

    __slots__ = ("_agreed", "_candidate", "_candidate_time", "_drawn", "_litres", "_time", "_value")

    def __init__(self, reading: Reading, value: float | str | None, time: int) -> None:
        self._litres = reading.unit == "l"
        # What is injected has a contract of its own; what is reactive, no limit but the hardware's.
        self._drawn = reading.series.startswith(TOTAL)
        self._value: int | None = value if isinstance(value, int) else None
        self._time: float = time
        self._candidate, self._candidate_time, self._agreed = 0, 0.0, 0

    def begin_anew(self, now: float) -> None:
        """Forget the value of another meter, unless the last frame went on from it."""
        if self._agreed or now - self._time > _GAP_S:
            self._value = None

    def judge(self, reading: Reading, frame: FrameEvidence) -> str:
        """What an index may be after the one before."""
        value = reading.value
        if value == self._value:
            self._time, self._agreed = frame.now, 0
            return BELIEVED
        if isinstance(value, str):
            return "not a number"
        if frame.doubted and reading.series in frame.doubted:
            self._agrees(value, frame)
            return frame.doubted[reading.series]
        reason = self._reason(value, frame)
        if reason and self._agrees(value, frame) < (2 if reason is NOT_YET else FRAMES_OF_A_FACT):
            return reason
        if reason and reason is not NOT_YET:
            frame.facts.append(Fact(self._kind(value, frame), frame.time, reading.series, self._value, value))
        self._value, self._time, self._agreed = value, frame.now, 0
        return BELIEVED

    def _reason(self, value: int, frame: FrameEvidence) -> str:
        if self._value is None:
            return NOT_YET
        rise = value - self._value
        if rise < 0:
            return "lower than before"
        elapsed = frame.now - self._time
        if rise > self._allowed(elapsed, frame, self._unit(self._value, value)):
            return "rose too fast"
        return NOT_YET if elapsed > _GAP_S else BELIEVED

    def _unit(self, before: int, value: int) -> int:
        """What the meter counts in: an industrial one in kWh, which is only seen in the values."""
        if self._litres:
            return _LITRES
        return _KILO if before and not before % _KILO and not value % _KILO else 1

    def _allowed(self, elapsed: float, frame: FrameEvidence, unit: int) -> float:
        """How much it may rise in so many seconds; a clock set back counts as none."""
        va = frame.allowed_va if self._drawn else max(frame.allowed_va, LARGEST_VA)
        per_hour = _LITRES_PER_HOUR if self._litres else _BREAKER_FACTOR * va
        return per_hour * (max(elapsed, 0) + frame.age_s) / 3600 + _CUT_UNITS * unit

    def _agrees(self, value: int, frame: FrameEvidence) -> int:
        """How many of the last frames that said this index agree among themselves."""
        rise = value - self._candidate
        allowed = self._allowed(frame.now - self._candidate_time, frame, self._unit(self._candidate, value))
        self._agreed = self._agreed + 1 if self._agreed and 0 <= rise <= allowed else 1
        self._candidate, self._candidate_time = value, frame.now
        return self._agreed

    def _kind(self, value: int, frame: FrameEvidence) -> FactKind:
        before = self._value or 0
        if value > before:
            return FactKind.INDEX_STEP
        allowed = self._allowed(frame.now - self._time, frame, self._unit(before, value))
        rolled = any(before < end and value + end - before <= allowed for end in ROLL_OVERS)
        return FactKind.ROLL_OVER if rolled else FactKind.INDEX_FELL


class Measure:
    """A sample of now: within what the hardware can measure, and in agreement with its neighbours."""

    __slots__ = ("_agreed", "_last", "_limits")

    def __init__(self, limits: tuple[int, int]) -> None:
        self._limits = limits
        self._last, self._agreed = 0, 0

    def judge(self, reading: Reading, frame: FrameEvidence) -> str:
        """Whether a measure lies within the hardware, or was said again."""
        value = reading.value
        if isinstance(value, str):
            return "not a number"
        beyond = value > self._limits[frame.three_phases] and not frame.industrial
        reason = "out of range" if beyond else frame.doubted.get(reading.series)
        if not reason:
            self._agreed = 0
            return BELIEVED
        near = abs(value - self._last) <= self._last // 4 + 10
        self._agreed = self._agreed + 1 if self._agreed and near else 1
        self._last = value
        if self._agreed < FRAMES_OF_A_FACT:
            return reason
        if self._agreed == FRAMES_OF_A_FACT:
            frame.facts.append(Fact(FactKind.OUT_OF_RANGE, frame.time, reading.series, None, value))
        return BELIEVED


class Repeated:
    """A text or a setting: a change is believed when two frames in a row say it, or three within half a minute."""

    __slots__ = ("_in_a_row", "_other", "_since", "_times", "current")

    # A state that changes with every frame is never said twice in a row.
    _SOON_S = 30

    def __init__(self, current: float | str | None) -> None:
        self.current = current
        self._other: float | str | None = None
        self._since, self._times, self._in_a_row = 0.0, 0, False

    def judge(self, reading: Reading, frame: FrameEvidence) -> str:
        """Whether a text or setting is the same, or was said again."""
        value = reading.value
        if value == self.current:
            self._in_a_row = False
            return BELIEVED
        if value != self._other or frame.now - self._since > self._SOON_S:
            self._other, self._since, self._times = value, frame.now, 0
        elif self._in_a_row or self._times + 1 >= FRAMES_OF_A_FACT:
            self.current, self._other, self._in_a_row = value, None, False
            return BELIEVED
        self._times, self._in_a_row = self._times + 1, True
        return NOT_YET


class Points:
    """Means and maxima, which the meter repeats with their own time in frame after frame."""

    __slots__ = ("_limits", "_said")

    _KEPT = 16

    def __init__(self, limits: tuple[int, int]) -> None:
        self._limits = limits
        self._said: dict[datetime, tuple[int | str, int]] = {}

    def judge(self, reading: Reading, frame: FrameEvidence) -> str:
        """Whether a point with its own time was said again."""
        time, value = reading.time, reading.value
        before, times = self._said.get(time, (value, 0))
        times = times + 1 if before == value else 1
        if times == 1 and len(self._said) >= self._KEPT:
            del self._said[next(iter(self._said))]
        self._said[time] = (value, times)
        if isinstance(value, int) and value > self._limits[frame.three_phases] and not frame.industrial:
            return BELIEVED if times >= FRAMES_OF_A_FACT else "out of range"
        return BELIEVED if times > 1 else NOT_YET


class OneFrameMessage:
    """A message that comes in one single frame."""

    __slots__ = ()

    def judge(self, reading: Reading, frame: FrameEvidence) -> str:
        """Always."""
        return BELIEVED


def limits_of(series: str) -> tuple[int, int]:
    """The largest value that a Linky can measure, with one phase and with three; of other things there is none."""
    if "/voltage/" in series:
        return _VOLTAGE_V, _VOLTAGE_V
    if "/current/" in series:
        return _CURRENT_A, _CURRENT_A
    if "/power/" in series:
        return _PHASE_VA, _PHASE_VA if "/phase/" in series else 3 * _PHASE_VA
    return _NO_LIMIT
