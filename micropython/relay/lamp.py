"""The status LED "Etat Liaison Comptage" (Enedis-NOI-CPT_54E §9.3): slow when the meter is read, fast when it is not.

Slow: 0.1 s of light every 3 s, frames come and are right, so look for a fault elsewhere. Fast: every second, starting,
or no right frame for 10 s: look at the cable and the meter. Dark: no power, or the program is dead.
"""

import asyncio

_STEP_MS = 100
_SLOW_STEPS, _FAST_STEPS = 29, 9
_MUTE_MS = 10_000


class Lamp:
    """The LED.

    Args:
        switch: a function that switches it on (True) and off (False).
        now_ms: a function that gives the milliseconds since the start.
    """

    def __init__(self, switch, now_ms):
        self._switch, self._now_ms = switch, now_ms
        self._good_ms = None

    def good(self):
        """A right frame has ended."""
        self._good_ms = self._now_ms()

    def bad(self):
        """A frame has ended, and was not right."""
        self._good_ms = None

    @property
    def slow(self):
        """Whether the meter is being read."""
        return self._good_ms is not None and self._now_ms() - self._good_ms <= _MUTE_MS

    async def run(self):
        """Blink for ever; a change of the state shows within a tenth of a second."""
        while True:
            slow = self.slow
            self._switch(True)
            await asyncio.sleep_ms(_STEP_MS)
            self._switch(False)
            for _ in range(_SLOW_STEPS if slow else _FAST_STEPS):
                await asyncio.sleep_ms(_STEP_MS)
                if self.slow != slow:
                    break
