"""How long bytes may gather in a port before they are looked at: in the middle of a frame nobody waits for them.

A port wakes its reader every eight to sixteen bytes, a hundred times a second at 9600 Bd, which is most of what a
gateway has to do. A frame is known by its ETX, and frames of one meter differ by a few bytes: until shortly before the
end of the shortest of the last ones a reader may sleep; from there on every byte counts.
"""

from __future__ import annotations

from collections import deque

_ETX = b"\x03"
# So many frames are known before anything is expected of the next one, and so many are remembered.
_KNOWN, _REMEMBERED = 3, 8
# From here to the expected end every byte is looked at as it comes.
_NEAR_BYTES = 32
# The kernel keeps 4,096 bytes, and what is faster than its speed says (a simulated meter at sixty times its pace) must
# find room: a pause begins short, and grows as long as what gathers in it stays far from that.
_SHORTEST_S, _LONGEST_S = 0.06, 0.48
_FEW_BYTES, _MANY_BYTES = 512, 1024
_BITS_A_BYTE = 10


class LinePace:
    """The pace of one line."""

    def __init__(self) -> None:
        self._lengths: deque[int] = deque(maxlen=_REMEMBERED)
        self._since = 0
        self._most_s = _SHORTEST_S

    def note(self, data: bytes) -> None:
        """Take in what was read."""
        if len(data) > _MANY_BYTES:
            self._most_s = _SHORTEST_S
        *ended, rest = data.split(_ETX)
        for piece in ended:
            self._lengths.append(self._since + len(piece))
            self._since = 0
        self._since += len(rest)

    def pause_s(self, speed: int | None) -> float:
        """Seconds for which nothing need be read at that speed in Bd; 0 where that is not known."""
        if speed is None or len(self._lengths) < _KNOWN:
            return 0.0
        far = min(self._lengths) - _NEAR_BYTES - self._since
        return max(0.0, min(self._most_s, far * _BITS_A_BYTE / speed))

    def paused(self, pause_s: float, data: bytes) -> None:
        """Note what had gathered in a pause: where it was little, the next one may be twice as long."""
        if pause_s >= self._most_s and len(data) <= _FEW_BYTES:
            self._most_s = min(2 * self._most_s, _LONGEST_S)
