"""Points of a curve laid side by side, none over another; what they come to between any two of their ends.

Of different steps over the same time the finer ones count where they are all there: three tens of minutes are a half
hour exactly, and an hour stays an hour.
"""

from __future__ import annotations

from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.household.past.values import PastPoint

_FINEST = 300


def tiled(points: Iterable[PastPoint]) -> list[PastPoint]:
    """The points that count, in order."""
    kept: dict[int, PastPoint] = {}
    ordered = sorted(points, key=attrgetter("step", "start"))
    finest = ordered[0].step if ordered else 0
    for point in ordered:
        # Of the finest step there is nothing finer.
        below = range(point.start, point.start + point.step, _FINEST) if point.step > finest else ()
        within = [kept[at] for at in below if at in kept]
        if within and sum(one.step for one in within) == point.step:
            continue
        for one in within:
            del kept[one.start]
        kept[point.start] = point
    found: list[PastPoint] = []
    for start in sorted(kept):
        if not found or start >= found[-1].start + found[-1].step:
            found.append(kept[start])
    return found


class Energies:
    """What a curve comes to between two moments, where all of it is known.

    Args:
        points: of one curve; of several steps.
    """

    def __init__(self, points: Iterable[PastPoint]) -> None:
        self.points = tiled(points)
        # Each end of a step -> in which unbroken run it lies, and the watt-seconds from the beginning of all to there.
        self._known: dict[int, tuple[int, int]] = {}
        run, total, reached = 0, 0, None
        for point in self.points:
            if point.start != reached:
                run += 1
                self._known[point.start] = run, total
            total += point.value * point.step
            reached = point.start + point.step
            self._known[reached] = run, total

    def between(self, start: int, end: int) -> Fraction | None:
        """Wh; None where a part is not known, or a bound lies within a step."""
        low, high = self._known.get(start), self._known.get(end)
        if low is None or high is None or low[0] != high[0]:
            return None
        return Fraction(high[1] - low[1], 3600)
