"""What steps come to over a month, exactly: sums of fractions of which each step has another denominator.

They are added two by two, as equal in size as can be: a month of 2,976 steps of a thousand members takes a second,
where one after the other would take minutes. Nothing is rounded but what is shown, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.operation.keys import Split, Wh


@dataclass(frozen=True, slots=True)
class ExactEnergy:
    """Wh × ``over``."""

    count: int
    over: int

    @property
    def fraction(self) -> Fraction:
        """The same in Wh."""
        return Fraction(self.count, self.over)

    @property
    def rounded(self) -> int:
        """To the nearest Wh, a half up."""
        return (2 * self.count + self.over) // (2 * self.over)


class ExactSums:
    """Sums of as many numbers as there are in each call of ``add``."""

    def __init__(self, count: int) -> None:
        self._count = count
        # How many were added up, over what, to what: each at least twice as many as the next.
        self._parts: list[tuple[int, int, list[int]]] = []

    def add(self, over: int, numbers: list[int]) -> None:
        """One more of each, all × ``over``."""
        self._parts.append((1, over, numbers))
        while len(self._parts) > 1 and self._parts[-2][0] <= self._parts[-1][0]:
            self._join()

    def totals(self) -> list[ExactEnergy]:
        """What they come to."""
        while len(self._parts) > 1:
            self._join()
        _, over, numbers = self._parts[0] if self._parts else (0, 1, [0] * self._count)
        return [ExactEnergy(number, over) for number in numbers]

    def _join(self) -> None:
        (many, one_over, ones), (more, other_over, others) = self._parts[-2:]
        over = lcm(one_over, other_over)
        some, other = over // one_over, over // other_over
        if some == other == 1:
            numbers = [a + b for a, b in zip(ones, others, strict=True)]
        else:
            numbers = [a * some + b * other for a, b in zip(ones, others, strict=True)]
        self._parts[-2:] = [(many + more, over, numbers)]


@dataclass(frozen=True, slots=True)
class MemberTotal:
    """Of one member: the steps that are known, those that are not, and Wh over the former alone."""

    steps: int
    unknown: int
    drawn: int
    shared: ExactEnergy

    @property
    def complement(self) -> int:
        """What its own supplier sold it, in Wh: what was drawn less the share as it is shown."""
        return self.drawn - self.shared.rounded


@dataclass(frozen=True, slots=True)
class ProducerTotal:
    """Of one producer: the same, with what was injected and what of it was left (surplus)."""

    steps: int
    unknown: int
    produced: int
    left: ExactEnergy

    @property
    def shared(self) -> int:
        """What of it went to members, in Wh: what was injected less the surplus as it is shown."""
        return self.produced - self.left.rounded


class OperationTotals:
    """Adds steps up for all members and producers that an operation ever had, each by its place."""

    def __init__(self, members: int, producers: int) -> None:
        self._shares, self._left = ExactSums(members), ExactSums(producers)
        self._drawn, self._produced = [0] * members, [0] * producers
        self._of_members, self._of_producers = _Steps(members), _Steps(producers)

    def add(
        self,
        split: Split,
        produced: Sequence[Wh],
        drawn: Sequence[Wh],
        members: Sequence[int],
        producers: Sequence[int],
    ) -> None:
        """One step; ``members`` and ``producers`` say whose the values are."""
        shares = self._of_members.known(split.shares, drawn, members, self._drawn)
        self._shares.add(split.over, shares)
        left = self._of_producers.known(split.left, produced, producers, self._produced)
        self._left.add(split.over_left, left)

    def members(self) -> list[MemberTotal]:
        """In their order."""
        steps = self._of_members.counted()
        return [
            MemberTotal(*one, drawn, shared)
            for one, drawn, shared in zip(steps, self._drawn, self._shares.totals(), strict=True)
        ]

    def producers(self) -> list[ProducerTotal]:
        """In their order."""
        steps = self._of_producers.counted()
        return [
            ProducerTotal(*one, produced, left)
            for one, produced, left in zip(steps, self._produced, self._left.totals(), strict=True)
        ]


class _Steps:
    """How many steps of each are known and unknown."""

    def __init__(self, count: int) -> None:
        self._steps, self._unknown = [0] * count, [0] * count

    def known(self, parts: Sequence[Wh], whole: Sequence[Wh], places: Sequence[int], sums: list[int]) -> list[int]:
        """The parts by place, 0 of what is not there or unknown; what they are parts of is added to ``sums``."""
        found = [0] * len(sums)
        for place, part, energy in zip(places, parts, whole, strict=True):
            if part is None or energy is None:
                self._unknown[place] += 1
            else:
                self._steps[place] += 1
                found[place] = part
                sums[place] += energy
        return found

    def counted(self) -> list[tuple[int, int]]:
        return list(zip(self._steps, self._unknown, strict=True))
