"""How many red and white days of Tempo, or peak days of EJP, a season still has, by the days that were lived.

RTE's rules: from 1 September to 31 August 22 red days, from 1 November to 31 March, never on a Saturday, a Sunday or a
public holiday, and 43 white ones, never on a Sunday. EJP has 22 peak days, those of Tempo's red. A day that was not
lived may have been one of them, so what is left is known within two numbers. No I/O and no clock.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_ONE = timedelta(days=1)

# Colour -> how many there are in a season. ``PM`` is a peak day of EJP, ``HN`` a day without.
RED, WHITE, PEAK = "ROUG", "BLAN", "PM"
IN_A_SEASON = {RED: 22, WHITE: 43, PEAK: 22}

_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
_AFTER_EASTER = (1, 39, 50)


class DaysLeft(NamedTuple):
    """Of one colour, after today: at least so many, at most so many."""

    least: int
    most: int

    def __str__(self) -> str:
        """One number where it is known, else both: ``18``, ``12/18``."""
        return str(self.least) if self.least == self.most else f"{self.least}/{self.most}"


def season_of(day: date) -> date:
    """The 1 September that began the season of a day."""
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def left(lived: Mapping[date, str], today: date, colour: str) -> DaysLeft:
    """What is left of the season after ``today``; ``lived`` has the colour of each day that is known."""
    begin = season_of(today)
    end = date(begin.year + 1, 9, 1)
    count = missing = 0
    day = begin
    while day <= today:
        if day in lived:
            count += lived[day] == colour
        else:
            missing += may_be(day, colour)
        day += _ONE
    to_come = sum(may_be(today + _ONE * n, colour) for n in range(1, (end - today).days))
    most = max(0, IN_A_SEASON[colour] - count)
    return DaysLeft(min(max(0, most - missing), to_come), min(most, to_come))


@lru_cache(maxsize=1024)
def may_be(day: date, colour: str) -> bool:
    """Whether the rules let a day have that colour."""
    if colour == WHITE:
        return day.weekday() != 6
    if day.month not in (11, 12, 1, 2, 3):
        return False
    return colour == PEAK or (day.weekday() < 5 and not is_holiday(day))


def is_holiday(day: date) -> bool:
    """Whether it is one of the eleven public holidays of France."""
    return (day.month, day.day) in _FIXED_HOLIDAYS or (day - _easter(day.year)).days in _AFTER_EASTER


@lru_cache(maxsize=64)
def _easter(year: int) -> date:
    """Easter Sunday (Butcher, 1876)."""
    golden, century, rest = year % 19, year // 100, year % 100
    lunar = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    days = (32 + 2 * (century % 4) + 2 * (rest // 4) - lunar - rest % 4) % 7
    shift = (golden + 11 * lunar + 22 * days) // 451
    month, day = divmod(lunar + days - 7 * shift + 114, 31)
    return date(year, month, day + 1)
