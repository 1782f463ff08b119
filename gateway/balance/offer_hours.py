"""Which class each moment of a span of days is in, by the rules of an offer: spans that leave no second out.

A moment is taken to the clock of the house (Europe/Paris): weekday, holiday and hours are of the civil day; colour,
list and season of the tariff's day, which may begin at 06:00. Days of 23 and 25 hours have what their clock shows. What
nobody knows (a colour, the windows of the meter) makes a span without a class, never one of a class by default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.balance.calendar import days, midnight
from gateway.balance.holidays import holidays
from gateway.balance.supplier_offer import CHOSEN, METER, WEEKDAYS, OfferRule, minutes_of, season_of
from gateway.store.local_time import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.balance.supplier_offer import OfferDays

_ONE = timedelta(days=1)
_DAY_S, _HOUR_S = 86_400, 3600
# A day is neither white nor blue where an EJP contract had no peak.
NOT_RED = "not-red"

# From and until, in minutes from midnight.
Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DatedWindows:
    """The off-peak hours of a meter: from a day until another, the last one included; in one season, or in all."""

    since: date
    until: date | None
    windows: Windows
    seasons: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()

    def holds(self, day: date) -> bool:
        """Whether they are those of that day."""
        dated = self.since <= day and (self.until is None or day <= self.until)
        return dated and (not self.seasons or any(in_season(day, one) for one in self.seasons))


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """What rules ask that no offer says: the meter's windows, colours by tariff day, what the household chose."""

    windows: Sequence[DatedWindows] = ()
    colours: Mapping[date, str] = field(default_factory=dict)
    weekday: str | None = None
    hours: Windows | None = None
    alsace_moselle: bool = False

    def windows_of(self, day: date) -> Windows | None:
        """The meter's off-peak hours on a day; None where nobody knows them."""
        return next((one.windows for one in self.windows if one.holds(day)), None)


@dataclass(frozen=True, slots=True)
class ClassSpan:
    """From one second to another of a civil day, in a class; None where what decides it is not known.

    ``inside`` the hours at whose borders spans are cut besides.
    """

    day: date
    begin: int
    end: int
    word: str | None
    inside: bool = False


def class_spans(
    rules: Sequence[OfferRule],
    first: date,
    end: date,
    facts: HouseFacts,
    *,
    day_begins: int = 0,
    lists: Iterable[OfferDays] = (),
    besides: Windows = (),
) -> Iterator[ClassSpan]:
    """The spans of ``[first, end)``, in order, each of one civil day at most.

    Args:
        rules: of the offer; the last one holds always.
        first: the first civil day.
        end: the day after the last one.
        facts: of the house.
        day_begins: minutes from midnight at which the tariff's day begins.
        lists: the days that a supplier announced.
        besides: hours at whose borders spans are cut as well.
    """
    reader = _Rules(rules, facts, day_begins, {one.name: one for one in lists}, besides)
    for day in days(first, end):
        yield from reader.day(day)


def in_season(day: date, season: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Whether a day lies in a season, which may go over the end of the year."""
    (begin, end), here = season, (day.month, day.day)
    return begin <= here <= end if begin <= end else here >= begin or here <= end


def in_windows(minute: int, windows: Windows) -> bool:
    """Whether a minute of the day lies in one of them."""
    return any(begin <= minute < end if begin < end else minute >= begin or minute < end for begin, end in windows)


def moments(day: date, minutes: Iterable[int]) -> list[tuple[int, int]]:
    """(POSIX second, minute of the clock) of each time of the day, its beginning and where its clock jumps.

    A time that is there twice gives two moments, one that is not there gives none.
    """
    begin, end = midnight(day), midnight(day + _ONE)
    if end - begin == _DAY_S:
        return [(begin + 60 * minute, minute) for minute in sorted({0, *minutes}) if minute < 1440]
    found = {begin}
    for minute in minutes:
        clock = datetime(day.year, day.month, day.day, minute // 60 % 24, minute % 60, tzinfo=PARIS)
        found |= {int(clock.replace(fold=fold).timestamp()) for fold in (0, 1)}
    # The clock jumps at a full hour.
    offsets = [(time, datetime.fromtimestamp(time, PARIS).utcoffset()) for time in range(begin, end, _HOUR_S)]
    found |= {time for (_, one), (time, other) in pairwise(offsets) if one != other}
    shown = [(time, datetime.fromtimestamp(time, PARIS)) for time in sorted(found) if begin <= time < end]
    return [(time, clock.hour * 60 + clock.minute) for time, clock in shown]


class _Rules:
    """The rules of an offer, read once."""

    def __init__(
        self,
        rules: Sequence[OfferRule],
        facts: HouseFacts,
        day_begins: int,
        lists: Mapping[str, OfferDays],
        besides: Windows,
    ) -> None:
        self._rules = [(rule, tuple(season_of(text) for text in rule.seasons), _fixed(rule)) for rule in rules]
        self._facts, self._day_begins = facts, day_begins
        self._besides = besides
        self._lists = {name: (one.since, one.until, frozenset(one.days)) for name, one in lists.items()}

    def day(self, day: date) -> Iterator[ClassSpan]:
        hours = [fixed if fixed is not None else self._asked(rule, day) for rule, _, fixed in self._rules]
        cut = (*hours, self._besides)
        borders = {minute % 1440 for windows in cut for window in windows or () for minute in window}
        found = moments(day, {*borders, self._day_begins})
        words = [self._word(day, minute, hours) for _, minute in found]
        apart = [in_windows(minute, self._besides) for _, minute in found]
        begin, word, inside = found[0][0], words[0], apart[0]
        for (time, _), here in zip(found, zip(words, apart, strict=True), strict=True):
            if here != (word, inside):
                yield ClassSpan(day, begin, time, word, inside=inside)
                begin, (word, inside) = time, here
        yield ClassSpan(day, begin, midnight(day + _ONE), word, inside=inside)

    def _asked(self, rule: OfferRule, day: date) -> Windows | None:
        return self._facts.windows_of(day) if rule.hours == METER else self._facts.hours

    def _word(self, day: date, minute: int, hours: Sequence[Windows | None]) -> str | None:
        tariff_day = day if minute >= self._day_begins else day - _ONE
        possible: set[str] = set()
        for (rule, seasons, _), windows in zip(self._rules, hours, strict=True):
            holds = self._holds(rule, seasons, windows, day, tariff_day, minute)
            if holds:
                # What might have held before it may come to the same.
                return rule.word if possible <= {rule.word} else None
            if holds is None:
                possible.add(rule.word)
        return None

    def _holds(
        self,
        rule: OfferRule,
        seasons: Sequence[tuple[tuple[int, int], tuple[int, int]]],
        windows: Windows | None,
        day: date,
        tariff_day: date,
        minute: int,
    ) -> bool | None:
        """Whether a rule holds; None where that is not known. What certainly does not hold is not asked further."""
        said = [
            not seasons or any(in_season(tariff_day, one) for one in seasons),
            self._is_day(rule, day),
            True if not rule.hours else None if windows is None else in_windows(minute, windows),
            self._has_colour(rule.colour, tariff_day),
            self._is_listed(rule.days_of, tariff_day),
        ]
        return False if False in said else None if None in said else True

    def _is_day(self, rule: OfferRule, day: date) -> bool | None:
        if not rule.days and not rule.holidays:
            return True
        if rule.holidays and day in holidays(day.year, alsace_moselle=self._facts.alsace_moselle):
            return True
        if WEEKDAYS[day.weekday()] in rule.days:
            return True
        if CHOSEN in rule.days:
            return None if self._facts.weekday is None else WEEKDAYS[day.weekday()] == self._facts.weekday
        return False

    def _has_colour(self, colour: str | None, day: date) -> bool | None:
        if colour is None:
            return True
        known = self._facts.colours.get(day)
        if known is None or (known == NOT_RED and colour != "red"):
            return None
        return known == colour

    def _is_listed(self, name: str | None, day: date) -> bool | None:
        if name is None:
            return True
        since, until, listed = self._lists[name]
        return day in listed if since <= day <= until else None


def _fixed(rule: OfferRule) -> Windows | None:
    """The hours that are written in a rule; None of those that are asked for day by day."""
    return None if isinstance(rule.hours, str) else tuple(minutes_of(text) for text in rule.hours)
