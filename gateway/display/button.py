"""What a press means, by how long it lasts: short is the next page, three seconds the house's page, eight a shutdown.

No pin and no clock. What lies between is nothing, so that nobody turns a house's gateway off by leaning on it.
"""

from __future__ import annotations

from enum import Enum

from gateway.display.lamps import FOR_EVER

SHORT_S, WELCOME_S, SHUTDOWN_S = 1.0, 3.0, 8.0

# A level that does not last this long is a bounce.
_BOUNCE_S = 0.03


class Press(Enum):
    """What was meant."""

    SHORT = "short"
    WELCOME = "welcome"
    SHUTDOWN = "shutdown"


class PushButton:
    """One button; levels go in by ``level``, what was meant comes out of ``update``."""

    def __init__(self) -> None:
        self._down_since: float | None = None
        self._released: float | None = None
        self._done = False

    def level(self, *, down: bool, now: float) -> None:
        """The button went down or up."""
        if not down:
            self._released = now if self._down_since is not None else None
        elif self._released is not None and self._down_since is not None and now - self._released < _BOUNCE_S:
            self._released = None
        elif self._down_since is None:
            self._down_since, self._released, self._done = now, None, False

    def remaining_s(self, now: float) -> float | None:
        """How much longer until the shutdown; None while the button is not held."""
        if self._down_since is None or self._released is not None or now - self._down_since < SHORT_S:
            return None
        return max(0.0, self._down_since + SHUTDOWN_S - now)

    def is_welcome(self, now: float) -> bool:
        """Whether it is held for so long that to let go now asks for the house's page."""
        held = self._down_since is not None and self._released is None and not self._done
        return held and self._down_since is not None and now - self._down_since >= WELCOME_S

    def update(self, now: float) -> tuple[Press | None, float]:
        """What was meant, if anything, and when to ask again."""
        if self._down_since is None:
            return None, FOR_EVER
        if self._released is None:
            if self._done:
                return None, FOR_EVER
            if now >= self._down_since + SHUTDOWN_S:
                self._done = True
                return Press.SHUTDOWN, FOR_EVER
            # At each second, for the countdown.
            return None, min(self._down_since + SHUTDOWN_S, self._down_since + int(now - self._down_since) + 1)
        if now < self._released + _BOUNCE_S:
            return None, self._released + _BOUNCE_S
        lasted = self._released - self._down_since
        self._down_since = self._released = None
        return (None if self._done else _meaning(lasted)), FOR_EVER


def _meaning(lasted_s: float) -> Press | None:
    """What a press means that was let go before it was a shutdown."""
    if lasted_s >= WELCOME_S:
        return Press.WELCOME
    return Press.SHORT if _BOUNCE_S <= lasted_s < SHORT_S else None
