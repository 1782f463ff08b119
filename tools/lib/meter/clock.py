"""The meter's clock: POSIX seconds in, French wall time and horodates out.

The European rule for summer time is written out (last Sundays of March and October, 01:00 UTC), so that the machine
needs no time zone database. Days are proleptic ordinals (``date.toordinal``) of the wall date.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

HOUR_S = 3600
DAY_S = 86400
EPOCH_DAY = date(1970, 1, 1).toordinal()


class ClockError(ValueError):
    """A start time that cannot be read; the message is one sentence for a person."""


def offset_s(posix_s: int) -> int:
    """Seconds from UTC to French wall time at this instant: 3600 in winter, 7200 in summer."""
    return _offset_of_hour(posix_s // HOUR_S)


def local(posix_s: int) -> tuple[int, int]:
    """Wall day (ordinal) and second of that day."""
    days, second = divmod(posix_s + offset_s(posix_s), DAY_S)
    return days + EPOCH_DAY, second


def at_wall(day: int, second: int) -> int:
    """POSIX time of a wall time; of an hour that comes twice, the first."""
    wall = (day - EPOCH_DAY) * DAY_S + second
    summer = wall - 2 * HOUR_S
    return summer if offset_s(summer) == 2 * HOUR_S else wall - HOUR_S


def horodate(posix_s: int, *, degraded: bool = False) -> str:
    """SAAMMJJhhmmss; the season letter is in lower case when the clock is degraded [54E §6.2.1.1]."""
    shift = offset_s(posix_s)
    season = "H" if shift == HOUR_S else "E"
    return (season.lower() if degraded else season) + _digits(posix_s + shift)


def horodate_without_season(posix_s: int) -> str:
    """The form of DPMx and FPMx: a space for the season, then wall time."""
    return " " + _digits(posix_s + offset_s(posix_s))


def parse_start(text: str, now_s: float) -> int:
    """POSIX milliseconds of ``now``, a horodate, or an ISO 8601 time (wall time when it has no offset).

    Raises:
        ClockError: the text is none of these.
    """
    if text == "now":
        return int(now_s * 1000)
    try:
        if match := re.fullmatch(r"([EeHh])(\d{12})", text):
            wall = datetime.strptime(match[2], "%y%m%d%H%M%S").replace(tzinfo=UTC)
            return (int(wall.timestamp()) - HOUR_S * (2 if match[1] in "Ee" else 1)) * 1000
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ClockError(
            f"start time {text!r} is not understood: give now, 2025-10-26T01:58, or a horodate such as E251026015800"
        ) from error
    if moment.tzinfo is None:
        return at_wall(moment.toordinal(), moment.hour * HOUR_S + moment.minute * 60 + moment.second) * 1000
    return int(moment.timestamp()) * 1000


def _digits(wall_s: int) -> str:
    return f"{datetime.fromtimestamp(wall_s, UTC):%y%m%d%H%M%S}"


@lru_cache(maxsize=4096)
def _offset_of_hour(hour: int) -> int:
    year = datetime.fromtimestamp(hour * HOUR_S, UTC).year
    return 2 * HOUR_S if _change(year, 3) <= hour * HOUR_S < _change(year, 10) else HOUR_S


def _change(year: int, month: int) -> int:
    """POSIX time of the clock change in a month of 31 days: its last Sunday, 01:00 UTC."""
    last = date(year, month, 31)
    return (last.toordinal() - last.isoweekday() % 7 - EPOCH_DAY) * DAY_S + HOUR_S
