"""What the page *places* shows, as values: whoever serves the page reads it from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.self_use import STEP_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.household.places import PlaceCurve

PERIODS = ("day", "week")
# Of what is taken along; that of days is of a week.
TABLES = HALF_HOURS, DAYS = "half-hours", "parts"


@dataclass(frozen=True, slots=True)
class PlacesSeen:
    """A day or a week ``[first, end)`` of all places, by half hours from ``begin`` to ``until`` (POSIX seconds).

    ``known`` is the first and the last second of which anything is known of any of them; None: nothing is. ``left_out``
    is how many more places there are than one page has.
    """

    period: str
    first: date
    end: date
    begin: int
    until: int
    curves: Sequence[PlaceCurve]
    known: tuple[int, int] | None = None
    days: tuple[date, date] | None = None
    previous: date | None = None
    next: date | None = None
    left_out: int = 0

    @property
    def over(self) -> int:
        """The end of the last half hour that is known, or could be: what comes after it is no gap."""
        last = self.known[1] if self.known else self.begin
        # The mean of a half hour is told with the time at which it began.
        means = max((max(one.half_hours) + STEP_S for one in self.curves if one.half_hours), default=self.begin)
        return max(self.begin, min(self.until, max(last // STEP_S * STEP_S, means)))
