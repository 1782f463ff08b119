"""The keys of Enedis for one step, in whole numbers: what falls to each member, what is left of each production.

All that comes in is Wh of the step, or None where it is unknown; what comes out are whole numbers over one denominator
of the step, so that nothing is rounded. A key that needs a number which is unknown says None, never 0. Where nothing
is produced, nothing falls to anybody, whoever is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

Wh = int | None


@dataclass(frozen=True, slots=True)
class Split:
    """One step: Wh × ``over`` of each member, in their order; of each producer what is left, × ``over_left``."""

    over: int
    shares: Sequence[Wh]
    over_left: int
    left: Sequence[Wh]


class SharingKey(Protocol):
    """How a step is shared out."""

    def split(self, produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
        """By producer and by member, in the order in which the key was made."""


@dataclass(frozen=True, slots=True)
class ProRata:
    """*Dynamique par défaut*: to each as it draws, P · c / C, and never more than c."""

    def split(self, produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
        """As ``SharingKey.split``."""
        pot = _sum(produced)
        if pot == 0:
            return _nothing(produced, drawn)
        wanted = _sum(drawn)
        if pot is None or wanted is None:
            return _unknown(produced, drawn)
        if pot >= wanted:
            return _of_pot(produced, drawn, 1, wanted)
        return Split(wanted, [one * pot for one in drawn if one is not None], 1, [0] * len(produced))


@dataclass(frozen=True, slots=True)
class FixedParts:
    """*Statique*, and *dynamique simple* in one step: min(c, k · P); ``parts`` are k × ``over``, 1 at most together."""

    over: int
    parts: Sequence[int]

    def split(self, produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
        """As ``SharingKey.split``."""
        pot = _sum(produced)
        if pot == 0:
            return _nothing(produced, drawn)
        if pot is None:
            return Split(self.over, [None if part else 0 for part in self.parts], 1, [None] * len(produced))
        pairs = zip(self.parts, drawn, strict=True)
        shares = [_least(part * pot, one, self.over) for part, one in pairs]
        return _of_pot(produced, shares, self.over, _sum(shares))


@dataclass(frozen=True, slots=True)
class PartsByProducer:
    """*Full dynamique* in one step: min(c, Σ k_j · p_j); ``parts`` are, for each producer, k_j × ``over`` by member.

    A member that takes less than falls to it takes it from the producer that stands first.
    """

    over: int
    parts: Sequence[Sequence[int]]

    def split(self, produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
        """As ``SharingKey.split``."""
        room: list[Wh] = [None if one is None else one * self.over for one in drawn]
        shares: list[Wh] = [0] * len(drawn)
        left: list[Wh] = []
        for made, parts in zip(produced, self.parts, strict=True):
            if made == 0:
                left.append(0)
                continue
            taken = [_taken(part, made, one) for part, one in zip(parts, room, strict=True)]
            room = [_less(one, two) for one, two in zip(room, taken, strict=True)]
            shares = [_more(one, two) for one, two in zip(shares, taken, strict=True)]
            left.append(_less(None if made is None else made * self.over, _sum(taken)))
        return Split(self.over, shares, self.over, left)


@dataclass(frozen=True, slots=True)
class InOrder:
    """Groups of members served one after the other, within a group pro rata, as organisers' coefficients often say.

    ``orders`` are those of each producer, members by their place; with ``together`` there is one, of one pot.
    """

    orders: Sequence[Sequence[Sequence[int]]]
    together: bool

    def split(self, produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
        """As ``SharingKey.split``."""
        pots: Sequence[Wh] = [_sum(produced)] if self.together else produced
        state = _Served(list(drawn))
        left: list[tuple[Wh, int]] = []
        for pot, order in zip(pots, self.orders, strict=True):
            rest = state.serve(pot, order)
            left.append((rest, state.over))
        if self.together:
            return _of_pot(produced, state.shares, state.over, _sum(state.shares))
        over = state.over
        return Split(over, state.shares, over, [None if rest is None else rest * (over // of) for rest, of in left])

    def parts(self, produced: Sequence[Wh], drawn: Sequence[Wh]) -> list[list[Fraction | None]]:
        """The coefficients that come to the same: for each pot the part of it that each member gets."""
        pots: Sequence[Wh] = [_sum(produced)] if self.together else produced
        state, found = _Served(list(drawn)), []
        for pot, order in zip(pots, self.orders, strict=True):
            before, over = list(state.shares), state.over
            state.serve(pot, order)
            pairs = zip(before, state.shares, strict=True)
            found.append([_part(was, over, now, state.over, pot) for was, now in pairs])
        return found


class _Served:
    """What was served so far and what is still wanted, × ``over``, which grows where a group gets a fraction."""

    def __init__(self, drawn: list[Wh]) -> None:
        self.over = 1
        self.wanted = drawn
        self.shares: list[Wh] = [0] * len(drawn)

    def serve(self, pot: Wh, order: Sequence[Sequence[int]]) -> Wh:
        """Serve the groups from one pot; what is left of it, × ``over``."""
        rest = None if pot is None else pot * self.over
        for group in order:
            if rest == 0:
                return 0
            asked = _sum([self.wanted[place] for place in group])
            if rest is None or asked is None:
                # From here on nobody knows what is left.
                rest = None
                for place in group:
                    self.shares[place] = self.wanted[place] = None
            elif asked <= rest:
                self._give(group, 1, 1)
                rest -= asked
            else:
                self._give(group, rest // gcd(rest, asked), asked // gcd(rest, asked))
                rest = 0
        return rest

    def _give(self, group: Sequence[int], some: int, of: int) -> None:
        """To each of the group that part of what it wants."""
        if of != 1:
            self.over *= of
            self.wanted = [None if one is None else one * of for one in self.wanted]
            self.shares = [None if one is None else one * of for one in self.shares]
        for place in group:
            wanted = self.wanted[place]
            given = None if wanted is None else wanted // of * some
            self.shares[place] = _more(self.shares[place], given)
            self.wanted[place] = _less(wanted, given)


def _nothing(produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
    return Split(1, [0] * len(drawn), 1, [0] * len(produced))


def _unknown(produced: Sequence[Wh], drawn: Sequence[Wh]) -> Split:
    return Split(1, [None] * len(drawn), 1, [None] * len(produced))


def _of_pot(produced: Sequence[Wh], shares: Sequence[Wh], over: int, taken: Wh) -> Split:
    """What is left of one pot is left of each producer as it gave."""
    pot = _sum(produced)
    if pot is None or taken is None:
        return Split(over, shares, 1, [None] * len(produced))
    rest = pot * over - taken
    if len(produced) == 1:
        return Split(over, shares, over, [rest])
    return Split(over, shares, over * pot or 1, [rest * one for one in produced if one is not None])


def _sum(values: Sequence[Wh]) -> Wh:
    return None if None in values else sum(values)  # type: ignore[arg-type]


def _least(part: int, drawn: Wh, over: int) -> Wh:
    """Of a part × ``over`` that up to what is drawn."""
    if drawn is None:
        return None if part else 0
    return min(part, drawn * over)


def _taken(part: int, made: Wh, room: Wh) -> Wh:
    if not part or room == 0:
        return 0
    return None if made is None or room is None else min(part * made, room)


def _part(was: Wh, was_over: int, now: Wh, over: int, pot: Wh) -> Fraction | None:
    """What a member got of a pot, as a part of it."""
    if pot == 0:
        return Fraction()
    if was is None or now is None:
        return None
    got = Fraction(now, over) - Fraction(was, was_over)
    # Nothing of a pot is nothing, whatever it holds.
    return got / pot if pot else None if got else Fraction()


def _less(one: Wh, two: Wh) -> Wh:
    return None if one is None or two is None else one - two


def _more(one: Wh, two: Wh) -> Wh:
    return None if one is None or two is None else one + two
