"""The last seconds of what a line brought, as it came, for whoever judges the line: bounded in time and in size.

Pieces that follow each other at once are kept as one, so that a port that hands over single bytes costs no more
memory than another. No I/O; the clock (monotonic seconds) is handed in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# Both speeds have been tried within this (``search``), at 1200 Bd ten frames have come. Nearly all of it at 9600 Bd is
# 19,200 bytes.
KEPT_S = 20.0
KEPT_BYTES = 32_768

# What comes so soon after the piece before it belongs to it: a second is five pieces.
_JOINED_S, _JOINED_BYTES = 0.2, 4096


@dataclass(slots=True)
class Stretch:
    """What was heard without a break at one speed: (when it came, bytes); ``begun`` and ``ended`` in seconds."""

    begun: float
    speed: int | None
    pieces: deque[tuple[float, bytearray]] = field(default_factory=deque)
    ended: float | None = None


class RecentBytes:
    """The ring of one line."""

    def __init__(self) -> None:
        self._stretches: deque[Stretch] = deque()
        self._size = 0
        # Of all that ever came, and since when without a break: what the kernel has received is compared with it.
        self.taken, self.since = 0, 0.0

    def begin(self, now: float, speed: int | None) -> None:
        """From now on it is listened to at this speed (Bd; None where that is somebody else's affair)."""
        self.end(now)
        self.since = now
        self._stretches.append(Stretch(now, speed))
        self._forget(now)

    def end(self, now: float) -> None:
        """From now on nothing is listened to: the port is lost."""
        if self._stretches and self._stretches[-1].ended is None:
            self._stretches[-1].ended = now

    def note(self, now: float, data: bytes) -> None:
        """These bytes have just come."""
        self.taken += len(data)
        if not self._stretches or self._stretches[-1].ended is not None:
            self.begin(now, None)
        pieces = self._stretches[-1].pieces
        kept = data[-KEPT_BYTES:]
        if pieces and now - pieces[-1][0] < _JOINED_S and len(pieces[-1][1]) < _JOINED_BYTES:
            pieces[-1][1].extend(kept)
        else:
            pieces.append((now, bytearray(kept)))
        self._size += len(kept)
        self._forget(now)

    def heard(self, now: float) -> list[Stretch]:
        """What was heard of late, the oldest first; a copy, for another thread."""
        self._forget(now)
        return [
            Stretch(max(one.begun, now - KEPT_S), one.speed, deque((at, data[:]) for at, data in one.pieces), one.ended)
            for one in self._stretches
        ]

    def _forget(self, now: float) -> None:
        for one in self._stretches:
            while one.pieces and (now - one.pieces[0][0] > KEPT_S or self._size > KEPT_BYTES):
                self._size -= len(one.pieces.popleft()[1])
            if one.pieces:
                break
        while self._stretches and (ended := self._stretches[0].ended) is not None and now - ended > KEPT_S:
            self._size -= sum(len(data) for _, data in self._stretches.popleft().pieces)
