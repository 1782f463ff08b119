"""The household's tariffs, for the page: read from its configuration and its meter, kept as ``settings`` keeps them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.balance.calendar import day_of
from gateway.balance.supplier_offer import NotComputable, grid, newest_day
from gateway.config.dated_tariffs import as_tables, with_tariff, without_tariff
from gateway.config.offers import EXAMPLES, find_offer
from gateway.errors import StoreError
from gateway.household.contract import BASE, EJP, OFF_PEAK, TEMPO_KIND, ContractSaid, contract_said
from gateway.household.days import HouseholdDays
from gateway.web.tariff.values import ExamplePrices, TariffsKnown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import date

    from gateway.balance.tariff import Tariff
    from gateway.config.tables import Config
    from gateway.store.store import Archive
    from gateway.web.reader import StoreReader

_EXAMPLES = {BASE: "bleu-base", OFF_PEAK: "bleu-hc", TEMPO_KIND: "tempo", EJP: "ejp"}
# Regulated prices change in February and August.
_OLD = timedelta(days=183)


class StoredTariffs:
    """Where tariffs are read and changed.

    Args:
        config: the whole configuration.
        put: lets this value be at a place of the settings; None: nothing, whatever the file says.
        reader: of the database.
    """

    def __init__(self, config: Config, put: Callable[[str, Any], Awaitable[None]], reader: StoreReader) -> None:
        self._config, self._put, self._reader = config, put, reader

    async def known(self) -> TariffsKnown:
        """What is in force, and what the meter says; without the latter where the database cannot be read."""
        now = int(time.time())
        try:
            said, first = await self._reader.read(lambda archive: self._said(archive, now))
        except StoreError:
            said, first = ContractSaid(), None
        goals = self._config.objective
        tariffs = sorted(self._config.tariff, key=lambda one: one.since)
        return TariffsKnown(tariffs, said, first, day_of(now), bool(goals.euros_per_month or goals.euros_per_year))

    def _said(self, archive: Archive, now: int) -> tuple[ContractSaid, date | None]:
        meter = self._config.meter[0].name
        return contract_said(archive, meter, now), HouseholdDays(archive, self._config, meter).first

    async def example(self, contract: str, power: int | None, today: date) -> ExamplePrices | None:
        """The regulated prices of today that come with the program; None for a contract that has none."""
        return await asyncio.to_thread(_example, contract, power, today)

    async def keep(self, new: Tariff, instead_of: date | None = None) -> None:
        """Let it be in force from its day on; instead of the one of another day. ConfigError, StoreError."""
        tariffs: Sequence[Tariff] = self._config.tariff
        if instead_of is not None and instead_of != new.since:
            tariffs = without_tariff(tariffs, instead_of)
        await self._put("tariff", as_tables(with_tariff(tariffs, new)))

    async def remove(self, since: date) -> None:
        """Take the one of that day away; the one before goes on. ConfigError, StoreError."""
        await self._put("tariff", as_tables(without_tariff(self._config.tariff, since)))


def _example(contract: str, power: int | None, today: date) -> ExamplePrices | None:
    if contract not in _EXAMPLES:
        return None
    offer = find_offer(_EXAMPLES[contract], EXAMPLES).offer
    day = newest_day(offer, today)
    since = next(one.since for one in offer.price if one.holds(day))
    old = today - offer.checked > _OLD
    try:
        found = grid(offer, day, power)
    except NotComputable:
        # Not sold at that power, or nobody knows which.
        found = None
    if found is None:
        return ExamplePrices(offer.name, since, offer.checked, old, None, {})
    prices = {word: float(one) for word, one in found.prices.items()}
    return ExamplePrices(offer.name, since, offer.checked, old, float(found.subscription), prices)
