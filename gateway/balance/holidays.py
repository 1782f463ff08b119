"""French public holidays (Code du travail, L3133-1), and the two more of Alsace and Moselle (L3134-13)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

# (month, day): New Year, Labour Day, 8 May, 14 July, Assumption, All Saints, Armistice, Christmas.
_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days from Easter Sunday: Easter Monday, Ascension, Whit Monday.
_MOVING = (1, 39, 50)
_GOOD_FRIDAY, _SAINT_STEPHEN = -2, (12, 26)


@cache
def holidays(year: int, *, alsace_moselle: bool = False) -> frozenset[date]:
    """The public holidays of a year: 11, or 13."""
    sunday = easter(year)
    found = {date(year, month, day) for month, day in _FIXED} | {sunday + timedelta(days=one) for one in _MOVING}
    if alsace_moselle:
        found |= {sunday + timedelta(days=_GOOD_FRIDAY), date(year, *_SAINT_STEPHEN)}
    return frozenset(found)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Butcher's algorithm)."""
    century, short = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (short // 4) - epact - short % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
