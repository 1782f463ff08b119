"""What a value may be after the one before: readings of one meter that may be believed, and facts about its indexes.

No I/O and no clock: time is the frames' own. A checksum of 6 bits lets a damaged group pass now and then; here an index
neither falls nor rises faster than the breaker allows, a measure stays within what the hardware can measure, and
everything that a meter says again and again is believed once it has been said twice. Nothing right is refused for ever:
a refused value that agrees with itself over three frames is a fact (new meter, roll-over), and told as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.tic.judges import (
    FRAMES_OF_A_FACT,
    LARGEST_VA,
    NOT_YET,
    TOTAL,
    Fact,
    FactKind,
    FrameEvidence,
    Index,
    Judge,
    Measure,
    OneFrameMessage,
    Points,
    Repeated,
    limits_of,
)
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from gateway.tic.total import OPTION, HistoricTotal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# A value may be one frame older than its frame says (54E §6.2.1.5): of 1 s by the meter's clock, of up to 3 s where the
# host's is used.
_AGE_S = {Quality.METER: 1, Quality.HOST: 3}

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

_PART = TOTAL + "/provider/"
_PARTS = tuple(f"{_PART}{number}" for number in range(1, 11))
_SUM = (TOTAL, *_PARTS)


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
        self._historic = HistoricTotal(self._known.get(OPTION, (0, None))[1])
        self._judges: dict[str, Judge] = {}
        for series in (_CUTOFF, _REFERENCE, _SUBSCRIBED):
            if series in self._known:
                self._judges[series] = Repeated(self._known[series][1])

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
        frame = FrameEvidence(time, time.timestamp(), age_s, self._three_phases, self._allowed_va(), doubted, facts)
        readings = interpretation.readings
        believed, reasons = self._judge(readings, frame, derived=_PARTS[-1] not in values)
        total = self._historic.of(frame.now, values, believed)
        if total is not None and TOTAL not in values:
            readings = (*readings, Reading(TOTAL, time, total, "Wh", Kind.INDEX, interpretation.quality))
            more, why = self._judge(readings[-1:], frame)
            believed, reasons = believed + more, reasons + why
        said = interpretation
        if readings is not said.readings or len(believed) < len(readings) or meter != said.meter or prm != said.prm:
            refused = (*said.refused, *reasons)
            said = replace(said, meter=meter, prm=prm, readings=tuple(believed), refused=refused)
        return Judgement(said, tuple(facts))

    def _judge(
        self, readings: Iterable[Reading], frame: FrameEvidence, *, derived: bool = False
    ) -> tuple[list[Reading], list[str]]:
        """Those that may be believed, "series: reason" of others; ``derived``: the total is our sum of its parts."""
        believed, reasons = [], []
        for reading in readings:
            series = reading.series
            judge = self._judges.get(series) or self._meet(reading)
            reason = judge.judge(reading, frame)
            if not reason:
                believed.append(reading)
                continue
            if reason is not NOT_YET:
                reasons.append(f"{series}: {reason}")
            if derived and series.startswith(_PART):
                frame.doubted[TOTAL] = reason
        return believed, reasons

    def _lost_clock(self, quality: Quality) -> bool:
        """Whether the time is the host's right after one of the meter's: a damaged DATE, unless it lasts."""
        before, self._quality = self._quality, quality
        return before is Quality.METER and quality is Quality.HOST

    def _allowed_va(self) -> float:
        """What the contract lets the household draw; the largest there is while it is not known."""
        phases = 3 if self._three_phases else 1
        for series, factor in ((_CUTOFF, 1), (_REFERENCE, 1), (_SUBSCRIBED, _SUBSCRIBED_V * phases)):
            judge = self._judges.get(series)
            if isinstance(judge, Repeated) and isinstance(judge.current, int) and judge.current:
                return judge.current * factor
        return LARGEST_VA

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
        if interpretation.meter and said != before:
            self._historic.forget()
        if before and said and said != before:
            facts.append(Fact(FactKind.METER_REPLACED, interpretation.time, "", before, said))
            self._three_phases = False
            self._sum = _Sum()
            # Of the other mode's indexes none was heard since, and what is stored of them is the other meter's.
            self._known.clear()
            for judge in self._judges.values():
                if isinstance(judge, Index):
                    judge.begin_anew(interpretation.time.timestamp())
        return said

    def _meet(self, reading: Reading) -> Judge:
        series = reading.series
        time, value = self._known.pop(series, (0, None))
        judge: Judge
        if reading.kind is Kind.INDEX:
            judge = Index(reading, value, max(time, self._last_time))
        elif reading.kind in (Kind.MEAN, Kind.MAXIMUM):
            judge = Points(limits_of(series))
        elif series == _SAID_ONCE:
            judge = OneFrameMessage()
        elif reading.kind is Kind.TEXT or series.startswith("contract/") or "/max" in series:
            judge = Repeated(value)
        else:
            judge = Measure(limits_of(series))
        self._judges[series] = judge
        return judge


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
        total = values.get(TOTAL)
        parts = [part for series in _PARTS if isinstance(part := values.get(series), int)]
        if not isinstance(total, int) or len(parts) < len(_PARTS):
            return False
        difference = total - sum(parts)
        self._otherwise = self._otherwise + 1 if difference != self._expected else 0
        if self._otherwise >= FRAMES_OF_A_FACT:
            self._expected, self._otherwise = difference, 0
        return self._otherwise > 0
