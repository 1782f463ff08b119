"""The series of a house, and those that any house could have: names, units, granularities, meanings.

What ``linky-gateway series``, the page and the documents show is reckoned here, once. A name is what it is in the
federation; what stands in it for the meter is the id *in force*: the file's ``sensor``, or the random one that the
database was given at the first start.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from gateway.household.naming import series_namer
from gateway.pulses.quantity import QUANTITIES
from gateway.senml.units import to_primary, to_produced
from gateway.store.labels import known_names, label_of
from gateway.store.points import Series, offered
from gateway.store.recorder import iso
from gateway.tic.active_power import COS_PHI, ESTIMATE, HALF_WIDTH
from gateway.tic.estimates import HUNDREDTHS
from gateway.tic.labels import known_labels
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import Phrase, same, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.config.tables import Config
    from gateway.store.meters import Meters

# What is told from the meter's registers, as text; its paths stand in ``gateway.store.labels`` alone.
_STATES = ("status/", "contract/")
# What PMAX is on an electronic meter of before Linky, and what is made of several labels.
_OTHERS = {
    "consumption/power/active/max": ("W", "gauge"),
    ESTIMATE: ("W", "gauge"),
    HALF_WIDTH: ("W", "gauge"),
    COS_PHI: (HUNDREDTHS, "gauge"),
}
_ANY_LEVEL = re.compile(r"\{[0-9]\}")
_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|$)")


@dataclass(frozen=True, slots=True)
class PossibleSeries:
    """A series that a meter can have; a ``path`` of several has N or T (a tariff period) in place of a level.

    ``labels`` are those of the meter (étiquettes) that feed it, empty for what is reckoned or counted otherwise.
    """

    path: str
    unit: str
    granularities: tuple[str, ...]
    meaning: Phrase
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """A series that the house has: its name in the federation, and from when to when something is stored (ISO 8601)."""

    name: str
    known: PossibleSeries
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class SeriesMeter:
    """A meter: the id that stands in its names, its address in the federation (None without an account), its series."""

    name: str
    sensor: str
    identifier: str | None
    series: tuple[NamedSeries, ...]


def of_house(known: Meters, config: Config) -> tuple[SeriesMeter, ...]:
    """Every meter of the house with its series, by path."""
    meters = known.all()
    name_of = series_namer(config, meters)
    primary = config.federation is not None and config.federation.units == "primary"
    counters, found = made_here(config), []
    for meter in meters:
        series = [
            _named(one, name_of(one).sen1(), primary=primary, made=meter.name in counters)
            for one in known.series(meter.name)
        ]
        account = config.federation.jid.lower() if config.federation else None
        identifier = f"{account}/{meter.sensor}@{account.partition('@')[2]}" if account else None
        found.append(SeriesMeter(meter.name, meter.sensor, identifier, tuple(series)))
    return tuple(found)


def as_json(meters: Iterable[SeriesMeter]) -> list[dict[str, object]]:
    """The form of ``series --json``."""
    return [
        {
            "meter": meter.name,
            "sensor": meter.sensor,
            "identifier": meter.identifier,
            "series": [
                {"name": one.name, **known_as_json(one.known), "first": one.first, "last": one.last}
                for one in meter.series
            ],
        }
        for meter in meters
    ]


def known_as_json(known: PossibleSeries) -> dict[str, object]:
    """The form of ``series --all --json``."""
    said: dict[str, object] = {
        "path": known.path,
        "unit": known.unit or None,
        "granularities": list(known.granularities),
    }
    return said | {lang: known.meaning.in_language(lang) for lang in LANGUAGES} | {"labels": list(known.labels)}


@cache
def every_series() -> tuple[PossibleSeries, ...]:
    """All that a meter, a counter or a reading by hand can be kept as, by path; numbered ones as one."""
    several = defaultdict(list)
    for one in _each():
        several[_NUMBER.sub("N", one.path)].append(one)
    return tuple(sorted((known for group in several.values() for known in _as_one(group)), key=lambda one: one.path))


def made_here(config: Config) -> set[str]:
    """The counters of what the house makes itself."""
    return {one.name for one in config.counter if one.quantity == "electricity-produced"}


def _named(series: Series, name: str, *, primary: bool, made: bool) -> NamedSeries:
    unit, _ = to_produced(series.unit, 0)
    if primary and unit:
        unit, _ = to_primary(unit, 0)
    labels = tuple(label for path, label in _labels() if path.fullmatch(series.path))
    known = PossibleSeries(series.path, unit, _codes(series.kind), label_of(series.path, made_here=made), labels)
    times = (iso(series.first_time), iso(series.last_time)) if series.last_time else (None, None)
    return NamedSeries(name, known, *times)


def _codes(kind: str) -> tuple[str, ...]:
    return tuple(granularity.code for granularity in offered(kind))


@cache
def _labels() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Pattern of a path -> a label that feeds it; of phase 1 also what a single-phase meter has."""
    found = []
    for row in known_labels():
        if row.series:
            pattern = re.escape(row.series).replace("/phase/1", "(/phase/1)?")
            found.append((re.compile(re.sub(r"\\\{[0-9]\\\}", "[^/]+", pattern)), row.label))
    return tuple(found)


def _each() -> Iterator[PossibleSeries]:
    units = dict(_OTHERS)
    for row in known_labels():
        if row.series:
            kind = "curve" if row.kind == "mean" and row.series.endswith("power/active/raw") else row.kind
            units.setdefault(row.series, (row.senml_unit, kind))
            if row.series.endswith("/phase/1"):
                units.setdefault(row.series.removesuffix("/phase/1"), (row.senml_unit, kind))
    for quantity in QUANTITIES:
        units.setdefault(quantity.path, (quantity.unit, "index"))
    for path in known_names():
        if path.startswith(_STATES) and label_of(path) != same(path):
            units.setdefault(path, ("", "text"))
    for path, (unit, kind) in units.items():
        labels = [row.label for row in known_labels() if row.series in (path, f"{path}/phase/1")]
        shown = _ANY_LEVEL.sub("T", path)
        meaning = label_of(path)
        yield PossibleSeries(shown, to_produced(unit, 0)[0], _codes(kind), meaning, tuple(dict.fromkeys(labels)))


def _as_one(group: list[PossibleSeries]) -> list[PossibleSeries]:
    """Series that differ in a number alone, with N in its place; as they are where more than that differs."""
    meanings = {
        written({lang: re.sub(r"\b[0-9]+\b", "N", one.meaning.in_language(lang)) for lang in LANGUAGES})
        for one in group
    }
    units = {(one.unit, one.granularities) for one in group}
    if len(group) == 1 or len(meanings) > 1 or len(units) > 1:
        return group
    labels = tuple(dict.fromkeys(label for one in group for label in one.labels))
    path = _NUMBER.sub("N", group[0].path)
    return [PossibleSeries(path, group[0].unit, group[0].granularities, meanings.pop(), labels)]
