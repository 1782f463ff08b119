"""The days that somebody names: "hier", "samedi", "le 12 novembre", "last month", "so far this year".

A text comes in small letters without accents and marks (``questions``). A day or month without its year is the last one
that has begun.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod

if TYPE_CHECKING:
    from collections.abc import Callable

_ONE = timedelta(days=1)
_MONTHS = {
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split(),
    "en": "january february march april may june july august september october november december".split(),
}
WEEKDAYS = {
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
    "en": "monday tuesday wednesday thursday friday saturday sunday".split(),
}
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DaySpan:
    """The days ``[first, end)``; ``period`` where they are a whole one."""

    first: date
    end: date
    period: BalancePeriod | None = None


def day(when: date) -> DaySpan:
    """That day."""
    return DaySpan(when, when + _ONE, BalancePeriod.DAY)


def whole(period: BalancePeriod, when: date) -> DaySpan:
    """The week, month or year that holds a day."""
    first = period.begin(when)
    return DaySpan(first, period.after(first), period)


def spoken_days(text: str, lang: str, today: date, *, together: bool = True) -> tuple[list[DaySpan], str]:
    """The days that are named, and the text without them. ValueError: no such days.

    From one to another is one span; so is one and the next unless they are not ``together``.
    """
    text = _SAME_MONTH[lang].sub(_SPELT[lang], _OF_DAY[lang].sub("", text))
    named, left = [], text
    for pattern, found in _SPOKEN[lang]:
        named += [(match.start(), match.end(), found(match, today)) for match in pattern.finditer(left)]
        left = pattern.sub(lambda match: "#" * len(match[0]), left)
    named = sorted(named, key=lambda one: one[0])
    named = _together(named, text, lang) if together else named
    spans: list[DaySpan] = []
    for start, end, one in named:
        if _AGO[lang].search(text[:start]) or (text[start].isdigit() and _AHEAD[lang].search(text[:start])):
            raise ValueError("so far away is none of the days that are named")
        begun = _SINCE[lang].search(text[:start])
        first = begun.start() if begun else start
        left = f"{left[:first]}{' ' * (end - first)}{left[end:]}"
        span = _since(one, today) if begun else one
        spans += [] if span in spans else [span]
    return spans, left


def _together(named: list[tuple[int, int, DaySpan]], text: str, lang: str) -> list[tuple[int, int, DaySpan]]:
    """From one day to another, and two that follow each other, as one span; more than that as they are."""
    if len(named) != 2:
        return named
    (start, end, one), (begins, ends, other) = named
    between = text[end:begins].strip()
    opening = _FROM[lang].search(text[:start])
    to = between in _TO[lang] or (between in _AND[lang] and opening and "t" in opening[0])
    if (to and one.first < other.first) or (between in _AND[lang] and one.end == other.first):
        return [(opening.start() if opening and to else start, ends, DaySpan(one.first, other.end))]
    return named


def _since(one: DaySpan, today: date) -> DaySpan:
    """From the first of those days until today."""
    if one.first >= today:
        raise ValueError("nothing has been since then")
    for period in (BalancePeriod.YEAR, BalancePeriod.MONTH, BalancePeriod.WEEK):
        if one.first == period.begin(today):
            return whole(period, today)
    return DaySpan(one.first, today + _ONE)


def _ago(days: int) -> Callable[[re.Match[str], date], DaySpan]:
    return lambda _, today: day(today - timedelta(days=days))


def _this(period: BalancePeriod) -> Callable[[re.Match[str], date], DaySpan]:
    return lambda _, today: whole(period, today)


def _last(period: BalancePeriod) -> Callable[[re.Match[str], date], DaySpan]:
    return lambda _, today: whole(period, period.begin(today) - _ONE)


def _several(match: re.Match[str], today: date) -> DaySpan:
    return DaySpan(today - timedelta(days=int(match[1]) - 1), today + _ONE)


def _weeks(match: re.Match[str], today: date) -> DaySpan:
    return DaySpan(today - timedelta(days=7 * int(match[1] or 1) - 1), today + _ONE)


def _months(match: re.Match[str], today: date) -> DaySpan:
    first = BalancePeriod.MONTH.back(today.replace(day=1), int(match[1] or 1))
    return DaySpan(first + timedelta(days=min(today.day, monthrange(first.year, first.month)[1]) - 1), today + _ONE)


def _days_ago(match: re.Match[str], today: date) -> DaySpan:
    return day(today - timedelta(days=int(match[1])))


def _number(match: re.Match[str], today: date) -> DaySpan:
    """The day of that number that was last, in this month or the one before."""
    number = int(match[1])
    month = today if number <= today.day else today.replace(day=1) - _ONE
    return day(month.replace(day=number))


def _numbers(match: re.Match[str], today: date) -> DaySpan:
    first = _number(match, today)
    last = first.first.replace(day=int(match[2]))
    if last < first.first:
        raise ValueError("it ends before it begins")
    return DaySpan(first.first, last + _ONE)


def _week_of(lang: str) -> Callable[[re.Match[str], date], DaySpan]:
    return lambda match, today: whole(BalancePeriod.WEEK, _named_day(lang)(match, today).first)


def _year(match: re.Match[str], _: date) -> DaySpan:
    return whole(BalancePeriod.YEAR, date(int(match[1]), 1, 1))


def _date(number: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year), month, number)
    # Of 29 February it may be four years ago.
    for back in range(5):
        try:
            when = date(today.year - back, month, number)
        except ValueError:
            continue
        if when <= today:
            return when
    raise ValueError("there is no such day")


def _named_day(lang: str) -> Callable[[re.Match[str], date], DaySpan]:
    def found(match: re.Match[str], today: date) -> DaySpan:
        when = _date(int(match["number"]), _MONTHS[lang].index(match["month"]) + 1, match["year"], today)
        if match["of"] and WEEKDAYS[lang].index(match["of"].strip()) != when.weekday():
            raise ValueError("that is another day of the week")
        return day(when)

    return found


def _numbered_day(match: re.Match[str], today: date) -> DaySpan:
    return day(_date(int(match[1]), int(match[2]), match[3], today))


def _named_month(lang: str) -> Callable[[re.Match[str], date], DaySpan]:
    def found(match: re.Match[str], today: date) -> DaySpan:
        first = _date(1, _MONTHS[lang].index(match["month"]) + 1, match["year"], today)
        return whole(BalancePeriod.MONTH, first)

    return found


def _weekday(lang: str) -> Callable[[re.Match[str], date], DaySpan]:
    def found(match: re.Match[str], today: date) -> DaySpan:
        back = (today.weekday() - WEEKDAYS[lang].index(match["weekday"])) % 7
        # "Last Friday", said on a Friday, is a week ago.
        return day(today - timedelta(days=back or (7 if match["last"] else 0)))

    return found


def _weekend(_: re.Match[str], today: date) -> DaySpan:
    saturday = today - timedelta(days=(today.weekday() - _SATURDAY) % 7)
    return DaySpan(saturday, saturday + 2 * _ONE)


def _one_of(words: list[str]) -> str:
    return "|".join(words)


_TH, _YEAR = "st|nd|rd|th", r"(?: (?P<year>20\d\d))?"
_OF = {lang: rf"(?P<of>(?:{_one_of(names)}) )?" for lang, names in WEEKDAYS.items()}
# "The day of yesterday" is one day and not two.
_OF_DAY = {
    "fr": re.compile(
        rf"\b(?:la |de la )?(?:journee|jour) (?:d |de |du )(?=hier|avant hier|\d|{_one_of(WEEKDAYS['fr'])})"
    ),
    "en": re.compile(rf"\bday of (?=\d|{_one_of(_MONTHS['en'])})"),
}
# "From 1 to 5 November": the month is that of both.
_SAME_MONTH = {
    "fr": re.compile(
        rf"\b(\d{{1,2}})(?:er)? (au|a|et le|et) (\d{{1,2}})(?:er)? ((?:{_one_of(_MONTHS['fr'])})(?: 20\d\d)?)"
    ),
    "en": re.compile(
        rf"\b(\d{{1,2}})(?:{_TH})? (to|and) (\d{{1,2}})(?:{_TH})? ((?:{_one_of(_MONTHS['en'])})(?: 20\d\d)?)"
    ),
}
_SPELT = {"fr": r"\1 \4 \2 \3 \4", "en": r"\1 \4 \2 \3 \4"}
_FROM = {"fr": re.compile(r"\b(?:entre|du|de|d)(?: le)? $"), "en": re.compile(r"\b(?:between|from)(?: the)? $")}
_TO = {"fr": ("au", "a", "jusqu au", "jusqu a"), "en": ("to", "until", "till", "through", "to the")}
_AND = {"fr": ("et", "et le"), "en": ("and", "and the")}
_SINCE = {"fr": re.compile(r"\b(?:depuis|a partir d[eu])(?: le| la| l)? $"), "en": re.compile(r"\bsince(?: the)? $")}
# What comes before those days, ends with them or is as far away is none of them.
_AGO = {
    "fr": re.compile(r"\b(?:il y a (?:une? ?)?|(?:avant|d ici)(?: le| la| l| les| au)? )$"),
    "en": re.compile(r"\b(?:from|up to|by|before|(?<!compare )(?<!compared )(?<!comparing )to)(?: the)? $"),
}
# "In the week" is that week, "in 2 weeks" is none that was.
_AHEAD = {"fr": re.compile(r"\bdans(?: une?)? $"), "en": re.compile(r"\bin $")}
_DATE = rf"{_OF['fr']}(?P<number>\d{{1,2}})(?:er)? (?P<month>{_one_of(_MONTHS['fr'])}){_YEAR}"
_FRENCH: list[tuple[str, Callable[[re.Match[str], date], DaySpan]]] = [
    (rf"(?:la )?semaine du {_DATE}", _week_of("fr")),
    (r"avant hier", _ago(2)),
    (r"hier|la veille", _ago(1)),
    (r"aujourd ?h?ui|auj|ajd|ce jour|(?:la |de la )?journee|(?<!\ba )(?:du )?jour", _ago(0)),
    (r"il y a (\d{1,3}) jours", _days_ago),
    (r"(?:depuis |(?:les |ces )?(?:derniers? )?)(\d{1,3}) (?:derniers? )?jours(?: ecoules)?", _several),
    (r"(?:depuis |les |ces )?(\d{1,2}) (?:dernieres? )?semaines?|depuis une semaine", _weeks),
    (r"(?:depuis |les |ces )?(\d{1,2}) (?:derniers? )?mois|depuis un mois", _months),
    (r"(\d{1,2})/(\d{1,2})(?:/(20\d\d))?", _numbered_day),
    (_DATE, _named_day("fr")),
    (r"du (\d{1,2})(?:er)? au (\d{1,2})(?:er)?(?! ?h\b| heures?)(?: du mois)?", _numbers),
    (r"(?:ce |le )?week ?end(?: dernier| passe)?", _weekend),
    (r"(?:la )?(?:semaine (?:derniere|passee|precedente|d avant)|derniere semaine)", _last(BalancePeriod.WEEK)),
    (r"(?:la |cette )?semaine", _this(BalancePeriod.WEEK)),
    (r"(?:le )?(?:mois (?:dernier|passe|precedent|d avant)|dernier mois)", _last(BalancePeriod.MONTH)),
    (r"(?:depuis )?(?:le )?debut du mois", _this(BalancePeriod.MONTH)),
    (r"(?:depuis )?(?:le )?debut de (?:la|cette) semaine", _this(BalancePeriod.WEEK)),
    (r"depuis (?:le debut (?:de l |d )annee|(?:le 1er )?janvier)", _this(BalancePeriod.YEAR)),
    (rf"(?:(?:le |ce |du |au )?mois d[e ] ?)?(?P<month>{_one_of(_MONTHS['fr'])}){_YEAR}", _named_month("fr")),
    (r"(?:ce )?mois(?: ci)?", _this(BalancePeriod.MONTH)),
    (r"(?:l )?(?:an(?:nee)? (?:dernier|passe|precedent|d avant)e?|derniere annee)", _last(BalancePeriod.YEAR)),
    (r"(?:(?:l )?annee )?(?:en )?(20\d\d)", _year),
    (r"(?:cette |l )?annee|cet an", _this(BalancePeriod.YEAR)),
    (rf"(?P<weekday>{_one_of(WEEKDAYS['fr'])})(?P<last> dernier| passe)?", _weekday("fr")),
    (r"le (\d{1,2})(?:er)?(?! ?(?:h|heures?|kva|kwh|euros?|€|/)\b)(?: du mois)?", _number),
]
_THE_DAY = rf"{_OF['en']}(?:the )?(?P<number>\d{{1,2}})(?:{_TH})? (?:of )?(?P<month>{_one_of(_MONTHS['en'])}){_YEAR}"
_ENGLISH: list[tuple[str, Callable[[re.Match[str], date], DaySpan]]] = [
    (rf"(?:the )?week of {_THE_DAY}", _week_of("en")),
    (
        rf"(?:the )?week of (?P<of>)(?P<month>{_one_of(_MONTHS['en'])}) (?P<number>\d{{1,2}})(?:{_TH})?{_YEAR}",
        _week_of("en"),
    ),
    (r"(?:the )?day before yesterday", _ago(2)),
    (r"(\d{1,3}) days ago", _days_ago),
    (r"yesterday", _ago(1)),
    (r"today|(?:the |this )?day", _ago(0)),
    (r"(?:(?:over |in )?(?:the |these )?(?:last|past)) (\d{1,3}) days", _several),
    (r"(?:(?:over |in )?(?:the )?(?:last|past)) (\d{1,2}) weeks", _weeks),
    (r"(?:(?:over |in )?(?:the )?(?:last|past)) (\d{1,2}) months", _months),
    (r"(\d{1,2})/(\d{1,2})(?:/(20\d\d))?", _numbered_day),
    (_THE_DAY, _named_day("en")),
    (rf"{_OF['en']}(?P<month>{_one_of(_MONTHS['en'])}) (?P<number>\d{{1,2}})(?:{_TH})?{_YEAR}", _named_day("en")),
    (r"(?:last |this |the |at the )?weekend", _weekend),
    (r"(?:last|the previous|the week before|the past) week(?: s)?", _last(BalancePeriod.WEEK)),
    (r"(?:since |from )?(?:the )?(?:start|beginning) of (?:the|this) month", _this(BalancePeriod.MONTH)),
    (r"(?:since |from )?(?:the )?(?:start|beginning) of (?:the|this) week", _this(BalancePeriod.WEEK)),
    (r"(?:since |from )?(?:the )?(?:start|beginning) of (?:the|this) year", _this(BalancePeriod.YEAR)),
    (r"(?:this |the )?week", _this(BalancePeriod.WEEK)),
    (r"(?:last|the previous) month(?: s)?", _last(BalancePeriod.MONTH)),
    (rf"(?:in|of|for|last) (?P<month>{_one_of(_MONTHS['en'])}){_YEAR}", _named_month("en")),
    (r"(?<=\bsince )(?P<month>march|may)(?P<year>)", _named_month("en")),
    (r"(?P<month>march|may)(?P<year>) s", _named_month("en")),
    # "March" and "may" are words of other sentences too.
    (
        rf"(?P<month>{_one_of([one for one in _MONTHS['en'] if one not in ('march', 'may')])}){_YEAR}",
        _named_month("en"),
    ),
    (r"(?:this |the )?month", _this(BalancePeriod.MONTH)),
    (r"(?:last|the previous) year", _last(BalancePeriod.YEAR)),
    (r"(?:in )?(20\d\d)", _year),
    (r"(?:so far )?(?:this |the )?year(?: so far)?", _this(BalancePeriod.YEAR)),
    (rf"(?:on )?(?P<last>last )?(?P<weekday>{_one_of(WEEKDAYS['en'])})", _weekday("en")),
    (r"(?:on |of |for )?the (\d{1,2})(?:st|nd|rd|th)", _number),
]
_SPOKEN = {
    lang: [(re.compile(rf"\b(?:{pattern})\b"), found) for pattern, found in patterns]
    for lang, patterns in (("fr", _FRENCH), ("en", _ENGLISH))
}
