"""The household's part of others' production by half hours, in Wh: what is compared with its own load curve.

Of an index the rise between two half hours counts, where both are known; of a power the means of half hours. Where a
provider sends both, the index: it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.self_use import STEP_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.config.tables import ReceivedTable
    from gateway.store.received import ReceivedPoints, ReceivedSeries

_INDEX, _CURVE = "production/energy/active/index", "production/power/active/raw"
# One of the unit in Wh; of a power, for half an hour.
_ENERGY = {"Wh": Fraction(1), "kWh": Fraction(1000), "J": Fraction(1, 3600)}
_POWER = {"W": Fraction(1, 2), "kW": Fraction(500)}


@dataclass(frozen=True, slots=True)
class SharedPart:
    """A received series, and what one of its unit is of the household's Wh."""

    series: ReceivedSeries
    factor: Fraction

    def half_hours(self, received: ReceivedPoints, start: int, end: int) -> dict[int, int]:
        """Half hour in ``[start, end)`` -> Wh."""
        over, under = self.factor.numerator, self.factor.denominator
        known = {
            int(time): int(value * over // under)
            for time, value in received.between(self.series, start, end)
            if time % STEP_S == 0 and not isinstance(value, str)
        }
        if self.series.path == _CURVE:
            return {time: wh for time, wh in known.items() if time < end}
        rises = ((time, known[time + STEP_S] - index) for time, index in known.items() if time + STEP_S in known)
        return {time: wh for time, wh in rises if wh >= 0}


def parts(stored: ReceivedPoints, received: Sequence[ReceivedTable]) -> list[SharedPart]:
    """For each source with a share the series that tells its production best; none where nothing was received."""
    if not received:
        return []
    from gateway.household.share import origins  # noqa: PLC0415 (few houses receive anything: it needs XML)

    series, found = stored.series(), []
    for origin in origins(received):
        mine = [one for one in series if origin.part is not None and origin.covers(one)]
        indexes = [SharedPart(one, _ENERGY[one.unit] * origin.part) for one in mine if _is_index(one) and origin.part]
        curves = [SharedPart(one, _POWER[one.unit] * origin.part) for one in mine if _is_curve(one) and origin.part]
        found += (indexes or curves)[:1]
    return found


def _is_index(series: ReceivedSeries) -> bool:
    return series.path == _INDEX and series.unit in _ENERGY


def _is_curve(series: ReceivedSeries) -> bool:
    return series.path == _CURVE and series.unit in _POWER and series.granularity == "PT30M"
