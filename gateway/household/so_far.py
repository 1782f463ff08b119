"""Whether of a period nothing is missing, for whatever shows or says it: of one that is not over, until now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.balance.energy import DayEnergy
    from gateway.household.days import HouseholdDays

_ONE = timedelta(days=1)
# A meter that has said nothing for longer is missed: what it would have said is not to come.
_MISSED_S = 1800


def is_whole(
    house: HouseholdDays,
    first: date,
    end: date,
    known: Mapping[date, DayEnergy],
    now: float,
    begun: int | None = None,
) -> bool:
    """Of what was drawn on the days ``[first, end)``, at the POSIX second ``now``.

    Args:
        house: the meter's.
        first: the first day.
        end: the day after the last one; what has not come of them yet is no hole.
        known: the days of which anything is known.
        now: a meter that has not been heard for half an hour by then is missed.
        begun: the POSIX second from which on the day that runs is looked at; its midnight when None.
    """
    heard, running = house.last_time or 0, None
    if now - heard <= _MISSED_S:
        running = day_of(heard - 1)
        end = min(end, running + _ONE)
    found = [known.get(one) for one in days(first, end)]
    return bool(found) and all(
        one is not None
        and one.drawn is not None
        and (one.whole or (one.date == running and house.is_whole_so_far(one, begun)))
        for one in found
    )
