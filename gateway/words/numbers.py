"""Numbers, ages and times of day as each language writes them."""

from __future__ import annotations

from gateway.words.phrase import Phrase, made, same
from gateway.words.table import WordTable

_POINT, _COMMA = Phrase(".", "between units and tenths"), Phrase(",", "between thousands")
PERCENT = Phrase("{number}%")
# One way to write a time of day wherever a person reads one; a script of the page is given the first two.
CLOCK = WordTable(
    {
        "time_of_day": Phrase("{hh}:{m}", "time of day; {h} is the hour without a nought before it"),
        "full_hour": Phrase("{hh}:00", "time of day; {h} is the hour without a nought before it"),
        "to_the_second": Phrase("{hh}:{m}:{s}", "time of day; {h} is the hour without a nought before it"),
    }
)
EUROS, OWED = Phrase("€{amount}"), Phrase("−€{amount}")

_DAY_S = 86_400
_DAYS = Phrase("{n} days")
_UNITS = ((_DAY_S, Phrase("{n} d")), (3_600, Phrase("{n} h")), (60, Phrase("{n} min")))


def decimal(value: float, places: int) -> Phrase:
    """A number with so many decimals, and nothing between thousands."""
    return pointed(f"{value:.{places}f}")


def pointed(text: str) -> Phrase:
    """A number that is written already, with a point: with the mark of the language in its place."""
    return made(lambda lang: text.replace(".", _POINT.in_language(lang)))


def grouped(text: str, lang: str) -> str:
    """A number written as English does, ``1,234.5``, with the marks of a language."""
    whole, point, tenths = text.partition(".")
    return whole.replace(",", _COMMA.in_language(lang)) + (_POINT.in_language(lang) if point else "") + tenths


def time_of_day(hour: int, minute: int = 0, second: int | None = None) -> Phrase:
    """``22:30``; to the second where one is given. ``24`` is the end of a day."""
    key = "to_the_second" if second is not None else "time_of_day" if minute else "full_hour"
    parts = {"h": hour, "hh": f"{hour:02}", "m": f"{minute:02}", "s": f"{second or 0:02}"}
    return made(lambda lang: str(CLOCK[lang][key]).format(**parts))


def read_time(text: str) -> Phrase:
    """A time of day as machines are told it, ``22:30``; what is none stays as it is."""
    hour, _, minute = text.partition(":")
    return time_of_day(int(hour), int(minute)) if hour.isdecimal() and minute.isdecimal() else same(text)


def age(seconds: float | None, *, spelt: bool = False) -> Phrase:
    """How long, in the largest unit of which there are two ("119 min", "2 h"); a dash where nobody knows.

    ``spelt``: days in full, as in a sentence.
    """
    if seconds is None:
        return same("–")
    length, unit = next((one for one in _UNITS if seconds >= 2 * one[0]), (1, Phrase("{n} s")))
    return (_DAYS if spelt and length == _DAY_S else unit).filled(n=f"{seconds / length:.0f}")


def euros(cents: int, lang: str) -> str:
    """An amount to the cent, its sign where the language puts it; below nought it is what was earned."""
    whole, rest = divmod(abs(cents), 100)
    said = OWED if cents < 0 else EUROS
    return said.in_language(lang).format(amount=grouped(f"{whole:,}.{rest:02}", lang))
