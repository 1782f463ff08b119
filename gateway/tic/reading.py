"""A frame's groups to readings: series, UTC time, number or text, and how far the time may be trusted.

No I/O and no clock: the host's time is handed in. Standard mode carries the meter's own time (Enedis-NOI-CPT_54E
§6.2.1.1), historic mode none. A label that is absent is no reading; a group that passed its checksum and is still not
believable is refused, with the reason. ``states`` adds what STGE and PTEC mean, ``industrial`` what larger meters say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from gateway.tic import industrial
from gateway.tic.alarms import Alarms
from gateway.tic.frame import HISTORIC, Frame, Group
from gateway.tic.judges import TOTAL
from gateway.tic.labels import Label, check, lookup
from gateway.tic.load_curve import LoadCurve
from gateway.tic.phases import Phases
from gateway.tic.states import States
from gateway.tic.total import CONTRACT_INDEXES

if TYPE_CHECKING:
    from collections.abc import Mapping


_PARIS = ZoneInfo("Europe/Paris")

# Season letter -> hours ahead of UTC; so the autumn hour that comes twice is not ambiguous.
_SEASON_HOURS = {"H": 1, "h": 1, "E": 2, "e": 2}

# UMOY is the mean of ten minutes, and its horodate their end (54E §6.2.3.13).
_VOLTAGE_MEAN = timedelta(minutes=10)

# Why a value with a time of its own is not stored though the line brought it well.
DEGRADED_CLOCK, WRONG_CLOCK = "degraded clock", "the meter's clock is wrong"

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
    year, month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_PARIS)
    except ValueError:
        return None
    if season == " ":
        return Horodate(local.astimezone(UTC), season, degraded=False)
    if season not in _SEASON_HOURS:
        return None
    time = local.replace(tzinfo=UTC) - timedelta(hours=_SEASON_HOURS[season])
    return Horodate(time, season.upper(), degraded=season.islower())


class _Said(NamedTuple):
    """What one group says by itself, in whatever frame it is.

    ``refusal``: why it is not believed, None if it is; ``value``: that of its reading, None if it gives none, with the
    ``kind`` of that; ``plain``: the reading has the frame's time, and the same series on every meter.
    """

    group: Group
    row: Label | None
    refusal: str | None
    value: int | str | None = None
    kind: Kind = Kind.TEXT
    plain: bool = False

    @classmethod
    def of(cls, mode: str, group: Group) -> _Said:
        row, refusal = lookup(mode, group.label), check(mode, group)
        if row is None or refusal is not None or row.meter or not row.series:
            return cls(group, row, refusal)
        kind = _KINDS[row.kind]
        value = group.data.strip() if kind is Kind.TEXT else int(group.data) * row.scale
        plain = not (row.horodate or row.label == _PMAX or "/phase/" in row.series)
        return cls(group, row, refusal, value, kind, plain)


class _Groups:
    """What the groups of one meter's frames say: it is made out once, as most are the same in the next frame."""

    # As many as a Reader remembers: noise must not take memory.
    _ROOM = 256

    def __init__(self) -> None:
        self._known: dict[Group, _Said] = {}
        self._mode = ""

    def of(self, frame: Frame) -> tuple[dict[str, _Said], list[str]]:
        """Label -> what is said by the groups that may be believed; "label: reason" of the others."""
        if frame.mode != self._mode:
            self._mode = frame.mode
            self._known.clear()
        known, believed, refused = self._known, {}, []
        for group in frame.groups:
            said = known.get(group) or self._learn(group)
            if said.refusal is None:
                believed[group.label] = said
            else:
                refused.append(f"{group.label}: {said.refusal}")
        return believed, refused

    def _learn(self, group: Group) -> _Said:
        if len(self._known) >= self._ROOM:
            self._known.clear()
        said = self._known[group] = _Said.of(self._mode, group)
        return said


class Interpreter:
    """Makes readings of one meter's frames; remembers its number of phases, its curves' periods and its alarms.

    Args:
        known: series path -> last stored value, so that an alarm ends which a restart has cut off.
    """

    def __init__(self, known: Mapping[str, object] | None = None) -> None:
        self._groups = _Groups()
        self._phases = Phases()
        self._curves = {curve: LoadCurve() for curve in _CURVES}
        self._alarms = Alarms(known or {})
        self._states = States()

    def interpret(self, frame: Frame, received: datetime, *, clock_wrong: bool = False) -> Interpretation | None:
        """Give what the frame says; None if that is nothing.

        Args:
            frame: any frame, whole or not.
            received: the host's time (aware) when its last byte came.
            clock_wrong: the meter's times are not to be believed, even if it does not doubt them itself.
        """
        if any(group.label == "TRAME" for group in frame.groups):
            return None  # TRAME TEST: all values of the frame are fake (02E §2.6)
        believed, refused = self._groups.of(frame)
        if not believed:
            return None
        groups = {label: said.group for label, said in believed.items()}
        time, quality = _host_time(received) if clock_wrong else _frame_time(groups, received)
        address = groups.get("ADSC") or groups.get("ADCO") or groups.get("ADS")
        self._phases.learn(address.data if address else None, frame, groups)
        making = _Making(frame.mode, time, quality, self._phases, clock_wrong=clock_wrong)
        making.add_all(believed)
        for curve, memory in self._curves.items():
            making.add_curve(curve, memory, believed)
        if frame.mode == HISTORIC:
            making.add_historic(frame, groups, self._alarms)
            making.add_industrial(frame, groups)
        making.add_states(self._states.tell(groups))
        return Interpretation(
            time,
            quality,
            address.data if address else None,
            _prm(groups),
            tuple(making.readings),
            tuple(refused + making.refused),
        )


def _frame_time(groups: Mapping[str, Group], received: datetime) -> tuple[datetime, Quality]:
    date = groups.get("DATE")
    horodate = parse_horodate(date.horodate or "") if date else None
    if horodate and not horodate.degraded and horodate.season != " ":
        return horodate.time, Quality.METER
    local = industrial.frame_time(groups, received)
    if local:
        return local.time, Quality.METER if local.sure else Quality.HOST
    return _host_time(received)


def _host_time(received: datetime) -> tuple[datetime, Quality]:
    return received.astimezone(UTC).replace(microsecond=0), Quality.HOST


def meter_time(frame: Frame, received: datetime) -> datetime | None:
    """The frame's time by the meter; None if it has none, or doubts it. ``received`` as for ``interpret``."""
    dates = {group.label: group for group in frame.groups if group.label == "DATE" and not check(frame.mode, group)}
    time, quality = _frame_time(dates, received)
    return time if quality is Quality.METER else None


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

    def __init__(self, mode: str, time: datetime, quality: Quality, phases: Phases, *, clock_wrong: bool) -> None:
        self._clock_wrong = clock_wrong
        self._mode, self._time, self._quality, self._phases = mode, time, quality, phases
        self.readings: list[Reading] = []
        self.refused: list[str] = []

    def add_all(self, believed: Mapping[str, _Said]) -> None:
        readings, time, quality = self.readings, self._time, self._quality
        for label, (group, row, _, value, kind, plain) in believed.items():
            if row is None or value is None or label in _CURVE_LABELS:
                continue
            if plain:
                readings.append(Reading(row.series, time, value, row.senml_unit, kind, quality))
            else:
                self._add(group, row, value)

    def _add(self, group: Group, row: Label, value: int | str) -> None:
        label = group.label
        if label == _PMAX and self._phases.electronic:
            series, unit = _ELECTRONIC_PMAX
            row = replace(row, series=series, senml_unit=unit)
        if not row.horodate:
            self._put(row, value)
            return
        # A peak was announced by the supplier, in its time.
        time = _own_time(group, clock_wrong=self._clock_wrong and label not in _PEAK_LABELS)
        if isinstance(time, str):
            self.refused.append(f"{label}: {time}")
        elif label in _PEAK_LABELS:
            self._put(row, time.isoformat().replace("+00:00", "Z"))
        elif _KINDS[row.kind] is Kind.MEAN:
            self._put(row, value, time - _VOLTAGE_MEAN)
        elif value or not (group.horodate or "").endswith("000000"):
            # At midnight a maximum begins again with zero, which is nobody's maximum.
            self._put(row, value, time)

    def add_curve(self, curve: tuple[str, str], memory: LoadCurve, believed: Mapping[str, _Said]) -> None:
        ends: dict[str, datetime] = {}
        for label in curve:
            if label in believed:
                time = _own_time(believed[label].group, clock_wrong=self._clock_wrong)
                if isinstance(time, str):
                    self.refused.append(f"{label}: {time}")
                else:
                    ends[label] = time
        memory.learn(*(ends.get(label) for label in curve))
        for label, end in ends.items():
            said, start = believed[label], memory.start(end)
            if said.row and said.value is not None and start:
                self._put(said.row, said.value, start)

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
        for datum in industrial.data(frame, groups, self._time):
            if datum.time is not None and self._clock_wrong:
                self.refused.append(f"{datum.series}: {WRONG_CLOCK}")
                continue
            quality = self._quality if datum.time is None else Quality.METER if datum.sure else Quality.HOST
            time = datum.time or self._time
            self.readings.append(Reading(datum.series, time, datum.value, datum.unit, Kind(datum.kind), quality))

    def add_states(self, told: Mapping[str, str]) -> None:
        for series, text in told.items():
            self.readings.append(Reading(series, self._time, text, "", Kind.TEXT, self._quality))

    def _put(self, row: Label, value: int | str, time: datetime | None = None) -> None:
        """Add the reading; with a time of its own that is the meter's."""
        series = self._phases.series(row)
        if series is None:
            if self._phases.single:
                self.refused.append(f"{row.label}: single-phase meter")
            return
        quality = self._quality if time is None else Quality.METER
        self.readings.append(Reading(series, time or self._time, value, row.senml_unit, _KINDS[row.kind], quality))
