"""What other providers send of places as energy by half hours: read as one's own part of a roof is, whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from gateway.config.tables import ShareTable
from gateway.household.places import HalfHour
from gateway.household.share import origins
from gateway.household.shared_half_hours import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.config.tables import ReceivedTable
    from gateway.household.shared_half_hours import SharedPart
    from gateway.store.received import ReceivedPoints, ReceivedSeries

_PRODUCTION, _CONSUMPTION = "production/", "consumption/"
# All of it, whatever part of it is the household's.
_WHOLE = ShareTable(held=100, unit="percent")


class ReceivedPlaces:
    """The points of others, of which the series are read once however many places there are."""

    def __init__(self, points: ReceivedPoints) -> None:
        self._points, self._series = points, points.series()

    def known(self, sources: Sequence[ReceivedTable]) -> list[tuple[int, int]]:
        """The first and the last second of each series of energy or power that these sources gave."""
        wanted = origins(sources)
        return [
            (int(one.first_time), int(one.last_time))
            for one in self._series
            if one.first_time is not None and one.last_time is not None
            if "/active/" in one.path and any(origin.covers(one) for origin in wanted)
        ]

    def half_hours(
        self, sources: Sequence[ReceivedTable], start: int, end: int, *, produced: bool
    ) -> dict[str, dict[int, HalfHour]]:
        """What each of these sources produced, or consumed, in each half hour of ``[start, end)`` that it knows."""
        found, taken = {}, set[int]()
        for source in sources:
            (origin,) = origins([msgspec.structs.replace(source, share=_WHOLE)])
            # Two sources may cover one series; it is counted once, and one that covers nothing else is not waited for.
            side = _PRODUCTION if produced else _CONSUMPTION
            covered = [one for one in self._series if origin.covers(one) and one.path.startswith(side)]
            mine = [one for one in covered if one.id not in taken]
            if covered and not mine:
                continue
            taken |= {one.id for one in mine}
            if not produced:
                mine = [_as_production(one) for one in mine]
            found[source.name] = self._added(parts_of(origin, mine), start, end)
        return found

    def _added(self, meters: Sequence[SharedPart], start: int, end: int) -> dict[int, HalfHour]:
        every = [one.half_hours(self._points, start, end) for one in meters]
        times = set(every[0].wh).intersection(*(one.wh for one in every[1:])) if every else set()
        return {
            time: HalfHour(sum(one.wh[time] for one in every), any(time in one.estimated for one in every))
            for time in sorted(times)
        }


def _as_production(series: ReceivedSeries) -> ReceivedSeries:
    """What is consumed in the place of what is produced: an index is read as an index, of the same meter."""
    path = _PRODUCTION + series.path.removeprefix(_CONSUMPTION)
    return replace(series, path=path, sen1=series.sen1.removesuffix(series.path) + path)
