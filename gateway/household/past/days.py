"""Days from before the installation, of imported points, where the meter itself said nothing.

A day of which the meter has said anything is the meter's: what was imported of it serves to be compared, and is not
shown. A day is the difference of two indexes, else the sum of its curve, else its daily value; never a share of more.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from gateway.balance.energy import DayEnergy
from gateway.household.past.checks import PastEvidence
from gateway.household.past.clock import local_day, midnight_of
from gateway.household.past.values import CONSUMPTION, CURVE, DAILY, INDEX, PRODUCTION, PastPoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.store.imports import ImportedRow, Imports
    from gateway.store.ledger import Ledger
    from gateway.store.meters import Meters

_DAY = timedelta(days=1)


class PastDayParts(Protocol):
    """The parts of the store that past days are reckoned of."""

    ledger: Ledger
    meters: Meters

    @property
    def imports(self) -> Imports:
        """What was imported."""


class PastDays:
    """The imported days of one meter.

    Args:
        stored: the parts of the store that it reads.
        meter: its name.
    """

    def __init__(self, stored: PastDayParts, meter: str) -> None:
        self._stored, self._meter = stored, meter
        ends = stored.imports.ends(meter)
        self.first: date | None = local_day(ends[0]) if ends else None
        self._last = local_day(ends[1]) if ends else None

    def read(self, first: date, end: date) -> list[DayEnergy]:
        """The days of ``[first, end)`` of which something was imported, and of which the meter said nothing."""
        if self.first is None or self._last is None:
            return []
        first, end = max(first, self.first), min(end, self._last + _DAY)
        if first >= end:
            return []
        days = [first + timedelta(days=place) for place in range((end - first).days)]
        bounds = [midnight_of(day) for day in [*days, end]]
        own = [self._touched(direction, bounds) for direction in (CONSUMPTION, PRODUCTION)]
        drawn, injected = (self._known(direction, bounds) for direction in (CONSUMPTION, PRODUCTION))
        found = []
        for place, day in enumerate(days):
            here, there = drawn[place], injected[place]
            if here is not None and not any(one[place] for one in own):
                wh, whole = here
                given = there[0] if there else None
                found.append(DayEnergy(day, wh, injected=given, whole=whole, imported=True))
        return found

    def _touched(self, direction: str, bounds: Sequence[int]) -> list[bool]:
        """Of each day whether the meter itself has said anything of it."""
        register = self._stored.meters.named(self._meter, f"{direction}/{INDEX}")
        if register is None:
            return [False] * (len(bounds) - 1)
        return [bool(one.covered) for one in self._stored.ledger.slices(register, bounds)]

    def _known(self, direction: str, bounds: Sequence[int]) -> list[tuple[int, bool] | None]:
        """Wh of each day, and whether it is all of it."""
        curve, indexes, daily = (
            [PastPoint(*row[:4]) for row in self._rows(f"{direction}/{kind}", bounds[0], bounds[-1])]
            for kind in (CURVE, INDEX, DAILY)
        )
        known = PastEvidence(curve, indexes, daily)
        parts: dict[date, int] = {}
        for point in known.curve.points:
            day = local_day(point.start)
            parts[day] = parts.get(day, 0) + point.value * point.step
        found: list[tuple[int, bool] | None] = []
        for start, end in pairwise(bounds):
            day, whole = local_day(start), known.curve.between(start, end)
            exact = known.reference(day)
            if exact is not None and (whole is None or exact[1] <= 2):
                found.append((exact[0], True))
            elif whole is not None:
                found.append((round(whole), True))
            else:
                found.append((parts[day] // 3600, False) if day in parts else None)
        return found

    def _rows(self, path: str, start: int, end: int) -> Iterator[ImportedRow]:
        return self._stored.imports.points(self._meter, path, start, end + 1)
