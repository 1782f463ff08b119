"""The hours of a meter in historic mode, which says what counts now and never what comes: learned from its changes.

One change is a bracket of a second or two, by this gateway's clock. Brackets of the same border on several days are
laid over each other; where they do not meet their median is taken, so a clock that trembles is evened out. A clock that
is constantly off stays off: what is learned is "by this gateway's clock". Seven days that agree are a schedule, with
the day since when it holds; until then a day is expected to be as the same day of the week, or the day before. Two days
running that are more than ten minutes different are another schedule: never a mean of both. No I/O and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gateway.tic.day_classes import DAY_MINUTES, DayClasses, apart, day_start, moment
from gateway.tic.median import median
from gateway.tic.observed import NEAR_MINUTES, ClassChange, ObservedChanges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# So many days that agree are a schedule; a border is the median of so many.
DAYS_TO_AGREE, MEDIAN_DAYS = 7, 14
# Days of which none could be watched may lie between the two that are different.
_LONGEST_BETWEEN = timedelta(days=14)
# For so long after a change of season last year's hours may be those of this year.
_SEASON_DAYS = timedelta(days=7)
_ONE = timedelta(days=1)
# The hour that comes twice or not at all, and what is near to it.
_TURNED = range(110, 191)


class Border(NamedTuple):
    """A change that comes each day: minutes since midnight, and what begins then."""

    minute: float
    word: str


class SeenDay(NamedTuple):
    """A day beside what was expected: borders that came, changes that nobody expected, borders that did not come."""

    came: tuple[Border, ...]
    strays: tuple[Border, ...]
    missed: tuple[Border, ...]

    @property
    def agrees(self) -> bool:
        """Whether it was as expected."""
        return bool(self.came) and not self.differs

    @property
    def differs(self) -> bool:
        """Whether it was not."""
        return bool(self.strays or self.missed)


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """Another schedule holds since a day; ``season``: because the season changed, which moves nothing."""

    since: date
    before: DayClasses
    after: DayClasses
    season: bool


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a learned schedule is: of so many days that agree, each known to so many seconds (the median)."""

    days: int
    width_s: int
    regular: bool


class LearnedHours:
    """What one meter's changes come to.

    Args:
        observed: its changes, of classes without their colour: ``HC`` and ``HP``.
        schedules: first day -> the borders that hold since.
    """

    def __init__(self, observed: ObservedChanges, schedules: Mapping[date, DayClasses] | None = None) -> None:
        self.observed = observed
        self.schedules = dict(sorted((schedules or {}).items()))
        # The last day that is over: of a later one not all changes have come.
        self.over: date | None = None
        # What is expected of a day, and how sure that is, as long as nothing is learned.
        self._known: dict[date, tuple[Border, ...]] = {}
        self._sure: dict[date, Sureness] = {}

    def expected(self, day: date) -> DayClasses | None:
        """The borders of a day, to the minute; None before one day was seen."""
        if day not in self._known:
            self._known[day] = self._expected(day)
        found = self._known[day]
        if not found:
            return None
        return tuple(sorted((round(one.minute) % DAY_MINUTES, one.word) for one in found))

    def sureness(self, day: date) -> Sureness:
        """How sure ``expected`` is on that day."""
        if day in self._sure:
            return self._sure[day]
        borders = self._expected(day)
        agreeing, widths = 0, []
        for before in range(1, MEDIAN_DAYS + 1):
            one = day - before * _ONE
            if self.schedules and one < max(self.schedules):
                break
            agreeing += self._seen(one, borders).agrees
            widths += [change.time - change.earliest for change in self.observed.sharp_on(one)]
        self._sure[day] = Sureness(agreeing, round(median(widths)) if widths else 0, bool(self.schedules))
        return self._sure[day]

    def end_day(self, day: date) -> NewSchedule | None:
        """A day is over: what that tells. To be asked once for each day, in their order."""
        self._known, self._sure, self.over = {}, {}, day
        if not self.schedules:
            self._begin(day)
            return None
        since, borders = max(self.schedules), self._refined(max(self.schedules), day + _ONE)
        if self._seen(day, borders).agrees:
            self.schedules[since] = _to_the_minute(borders)
            return None
        return self._last_year_again(day, borders) or self._moved(day, since, borders)

    # ---- what is expected

    def _expected(self, day: date) -> tuple[Border, ...]:
        if self.schedules:
            since = max((one for one in self.schedules if one <= day), default=min(self.schedules))
            if since == max(self.schedules) and (proposed := self._proposed(day)):
                return proposed
            return self._refined(since, day)
        known = [day - back * _ONE for back in (7, 14, *range(1, 15))]
        for one in known:
            if self._is_whole(one) and _alternate(found := _borders(self.observed.sharp_on(one))):
                return found
        return ()

    def _refined(self, since: date, day: date) -> tuple[Border, ...]:
        """A schedule by the changes of the last days before ``day``, which follow a clock that drifts."""
        stored = tuple(Border(float(minute), word) for minute, word in self.schedules[since])
        seen: list[ClassChange] = []
        for back in range(MEDIAN_DAYS, 0, -1):
            one = day - back * _ONE
            if one >= since:
                seen += self.observed.sharp_on(one) if not _is_turned(one) else ()
        return tuple(_refine(border, seen) for border in stored)

    def _proposed(self, day: date) -> tuple[Border, ...]:
        """What last year had from the change of season on, until this year's days tell."""
        border = season_begin(day)
        if not border <= day < border + _SEASON_DAYS or max(self.schedules) >= border:
            return ()
        year_ago = _in_year(border, border.year - 1) + _SEASON_DAYS
        since = max((one for one in self.schedules if one <= year_ago), default=None)
        if since is None or since < year_ago - 2 * _SEASON_DAYS:
            return ()
        if any(
            self._seen(border + n * _ONE, self._refined(max(self.schedules), day)).agrees
            for n in range((day - border).days)
        ):
            return ()
        return tuple(Border(float(minute), word) for minute, word in self.schedules[since])

    # ---- what a day tells

    def _seen(self, day: date, expected: Sequence[Border]) -> SeenDay:
        turned = _is_turned(day)
        changes = [one for one in self.observed.sharp_on(day) if not (turned and int(one.minute) in _TURNED)]
        strays = [Border(one.minute, one.after[:2]) for one in changes if not _near(expected, one.minute, one.after)]
        came, missed = [], []
        start, room = day_start(day), NEAR_MINUTES * 60 + 30
        for border in expected:
            if turned and int(border.minute) in _TURNED:
                continue
            due = start + border.minute * 60 if not turned else _due(day, border.minute)
            if any(one.sharp and one.after[:2] == border.word for one in self.observed.between(due - room, due + room)):
                came.append(border)
            elif self.observed.watched(due - room, due + room):
                missed.append(border)
        return SeenDay(tuple(came), tuple(strays), tuple(missed))

    def _is_whole(self, day: date) -> bool:
        if self.over is None or day > self.over:
            return False
        return self.observed.watched(day_start(day), day_start(day + _ONE)) and not _is_turned(day)

    def _begin(self, day: date) -> None:
        """The first schedule: as soon as the last seven days of which anything is known agree."""
        known = (day - back * _ONE for back in range(2 * MEDIAN_DAYS))
        days = [one for one in known if self.observed.sharp_on(one) and not _is_turned(one)][:DAYS_TO_AGREE]
        if len(days) < DAYS_TO_AGREE:
            return
        borders = _borders([change for one in reversed(days) for change in self.observed.sharp_on(one)])
        if _alternate(borders) and all(self._seen(one, borders).agrees for one in days):
            self.schedules[min(days)] = _to_the_minute(borders)

    def _last_year_again(self, day: date, now: tuple[Border, ...]) -> NewSchedule | None:
        proposed = self._proposed(day)
        if not proposed or not self._seen(day, proposed).agrees:
            return None
        season = season_begin(day)
        before, after = _to_the_minute(now), _to_the_minute(proposed)
        self.schedules[season] = after
        return NewSchedule(season, before, after, season=True)

    def _moved(self, day: date, since: date, now: tuple[Border, ...]) -> NewSchedule | None:
        different: list[tuple[date, SeenDay]] = []
        agreed = since - _ONE
        one = day
        while one >= since and day - one <= _LONGEST_BETWEEN:
            seen = self._seen(one, now)
            if seen.agrees:
                agreed = one
                break
            if seen.differs:
                different.append((one, seen))
            one -= _ONE
        if len(different) < 2 or not _alike(different[0][1], different[1][1]):
            return None
        days = [one for one, _ in different[:2]]
        borders = self._anew(days, now, different)
        if borders is None:
            return None
        first = next((one for (one, seen) in reversed(different) if _alike(seen, different[0][1])), days[1])
        season = season_begin(first)
        in_season = agreed < season <= first and not self._other_last_year(season, borders)
        self.schedules[first] = _to_the_minute(borders)
        return NewSchedule(first, _to_the_minute(now), self.schedules[first], season=in_season)

    def _anew(
        self, days: Sequence[date], now: Sequence[Border], different: Sequence[tuple[date, SeenDay]]
    ) -> tuple[Border, ...] | None:
        """The borders of two days that differ from what was; None while they do not make a day."""
        found = _borders([change for one in sorted(days) for change in self.observed.sharp_on(one)])
        # What came on one of two days that were both watched is the change from the one schedule to the other.
        seen = tuple(border for border in found if all(self._may_have(one, border) for one in days))
        if _alternate(seen):
            return seen
        gone = {border for _, one in different[:2] for border in one.missed}
        kept = [one for one in now if one not in gone and not _near(seen, one.minute, one.word)]
        both = tuple(sorted([*seen, *kept]))
        return both if _alternate(both) else None

    def _may_have(self, day: date, border: Border) -> bool:
        """Whether a day had a border, or nobody can say that it had not."""
        due = _due(day, border.minute)
        came = any(_near([border], one.minute, one.after) for one in self.observed.sharp_on(day))
        return came or not self.observed.watched(due - NEAR_MINUTES * 60, due + NEAR_MINUTES * 60)

    def _other_last_year(self, season: date, borders: Sequence[Border]) -> bool:
        """Whether the same season had other hours the year before: then they have moved."""
        year_ago = _in_year(season, season.year - 1)
        known = [one for one in self.schedules if year_ago <= one < year_ago + 2 * _SEASON_DAYS]
        return bool(known) and not _same(self.schedules[max(known)], _to_the_minute(borders))


def season_begin(day: date) -> date:
    """The last 1 April or 1 November until that day: when the hours of the reform change with the season."""
    return max(one for one in (date(day.year - 1, 11, 1), date(day.year, 4, 1), date(day.year, 11, 1)) if one <= day)


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year)


@lru_cache(maxsize=128)
def _is_turned(day: date) -> bool:
    """Whether the clocks are put forward or back on that day."""
    return day_start(day + _ONE) - day_start(day) != 86_400


def _due(day: date, minute: float) -> float:
    whole = int(minute)
    return moment(day, whole) + (minute - whole) * 60


def _near(borders: Iterable[Border], minute: float, word: str) -> Border | None:
    near = [one for one in borders if one.word == word[:2] and apart(one.minute, minute) <= NEAR_MINUTES]
    return min(near, key=lambda one: apart(one.minute, minute), default=None)


def _borders(changes: Sequence[ClassChange]) -> tuple[Border, ...]:
    """The borders of the changes of one or several days: those that lie together are one."""
    found: list[tuple[Border, list[ClassChange]]] = []
    for change in changes:
        for border, ones in found:
            if border.word == change.after[:2] and apart(border.minute, change.minute) <= NEAR_MINUTES:
                ones.append(change)
                break
        else:
            found.append((Border(change.minute, change.after[:2]), [change]))
    return tuple(sorted(_refine(border, ones) for border, ones in found))


def _refine(border: Border, changes: Iterable[ClassChange]) -> Border:
    """The border by the changes that are near to it: where their brackets meet, else their median."""
    near = [one for one in changes if one.after[:2] == border.word and apart(one.minute, border.minute) <= NEAR_MINUTES]
    if not near:
        return border
    away = [_away(one, border.minute) for one in near]
    latest, soonest = max(low for low, _ in away), min(high for _, high in away)
    middle = (latest + soonest) / 2 if latest <= soonest else median((low + high) / 2 for low, high in away)
    return Border((border.minute + middle) % DAY_MINUTES, border.word)


def _away(change: ClassChange, minute: float) -> tuple[float, float]:
    """A bracket as minutes from a time of the day, also over midnight."""
    half = (change.time - change.earliest) / 120
    off = (change.minute - minute + DAY_MINUTES / 2) % DAY_MINUTES - DAY_MINUTES / 2
    return off - half, off + half


def _alternate(borders: Sequence[Border]) -> bool:
    """Whether they make a day: each ends what the one before began."""
    ordered = sorted(borders)
    return len(ordered) > 1 and all(one.word != ordered[place - 1].word for place, one in enumerate(ordered))


def _alike(one: SeenDay, other: SeenDay) -> bool:
    """Whether two days differ in the same way from what was expected, as far as both are known."""
    common = any(_near(other.strays, stray.minute, stray.word) for stray in one.strays)
    return common or bool(set(one.missed) & set(other.missed))


def _to_the_minute(borders: Iterable[Border]) -> DayClasses:
    return tuple(sorted((round(one.minute) % DAY_MINUTES, one.word) for one in borders))


def _same(one: DayClasses, other: DayClasses) -> bool:
    """Whether they are the same hours, within ten minutes."""
    return len(one) == len(other) and all(
        _near([Border(float(at), word) for at, word in other], minute, begins) for minute, begins in one
    )
