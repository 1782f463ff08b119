"""Edges of one input to pulses: a level counts only once it has lasted, so a contact's bounces are no pulses.

Pure: levels and times in. A contact bounces when it closes and when it opens, and a magnet may rest at a reed for
hours; so both edges are followed, and a pulse is a lasting active level after a lasting inactive one. A level shorter
than the hold is a bounce, and so is the hum of 50 Hz on an open wire (10 ms) with the usual 20 ms.
"""

from __future__ import annotations


class Debounce:
    """Follows one input; not safe for two threads at once.

    Args:
        hold_s: how long a level must last, seconds; 0 believes every edge.
        active: the level at the beginning, which is no pulse.
        now: the time of that, monotonic seconds.
    """

    def __init__(self, hold_s: float, *, active: bool, now: float) -> None:
        self._hold_s = hold_s
        self._level = self._lasting = active
        self._since = now
        self.pulses = 0
        self.bounces = 0

    def edge(self, *, active: bool, at: float) -> None:
        """The input changed to that level at that time."""
        if active == self._level:
            return
        if not self.settle(at):
            self.bounces += 1
        self._level, self._since = active, at

    def settle(self, now: float) -> bool:
        """Believe the present level if it has lasted by ``now``; whether it has."""
        if now - self._since < self._hold_s:
            return False
        if self._level and not self._lasting:
            self.pulses += 1
        self._lasting = self._level
        return True
