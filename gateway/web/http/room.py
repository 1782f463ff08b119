"""Who has a place, and who makes room when there is none: who holds many never keeps out who holds one.

No sockets and no clock: places stand in the order in which they were taken.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(eq=False, slots=True)
class ConnectionPlace:
    """A place, and who holds it.

    Args:
        holder: all of whose places are counted together.
        address: from where; of a holder with several addresses the one that has taken most gives up a place first.
        give_up: called once, when the place has gone to another.
        busy: while this is set nobody takes it: work is being done for it.
    """

    holder: str
    address: str
    give_up: Callable[[], object]
    busy: bool = field(default=False)


class ConnectionLimit:
    """So many places.

    Args:
        most: in all.
        of_one: of one holder.
    """

    def __init__(self, most: int, of_one: int) -> None:
        self._most, self._of_one = most, of_one
        self._places: list[ConnectionPlace] = []

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, place: ConnectionPlace) -> bool:
        """Take a place; where all are taken, that of whoever holds most makes room. False when there is none."""
        held = Counter(one.holder for one in self._places)
        own = held[place.holder]
        if own >= self._of_one:
            able = [one for one in self._places if one.holder == place.holder]
        elif len(self._places) >= self._most:
            able = [one for one in self._places if one.holder == place.holder or held[one.holder] > own]
        else:
            self._places.append(place)
            return True
        able = [one for one in able if not one.busy]
        if not able:
            return False
        crowds = Counter((one.holder, one.address) for one in self._places)
        # Of several that are equal the first, which is the oldest.
        gone = max(able, key=lambda one: (held[one.holder], crowds[one.holder, one.address]))
        self._places.remove(gone)
        self._places.append(place)
        gone.give_up()
        return True

    def leave(self, place: ConnectionPlace) -> None:
        """Give a place back, if it still is one's own."""
        if place in self._places:
            self._places.remove(place)
