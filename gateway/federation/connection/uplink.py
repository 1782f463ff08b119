"""How fast one's own server takes what it is sent, and so how much may be on the way to it at once. Pure logic.

Stock servers let 3 to 10 kB a second in, and what waits before that can neither be taken back nor overtaken: by a
withdrawal as little as by a ping. ``now`` is any monotonic number of seconds.
"""

from __future__ import annotations

import math

# What one's own server has not acknowledged stands before the next ping in the line: 90 kB are 30 s at 3 kB/s.
MOST_BYTES = 90_000
# No more than the line takes in so long, and one message.
_AHEAD_S = 1.0
# What was not acknowledged for so long says nothing of the line: by then a ping has found out whether it lives.
_LONGEST_S = 60.0


class Uplink:
    """What one's own server has not taken yet."""

    def __init__(self) -> None:
        # Key -> the message's bytes, those under way with it, when it left.
        self._under_way: dict[tuple[str, str], tuple[int, int, float]] = {}
        self._rate = math.inf

    def sent(self, key: tuple[str, str], size: int, now: float) -> None:
        """A message leaves."""
        self._under_way[key] = size, self._bytes + size, now

    def taken(self, key: tuple[str, str], now: float) -> None:
        """One's own server has it."""
        if found := self._under_way.pop(key, None):
            _, before, at = found
            self._rate = before / (now - at) if now > at else math.inf

    def forget(self, key: tuple[str, str]) -> None:
        """It did not leave, or is with its recipient already."""
        self._under_way.pop(key, None)

    def begin(self) -> None:
        """A new session."""
        self._under_way.clear()
        self._rate = math.inf

    def full(self, size: int, now: float) -> bool:
        """Whether a message of up to ``size`` bytes has to wait."""
        held = self._bytes
        if not held:
            return False
        waits = [(sent, now - at) for _, sent, at in self._under_way.values()]
        rate = min([self._rate, *(sent / age for sent, age in waits if _AHEAD_S < age < _LONGEST_S)])
        return held + size > MOST_BYTES or held > rate * _AHEAD_S

    @property
    def _bytes(self) -> int:
        return sum(size for size, _, _ in self._under_way.values())
