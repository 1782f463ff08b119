"""How often something may be: so many at once, then so many a second. No clock: whoever asks says what time it is."""

from __future__ import annotations

import math


class RateLimit:
    """``burst`` at once, ``a_second`` in the long run."""

    def __init__(self, burst: float, a_second: float) -> None:
        self._burst, self._a_second = burst, a_second
        self._left, self._at = burst, -math.inf

    def has(self, now: float) -> bool:
        """Whether one more may be, at that second of a clock that never goes back."""
        self._left, self._at = min(self._burst, self._left + self._a_second * (now - self._at)), now
        return self._left >= 1.0

    def allows(self, now: float) -> bool:
        """Whether one more may be; then it counts."""
        if not self.has(now):
            return False
        self._left -= 1.0
        return True
