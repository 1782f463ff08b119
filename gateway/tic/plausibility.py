"""What a value may be after the one before: readings of one meter that may be believed, and facts about its indexes.

No I/O and no clock: time is the frames' own. A checksum of 6 bits lets a damaged group pass now and then; here an index
neither falls nor rises faster than the breaker allows, a measure stays within what the hardware can measure, and
everything that a meter says again and again is believed once it has been said twice. Nothing right is refused for ever:
a refused value that agrees with itself over three frames is a fact (new meter, roll-over), and told as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from gateway.tic.reading import Kind, Quality

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.tic.reading import Interpretation, Reading

# What a judge says of a reading: believed, or not yet (the same from the next frame and it is); else why it is refused.
_BELIEVED, _NOT_YET = "", "not said twice yet"

# Frames over which a refused value must agree with itself.
_FRAMES_OF_A_FACT = 3

# A three-phase domestic meter has at most 36 kVA; a breaker lets 1.3 times its power pass for a while (54E §7).
_LARGEST_VA = 36_000
_BREAKER_FACTOR = 1.3

# A value may be one frame older than its frame says (54E §6.2.1.5): of 1 s by the meter's clock, of up to 3 s where the
# host's is used. An index is cut to whole units at both ends.
_AGE_S = {Quality.METER: 1, Quality.HOST: 3}
_CUT_UNITS = 2
_LITRES, _KILO = 10, 1000

# After so long without an index nearly any value would be possible, so a second frame has to agree.
_GAP_S = 60

# 9 digits; 8 at a telereading concentrator, and 7 of ten litres for gas.
_ROLL_OVERS = (10**9, 10**8)

# A household's gas or water meter.
_LITRES_PER_HOUR = 40_000

# Hardware of a Linky: 90 A a phase; the voltages are those of a phase of 230 V, broken neutral included.
_CURRENT_A = 90
_VOLTAGE_V = 300
_PHASE_VA = 90 * 260
_NO_LIMIT = 10**12, 10**12

_CUTOFF, _REFERENCE = "contract/power/cutoff", "contract/power/reference"
_SUBSCRIBED = "contract/current/subscribed"
_SUBSCRIBED_V = 230

# Sent in one single frame, so it can never be said twice.
_SAID_ONCE = "message/ultra-short"

_POWER, _CURRENT, _VOLTAGE = (f"consumption/{name}/raw" for name in ("power/apparent", "current", "voltage"))
# The series that belong together on a meter with one phase, and on one with three.
_CONSISTENT = tuple(
    tuple((_POWER + end, _VOLTAGE + end, _CURRENT + end) for end in ends)
    for ends in (("",), ("/phase/1", "/phase/2", "/phase/3"))
)
# Power and current may be a moment apart.
_TOLERANCE = 1.3

_TOTAL = "consumption/energy/active/index"
_PART = _TOTAL + "/provider/"
_PARTS = tuple(f"{_PART}{number}" for number in range(1, 11))
_SUM = (_TOTAL, *_PARTS)


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


@dataclass(frozen=True, slots=True)
class Judgement:
    """A frame's interpretation with only what may be believed, "series: reason" of the rest, and new facts.

    ``meter`` and ``prm`` of the interpretation are None in a frame where they are new.
    """

    interpretation: Interpretation
    facts: tuple[Fact, ...]


class Plausibility:
    """Judges the frames of one meter, in their order.

    Args:
        known: series -> (POSIX second, value) as last stored.
        last_time: the POSIX second of the last stored frame, 0 if there is none.
        address: the meter's address as last stored.
        prm: its delivery point as last stored.
    """

    def __init__(
        self,
        known: Mapping[str, tuple[int, float | str]] | None = None,
        last_time: int = 0,
        address: str | None = None,
        prm: str | None = None,
    ) -> None:
        self._known = {} if known is None else dict(known)
        self._last_time = last_time
        self._address, self._prm = _Name(address), _Name(prm)
        self._quality: Quality | None = None
        self._three_phases = False
        self._sum = _Sum()
        self._judges: dict[str, _Judge] = {}
        for series in (_CUTOFF, _REFERENCE, _SUBSCRIBED):
            if series in self._known:
                self._judges[series] = _Repeated(self._known[series][1])

    def check(self, interpretation: Interpretation) -> Judgement:
        """Give what may be believed of the next frame."""
        if self._lost_clock(interpretation.quality):
            refused = (*interpretation.refused, "DATE: the meter's clock was right a frame ago")
            return Judgement(replace(interpretation, meter=None, prm=None, readings=(), refused=refused), ())
        facts: list[Fact] = []
        meter, prm = self._meter(interpretation, facts), self._prm.said(interpretation.prm)
        values = {reading.series: reading.value for reading in interpretation.readings}
        self._three_phases = self._three_phases or _CURRENT + "/phase/2" in values
        time, doubted = interpretation.time, self._doubted(values)
        age_s = _AGE_S[interpretation.quality]
        frame = _Frame(time, time.timestamp(), age_s, self._three_phases, self._allowed_va(), doubted, facts)
        derived = _TOTAL in values and _PARTS[-1] not in values
        believed, reasons = [], []
        for reading in interpretation.readings:
            series = reading.series
            judge = self._judges.get(series) or self._meet(reading)
            reason = judge.judge(reading, frame)
            if not reason:
                believed.append(reading)
                continue
            if reason is not _NOT_YET:
                reasons.append(f"{series}: {reason}")
            if derived and series.startswith(_PART):
                doubted[_TOTAL] = reason  # historic mode: the total is our sum of these
        said = interpretation
        if len(believed) < len(said.readings) or meter != said.meter or prm != said.prm:
            refused = (*said.refused, *reasons)
            said = replace(said, meter=meter, prm=prm, readings=tuple(believed), refused=refused)
        return Judgement(said, tuple(facts))

    def _lost_clock(self, quality: Quality) -> bool:
        """Whether the time is the host's right after one of the meter's: a damaged DATE, unless it lasts."""
        before, self._quality = self._quality, quality
        return before is Quality.METER and quality is Quality.HOST

    def _allowed_va(self) -> float:
        """What the contract lets the household draw; the largest there is while it is not known."""
        phases = 3 if self._three_phases else 1
        for series, factor in ((_CUTOFF, 1), (_REFERENCE, 1), (_SUBSCRIBED, _SUBSCRIBED_V * phases)):
            judge = self._judges.get(series)
            if isinstance(judge, _Repeated) and isinstance(judge.current, int) and judge.current:
                return judge.current * factor
        return _LARGEST_VA

    def _doubted(self, values: Mapping[str, int | str]) -> dict[str, str]:
        """The series that contradict each other in this frame: one of them is wrong, and nothing tells which."""
        doubted: dict[str, str] = {}
        if self._sum.disagrees(values):
            doubted |= dict.fromkeys(_SUM, "the total and its parts disagree")
        for group in _CONSISTENT[self._three_phases]:
            va, volts, amperes = map(values.get, group)
            if va is None or volts is None or amperes is None:
                continue
            # A current is cut or rounded to whole amperes.
            if int(va) > _TOLERANCE * int(volts) * (int(amperes) + 1):
                doubted |= dict.fromkeys(group, "power, voltage and current disagree")
        return doubted

    def _meter(self, interpretation: Interpretation, facts: list[Fact]) -> str | None:
        """The address if it may be believed; another one, said twice, is another meter and begins its indexes anew."""
        before = self._address.current
        said = self._address.said(interpretation.meter)
        if before and said and said != before:
            facts.append(Fact(FactKind.METER_REPLACED, interpretation.time, "", before, said))
            self._three_phases = False
            self._sum = _Sum()
            # Of the other mode's indexes none was heard since, and what is stored of them is the other meter's.
            self._known.clear()
            for judge in self._judges.values():
                if isinstance(judge, _Index):
                    judge.begin_anew(interpretation.time.timestamp())
        return said

    def _meet(self, reading: Reading) -> _Judge:
        series = reading.series
        time, value = self._known.pop(series, (0, None))
        judge: _Judge
        if reading.kind is Kind.INDEX:
            judge = _Index(reading, value, max(time, self._last_time))
        elif reading.kind in (Kind.MEAN, Kind.MAXIMUM):
            judge = _Points(_limits(series))
        elif series == _SAID_ONCE:
            judge = _Once()
        elif reading.kind is Kind.TEXT or series.startswith("contract/") or "/max" in series:
            judge = _Repeated(value)
        else:
            judge = _Measure(_limits(series))
        self._judges[series] = judge
        return judge


@dataclass(frozen=True, slots=True)
class _Frame:
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
        return self.allowed_va > _LARGEST_VA


class _Judge(Protocol):
    def judge(self, reading: Reading, frame: _Frame) -> str:
        """_BELIEVED, _NOT_YET, or why the reading is refused."""


class _Index:
    """A counter: it never falls, and rises no faster than its source allows."""

    __slots__ = ("_agreed", "_candidate", "_candidate_time", "_drawn", "_litres", "_time", "_value")

    def __init__(self, reading: Reading, value: float | str | None, time: int) -> None:
        self._litres = reading.unit == "l"
        # What is injected has a contract of its own; what is reactive, no limit but the hardware's.
        self._drawn = reading.series.startswith(_TOTAL)
        self._value: int | None = value if isinstance(value, int) else None
        self._time: float = time
        self._candidate, self._candidate_time, self._agreed = 0, 0.0, 0

    def begin_anew(self, now: float) -> None:
        """Forget the value of another meter, unless the last frame went on from it."""
        if self._agreed or now - self._time > _GAP_S:
            self._value = None

    def judge(self, reading: Reading, frame: _Frame) -> str:
        value = reading.value
        if value == self._value:
            self._time, self._agreed = frame.now, 0
            return _BELIEVED
        if isinstance(value, str):
            return "not a number"
        if frame.doubted and reading.series in frame.doubted:
            self._agrees(value, frame)
            return frame.doubted[reading.series]
        reason = self._reason(value, frame)
        if reason and self._agrees(value, frame) < (2 if reason is _NOT_YET else _FRAMES_OF_A_FACT):
            return reason
        if reason and reason is not _NOT_YET:
            frame.facts.append(Fact(self._kind(value, frame), frame.time, reading.series, self._value, value))
        self._value, self._time, self._agreed = value, frame.now, 0
        return _BELIEVED

    def _reason(self, value: int, frame: _Frame) -> str:
        if self._value is None:
            return _NOT_YET
        rise = value - self._value
        if rise < 0:
            return "lower than before"
        elapsed = frame.now - self._time
        if rise > self._allowed(elapsed, frame, self._unit(self._value, value)):
            return "rose too fast"
        return _NOT_YET if elapsed > _GAP_S else _BELIEVED

    def _unit(self, before: int, value: int) -> int:
        """What the meter counts in: an industrial one in kWh, which is only seen in the values."""
        if self._litres:
            return _LITRES
        return _KILO if before and not before % _KILO and not value % _KILO else 1

    def _allowed(self, elapsed: float, frame: _Frame, unit: int) -> float:
        """How much it may rise in so many seconds; a clock set back counts as none."""
        va = frame.allowed_va if self._drawn else max(frame.allowed_va, _LARGEST_VA)
        per_hour = _LITRES_PER_HOUR if self._litres else _BREAKER_FACTOR * va
        return per_hour * (max(elapsed, 0) + frame.age_s) / 3600 + _CUT_UNITS * unit

    def _agrees(self, value: int, frame: _Frame) -> int:
        """How many of the last frames that said this index agree among themselves."""
        rise = value - self._candidate
        allowed = self._allowed(frame.now - self._candidate_time, frame, self._unit(self._candidate, value))
        self._agreed = self._agreed + 1 if self._agreed and 0 <= rise <= allowed else 1
        self._candidate, self._candidate_time = value, frame.now
        return self._agreed

    def _kind(self, value: int, frame: _Frame) -> FactKind:
        before = self._value or 0
        if value > before:
            return FactKind.INDEX_STEP
        allowed = self._allowed(frame.now - self._time, frame, self._unit(before, value))
        rolled = any(before < end and value + end - before <= allowed for end in _ROLL_OVERS)
        return FactKind.ROLL_OVER if rolled else FactKind.INDEX_FELL


class _Measure:
    """A sample of now: within what the hardware can measure, and in agreement with its neighbours."""

    __slots__ = ("_agreed", "_last", "_limits")

    def __init__(self, limits: tuple[int, int]) -> None:
        self._limits = limits
        self._last, self._agreed = 0, 0

    def judge(self, reading: Reading, frame: _Frame) -> str:
        value = reading.value
        if isinstance(value, str):
            return "not a number"
        beyond = value > self._limits[frame.three_phases] and not frame.industrial
        reason = "out of range" if beyond else frame.doubted.get(reading.series)
        if not reason:
            self._agreed = 0
            return _BELIEVED
        near = abs(value - self._last) <= self._last // 4 + 10
        self._agreed = self._agreed + 1 if self._agreed and near else 1
        self._last = value
        if self._agreed < _FRAMES_OF_A_FACT:
            return reason
        if self._agreed == _FRAMES_OF_A_FACT:
            frame.facts.append(Fact(FactKind.OUT_OF_RANGE, frame.time, reading.series, None, value))
        return _BELIEVED


class _Repeated:
    """A text or a setting: a change is believed when two frames in a row say it, or three within half a minute."""

    __slots__ = ("_in_a_row", "_other", "_since", "_times", "current")

    # A state that changes with every frame is never said twice in a row.
    _SOON_S = 30

    def __init__(self, current: float | str | None) -> None:
        self.current = current
        self._other: float | str | None = None
        self._since, self._times, self._in_a_row = 0.0, 0, False

    def judge(self, reading: Reading, frame: _Frame) -> str:
        value = reading.value
        if value == self.current:
            self._in_a_row = False
            return _BELIEVED
        if value != self._other or frame.now - self._since > self._SOON_S:
            self._other, self._since, self._times = value, frame.now, 0
        elif self._in_a_row or self._times + 1 >= _FRAMES_OF_A_FACT:
            self.current, self._other, self._in_a_row = value, None, False
            return _BELIEVED
        self._times, self._in_a_row = self._times + 1, True
        return _NOT_YET


class _Points:
    """Means and maxima, which the meter repeats with their own time in frame after frame."""

    __slots__ = ("_limits", "_said")

    _KEPT = 16

    def __init__(self, limits: tuple[int, int]) -> None:
        self._limits = limits
        self._said: dict[datetime, tuple[int | str, int]] = {}

    def judge(self, reading: Reading, frame: _Frame) -> str:
        time, value = reading.time, reading.value
        before, times = self._said.get(time, (value, 0))
        times = times + 1 if before == value else 1
        if times == 1 and len(self._said) >= self._KEPT:
            del self._said[next(iter(self._said))]
        self._said[time] = (value, times)
        if isinstance(value, int) and value > self._limits[frame.three_phases] and not frame.industrial:
            return _BELIEVED if times >= _FRAMES_OF_A_FACT else "out of range"
        return _BELIEVED if times > 1 else _NOT_YET


class _Once:
    """A message that comes in one single frame."""

    __slots__ = ()

    def judge(self, reading: Reading, frame: _Frame) -> str:
        return _BELIEVED


class _Name:
    """The meter's address, or its delivery point: another one is believed once it has been said twice in a row."""

    def __init__(self, current: str | None) -> None:
        self.current = current
        self._other: str | None = None

    def said(self, name: str | None) -> str | None:
        """The name if it may be believed."""
        if name is None:
            return None
        if name not in (self.current, self._other):
            self._other = name
            return None
        self.current, self._other = name, None
        return name


class _Sum:
    """Whether the total is still the sum of its ten parts, as it is in every real frame of standard mode.

    More evidence, no more: three frames in a row that say otherwise are right.
    """

    def __init__(self) -> None:
        self._expected = 0
        self._otherwise = 0

    def disagrees(self, values: Mapping[str, int | str]) -> bool:
        total = values.get(_TOTAL)
        parts = [part for series in _PARTS if isinstance(part := values.get(series), int)]
        if not isinstance(total, int) or len(parts) < len(_PARTS):
            return False
        difference = total - sum(parts)
        self._otherwise = self._otherwise + 1 if difference != self._expected else 0
        if self._otherwise >= _FRAMES_OF_A_FACT:
            self._expected, self._otherwise = difference, 0
        return self._otherwise > 0


def _limits(series: str) -> tuple[int, int]:
    """The largest value that a Linky can measure, with one phase and with three; of other things there is none."""
    if "/voltage/" in series:
        return _VOLTAGE_V, _VOLTAGE_V
    if "/current/" in series:
        return _CURRENT_A, _CURRENT_A
    if "/power/" in series:
        return _PHASE_VA, _PHASE_VA if "/phase/" in series else 3 * _PHASE_VA
    return _NO_LIMIT
