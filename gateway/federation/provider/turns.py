"""What waits to be done, by who asked for it: each asker in turn, however much one of them has asked."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """A bounded queue in which one asker cannot stand before all others.

    Args:
        each: the most that one asker may have waiting.
        together: the most that may wait in all.
    """

    def __init__(self, each: int = 16, together: int = 64) -> None:
        self._each, self._together = each, together
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, who: str, what: T) -> T | None:
        """Add; give back what finds no place: this one, or the last of whoever has the most when all are taken."""
        if len(self._queues.get(who, ())) >= self._each:
            return what
        self._queues.setdefault(who, deque()).append(what)
        self._count += 1
        if self._count <= self._together:
            return None
        # The newest asker may be the honest one: the place is taken from the greediest, itself only if all are equal.
        greediest = max(self._queues, key=lambda name: (len(self._queues[name]), name == who))
        out = self._queues[greediest].pop()
        self._taken(greediest)
        return out

    def take(self) -> T:
        """The first of whose turn it is. Raises IndexError when nothing waits."""
        if not self._queues:
            raise IndexError("nothing waits")
        who = next(iter(self._queues))
        what = self._queues[who].popleft()
        self._queues.move_to_end(who)
        self._taken(who)
        return what

    def _taken(self, who: str) -> None:
        self._count -= 1
        if not self._queues[who]:
            del self._queues[who]
