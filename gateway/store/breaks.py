"""Where an index stops going on from what it was, and what it rose by between two moments all the same.

What lies on either side of a break was counted; what spans it is no energy, whatever the difference of the two values
says. Every fact and every break that the reading side tells ends an index, but for the two named here: a kind that is
added later is a break until somebody says otherwise. A counter that began again at zero went on: its rise is known.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from gateway.tic.continuity import HISTORIC_CONTRACT, BreakKind
from gateway.tic.judges import ROLL_OVERS, FactKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# An index at a moment: (POSIX second, Wh).
Mark = tuple[int, int]

# A person read the meter's face, and the index goes on from what it says.
INDEX_SET_BY_HAND = "index-set-by-hand"

# How many seconds the clock went back with a break (``Recorder.tell``): one meter's seconds lie among the other's.
WENT_BACK = "back_s"

# Two samples further apart than this say nothing sure about the index in between, so no half-hour point is made.
MAX_BOUNDARY_GAP_S = 600

# What is no break: a true difference, and what is told of measures.
_GOES_ON = (FactKind.ROLL_OVER, FactKind.OUT_OF_RANGE)
KINDS = (*(kind.value for kind in (*FactKind, *BreakKind) if kind not in _GOES_ON), INDEX_SET_BY_HAND)
# What has to be known of an index; out of all that happened to a meter.
TOLD = (*KINDS, FactKind.ROLL_OVER.value)

_DRAWN = "consumption/energy/active/index"
_CLASS = _DRAWN + "/provider/"
_PARTS = _DRAWN + "/"

# kind, the series it is told of or "", its details, POSIX second.
Told = tuple[int, str, str, "Mapping[str, object]"]


def ends(kind: str, series: str, path: str) -> bool:
    """Whether something of that kind, told of ``series`` (empty: of the meter), ends the index ``path``."""
    if kind not in KINDS:
        return False
    if kind == BreakKind.MODE_SWITCHED.value:
        # The modes name what is drawn otherwise, and add it up otherwise; what is injected only one of them has.
        return path == _DRAWN or path.startswith(_PARTS)
    if kind == BreakKind.CONTRACT_CHANGED.value:
        # Of a historic meter the total is our sum of the contract's indexes; a standard one counts all that it has.
        return path.startswith(_CLASS) or (path == _DRAWN and series == HISTORIC_CONTRACT)
    # A class is a part of the total: where that is not known, the class would be more than the whole.
    return series in ("", path) or (series == _DRAWN and path.startswith(_PARTS))


@dataclass(frozen=True, slots=True)
class Breaks:
    """The breaks of one index.

    Attributes:
        moments: (first second that is after it, last second of before, plus one), in order; one meter's clock goes on
            from another's, so both are mostly the same, and between them nothing is sure.
        rolls: (second from which it began again, units that it has counted until then).
        tops: (second of a step, value before it): what was reckoned to lie between is nothing that a meter said.
        near: moments of the meter's other breaks as well: an index that goes on may go on much later.
    """

    moments: tuple[tuple[int, int], ...] = ()
    rolls: tuple[tuple[int, int], ...] = ()
    tops: tuple[tuple[int, int], ...] = ()
    near: tuple[tuple[int, int], ...] = ()
    _first: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _reach: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the search."""
        object.__setattr__(self, "_first", tuple(first for first, _ in self.moments))
        object.__setattr__(self, "_reach", tuple(accumulate((last for _, last in self.moments), max)))

    @classmethod
    def of(cls, path: str, told: Iterable[Told]) -> Breaks:
        """Those of one index, out of what was told of its meter in order of time."""
        moments, rolls, tops, near = [], [], [], []
        for time, kind, series, detail in told:
            before = detail.get("before")
            if kind == FactKind.ROLL_OVER.value and series == path:
                if (units := units_rolled(kind, detail)) is not None:
                    rolls.append((time, units))
                continue
            back = detail.get(WENT_BACK)
            near.append((time, time + (back if isinstance(back, int) else 0)))
            if ends(kind, series, path):
                moments.append(near[-1])
                if kind == FactKind.INDEX_STEP.value and series == path and isinstance(before, int):
                    tops.append((time, before))
        return cls(tuple(moments), tuple(rolls), tuple(tops), tuple(near))

    def at_half_hours(self) -> Breaks:
        """The same for indexes that were marked at half hours: where the clock went back, none is marked again.

        So a mark that lies among the seconds of both sides is of before, and the half hour that it ends was counted.
        """
        return replace(self, moments=tuple(sorted((last, last) for _, last in self.moments)))

    def between(self, begin: int, end: int) -> bool:
        """Whether what is counted from one moment to a later one spans a break."""
        place = bisect_right(self._first, end)
        return place > 0 and self._reach[place - 1] > begin if begin < end else False

    def rise(self, begin: Mark, end: Mark) -> int | None:
        """What was counted from one mark to a later one; None where a break, or a fall, lies between them."""
        if self.moments and self.between(begin[0], end[0]):
            return None
        rise = end[1] - begin[1]
        if self.rolls:
            rise += sum(units for time, units in self.rolls if begin[0] < time <= end[0])
        return rise if rise >= 0 else None

    def is_false(self, mark: Mark) -> bool:
        """Whether a mark at a half hour was reckoned across a step, as former versions did."""
        time, value = mark
        return any(step - MAX_BOUNDARY_GAP_S <= time < step and value > before for step, before in self.tops)


def units_rolled(kind: str, detail: Mapping[str, object]) -> int | None:
    """After how many units a counter that began again does so: the least that it had not reached; None of others."""
    before, after = detail.get("before"), detail.get("after")
    if kind != FactKind.ROLL_OVER.value or not isinstance(before, int) or not isinstance(after, int):
        return None
    return next((units for units in sorted(ROLL_OVERS) if max(before, after) < units), max(ROLL_OVERS))
