"""The household's part of others' production by half hours, in Wh: what is compared with its own load curve.

Of an index the rise between two half hours counts, where both are known; of a power the means of half hours, or of both
their quarters. Where a provider sends both, the index: it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.self_use import STEP_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.config.tables import ReceivedTable
    from gateway.store.received import ReceivedPoints, ReceivedSeries

_INDEX, _CURVE = "production/energy/active/index", "production/power/active/raw"
# One of the unit in Wh; of a power, for an hour.
_ENERGY = {"Wh": Fraction(1), "kWh": Fraction(1000), "J": Fraction(1, 3600)}
_POWER = {"W": Fraction(1), "kW": Fraction(1000)}
# The curves that are added up, those that are half hours already before the others: granularity -> seconds.
_STEPS = {"PT30M": STEP_S, "PT15M": STEP_S // 2}


@dataclass(frozen=True, slots=True)
class SharedPart:
    """One production as it was received, and the household's ``part`` of it.

    ``series`` are the same one by several granularities, where a consent changed: the first that knows a half hour says
    it.
    """

    series: tuple[ReceivedSeries, ...]
    part: Fraction

    @property
    def name(self) -> tuple[tuple[int, ...], str]:
        """What tells it from another, and from itself after a change."""
        return tuple(one.id for one in self.series), str(self.part)

    def half_hours(self, received: ReceivedPoints, start: int, end: int) -> dict[int, int]:
        """Half hour in ``[start, end)`` -> Wh."""
        found: dict[int, int] = {}
        for one in reversed(self.series):
            known = {
                int(time): value for time, value in received.between(one, start, end) if not isinstance(value, str)
            }
            found |= self._of_curve(one, known, end) if one.path == _CURVE else self._of_index(one, known)
        return found

    def _of_curve(self, curve: ReceivedSeries, known: Mapping[int, float], end: int) -> dict[int, int]:
        step = _STEPS[curve.granularity]
        wh = _POWER[curve.unit] * self.part * step / 3600
        starts = {time: range(time, time + STEP_S, step) for time in known if time % STEP_S == 0 and time < end}
        return {
            time: _whole(sum(known[quarter] for quarter in quarters), wh)
            for time, quarters in starts.items()
            if all(quarter in known for quarter in quarters)
        }

    def _of_index(self, index: ReceivedSeries, known: Mapping[int, float]) -> dict[int, int]:
        wh = _ENERGY[index.unit] * self.part
        marks = {time: _whole(value, wh) for time, value in known.items() if time % STEP_S == 0}
        rises = ((time, marks[time + STEP_S] - mark) for time, mark in marks.items() if time + STEP_S in marks)
        return {time: rise for time, rise in rises if rise >= 0}


def parts(stored: ReceivedPoints, received: Sequence[ReceivedTable]) -> list[SharedPart]:
    """For each source with a share the series that tells its production best; none where nothing was received."""
    if not received:
        return []
    from gateway.household.share import origins  # noqa: PLC0415 (few houses receive anything: it needs XML)

    series, found = stored.series(), []
    for origin in origins(received):
        mine = [one for one in series if origin.part and origin.covers(one)]
        best = [one for one in mine if _is_index(one)] or [one for one in mine if _is_curve(one)]
        # Of several productions from one source the first.
        same = sorted((one for one in best if one.sen1 == best[0].sen1), key=_coarsest_first)
        if origin.part and same:
            found.append(SharedPart(tuple(same), origin.part))
    return found


def _whole(value: float, wh: Fraction) -> int:
    """Down to whole Wh: never more than one's own."""
    return int(value * wh.numerator // wh.denominator)


def _coarsest_first(series: ReceivedSeries) -> int:
    """Half hours before what has to be added up; anything else after them, in the order in which it was."""
    return [*_STEPS, series.granularity].index(series.granularity)


def _is_index(series: ReceivedSeries) -> bool:
    return series.path == _INDEX and series.unit in _ENERGY


def _is_curve(series: ReceivedSeries) -> bool:
    return series.path == _CURVE and series.unit in _POWER and series.granularity in _STEPS
