"""The places for the page: reads them from the store, in a thread, one look at a time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of, midnight
from gateway.balance.self_use import STEP_S
from gateway.household.places import PlaceCurves, left_out, places_of
from gateway.web.places.values import PlacesSeen

if TYPE_CHECKING:
    from datetime import date

    from gateway.config.tables import Config
    from gateway.household.places import PlaceCurve
    from gateway.store.store import Archive
    from gateway.web.reader import StoreReader


class StoredPlaces:
    """What the page asks; StoreError where the database cannot be read."""

    def __init__(self, config: Config, reader: StoreReader) -> None:
        self._config, self._reader = config, reader
        self._turn = asyncio.Lock()

    async def seen(self, period: str, day: date | None) -> PlacesSeen:
        """All places in the day or week that holds ``day``; the last one known where it is None."""
        config, now = self._config, time.time()
        async with self._turn:
            return await self._reader.read(lambda archive: seen(archive, config, BalancePeriod(period), day, now))


def seen(archive: Archive, config: Config, period: BalancePeriod, day: date | None, now: float) -> PlacesSeen:
    """The places in one period."""
    all_places, curves = places_of(config), PlaceCurves(archive, config)
    known = curves.known(all_places, now)
    # What an index at midnight tells of is the day before.
    today = day_of(min(now, known[1] - 1) if known else now)
    first = period.begin(day or today)
    end = period.after(first)
    begin, until = midnight(first), midnight(end)
    earliest = day_of(known[0]) if known else None
    return PlacesSeen(
        period=period.value,
        first=first,
        end=end,
        begin=begin,
        until=until,
        curves=[_until(curves.read(place, begin, until), now) for place in all_places],
        known=known,
        days=(earliest, today) if earliest else None,
        previous=period.back(first, 1) if earliest and first > earliest else None,
        next=end if known and end <= today else None,
        left_out=left_out(config),
    )


def _until(curve: PlaceCurve, now: float) -> PlaceCurve:
    """What is known of it now: a sender whose clock is ahead tells of what is still to come."""
    over = {time: half for time, half in curve.half_hours.items() if time + STEP_S <= now}
    return replace(curve, half_hours=over)
