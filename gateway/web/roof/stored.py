"""The roofs for the page: read from the store, in a thread and over a connection of its own that can only read."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, midnight
from gateway.balance.self_use import STEP_S
from gateway.balance.tariff import mean_price

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from gateway.balance.energy import DayEnergy
    from gateway.balance.tariff import Tariff
    from gateway.config.tables import Config
    from gateway.household.roofs import PartBeside
    from gateway.store.store import Archive
    from gateway.web.reader import StoreReader
    from gateway.web.roof.values import RoofLook


class HouseholdRoofs:
    """What the page asks; it raises StoreError where the database cannot be read."""

    def __init__(self, config: Config, reader: StoreReader) -> None:
        self._config, self._reader = config, reader
        self._turn = asyncio.Lock()
        self.meters = [meter.name for meter in config.meter]

    @property
    def has_roof(self) -> bool:
        """Whether there is a roof at all."""
        return bool(self._config.roof)

    async def roofs(self, meter: str, day: date | None) -> RoofLook:
        """The roofs now, and that day beside them, today when None."""
        config, now = self._config, int(time.time())
        async with self._turn:
            return await self._reader.read(lambda archive: look(archive, config, meter, day, now))


def look(archive: Archive, config: Config, meter: str, day: date | None, now: int) -> RoofLook:
    """What is stored of the roofs at that moment, and of that day."""
    # With the first who looks: few households hold shares.
    from gateway.household.cover_now import cover_now  # noqa: PLC0415
    from gateway.household.roofs import beside, figures  # noqa: PLC0415
    from gateway.web.history.curves import HouseholdCurves  # noqa: PLC0415
    from gateway.web.roof.values import RoofLook  # noqa: PLC0415

    house = HouseholdCurves(archive, config, meter)
    today = day_of(now)
    shown = min(day or today, today)
    begin, end = midnight(shown), midnight(shown + timedelta(days=1))
    rows = [
        one
        for one in beside(config, archive.received, house.load_curve(begin, end), begin, end)
        if one.at + STEP_S <= now
    ]
    return RoofLook(
        meter=meter,
        today=today,
        day=shown,
        roofs=[figures(config, archive.received, roof, today, now) for roof in config.roof],
        rows=rows,
        first=house.first,
        euros=_euros(rows, house.half_hours(shown), config.tariff) if config.tariff else None,
        has_tariff=bool(config.tariff),
        cover=cover_now(archive.received, config.received, house, now) if config.roof else None,
    )


def _euros(rows: Sequence[PartBeside], known: Mapping[int, DayEnergy], tariffs: Sequence[Tariff]) -> float | None:
    """What was covered, at the price of its half hour; None where one of them has none."""
    total = Fraction(0)
    for row in rows:
        if row.covered:
            price = mean_price([known[row.at]], tariffs) if row.at in known else None
            if price is None:
                return None
            total += price * row.covered / 1000
    return float(total)
