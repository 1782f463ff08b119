"""What the first page asks of the store: read when somebody looks, once a minute at most however many do."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.household.days import HouseholdDays
from gateway.household.home_day import HomeDay, home_day
from gateway.household.now import second_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.tables import Config
    from gateway.household.now import Now
    from gateway.store.store import Archive
    from gateway.web.reader import StoreReader

log = logging.getLogger(__name__)

# While the power of the last minutes is not known the house has just begun to be heard: more is known soon.
_EVERY_S, _SOON_S = 60.0, 10.0


class HomeFigures:
    """The day of each meter, and with how many recipients is shared.

    Args:
        config: the whole configuration.
        reader: of the database.
        now: what the meters say; whose clock is the meter's where that has one of its own.
    """

    def __init__(self, config: Config, reader: StoreReader, now: Now) -> None:
        self._config, self._reader, self._now = config, reader, now
        self._turn = asyncio.Lock()
        self._read_at: float | None = None
        self._told: tuple[object, ...] = ()
        self.days: Mapping[str, HomeDay] = {}
        self.recipients: int | None = None

    async def look(self) -> None:
        """Know what is a minute old at most; where the database cannot be read, what was known stays."""
        async with self._turn:
            said: tuple[object, ...] = tuple(self._config.tariff)
            said += tuple((meter.value("contract/tariff"), meter.time is None) for meter in self._now.meters.values())
            lasts = _SOON_S if any(day.hour.watts is None for day in self.days.values()) else _EVERY_S
            fresh = self._read_at is not None and time.monotonic() - self._read_at < lasts
            if fresh and said == self._told:
                return
            moments = {name: second_of(meter, time.time()) for name, meter in self._now.meters.items()}
            try:
                self.days, self.recipients = await self._reader.read(lambda archive: self._of(archive, moments))
            except StoreError as error:
                # The link of the store says it already.
                log.debug("the day could not be read: %s", error)
            self._read_at, self._told = time.monotonic(), said

    def _of(self, archive: Archive, moments: dict[str, int]) -> tuple[dict[str, HomeDay], int]:
        tariffs = self._config.tariff
        days = {name: home_day(HouseholdDays(archive, self._config, name), tariffs, at) for name, at in moments.items()}
        now = time.time()
        return days, len({consent.recipient for consent in archive.consents.all() if consent.valid(now)})
