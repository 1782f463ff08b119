"""One's own yesterday as a recipient would have seen it: the same minutes, ever coarser, each as a small curve.

Means of what the minutes of the power say; all curves of a day have one scale, so that what is lost on the way is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.points import Granularity, under

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

# Of each picture: a unit of its width is a minute.
HEIGHT = 100
_MINUTE_S = 60
_DRAWN = ("consumption/energy", "consumption/power", "power/active")
_INJECTED = ("production/energy", "production/power")


@dataclass(frozen=True, slots=True)
class Grain:
    """The day at one granularity: what lies below its curve, and its highest period.

    Args:
        area: the ``d`` of a path, ``HEIGHT`` high and as wide as the day has minutes; a gap is a gap.
        peak_va: the mean of the highest period, in VA.
        since, until: of that period, POSIX seconds.
    """

    area: str
    peak_va: float
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Yesterday:
    """What is known of the whole day before today.

    Args:
        day: which one.
        begin, end: of it, POSIX seconds.
        minutes: first second -> mean of the minute in VA, drawn from the grid or injected; never empty.
        wh: what the meter's index counted of it meanwhile; None where that is not known.
        injected: whether it is of what was injected.
        meter: whose day it is, where the house has several that may be meant; else empty.
    """

    day: date
    begin: int
    end: int
    minutes: Mapping[int, float]
    wh: int | None = None
    injected: bool = False
    meter: str = ""

    @property
    def marks(self) -> list[int]:
        """The quarters of the day, as POSIX seconds: of 23 or 25 hours none of those within is at a full hour."""
        return [self.begin + quarter * (self.end - self.begin) // 4 for quarter in range(5)]

    @property
    def width(self) -> int:
        """Minutes of the day: 23, 24 or 25 hours."""
        return (self.end - self.begin) // _MINUTE_S

    def at(self, code: str) -> Grain:
        """The day as one sees it who is given so much, and nothing finer; every value is shown by its minutes."""
        grain = Granularity.parse(code)
        # A day of 25 hours is one value as well.
        step = self.end - self.begin if grain is Granularity.DAY else max(int(grain), _MINUTE_S)
        means = list(self._means(step))
        since, peak = max(means, key=lambda one: one[1])
        return Grain(self._area(means, step), peak, since, min(since + step, self.end))

    def _means(self, step: int) -> Iterator[tuple[int, float]]:
        for since in range(self.begin, self.end, step):
            known = [self.minutes[t] for t in range(since, min(since + step, self.end), _MINUTE_S) if t in self.minutes]
            if known:
                yield since, sum(known) / len(known)

    def _area(self, means: Sequence[tuple[int, float]], step: int) -> str:
        # A house that drew nothing all day has a line too, at the bottom.
        top = max(*self.minutes.values(), 1.0)
        path: list[str] = []
        pen, height = -1, HEIGHT
        for since, va in means:
            left, y = (since - self.begin) // _MINUTE_S, HEIGHT - round(HEIGHT * va / top)
            if left != pen:
                path += ([f"V{HEIGHT}Z"] if path else []) + [f"M{left} {HEIGHT}V{y}"]
            elif y != height:
                path.append(f"V{y}")
            else:
                # At the same height the line only becomes longer.
                path.pop()
            pen, height = min(left + step // _MINUTE_S, self.width), y
            path.append(f"H{pen}")
        return "".join((*path, f"V{HEIGHT}Z"))


def counts_energy(branches: Sequence[str], way: str) -> bool:
    """Whether data tell the energy that was ``drawn`` or ``injected``; of a power's day there is a mean, and no sum."""
    path = (_DRAWN if way == "drawn" else _INJECTED)[0]
    return any(under(branch, path) or under(path, branch) for branch in branches)


def way_of(branches: Sequence[str]) -> str | None:
    """Whether data tell what was ``drawn`` or ``injected``; None where there is no such curve to show of them."""
    for way, paths in (("drawn", _DRAWN), ("injected", _INJECTED)):
        if any(under(branch, path) or under(path, branch) for branch in branches for path in paths):
            return way
    return None
