"""What a house drew between two moments, cut as finely as what is stored allows: by quarters, then by minutes.

The hours of an offer may begin at 02:56. Of the quarter hour around it the index at that minute is known for as long as
minutes are kept. After that the indexes of the classes say it, where the meter itself went from one to the other then;
else the quarter is shared out by time, and how much was so is counted.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of
from gateway.household.past.tiling import Energies
from gateway.household.past.values import CONSUMPTION, CURVE, PastPoint
from gateway.store.ledger import LedgerRow, part_before
from gateway.store.points import Granularity
from gateway.store.spans import DRAWN, QUARTER_S, Evidence

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from gateway.household.days import HouseholdDays
    from gateway.store.points import Series
    from gateway.store.store import Archive

# As many classes as there are beside a change; and what cutting each index to whole watt-hours comes to.
_TWO, _CUT_WH = 2, 2
_LONGEST_STEP_S = 3600


@dataclass(frozen=True, slots=True)
class MeteredParts:
    """Wh between each two successive moments; ``shared`` of them were shared out by time.

    ``silences``: those of the moments that lie in more than an hour of which nothing but its whole is known.
    """

    wh: tuple[int, ...]
    shared: int
    silences: frozenset[int] = frozenset()


class ImportedCurve:
    """A load curve from before the installation, of others' files: hours of an offer may cut its steps.

    Args:
        archive: the database.
        meter: its name.
        bounds: the midnights of the days that may be asked for.
    """

    def __init__(self, archive: Archive, meter: str, bounds: Sequence[int]) -> None:
        rows = archive.imports.points(meter, f"{CONSUMPTION}/{CURVE}", bounds[0], bounds[-1]) if bounds else ()
        curve = Energies(PastPoint(*row[:4]) for row in rows if row.step <= _LONGEST_STEP_S)
        self._steps = curve.points
        self._begins = [one.start for one in self._steps]
        # Watt-seconds from the first step to the beginning of each.
        self._sums = list(accumulate((one.value * one.step for one in self._steps), initial=0))
        pairs = pairwise(bounds)
        self.days = {day_of(begin): whole for begin, end in pairs if (whole := curve.between(begin, end)) is not None}

    def between(self, begin: int, end: int) -> int:
        """Wh between two moments of days that are known: exact in sum, shared out by time within a step."""
        return self._until(end) - self._until(begin)

    def cut(self, moment: int) -> tuple[int, int] | None:
        """The step in which a moment lies, and its Wh; None at the end of one."""
        step = self._steps[max(bisect_right(self._begins, moment) - 1, 0)]
        inside = step.start < moment < step.start + step.step
        return (step.start, step.value * step.step // 3600) if inside else None

    def _until(self, moment: int) -> int:
        place = max(bisect_right(self._begins, moment) - 1, 0)
        step = self._steps[place]
        return (self._sums[place] + step.value * min(moment - step.start, step.step)) // 3600


class MeteredEnergy:
    """The energy drawn from the grid of one meter, and before it was heard that of an imported curve.

    Args:
        archive: the database.
        house: the days of the meter.
        imported: the curve, and of which days it counts.
    """

    def __init__(
        self, archive: Archive, house: HouseholdDays, imported: ImportedCurve, days: Collection[date] = ()
    ) -> None:
        self._archive, self._house = archive, house
        self._imported, self._days = imported, days
        self._index = archive.meters.named(house.meter, DRAWN)

    def between(self, bounds: Sequence[int], own: Collection[int] = ()) -> MeteredParts:
        """What was drawn between each two successive ``bounds`` (POSIX seconds, in order, all different).

        At the moments of ``own`` the meter goes from one of its classes to another.
        """
        wh = [one.wh for one in self._house.drawn(bounds)]
        # Files may be imported before the meter was ever heard.
        across = self._archive.ledger.across(self._index, bounds) if self._index else {}
        shared = self._cut(self._index, bounds, across, own, wh) if self._index else {}
        if self._days:
            shared |= self._take_imported(bounds, wh)
        silences = (bound for bound, row in across.items() if row.until - row.start > _LONGEST_STEP_S)
        return MeteredParts(tuple(wh), sum(shared.values()), frozenset(silences))

    def _cut(
        self,
        index: Series,
        bounds: Sequence[int],
        across: Mapping[int, LedgerRow],
        own: Collection[int],
        wh: list[int],
    ) -> dict[int, int]:
        """Put in what is known within the quarter hours that ``bounds`` cut; which of them were shared out."""
        shared: dict[int, int] = {}
        places = {bound: place for place, bound in enumerate(bounds)}
        for bound, row in across.items():
            known = self._at(index, bound, row)
            if known is None and bound in own:
                known = self._by_classes(row)
            if known is None:
                shared[row.start] = row.wh
                continue
            more, place = known - row.value - part_before(row, bound), places[bound]
            if place:
                wh[place - 1] += more
            if place < len(wh):
                wh[place] -= more
        return shared

    def _take_imported(self, bounds: Sequence[int], wh: list[int]) -> dict[int, int]:
        """Put in what the curve says of its days; which steps were shared out."""
        shared: dict[int, int] = {}
        for place, (begin, end) in enumerate(pairwise(bounds)):
            if day_of(begin) in self._days:
                wh[place] = self._imported.between(begin, end)
                shared |= dict(cut for moment in (begin, end) if (cut := self._imported.cut(moment)))
        return shared

    def _at(self, index: Series, moment: int, row: LedgerRow) -> int | None:
        """The index at a moment within a quarter hour, as its minutes say it; None where they do not."""
        if row.evidence != Evidence.MEASURED or row.until - row.start > QUARTER_S:
            return None
        minutes = self._archive.readings.values(index, Granularity.MINUTE, row.start, row.until)
        if not minutes:
            return None
        said = [value for time, value in minutes if time < moment and isinstance(value, int)]
        found = said[-1] if said else row.value
        return found if row.value <= found <= row.value + row.wh else None

    def _by_classes(self, row: LedgerRow) -> int | None:
        """The index where the class changes within a quarter hour: what the class of before counted in it."""
        if row.evidence != Evidence.MEASURED or row.until - row.start > QUARTER_S:
            return None
        before, within = self._house.classes([row.start - QUARTER_S, row.start, row.until])
        if len(before) != 1 or len(within) > _TWO or abs(sum(within.values()) - row.wh) > _CUT_WH:
            return None
        (word,) = before
        return row.value + min(within.get(word, 0), row.wh)
