"""Whose time a frame gets: the meter's, the host's where the meter has none to believe, or none yet.

No I/O and no clock. Standard mode carries the meter's own time (Enedis-NOI-CPT_54E §6.2.1.1), which the grid operator
keeps right within seconds; where it is minutes or hours off by a host that knows the time, it is taken for a degraded
one. Neither change of mind rests on a single frame: a damaged DATE may pass its checksum.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

from gateway.tic.median import median

if TYPE_CHECKING:
    from datetime import datetime

# Further apart than this the two clocks do not show the same time. A meter that the operator has not reached for months
# is a minute or two off; a time zone or a lost reserve is half an hour at the least.
WRONG_S = 300

_FRAMES_TO_AGREE = 3

# A horodate has whole seconds and is a frame's length older than its last byte: the middle of some is steady.
_OFFSETS_KEPT = 31


class Belief(Enum):
    """What the household says of its meter's clock."""

    AUTO = "auto"
    METER = "meter"
    HOST = "host"


class Choice(Enum):
    """Whose time a frame gets. LATER: nobody knows it yet. NOT_YET: the clocks disagree, another frame is heard."""

    METER = "meter"
    HOST = "host"
    LATER = "later"
    NOT_YET = "not yet"


class MeterClock:
    """Follows one meter's clock."""

    def __init__(self, belief: Belief = Belief.AUTO) -> None:
        self._belief = belief
        self._offsets: deque[float] = deque(maxlen=_OFFSETS_KEPT)
        self._against = 0
        self.wrong = False

    @property
    def ignored(self) -> bool:
        """Whether the times that the meter gives are worth nothing now."""
        return self.wrong or self._belief is Belief.HOST

    @property
    def believed(self) -> bool:
        """Whether the meter's clock is right whatever the host's says."""
        return self._belief is Belief.METER

    @property
    def drift_s(self) -> float | None:
        """Seconds by which the meter is ahead of the host, exact to about two; None while nothing is known."""
        return median(self._offsets) if self._offsets else None

    def choose(self, told: datetime | None, host: datetime | None) -> Choice:
        """Whose time the next frame gets.

        Args:
            told: the frame's time by the meter (aware); None if it has none, or doubts it itself.
            host: the host's time (aware) at its last byte; None while the host does not know the time.
        """
        if told is None:
            return Choice.LATER if host is None else Choice.HOST
        if host is None:
            return Choice.LATER if self._belief is Belief.HOST else Choice.METER
        offset = (told - host).total_seconds()
        if self._belief is Belief.AUTO:
            return self._weigh(offset)
        self._offsets.append(offset)
        return Choice[self._belief.name]

    def _weigh(self, offset: float) -> Choice:
        wrong = abs(offset) > WRONG_S
        if wrong != self.wrong:
            self._against += 1
            if self._against < _FRAMES_TO_AGREE:
                return Choice.NOT_YET
            self.wrong = wrong
            self._offsets.clear()
        self._against = 0
        self._offsets.append(offset)
        return Choice.HOST if wrong else Choice.METER
