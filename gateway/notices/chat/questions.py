"""What a household asks in a chat, in French or English, however it is written: about what, and of which days.

Each word hints at something (``french``, ``english``); what the hints together speak for, in whatever order, is asked
(``scores``), of the days that are named (``spoken_days``, ``spoken_hours``). What else is said counts against it: an
honest "I did not understand" is better than a figure of something else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod
from gateway.notices.chat.english import ENGLISH
from gateway.notices.chat.french import FRENCH
from gateway.notices.chat.scores import topic_of
from gateway.notices.chat.spoken_days import DaySpan, day, spoken_days, whole
from gateway.notices.chat.spoken_hours import HourSpan, spoken_hours
from gateway.notices.chat.topics import ChatQuestion

if TYPE_CHECKING:
    from datetime import date

__all__ = ("ChatQuestion", "HouseholdQuestion", "understand")


@dataclass(frozen=True, slots=True)
class HouseholdQuestion:
    """What is asked about, of which days (None where that says nothing), and in which language (None: in either).

    ``hours`` of a day instead of days; ``against`` other days, with which those are compared.
    """

    topic: ChatQuestion
    days: DaySpan | None = None
    lang: str | None = None
    hours: HourSpan | None = None
    against: DaySpan | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """One sentence in one language: its concepts, the days and hours that it names, and how much of it is unknown.

    ``left`` is the text without hours, of which days are read again where two are compared; ``objects`` are unknown
    words that stand behind an article: they may be what is asked about.
    """

    concepts: frozenset[str]
    days: tuple[DaySpan, ...]
    hours: HourSpan | None
    left: str
    objects: int
    others: int


_Q = ChatQuestion
_LANGUAGES = {"fr": FRENCH, "en": ENGLISH}
# Of which days that is asked, where none are named; others are not of days.
_DAYS = {
    _Q.USAGE: BalancePeriod.MONTH,
    _Q.COST: BalancePeriod.MONTH,
    _Q.AVERAGE: BalancePeriod.MONTH,
    _Q.MOST: BalancePeriod.MONTH,
    _Q.PEAK: BalancePeriod.DAY,
    _Q.SOLAR: BalancePeriod.DAY,
    _Q.WATER: BalancePeriod.DAY,
    _Q.GAS: BalancePeriod.DAY,
    _Q.HEAT: BalancePeriod.DAY,
}
# What is told of now alone: asked of other days it is not answered, for the figure would be another one.
_OF_NOW = {_Q.PRICE, _Q.INDEX, _Q.BASE_LOAD, _Q.TEMPO, _Q.TARIFF, _Q.POWER}
_FIGURES = {*_DAYS, _Q.PRICE, _Q.INDEX, _Q.GOAL, _Q.COMPARE, _Q.POWER, _Q.BASE_LOAD}
# Of these it says nothing when.
_TIMELESS = {_Q.BACKUP, _Q.UPDATE, _Q.SET, _Q.OFFERS, _Q.DECIDE, _Q.ERASE, _Q.PAGE, _Q.HELP}
_ORDERED = {_Q.SET, _Q.OFFERS, _Q.DECIDE, _Q.ERASE}
# What a sentence speaks of beside its question -> the topics of which it may.
_BESIDE = {
    "thing": {_Q.TARIFF, *_ORDERED, _Q.PAGE},
    "others": {_Q.SHARING, *_ORDERED},
    "else": set[ChatQuestion](),
    "why": {_Q.STATE},
    "advice": {*_ORDERED, _Q.COMPARE},
    "order": {_Q.SET, _Q.DECIDE, _Q.ERASE},
    "without": {*_Q} - _FIGURES,
    "message": {_Q.SET},
    "since": {*_Q} - _FIGURES - {_Q.TEMPO},
    "around": {*_Q} - _FIGURES - {_Q.TEMPO} | {_Q.COMPARE},
    "later": {*_Q} - _FIGURES,
    "season": {*_Q} - _FIGURES,
    "number": {*_Q} - _FIGURES,
}
_LEAST, _OBJECT, _OTHER = 3, 8, 1
_POLITE = frozenset(("hello", "thanks", "nice", "article", "you", "box", "fine", "may", "all", "and"))
_BARE = frozenset(("dated", "article", "and", "what", "hello", "thanks", "you", "all", "ability"))
# In a part that asks nothing which is understood: it asks something else, or leaves only some of what is asked.
_ASKS_ELSE = frozenset(_BESIDE) | {"howmuch", "when", "how"}
# Where a sentence has another part; a comma within a number is none.
_CLAUSE = re.compile(r"[.;:!?…()\n]+| [-–—] |,(?!\d)")
_ONLY = re.compile(r"[,.;]\s*(?:(?:et|mais|and|but) )?(?:que|juste|rien que|pas|non|just|not|no)\b")
_THERE = re.compile(r"(?<![-\w])là\b(?!-)")
_BETWEEN = re.compile(r"(?<=[a-z])/|/(?=[a-z])")
# A question is short; the rest of a letter is not read.
_MOST_CHARACTERS = 300


def understand(text: str, today: date) -> HouseholdQuestion | None:
    """What is asked, on that day; None for what is not understood. A mere question mark asks for help."""
    if text.strip() == "?":
        return HouseholdQuestion(ChatQuestion.HELP)
    text = unicodedata.normalize("NFC", text[:_MOST_CHARACTERS])
    text = _ONLY.sub(" onlythat ", text.lower())
    return _sentence(_plain(text), today) or _by_clauses(text, today)


def _plain(text: str) -> str:
    """Small letters, digits, / and €; without accents, marks and hyphens; "là" is now, and no article."""
    letters = unicodedata.normalize("NFKD", _THERE.sub("lala", text.lower()))
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9/]+|€", _BETWEEN.sub(" ", letters)))


def _by_clauses(text: str, today: date) -> HouseholdQuestion | None:
    """What one part of the sentence asks, where the others ask nothing: "my wife is away, how much yesterday?"."""
    clauses = [plain for one in _CLAUSE.split(text) if (plain := _plain(one))]
    found = [_sentence(one, today) for one in clauses]
    asked = [one for one in found if one is not None and one.topic not in (_Q.HELLO, _Q.THANKS)]
    if len(clauses) < 2 or len(set(asked)) != 1:
        return None
    question = asked[0]
    own = clauses[found.index(question)]
    lang = question.lang or "fr"
    itself = _said(own, lang, today)
    said = [_said(one, lang, today) for one, of in zip(clauses, found, strict=True) if of is None]
    # Where a part names days alone, another one says of what.
    more = _POLITE | _BARE if itself and itself.concepts <= _BARE else None
    if not all(one and _ASKS_ELSE.isdisjoint(one.concepts) and (more is None or one.concepts <= more) for one in said):
        return None
    beside = {span for one in said if one for span in (*one.days, *([one.hours] if one.hours else []))}
    if not beside or question.topic in _TIMELESS:
        return question
    # Days that another part names are those that are meant, where this one names none.
    spans = [one for one in beside if isinstance(one, DaySpan)]
    if itself and not itself.days and not itself.hours and len(beside) == len(spans) == 1 and question.topic in _DAYS:
        return replace(question, days=spans[0])
    return None


def _sentence(plain: str, today: date) -> HouseholdQuestion | None:
    """In the language of which it has more words; where that is neither, what both understand."""
    known = {lang: _known(plain, lang) for lang in _LANGUAGES}
    langs = [lang for lang, count in known.items() if count and count == max(known.values())]
    found = [one for lang in langs if (one := _in_language(plain, lang, today))]
    if len(langs) > 1 and found:
        same = len({replace(one, lang=None) for one in found}) == 1
        return replace(found[0], lang=None if len(found) > 1 else found[0].lang) if same else None
    return found[0] if found else None


def _known(plain: str, lang: str) -> int:
    words = _LANGUAGES[lang]
    # Half a word is one that is read as another.
    return sum(2 if words.concepts(word) is not None else words.spelt(word) != word for word in plain.split())


def _said(plain: str, lang: str, today: date) -> _Said | None:
    """What the words hint at; None where days are named that are none."""
    words = _LANGUAGES[lang]
    text = " ".join(words.spelt(word) for word in plain.split())
    concepts = {"order"} if words.orders.search(text) or words.orders.search(plain) else set()
    for idiom, word in words.idioms:
        text = idiom.sub(word, text)
    try:
        hours, left = spoken_hours(text, lang, today)
        days, rest = spoken_days(left, lang, today)
    except ValueError:
        return None
    objects = others = 0
    before: frozenset[str] = frozenset()
    for word in rest.split():
        found = frozenset(("number",)) if word[0].isdigit() else words.concepts(word)
        if found is None:
            objects, others = objects + ("article" in before), others + ("article" not in before)
        concepts |= found or set()
        before = found or frozenset()
    concepts |= {"dated"} if days or hours else set()
    return _Said(frozenset(concepts), tuple(days), hours, left, objects, others)


def _in_language(plain: str, lang: str, today: date) -> HouseholdQuestion | None:
    said = _said(plain, lang, today)
    if said is None or (said.hours and said.days):
        # Hours of a day, and other days: nobody knows of which it is asked.
        return None
    if said.concepts & {"hello", "thanks"} and said.concepts <= _POLITE and not said.objects + said.others:
        return HouseholdQuestion(_Q.THANKS if "thanks" in said.concepts else _Q.HELLO, None, lang)
    topic, score = topic_of(said.concepts)
    if said.concepts & {"dated"} and said.concepts <= _BARE and not said.objects + said.others:
        # Days alone, after a question about others.
        topic, score = _Q.USAGE, _LEAST
    if topic is None:
        return None
    if score - said.objects * (_OBJECT if topic in _FIGURES else 2) - said.others * _OTHER < _LEAST:
        return None
    beside = {one for one, topics in _BESIDE.items() if one in said.concepts and topic not in topics}
    # The night of the base load is no time, nor is "before it trips"; and 6 or 9 kVA are asked about.
    of_power = (
        {"number", "without"} if "subscribed" in said.concepts else {"around"} if "trip" in said.concepts else set()
    )
    of_days = {"season"} if said.days else set()
    days = said.days
    # "What will December cost?" is not about the last one.
    to_come = "future" in said.concepts and topic in _DAYS and days and all(one.end <= today for one in days)
    if to_come or beside - {_Q.BASE_LOAD: {"later"}, _Q.POWER: of_power}.get(topic, of_days):
        return None
    if topic is _Q.COMPARE and len(days) == 1:
        days = tuple(spoken_days(said.left, lang, today, together=False)[0])
    return _question(topic, days, said.hours, lang, today) if _is_then(topic, days, said.hours, today) else None


def _question(
    topic: ChatQuestion, days: tuple[DaySpan, ...], hours: HourSpan | None, lang: str, today: date
) -> HouseholdQuestion:
    if topic is _Q.COMPARE and not all(one in _told(topic, today) for one in days):
        here, other = days if len(days) == 2 else (_like(days[0], today), days[0])
        if here == other:
            # "Less this week?": than in the one before.
            other = _whole(here.period or BalancePeriod.MONTH, here.first - timedelta(days=1))
        here, other = (here, other) if here.first > other.first else (other, here)
        return HouseholdQuestion(topic, here, lang, against=other)
    if topic is _Q.USAGE and hours:
        return HouseholdQuestion(topic, None, lang, hours)
    period = _DAYS.get(topic)
    span = (days[0] if days else _whole(period, today)) if period else None
    return HouseholdQuestion(topic, span, lang)


def _is_then(topic: ChatQuestion, days: tuple[DaySpan, ...], hours: HourSpan | None, today: date) -> bool:
    """Whether what is told is of the days that are named, and of no other time."""
    if topic in _TIMELESS:
        return True
    if hours:
        return topic is _Q.USAGE or (topic is _Q.TARIFF and hours.is_of(today))
    if topic in _DAYS:
        return len(days) <= 1 and all(one.first <= today for one in days)
    if topic is _Q.COMPARE:
        return len(days) <= 2 and all(one.first <= today for one in days)
    told = _told(topic, today)
    return all(one in told if told else one.first <= today < one.end for one in days)


def _told(topic: ChatQuestion, today: date) -> tuple[DaySpan, ...]:
    """The days of which that is told; none where it is of no days."""
    month, year = whole(BalancePeriod.MONTH, today), whole(BalancePeriod.YEAR, today)
    if topic is _Q.GOAL:
        return day(today), month, year
    if topic is _Q.COMPARE:
        before = whole(BalancePeriod.YEAR, year.first - timedelta(days=1))
        then = whole(BalancePeriod.MONTH, BalancePeriod.MONTH.year_before(month.first))
        return day(today), day(today - timedelta(days=1)), month, before, then
    return (day(today),) if topic in _OF_NOW else ()


def _like(span: DaySpan, today: date) -> DaySpan:
    """The days that now go on, of the same kind as others."""
    if span.period in (BalancePeriod.DAY, BalancePeriod.WEEK, BalancePeriod.MONTH, BalancePeriod.YEAR):
        return _whole(span.period, today)
    return _whole(BalancePeriod.MONTH, today)


def _whole(period: BalancePeriod, today: date) -> DaySpan:
    return day(today) if period is BalancePeriod.DAY else whole(period, today)
