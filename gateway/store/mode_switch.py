"""What a meter drew while its mode was switched: the same registers speak before and after, by other names.

Historic mode names the indexes of the contract and has no total (ours is their sum); standard mode numbers all ten
registers and adds them all up. So the total of the one does not go on from that of the other, but each class does: a
register is known again by its value, for no two stand so near to each other that one could be taken for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.tic.judges import LARGEST_VA

if TYPE_CHECKING:
    from collections.abc import Mapping

# What is cut off an index at both ends, of two registers; and what a breaker lets pass for a while.
_CUT_WH, _BREAKER_FACTOR = 4, 1.3


@dataclass(frozen=True, slots=True)
class Faces:
    """What the registers said in one frame: its POSIX second, the total, name of a class -> index."""

    time: int
    total: int
    classes: Mapping[str, int]

    @property
    def named(self) -> bool:
        """Whether that is historic mode."""
        return not any(name.isdecimal() for name in self.classes)


def same_registers(before: Faces, after: Faces) -> list[tuple[str, str]] | None:
    """Which class of before is which one of after, as (name, name); None where nobody can tell.

    The classes of historic mode must come to its total, on whichever side it is: then there is none but these.
    """
    most = round(LARGEST_VA * _BREAKER_FACTOR * (after.time - before.time) / 3600) + _CUT_WH
    pairs = [
        (old, new)
        for old, low in before.classes.items()
        for new, high in after.classes.items()
        if low and 0 <= high - low <= most
    ]
    alone = len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
    historic = {before.classes[old] for old, _ in pairs} if before.named else {after.classes[new] for _, new in pairs}
    whole = sum(historic) == (before if before.named else after).total
    return pairs if pairs and alone and whole and before.named != after.named else None
