"""Places that are compared side by side: which there are, and what each used or made by half hours, in Wh.

What ``[[place]]`` says; without one each meter, each counter of electricity, each roof and each received source is a
place of its own. Own figures are sums of the ledger, as those of the history. Of a place of several series a half hour
is known where each of them knows it; what nobody knows is not there, and never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gateway.balance.energy import consumed
from gateway.balance.self_use import STEP_S
from gateway.config.tables import MOST_PLACES
from gateway.store.spans import DRAWN, INJECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.config.roof import RoofTable
    from gateway.config.tables import Config, ReceivedTable
    from gateway.household.days import DayParts
    from gateway.household.place_received import ReceivedPlaces
    from gateway.store.points import Series

# While a counter is read it may rest; while it is not it counts nothing (as in ``days``).
_LONGEST_DAY_S = 25 * 3600


@dataclass(frozen=True, slots=True)
class ComparedPlace:
    """One place: its name, what it is, whose figures it has, and by what its energy may be divided.

    ``produced``: what it makes is looked at, else what it uses.
    """

    name: str
    kind: str
    series: tuple[str, ...]
    produced: bool = False
    people: int | None = None
    area_m2: float | None = None


class HalfHour(NamedTuple):
    """Energy of one half hour; ``estimated``: shared out over a time in which nothing was read."""

    wh: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class PlaceCurve:
    """What is known of a place: first second of a half hour -> its energy; ``silent``: sources that know nothing.

    ``untold``: it has panels and no meter that tells what leaves for the grid, so that nobody knows what it used;
    ``uncounted``: more of its meters give to the grid than it has counters of panels, so that some panels have none.
    """

    place: ComparedPlace
    half_hours: Mapping[int, HalfHour]
    silent: Sequence[str] = field(default=())
    untold: bool = False
    uncounted: bool = False


def places_of(config: Config) -> list[ComparedPlace]:
    """The places, in the order of the configuration: as many as one page has."""
    return _all_places(config)[:MOST_PLACES]


def left_out(config: Config) -> int:
    """How many places more there are than one page has."""
    return max(0, len(_all_places(config)) - MOST_PLACES)


def _all_places(config: Config) -> list[ComparedPlace]:
    if config.place:
        return [
            ComparedPlace(
                one.name,
                one.kind,
                one.series,
                one.shows == "produced" if one.shows else one.kind == "roof",
                one.people,
                None if one.area_m2 is None else float(one.area_m2),
            )
            for one in config.place
        ]
    # The inverters of a roof are one place.
    roofs = {name: roof for roof in config.roof for name in roof.received}
    produced = {
        **{one.name: one.quantity == "electricity-produced" for one in config.counter},
        **{one.name: _is_production(one.identifier) for one in config.received},
    }
    return [
        _of_roof(roofs[name])
        if name in roofs
        else _by_itself(name, produced[name])
        if name in produced
        else ComparedPlace(name, "home", (name,))
        for name in config.electricity
        if name not in roofs or name == roofs[name].received[0]
    ]


def _of_roof(roof: RoofTable) -> ComparedPlace:
    area = None if roof.area_m2 is None else float(roof.area_m2)
    return ComparedPlace(roof.name or "", "roof", roof.received, produced=True, area_m2=area)


def _by_itself(name: str, produced: bool) -> ComparedPlace:
    return ComparedPlace(name, "roof" if produced else "other", (name,), produced)


def _is_production(identifier: str) -> bool:
    """Whether what is asked of a provider is what it produces; of all that it has what it uses is looked at."""
    return "/production" in identifier


class PlaceCurves:
    """The half hours of all places, of what is stored.

    Args:
        stored: the parts of the store that are read.
        config: which meters, counters and received sources there are.
    """

    def __init__(self, stored: DayParts, config: Config) -> None:
        self._stored, self._config = stored, config
        own = [*(one.name for one in config.meter), *(one.name for one in config.counter)]
        self._own = {name: {one.path: one for one in stored.meters.series(name)} for name in own}
        self._counters = {one.name: one.quantity for one in config.counter}
        self._others: ReceivedPlaces | None = None

    def known(self, places: Sequence[ComparedPlace], now: float) -> tuple[int, int] | None:
        """The first and the last second, up to ``now``, of which anything is known of them."""
        names = {name for place in places for name in place.series}
        found = [one for name in names & self._own.keys() for one in self._own[name].values() if "energy" in one.path]
        spans = [(one.first_time, one.last_time) for one in found if one.first_time and one.last_time]
        if received := self._received(names):
            spans += self._sent.known(received)
        # A clock of somebody else's may be ahead: of what is still to come nothing is known.
        over = [(first, min(last, int(now))) for first, last in spans if first <= now]
        return (min(first for first, _ in over), max(last for _, last in over)) if over else None

    def read(self, place: ComparedPlace, start: int, end: int) -> PlaceCurve:
        """The half hours of a place in ``[start, end)``, both the beginning of one."""
        bounds = list(range(start, end + 1, STEP_S))
        panels = [name for name in place.series if self._counters.get(name) == "electricity-produced"]
        meters = [name for name in place.series if name in self._own and name not in panels]
        telling = [name for name in meters if INJECTED in self._own[name]]
        given = {name: self._slices(name, INJECTED, bounds) for name in telling} if panels else {}
        if panels and sum(any(half.wh for half in each.values()) for each in given.values()) > len(panels):
            return PlaceCurve(place, {}, uncounted=True)
        received = self._received({*place.series})
        parts = self._sent.half_hours(received, start, end, produced=place.produced) if received else {}
        if place.produced:
            # What leaves for the grid is a part of what the panels' own counter counts.
            parts |= {name: self._slices(name, INJECTED, bounds) for name in panels or telling or meters}
            return PlaceCurve(place, _added(parts.values()), _silent(place, parts))
        parts |= {name: self._slices(name, DRAWN, bounds) for name in meters}
        used = _added(parts.values())
        if panels:
            # What the house used, and not what it drew; of its meters some may give nothing away.
            made = {name: self._slices(name, INJECTED, bounds) for name in panels}
            used, parts = _used(used, _added(made.values()), _added(given.values())), parts | made
        return PlaceCurve(place, used, _silent(place, parts), untold=bool(panels and not telling))

    @property
    def _sent(self) -> ReceivedPlaces:
        """What others send, which few houses have."""
        if self._others is None:
            from gateway.household.place_received import ReceivedPlaces  # noqa: PLC0415

            self._others = ReceivedPlaces(self._stored.received)
        return self._others

    def _received(self, names: set[str]) -> list[ReceivedTable]:
        return [one for one in self._config.received if one.name in names]

    def _slices(self, name: str, path: str, bounds: Sequence[int]) -> dict[int, HalfHour]:
        register: Series | None = self._own.get(name, {}).get(path)
        if register is None:
            return {}
        longest = _LONGEST_DAY_S if name in self._counters else None
        found = zip(pairwise(bounds), self._stored.ledger.slices(register, bounds, longest), strict=True)
        return {since: HalfHour(one.wh, one.shared) for (since, until), one in found if one.covered == until - since}


def _silent(place: ComparedPlace, parts: Mapping[str, Mapping[int, HalfHour]]) -> list[str]:
    return [name for name in place.series if name in parts and not parts[name]]


def _added(parts: Iterable[Mapping[int, HalfHour]]) -> dict[int, HalfHour]:
    """Half hours of which each part knows something, added up."""
    every = list(parts)
    if not every:
        return {}
    known = sorted(set(every[0]).intersection(*every[1:]))
    return {
        time: HalfHour(sum(one[time].wh for one in every), any(one[time].estimated for one in every)) for time in known
    }


def _used(
    drawn: Mapping[int, HalfHour], made: Mapping[int, HalfHour], injected: Mapping[int, HalfHour]
) -> dict[int, HalfHour]:
    """What a house with panels used in all."""
    found = {}
    for time in sorted(drawn.keys() & made.keys() & injected.keys()):
        parts = drawn[time], made[time], injected[time]
        wh = consumed(*(one.wh for one in parts))
        if wh is not None:
            found[time] = HalfHour(wh, any(one.estimated for one in parts))
    return found
