"""The days of a meter in standard mode: the profile of tomorrow as it was sent, kept until that day, and mobile peaks.

Nobody sends today's profile (Enedis-NOI-CPT_54E §6.2.3.22): it is what the last frames of yesterday said of tomorrow,
or what today's say if both days are of the same type (NJOURF, NJOURF+1). A day whose profile says another index than
the one that counts (NTARF) is not known, and that is counted. Between the begin and the end of a mobile peak the
profile is that of the peak (PPOINTE), which vanishes as the peak begins: it is kept too. No I/O and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.tic.day_classes import DAY_MINUTES, DayClasses, class_at, day_at, day_start, minute_at, moment
from gateway.tic.hours import UNDECIDED, HourDecision, confirm, decide
from gateway.tic.profile import HourBase, indexes, parse_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

_ONE = timedelta(days=1)

# A frame may be of the second before, and its values as old as it is long: so near to a border either index is right.
_TOLERANCE_MINUTES = 0.25
# The hour that the autumn gives twice, and a frame or two later.
_TWICE = 120, 181
# Until then the profile of a frame may be that of the day before.
_NEW_DAY_MINUTES = 1.0

# White and red are the peaks 1 and 2 of Tempo, whose indexes go by pairs: blue 1 and 2, white 3 and 4, red 5 and 6.
_TEMPO_PEAKS = {"BLAN": 1, "ROUG": 2}
_TEMPO_BEGINS = 360

# The index of EJP's peaks (54E); a class of which nothing was heard.
_EJP_PEAK_INDEX, NOT_KNOWN = "2", "?"

# A damaged line does not fill the memory.
_MOST_PEAKS, _LONGEST_PEAK_S = 6, 3 * 86_400


@dataclass(frozen=True, slots=True)
class MobilePeak:
    """A peak that was announced: its number, POSIX seconds, and its profile where one was heard."""

    number: int
    begin: int
    end: int
    profile: str | None = None


@dataclass(eq=False)
class StandardDays:
    """What one meter has said of its days.

    Attributes:
        hours: in which base its hours are, and why.
        contract: ``tempo``, ``ejp`` or "".
        profiles: day -> text of its profile.
        peaks: begin -> peak.
        contradicted: days whose profile was not what counted.
        contradictions: how often that was so since the meter is known.
    """

    hours: HourDecision = UNDECIDED
    contract: str = ""
    profiles: dict[date, str] = field(default_factory=dict)
    peaks: dict[int, MobilePeak] = field(default_factory=dict)
    contradicted: set[date] = field(default_factory=set)
    contradictions: int = 0

    def learn(self, time: int, said: Mapping[str, str]) -> None:
        """Take in what a frame of that time says, by series."""
        today = day_at(time)
        following, of, of_next = (said.get(f"contract/day{path}") for path in ("/next/profile", "", "/next"))
        if following and minute_at(time) >= _NEW_DAY_MINUTES:
            self.profiles[today + _ONE] = following
            if today not in self.profiles and of is not None and of == of_next:
                self.profiles[today] = following
        self._learn_peaks(time, said)
        if self.contract == "tempo":
            self._learn_colours(time, said)
        self._decide()

    def forget(self, today: date) -> None:
        """Let go what is past."""
        self.profiles = {day: text for day, text in self.profiles.items() if day >= today - _ONE}
        self.peaks = {begin: one for begin, one in self.peaks.items() if one.end > day_start(today - _ONE)}
        self.contradicted = {day for day in self.contradicted if day >= today - _ONE}

    def confirm(self, time: float, index: int) -> None:
        """The index changed to this one."""
        day = day_at(time)
        if day in self.profiles and self._peak_at(time) is None:
            self.hours = confirm(self.hours, self.profiles[day], minute_at(time), index)

    def check(self, time: int, index: str, *, running: bool) -> bool:
        """Whether today's profile says what counts; once it does not, the day is not known.

        ``running``: a mobile peak is; of one that began before anybody listened the profile was never heard.
        """
        day, minute = day_at(time), minute_at(time)
        classes = self.day(day)
        if classes is None:
            return True
        if class_at(classes, minute) == NOT_KNOWN or _comes_twice(day, minute):
            return True
        around = (minute - _TOLERANCE_MINUTES, minute, minute + _TOLERANCE_MINUTES)
        if any(class_at(classes, at, index) == index for at in around):
            return True
        self.contradicted.add(day)
        self.contradictions += not running
        return False

    def day(self, day: date) -> DayClasses | None:
        """The classes of a day, peaks included; None where it is not known."""
        if day in self.contradicted:
            return None
        classes = self.plain(day)
        start, end = day_start(day), day_start(day + _ONE)
        for peak in sorted(self.peaks.values(), key=lambda one: one.begin):
            if classes is not None and peak.begin < end and peak.end > start:
                first = 0 if peak.begin <= start else int(minute_at(peak.begin))
                last = DAY_MINUTES if peak.end >= end else int(minute_at(peak.end))
                classes = _laid_over(classes, self._of_peak(peak, classes), first, last)
        return classes

    def _of_peak(self, peak: MobilePeak, plain: DayClasses) -> DayClasses:
        """The classes of a peak; of one whose profile was never heard by its contract, or not known."""
        if (heard := self._read(peak.profile)) is not None:
            return heard
        if self.contract == "tempo":
            # That of a blue day, with the indexes of the colour.
            return tuple((at, str((int(word) - 1) % 2 + 1 + 2 * peak.number)) for at, word in plain)
        return ((0, _EJP_PEAK_INDEX if self.contract == "ejp" else NOT_KNOWN),)

    def plain(self, day: date) -> DayClasses | None:
        """The classes of a day by its own profile, whatever peak there is."""
        return self._read(self.profiles.get(day))

    def _read(self, text: str | None) -> DayClasses | None:
        blocks = parse_profile(text, self.hours.base) if text else None
        return None if blocks is None else tuple((at, str(index)) for at, index in indexes(blocks))

    def _learn_peaks(self, time: int, said: Mapping[str, str]) -> None:
        ahead: list[MobilePeak] = []
        for number in (1, 2, 3):
            begin, end = (_posix(said.get(f"contract/peak/{number}/{edge}")) for edge in ("begin", "end"))
            if begin is None or end is None or not 0 < end - begin <= _LONGEST_PEAK_S:
                continue
            known = self._keep(number, begin, end)
            if known and begin > time:
                ahead.append(known)
        profile = said.get("contract/peak/profile")
        if ahead and profile:
            # Of several it is that of the nearest which has not begun (54E §6.2.3.23).
            nearest = min(ahead, key=lambda one: one.begin)
            self.peaks[nearest.begin] = replace(nearest, profile=profile)

    def _learn_colours(self, time: int, said: Mapping[str, str]) -> None:
        """The peaks of Tempo that nobody announced while somebody listened: the colours say as much."""
        today = day_at(time - _TEMPO_BEGINS * 60)
        for ahead, name in enumerate(("today", "tomorrow")):
            number = _TEMPO_PEAKS.get(said.get(f"contract/tempo/{name}", ""))
            begin, end = (moment(today + _ONE * (ahead + more), _TEMPO_BEGINS) for more in (0, 1))
            if number and not any(one.begin < end and one.end > begin for one in self.peaks.values()):
                self._keep(number, begin, end)

    def _keep(self, number: int, begin: int, end: int) -> MobilePeak | None:
        known = self.peaks.get(begin)
        if known is None and len(self.peaks) >= _MOST_PEAKS:
            return None
        self.peaks[begin] = one = MobilePeak(number, begin, end, known.profile if known else None)
        return one

    def _decide(self) -> None:
        if self.hours.proven:
            return
        known = {*self.profiles.values(), *(one.profile for one in self.peaks.values() if one.profile)}
        found = decide(known, tempo=self.contract == "tempo")
        # What came true is worth more than what can be.
        if found.proven or self.hours.base is HourBase.UNDECIDED:
            self.hours = found

    def _peak_at(self, time: float) -> MobilePeak | None:
        return next((one for one in self.peaks.values() if one.begin <= time < one.end), None)


def _laid_over(classes: DayClasses, over: DayClasses, first: int, last: int) -> DayClasses:
    """The day with another profile from one minute until another."""
    inside = [(first, word)] if (word := class_at(over, first, over[-1][1] if over else None)) else []
    inside += [(at, word) for at, word in over if first < at < last]
    after = class_at(classes, last, None)
    beyond = [(last, after)] if last < DAY_MINUTES and after else []
    found = [one for one in classes if one[0] < first] + inside + beyond + [one for one in classes if one[0] > last]
    return tuple(one for place, one in enumerate(found) if not place or found[place - 1][1] != one[1])


def _comes_twice(day: date, minute: float) -> bool:
    """Whether a clock on the wall shows that twice, of which no document says what a meter does the second time."""
    return day_start(day + _ONE) - day_start(day) > DAY_MINUTES * 60 and _TWICE[0] <= minute < _TWICE[1]


def _posix(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text and "T" in text else None
