"""Places that are compared side by side: which there are, and what each used or made by half hours, in Wh.

What ``[[place]]`` says; without one each meter, each counter of electricity and each received source is a place of its
own. Own figures are sums of the ledger, as those of the history. Of a place of several series a half hour is known
where each of them knows it; what nobody knows is not there, and never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gateway.balance.energy import consumed
from gateway.balance.self_use import STEP_S
from gateway.store.spans import DRAWN, INJECTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.config.tables import Config, ReceivedTable
    from gateway.household.days import DayParts
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
    """What is known of a place: first second of a half hour -> its energy; ``silent``: sources that know nothing."""

    place: ComparedPlace
    half_hours: Mapping[int, HalfHour]
    silent: Sequence[str] = field(default=())


def places_of(config: Config) -> list[ComparedPlace]:
    """The places, in the order of the configuration."""
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
    produced = {
        **{one.name: one.quantity == "electricity-produced" for one in config.counter},
        **{one.name: _is_production(one.identifier) for one in config.received},
    }
    return [
        ComparedPlace(name, "home", (name,)) if name not in produced else _by_itself(name, produced[name])
        for name in config.electricity
    ]


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

    def known(self, places: Sequence[ComparedPlace]) -> tuple[int, int] | None:
        """The first and the last second of which anything is known of them."""
        names = {name for place in places for name in place.series}
        found = [one for name in names & self._own.keys() for one in self._own[name].values() if "energy" in one.path]
        spans = [(one.first_time, one.last_time) for one in found if one.first_time and one.last_time]
        if names - self._own.keys():
            from gateway.household.place_received import known  # noqa: PLC0415 (few houses receive anything)

            spans += known(self._stored.received, self._received(names))
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None

    def read(self, place: ComparedPlace, start: int, end: int) -> PlaceCurve:
        """The half hours of a place in ``[start, end)``, both the beginning of one."""
        bounds = list(range(start, end + 1, STEP_S))
        parts = {name: self._of_source(name, place, bounds) for name in place.series}
        silent = [name for name, known in parts.items() if not known]
        # A counter of panels beside a meter: what the house used, and not what it drew.
        made = [name for name in parts if not place.produced and self._makes(name)]
        used = _added([known for name, known in parts.items() if name not in made])
        if made:
            injected = _added([self._slices(name, INJECTED, bounds) for name in place.series if name not in made])
            used = _used(used, _added([parts[name] for name in made]), injected)
        return PlaceCurve(place, used, silent)

    def _makes(self, name: str) -> bool:
        return self._counters.get(name) == "electricity-produced"

    def _of_source(self, name: str, place: ComparedPlace, bounds: Sequence[int]) -> dict[int, HalfHour]:
        if name in self._own:
            return self._slices(name, INJECTED if place.produced or self._makes(name) else DRAWN, bounds)
        from gateway.household.place_received import half_hours  # noqa: PLC0415 (few houses receive anything)

        (source,) = self._received({name})
        return half_hours(self._stored.received, source, bounds[0], bounds[-1], produced=place.produced)

    def _received(self, names: set[str]) -> list[ReceivedTable]:
        return [one for one in self._config.received if one.name in names]

    def _slices(self, name: str, path: str, bounds: Sequence[int]) -> dict[int, HalfHour]:
        register: Series | None = self._own.get(name, {}).get(path)
        if register is None:
            return {}
        longest = _LONGEST_DAY_S if name in self._counters else None
        found = zip(pairwise(bounds), self._stored.ledger.slices(register, bounds, longest), strict=True)
        return {since: HalfHour(one.wh, one.shared) for (since, until), one in found if one.covered == until - since}


def _added(parts: Sequence[Mapping[int, HalfHour]]) -> dict[int, HalfHour]:
    """Half hours of which each part knows something, added up."""
    if not parts:
        return {}
    known = sorted(set(parts[0]).intersection(*parts[1:]))
    return {
        time: HalfHour(sum(one[time].wh for one in parts), any(one[time].estimated for one in parts)) for time in known
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
