"""Finding a line's speed, and finding it again when the supplier switches the meter over at night. No I/O.

A speed is right when groups verify and their labels are known. It is given up after a time without any, longer at
1200 Bd, where a three-phase frame takes 3 s and telereading makes pauses (Enedis-NOI-CPT_02E §1.5.2); never for one
bad checksum.
"""

from __future__ import annotations

# Seconds without a known group before the other speed is tried.
_PATIENCE_S = {9600: 5.0, 1200: 10.0}

# A speed that worked is given this long: the meter may be silent for a reason of its own.
_PATIENCE_FOUND_S = 10.0

# A line is looked at every second at least. What was longer had the program held up, and the bytes of that time are
# still to be read: they may not be dropped for it.
_LONGEST_LOOK_S = 2.0


class SpeedSearch:
    """Which of the speeds to listen at.

    Args:
        speeds: in Bd, most likely first; with fewer than two there is nothing to search.
        now: monotonic seconds.
    """

    def __init__(self, speeds: tuple[int, ...], now: float) -> None:
        self._speeds = speeds
        self._place = 0
        self._begin(now)

    @property
    def speed(self) -> int | None:
        """The speed to listen at, None when that is somebody else's affair."""
        return self._speeds[self._place] if self._speeds else None

    def again(self, now: float) -> None:
        """The port was opened again: the speed that was listened at is the most likely."""
        self._begin(now)

    def good(self, now: float) -> None:
        """A group was verified and its label is known."""
        self._vain, self._looked = 0.0, now
        self.found = True

    def next_speed(self, now: float) -> int | None:
        """The speed to change to now, None to stay."""
        if len(self._speeds) < 2:
            return None
        self._vain += min(now - self._looked, _LONGEST_LOOK_S)
        self._looked = now
        patience = _PATIENCE_FOUND_S if self.found else _PATIENCE_S[self._speeds[self._place]]
        if self._vain < patience:
            return None
        self._place = (self._place + 1) % len(self._speeds)
        self._begin(now)
        return self._speeds[self._place]

    def _begin(self, now: float) -> None:
        # Seconds listened without a known group, and when that was last looked at.
        self._vain, self._looked = 0.0, now
        self.found = False
