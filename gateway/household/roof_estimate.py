"""An estimated roof over one's own last twelve months: what it would have made, and how much of that was used at home.

What the house drew is taken by half hours that are known to the watt-hour; before the installation by those of imported
files, and by their hours where they have nothing finer. Whatever is not known is left out, and how much is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of, days, midnight, periods, same_day
from gateway.balance.roof_year import DrawnCell, RoofSums, by_month, made_until, total_of, used_of
from gateway.balance.self_use import STEP_S
from gateway.balance.tariff import in_force
from gateway.household.past.tiling import Energies
from gateway.household.past.values import CONSUMPTION, CURVE, PastPoint
from gateway.household.roof_prices import RoofPricing
from gateway.store.spans import DRAWN

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from gateway.config.tables import Config
    from gateway.household.climate_file import ClimateFile
    from gateway.household.days import HouseholdDays
    from gateway.household.roof_prices import RoofPrices
    from gateway.store.store import Archive

_ONE = timedelta(days=1)
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class RoofEstimate:
    """A roof over the days ``[first, end)`` of a meter.

    Attributes:
        file: what was laid over them.
        made: Wh of all these days, also of those of which the consumption is not known; the mean of the file's years.
        months: first day -> what is known of it, None where nothing is.
        by_year: year of the file -> Wh made, and used at home, in what is known.
        by_hours: seconds in which the consumption is known by the hour alone.
        imported: seconds in which it is of imported files.
        prices: None without a tariff that is in force.
    """

    meter: str
    first: date
    end: date
    file: ClimateFile
    made: Fraction
    months: dict[date, RoofSums | None]
    by_year: dict[int, tuple[int, int]]
    by_hours: int
    imported: int
    prices: RoofPrices | None

    @property
    def total(self) -> RoofSums:
        """All that is known."""
        return total_of([one for one in self.months.values() if one])


def estimate(
    archive: Archive, house: HouseholdDays, config: Config, file: ClimateFile, today: date
) -> RoofEstimate | None:
    """The roof over the last twelve months of whole days; None where no day of the meter is over."""
    ends = archive.imports.ends(house.meter)
    if house.last_time is None and ends is None:
        return None
    end = min(today, day_of(max(house.last_time or 0, min(ends[1], midnight(today)) if ends else 0)))
    first = same_day(end, end.year - 1)
    cells, imported = _Drawn(archive, house).cells(first, end)
    years = [used_of(roof, cells) for roof in file.years]
    known = by_month(cells, years)
    span = [midnight(first), midnight(end)]
    made = [until - begin for begin, until in (made_until(roof, span) for roof in file.years)]
    tariff = in_force(config.tariff, today)
    return RoofEstimate(
        meter=house.meter,
        first=first,
        end=end,
        file=file,
        made=Fraction(sum(made), len(made)),
        months={month: known.get(month) for month in periods(BalancePeriod.MONTH, first, end)},
        by_year={roof.year: _sums(one) for roof, one in zip(file.years, years, strict=True)},
        by_hours=sum(cell.end - cell.begin for cell in cells if cell.end - cell.begin > STEP_S),
        imported=sum(cell.end - cell.begin for cell in cells if day_of(cell.begin) in imported),
        prices=RoofPricing(archive, house, config, tariff, imported).prices(cells, years) if tariff else None,
    )


def _sums(of_cells: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(made for made, _ in of_cells), sum(used for _, used in of_cells)


class _Drawn:
    """What a meter drew, by the finest cells that a balance can be reckoned in."""

    def __init__(self, archive: Archive, house: HouseholdDays) -> None:
        self._archive, self._house = archive, house
        self._index = archive.meters.named(house.meter, DRAWN)

    def cells(self, first: date, end: date) -> tuple[list[DrawnCell], Collection[date]]:
        """The cells that are known, in order, and on which days they are of imported files."""
        dates = list(days(first, end))
        bounds = [*map(midnight, dates), midnight(end)]
        metered = self._archive.ledger.steps(self._index, bounds[0], bounds[-1], STEP_S) if self._index else {}
        # Of a day of which the meter has said anything its own word counts alone.
        slices = self._house.drawn(bounds)
        silent = {day for day, one in zip(dates, slices, strict=True) if not one.covered}
        rows = self._archive.imports.points(self._house.meter, f"{CONSUMPTION}/{CURVE}", bounds[0], bounds[-1])
        curve = Energies(PastPoint(*row[:4]) for row in rows if row.step <= _HOUR_S)
        found: list[DrawnCell] = []
        imported = set()
        for place, day in enumerate(dates):
            month, begin, until = day.replace(day=1), bounds[place], bounds[place + 1]
            if day in silent:
                more = _of_curve(curve, month, begin, until)
                if more:
                    imported.add(day)
            else:
                halves = range(begin, until, STEP_S)
                more = [DrawnCell(month, at, at + STEP_S, metered[at]) for at in halves if at in metered]
            found += more
        return found, imported


def _of_curve(curve: Energies, month: date, begin: int, until: int) -> list[DrawnCell]:
    """Half hours of an imported curve, and its hours where nothing finer is known: none is cut in two."""
    found: list[DrawnCell] = []
    for hour in range(begin, until, _HOUR_S):
        halves = [(at, curve.between(at, at + STEP_S)) for at in (hour, hour + STEP_S)]
        known = [DrawnCell(month, at, at + STEP_S, round(wh)) for at, wh in halves if wh is not None]
        whole = None if known else curve.between(hour, hour + _HOUR_S)
        found += known if whole is None else [DrawnCell(month, hour, hour + _HOUR_S, round(whole))]
    return found
