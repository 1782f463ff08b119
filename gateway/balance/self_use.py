"""What of its own production a household uses itself, on one step for everything: the half hour (PT30M).

Of its own panels it uses what it produced and did not inject. Of a shared roof (collective self-consumption) it uses
its part up to what it drew from the grid in the same half hour. The distributor settles by quarters: what two of them
come to is never more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

STEP_S = 1800


@dataclass(frozen=True, slots=True)
class SelfUse:
    """Wh over ``half_hours`` in which all was known: drawn, produced here, own part of a shared production, used.

    In ``estimated`` of the half hours the part was not measured to the watt-hour.
    """

    half_hours: int = 0
    drawn: int = 0
    produced: int = 0
    shared: int = 0
    used: int = 0
    used_shared: int = 0
    estimated: int = 0

    @classmethod
    def added(cls, uses: Sequence[SelfUse]) -> SelfUse:
        """All of them together."""
        return cls(
            half_hours=sum(use.half_hours for use in uses),
            drawn=sum(use.drawn for use in uses),
            produced=sum(use.produced for use in uses),
            shared=sum(use.shared for use in uses),
            used=sum(use.used for use in uses),
            used_shared=sum(use.used_shared for use in uses),
            estimated=sum(use.estimated for use in uses),
        )

    @property
    def self_consumed(self) -> float | None:
        """The share of the production that was used at home (taux d'autoconsommation), 0 to 1."""
        produced = self.produced + self.shared
        return (self.used + self.used_shared) / produced if produced else None

    @property
    def self_sufficient(self) -> float | None:
        """The share of what was used at home that was produced (taux d'autoproduction), 0 to 1."""
        consumed = self.drawn + self.used
        return (self.used + self.used_shared) / consumed if consumed else None


def self_uses(
    bounds: Sequence[int],
    drawn: Mapping[int, int],
    injected: Mapping[int, int],
    produced: Sequence[Mapping[int, int]],
    shared: Sequence[Mapping[int, int]],
    estimated: Collection[int] = (),
) -> list[SelfUse | None]:
    """The self-use between each two successive ``bounds``; None where no half hour is known.

    Each mapping is POSIX second of the half hour -> Wh. A half hour counts when every one of them knows it;
    ``injected`` is asked only where there is a ``produced``. ``estimated`` are the half hours of which a part of
    ``shared`` is.
    """
    asked = [drawn, *([injected] if produced else []), *produced, *shared]
    known = sorted(set(asked[0]).intersection(*asked[1:]))
    found: list[SelfUse | None] = []
    place = 0
    for begin, end in pairwise(bounds):
        count = taken = made = part = used = used_shared = unsure = 0
        while place < len(known) and known[place] < end:
            time = known[place]
            place += 1
            if time < begin:
                continue
            own, others = sum(one[time] for one in produced), sum(one[time] for one in shared)
            count, taken, made, part = count + 1, taken + drawn[time], made + own, part + others
            used += max(0, own - injected[time]) if produced else 0
            used_shared += min(others, drawn[time])
            unsure += time in estimated
        found.append(SelfUse(count, taken, made, part, used, used_shared, unsure) if count else None)
    return found
