"""The pictures of the places: steps of half hours as SVG paths, all on one axis and one scale, gaps left open.

Across one is a half hour, downwards a thousandth of the height; the style sheet says how large it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.calendar import days as days_of
from gateway.balance.calendar import midnight
from gateway.balance.self_use import STEP_S
from gateway.web import written
from gateway.web.history.bars import Tick, step_of
from gateway.web.history.chart import hour_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.household.places import PlaceCurve
    from gateway.web.places.measure import PlaceMeasure
    from gateway.web.places.values import PlacesSeen

_HIGH = 1000
# A quiet house shall not look like a busy one: what the axis reaches at least, in its unit.
_LEAST = {"kwh": 0.04, "w": 80.0, "person": 10.0, "m2": 0.1}


@dataclass(frozen=True, slots=True)
class PlaceAxis:
    """What all pictures share: ``scale`` from above, in per cent of the height; ``days`` where one ends, in half hours.

    ``top`` is the amount at the upper edge.
    """

    count: int
    top: float
    scale: Sequence[tuple[float, float]]
    places: int
    ticks: Sequence[Tick]
    days: Sequence[int]
    weekends: Sequence[tuple[int, int]]

    def y(self, amount: float) -> float:
        """Thousandths of the height from above."""
        return round(_HIGH * (1 - amount / self.top), 1)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One curve: what is filled under it, its line, and where nobody knows or somebody reckoned: (first, how many)."""

    area: str
    line: str
    gaps: Sequence[tuple[int, int]]
    estimated: Sequence[tuple[int, int]]


def axis(seen: PlacesSeen, measure: PlaceMeasure, lang: str) -> PlaceAxis:
    """One axis for all places of which the measure can be told."""
    reached = max(
        (
            measure.of_half_hour(one.place, half.wh)
            for one in seen.curves
            if measure.fits(one.place)
            for half in one.half_hours.values()
        ),
        default=0.0,
    )
    reached = max(reached, _LEAST.get(measure.key, 1.0))
    step = step_of(reached)
    parts = max(math.ceil(reached / step - 1e-9), 1)
    week = seen.period == "week"
    days = [(midnight(day) - seen.begin) // STEP_S for day in days_of(seen.first, seen.end)] if week else []
    count = (seen.until - seen.begin) // STEP_S
    return PlaceAxis(
        count=count,
        top=parts * step,
        scale=[(n * step, 100 * (1 - n / parts)) for n in range(parts, -1, -1)],
        places=max(0, -math.floor(math.log10(step) + 1e-9)),
        ticks=_weekdays(seen, days, count, lang) if week else hour_ticks(seen.begin, seen.until),
        days=days[1:],
        weekends=[(days[5], count - days[5])] if week else [],
    )


def _weekdays(seen: PlacesSeen, starts: Sequence[int], count: int, lang: str) -> list[Tick]:
    ends = [*starts[1:], count]
    named = zip(days_of(seen.first, seen.end), starts, ends, strict=True)
    return [Tick(50 * (start + end) / count, written.weekday(lang, day)) for day, start, end in named]


def drawn(seen: PlacesSeen, curve: PlaceCurve, measure: PlaceMeasure, on: PlaceAxis) -> Drawn:
    """The curve of one place."""
    known = {
        (time - seen.begin) // STEP_S: on.y(measure.of_half_hour(curve.place, half.wh))
        for time, half in curve.half_hours.items()
    }
    area, line = [], []
    for first, length in runs(known):
        # Each half hour is a step; a level that goes on is one stroke.
        levels = [known[first + n] for n in range(length)]
        steps = [
            f"V{level:g}H{first + n + 1}" for n, level in enumerate(levels) if n + 1 == length or levels[n + 1] != level
        ]
        area.append(f"M{first} {_HIGH}{''.join(steps)}V{_HIGH}z")
        line.append(f"M{first} {levels[0]:g}{''.join(steps)}")
    over = (seen.over - seen.begin) // STEP_S
    reckoned = [(time - seen.begin) // STEP_S for time, half in curve.half_hours.items() if half.estimated]
    return Drawn("".join(area), "".join(line), runs({*range(over)} - known.keys()), runs(reckoned))


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers that follow one another as (first, how many)."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and sum(found[-1]) == number:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((number, 1))
    return found
