"""A part of a day that somebody names: "ce matin", "hier soir", "cette nuit", "last night".

A text comes in small letters without accents and marks (``questions``). A night is that before a day, from 22:00 to
6:00.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.notices.chat.spoken_days import WEEKDAYS
from gateway.store.local_time import PARIS

_ONE = timedelta(days=1)
# (hour it begins, how many hours)
_PARTS = {"morning": (6, 6), "afternoon": (12, 6), "evening": (18, 6), "night": (-2, 8)}


@dataclass(frozen=True, slots=True)
class HourSpan:
    """The hours ``[first, end)`` in POSIX seconds, called ``part`` of the day ``of``."""

    first: int
    end: int
    part: str
    of: date

    def is_of(self, today: date) -> bool:
        """Whether it is a part of that day."""
        return self.of == today


def _hours(part: str, of: date) -> HourSpan:
    begin, length = _PARTS[part]
    first = datetime.combine(of, time(), PARIS) + timedelta(hours=begin)
    return HourSpan(int(first.timestamp()), int((first + timedelta(hours=length)).timestamp()), part, of)


def spoken_hours(text: str, lang: str, today: date) -> tuple[HourSpan | None, str]:
    """The part of a day that is named, and the text without it; the first where several are: the rest is not known."""
    text = _SINCE_MORNING[lang].sub(_TODAY[lang], text)
    match = _SPOKEN[lang].search(text)
    if match is None:
        return None, text
    named = match["day"] or match["of"] or ""
    part = next(part for part, words in _WORDS[lang].items() if any(word in match[0] for word in words))
    of = _day(named, lang, today)
    if part == "night" and _TONIGHT[lang].fullmatch(named):
        of = today
    return _hours(part, of), f"{text[: match.start()]} {text[match.end() :]}"


def _day(named: str, lang: str, today: date) -> date:
    for back, words in _BACK[lang].items():
        if named in words:
            return today - back * _ONE
    weekday = next((place for place, word in enumerate(WEEKDAYS[lang]) if named.startswith(word)), None)
    if weekday is None:
        return today
    return today - ((today.weekday() - weekday) % 7 or 7) * _ONE


_SINCE_MORNING = {
    "fr": re.compile(r"\bdepuis (?:ce matin|le reveil|minuit)\b"),
    "en": re.compile(r"\bsince (?:this morning|midnight)\b"),
}
_TODAY = {"fr": "aujourd hui", "en": "today"}
_BACK = {
    "fr": {1: ("hier",), 2: ("avant hier",), 0: ("ce", "cet", "cette", "aujourd hui", "")},
    "en": {1: ("yesterday",), 0: ("this", "today", "last", "")},
}
# Last night is that before today, whatever it is called.
_TONIGHT = {"fr": re.compile(r"hier|cette|"), "en": re.compile(r"yesterday|last|")}
_WORDS = {
    "fr": {"morning": ("matin",), "afternoon": ("apres m",), "evening": ("soir",), "night": ("nuit",)},
    "en": {"morning": ("morning",), "afternoon": ("afternoon",), "evening": ("evening",), "night": ("night",)},
}
_FRENCH_PART = r"(?:matin(?:ee)?|apres midi|apres m|soir(?:ee)?|nuit)"
_FRENCH_DAY = rf"avant hier|hier|aujourd hui|(?:{'|'.join(WEEKDAYS['fr'])})(?: dernier)?"
_ENGLISH_DAY = rf"yesterday|(?:{'|'.join(WEEKDAYS['en'])})"
_SPOKEN = {
    "fr": re.compile(
        rf"\b(?:(?P<day>{_FRENCH_DAY}|ce|cet|cette) (?:au |dans la |en |le )?{_FRENCH_PART}"
        rf"|(?:la |de la |le |dans la |l |au )?(?:matin(?:ee)?|apres midi|soir(?:ee)?) (?:d |de |du"
        rf" )(?P<of>{_FRENCH_DAY})"
        r"|(?:la )?nuit (?:derniere|passee)|(?:la )?derniere nuit)\b"
    ),
    "en": re.compile(rf"\b(?:(?:on )?(?P<day>this|{_ENGLISH_DAY}) (?:morning|afternoon|evening)|(?P<of>last) night)\b"),
}
