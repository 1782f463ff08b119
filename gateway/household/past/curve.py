"""Rows of a curve to points: which step each stands for, which are the same, which are missing.

A value is the mean power of an interval; its stamp is the end of it, in all that comes from Enedis for small meters.
Nothing is filled: no hour is cut in two, no hole gets a mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from gateway.household.past.clock import is_newest_first, moments
from gateway.household.past.values import CURVE, HistoryFileError, PastBlock, PastPoint, PointFlag
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from gateway.household.past.values import Choices, Stamp

STEPS = {300, 600, 900, 1800, 3600}
# More than any delivery point of Enedis for homes and small sites: a unit must be wrong.
_MOST_W = 10_000_000

_NEGATIVE = Phrase("a negative power ({value} W) at {stamp}")
_TOO_MUCH = Phrase("a power of {value} W at {stamp}: no home draws that, the unit must be another")

_OF_UNIT = {"W": Decimal(1), "kW": Decimal(1000), "VA": Decimal(1)}


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One row: its stamp as it is written, watts (None: missing), seconds that it says it stands for, and flags."""

    stamp: datetime
    watts: Decimal | None
    step: int | None = None
    flags: int = 0


@dataclass(frozen=True, slots=True)
class _Placed:
    at: int
    watts: Decimal | None
    step: int | None
    flags: int
    stamp: datetime


def watts(value: Decimal | None, unit: str, step: int = 0) -> Decimal | None:
    """A value in W: of energy in a step of so many seconds its mean power."""
    if value is None:
        return None
    if unit in ("Wh", "kWh"):
        return value * (1000 if unit == "kWh" else 1) * 3600 / step
    return value * _OF_UNIT[unit]


def read_curve(
    form: str, meter: str | None, direction: str, rows: Sequence[CurveRow], stamp: Stamp, choices: Choices
) -> PastBlock:
    """The block of a curve.

    Args:
        form: its form's name.
        meter: delivery point, None where the file has none.
        direction: consumption or production.
        rows: as they stand in the file.
        stamp: whether stamps are the start or the end of steps.
        choices: what the household said.
    """
    block = PastBlock(form, meter, f"{direction}/{CURVE}", stamp=stamp)
    if is_newest_first([row.stamp for row in rows]):
        rows = rows[::-1]
    placed = []
    for row, moment in zip(rows, moments([row.stamp for row in rows], choices), strict=True):
        # A value in an hour that never was; the end of the step before that hour may be written so.
        nowhere = moment.nowhere and not (row.watts is not None and stamp == "end" and row.stamp.minute == 0)
        block.counts["nowhere"] += nowhere
        block.counts["stray"] += bool(moment.at % min(STEPS)) and not nowhere
        if not nowhere and moment.at % min(STEPS) == 0:
            block.counts["ambiguous"] += moment.ambiguous
            flags = int(row.flags) | (int(PointFlag.DST_ASSUMED) if moment.assumed else 0)
            placed.append(_Placed(moment.at, row.watts, row.step, flags, row.stamp))
    unlike = {row.step is not None for row in placed} == {True, False}
    single = _single(sorted(placed, key=attrgetter("at")), block)
    _point(block, single, -1 if stamp == "end" else 1, unlike=unlike)
    return block


def _single(placed: Iterable[_Placed], block: PastBlock) -> list[_Placed]:
    """One row of each moment: one with a value, one that is not estimated, else the first."""
    found = []
    for at, group in groupby(placed, key=attrgetter("at")):
        rows = list(group)
        known = [row for row in rows if row.watts is not None]
        block.counts["missing"] += len(rows) - len(known)
        best = min(known, key=lambda row: bool(row.flags & PointFlag.ESTIMATED), default=rows[0])
        for other in known:
            if other is not best and other.watts == best.watts:
                block.counts["equal"] += 1
            elif other is not best:
                block.conflicts.append((at, int(best.watts or 0), int(other.watts or 0)))
        found.append(best)
    return found


def _point(block: PastBlock, rows: Sequence[_Placed], side: int, *, unlike: bool) -> None:
    """Give each row its step and put what has a value into the block.

    ``side`` is -1 where a row stands for the time before its stamp, 1 where it stands for what follows.
    """
    ordered = rows if side < 0 else rows[::-1]
    gaps = [None, *(abs(b.at - a.at) for a, b in pairwise(ordered))]
    before: int | None = None
    found = []
    for place, row in enumerate(ordered):
        after = gaps[place + 1] if place + 1 < len(gaps) else None
        step, inferred = _step(row, gaps[place], before, after, first=place == 0)
        if step is None:
            block.counts["dropped"] += row.watts is not None
            continue
        before = step
        inferred |= unlike and row.step is None
        block.counts["inferred"] += inferred
        found.append((row, step, inferred))
    covered = []
    for row, step, inferred in found if side < 0 else found[::-1]:
        start = row.at - step if side < 0 else row.at
        covered.append((start, start + step, row.watts is not None))
        if row.watts is not None:
            block.points.append(PastPoint(start, step, *_whole(row, inferred=inferred)))
    for flag, name in ((int(PointFlag.ESTIMATED), "estimated"), (int(PointFlag.CAUTION), "caution")):
        block.counts[name] += sum(bool(point.flags & flag) for point in block.points)
    _cover(block, covered)


def _step(
    row: _Placed, gap: int | None, before: int | None, after: int | None, *, first: bool
) -> tuple[int | None, bool]:
    """How many seconds a row stands for, and whether that was concluded from both its neighbours."""
    if row.step in STEPS:
        return row.step, False
    if first:
        return (after if after in STEPS else None), False
    if gap in STEPS:
        return gap, False
    return (before, True) if before is not None and before == after else (None, False)


def _whole(row: _Placed, *, inferred: bool) -> tuple[int, int]:
    """Watts as a whole number, and the flags."""
    value = row.watts if row.watts is not None else Decimal(0)
    if value < 0:
        raise HistoryFileError(_NEGATIVE.filled(value=value, stamp=row.stamp))
    if value > _MOST_W:
        raise HistoryFileError(_TOO_MUCH.filled(value=value, stamp=row.stamp))
    whole = round(value)
    flags = row.flags | (PointFlag.STEP_INFERRED if inferred else 0)
    return whole, flags | (PointFlag.ROUNDED if whole != value else 0)


def _cover(block: PastBlock, covered: Sequence[tuple[int, int, bool]]) -> None:
    if not covered:
        return
    block.first, block.last = covered[0][0], max(end for _, end, _ in covered)
    reached = block.first
    for start, end, known in covered:
        if known:
            if start > reached:
                block.holes.append((reached, start))
            reached = max(reached, end)
    if reached < block.last:
        block.holes.append((reached, block.last))
