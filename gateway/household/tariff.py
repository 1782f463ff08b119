"""The household's tariff classes: the calendar of its meter as it is stored, which hours it lived, what a class costs.

For whoever shows or prices hours: the command line, the page, an answer in a chat. The arithmetic of days is
``gateway.tic.tariff_calendar``; what is told of it this second goes through the series and the live feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.balance.classes import named
from gateway.balance.tariff import in_force
from gateway.store.recorder import iso
from gateway.tic.day_classes import DAY_MINUTES, hour
from gateway.tic.tariff_calendar import TariffCalendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction
    from typing import Protocol

    from gateway.config.tables import Config
    from gateway.store.meters import Meters
    from gateway.store.readings import Readings
    from gateway.store.tariff_notes import TariffNotes
    from gateway.tic.day_classes import DayClasses
    from gateway.tic.off_peak import Windows
    from gateway.tic.tariff_calendar import Prices
    from gateway.tic.tariff_memory import TariffMemory
    from gateway.tic.tariff_outlook import TariffOutlook

    class CalendarParts(Protocol):
        """The parts of the store that a calendar is made of."""

        meters: Meters
        readings: Readings
        tariff_notes: TariffNotes


_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LivedHours:
    """The classes of each day of ``[first, end)``: (from minute, until minute, class), from 0 to 1440, on the clock.

    A class is what the meter calls it (``1`` to ``10``, or ``HC..``), ``words`` what ``[[tariff]]`` calls it.
    """

    first: date
    end: date
    windows: tuple[tuple[int, int, str], ...]
    words: Mapping[str, str]


def lived_hours(notes: TariffNotes, meter: str, first: date, end: date) -> list[LivedHours]:
    """The classes that the meter had on the days of ``[first, end)``, by runs of days that are the same.

    Days that are not known are in no run: days before the calendar was kept, or of which a part was not heard.
    """
    words = named({int(number): name for number, name in notes.names(meter).items()})
    found: list[LivedHours] = []
    for day, classes in notes.days(meter, first, end).items():
        windows = _whole(classes)
        if windows is None:
            continue
        begun = found.pop() if found and (found[-1].end, found[-1].windows) == (day, windows) else None
        found.append(LivedHours(begun.first if begun else day, day + _ONE, windows, words | _periods(windows)))
    return found


def tariff_prices(config: Config) -> Prices:
    """What a kWh of each numbered class costs the household, by ``[[tariff]]``; nothing where it wrote none."""

    def prices(names: Mapping[str, str], day: date) -> Mapping[str, Fraction]:
        tariff = in_force(config.tariff, day)
        if tariff is None:
            return {}
        words = named({int(number): name for number, name in names.items()})
        of = {number: tariff.price(number) or tariff.price(words.get(number, number)) for number in names}
        return {number: price for number, price in of.items() if price is not None}

    return prices


def stored_calendar(stored: CalendarParts, config: Config, meter: str | None = None) -> TariffCalendar | None:
    """The calendar of a meter, the first one's if none is named, as stored; None for one never heard."""
    name = meter or (config.meter[0].name if config.meter else "")
    known = next((one for one in stored.meters.all() if one.name == name), None)
    if known is None:
        return None
    values = {path: value for path, (_, value) in stored.readings.last_values(name).items()}
    notes = stored.tariff_notes.recent(name, known.last_time)
    return TariffCalendar(notes, values, known.last_time, known.address, tariff_prices(config))


def _whole(classes: DayClasses) -> tuple[tuple[int, int, str], ...] | None:
    """A day from 0 to 1440; None where its beginning is not known."""
    if not classes or classes[0][0]:
        return None
    ends = [minute for minute, _ in classes[1:]] + [DAY_MINUTES]
    return tuple((minute, end, word) for (minute, word), end in zip(classes, ends, strict=True))


def _periods(windows: Iterable[tuple[int, int, str]]) -> dict[str, str]:
    """What ``[[tariff]]`` calls a historic meter's periods."""
    periods = {word for _, _, word in windows if not word.isdecimal()}
    return {word: word.lower().removesuffix("..") for word in periods}


def as_json(outlook: TariffOutlook, memory: TariffMemory) -> dict[str, object]:
    """All that is known, for a program: times in ISO 8601 (UTC), hours by legal time, null where nothing is known."""
    here = outlook.by_our_clock(outlook.drift_s or 0)
    name = memory.names.get(outlook.word or "", outlook.word)
    sure, hours = outlook.sureness, memory.standard.hours
    return {
        "time": iso(here.time),
        "class": outlook.word,
        "name": name,
        "since": _iso(here.since),
        "until": _iso(here.until),
        "next": outlook.next_word,
        "off_peak": outlook.off_peak,
        "off_peak_end": _iso(here.off_peak_end),
        "off_peak_next": _iso(here.off_peak_next),
        "off_peak_today": _hours(outlook.today),
        "off_peak_tomorrow": _hours(outlook.tomorrow),
        "classes_today": _classes(outlook.classes_today),
        "classes_tomorrow": _classes(outlook.classes_tomorrow),
        "tempo_tomorrow": outlook.colour_tomorrow,
        "left": {colour: list(days) for colour, days in (outlook.left or {}).items()},
        "unknown_because": outlook.why.value if outlook.why else None,
        "learned": {"days": sure.days, "bracket_s": sure.width_s, "regular": sure.regular} if sure else None,
        "profile_hours": {"base": hours.base.value, "reason": hours.reason.value} if outlook.standard else None,
        "contradictions": outlook.contradictions,
        "clock_ahead_s": outlook.drift_s,
        "contact_closed": outlook.contact_closed,
        "moved": str(memory.moved) if memory.moved else None,
    }


def _hours(windows: Windows | None) -> list[list[str]] | None:
    return None if windows is None else [[hour(start), hour(end)] for start, end in windows]


def _classes(classes: DayClasses | None) -> list[list[str]] | None:
    return None if classes is None else [[hour(minute), word] for minute, word in classes]


def _iso(time: int | None) -> str | None:
    return None if time is None else iso(time)
