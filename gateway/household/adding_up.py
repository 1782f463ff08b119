"""Whether a household's days add up: each register's spans, the classes in the total, the days in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of, midnight
from gateway.balance.energy import total
from gateway.household.days import HouseholdDays
from gateway.store.spans import DRAWN, is_register

if TYPE_CHECKING:
    from datetime import date

    from gateway.config.tables import Config
    from gateway.store.store import Archive


@dataclass(frozen=True, slots=True)
class AddedUp:
    """The days of one meter, added up.

    Attributes:
        meter: its name in the configuration.
        days: how many days are known.
        drawn: Wh from the grid; None where nothing is known.
        injected: Wh into it.
        estimated: days that are not exact to the watt-hour.
        holes: days of which a part is not known.
        faults: days that do not come to what the register says.
    """

    meter: str
    days: int
    drawn: int | None
    injected: int | None
    estimated: int
    holes: int
    faults: tuple[date, ...]


def add_up(archive: Archive, config: Config) -> list[AddedUp]:
    """The days of each meter of the configuration of which anything is known."""
    return [found for one in config.meter if (found := _of(archive, config, one.name))]


def _of(archive: Archive, config: Config, meter: str) -> AddedUp | None:
    house = HouseholdDays(archive, config, meter)
    if house.first is None or house.last_time is None:
        return None
    end = BalancePeriod.DAY.after(day_of(house.last_time))
    days = house.read(house.first, end)
    summed, bounds = total(days), [midnight(house.first), midnight(end)]
    faults = {one.date for one in days if one.drawn is not None and sum(one.classes.values()) > one.drawn}
    for series in archive.meters.series(meter):
        if is_register(series.path):
            faults.update(map(day_of, archive.ledger.faults(series)))
        # The days by themselves, and all of them as one: the same rows, cut otherwise.
        if series.path == DRAWN and not faults and archive.ledger.slices(series, bounds)[0].wh != (summed.drawn or 0):
            faults.add(house.first)
    estimated = sum(one.estimated for one in days)
    return AddedUp(meter, len(days), summed.drawn, summed.injected, estimated, summed.holes, tuple(sorted(faults)))
