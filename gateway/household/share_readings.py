"""A received production read at half hours: an index at one moment, the mean power of half an hour.

An index by the minute is what it was when the minute ended, any other what it was at its time. Between two readings it
rises evenly, over more than a half hour it rests; how far from that it may have been is its doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from gateway.balance.self_use import STEP_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.store.received import ReceivedPoints, ReceivedSeries

INDEX, CURVE = "production/energy/active/index", "production/power/active/raw"
ENERGY_UNITS, POWER_UNITS = frozenset({"Wh", "kWh", "J"}), frozenset({"W", "kW"})
# One of the unit in Wh; of a power, for an hour.
WH = {"Wh": Fraction(1), "kWh": Fraction(1000), "J": Fraction(1, 3600), "W": Fraction(1), "kW": Fraction(1000)}

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_DURATION = re.compile(r"PT(\d{1,4})([SMH])", re.ASCII)
_SECONDS = {"S": 1, "M": 60, "H": 3600}
# So soon after another comes a frame of a meter; within that the power may have changed, not the way in which it does.
_FRAMES_S, _FRAME_S = 10, 2
# A power that is told when it changes holds until then; so long it does not, unless nothing is produced.
_HELD_S = 300
# Older than this nothing is of now: a half hour is told at its end, and comes a while later. A mean is of so long.
_NOW_S, _MEAN_S = 2700, 300
# A mark of the clock comes whatever it says; what comes when something changes is silent by night.
_MARKS_S, _SILENT_S, _NIGHT_S = 900, 3 * 3600, 18 * 3600
# So much earlier than the day before a roof may fall into the shade.
_CLOUDS_S = 2 * 3600
# Values of a power that come so far apart and on the clock are means of the time that follows.
_MEANS_S = (600, 900, 1800)
# Of the means of a half hour so many may be missing.
_MISSING = 0.1
# So many values of a power are taken one by one: some hours of frames.
_MOST_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """An index at one moment; by how much it may be wrong, and how far apart the readings beside it are."""

    value: Fraction
    doubt: Fraction = Fraction(0)
    gap_s: float = 0


def period_of(granularity: str) -> int | None:
    """The seconds of a granularity, 0 of ``raw``; None where half hours cannot be made of it."""
    if granularity == "raw":
        return 0
    match = _DURATION.fullmatch(granularity)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    return seconds if 0 < seconds <= STEP_S else None


def is_index(series: ReceivedSeries) -> bool:
    """Whether half hours can be made of it, as of an index."""
    return series.path == INDEX and series.unit in ENERGY_UNITS and period_of(series.granularity) is not None


def is_curve(series: ReceivedSeries) -> bool:
    """Whether half hours can be made of it, as of a power."""
    period = period_of(series.granularity)
    fits = period is not None and (period == 0 or STEP_S % period == 0)
    return fits and series.path == CURVE and series.unit in POWER_UNITS


def is_produced(series: ReceivedSeries) -> bool:
    """Whether it tells what is produced, if so seldom that no half hours can be made of it."""
    return series.path in (INDEX, CURVE)


def by_meter(series: Iterable[ReceivedSeries]) -> dict[str, list[ReceivedSeries]]:
    """Of each meter that produces those of which half hours can be made: of one that tells its days alone none."""
    found: dict[str, list[ReceivedSeries]] = {}
    for one in filter(is_produced, series):
        usable = found.setdefault(meter_of(one), [])
        if is_index(one) or is_curve(one):
            usable.append(one)
    return found


def meter_of(series: ReceivedSeries) -> str:
    """What the series of one meter share."""
    return series.sen1.removesuffix(series.path)


def heard(series: Sequence[ReceivedSeries], received: ReceivedPoints, now: float) -> float:
    """The newest moment up to ``now`` (POSIX seconds) of which anything came of these; 0 where nothing did."""
    return max((_heard(one, received, now) for one in series), default=0)


def _heard(one: ReceivedSeries, received: ReceivedPoints, now: float) -> float:
    if (one.last_time or 0) <= now:
        return one.last_time or 0
    # Its sender's clock is ahead, or was once.
    before, _ = received.around(one, now)
    return before[0] if before else 0


def is_silent(series: Sequence[ReceivedSeries], received: ReceivedPoints, now: float) -> bool:
    """Whether nothing has come of these for longer than it would at rest; ``now`` is POSIX seconds."""
    newest = max(series, key=lambda one: _heard(one, received, now))
    marked = is_index(newest) and (period_of(newest.granularity) or 0) >= _MARKS_S
    return now - _heard(newest, received, now) > (_SILENT_S if marked else _NIGHT_S)


def went_on(series: Sequence[ReceivedSeries], received: ReceivedPoints, now: float) -> float:
    """Since when these counted for hours: another inverter of their roof that was heard before that alone has stopped.

    One begins earlier in the morning than another; at night all rest, and marks of the clock say so. 0: nobody knows.
    """
    end = heard(series, received, now) - _SILENT_S
    begin = end - _HOUR_S
    return begin if any(_counted(one, received, begin, end) for one in series if is_index(one)) else 0


def has_stopped(series: Sequence[ReceivedSeries], received: ReceivedPoints, now: float, since: float) -> bool:
    """Whether nothing came of an inverter since then, when another one of its roof ``went_on``.

    One that lies in the shade hours earlier has not stopped: the day before nothing came of it either by then.
    """
    last = heard(series, received, now)
    if last >= since:
        return False
    before = heard(series, received, since + _SILENT_S + _HOUR_S - _DAY_S)
    return not 0 < before < since - _DAY_S or last < before + _DAY_S - _CLOUDS_S


def _counted(index: ReceivedSeries, received: ReceivedPoints, begin: float, end: float) -> bool:
    (before, _), (after, _) = received.around(index, begin), received.around(index, end)
    if before is None or after is None or isinstance(before[1], str) or isinstance(after[1], str):
        return False
    return after[1] > before[1]


def mark(index: ReceivedSeries, received: ReceivedPoints, time: int) -> Mark | None:
    """The index at a moment; None before the first reading and after the last, and where it was set back."""
    late = _MINUTE_S if period_of(index.granularity) == _MINUTE_S else 0
    before, after = received.around(index, time - late)
    if before is None or isinstance(before[1], str):
        return None
    then, low = before[0] + late, Fraction(before[1])
    if after is None or isinstance(after[1], str):
        return Mark(low) if then == time else None
    gap, rise = after[0] + late - then, Fraction(after[1]) - low
    if rise < 0:
        return Mark(low) if then == time else None
    if then == time:
        # The last frame of that minute came a moment before it ended.
        return Mark(low, rise * Fraction(_FRAME_S / gap) if late else Fraction(0))
    if gap > STEP_S:
        # It rested, and the first thing that it counted after that ended it.
        return Mark(low, rise, gap)
    value = low + rise * Fraction((time - then) / gap)
    # A power that rises or falls evenly between two frames leaves the line by a quarter of what was counted.
    doubt = rise / 4 if gap <= _FRAMES_S else max(value - low, low + rise - value)
    return Mark(value, doubt, gap)


def rise(
    index: ReceivedSeries, received: ReceivedPoints, start: int, end: int, doubt: Fraction, *, since_first: bool
) -> Fraction | None:
    """By how much it rose until its newest reading at or before ``end``; None where it was not known at ``start``.

    ``doubt``: what it may have counted at the end of a long rest, in its own unit.
    """
    begin = mark(index, received, start)
    newest, _ = received.around(index, end)
    if begin is not None and begin.gap_s > STEP_S and begin.doubt > doubt:
        begin = None
    if begin is None and since_first:
        oldest = next(iter(received.history(index, start, limit=1)), None)
        begin = None if oldest is None or isinstance(oldest.value, str) else Mark(Fraction(oldest.value))
    if begin is None or newest is None or isinstance(newest[1], str) or newest[0] < start:
        return None
    days = (received.around(index, time)[0] for time in range(start + _DAY_S, end, _DAY_S))
    between = [day[1] for day in days if day is not None and day[0] >= start and not isinstance(day[1], str)]
    # One that fell was set back, or is another meter's: what it had counted until then nobody knows.
    if any(after < before for before, after in pairwise([begin.value, *between, newest[1]])):
        return None
    return Fraction(newest[1]) - begin.value


def power_now(series: ReceivedSeries, received: ReceivedPoints, now: int) -> Fraction | None:
    """The mean power of the last minutes in the unit's watts, of the last half hour where no more is known; or None."""
    newest, _ = received.around(series, now)
    if newest is None or isinstance(newest[1], str) or now - newest[0] > _NOW_S:
        return None
    if series.path == CURVE:
        return Fraction(max(newest[1], 0))
    before, _ = received.around(series, newest[0] - _MEAN_S)
    if before is None or isinstance(before[1], str) or newest[0] - before[0] > STEP_S:
        return None
    risen = Fraction(newest[1]) - Fraction(before[1])
    return risen * 3600 / Fraction(newest[0] - before[0]) if risen >= 0 else None


def curve_half_hours(
    curve: ReceivedSeries, received: ReceivedPoints, wanted: range
) -> Iterator[tuple[int, Fraction, bool]]:
    """Half hour, its mean in the curve's unit, whether that is an estimate."""
    if not wanted:
        return iter(())
    # An inverter takes a few watts by night: it produces nothing.
    if period := period_of(curve.granularity) or _means_of(curve, received, wanted):
        return _of_means(received.powers.means(curve, wanted.start, wanted.stop, STEP_S, period), period)
    before, _ = received.around(curve, wanted.start)
    begin = [(before[0], max(before[1], 0))] if before and not isinstance(before[1], str) else []
    last = [(p.time, p.value) for p in received.history(curve, wanted.stop, limit=1) if not isinstance(p.value, str)]
    return _of_changes(chain(begin, _numbers(curve, received, wanted), last), wanted)


def _numbers(curve: ReceivedSeries, received: ReceivedPoints, wanted: range) -> Iterable[tuple[float, float]]:
    """Time and value of each; of more than are read in a moment what the minutes come to."""
    if received.powers.has_more(curve, wanted.start, wanted.stop, _MOST_VALUES):
        return received.powers.by_minute(curve, wanted.start, wanted.stop)
    rows = ((p.time, p.value) for p in received.stream(curve, wanted.start, wanted.stop))
    return ((time, max(value, 0)) for time, value in rows if not isinstance(value, str))


def _means_of(curve: ReceivedSeries, received: ReceivedPoints, wanted: range) -> int | None:
    """The period of a power without one, where its times show that its values are means."""
    times = [point.time for point in received.history(curve, wanted.start, wanted.stop, limit=500)]
    apart = min((int(after - before) for before, after in pairwise(times)), default=STEP_S)
    return apart if apart in _MEANS_S and all(time % apart == 0 for time in times) else None


def _of_means(rows: Iterable[tuple[int, int, float, int]], period: int) -> Iterator[tuple[int, Fraction, bool]]:
    whole = STEP_S // period
    for at, count, total, odd in rows:
        if count >= whole * (1 - _MISSING):
            yield at, Fraction(total) / count, bool(odd) or count != whole


def _of_changes(known: Iterable[tuple[float, float]], wanted: range) -> Iterator[tuple[int, Fraction, bool]]:
    """Each value holds until the next; a half hour in which that is too long is not known."""
    sums: dict[int, tuple[float, Fraction]] = {}
    for (begin, value), (end, _) in pairwise(known):
        if not _holds(end - begin, value):
            continue
        first = max(int(begin // STEP_S) * STEP_S, wanted.start)
        for at in range(first, min(int(end) + 1, wanted.stop), STEP_S):
            held = min(end, at + STEP_S) - max(begin, at)
            if held > 0:
                seconds, total = sums.get(at, (0.0, Fraction(0)))
                sums[at] = seconds + held, total + Fraction(value) * Fraction(held)
    for at, (seconds, total) in sums.items():
        if seconds >= STEP_S * (1 - _MISSING):
            yield at, total / Fraction(seconds), True


def _holds(seconds: float, value: float) -> bool:
    return seconds <= _HELD_S or value == 0
