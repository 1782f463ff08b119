"""What the calendar of one meter must know over restarts, as short notes: a kind, a whole number, a text.

Notes go into the store with the readings that showed them; what is read back makes the same calendar again. What nobody
can read (of another version) is passed over: it is learned anew. No I/O and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from gateway.tic.day_classes import DayClasses, day_at, day_start, read, written
from gateway.tic.hours import UNDECIDED, HourDecision, HourReason
from gateway.tic.learned_hours import LearnedHours
from gateway.tic.observed import KEPT_DAYS, ClassChange, ObservedChanges
from gateway.tic.profile import HourBase
from gateway.tic.standard_days import MobilePeak, StandardDays
from gateway.tic.tariff_outlook import MovedHours

_ONE = timedelta(days=1)

# (Kind, number) -> text; None takes a note back.
Notes = Mapping[tuple[str, int], str | None]

# By what their number is: a POSIX second; the others are few and stay.
OF_A_TIME = ("change", "gap", "day", "profile", "peak", "colour", "contradicted")
# Of these a start reads the last days only, of colours a season.
READ_DAYS, READ_COLOURS_DAYS = KEPT_DAYS + 2, 370


class TariffMemory:
    """All of it.

    Args:
        notes: as they were stored.
    """

    def __init__(self, notes: Mapping[tuple[str, int], str] | None = None) -> None:
        self._noted: dict[tuple[str, int], str | None] = {}
        # What is stored of the meter's own calendar.
        self._standard_said: dict[tuple[str, int], str] = {}
        self.standard = StandardDays()
        self.observed = ObservedChanges()
        self.schedules: dict[date, DayClasses] = {}
        # What a class is called; the colour of each day of Tempo, or of EJP; the classes of the days that are over.
        self.names: dict[str, str] = {}
        self.colours: dict[date, str] = {}
        self.days: dict[date, DayClasses] = {}
        self.moved: MovedHours | None = None
        # Since when the contract is this one, as far as that was seen.
        self._contract_since = 0
        for (kind, number), text in sorted((notes or {}).items()):
            self._read(kind, number, text)
        self.learned = LearnedHours(self.observed, self.schedules)

    def take(self) -> dict[tuple[str, int], str | None]:
        """What is to be stored since this was asked last."""
        noted, self._noted = self._noted, {}
        return noted

    def change(self, change: ClassChange) -> None:
        """The class changed."""
        self.observed.add(change)
        self._put("change", change.time, f"{change.earliest} {change.before} {change.after}")

    def gap(self, start: int, end: int) -> None:
        """Nobody listened."""
        self.observed.miss(start, end)
        self._put("gap", start, str(end))

    def name(self, word: str, name: str) -> None:
        """The supplier's name of an index."""
        if self.names.get(word) != name and word.isdecimal():
            self.names[word] = name
            self._put("name", int(word), name)

    def colour(self, day: date, colour: str) -> None:
        """The colour of a day."""
        if self.colours.get(day) != colour:
            self.colours[day] = colour
            self._put("colour", day_start(day), colour)

    def day(self, day: date, classes: DayClasses) -> None:
        """The classes of a day that is over."""
        self.days[day] = classes
        self._put("day", day_start(day), written(classes))

    def move(self, moved: MovedHours) -> None:
        """The off-peak hours are others."""
        self.moved = moved
        self._put("moved", day_start(date.fromisoformat(moved.since)), str(moved))

    def schedule(self, since: date, classes: DayClasses) -> None:
        """A schedule holds since a day."""
        self.learned.schedules[since] = classes
        self.note_schedules()

    def note_schedules(self) -> None:
        """Store those that are new, or have followed the clock."""
        for since, classes in self.learned.schedules.items():
            if self.schedules.get(since) != classes:
                self.schedules[since] = classes
                self._put("schedule", day_start(since), written(classes))

    def note_standard(self) -> None:
        """Store what the meter's own calendar came to."""
        days = self.standard
        said = {("profile", day_start(day)): text for day, text in days.profiles.items()}
        said |= {("peak", one.begin): f"{one.number} {one.end} {one.profile or ''}" for one in days.peaks.values()}
        said |= {("contradicted", day_start(day)): "" for day in days.contradicted}
        if days.hours != UNDECIDED:
            said["hours", 0] = f"{days.hours.base.value} {days.hours.reason.value}"
        if days.contradictions:
            said["contradictions", 0] = str(days.contradictions)
        for key in [one for one in self._standard_said if one not in said]:
            self._noted[key] = None
        self._noted.update({key: text for key, text in said.items() if self._standard_said.get(key) != text})
        self._standard_said = said

    def reopen(self) -> None:
        """Another meter: its hours are decided anew, and its profiles are its own."""
        self.standard = StandardDays(contradictions=self.standard.contradictions)
        self.note_standard()

    def begin_contract(self, time: int) -> None:
        """Another contract: what was learned of the one before is no guide to this one; the days lived stay noted."""
        learned = {("change", one.time): None for one in self.observed.changes}
        learned |= {("schedule", day_start(since)): None for since in self.schedules}
        learned |= {("name", int(word)): None for word in self.names}
        self._noted |= learned
        self.observed.changes.clear()
        self.observed.forget(time)
        self.schedules, self.names, self.days = {}, {}, {}
        over, self.learned = self.learned.over, LearnedHours(self.observed)
        self.learned.over = over
        self._put("contract", 0, str(time))

    def forget(self, today: date) -> None:
        """Let go what is too old to be learned from."""
        oldest = today - KEPT_DAYS * _ONE
        for kind, number in self.observed.forget(day_start(oldest)):
            self._noted[kind, number] = None
        self.days = {day: classes for day, classes in self.days.items() if day >= oldest}
        season = today - READ_COLOURS_DAYS * _ONE
        self.colours = {day: colour for day, colour in self.colours.items() if day >= season}
        self.standard.forget(today)
        self.note_standard()

    def forget_later(self, time: int) -> None:
        """A clock was put back, or one date was damaged: nothing has been later, and when it was nobody knows."""
        today = day_at(time)
        changes, gaps = self.observed.forget_later(time)
        self._noted |= {("change", change): None for change in changes} | {("gap", start): None for start, _ in gaps}
        if gaps:
            start = min(start for start, _ in gaps)
            self.gap(start if start < time else day_start(today), time)
        for kind, of_days, last in (
            ("day", self.days, today - _ONE),
            ("colour", self.colours, today),
            ("schedule", self.schedules, today + _ONE),
        ):
            self._noted |= {(kind, day_start(day)): None for day in _without_later(of_days, last)}
        _without_later(self.standard.profiles, today + _ONE)
        over, self.learned = self.learned.over, LearnedHours(self.observed, self.schedules)
        self.learned.over = min(over, today - _ONE) if over else None
        self.note_standard()

    def _put(self, kind: str, number: int, text: str) -> None:
        self._noted[kind, number] = text

    def _read(self, kind: str, number: int, text: str) -> None:
        reader = getattr(self, f"_read_{kind}", None)
        if reader is not None:
            try:
                reader(number, text)
            except ValueError:
                return  # of another version

    def _read_change(self, number: int, text: str) -> None:
        earliest, before, after = text.split(" ")
        self.observed.add(ClassChange(int(earliest), number, before, after))

    def _read_contract(self, _number: int, text: str) -> None:
        self._contract_since = int(text)

    def _read_gap(self, number: int, text: str) -> None:
        self.observed.miss(number, int(text))

    def _read_name(self, number: int, text: str) -> None:
        self.names[str(number)] = text

    def _read_colour(self, number: int, text: str) -> None:
        self.colours[day_at(number)] = text

    def _read_day(self, number: int, text: str) -> None:
        if number >= self._contract_since and (classes := read(text)):
            self.days[day_at(number)] = classes

    def _read_schedule(self, number: int, text: str) -> None:
        if classes := read(text):
            self.schedules[day_at(number)] = classes

    def _read_moved(self, _number: int, text: str) -> None:
        self.moved = MovedHours.read(text) or self.moved

    def _read_hours(self, number: int, text: str) -> None:
        base, reason = text.split(" ")
        self.standard.hours = HourDecision(HourBase(base), HourReason(reason))
        self._kept("hours", number, text)

    def _read_contradicted(self, number: int, text: str) -> None:
        self.standard.contradicted.add(day_at(number))
        self._kept("contradicted", number, text)

    def _read_contradictions(self, number: int, text: str) -> None:
        self.standard.contradictions = int(text)
        self._kept("contradictions", number, text)

    def _read_profile(self, number: int, text: str) -> None:
        self.standard.profiles[day_at(number)] = text
        self._kept("profile", number, text)

    def _read_peak(self, number: int, text: str) -> None:
        place, end, profile = text.split(" ", 2)
        self.standard.peaks[number] = MobilePeak(int(place), number, int(end), profile or None)
        self._kept("peak", number, text)

    def _kept(self, kind: str, number: int, text: str) -> None:
        self._standard_said[kind, number] = text


def _without_later(of_days: dict[date, Any], last: date) -> list[date]:
    """Let go what is of later days; which those were."""
    later = [day for day in of_days if day > last]
    for day in later:
        del of_days[day]
    return later
