"""Active power as readings: what ``active_power`` makes of the readings of a meter's frames, frame by frame.

No I/O and no clock. They are series of their own (``power/active/estimate`` in W, + drawn and - injected, half the
width of its interval, cos phi in hundredths); what a meter calls active power (CCASN) is never mixed with them, it
checks them. A frame that lacks what is needed for it has none: unknown is not 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.tic.active_power import COS_PHI, ESTIMATE, HALF_WIDTH, ActivePower, Estimate
from gateway.tic.frame import STANDARD
from gateway.tic.judges import TOTAL
from gateway.tic.reading import Kind, Quality, Reading

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.tic.plausibility import Judgement
    from gateway.tic.reading import Interpretation

# Hundredths: one of the registered units of SenML (``/`` is a ratio).
HUNDREDTHS = "/100"

_DRAWN, _INJECTED = "consumption/power/apparent/raw", "production/power/apparent/raw"
_INJECTED_INDEX = "production/energy/active/index"
_CURVE = "consumption/power/active/raw"
_CURRENT = "consumption/current/raw"
_CURRENTS = (_CURRENT, *(f"{_CURRENT}/phase/{phase}" for phase in (1, 2, 3)))
_THIRD = _CURRENTS[-1]
_WANTED = frozenset((_DRAWN, _INJECTED, TOTAL, _INJECTED_INDEX, _CURVE, *_CURRENTS))

# A current below half an ampere is said as none, whichever way it flows.
_UNSEEN_W = 115
# A receiver's clock and the meter's may be this far apart before the meter's is taken for so many frames.
_APART_S, _FRAMES_BY_METER = 2.5, 60
# By how much the meter's whole seconds are wrong once they are made even, and what is a gap in them.
_BLUR_S, _GAP_S = 0.4, 5.0
# By how much the mean of our watts may differ from the meter's own of the same half hour: a share, and so many watts;
# and by how many seconds the two half hours.
_CURVE_SHARE, _CURVE_W, _CURVE_S = 0.05, 30, 45
# Half widths are said in few steps, upwards; one that has become smaller stays until it is worth saying.
_STEPS = tuple(step * ten for ten in (1, 10, 100, 1000, 10_000) for step in (1, 1.5, 2, 3, 5, 7))
_WORTH_SAYING = 0.6
# Below this VA, or less sure than this share of it, a power factor says nothing.
_LEAST_VA, _SURE = 20, 0.15
# Looked at for each frame: an Enum finds its members slowly, and a named tuple its fields.
_GAUGE, _tuple = Kind.GAUGE, tuple.__new__


class PowerEstimates:
    """The estimates of one meter."""

    def __init__(self) -> None:
        self._power: ActivePower | None = None
        self._mode, self._three, self._step = "", False, 10
        self._clock, self._curve = _Clock(), _Curve()
        self._half = self._hundredths = 0

    def beside(self, judgement: Judgement, mode: str, received: datetime) -> Interpretation:
        """What is believed of a frame, with these; arguments as of ``of``."""
        if judgement.facts:
            self.forget()
        believed = judgement.interpretation
        made = self.of(believed, mode, received)
        return replace(believed, readings=(*believed.readings, *made)) if made else believed

    def of(self, interpretation: Interpretation, mode: str, received: datetime) -> list[Reading]:
        """The readings to add to those of a frame; none while the power is not known.

        Args:
            interpretation: what of the frame is believed.
            mode: of the frame.
            received: the host's time (aware) when its last byte came.
        """
        # Backwards, so that of two points of the curve the newer one stays.
        wanted = _WANTED
        said = {r[0]: r for r in reversed(interpretation.readings) if r[0] in wanted}
        at = self._clock.second(interpretation, received)
        if _DRAWN not in said or TOTAL not in said:
            return []
        power, drawn = self._meter(mode, said), int(said[_DRAWN].value)
        injected, index = _whole(said.get(_INJECTED)), _whole(said.get(_INJECTED_INDEX))
        if (injected is None) != (index is None):
            return []  # a frame that has lost a group
        if not drawn and index is None and any(said[series].value for series in _CURRENTS if series in said):
            return []  # injected without a register that counts it, or reactive: nobody knows
        power.hear(at, drawn, int(said[TOTAL].value), injected or 0, index, self._clock.blur_s)
        estimate = self._nothing(said, index) if not (drawn or injected) else power.estimate()
        if self._curve.contradicts(at, estimate, None if index is not None else said.get(_CURVE)):
            power.forget()
            return []
        return [] if estimate is None else self._readings(estimate, interpretation)

    def forget(self) -> None:
        """Another meter may be there."""
        self._power = None
        self._curve = _Curve()

    def _meter(self, mode: str, said: dict[str, Reading]) -> ActivePower:
        """The power as that meter says it: another mode, more phases or finer steps begin anew."""
        three, step = self._three or _THIRD in said, 1 if mode == STANDARD else self._step
        if mode != STANDARD and step > 1 and int(said[_DRAWN].value) % step:
            step = self._step = 1  # some meters say each VA
        if self._power is None or (mode, three) != (self._mode, self._three):
            self._mode, self._three = mode, three
            self._power = ActivePower(three_phases=three, step_va=step)
            self._curve = _Curve()
        return self._power

    def _nothing(self, said: dict[str, Reading], index: object) -> Estimate:
        """VA is 0: on a meter that counts no injection some may flow, too little to be seen as a current."""
        phases = sum(series in said for series in _CURRENTS)
        return Estimate(0, _UNSEEN_W * max(1, phases) if index is None else self._step, 0)

    def _readings(self, estimate: Estimate, interpretation: Interpretation) -> list[Reading]:
        watts, half, va = estimate
        time, quality = interpretation.time, interpretation.quality
        if half > self._half or half < _WORTH_SAYING * self._half:
            self._half = int(next((step for step in _STEPS if step >= half and step == int(step)), _STEPS[-1]))
        made = [
            _tuple(Reading, (ESTIMATE, time, round(watts), "W", _GAUGE, quality)),
            _tuple(Reading, (HALF_WIDTH, time, self._half, "W", _GAUGE, quality)),
        ]
        if va >= _LEAST_VA and half < _SURE * va and abs(watts) <= va:
            hundredths = abs(watts) / va * 100
            if abs(hundredths - self._hundredths) > 0.8:
                self._hundredths = round(hundredths)
            made.append(_tuple(Reading, (COS_PHI, time, self._hundredths, HUNDREDTHS, _GAUGE, quality)))
        return made


def _whole(reading: Reading | None) -> int | None:
    return None if reading is None else int(reading.value)


class _Clock:
    """Seconds that go on as the meter's do: the host's, which are finer, unless the two run apart."""

    def __init__(self) -> None:
        # Seconds of what is handed out; of the host and of the meter, of the last frame; their difference.
        self._at = self._received = self._meter = self._ahead = 0.0
        # Frames for which the meter's clock counts still, and the seconds from one of them to the next.
        self._by_meter, self._pace = 0, 1.0

    @property
    def blur_s(self) -> float:
        """By how much a second may be wrong."""
        return _BLUR_S if self._by_meter else 0.0

    def second(self, interpretation: Interpretation, received: datetime) -> float:
        """The second of a frame; some moment is 0."""
        host = told = received.timestamp()
        if interpretation.quality is Quality.METER:
            told = interpretation.time.timestamp()
        ahead = told - host
        if abs(ahead - self._ahead) > _APART_S:
            # One of them was set, or a capture is played faster than it was taken.
            self._ahead = ahead
            if not self._by_meter:
                self._meter, self._pace = told - self._pace, 1.0
            self._by_meter = _FRAMES_BY_METER
        self._at += self._passed(told) if self._by_meter else host - self._received
        self._by_meter = max(0, self._by_meter - 1)
        self._received = host
        return self._at

    def _passed(self, told: float) -> float:
        """Since the last frame by the meter's clock, whose whole seconds are made even."""
        late = told - self._meter - self._pace
        if abs(late) > _GAP_S:
            passed, self._pace = told - self._meter, 1.0
        else:
            passed = max(0.05, self._pace + 0.1 * late)
            self._pace += 0.02 * late
        self._meter += passed
        return passed


class _Curve:
    """Checks the estimates against the load curve of the meter itself, point by point."""

    def __init__(self) -> None:
        self._point: datetime | None = None
        self._begin, self._at, self._sum = float("-inf"), 0.0, 0.0
        self._whole = False

    def contradicts(self, at: float, estimate: Estimate | None, point: Reading | None) -> bool:
        """Take in a frame; True where the meter's newest point says that the estimates of its time were wrong."""
        if estimate is None:
            self._whole = False
        else:
            self._sum += estimate.watts * (at - self._at)
        self._at = at
        if point is None or point.time == self._point:
            return False
        lasted, period = at - self._begin, (point.time - self._point).total_seconds() if self._point else 0.0
        told, mean = int(point.value), self._sum / lasted if lasted > 0 else 0.0
        comparable = self._whole and period > 0 and abs(lasted - period) < _CURVE_S
        self._point, self._begin, self._sum, self._whole = point.time, at, 0.0, True
        return comparable and abs(mean - told) > _CURVE_W + _CURVE_SHARE * told
