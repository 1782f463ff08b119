"""The calendar of one meter: which tariff class counts today and tomorrow, by the minute, and what has changed of it.

It hears what each believed frame says, by series, and gives what is to be told (``CalendarNews``): readings of its own,
events, and notes, which are all that it must know after a restart. In standard mode the meter sends its days
(``standard_days.py``), in historic mode they are learned (``learned_hours.py``). Pure: no I/O, no clock, no store.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.tic.day_classes import (
    day_at,
    day_start,
    minute_at,
    moment,
    windows,
    written_windows,
)
from gateway.tic.learned_hours import season_begin
from gateway.tic.observed import GAP_S, ClassChange
from gateway.tic.off_peak import first_of_new, off_peak_words, same_day_before, same_windows
from gateway.tic.season import PEAK
from gateway.tic.tariff_memory import TariffMemory
from gateway.tic.tariff_outlook import (
    DAYS_LEFT,
    OFF_PEAK_MOVED,
    OFF_PEAK_TODAY,
    UNKNOWN,
    MovedHours,
    TariffOutlook,
)
from gateway.tic.tariff_prediction import EJP_BEGINS, LATE_STANDARD_S, TEMPO_BEGINS, TariffNow, class_of, predict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from fractions import Fraction

    from gateway.tic.day_classes import DayClasses
    from gateway.tic.learned_hours import NewSchedule
    from gateway.tic.off_peak import Windows

    # What a class is called by -> euros a kWh, of a day.
    Prices = Callable[[Mapping[str, str], date], Mapping[str, Fraction]]

_ONE = timedelta(days=1)

_WORD, _INDEX = "contract/tariff", "contract/tariff/index"
_TODAY, _TOMORROW = "contract/tempo/today", "contract/tempo/tomorrow"
_OPTION, _NAME = "contract/option", "contract/calendar"
HEARD = frozenset((
    *(_WORD, _INDEX, _TODAY, _TOMORROW, _OPTION, _NAME),
    *("contract/day", "contract/day/next", "contract/day/next/profile", "contract/peak/profile"),
    *(f"contract/peak/{number}/{edge}" for number in (1, 2, 3) for edge in ("begin", "end")),
    *("contract/peak/running", "contract/ejp/notice", "status/contact"),
))  # fmt: skip
_COLOUR_NAMES = (("BLEU", "BLEU"), ("BLANC", "BLAN"), ("ROUGE", "ROUG"))
_PERIOD_COLOURS = {"JB": "BLEU", "JW": "BLAN", "JR": "ROUG"}
_COLOURS = frozenset(("BLEU", "BLAN", "ROUG"))
# Days that must be known before anybody can say that one is new; and for so long a move is told once.
_KNOWN_DAYS, _KNOWN_WITHIN, _TOLD_DAYS = 7, timedelta(days=14), timedelta(days=7)
# So many days that went by unheard are looked at one by one.
_MOST_DAYS = 60
# Of a clock that goes back by less nothing is made.
_BACK_S = 900


class CalendarEvent(NamedTuple):
    """Something that happened to the calendar, at a POSIX second; a word for its kind, and its details."""

    time: int
    kind: str
    detail: Mapping[str, object]


class CalendarNews(NamedTuple):
    """What a frame has changed: texts by series, events, notes by kind and number (None takes one back)."""

    series: Mapping[str, str]
    events: tuple[CalendarEvent, ...]
    notes: Mapping[tuple[str, int], str | None]


_NOTHING = CalendarNews({}, (), {})


class TariffCalendar:
    """Follows one meter.

    Args:
        notes: what an earlier start has noted.
        known: series path -> last stored value.
        last_time: POSIX second of the last stored frame, 0 before the first.
        address: the meter's, where it is known.
        prices: what the household pays, by what its classes are called.
    """

    def __init__(
        self,
        notes: Mapping[tuple[str, int], str] | None = None,
        known: Mapping[str, object] | None = None,
        last_time: int = 0,
        address: str | None = None,
        prices: Prices | None = None,
    ) -> None:
        self.memory = TariffMemory(notes)
        self._prices, self._address, self._last = prices, address, last_time
        self._said = {path: str(value) for path, value in (known or {}).items() if path in HEARD}
        self._heard: dict[str, str] = {}
        self._word = class_of(self._said)
        changes = self.memory.observed.changes
        self._since = changes[-1].time if changes and changes[-1].after == self._word else None
        # Nothing of it: whoever shows the meter of this start has heard nothing yet.
        self._told: dict[str, str] = {}
        self._hours_today = (known or {}).get(OFF_PEAK_TODAY)
        self._day = day_at(last_time) if last_time else None
        self.memory.learned.over = self._day - _ONE if self._day else None
        self._wake = 0
        self._drift = 0
        self._events: list[CalendarEvent] = []

    def observe(
        self, time: int, said: Iterable[tuple[str, object]], address: str | None = None, drift_s: float | None = None
    ) -> CalendarNews:
        """Take in one frame.

        Args:
            time: its POSIX second.
            said: (series path, value) of what it says; others than ``HEARD`` are passed over.
            address: the meter's.
            drift_s: by how many seconds the meter's clock, which is not believed, is ahead of the frame's time: the
                meter changes its classes by its own clock.
        """
        heard = {path: str(value) for path, value in said if path in HEARD}
        self._drift = round(drift_s or 0)
        time += self._drift
        same = heard == self._heard and address in (None, self._address)
        if same and self._last <= time < min(self._wake, self._last + GAP_S):
            self._last = time
            return _NOTHING
        word = class_of(heard)
        if word is None:
            return _NOTHING  # of a partial frame, or of a short one
        self._meet(address)
        self._hear(time, word, heard)
        outlook = self._predict(time)
        self._wake = self._next_look(outlook)
        series = self._news(outlook)
        events, self._events = tuple(self._events), []
        return CalendarNews(series, events, self.memory.take())

    def anew(self, notes: Mapping[tuple[str, int], str]) -> TariffCalendar:
        """Another one of the same meter, which knows these notes and has told nothing."""
        return TariffCalendar(notes, None, 0, self._address, self._prices)

    def outlook(self, time: int | None = None) -> TariffOutlook | None:
        """What is known at a POSIX second, or at the last frame; None before a frame said a class."""
        return None if self._word is None else self._predict(self._last if time is None else time)

    # ---- what a frame says

    def _meet(self, address: str | None) -> None:
        if address and self._address and address != self._address:
            self.memory.reopen()
        self._address = address or self._address

    def _hear(self, time: int, word: str, heard: Mapping[str, str]) -> None:
        back = self._last - time
        if back > _BACK_S:
            self.memory.forget_later(time)
            self._word = self._since = self._day = None
        elif -back > GAP_S:
            # Of the first day the beginning was not heard.
            self.memory.gap(self._last or day_start(day_at(time)), time)
        if self._word is not None and word.isdecimal() != self._word.isdecimal():
            self._since, self._said = None, {}  # the mode was switched, and with it the words
        elif self._word is not None and word != self._word:
            self._change(time, word)
        if any(
            self._said.get(path, heard.get(path)) != heard.get(path, self._said.get(path)) for path in (_OPTION, _NAME)
        ):
            self.memory.begin_contract(time)
            self._since = None
        self._word, self._last, self._heard = word, time, dict(heard)
        self._said |= heard
        self._name(heard)
        if word.isdecimal():
            self._learn(time, word, heard)
        self._colour(time, heard)
        self._days_ended(time)

    def _change(self, time: int, word: str) -> None:
        before = self._word or ""
        earliest = min(self._last, time) if self._last else time
        self.memory.change(ClassChange(earliest, time, before, word))
        self._since = time
        if word.isdecimal() and time - earliest <= GAP_S:
            known = self.memory.standard.hours
            self.memory.standard.confirm((earliest + time) / 2, int(word))
            self._tell_hours(time, known)

    def _name(self, heard: Mapping[str, str]) -> None:
        index, name = heard.get(_INDEX), heard.get(_WORD)
        if index and name:
            self.memory.name(str(int(index)), " ".join(name.split()))

    def _learn(self, time: int, word: str, heard: Mapping[str, str]) -> None:
        standard = self.memory.standard
        known = standard.hours
        standard.contract = self._contract()
        standard.learn(time, heard)
        self._tell_hours(time, known)
        running = heard.get("contract/peak/running", "0") != "0"
        if not standard.check(time, word, running=running) and not running:
            detail = {"index": word, "contradictions": standard.contradictions}
            self._events.append(CalendarEvent(time - self._drift, "profile-contradicted", detail))
        self.memory.note_standard()

    def _tell_hours(self, time: int, known: object) -> None:
        hours = self.memory.standard.hours
        if hours != known:
            detail = {"after": hours.base.value, "reason": hours.reason.value}
            self._events.append(CalendarEvent(time - self._drift, "profile-hours", detail))

    def _colour(self, time: int, heard: Mapping[str, str]) -> None:
        contract, word = self._contract(), self._word or ""
        if contract == "tempo":
            colour = self._colour_now(heard)
            if colour:
                self.memory.colour(day_at(time - TEMPO_BEGINS * 60), colour)
        elif contract == "ejp":
            peak = word == "PM.." or heard.get("contract/peak/running", "0") != "0"
            day = day_at(time - EJP_BEGINS * 60)
            if peak or (minute_at(time) >= EJP_BEGINS and self.memory.colours.get(day) != PEAK):
                self.memory.colour(day, PEAK if peak else "HN")

    def _colour_now(self, heard: Mapping[str, str]) -> str | None:
        """Of the moment: LTARF and PTEC are the truth where the register says none."""
        name = heard.get(_WORD, "").upper()
        found = next((colour for text, colour in _COLOUR_NAMES if text in name), None)
        said = heard.get(_TODAY, "")
        return found or _PERIOD_COLOURS.get(name[2:4]) or (said if said in _COLOURS else None)

    def _contract(self) -> str:
        option, name = self._said.get(_OPTION, ""), self._said.get(_NAME, "").upper()
        if not (self._word or "").isdecimal():
            return "tempo" if option[:3] == "BBR" else {"EJP.": "ejp", "BASE": "base"}.get(option, "")
        if "TEMPO" in name or self._colour_now(self._said):
            return "tempo"
        return "ejp" if "EJP" in name else ""

    # ---- days that are over

    def _days_ended(self, time: int) -> None:
        today = day_at(time)
        if self._day is not None and self._day < today:
            day = max(self._day, today - _MOST_DAYS * _ONE)
            while day < today:
                self._end_day(day)
                day += _ONE
            if today - self._day <= _MOST_DAYS * _ONE:
                # One date from a far future, which a damaged line may make, costs nothing that was learned.
                self.memory.forget(today)
            self.memory.note_schedules()
        self._day = today
        if (self._word or "").isdecimal() and minute_at(time) >= 1:
            self._compare(time, today)

    def _end_day(self, day: date) -> None:
        memory, standard = self.memory, (self._word or "").isdecimal()
        expected = memory.standard.day(day) if standard else self._coloured(memory.learned.expected(day))
        if classes := memory.observed.lived(day, self._began(day), expected):
            memory.day(day, classes)
        if not standard and self._contract() not in ("ejp", "base"):
            new = memory.learned.end_day(day)
            if new is not None:
                self._take_schedule(day, new)

    def _began(self, day: date) -> str | None:
        """The class at the beginning of a day."""
        start = day_start(day)
        changes = self.memory.observed.changes
        later = next((one for one in changes if one.middle >= start), None)
        return later.before if later else self._word

    def _coloured(self, classes: DayClasses | None) -> DayClasses | None:
        """Learned classes as periods; those of Tempo have their colours by what was seen alone."""
        if classes is None or self._contract() == "tempo":
            return None
        return tuple((at, f"{word}..") for at, word in classes)

    def _take_schedule(self, day: date, new: NewSchedule) -> None:
        cheap = off_peak_words(("HC", "HP"), {}, {})
        before, after = (windows(one, cheap, one[-1][1]) for one in (new.before, new.after))
        self._tell_schedule(day_start(day + _ONE), new.since, before, after, season=new.season)

    def _compare(self, time: int, today: date) -> None:
        """In standard mode: whether the hours of today and tomorrow are those of the last weeks."""
        memory = self.memory
        ahead = {day: memory.standard.plain(day) for day in (today, today + _ONE)}
        if None in ahead.values() or self._contract() == "ejp" or today in memory.standard.contradicted:
            return
        known = [
            (day, hours)
            for day, classes in memory.days.items()
            if today - _KNOWN_WITHIN <= day < today and (hours := self._off_peak(classes)) is not None
        ]
        days = [
            (today - _ONE, dict(known).get(today - _ONE)),
            *((day, self._off_peak(one)) for day, one in ahead.items()),
        ]
        found = first_of_new(days, known, _KNOWN_DAYS)
        if found is None:
            if len(known) >= _KNOWN_DAYS and not memory.learned.schedules and (plain := ahead[today]):
                memory.schedule(min(day for day, _ in known), plain)
            return
        since, after = found
        if since not in memory.learned.schedules:
            before = same_day_before(known, since)
            last_year = self._last_year(since)
            season = since == season_begin(since) and (last_year is None or same_windows(last_year, after))
            if plain := ahead.get(since) or memory.days.get(since):
                memory.schedule(since, plain)
            self._tell_schedule(time, since, before, after, season=season)

    def _off_peak(self, classes: DayClasses | None) -> Windows | None:
        """The off-peak hours of a day, None where nobody knows them."""
        if classes is None:
            return None
        words = {word for _, word in classes} | self.memory.names.keys()
        prices = self._prices_of(day_at(self._last))
        cheap = off_peak_words(words, self.memory.names, prices)
        return windows(classes, cheap, classes[-1][1]) if cheap else None

    def _last_year(self, day: date) -> Windows | None:
        """The off-peak hours of the same season a year before."""
        year_ago = date(day.year - 1, day.month, 1)
        known = [one for one in self.memory.learned.schedules if abs((one - year_ago).days) <= _KNOWN_WITHIN.days]
        return self._off_peak(self.memory.learned.schedules[max(known)]) if known else None

    def _tell_schedule(self, time: int, since: date, before: Windows, after: Windows, *, season: bool) -> None:
        detail = {"since": since.isoformat(), "before": written_windows(before), "after": written_windows(after)}
        told = self.memory.moved
        again = told is not None and abs(since - date.fromisoformat(told.since)) <= _TOLD_DAYS
        moved = not season and bool(before and after) and not again
        kind = "off-peak-season" if season else "off-peak-moved" if moved else "off-peak-changed"
        self._events.append(CalendarEvent(time - self._drift, kind, detail))
        if moved:
            self.memory.move(MovedHours(since.isoformat(), before, after))

    # ---- what is known now

    def _predict(self, time: int) -> TariffOutlook:
        # In historic mode it is what was stored of the other one.
        contact = self._said.get("status/contact") if (self._word or "").isdecimal() else None
        now = TariffNow(
            time=time,
            word=self._word or "",
            since=self._since,
            contract=self._contract(),
            colour=self._colour_now(self._said),
            colour_tomorrow=self._said.get(_TOMORROW),
            notice=self._said.get("contract/ejp/notice", "0") != "0",
            contact_closed=None if contact is None else contact == "closed",
            drift_s=self._drift or None,
        )
        return predict(self.memory, now, self._prices_of(day_at(time)))

    def _prices_of(self, day: date) -> Mapping[str, Fraction]:
        return self._prices(self.memory.names, day) if self._prices else {}

    def _next_look(self, outlook: TariffOutlook) -> int:
        """When the same frames would tell something else."""
        today = day_at(self._last)
        due = [moment(today, 1), day_start(today + _ONE)]
        if outlook.until is not None:
            due += [outlook.until, outlook.until + LATE_STANDARD_S + 1, outlook.until + GAP_S + 1]
        return min((one for one in due if one > self._last), default=self._last + 60)

    def _news(self, outlook: TariffOutlook) -> dict[str, str]:
        """The series, without those of which a frame of the first minute of a day says nothing."""
        shifted = outlook.by_our_clock(self._drift) if self._drift else outlook
        told = shifted.series(self.memory.names)
        # Of a contract that was left.
        told |= {path: UNKNOWN for path in DAYS_LEFT.values() if path in self._told and path not in told}
        if self.memory.moved:
            told[OFF_PEAK_MOVED] = str(self.memory.moved)
        if minute_at(self._last) < 1:
            told = {path: text for path, text in told.items() if text != UNKNOWN}
        before, after = self._hours_today, told.get(OFF_PEAK_TODAY, UNKNOWN)
        if after != UNKNOWN:
            if before not in (None, UNKNOWN, after):
                detail = {"before": before, "after": after}
                self._events.append(CalendarEvent(self._last - self._drift, "off-peak-today", detail))
            self._hours_today = after
        news = {path: text for path, text in told.items() if self._told.get(path) != text}
        self._told.update(news)
        return news
