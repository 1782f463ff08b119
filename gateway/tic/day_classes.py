"""The tariff classes of a day by the minute, on the clock of the house (Europe/Paris), and their moments in time.

A class is what the meter calls it: the number of an index (``1`` to ``10``) in standard mode, a period (``HC..``) in
historic mode. Days of 23 and 25 hours are days like any other: hours are those of the clock. No I/O and no clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PARIS = ZoneInfo("Europe/Paris")
DAY_MINUTES = 1440
_ONE = timedelta(days=1)

# (Minute of the day, class that begins then), in order; without one at 0 the day begins with what counted before.
DayClasses = tuple[tuple[int, str], ...]


class ClassStretch(NamedTuple):
    """From a POSIX second until another one class counts."""

    start: int
    end: int
    word: str


def day_at(time: float) -> date:
    """The local day of a POSIX second."""
    return datetime.fromtimestamp(time, PARIS).date()


@lru_cache(maxsize=512)
def minute_at(time: float) -> float:
    """Minutes since midnight that a clock on the wall shows at a POSIX second, with their fraction."""
    local = datetime.fromtimestamp(time, PARIS)
    return local.hour * 60 + local.minute + (local.second + local.microsecond / 1e6) / 60


@lru_cache(maxsize=512)
def moment(day: date, minute: int) -> int:
    """The POSIX second at which a clock on the wall first shows that minute of the day, or has passed over it."""
    day += timedelta(days=minute // DAY_MINUTES)
    minute %= DAY_MINUTES
    found = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=PARIS)
    if found.hour == 2 and datetime.fromtimestamp(found.timestamp(), PARIS).hour != 2:
        # The hour that the spring leaves out: what is due in it is done at its end.
        found = found.replace(hour=3, minute=0)
    return int(found.timestamp())


def day_start(day: date) -> int:
    """The POSIX second at which a local day begins."""
    return moment(day, 0)


def spans(days: Iterable[tuple[date, DayClasses]], before: str | None = None) -> Iterator[ClassStretch]:
    """The classes of days that follow each other, as they come; what nothing begins is what counted before."""
    word, since = before, None
    end = None
    for day, classes in days:
        since = day_start(day) if since is None else since
        for minute, begins in classes:
            at = moment(day, minute)
            if begins != word:
                if word is not None and at > since:
                    yield ClassStretch(since, at, word)
                word, since = begins, at
        end = day_start(day + _ONE)
    if word is not None and since is not None and end is not None:
        yield ClassStretch(since, end, word)


def class_at(classes: DayClasses, minute: float, before: str | None = None) -> str | None:
    """The class at a minute of the day; ``before`` where none has begun by then."""
    return next((word for at, word in reversed(classes) if at <= minute), before)


def windows(classes: DayClasses, words: frozenset[str], before: str | None = None) -> tuple[tuple[int, int], ...]:
    """From which minute until which one of those classes counts, in one day; None of ``before`` is none of them."""
    edges = [(0, before), *classes, (DAY_MINUTES, None)]
    found: list[tuple[int, int]] = []
    for (at, word), (end, _) in pairwise(edges):
        if word in words and end > at:
            if found and found[-1][1] == at:
                found[-1] = found[-1][0], end
            else:
                found.append((at, end))
    return tuple(found)


def hour(minute: int) -> str:
    """``HH:MM``; the end of a day is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def written(classes: DayClasses) -> str:
    """``00:00 2,02:56 1,07:56 2``, as it is stored."""
    return ",".join(f"{hour(minute)} {word}" for minute, word in classes)


def read(text: str) -> DayClasses | None:
    """What ``written`` wrote; None for anything else."""
    found = []
    for part in text.split(","):
        at, _, word = part.partition(" ")
        minute = minute_of(at)
        if minute is None or not word or len(word) > 16:
            return None
        found.append((minute, word))
    return tuple(found) if found == sorted(found) and len(found) <= 24 else None


def minute_of(text: str) -> int | None:
    """The minute of the day of ``HH:MM``."""
    digits = text.replace(":", "", 1)
    if len(text) != 5 or len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
        return None
    minute = int(digits[:2]) * 60 + int(digits[2:])
    return minute if minute <= DAY_MINUTES and int(digits[2:]) < 60 else None


def written_windows(found: Sequence[tuple[int, int]]) -> str:
    """``01:34/07:34 12:34/14:34``."""
    return " ".join(f"{hour(start)}/{hour(end)}" for start, end in found)


def read_windows(text: str) -> tuple[tuple[int, int], ...] | None:
    """What ``written_windows`` wrote; None for anything else."""
    found = []
    for part in text.split():
        start, end = (minute_of(one) for one in (part.split("/") if part.count("/") == 1 else ("", "")))
        if start is None or end is None:
            return None
        found.append((start, end))
    return tuple(found) or None


def apart(one: float, other: float) -> float:
    """Minutes between two times of the day, the shorter way round."""
    far = abs(one - other) % DAY_MINUTES
    return min(far, DAY_MINUTES - far)
