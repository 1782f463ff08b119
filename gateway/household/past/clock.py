"""Which moment a written time is: the clock of Paris, its doubled hour in autumn, its missing one in spring.

What has an offset says so itself; where Paris had no such offset on that day neither the offset nor the clock can be
trusted. What has none is in the order of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.household.past.values import HistoryFileError
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.household.past.values import Choices

_IMPOSSIBLE = Phrase(
    "{text} has an offset that Paris did not have on that day: another tool made this file, and it may be an hour off;"
    " import the indexes as well, and say with --offsets ignore that the clock time is right, or with --offsets keep"
    " that the offset is"
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A POSIX second; whether it lies in a doubled hour, and whether which of the two was assumed.

    ``nowhere``: on no clock, as it is in the hour that spring skips.
    """

    at: int
    ambiguous: bool = False
    assumed: bool = False
    nowhere: bool = False


def midnight_of(day: date) -> int:
    """The POSIX second at which a local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=PARIS).timestamp())


def local_day(at: int) -> date:
    """The local day of a moment."""
    return datetime.fromtimestamp(at, PARIS).date()


def is_newest_first(stamps: Sequence[datetime]) -> bool:
    """Whether rows go backwards, by what most of them do: the last may be written twice."""
    bare = [stamp.replace(tzinfo=None) for stamp in stamps]
    steps = [(b > a) - (b < a) for a, b in pairwise(bare)]
    return sum(steps) < 0


def moments(stamps: Sequence[datetime], choices: Choices) -> list[Moment]:
    """The moment of each stamp, oldest first where they have no offset. HistoryFileError for an impossible offset."""
    if choices.offsets == "ignore":
        stamps = [stamp.replace(tzinfo=None) for stamp in stamps]
    bare = [place for place, stamp in enumerate(stamps) if stamp.tzinfo is None]
    found = [Moment(0)] * len(stamps)
    for place, one in zip(bare, _of_the_clock([stamps[place] for place in bare]), strict=True):
        found[place] = one
    for place, stamp in enumerate(stamps):
        if stamp.tzinfo is not None:
            known = stamp.astimezone(PARIS).utcoffset() == stamp.utcoffset() or stamp.tzinfo is UTC
            if not known and choices.offsets != "keep":
                raise HistoryFileError(_IMPOSSIBLE.filled(text=stamp.isoformat()))
            found[place] = Moment(int(stamp.timestamp()))
    return found


def _of_the_clock(stamps: Sequence[datetime]) -> list[Moment]:
    found, before, second = [], None, False
    doubled: dict[date, list[int]] = {}
    twice = set()
    for place, stamp in enumerate(stamps):
        local = stamp.replace(tzinfo=PARIS)
        # Of the doubled hour the offset goes down from the first to the second, of the missing one up.
        moved = (local.utcoffset() or _DAY) - (local.replace(fold=1).utcoffset() or _DAY)
        nowhere, ambiguous = moved < timedelta(0), moved > timedelta(0)
        if ambiguous:
            same = before is not None and before.date() == stamp.date() and _is_doubled(before)
            second = same and (second or (before is not None and stamp <= before))
            doubled.setdefault(stamp.date(), []).append(place)
            if second:
                twice.add(stamp.date())
                local = local.replace(fold=1)
        found.append(Moment(int(local.timestamp()), ambiguous, nowhere=nowhere))
        before = stamp
    for day, places in doubled.items():
        if day not in twice:
            for place in places:
                found[place] = Moment(found[place].at, ambiguous=True, assumed=True)
    return found


def _is_doubled(stamp: datetime) -> bool:
    local = stamp.replace(tzinfo=PARIS)
    return local.utcoffset() != local.replace(fold=1).utcoffset()
