"""Indexes, daily values, periods and maxima: rows to points, with what falls or leaps told for what it is."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.household.past.clock import midnight_of
from gateway.household.past.values import DAILY, INDEX, HistoryFileError, PastBlock, PastPoint, PointFlag
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, timedelta

    # A moment or day, Wh (None: missing), flags.
    Row = tuple[int, Decimal | None, int]

_NEGATIVE = Phrase("a negative value ({value} Wh)")
# No home draws so much: 250 kVA for a day, and the largest index of nine digits of kWh.
_MOST_A_DAY, _MOST_INDEX = Decimal(6_000_000), Decimal(10) ** 12
_TOO_MUCH = Phrase("a value of {value} Wh: no home comes to that, the unit must be another")


def read_indexes(form: str, meter: str | None, direction: str, rows: Iterable[Row], *, dated: bool = True) -> PastBlock:
    """The block of a total's indexes, each at the moment it is of.

    An index that leaps and comes back, or falls and comes back, is set aside; one that falls and stays below is of
    another meter, and between the two nobody knows.
    """
    block = PastBlock(form, meter, f"{direction}/{INDEX}", stamp="date" if dated else "both")
    points = _without_false(_points(block, rows, 0, _MOST_INDEX), block)
    for place, point in enumerate(points):
        if place and point.value < points[place - 1].value:
            points[place] = point._replace(flags=point.flags | PointFlag.BREAK)
            block.breaks.append(point.start)
    block.rejected.sort()
    block.points = points
    _bounds(block)
    return block


def read_days(form: str, meter: str | None, direction: str, rows: Iterable[tuple[date, Decimal | None, int]],
              a_day: timedelta) -> PastBlock:  # fmt: skip
    """The block of daily values: each is of its local day, 23 to 25 hours long."""
    block = PastBlock(form, meter, f"{direction}/{DAILY}", stamp="date")
    lengths, dated = {}, []
    for day, value, flags in rows:
        start = midnight_of(day)
        lengths[start] = midnight_of(day + a_day) - start
        dated.append((start, value, flags))
    block.points = [point._replace(step=lengths[point.start]) for point in _points(block, dated, 0, _MOST_A_DAY)]
    _bounds(block)
    return block


def read_spans(form: str, meter: str | None, series: str, rows: Iterable[tuple[int, int, Decimal, int]]) -> PastBlock:
    """The block of what is known of longer spans, or of moments: (start, seconds, value, flags)."""
    block = PastBlock(form, meter, series, stamp="date")
    seen = set()
    for start, step, value, flags in sorted(rows):
        block.counts["equal"] += (start, step) in seen
        if (start, step) not in seen:
            block.points.append(PastPoint(start, step, *_whole(value, flags, _MOST_INDEX)))
        seen.add((start, step))
    _bounds(block)
    return block


def _points(block: PastBlock, rows: Iterable[Row], step: int, most: Decimal) -> list[PastPoint]:
    found: dict[int, PastPoint] = {}
    for start, value, flags in rows:
        if value is None:
            block.counts["missing"] += 1
            continue
        point = PastPoint(start, step, *_whole(value, flags, most))
        known = found.setdefault(start, point)
        if known is not point and known.value == point.value:
            block.counts["equal"] += 1
        elif known is not point:
            block.conflicts.append((start, known.value, point.value))
    for flag, name in ((int(PointFlag.ESTIMATED), "estimated"), (int(PointFlag.CAUTION), "caution")):
        block.counts[name] += sum(bool(point.flags & flag) for point in found.values())
    return [found[start] for start in sorted(found)]


def _whole(value: Decimal, flags: int, most: Decimal) -> tuple[int, int]:
    if value < 0:
        raise HistoryFileError(_NEGATIVE.filled(value=value))
    if value > most:
        raise HistoryFileError(_TOO_MUCH.filled(value=value))
    whole = round(value)
    return whole, flags | (PointFlag.ROUNDED if whole != value else 0)


def _without_false(points: list[PastPoint], block: PastBlock) -> list[PastPoint]:
    """The indexes without those that their neighbours on both sides show to be false."""
    kept: list[PastPoint] = []
    for point in points:
        while len(kept) > 1 and kept[-2].value <= point.value and not kept[-2].value <= kept[-1].value <= point.value:
            block.rejected.append(kept.pop().start)
        kept.append(point)
    return kept


def _bounds(block: PastBlock) -> None:
    if block.points:
        block.first = block.points[0].start
        block.last = max(point.start + point.step for point in block.points)
