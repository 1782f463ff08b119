"""The checks of a history in words, each with what follows: it agrees, it differs and is told, or it is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from gateway.household.past import checks
from gateway.household.past.values import CONSUMPTION, CURVE, INDEX, PointFlag
from gateway.store.local_time import PARIS, local_time
from gateway.words.numbers import decimal
from gateway.words.phrase import NOTHING, Phrase, joined, plural, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from gateway.household.past.checks import MeterSide, PastEvidence, ShiftFound
    from gateway.household.past.values import PastBlock

Verdict = Literal["agrees", "differs", "refused", "unknown"]

# Of a house whose subscription nobody knows, 45 kW; of the others so much more than subscribed, for a moment.
_MOST_W, _OVER = 45_000, 1.3
_SHOWN = 5
_NIGHT_HOURS, _NIGHT_PART = range(4), 20

_DAYS_AGREE = Phrase("{agree} of {count} whole days match the indexes")
_DAYS_DIFFER = Phrase("{agree} of {count} whole days match the indexes; these do not: {days}")
_DAY = Phrase("{day} (curve {curve} kWh, indexes {reference} kWh)")
_OVER_FULL = Phrase("days whose curve has holes and comes to more than the whole day all the same: {days}")
_AND_MORE = Phrase(" and {count} more")
_NO_DAYS = Phrase("no whole day can be compared: import the daily indexes or daily values of the same period as well")
_MONTH = Phrase(
    "{month}: the curve comes to {curve} kWh, the indexes to {reference} kWh over the same days; one of the two is"
    " wrong"
)
_DOUBLE = Phrase("the curve is twice what the indexes say: a unit or a step is wrong, so it is not imported")
_HALF = Phrase("the curve is half what the indexes say: a unit or a step is wrong, so it is not imported")
_PROVED = Phrase("times proved: {agree} of {count} whole days match as they stand, fewer when shifted")
_PROVED_BESIDE = Phrase("times proved: {agree} of {count} half hours match what the meter itself said")
_MOVED = Phrase("the times are wrong: the curve matches when moved by {minutes} minutes ({agree} of {count}); {what}")
_SAY_START = Phrase("import it with --stamp start")
_SAY_END = Phrase("import it with --stamp end")
_NOT_SO = Phrase("so it is not imported")
_UNSURE = Phrase("times not proved: the {count} days match at no shift")
_UNSURE_BESIDE = Phrase("only {agree} of {count} half hours match what the meter itself said, and no shift does better")
_SEAM = Phrase("{count} indexes match the meter's own at the same time")
_SEAM_DIFFERS = Phrase("{differ} of {count} indexes differ from the meter's own at the same time")
_ABOVE = Phrase("its last index is above the meter's own first one: is it another meter's?")
_RANGE = Phrase("{count} values are above {kw} kW, the first at {when}: is the unit right?")
_LATER = Phrase(
    "{count} values are of a time that has not come yet, the first of {when}: is the clock of this machine right?"
)
_RISE = Phrase("{count} indexes rise faster than {kw} kW allows, the first at {when}")
_FALSE = Phrase("{count} indexes set aside, as they leap and come back: {when}")
_EXCHANGED = Phrase("the meter was exchanged before {when}: that day's energy is unknown")
_UNEVEN = Phrase("{count} of {all} values are not whole watt-hours, as Enedis' are: the unit or the step may be wrong")
_AT_NIGHT = Phrase("{count} values at night, when a roof injects nothing: is it drawn energy, or shifted in time?")


@dataclass(frozen=True, slots=True)
class PastCheck:
    """One check: its name for programs, how it ended, what is said of it, its figures."""

    name: str
    direction: str
    verdict: Verdict
    said: Phrase
    figures: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """What of one direction is checked: all that is known, the new blocks, the meter's side, what may be drawn, now."""

    direction: str
    known: PastEvidence
    blocks: Sequence[PastBlock]
    own: MeterSide
    subscribed_va: int | None
    now: int

    @property
    def days(self) -> list[date]:
        """The days that the new blocks meet."""
        return sorted(
            {day for block in self.blocks if block.points for day in self.known.days(block.first, block.last)}
        )

    @property
    def most_w(self) -> int:
        """Above this a power is doubted."""
        return int(self.subscribed_va * _OVER) if self.subscribed_va else _MOST_W


def run_checks(subject: Subject) -> list[PastCheck]:
    """All that the data allow."""
    found = [*_of_days(subject), *_of_seam(subject), *_of_range(subject)]
    for block in subject.blocks:
        found += _of_indexes(block)
    return found


def _check(subject: Subject, name: str, verdict: Verdict, said: Phrase, **figures: object) -> PastCheck:
    return PastCheck(name, subject.direction, verdict, said, figures)


def _of_days(subject: Subject) -> Iterator[PastCheck]:
    if not any(block.kind == CURVE for block in subject.blocks) and not subject.known.curve.points:
        return
    over = subject.known.overfull(subject.days)
    if over:
        said = _OVER_FULL.filled(days=_listed(over))
        yield _check(subject, "days-with-holes", "differs", said, differ=[one.day.isoformat() for one in over])
    pairs = subject.known.pairs(subject.days)
    if not pairs:
        yield _check(subject, "days", "unknown", _NO_DAYS)
        return
    times = checks.ratio(pairs)
    if times is not None:
        said = _DOUBLE if times > 1 else _HALF
        yield _check(subject, "ratio", "refused", said, ratio=float(times))
        return
    shift = checks.shift_of_days(subject.known, subject.days)
    if shift and shift.refutes:
        yield _moved(subject, shift)
        return
    wrong = [pair for pair in pairs if not pair.agrees]
    figures = {"days": len(pairs), "agree": len(pairs) - len(wrong), "differ": [one.day.isoformat() for one in wrong]}
    said = (_DAYS_DIFFER if wrong else _DAYS_AGREE).filled(
        agree=len(pairs) - len(wrong), count=len(pairs), days=_listed(wrong)
    )
    yield _check(subject, "days", "differs" if wrong else "agrees", said, **figures)
    yield from _of_months(subject, pairs)
    if shift and shift.proves:
        said = _PROVED.filled(agree=shift.agree, count=shift.count)
        yield _check(subject, "shift", "agrees", said, days=shift.count, agree=shift.agree)
    elif shift:
        yield _check(subject, "shift", "unknown", _UNSURE.filled(count=shift.count), days=shift.count)


def _listed(wrong: Sequence[checks.DayPair]) -> Phrase:
    named = [
        _DAY.filled(day=_day(one.day), curve=_kwh(float(one.curve)), reference=_kwh(one.reference))
        for one in wrong[:_SHOWN]
    ]
    more = _AND_MORE.filled(count=len(wrong) - _SHOWN) if len(wrong) > _SHOWN else NOTHING
    return joined(", ", named) + more


def _of_months(subject: Subject, pairs: Sequence[checks.DayPair]) -> Iterator[PastCheck]:
    found = checks.months(pairs)
    wrong = [one for one in found if not one.agrees]
    for one in wrong:
        curve, reference = _kwh(float(one.curve)), _kwh(one.reference)
        said = _MONTH.filled(month=same(f"{one.month:%Y-%m}"), curve=curve, reference=reference)
        figures = {"month": f"{one.month:%Y-%m}", "curve_wh": float(one.curve), "reference_wh": one.reference}
        yield _check(subject, "month", "differs", said, **figures)
    if found and not wrong:
        said = plural("{count} month matches the indexes", "{count} months match the indexes", len(found))
        yield _check(subject, "month", "agrees", said, months=len(found))


def _moved(subject: Subject, shift: ShiftFound) -> PastCheck:
    """Which other reading would be right: a stamp taken for the other end of its step, or a clock that is wrong."""
    curves = [block for block in subject.blocks if block.kind == CURVE and block.points]
    steps = {point.step for block in curves for point in block.points}
    ends = all(block.stamp == "end" for block in curves)
    what = _NOT_SO
    if {shift.best} == steps and ends:
        what = _SAY_START
    elif {-shift.best} == steps and not any(block.stamp == "end" for block in curves):
        what = _SAY_END
    said = _MOVED.filled(minutes=shift.best // 60, agree=shift.best_agree, count=shift.best_count, what=what)
    return _check(subject, "shift", "refused", said, minutes=shift.best // 60, agree=shift.best_agree)


def _of_seam(subject: Subject) -> Iterator[PastCheck]:
    curve = subject.known.curve if any(block.kind == CURVE for block in subject.blocks) else None
    beside = checks.shift_beside(curve, subject.own.half_hours) if curve else None
    if beside and beside.refutes:
        yield _moved(subject, beside)
    elif beside:
        said = (_PROVED_BESIDE if beside.proves else _UNSURE_BESIDE).filled(agree=beside.agree, count=beside.count)
        verdict: Verdict = "agrees" if beside.proves else "differs"
        yield _check(subject, "seam", verdict, said, half_hours=beside.count, agree=beside.agree)
    if not any(block.kind == INDEX for block in subject.blocks):
        return
    seam = checks.seam_of_indexes(subject.known.indexes, subject.own)
    if seam and seam.above:
        yield _check(subject, "seam-indexes", "differs", _ABOVE)
    if seam and seam.count:
        said = (_SEAM_DIFFERS if seam.differ else _SEAM).filled(count=seam.count, differ=seam.differ)
        yield _check(subject, "seam-indexes", "differs" if seam.differ else "agrees", said, indexes=seam.count)


def _of_range(subject: Subject) -> Iterator[PastCheck]:
    kw = decimal(subject.most_w / 1000, 1)
    curve = [point for block in subject.blocks if block.kind == CURVE for point in block.points]
    # A last day may be written as it begins.
    late = [point for block in subject.blocks for point in block.points if point.start > subject.now + 86_400]
    if late:
        said = _LATER.filled(count=len(late), when=_when(late[0].start))
        yield _check(subject, "range", "differs", said, later=len(late))
    # Sites above 36 kVA are known by their stamps; nobody subscribes for them here.
    high = checks.too_much(curve, subject.most_w)
    if high:
        said = _RANGE.filled(count=len(high), kw=kw, when=_when(high[0].start))
        yield _check(subject, "range", "differs", said, above=len(high))
    indexes = [block for block in subject.blocks if block.kind == INDEX]
    fast = [point for block in indexes for point in checks.days_too_large(block.points, subject.most_w)]
    if fast:
        said = _RISE.filled(count=len(fast), kw=kw, when=_when(fast[0].start))
        yield _check(subject, "range", "differs", said, above=len(fast))
    odd = checks.uneven([point for point in curve if not point.flags & (PointFlag.ROUNDED | PointFlag.DERIVED)])
    if odd * 10 > len(curve):
        yield _check(subject, "whole-wh", "differs", _UNEVEN.filled(count=odd, all=len(curve)), uneven=odd)
    if subject.direction != CONSUMPTION and curve:
        peak = max(point.value for point in curve)
        late = [point for point in curve if _hour(point.start) in _NIGHT_HOURS and point.value * _NIGHT_PART > peak]
        if late:
            yield _check(subject, "night", "differs", _AT_NIGHT.filled(count=len(late)), values=len(late))


def _of_indexes(block: PastBlock) -> Iterator[PastCheck]:
    if block.rejected:
        said = _FALSE.filled(count=len(block.rejected), when=joined(", ", map(_when, block.rejected[:_SHOWN])))
        yield PastCheck("indexes", block.direction, "differs", said, {"set_aside": len(block.rejected)})
    for at in block.breaks:
        yield PastCheck("meter-exchanged", block.direction, "differs", _EXCHANGED.filled(when=_when(at)), {"at": at})


def _kwh(wh: float) -> Phrase:
    return decimal(wh / 1000, 2)


def _when(at: int) -> Phrase:
    return local_time(at)


def _day(day: date) -> Phrase:
    return Phrase("{day:%Y-%m-%d}").filled(day=day)


def _hour(at: int) -> int:
    return datetime.fromtimestamp(at, PARIS).hour
