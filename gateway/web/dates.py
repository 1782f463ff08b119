"""Days, moments and numbers as a household writes them, in French and English, by the clock of its house."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from gateway.words.numbers import grouped, time_of_day
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

PARIS = ZoneInfo("Europe/Paris")

MONTHS = WordTable(
    (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    )
)

FIRST = Phrase("1", "first day of a month")


def read(iso: str) -> datetime:
    """A moment of a row in the form of ``--json``, by the clock of the house."""
    return datetime.fromisoformat(iso).astimezone(PARIS)


def local(time: float) -> datetime:
    """POSIX seconds by the clock of the house."""
    return datetime.fromtimestamp(time, PARIS)


def day(lang: str, moment: date) -> str:
    """``25 novembre 2026``."""
    number = FIRST.in_language(lang) if moment.day == 1 else str(moment.day)
    return f"{number}\u00a0{MONTHS[lang][moment.month - 1]}\u00a0{moment.year}"


def utc_day(lang: str, time: int) -> str:
    """The day of universal time in which a moment lies."""
    return day(lang, datetime.fromtimestamp(time, UTC))


def last_day(lang: str, until: str) -> str:
    """The last day of what lasts until that moment, in the form of ``--json``: its end is not included."""
    return day(lang, local(read(until).timestamp() - 1))


def hour(lang: str, moment: datetime) -> str:
    """The time of day in the house: ``18 h 25``, ``18:25``."""
    at = moment.astimezone(PARIS)
    return time_of_day(at.hour, at.minute).in_language(lang)


def clock(lang: str, moment: datetime) -> str:
    """``25 novembre 2026, 18 h 25``."""
    return f"{day(lang, moment)}, {hour(lang, moment)}"


def count(lang: str, number: int) -> str:
    """A whole number in groups of three digits."""
    return grouped(f"{number:,}", lang)
