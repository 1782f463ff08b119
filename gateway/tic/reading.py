"""A frame's groups to readings: series, UTC time, number or text, and how far the time may be trusted.

No I/O and no clock: the host's time is handed in. Standard mode carries the meter's own time (Enedis-NOI-CPT_54E
§6.2.1.1), historic mode none. A label that is absent is no reading; a group that passed its checksum and is still not
believable is refused, with the reason. ``states`` adds what STGE and PTEC mean, ``industrial`` what larger meters say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from gateway.tic.alarms import Alarms
from gateway.tic.frame import HISTORIC, Frame, Group
from gateway.tic.groups import FrameGroups, KnownGroups
from gateway.tic.judges import TOTAL
from gateway.tic.labels import Label, check, lookup
from gateway.tic.load_curve import LoadCurve
from gateway.tic.phases import Phases
from gateway.tic.states import States
from gateway.tic.total import CONTRACT_INDEXES

if TYPE_CHECKING:
    from collections.abc import Mapping


_PARIS = ZoneInfo("Europe/Paris")

# Season letter -> how far ahead of UTC; so the autumn hour that comes twice is not ambiguous.
_SEASONS = {letter: timedelta(hours=hours) for letter, hours in (("H", 1), ("h", 1), ("E", 2), ("e", 2))}

# UMOY is the mean of ten minutes, and its horodate their end (54E §6.2.3.13).
_VOLTAGE_MEAN = timedelta(minutes=10)

# Why a value with a time of its own is not stored though the line brought it well.
DEGRADED_CLOCK, WRONG_CLOCK = "degraded clock", "the meter's clock is wrong"

_SINGLE_PHASE = "single-phase meter"

# Point n and n-1 of a load curve.
_CURVES = (("CCASN", "CCASN-1"), ("CCAIN", "CCAIN-1"))
_CURVE_LABELS = frozenset(label for curve in _CURVES for label in curve)

_PEAK_LABELS = frozenset(f"{edge}PM{number}" for edge in "DF" for number in (1, 2, 3))

_OVERLOAD_SERIES = "status/overload"
_EJP = "EJP."

# The one label that means something else before Linky: watts, the most since somebody set it back (02E §2.4).
_PMAX, _ELECTRONIC_PMAX = "PMAX", ("consumption/power/active/max", "W")


class Kind(Enum):
    """What a series' values are: a counter, a sample, the mean or maximum of a period, a text."""

    INDEX = "index"
    GAUGE = "gauge"
    MEAN = "mean"
    MAXIMUM = "maximum"
    TEXT = "text"


_KINDS = {kind.value: kind for kind in Kind}


class Quality(Enum):
    """Whose clock the time is from: the meter's, in good order, or the host's; a person's, with the value."""

    METER = "meter"
    HOST = "host"
    MANUAL = "manual"


class Reading(NamedTuple):
    """One value of one series. ``time`` aware UTC; ``unit`` registered for SenML, empty for text."""

    series: str
    time: datetime
    value: int | str
    unit: str
    kind: Kind
    quality: Quality


@dataclass(frozen=True, slots=True)
class Horodate:
    """A time as the meter writes it. ``time`` aware UTC; ``season`` H, E, or a space where it does not apply."""

    time: datetime
    season: str
    degraded: bool


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What one frame says.

    ``time`` and ``quality`` are the frame's; ``meter`` is ADSC or ADCO, ``prm`` None where it is not programmed;
    ``refused`` holds "label: reason" of groups whose checksum was right and that are not believed.
    """

    time: datetime
    quality: Quality
    meter: str | None
    prm: str | None
    readings: tuple[Reading, ...]
    refused: tuple[str, ...]


# All horodates of a frame but that of DATE are those of the frame before.
@lru_cache(maxsize=256)
def parse_horodate(text: str) -> Horodate | None:
    """SAAMMJJhhmmss (54E §6.2.1.1); None for what is not a time. Lower case: the meter doubts its clock."""
    digits = text[1:]
    if len(text) != 13 or not (digits.isascii() and digits.isdigit()):
        return None
    season = text[0]
    year, month, day = 2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    hour, minute, second = int(digits[6:8]), int(digits[8:10]), int(digits[10:])
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if season == " ":
        return Horodate(local.replace(tzinfo=_PARIS).astimezone(UTC), season, degraded=False)
    ahead = _SEASONS.get(season)
    return None if ahead is None else Horodate(local - ahead, season.upper(), degraded=season.islower())


# What a group gives: series, value, unit, kind; and the reading itself, where that has a time of its own.
_Given = tuple[str, int | str, str, Kind, Reading | None]

# Makes a Reading of a tuple, without the detour by its fields' names: there are forty in a frame.
_tuple = tuple.__new__


class _Kept:
    """What the groups of one meter's frames give, made out once for as long as they say the same."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._given: dict[str, _Given] = {}
        self.refused: list[str] = []

    def update(self, groups: FrameGroups, phases: Phases, *, clock_wrong: bool) -> None:
        """Take in what changed; ``refused`` is "label: reason" of groups that give nothing."""
        of = groups, phases.known, clock_wrong
        if groups.changed is None or of != self._of or self.refused or not self._change(groups, phases, clock_wrong):
            self._begin(groups, phases, clock_wrong)
        self._of = of

    def readings(self, time: datetime, quality: Quality) -> list[Reading]:
        """One of each, in the order of the wire."""
        return [
            own or _tuple(Reading, (series, time, value, unit, kind, quality))
            for series, value, unit, kind, own in self._given.values()
        ]

    def _change(self, groups: FrameGroups, phases: Phases, clock_wrong: bool) -> bool:
        """False if one of those that changed begins to give something, or ends."""
        for label in groups.changed or ():
            given = _given(groups.believed[label], groups.rows[label], phases, clock_wrong=clock_wrong)
            if isinstance(given, str) or (given is None) != (label not in self._given):
                return False
            if given is not None:
                self._given[label] = given
        return True

    def _begin(self, groups: FrameGroups, phases: Phases, clock_wrong: bool) -> None:
        self._given, self.refused = {}, []
        for label, group in groups.believed.items():
            given = _given(group, groups.rows[label], phases, clock_wrong=clock_wrong)
            if isinstance(given, str):
                self.refused.append(f"{label}: {given}")
            elif given is not None:
                self._given[label] = given


def _given(group: Group, row: Label, phases: Phases, *, clock_wrong: bool) -> _Given | str | None:
    """What the group gives, or why not; None where there is nothing to give, or ``_Making`` has more to know for it."""
    label = group.label
    if row.meter or not row.series or label in _CURVE_LABELS:
        return None
    kind, value = _KINDS[row.kind], _value(group, row)
    time = None
    if row.horodate:
        # A peak was announced by the supplier, in its time.
        told = _own_time(group, clock_wrong=clock_wrong and label not in _PEAK_LABELS)
        if isinstance(told, str):
            return told
        if label in _PEAK_LABELS:
            value = told.isoformat().replace("+00:00", "Z")
        elif not value and kind is not Kind.MEAN and (group.horodate or "").endswith("000000"):
            return None  # at midnight a maximum begins again with zero, which is nobody's maximum
        else:
            time = told - _VOLTAGE_MEAN if kind is Kind.MEAN else told
    electronic = label == _PMAX and phases.electronic
    series, unit = _ELECTRONIC_PMAX if electronic else (phases.series(row), row.senml_unit)
    if series is None:
        return _SINGLE_PHASE if phases.single else None
    own = Reading(series, time, value, unit, kind, Quality.METER) if time else None
    return series, value, unit, kind, own


def _value(group: Group, row: Label) -> int | str:
    return group.data.strip() if _KINDS[row.kind] is Kind.TEXT else int(group.data) * row.scale


class _Curve:
    """The readings of one load curve, whose points n and n-1 stay for half an hour."""

    def __init__(self, last: str, before: str) -> None:
        self._labels = last, before
        self._memory = LoadCurve()
        self._of: tuple[object, ...] = ()
        self.readings: list[Reading] = []
        self.refused: list[str] = []

    def update(self, groups: FrameGroups, *, clock_wrong: bool) -> None:
        """Take in both points of a frame; ``refused`` is "label: reason"."""
        points = {label: group for label in self._labels if (group := groups.believed.get(label))}
        of = points, clock_wrong
        if of == self._of:
            return
        self._of, self.readings, self.refused = of, [], []
        ends: dict[str, datetime] = {}
        for label, group in points.items():
            time = _own_time(group, clock_wrong=clock_wrong)
            if isinstance(time, str):
                self.refused.append(f"{label}: {time}")
            else:
                ends[label] = time
        self._memory.learn(*(ends.get(label) for label in self._labels))
        for label, end in ends.items():
            row, start = groups.rows[label], self._memory.start(end)
            if start:
                value = _value(points[label], row)
                self.readings.append(Reading(row.series, start, value, row.senml_unit, _KINDS[row.kind], Quality.METER))


class Interpreter:
    """Makes readings of one meter's frames; remembers its number of phases, its curves' periods and its alarms.

    Args:
        known: series path -> last stored value, so that an alarm ends which a restart has cut off.
    """

    def __init__(self, known: Mapping[str, object] | None = None) -> None:
        self._groups, self._kept = KnownGroups(), _Kept()
        self._phases = Phases()
        self._curves = tuple(_Curve(*labels) for labels in _CURVES)
        self._alarms = Alarms(known or {})
        self._states = States()

    def interpret(self, frame: Frame, received: datetime, *, clock_wrong: bool = False) -> Interpretation | None:
        """Give what the frame says; None if that is nothing.

        Args:
            frame: any frame, whole or not.
            received: the host's time (aware) when its last byte came.
            clock_wrong: the meter's times are not to be believed, even if it does not doubt them itself.
        """
        known = self._groups.of(frame)
        groups = known.believed
        if known.test or not groups:
            return None  # TRAME TEST: all values of the frame are fake (02E §2.6)
        time, quality = _host_time(received) if clock_wrong else _frame_time(groups, received)
        address = groups.get("ADSC") or groups.get("ADCO") or groups.get("ADS")
        self._phases.learn(address.data if address else None, frame, groups)
        self._kept.update(known, self._phases, clock_wrong=clock_wrong)
        making = _Making(time, quality, self._phases, clock_wrong=clock_wrong)
        making.readings += self._kept.readings(time, quality)
        making.refused += known.refused + self._kept.refused
        for curve in self._curves:
            curve.update(known, clock_wrong=clock_wrong)
            making.readings += curve.readings
            making.refused += curve.refused
        if frame.mode == HISTORIC:
            making.add_historic(frame, groups, self._alarms)
        if known.industrial:
            making.add_industrial(frame, groups)
        making.add_states(self._states.tell(groups))
        return Interpretation(
            time,
            quality,
            address.data if address else None,
            _prm(groups),
            tuple(making.readings),
            tuple(making.refused),
        )


def _frame_time(groups: Mapping[str, Group], received: datetime) -> tuple[datetime, Quality]:
    date = groups.get("DATE")
    horodate = parse_horodate(date.horodate or "") if date else None
    if horodate and not horodate.degraded and horodate.season != " ":
        return horodate.time, Quality.METER
    if date and date.horodate is None:
        from gateway.tic import industrial  # noqa: PLC0415 (few houses have such a meter)

        if local := industrial.frame_time(groups, received):
            return local.time, Quality.METER if local.sure else Quality.HOST
    return _host_time(received)


def _host_time(received: datetime) -> tuple[datetime, Quality]:
    return received.astimezone(UTC).replace(microsecond=0), Quality.HOST


def meter_time(frame: Frame, received: datetime) -> datetime | None:
    """The frame's time by the meter; None if it has none, or doubts it. ``received`` as for ``interpret``."""
    for group in frame.groups:
        if group.label == "DATE" and not check(frame.mode, group):
            time, quality = _frame_time({group.label: group}, received)
            return time if quality is Quality.METER else None
    return None


def _prm(groups: Mapping[str, Group]) -> str | None:
    group = groups.get("PRM")
    return group.data if group and group.data.strip("0") else None


def _own_time(group: Group, *, clock_wrong: bool = False) -> datetime | str:
    """The group's own time, or why there is none."""
    horodate = parse_horodate(group.horodate or "")
    if horodate is None:
        return "not a time"
    if horodate.degraded:
        return DEGRADED_CLOCK
    return WRONG_CLOCK if clock_wrong else horodate.time


class _Making:
    """The readings of one frame while they are made."""

    def __init__(self, time: datetime, quality: Quality, phases: Phases, *, clock_wrong: bool) -> None:
        self._clock_wrong = clock_wrong
        self._time, self._quality, self._phases = time, quality, phases
        self.readings: list[Reading] = []
        self.refused: list[str] = []

    def add_historic(self, frame: Frame, groups: Mapping[str, Group], alarms: Alarms) -> None:
        for label in alarms.ended(frame, groups):
            if row := lookup(HISTORIC, label):
                self._put(row, 0)
        if alarms.overload is not None:
            self.add_states({_OVERLOAD_SERIES: alarms.overload})
        option = groups.get("OPTARIF")
        notice = lookup(HISTORIC, "PEJP")
        if notice and frame.whole and option and option.data == _EJP and all(g.label != "PEJP" for g in frame.groups):
            self._put(notice, 0)  # it comes while the notice or the peak lasts, as an alarm
        indexes = CONTRACT_INDEXES[option.data[:3]] if option else ()
        if indexes and all(label in groups for label in indexes):
            total = sum(int(groups[label].data) for label in indexes)
            self.readings.append(Reading(TOTAL, self._time, total, "Wh", Kind.INDEX, self._quality))

    def add_industrial(self, frame: Frame, groups: Mapping[str, Group]) -> None:
        from gateway.tic import industrial  # noqa: PLC0415 (few houses have such a meter)

        for datum in industrial.data(frame, groups, self._time):
            if datum.time is not None and self._clock_wrong:
                self.refused.append(f"{datum.series}: {WRONG_CLOCK}")
                continue
            quality = self._quality if datum.time is None else Quality.METER if datum.sure else Quality.HOST
            time = datum.time or self._time
            self.readings.append(Reading(datum.series, time, datum.value, datum.unit, Kind(datum.kind), quality))

    def add_states(self, told: Mapping[str, str]) -> None:
        time, quality = self._time, self._quality
        self.readings += [
            _tuple(Reading, (series, time, text, "", Kind.TEXT, quality)) for series, text in told.items()
        ]

    def _put(self, row: Label, value: int) -> None:
        series = self._phases.series(row)
        if series is not None:
            kind = _KINDS[row.kind]
            self.readings.append(Reading(series, self._time, value, row.senml_unit, kind, self._quality))
        elif self._phases.single:
            self.refused.append(f"{row.label}: {_SINGLE_PHASE}")
