"""What the meters of larger consumers say: PME-PMI (Enedis-NOI-CPT_02E §2.8) and CJE (§2.6), as values of series.

No I/O and no clock: the host's time is handed in. A PME-PMI writes the unit into the value and a local time without a
season; a CJE writes several values into one group and a date without a year, so its frames have the host's time. What
counts within a tariff period or a contract period has it in its series: ``{1}`` is PTCOUR1, ``{2}`` is PTCOUR2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.tic.frame import HISTORIC, Frame, Group
from gateway.tic.labels import Label, lookup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_PARIS = ZoneInfo("Europe/Paris")

# Unit on the wire -> unit for SenML, and the factor.
_UNITS = {
    "Wh": ("Wh", 1),
    "kWh": ("Wh", 1000),
    "varh": ("varh", 1),
    "kvarh": ("varh", 1000),
    "VAh": ("VAh", 1),
    "kW": ("W", 1000),
    "kVA": ("VA", 1000),
    "dVA": ("VA", 10),
    "min": ("s", 60),
    "": ("/100", 100),  # tangent phi, two decimals: whole hundredths
}

_AMOUNT = re.compile("([+-]?[0-9]+(?:[.,][0-9]+)?)(T?)([A-Za-z]*)", re.ASCII)
_STAMP = re.compile("([0-9]{2})/([0-9]{2})/([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")

# How far the clocks of meter and host may differ: half of the hour that comes twice.
_CLOCKS_DIFFER = timedelta(minutes=30)

_UNUSED_TARIFF = "XXX"

# Lengths of the period of a mean power, in seconds.
_PERIODS = frozenset((300, 600, 900, 1800, 3600))
_POINTS = range(1, 7)

# Series that one group of a CJE gives one of a number each, and the sum of the first.
_NUMBERED = frozenset(("energies", "powers"))
_TOTAL = "consumption/energy/active/index"

_OVERLOAD = "status/overload"


@dataclass(frozen=True, slots=True)
class Datum:
    """One value of one series: ``time`` its own (aware UTC) or None for the frame's; ``sure`` as of LocalTime."""

    series: str
    value: int | str
    unit: str
    kind: str
    time: datetime | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A local time as UTC; not ``sure`` in the hour that autumn repeats, where the host's clock told which one."""

    time: datetime
    sure: bool


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit for SenML; ``truncated``: the mean of a period that was cut short."""

    value: int
    unit: str
    truncated: bool = False


def parse_local(text: str, near: datetime, slack: timedelta = timedelta(0)) -> LocalTime | None:
    """JJ/MM/AA HH:MM:SS of Europe/Paris; None for what is not a time, or falls in the hour that spring leaves out.

    Args:
        text: as on the wire.
        near: an aware time; an hour that autumn repeats means the later one of those that are not after it.
        slack: how far after it all the same.
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second = map(int, match.groups())
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_PARIS)
    except ValueError:
        return None
    times = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if times[0].astimezone(_PARIS).replace(fold=0) != local:
        return None
    return LocalTime(max((time for time in times if time <= near + slack), default=times[0]), sure=times[0] == times[1])


def parse_amount(text: str, unit: str = "") -> Amount | None:
    """``72Wh``, ``63,5kVA``, ``12TkW``, ``-0,25``: the value in whole SenML units; ``unit`` where the wire has none."""
    match = _AMOUNT.fullmatch(text)
    known = _UNITS.get(match[3] or unit) if match else None
    if match is None or known is None:
        return None
    value = Decimal(match[1].replace(",", ".")) * known[1]
    return Amount(int(value.to_integral_value(ROUND_HALF_EVEN)), known[0], bool(match[2]))


def frame_time(groups: Mapping[str, Group], near: datetime) -> LocalTime | None:
    """The time of a PME-PMI's frame, None if it has none; ``near`` is the host's."""
    date = groups.get("DATE")
    return parse_local(date.data, near, _CLOCKS_DIFFER) if date and date.horodate is None else None


def data(frame: Frame, groups: Mapping[str, Group], now: datetime) -> Iterator[Datum]:
    """Every value that an industrial meter's frame gives; none for a domestic meter's.

    Args:
        frame: historic, whole or not.
        groups: label -> those of its groups that may be believed.
        now: the frame's time.
    """
    rows = [(row, group) for group in groups.values() if (row := lookup(frame.mode, group.label)) and row.meter]
    if not rows:
        return
    tariffs = {number: _tariff(groups.get(f"PTCOUR{number}")) for number in "12"}
    for row, group in rows:
        if row.series and row.kind != "mean":
            yield from _values(row, group, tariffs, now)
    yield from _means(groups, now)
    yield from _overload(frame, groups)
    if jaune := groups.get("JAUNE"):
        yield from _jaune(parse_jaune(jaune.data))


def _tariff(group: Group | None) -> str | None:
    name = group.data.strip() if group else _UNUSED_TARIFF
    return None if name == _UNUSED_TARIFF else name.lower()


def _values(row: Label, group: Group, tariffs: Mapping[str, str | None], now: datetime) -> Iterator[Datum]:
    if row.charset in _NUMBERED:
        yield from _numbered(row, group.data)
    elif row.kind == "text":
        text = _text(row, group.data.strip(), now)
        if text and text != _UNUSED_TARIFF:
            yield Datum(row.series, text, "", row.kind)
    elif amount := parse_amount(group.data, row.unit):
        series = _named(row.series, tariffs)
        if series:
            path = series if amount.unit == row.senml_unit else f"{series}/active"
            yield Datum(path, amount.value, amount.unit, row.kind)


def _named(series: str, tariffs: Mapping[str, str | None]) -> str | None:
    """The series with the tariff that it counts; None while that is not known."""
    for number, tariff in tariffs.items():
        if f"{{{number}}}" in series:
            return series.replace(f"{{{number}}}", tariff) if tariff else None
    return series


def _text(row: Label, text: str, now: datetime) -> str | None:
    if row.charset not in ("stamp", "stamp-tariff"):
        return text
    local = parse_local(text[:17], now)
    return local.time.isoformat().replace("+00:00", "Z") if local else None


def _numbered(row: Label, fields: str) -> Iterator[Datum]:
    amounts = [amount for field in fields.split(":") if (amount := parse_amount(field, row.unit))]
    for number, amount in enumerate(amounts, start=1):
        yield Datum(f"{row.series}/{number}", amount.value, amount.unit, row.kind)
    if row.label == "ENERG":
        yield Datum(_TOTAL, sum(amount.value for amount in amounts), "Wh", row.kind)


def _means(groups: Mapping[str, Group], now: datetime) -> Iterator[Datum]:
    """The mean powers of the last periods, stamped at their start; the length of a period is told by their distance."""
    ends = {number: end for number in _POINTS if (end := _end(number, groups, now))}
    times = sorted({end.time for end in ends.values()})
    period = min((after - before for before, after in pairwise(times)), default=timedelta(0))
    if period.total_seconds() not in _PERIODS:
        return
    for number, end in ends.items():
        for label in (f"PA{number}_s", f"PA{number}_i"):
            row, amount = lookup(HISTORIC, label), parse_amount(groups[label].data) if label in groups else None
            if row and amount:
                yield Datum(row.series, amount.value, amount.unit, row.kind, end.time - period, end.sure)


def _end(number: int, groups: Mapping[str, Group], now: datetime) -> LocalTime | None:
    """The end of a mean power's period; None for one that was cut short, whose start is not known."""
    date, points = groups.get(f"DATEPA{number}"), (groups.get(f"PA{number}_{way}") for way in "si")
    amounts = [parse_amount(point.data) for point in points if point]
    cut = any(amount.truncated for amount in amounts if amount)
    return parse_local(date.data, now) if date and not cut else None


def _overload(frame: Frame, groups: Mapping[str, Group]) -> Iterator[Datum]:
    """A PME-PMI's notice of an overload is a group that comes while it lasts."""
    if "PREAVIS" in groups:
        yield Datum(_OVERLOAD, "1", "", "text")
    elif frame.whole and "PTCOUR1" in groups and all(group.label != "PREAVIS" for group in frame.groups):
        yield Datum(_OVERLOAD, "0", "", "text")


@dataclass(frozen=True, slots=True)
class Jaune:
    """The first group of a CJE: local ``time`` HH:MM and ``date`` JJ/MM without a year, ``power`` in VA."""

    time: str
    date: str
    tariff: str
    overload: bool
    power: int
    kp: str


def parse_jaune(text: str) -> Jaune:
    """Take JAUNE, ``hh:mn:jj:mm:pt:dp:abcde:kp``, apart; the power is in tens of VA."""
    hour, minute, day, month, tariff, notice, power, kp = text.split(":")
    return Jaune(f"{hour}:{minute}", f"{day}/{month}", tariff.strip(), notice == "DP", int(power) * 10, kp)


def _jaune(jaune: Jaune) -> Iterator[Datum]:
    yield Datum("consumption/power/apparent/raw", jaune.power, "VA", "gauge")
    yield Datum(_OVERLOAD, str(int(jaune.overload)), "", "text")
    if jaune.tariff:
        yield Datum("contract/tariff", jaune.tariff, "", "text")
