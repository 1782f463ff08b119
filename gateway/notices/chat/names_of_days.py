"""Days as one says them at the beginning of a sentence: "Hier (jeudi 26 novembre)", "This week", "October 2026"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod
from gateway.household.tariff_words import day_in_words, month_in_words
from gateway.notices.chat.words import WORDS

if TYPE_CHECKING:
    from datetime import date

    from gateway.notices.chat.spoken_days import DaySpan

_ONE = timedelta(days=1)


def named(days: DaySpan, today: date, lang: str) -> str:
    """The days as one says them, at the beginning of a sentence."""
    words, running = WORDS[lang], days.first <= today < days.end
    if days.period is BalancePeriod.DAY:
        name = day_in_words(days.first).in_language(lang)
        if days.first.year != today.year:
            name = f"{name} {days.first.year}"
        return begun(words["day-before"].format(day=name) if days.first == today - _ONE else name)
    if days.period is BalancePeriod.WEEK:
        first = day_in_words(days.first).in_language(lang)
        return str(words["this-week"] if running else words["week-of"].format(day=first))
    if days.period is BalancePeriod.MONTH:
        return begun(f"{month_in_words(days.first).in_language(lang)} {days.first.year}")
    if days.period is BalancePeriod.YEAR:
        return str(words["year"] if running else days.first.year)
    dates = (days.first, days.end - _ONE)
    ends = [day_in_words(one).in_language(lang) for one in dates]
    if days.first.year != today.year:
        ends = [f"{said} {one.year}" for said, one in zip(ends, dates, strict=True)]
    return str(words["from-to"].format(first=ends[0], last=ends[1]))


def begun(name: str) -> str:
    """With a capital, as a sentence begins."""
    return name[:1].upper() + name[1:]
