"""Numbers, energies, dates and tariff classes as a person reads them, in French or English."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from gateway.web.dates import FIRST, MONTHS, hour, local
from gateway.words.numbers import EUROS, OWED, PERCENT, grouped
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

NOTHING = "–"

_NARROW = "\N{NARROW NO-BREAK SPACE}"
_SHORT = WordTable(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))
_DAYS = WordTable(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))
_COLOURS = WordTable({"jb": "blue", "jw": "white", "jr": "red"})
_HOURS = WordTable(
    {
        "hc": Phrase("Off-peak", "class in a chart"),
        "hp": Phrase("Peak", "class in a chart"),
        "hn": Phrase("Normal", "class in a chart"),
        "pm": Phrase("Mobile peak", "class in a chart"),
    }
)

_CUT = Phrase("{weekday}", "cut short")


def number(lang: str, value: float | None, places: int = 0) -> str:
    """A number with so many decimals, halves away from nought: ``1 234,5`` or ``1,234.5``; a dash for None."""
    if value is None:
        return NOTHING
    # As it is written and not as it is kept: 4.35 is a little less than that, and a browser shows 4.4.
    exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{exact:,f}"
    # Minus nothing is nothing.
    text = text.removeprefix("-") if not float(text.replace(",", "")) else text.replace("-", "\N{MINUS SIGN}")
    return grouped(text, lang)


def kwh(lang: str, wh: float | None, places: int = 1) -> str:
    """Watt-hours in kWh, to a tenth if nothing else is said, with the unit."""
    return NOTHING if wh is None else f"{number(lang, wh / 1000, places)}{_NARROW}kWh"


def euros(lang: str, value: float | None, places: int = 2) -> str:
    """Euros with their sign, where the language puts it."""
    if value is None:
        return NOTHING
    text = number(lang, value, places)
    said = OWED if text.startswith("\N{MINUS SIGN}") else EUROS
    return said.in_language(lang).format(amount=text.removeprefix("\N{MINUS SIGN}"))


def percent(lang: str, share: float | None, *, signed: bool = False) -> str:
    """A share or a change in per cent."""
    if share is None:
        return NOTHING
    sign = "+" if signed and share >= 0.005 else ""
    # A quotient that is a half in tens may be kept as a little less.
    return f"{sign}{PERCENT.in_language(lang).format(number=number(lang, round(share * 100, 9)))}"


def tariff_class(lang: str, word: str) -> str:
    """A class as it is read on a bill: ``HC``, ``HP rouge``, ``index 3``; in English ``Off-peak``, ``Peak red``."""
    if word.isdecimal():
        return f"index {word}"
    hours, colour = _HOURS[lang].get(word[:2], word[:2].upper()), _COLOURS[lang].get(word[2:])
    if colour:
        return f"{hours} {colour}"
    return "Base" if word == "base" else hours if len(word) <= 2 else word


def long_date(lang: str, day: date) -> str:
    """``mardi 24 novembre 2026``, ``Tuesday 24 November 2026``."""
    return f"{_DAYS[lang][day.weekday()]} {_day_of_month(lang, day)} {MONTHS[lang][day.month - 1]} {day.year}"


def short_date(lang: str, day: date) -> str:
    """``mar. 24 nov.``, ``Tue 24 Nov``."""
    return f"{weekday(lang, day)} {_day_of_month(lang, day)} {_SHORT[lang][day.month - 1]}"


def weekday(lang: str, day: date) -> str:
    """``mar.``, ``Tue``."""
    return _CUT.in_language(lang).format(weekday=_DAYS[lang][day.weekday()][:3])


def near_date(lang: str, day: date, now: date) -> str:
    """As it is said of a day that is not far: ``samedi 28 nov.``; of another year ``mar. 24 nov. 2025``."""
    if day.year != now.year:
        return f"{short_date(lang, day)} {day.year}"
    return f"{_DAYS[lang][day.weekday()]} {_day_of_month(lang, day)} {_SHORT[lang][day.month - 1]}"


def near_week(lang: str, first: date, now: date) -> str:
    """A week whose year is plain: ``19 – 25 oct.``, ``28 sept. – 4 oct.``; of another year with it."""
    last = first + timedelta(days=6)
    months = [_SHORT[lang][day.month - 1] for day in (first, last)]
    begin = _day_of_month(lang, first) + ("" if first.month == last.month else f" {months[0]}")
    text = f"{begin} – {_day_of_month(lang, last)} {months[1]}"
    return text if last.year == now.year else f"{text} {last.year}"


def month(lang: str, day: date, *, short: bool = False) -> str:
    """``novembre 2026``; ``nov.`` when short."""
    return _SHORT[lang][day.month - 1] if short else f"{MONTHS[lang][day.month - 1]} {day.year}"


def span(lang: str, period: str, first: date, end: date) -> str:
    """A period in words; ``end`` is the day after its last."""
    if period == "day":
        return long_date(lang, first)
    if period == "week":
        last = end - timedelta(days=1)
        return f"{short_date(lang, first)} – {short_date(lang, last)} {last.year}"
    return month(lang, first) if period == "month" else str(first.year)


def clock(lang: str, time: int) -> str:
    """The time of day in France, ``19 h 12``; of the hour that comes twice in October which of both (``UTC+2``)."""
    at = local(time)
    said = hour(lang, at)
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{said} (UTC{(at.utcoffset() or timedelta()) // timedelta(hours=1):+d})" if twice else said


def utc(time: int) -> str:
    """A POSIX second in ISO 8601, UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day_of_month(lang: str, day: date) -> str:
    return FIRST.in_language(lang) if day.day == 1 else str(day.day)
