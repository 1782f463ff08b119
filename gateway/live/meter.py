"""What one meter says now: the latest value of each series, how old it all is, what was counted today.

No I/O and no clock: times are handed in, monotonic seconds for ages. Readings go in by ``hear``, a ``Snapshot`` comes
out; what it holds is what displays are told, in any of the forms of ``topics`` and ``compact``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.live.compact import COLOURS, TARIFFS
from gateway.live.uncounted import UncountedInjection
from gateway.tic.active_power import COS_PHI, ESTIMATE, ESTIMATES, HALF_WIDTH
from gateway.tic.day_classes import hour, read_windows
from gateway.tic.tariff_outlook import DAYS_LEFT, NONE, OFF_PEAK_NEXT, OFF_PEAK_TODAY, OFF_PEAK_TOMORROW, UNKNOWN, UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.tic.reading import Reading

# After so many seconds without a frame a value is of the past: the rule of Enedis for receivers (54E §9.4).
STALE_AFTER_S = 10.0

# Why nobody knows what was produced: its counter is not read, or has counted less than left for the grid.
UNREAD, TOO_LITTLE = "unread", "too-little"
DOUBTS = (UNREAD, TOO_LITTLE)

# No house draws faster: an index that rises by more is another meter's, or was set.
_MOST_WATTS, _LEAST_JUMP_WH = 250_000, 100

DRAWN_INDEX, INJECTED_INDEX = "consumption/energy/active/index", "production/energy/active/index"

_DRAWN, _INJECTED = "consumption/power/apparent/raw", "production/power/apparent/raw"
_REFERENCE, _SUBSCRIBED_CURRENT = "contract/power/reference", "contract/current/subscribed"
_TARIFF, _TARIFF_INDEX = "contract/tariff", "contract/tariff/index"
_TODAY, _TOMORROW = "contract/tempo/today", "contract/tempo/tomorrow"
# What a contract is called in each mode.
_CONTRACT = ("contract/option", "contract/calendar")
_OVERLOAD, _BREAKER, _PRODUCING = "status/overload", "status/breaker", "status/producing"

# A subscribed ampere is so many volt-amperes (02E: PREF / 200), on each of the phases.
_VA_PER_AMPERE = 200

# What PTEC and LTARF say -> the kind of tariff, first match; LTARF is the supplier's own text.
_KINDS = (
    (re.compile(r"POINTE|^PM"), "mobile-peak"),
    (re.compile(r"CREUSE|\bHC"), "off-peak"),
    (re.compile(r"PLEINE|\bHP"), "peak"),
    (re.compile(r"NORMALE|\bHN"), "normal"),
    (re.compile(r"BASE|^TH"), "base"),
)
_COLOURS = {"BLEU": "blue", "BLAN": "white", "ROUG": "red"}

Value = int | str


@dataclass(frozen=True, slots=True)
class KnownDay:
    """What the store knows of today and yesterday; None where it knows nothing.

    ``drawn_index`` is the meter's, less what of today was counted up to it: so what follows is added, to the second.
    ``drawn_yesterday_wh`` is what was drawn the day before; ``cost_cents`` what the day has cost so far, with its part
    of the subscription and less what was sold. ``injected_wh`` and ``produced_wh`` (by the house's own
    counters of production) are of one moment, so that no more is injected than was produced; ``doubt`` is why what is
    counted as produced is not known (``DOUBTS``). ``partial`` are the days (``today``, ``yesterday``) of which a part
    is not known. It begins at the POSIX second ``begin`` and is over at ``end``.
    """

    drawn_index: int | None = None
    injected_wh: int | None = None
    drawn_yesterday_wh: int | None = None
    produced_wh: int | None = None
    doubt: str | None = None
    partial: tuple[str, ...] = ()
    begin: int | None = None
    end: int | None = None
    cost_cents: int | None = None


@dataclass(frozen=True, slots=True)
class TariffAhead:
    """What is told of the tariff to come; None where it is not known.

    ``until`` is when the class that counts ends, ``off_peak_next`` when the next off-peak hours begin (aware UTC),
    ``today`` and ``tomorrow`` are the off-peak hours of the day as (``HH:MM``, ``HH:MM``) by legal time, empty where
    there are none; the days left of Tempo are texts, ``18`` or ``12/18`` (at least, at most).
    """

    until: datetime | None = None
    off_peak_next: datetime | None = None
    today: tuple[tuple[str, str], ...] | None = None
    tomorrow: tuple[tuple[str, str], ...] | None = None
    red_left: str | None = None
    white_left: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is told of a meter at one moment; None where it is not known.

    ``time`` and ``age_s`` are of the meter's last frame; ``tariff`` is its own word, ``tariff_kind`` one of TARIFFS,
    the Tempo colours are of COLOURS; ``broken`` are links by the first word of their name; ``partial`` and
    ``produced_doubt`` are those of ``KnownDay``; ``line_fault`` is a word of gateway/doctor/causes.py;
    ``uncounted_va`` is an estimate of what leaves the house and is counted by nobody (``uncounted``); ``power_w`` is
    the active power (estimated; + drawn, - injected), within ``power_within_w`` either side 95 times of 100;
    ``today_since`` (aware UTC) is when the day began of which the figures of today are.
    """

    meter: str
    sequence: int
    time: datetime | None
    age_s: float | None
    standard: bool
    drawn_va: int | None
    injected_va: int | None
    subscribed_va: int | None
    tariff: str | None
    tariff_kind: str
    tariff_index: int | None
    tempo_today: str
    tempo_tomorrow: str
    overload: bool | None
    breaker: str | None
    injecting: bool
    drawn_today_wh: int | None
    drawn_yesterday_wh: int | None
    injected_today_wh: int | None
    produced_today_wh: int | None
    broken: tuple[str, ...]
    alert: bool
    partial: tuple[str, ...] = ()
    produced_doubt: str | None = None
    line_fault: str | None = None
    uncounted_va: int | None = None
    ahead: TariffAhead = TariffAhead()
    power_w: int | None = None
    power_within_w: int | None = None
    cos_phi: float | None = None
    cost_today_cents: int | None = None
    today_since: datetime | None = None

    @property
    def stale(self) -> bool:
        """Whether it is of the past, or nothing was ever heard."""
        return self.age_s is None or self.age_s >= STALE_AFTER_S

    @property
    def self_consumed_today_wh(self) -> int | None:
        """What was produced here and used here; needs a counter of production and a meter that counts injection."""
        if self.produced_today_wh is None or self.injected_today_wh is None:
            return None
        return max(0, self.produced_today_wh - self.injected_today_wh)


class LiveMeter:
    """The latest of one meter."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.day = KnownDay()
        self.links: Mapping[str, str] = {}
        self.alert = False
        # Whether a counter of what the house produces is not read at the moment.
        self.unread = False
        # What the doctor finds that its line has.
        self.line_fault: str | None = None
        # What leaves the house without being counted.
        self.uncounted = UncountedInjection()
        self._values: dict[str, Value] = {}
        self._fresh: dict[str, Value | None] = {}
        self.time: datetime | None = None
        self._heard: float | None = None
        self._standard = False
        self._sequence = 0

    def hear(self, readings: Iterable[Reading], time: datetime | None, now: float, *, standard: bool) -> None:
        """Take in what a frame said; ``time`` is its date (aware), None while nobody knows it."""
        passed = None if self._heard is None else now - self._heard
        switched = passed is not None and standard != self._standard
        self.time, self._heard, self._standard = time, now, standard
        newest: dict[str, Reading] = {}
        for reading in readings:
            # A meter repeats values of an earlier time (the maximum of yesterday) beside the newer ones.
            known = newest.get(reading.series)
            if known is None or reading.time >= known.time:
                newest[reading.series] = reading
        if passed is not None and DRAWN_INDEX in newest:
            self._see_jump(newest[DRAWN_INDEX].value, passed)
        self._end_contract(newest, switched=switched)
        for series, reading in newest.items():
            if self._values.get(series) != reading.value:
                self._values[series] = self._fresh[series] = reading.value
        self.uncounted.hear(self._values, now)
        for series in ESTIMATES:
            # What the meter says holds until it says something else; what is reckoned does not.
            if series not in newest and self._values.pop(series, None) is not None:
                self._fresh[series] = None

    def _end_contract(self, newest: Mapping[str, Reading], *, switched: bool) -> None:
        """Colours of Tempo are not those of another contract, nor known in another mode before it says them."""
        said = ((self._values.get(path), newest[path].value) for path in _CONTRACT if path in newest)
        if switched or any(before not in (None, now) for before, now in said):
            for series in (_TODAY, _TOMORROW):
                if series not in newest and self._values.pop(series, None) is not None:
                    self._fresh[series] = None

    def _see_jump(self, index: Value, passed: float) -> None:
        """An index that nobody can have drawn ends what is known of today, until the store has counted around it."""
        before = self._number(DRAWN_INDEX)
        if before is None or not isinstance(index, int):
            return
        if not 0 <= index - before <= _LEAST_JUMP_WH + _MOST_WATTS * passed / 3600:
            self.day = replace(self.day, drawn_index=None)

    def take_fresh(self) -> dict[str, Value | None]:
        """Series -> value of what has changed since this was last asked; None of what is not known any more."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    def values(self) -> dict[str, Value]:
        """Series -> latest value of all that was ever heard, but for estimates that are not known now."""
        return dict(self._values)

    def value(self, series: str) -> Value | None:
        """The latest value of one series; None before the first."""
        return self._values.get(series)

    @property
    def standard(self) -> bool:
        """Whether the last frame was of standard mode."""
        return self._standard

    def everything(self) -> dict[str, Value | None]:
        """The same, and None of those estimates: what somebody was told of them before is over."""
        return dict.fromkeys(ESTIMATES) | self._values

    def age_s(self, now: float) -> float | None:
        """Seconds since the last frame, None without one."""
        return None if self._heard is None else now - self._heard

    def snapshot(self, now: float, *, count: bool = True) -> Snapshot:
        """All of it, with the next number of the sequence; the same number again where it does not ``count``."""
        self._sequence = (self._sequence + count) & 0xFFFF
        tariff, injected, day = self._text(_TARIFF), self._number(_INJECTED), self._today()
        said, hundredths = self._text(_OVERLOAD), self._number(COS_PHI)
        return Snapshot(
            meter=self.name,
            sequence=self._sequence,
            time=self.time,
            age_s=self.age_s(now),
            standard=self._standard,
            drawn_va=self._number(_DRAWN),
            injected_va=injected,
            subscribed_va=self._subscribed(),
            tariff=tariff,
            tariff_kind=tariff_kind(tariff or ""),
            tariff_index=_integer(self._text(_TARIFF_INDEX)),
            tempo_today=_COLOURS.get(self._text(_TODAY) or "", COLOURS[0]),
            tempo_tomorrow=_COLOURS.get(self._text(_TOMORROW) or "", COLOURS[0]),
            overload=None if said is None else said == "1",
            breaker=self._text(_BREAKER),
            injecting=bool(injected) or self._text(_PRODUCING) == "1",
            drawn_today_wh=_since(day.drawn_index, self._number(DRAWN_INDEX)),
            drawn_yesterday_wh=day.drawn_yesterday_wh,
            injected_today_wh=day.injected_wh,
            produced_today_wh=None if self.unread else day.produced_wh,
            broken=tuple(sorted(name for name, state in self.links.items() if state == "broken")),
            alert=self.alert,
            partial=day.partial,
            produced_doubt=UNREAD if self.unread else day.doubt,
            line_fault=self.line_fault,
            uncounted_va=self.uncounted.va,
            power_w=self._number(ESTIMATE),
            power_within_w=self._number(HALF_WIDTH),
            cos_phi=None if hundredths is None else hundredths / 100,
            cost_today_cents=day.cost_cents,
            today_since=None if day.begin is None else datetime.fromtimestamp(day.begin, UTC),
            ahead=self._ahead(),
        )

    def _ahead(self) -> TariffAhead:
        said = {path: self._text(path) or UNKNOWN for path in (UNTIL, OFF_PEAK_NEXT, OFF_PEAK_TODAY, OFF_PEAK_TOMORROW)}
        left = (None if text == UNKNOWN else text for text in (self._text(DAYS_LEFT[one]) for one in ("ROUG", "BLAN")))
        return TariffAhead(
            time_of(said[UNTIL]),
            time_of(said[OFF_PEAK_NEXT]),
            _hours(said[OFF_PEAK_TODAY]),
            _hours(said[OFF_PEAK_TOMORROW]),
            *left,
        )

    def _today(self) -> KnownDay:
        """What is known of this day; of one that has just begun nothing yet."""
        over = self.time is not None and self.day.end is not None and self.time.timestamp() >= self.day.end
        return KnownDay() if over else self.day

    def _subscribed(self) -> int | None:
        reference, current = self._number(_REFERENCE), self._number(_SUBSCRIBED_CURRENT)
        if reference is not None or current is None:
            return reference
        three = any(series.endswith("/phase/3") for series in self._values)
        return current * _VA_PER_AMPERE * (3 if three else 1)

    def _number(self, series: str) -> int | None:
        value = self._values.get(series)
        return value if isinstance(value, int) else None

    def _text(self, series: str) -> str | None:
        value = self._values.get(series)
        return None if value is None else str(value)


def percent(part: int, whole: int) -> int:
    """The part of the whole in per cent; a half goes up, in whole numbers: 3450 of 6000 are 58 on every face."""
    return (200 * part + whole) // (2 * whole)


def tariff_kind(text: str) -> str:
    """Which of TARIFFS the meter's or the supplier's word means."""
    return next((kind for words, kind in _KINDS if words.search(text.upper())), TARIFFS[0])


def _since(before: int | None, index: int | None) -> int | None:
    # Below what it was at midnight it is another meter's: what was drawn today nobody knows.
    return None if before is None or index is None or index < before else index - before


def time_of(text: str) -> datetime | None:
    """The moment that a series tells (aware UTC); None where it is not known, or there is none."""
    return None if text in (UNKNOWN, NONE) else datetime.fromisoformat(text)


def _hours(text: str) -> tuple[tuple[str, str], ...] | None:
    found = () if text == NONE else read_windows(text)
    return None if found is None else tuple((hour(start), hour(end)) for start, end in found)


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
