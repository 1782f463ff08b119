"""A button that bounces: levels in, presses out. No pin and no clock: milliseconds are handed in."""

import time

# A level that has lasted this long is meant.
SETTLED_MS = 30


class Button:
    """One button; ``feed`` is called every few milliseconds with whether it is down."""

    def __init__(self, now):
        self._down = self._level = False
        self._since = now

    def feed(self, down, now):
        """True once for each press, when the button has settled."""
        if down != self._level:
            self._level, self._since = down, now
        elif down != self._down and time.ticks_diff(now, self._since) >= SETTLED_MS:
            self._down = down
            return down
        return False
