"""How much of what the house draws now its part of a shared roof covers: one answer, for whoever shows it.

Now is the last five minutes on both sides. What comes by the quarter or half hour says nothing of now; where one source
of several is not known, nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.household.share_readings import CURVE, WH, mark, period_of
from gateway.household.shared_half_hours import parts
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.config.tables import ReceivedTable
    from gateway.household.days import HouseholdDays
    from gateway.store.received import ReceivedPoints, ReceivedSeries

# As long as the house's own watts are a mean of.
_MEAN_S, _NOW_S = 300, 300
_LONGEST_GAP_S = 300
_FINEST = (0, 60)

_COVERS = Phrase("The roof covers {percent}% of what you are using right now.")


@dataclass(frozen=True, slots=True)
class CoverNow:
    """W that are the household's of the production, W that it draws, and how much of the latter that is, 0 to 100."""

    watts: int
    drawn: int

    @property
    def percent(self) -> int:
        """Rounded down: all of it is all of it."""
        return min(100, 100 * self.watts // self.drawn)

    @property
    def sentence(self) -> Phrase:
        """As a household reads it."""
        return _COVERS.filled(percent=self.percent)


def cover_now(
    received: ReceivedPoints, sources: Sequence[ReceivedTable], house: HouseholdDays, now: int
) -> CoverNow | None:
    """At a POSIX second; None where there is no share, where one is unknown, and where nothing is drawn."""
    if not (shares := parts(received, sources)) or not (drawn := house.watts_now(now)):
        return None
    watts = Fraction(0)
    for share in shares:
        mine = _watts(share.series, received, now)
        if mine is None:
            return None
        watts += mine * share.part
    return CoverNow(int(watts), drawn)


def _watts(series: Sequence[ReceivedSeries], received: ReceivedPoints, now: int) -> Fraction | None:
    """What one meter counts: as its index rose, else as its newest power says."""
    fine = [one for one in series if period_of(one.granularity) in _FINEST]
    found = ((_of_power if one.path == CURVE else _of_index)(one, received, now) for one in fine)
    return next((one for one in found if one is not None), None)


def _of_index(index: ReceivedSeries, received: ReceivedPoints, now: int) -> Fraction | None:
    late = period_of(index.granularity) or 0
    newest, _ = received.around(index, now - late)
    if newest is None or isinstance(newest[1], str) or now - newest[0] - late > _NOW_S:
        return None
    before = mark(index, received, int(newest[0]) + late - _MEAN_S)
    if before is None or before.gap_s > _LONGEST_GAP_S:
        return None
    rise = Fraction(newest[1]) - before.value
    return None if rise < 0 else rise * WH[index.unit] * 3600 / _MEAN_S


def _of_power(curve: ReceivedSeries, received: ReceivedPoints, now: int) -> Fraction | None:
    newest, _ = received.around(curve, now)
    if newest is None or isinstance(newest[1], str) or now - newest[0] > _NOW_S:
        return None
    return Fraction(max(newest[1], 0)) * WH[curve.unit]
