"""The household's part of others' production by half hours, in Wh: what is compared with its own load curve.

However a provider sends it: of an index the rise between two half hours counts, read at them or reckoned between the
readings beside them; of a power the mean of the half hour. The index comes first, it is exact. What may be wrong by
more than 1 Wh is said to be estimated, and what nobody can know of is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from gateway.balance.calendar import day_of
from gateway.balance.self_use import STEP_S
from gateway.household.share_readings import (
    CURVE,
    WH,
    Mark,
    by_meter,
    curve_half_hours,
    heard,
    is_produced,
    is_silent,
    mark,
    period_of,
    power_now,
    rise,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.config.tables import ReceivedTable
    from gateway.household.share import Origin
    from gateway.store.received import ReceivedPoints, ReceivedSeries

# Said of days that are kept: those that were reckoned otherwise are made anew.
_RECKONED = "between readings"
# Marks so far apart are fetched together; finer readings would be thousands for each.
_FEW_S = 900
# What the first frame of a morning may count; more than twice that is of hours that nobody saw.
_SOME_WH = 10
# The same of a whole roof.
_FIRST_WH = 100
# An index by night says nothing until morning; what was lost on the way comes within days.
_WAITED = timedelta(days=3)


@dataclass(slots=True)
class SharedHalfHours:
    """Half hour -> Wh; which of them are ``estimated``."""

    wh: dict[int, int] = field(default_factory=dict)
    estimated: set[int] = field(default_factory=set)

    def add(self, time: int, wh: int, *, estimated: bool) -> None:
        """Take a half hour, unless it is known as well already."""
        if time not in self.wh or (time in self.estimated and not estimated):
            self.wh[time] = wh
            (self.estimated.add if estimated else self.estimated.discard)(time)


@dataclass(frozen=True, slots=True)
class SharedPart:
    """One production as it was received, by the ``source`` of that name, and the household's ``part`` of it.

    ``series`` are the same one by several granularities, where a consent changed, and its power beside its index: the
    first that is sure of a half hour says it. None where nothing ever came.
    """

    source: str
    series: tuple[ReceivedSeries, ...]
    part: Fraction

    @property
    def name(self) -> tuple[str, tuple[int, ...], str]:
        """What tells it from another, and from itself after a change."""
        return _RECKONED, tuple(one.id for one in self.series), str(self.part)

    @property
    def last_time(self) -> float:
        """The newest moment of which anything came."""
        return max((one.last_time or 0 for one in self.series), default=0)

    @property
    def counted_from(self) -> float:
        """The oldest moment of which an index came; 0 where none did."""
        return min((one.first_time or 0 for one in self.series if one.path != CURVE), default=0)

    def made(self, received: ReceivedPoints, start: int, end: int) -> Fraction | None:
        """The part's Wh from ``start`` until the newest reading at or before ``end``, or its last whole half hour.

        None where that is not known from the beginning on.
        """
        for one in self.series:
            wh = WH[one.unit] * self.part
            if one.path == CURVE:
                over = range(-(-start // STEP_S) * STEP_S, end - STEP_S + 1, STEP_S)
                half_hours = list(curve_half_hours(one, received, over))
                whole = half_hours and len(half_hours) == (half_hours[-1][0] - start) // STEP_S + 1
                means = sum((value for _, value, _ in half_hours), Fraction(0))
                found = means * wh * STEP_S / 3600 if whole else None
            else:
                risen = rise(one, received, start, end, _FIRST_WH / WH[one.unit], since_first=False)
                found = None if risen is None else risen * wh
            if found is not None:
                return found
        return None

    def made_since(self, received: ReceivedPoints, start: int, end: int) -> Fraction | None:
        """The same of months, from the first reading on where that is later: of an index alone.

        A power would have to be added up, millions of values, and where one is missing nothing would be known.
        """
        for one in self.series:
            if one.path != CURVE:
                risen = rise(one, received, start, end, _FIRST_WH / WH[one.unit], since_first=True)
                if risen is not None:
                    return risen * WH[one.unit] * self.part
        return None

    def heard(self, received: ReceivedPoints, now: float) -> float:
        """The newest moment up to then of which anything came."""
        return heard(self.series, received, now)

    def is_silent(self, received: ReceivedPoints, now: float) -> bool:
        """Whether nothing has come for longer than it would at rest, or ever."""
        return not self.series or is_silent(self.series, received, now)

    def watts(self, received: ReceivedPoints, now: int) -> Fraction | None:
        """The part's mean power up to its newest reading; None where that is not of now."""
        found = (power_now(one, received, now) for one in self.series)
        return next(
            (
                value * WH[one.unit] * self.part
                for one, value in zip(self.series, found, strict=True)
                if value is not None
            ),
            None,
        )

    def settled(self, today: date) -> date:
        """The day up to which nothing more is waited for: that of the newest point, of a silent one some days ago."""
        return max(day_of(self.last_time), today - _WAITED)

    def half_hours(self, received: ReceivedPoints, start: int, end: int) -> SharedHalfHours:
        """Those in ``[start, end)``."""
        found = SharedHalfHours()
        wanted = range(-(-start // STEP_S) * STEP_S, end, STEP_S)
        for one in self.series:
            if len(found.wh) == len(wanted) and not found.estimated:
                break
            wh = WH[one.unit] * self.part
            if one.path == CURVE:
                for time, watts, estimated in curve_half_hours(one, received, wanted):
                    found.add(time, _whole(watts * wh * STEP_S / 3600), estimated=estimated)
            else:
                self._add_rises(found, one, received, wanted, wh)
        return found

    def _add_rises(
        self, found: SharedHalfHours, index: ReceivedSeries, received: ReceivedPoints, wanted: range, wh: Fraction
    ) -> None:
        marks = _marks(index, received, wanted)
        for time in wanted:
            before, after = marks.get(time), marks.get(time + STEP_S)
            if before is None or after is None or after.value < before.value:
                continue
            doubt = (before.doubt + after.doubt) * wh
            if doubt > _SOME_WH and max(before.gap_s, after.gap_s) > STEP_S:
                # Nothing was read for longer than that, and it counted meanwhile: when, nobody knows.
                continue
            # Of each index the part, down to whole Wh: over any time never more than one's own.
            found.add(time, _whole(after.value * wh) - _whole(before.value * wh), estimated=doubt > 1)


def parts(stored: ReceivedPoints, received: Sequence[ReceivedTable]) -> list[SharedPart]:
    """The household's parts, one for each meter of each source with a share; none where nothing was received at all.

    A source of which nothing came while something came of another has no series: with it the sum is unknown; so has a
    meter of which nothing came that half hours can be made of.
    """
    if not received:
        return []
    from gateway.household.share import origins  # noqa: PLC0415 (few houses receive anything: it needs XML)

    series, found = stored.series(), []
    taken: set[int] = set()
    for origin in origins(received):
        if not origin.part:
            continue
        # Two sources may cover one series; it is counted once, and one that covers nothing else is not waited for.
        covered = [one for one in series if origin.covers(one) and is_produced(one)]
        mine = [one for one in covered if one.id not in taken]
        if covered and not mine:
            continue
        taken |= {one.id for one in mine}
        found += parts_of(origin, mine)
    return found if any(part.series for part in found) else []


def parts_of(origin: Origin, mine: Sequence[ReceivedSeries]) -> list[SharedPart]:
    """The household's parts of the series that came by one source, one for each meter."""
    if not origin.part:
        return []
    name = origin.wanted.name
    ordered = [tuple(sorted(each, key=_best_first)) for each in by_meter(mine).values()] or [()]
    return [SharedPart(name, each, origin.part) for each in ordered]


def _marks(index: ReceivedSeries, received: ReceivedPoints, wanted: range) -> dict[int, Mark]:
    """The index at each half hour, and at the end of the last one."""
    ends = range(wanted.start, wanted.stop + STEP_S, STEP_S)
    found: dict[int, Mark] = {}
    if (period_of(index.granularity) or 0) >= _FEW_S:
        rows = received.between(index, ends.start, ends[-1]) if ends else []
        numbers = ((int(time), value) for time, value in rows if time in ends and not isinstance(value, str))
        found = {time: Mark(Fraction(value)) for time, value in numbers}
    for time in ends:
        if time not in found and (one := mark(index, received, time)) is not None:
            found[time] = one
    return found


def _whole(wh: Fraction) -> int:
    """Down to whole Wh: never more than one's own."""
    return wh.numerator // wh.denominator


def _best_first(series: ReceivedSeries) -> tuple[bool, int]:
    """Indexes before powers, and of each the coarsest first."""
    return series.path == CURVE, -cast("int", period_of(series.granularity))
