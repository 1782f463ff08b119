"""Which totals of one half hour may be shown together: no sum or difference of them is of less than ten homes.

Homes that used nothing hide nobody: ten are ten that used something, or all used nothing.

Values only. What is shown cuts the homes into parts: those that are in the same shown segments. Whatever anybody
reckons from the totals counts all homes of a part alike, so it is enough that every part is safe by itself. A segment
whose showing would make an unsafe part is left out: with the whole and all segments but a small one that is one more,
the smallest of those that are large enough. Segments may overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEWEST = 10
# Who takes a total for that of its largest home is wrong by as much as that home used, or more.
MOST_SHARE = 0.5
# The second largest home, which knows its own, is left with a tenth of the largest that it does not know (p% rule).
LEAST_REST = 0.1


@dataclass(frozen=True, slots=True)
class HomeGroup:
    """Homes that are in the same segments (their numbers), their energy in Wh, that of the two largest.

    ``using`` is how many of them have more than none.
    """

    segments: frozenset[int]
    homes: int
    using: int
    energy: float
    largest: tuple[float, ...]

    def with_other(self, other: HomeGroup) -> HomeGroup:
        """Both together, in the segments of this one."""
        largest = tuple(sorted(self.largest + other.largest, reverse=True)[:2])
        homes, using = self.homes + other.homes, self.using + other.using
        return HomeGroup(self.segments, homes, using, self.energy + other.energy, largest)

    @property
    def is_safe(self) -> bool:
        """Whether its sum may be known."""
        first, second = (*self.largest, 0.0, 0.0)[:2]
        rest = self.energy - first - second
        hidden = self.using or self.homes
        return hidden >= FEWEST and first <= MOST_SHARE * self.energy and rest >= LEAST_REST * first


@dataclass(frozen=True, slots=True)
class ShownTotal:
    """What may be shown of a segment."""

    segment: int
    homes: int
    energy: float


def shown(parts: Sequence[HomeGroup], order: Iterable[int]) -> list[ShownTotal]:
    """The totals that may be shown together; of two that exclude each other the one that is first in ``order``."""
    bits = {segment: 1 << place for place, segment in enumerate(order)}
    marked = [(sum(bits.get(segment, 0) for segment in part.segments), part) for part in parts]
    found, already = [], 0
    for segment, bit in bits.items():
        inside = [part for mask, part in marked if mask & bit]
        if inside and _is_safe(marked, already | bit):
            already |= bit
            found.append(ShownTotal(segment, sum(p.homes for p in inside), sum(p.energy for p in inside)))
    return found


def _is_safe(marked: Iterable[tuple[int, HomeGroup]], segments: int) -> bool:
    """Whether all parts are into which some segments, a bit each, cut the homes that are in any of them."""
    met = [(mask & segments, part) for mask, part in marked if mask & segments]
    homes: dict[int, int] = {}
    for mask, part in met:
        homes[mask] = homes.get(mask, 0) + part.homes
    # Most that is left out is too small, and soon counted.
    if min(homes.values(), default=FEWEST) < FEWEST:
        return False
    cut: dict[int, HomeGroup] = {}
    for mask, part in met:
        cut[mask] = cut[mask].with_other(part) if mask in cut else part
    return all(part.is_safe for part in cut.values())
