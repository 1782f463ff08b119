"""How long another's data may be kept: an ISO 8601 duration, counted back from now by the calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?)?",
    re.ASCII,
)
_UNITS = 6


def kept_from(retention: str, now: float) -> int | None:
    """The POSIX second before which nothing may be kept any more; None when ``retention`` is no such duration."""
    match = _DURATION.fullmatch(retention)
    if match is None or match.groups() == (None,) * _UNITS:
        return None
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    today = datetime.fromtimestamp(now, UTC)
    month = today.year * 12 + today.month - 1 - years * 12 - months
    if month < 1970 * 12:
        return 0
    # From the first, so that a 31st that the month has not falls into the next one: early, and never late.
    start = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
    since = today - today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    kept = start + since - timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    return max(int(kept.timestamp()), 0)
