"""What another provider sends of a place as energy by half hours: read as one's own part of a roof is, whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import msgspec

from gateway.config.tables import ShareTable
from gateway.household.places import HalfHour
from gateway.household.share import origins
from gateway.household.shared_half_hours import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.config.tables import ReceivedTable
    from gateway.store.received import ReceivedPoints, ReceivedSeries

_PRODUCTION, _CONSUMPTION = "production/", "consumption/"
# All of it, whatever part of it is the household's.
_WHOLE = ShareTable(held=100, unit="percent")


@dataclass(frozen=True, slots=True)
class _Consumption:
    """The points of others with what they consume in the place of what they produce: an index is read as an index."""

    points: ReceivedPoints

    def series(self, provider: str | None = None) -> list[ReceivedSeries]:
        """Those of consumption."""
        return [
            replace(one, path=_PRODUCTION + one.path.removeprefix(_CONSUMPTION))
            for one in self.points.series(provider)
            if one.path.startswith(_CONSUMPTION)
        ]

    def __getattr__(self, name: str) -> object:
        """All else as it is: a series is known by its number."""
        return getattr(self.points, name)


def half_hours(
    points: ReceivedPoints, source: ReceivedTable, start: int, end: int, *, produced: bool
) -> dict[int, HalfHour]:
    """What this source produced, or consumed, in each half hour of ``[start, end)`` that all its meters know."""
    side = points if produced else cast("ReceivedPoints", _Consumption(points))
    meters = [one.half_hours(side, start, end) for one in parts(side, [msgspec.structs.replace(source, share=_WHOLE)])]
    times = set(meters[0].wh).intersection(*(one.wh for one in meters[1:])) if meters else set()
    return {
        time: HalfHour(sum(one.wh[time] for one in meters), any(time in one.estimated for one in meters))
        for time in sorted(times)
    }


def known(points: ReceivedPoints, sources: Iterable[ReceivedTable]) -> list[tuple[int, int]]:
    """The first and the last second of each series of energy or power that these sources gave."""
    wanted = origins(list(sources))
    return [
        (int(one.first_time), int(one.last_time))
        for one in points.series()
        if one.first_time is not None and one.last_time is not None
        if "/active/" in one.path and any(origin.covers(one) for origin in wanted)
    ]
