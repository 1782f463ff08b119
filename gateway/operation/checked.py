"""A member's own check of what it was told: step by step, from the signed sums and what its own meter counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.operation.own import fine, is_fed
from gateway.operation.reveal import FEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.operation.own import MemberFile, OwnDay
    from gateway.operation.sums import DaySums

# The meter counts whole Wh, and so does whoever reads it from outside.
TOLERANCE_WH = 1


@dataclass(slots=True)
class OwnCheck:
    """What came of it. Steps by their POSIX second; shares in thousandths of a Wh, what was drawn in Wh.

    Args:
        steps: that were compared.
        unknown: that the organiser does not know.
        unread: that this meter does not know.
        theirs: the shares as they say, over the steps that were compared.
        ours: the same by this meter.
        drawn: where it counted otherwise than this meter, (theirs, ours).
        shares: where the share is not what the key makes of their own figures, (theirs, ours).
        alone: days of less than three members, of which no share is told.
    """

    steps: int = 0
    unknown: int = 0
    unread: int = 0
    theirs: int = 0
    ours: int = 0
    drawn: dict[int, tuple[int, int]] = field(default_factory=dict)
    shares: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    alone: int = 0

    @property
    def is_right(self) -> bool:
        """Whether nothing differs by more than the tolerance."""
        return not self.drawn and not self.shares


def check(file: MemberFile, metered: Mapping[int, int]) -> OwnCheck:
    """Compare; ``metered`` is what this meter drew by step, of those that it knows."""
    found = OwnCheck()
    for line, own in file.days():
        if own is None:
            # Or it was not in it on that day.
            found.alone += line.day.members < FEWEST
            continue
        for place, begin in enumerate(line.day.begins()):
            _step(found, line.day, own, place, begin, metered.get(begin))
    return found


def _step(found: OwnCheck, day: DaySums, own: OwnDay, place: int, begin: int, metered: int | None) -> None:
    told, drawn = own.share[place], own.drawn[place]
    # By their own figures to the last thousandth: a wrong share is found also where this meter was not read.
    expected = _fine_share(day, own, place, drawn)
    if told != expected and (told is not None or _tells_all(day, own, place)):
        found.shares[begin] = (told or 0, expected)
    if told is None or expected is None:
        found.unknown += 1
        return
    if metered is None:
        found.unread += 1
        return
    found.steps += 1
    found.theirs += told
    found.ours += _fine_share(day, own, place, metered) or 0
    if drawn is not None and abs(drawn - metered) > TOLERANCE_WH:
        found.drawn[begin] = (drawn, metered)


def _tells_all(day: DaySums, own: OwnDay, place: int) -> bool:
    """Whether every number that a share may need is there, and something to share: a share is owed then."""
    parts = [row[place] for row in own.parts]
    pots = [one[place] for one, part in zip(own.made, parts, strict=False) if is_fed(part)]
    numbers = [own.drawn[place], *parts, *pots]
    return bool(day.produced[place]) and all(number is not None for number in numbers)


def _fine_share(day: DaySums, own: OwnDay, place: int, drawn: int | None) -> int | None:
    share = share_of(day, own, place, drawn)
    return None if share is None else fine(*share)


def share_of(day: DaySums, own: OwnDay, place: int, drawn: int | None) -> tuple[int, int] | None:
    """What the key makes of what was drawn in a step, over what; None where a number that it needs is unknown.

    Whoever gets no part needs none, and whoever is served by some pots not what the others hold.
    """
    pot = day.produced[place]
    if pot == 0:
        return 0, 1
    if day.key == "pro-rata":
        wanted = day.wanted[place] if day.wanted else None
        return None if pot is None or drawn is None or not wanted else (min(drawn * pot, drawn * wanted), wanted)
    pots = [one[place] for one in own.made] if day.key == "full" else [pot]
    parts = [row[place] for row in own.parts]
    if len(parts) != len(pots):
        return None
    count, over, is_whole = 0, 1, True
    for part, one in zip(parts, pots, strict=True):
        some, of = (1, 1) if part is None else map(int, part.split("/"))
        if some and (part is None or one is None):
            is_whole = False
        elif some and one is not None:
            count, over = count * of + some * one * over, over * of
    if drawn is not None and drawn * over <= count:
        return drawn * over, over
    if not is_whole or (count and drawn is None):
        return None
    return count, over
