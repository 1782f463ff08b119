"""What the next hour costs at the power of the last minutes: one answer for the page, the chat and the command line.

What is billed is active power, which a Linky says only as an index that rises. Its volt-amperes (SINSTS, PAPP) are more
than that, often twice as much in a house that sleeps, and have no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of
from gateway.balance.tariff import Tariff, in_force, per_hour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from gateway.household.days import HouseholdDays


@dataclass(frozen=True, slots=True)
class ThisHour:
    """Mean W of the last five minutes, the class of now, the euros of an hour at that and of a kWh; None if unknown."""

    watts: int | None
    word: str | None
    euros: Fraction | None
    price: Fraction | None = None


def this_hour(house: HouseholdDays, tariffs: Sequence[Tariff], now: float) -> ThisHour:
    """The hour that begins at ``now`` (POSIX seconds)."""
    watts, word, tariff = house.watts_now(int(now)), house.class_now(int(now)), in_force(tariffs, day_of(now))
    if tariff is None or word is None:
        return ThisHour(watts, word, None)
    price = per_hour(tariff, word, 1000)
    return ThisHour(watts, word, None if watts is None else per_hour(tariff, word, watts), price)
