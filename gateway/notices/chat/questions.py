"""What a household asks in a chat, in French or English, however it is written: about what, and of which days.

A small grammar (``french``, ``english``): what is asked about is known by its words, the days by their names
(``spoken_days``, ``spoken_hours``). Every other word must be one that is known to stand there: an honest "I did not
understand" is better than a figure of something else.
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
from gateway.notices.chat.grammar import ChatQuestion
from gateway.notices.chat.spoken_days import DaySpan, day, spoken_days, whole
from gateway.notices.chat.spoken_hours import HourSpan, spoken_hours

if TYPE_CHECKING:
    from datetime import date

    from gateway.notices.chat.grammar import SentenceRule

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
class _Named:
    """The days or the hours that a question names."""

    days: list[DaySpan]
    hours: HourSpan | None


_Q = ChatQuestion
_GRAMMARS = {"fr": FRENCH, "en": ENGLISH}
# Hours of the tariff are no time of day.
_TARIFF_HOURS = re.compile(r"\bheures? (?:creuses?|pleines?)\b|\b(?:off ?)?peak hours?\b")
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
# Of these nobody asks at another time than now.
_NO_ELSEWHEN = {_Q.PRICE, _Q.INDEX, _Q.GOAL, _Q.COMPARE, _Q.POWER, _Q.BASE_LOAD}

# A mean of many weeks, months or years: what the days that are named came to is none.
_PER = {
    "fr": re.compile(r"\b(?:par|chaque|tou(?:te)?s les) (?:semaines?|mois|ans?|annees?)\b"),
    "en": re.compile(r"\b(?:per|a|each|every) (?:week|month|year)\b(?! ago)"),
}
# Two of these are two questions, and one figure is half an answer; what is said of all of them comes last.
_COUNTED = {
    "fr": (r"eaux?|litres?", r"gaz", r"chaleur", r"produ\w*|solaires?|inject\w*|panneaux?", r"conso\w*|electri\w*"),
    "en": (
        r"water|litres?|liters?",
        r"gas",
        r"heat",
        r"solar|produc\w*|generat\w*|export\w*|inject\w*|panels?|pv",
        r"consum\w*|us(?:e|ed|ing|age)|electric\w*",
    ),
}
_BOTH = {"fr": re.compile(r"\bet\b"), "en": re.compile(r"\band\b")}

# Where a sentence has another part; a comma within a number is none.
_CLAUSE = re.compile(r"[.;!?…\n]+|,(?!\d)")
# A part that asks or wants something: what of it is not understood is not passed over.
_ASKS_ELSE = re.compile(
    r"\b(?:combien|quel(?:le)?s?|quand|comment|pourquoi|qui est|est ce|frigo|tele|four|machine|voiture|chauffage"
    r"|cumulus"
    r"|ballon|piscine|fuite|eau|gaz|how|what|which|when|why|who|where|oven|fridge|heating|boiler|pool|leak|water|gas)\b"
)
# A part that takes something away from what another asks, or leaves only some of it: the whole figure is no answer.
_RESTRICTS = re.compile(
    r"\b(?:sans|sauf|hors|hormis|excepte\w*|a part|seulement|uniquement|rien que|entre|avant|apres|a partir|jusqu|ht"
    r"|ttc|(?:que|juste) (?:la|le|les|l|en|entre|pendant|de)|(?<!bonne )(?<!bon )(?:matin|midi|soir|soiree|nuit)"
    r"|without|except\w*|exclud\w*|excl|ex|only|between|outside|minus|apart from|other than|before|after|until|till"
    r"|just (?:the|at|in|for|during)|(?<!good )(?:morning|noon|afternoon|evening|night)|tonight|overnight)\b"
    r"|^(?:(?:et|mais|and|but) )?(?:pas|non|not|no)\b"
)
_POLITE, _SEVERAL = (_Q.HELLO, _Q.THANKS), 2
# Of these it says nothing when.
_TIMELESS = {_Q.BACKUP, _Q.UPDATE, _Q.SET, _Q.OFFERS, _Q.DECIDE, _Q.ERASE}
_NUMBER = re.compile(r"\d")
# A question is short; the rest of a letter is not read.
_MOST_CHARACTERS = 400
_LEAST_SPELT = 6


def understand(text: str, today: date) -> HouseholdQuestion | None:
    """What is asked, on that day; None for what is not understood. A mere question mark asks for help."""
    if text.strip() == "?":
        return HouseholdQuestion(ChatQuestion.HELP)
    text = text[:_MOST_CHARACTERS]
    return _whole_text(_plain(text), today) or _by_clauses(text, today)


def _by_clauses(text: str, today: date) -> HouseholdQuestion | None:
    """What one part of the sentence asks, where the others ask nothing: "my wife is away, how much yesterday?"."""
    clauses = [plain for one in _CLAUSE.split(text) if (plain := _plain(one))]
    found = [_whole_text(one, today) for one in clauses]
    asked = [one for one in found if one is not None and one.topic not in _POLITE]
    if len(clauses) < _SEVERAL or len(set(asked)) != 1:
        return None
    question, others = asked[0], [one for one, of in zip(clauses, found, strict=True) if of != asked[0]]
    own = clauses[found.index(question)]
    told = [one for one, of in zip(clauses, found, strict=True) if of is None]
    if any(_ASKS_ELSE.search(one) for one in others) or any(_restricts(one, today) for one in told):
        # It asks or orders something that is not understood, or asks less than the whole.
        return None
    named = {days for one in others for lang in _GRAMMARS for days in _days_of(one, lang, today)}
    if not named or question.topic in _TIMELESS:
        return question
    of_itself = [days for lang in _GRAMMARS for days in _days_of(own, lang, today)]
    # Days that another part names are those that are meant, where this one names none.
    spans = [one for one in named if isinstance(one, DaySpan)]
    if len(named) == len(spans) == 1 and not of_itself and question.topic in _DAYS:
        return replace(question, days=spans[0])
    return None


def _days_of(plain: str, lang: str, today: date) -> list[DaySpan | HourSpan | None]:
    try:
        hours, rest = spoken_hours(plain, lang, today)
        return [*spoken_days(rest, lang, today)[0], *([hours] if hours else [])]
    except ValueError:
        return [None]


def _restricts(plain: str, today: date) -> bool:
    """Whether it leaves less of what is asked; by a number as well, which is of no day."""
    return bool(_RESTRICTS.search(plain)) or all(_NUMBER.search(_undated(plain, lang, today)) for lang in _GRAMMARS)


def _undated(plain: str, lang: str, today: date) -> str:
    try:
        return spoken_days(spoken_hours(plain, lang, today)[1], lang, today)[1]
    except ValueError:
        return plain


def _whole_text(plain: str, today: date) -> HouseholdQuestion | None:
    found = [one for lang in _GRAMMARS if (one := _in_language(plain, lang, today)) is not None]
    if len(found) > 1 and replace(found[0], lang=None) == replace(found[1], lang=None):
        both = _fillers(plain, "fr"), _fillers(plain, "en")
        lang = None if both[0] == both[1] else found[0].lang if both[0] > both[1] else found[1].lang
        return replace(found[0], lang=lang)
    return max(found, key=lambda one: _fillers(plain, one.lang or ""), default=None)


def _plain(text: str) -> str:
    """Small letters, digits, / and €; without accents, marks and hyphens."""
    letters = unicodedata.normalize("NFKD", text).lower()
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9/]+|€", letters))


def _fillers(plain: str, lang: str) -> int:
    return sum(word in _GRAMMARS[lang].known for word in plain.split())


def _in_language(plain: str, lang: str, today: date) -> HouseholdQuestion | None:
    grammar = _GRAMMARS[lang]
    spelt = " ".join(_spelt(word, lang) for word in plain.split())
    for words, joined in grammar.joined:
        spelt = words.sub(joined, spelt)
    # A greeting or a thank-you alone is all that is said.
    asked = " ".join(grammar.around.sub(" ", spelt).split())
    return next((one for text in (asked, spelt) if (one := _asked(text, lang, today)) is not None), None)


def _asked(asked: str, lang: str, today: date) -> HouseholdQuestion | None:
    try:
        hours, left = spoken_hours(asked, lang, today)
        days, rest = spoken_days(left, lang, today)
    except ValueError:
        return None
    if hours and days:
        # Hours of a day, and other days: nobody knows of which it is asked.
        return None
    for rule in _GRAMMARS[lang].rules:
        if rule.dated is not None and rule.dated is not bool(days or hours):
            continue
        if rule.pattern.search(rest) and _fits(rule, rest, lang):
            compares = rule.topic is _Q.COMPARE and len(days) == 1
            named = _Named(spoken_days(left, lang, today, together=False)[0] if compares else days, hours)
            of_days = rule.topic in _DAYS and (_PER[lang].search(asked) or _asks_two(asked, lang))
            if of_days or not _is_then(rule, named, rest, lang, today):
                return None
            return _question(rule.topic, named, lang, today)
    return None


def _asks_two(asked: str, lang: str) -> bool:
    """Whether two things that are counted apart are asked about: "water and gas"."""
    things = [re.compile(rf"\b(?:{words})\b") for words in _COUNTED[lang]]
    parts = _BOTH[lang].split(asked)
    named = (next((place for place, one in enumerate(things) if one.search(part)), None) for part in parts)
    return len({one for one in named if one is not None}) > 1


def _question(topic: ChatQuestion, named: _Named, lang: str, today: date) -> HouseholdQuestion:
    days, hours = named.days, named.hours
    if topic is _Q.COMPARE and not all(one in _told(topic, today) for one in days):
        here, other = days if len(days) == 2 else (_like(days[0], today), days[0])
        here, other = (here, other) if here.first > other.first else (other, here)
        return HouseholdQuestion(topic, here, lang, against=other)
    if topic is _Q.USAGE and hours:
        return HouseholdQuestion(topic, None, lang, hours)
    period = _DAYS.get(topic)
    span = (days[0] if days else _whole(period, today)) if period else None
    return HouseholdQuestion(topic, span, lang)


def _spelt(word: str, lang: str) -> str:
    """The word that was meant, where it is written in a hurry or one letter is wrong."""
    grammar = _GRAMMARS[lang]
    if word in grammar.written:
        return grammar.written[word]
    if len(word) < _LEAST_SPELT - 1 or word in grammar.known or word in grammar.spelt or not word.isalpha():
        return word
    near = [one for one in grammar.spelt if len(one) >= _LEAST_SPELT and _is_near(word, one)]
    return near[0] if len(near) == 1 else word


def _is_near(word: str, meant: str) -> bool:
    """Whether one letter is too much, missing, another one, or two have changed places; an ending is no mistake."""
    if abs(len(word) - len(meant)) > 1 or word[0] != meant[0] or word.startswith(meant) or meant.startswith(word):
        return False
    start = next(place for place, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other)
    here, there = word[start:], meant[start:]
    return (
        here[1:] == there
        or here == there[1:]
        or here[1:] == there[1:]
        or (here[:2] == there[:2][::-1] and here[2:] == there[2:])
    ) and not _is_ending(word, meant)


def _is_ending(word: str, meant: str) -> bool:
    """Whether the two differ in their last letter alone: that may be another word of the same family."""
    return len(word) == len(meant) and word[:-1] == meant[:-1]


def _fits(rule: SentenceRule, rest: str, lang: str) -> bool:
    """Whether nothing stands beside it of which nobody knows what it asks."""
    others = rule.words.sub(" ", rest).split()
    return sum(word not in _GRAMMARS[lang].known and not rule.also.fullmatch(word) for word in others) <= rule.spare


def _is_then(rule: SentenceRule, named: _Named, rest: str, lang: str, today: date) -> bool:
    """Whether what is told is of the days that are named, and of no other time; and no order."""
    topic, elsewhen, days, hours = rule.topic, _GRAMMARS[lang].elsewhen, named.days, named.hours
    if topic in _TIMELESS or hours:
        of_now = topic is _Q.TARIFF and hours is not None and hours.is_of(today)
        ordered = topic in _TIMELESS and not (topic is _Q.DECIDE and _GRAMMARS[lang].things.search(rest))
        return of_now or ordered or topic is _Q.USAGE
    if topic in _DAYS:
        plain = _TARIFF_HOURS.sub(" ", rest)
        plain = rule.pattern.sub(" ", plain) if topic in {_Q.PEAK, _Q.MOST} else plain
        return len(days) <= 1 and not elsewhen.search(plain)
    if topic is _Q.SHARING and _GRAMMARS[lang].orders.search(rest):
        return False
    if topic in _NO_ELSEWHEN and elsewhen.search(rule.pattern.sub(" ", rest)):
        return False
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
