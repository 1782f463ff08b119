"""The steps of a local day and month: 96 quarters of an hour, 92 or 100 where the clock changes; or halves."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

STEPS = {"PT15M": 900, "PT30M": 1800}

PARIS = ZoneInfo("Europe/Paris")

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_ONE = timedelta(days=1)


def steps_of(day: date, step: str) -> range:
    """The POSIX seconds at which they begin."""
    begin, end = (int(datetime(one.year, one.month, one.day, tzinfo=PARIS).timestamp()) for one in (day, day + _ONE))
    return range(begin, end, STEPS[step])


def month_of(text: str) -> date:
    """The first day of ``2026-10``. ValueError where it is no month."""
    found = _MONTH.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no month: write it as 2026-10")
    return date(int(found[1]), int(found[2]), 1)


def days_of(month: date) -> list[date]:
    """Its days."""
    after = (month + timedelta(days=31)).replace(day=1)
    return [month + timedelta(days=count) for count in range((after - month).days)]
