"""The base load: what a house draws when nobody does anything, found in the nights.

Of each night (1 to 5 o'clock, local) the lowest hour; of the last nights the median, so that neither a night away nor
one with a boiler running tells the figure alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.balance.self_use import STEP_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NIGHTS = 7
# What is told of: two nights in a row of so much more than the median of so many before.
RISEN_NIGHTS = 28
_RISEN_PART, _RISEN_W = 1.3, 80
# The clock changes between 2 and 3 o'clock: such a night has two half hours more or fewer.
_FROM_S, _UNTIL_S = 3600, 5 * 3600


def base_load(midnights: Sequence[int], drawn: Mapping[int, int]) -> int | None:
    """Watts; ``midnights`` are POSIX seconds, ``drawn`` is half hour -> Wh. None while no night is known."""
    nights = [low for midnight in midnights if (low := _lowest_hour(midnight, drawn)) is not None]
    return median(nights[-NIGHTS:]) if nights else None


def lowest_hours(midnights: Sequence[int], drawn: Mapping[int, int]) -> list[int | None]:
    """The watts of each night's lowest hour; None of nights that are not known."""
    return [_lowest_hour(midnight, drawn) for midnight in midnights]


def risen(nights: Sequence[int | None]) -> tuple[int, int] | None:
    """(watts before, watts now) where the last two of these nights were both far above the many before; else None."""
    before = [watts for watts in nights[:-2] if watts is not None]
    last = [watts for watts in nights[-2:] if watts is not None]
    if len(before) < RISEN_NIGHTS or len(last) < 2:
        return None
    usual = median(before)
    least = max(usual * _RISEN_PART, usual + _RISEN_W)
    return (usual, min(last)) if min(last) > least else None


def median(watts: Sequence[int]) -> int:
    """That of ``statistics``, rounded, which would load 200 kB for this line; IndexError where there are none."""
    low, high = (sorted(watts)[place // 2] for place in (len(watts) - 1, len(watts)))
    return round((low + high) / 2)


def _lowest_hour(midnight: int, drawn: Mapping[int, int]) -> int | None:
    hours = []
    for time in range(midnight + _FROM_S, midnight + _UNTIL_S - STEP_S, STEP_S):
        first, second = drawn.get(time), drawn.get(time + STEP_S)
        if first is not None and second is not None:
            # Wh in an hour are its mean watts.
            hours.append(first + second)
    return min(hours) if hours else None
