"""Whether of a period nothing is missing, for whatever shows it: of one that is not over, until now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.balance.energy import DayEnergy
    from gateway.balance.rows import BalanceRow
    from gateway.household.days import HouseholdDays

_ONE = timedelta(days=1)
# A meter that has said nothing for longer is missed: what it would have said is not to come.
_MISSED_S = 1800


def is_whole(row: BalanceRow, house: HouseholdDays, known: Mapping[date, DayEnergy], last: date, now: float) -> bool:
    """Of a row made of these days, at the POSIX second ``now``; ``last`` is the last day of which anything is known."""
    if now - (house.last_time or 0) > _MISSED_S:
        return row.total.whole and row.total.known == (row.end - row.first).days
    until = min(row.end, last + _ONE)
    if row.total.known < (until - row.first).days:
        return False
    if row.total.whole or not row.so_far:
        return row.total.whole
    # What has not come yet of the day that runs is no hole.
    running = known.get(last)
    return row.total.holes <= 1 and running is not None and house.is_whole_so_far(running)
