"""What the page *tariff* shows, as values: the tariffs with their dates, what the meter says, example prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from gateway.balance.tariff import Tariff
    from gateway.household.contract import ContractSaid


@dataclass(frozen=True, slots=True)
class TariffsKnown:
    """What is known of a household's tariffs.

    Attributes:
        tariffs: by date.
        said: by the meter.
        first: the first day of which energy is known.
        today: by the clock of the house.
        needed: an objective is in euros, which takes a tariff.
    """

    tariffs: Sequence[Tariff]
    said: ContractSaid
    first: date | None
    today: date
    needed: bool


@dataclass(frozen=True, slots=True)
class ExamplePrices:
    """Prices of the regulated offer, to be compared with the bill.

    Attributes:
        name: as the supplier calls the offer.
        since: from when on they were asked for.
        checked: when a person last read them; ``old`` where that is half a year ago.
        subscription: euros a month; None, and no ``prices``, where there is none for that power.
        prices: class -> euros a kWh.
    """

    name: str
    since: date
    checked: date
    old: bool
    subscription: float | None
    prices: Mapping[str, float]
