"""Which recipient is asked when, each once a day. Pure: the clock and what was done come in, nothing is kept.

A gateway and a recipient have a second of the day of their own, so that thousands of gateways do not ask one collector
at once. Who is not there then, or whose gateway was off, is asked a while after both are there: not at once either, as
a collector that comes back after a day has all of them at its door.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DAY_S = 86_400
# How long after its second, or after both are there, a recipient is asked: at least, and up to how much more.
SOONEST_S, SPREAD_S = 600, 7_200


class DailyTurns:
    """Whose turn it is.

    Args:
        gateway: its bare JID.
    """

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        # Recipient -> when it was asked last, and when it is to be asked; POSIX seconds.
        self._asked: dict[str, float] = {}
        self._at: dict[str, float] = {}

    def resume(self, asked: Mapping[str, float]) -> None:
        """Know when an earlier start has asked whom."""
        self._asked = dict(asked)

    def asked(self, recipient: str, now: float) -> None:
        """It was asked, whatever came of it: that does for this day."""
        self._asked[recipient] = now
        self._at.pop(recipient, None)

    def due(self, there: Iterable[str], now: float) -> list[str]:
        """Who of those that are there is to be asked now, the longest due first."""
        there = set(there)
        for recipient in there:
            if self._is_done(recipient, now):
                self._at.pop(recipient, None)
            else:
                latest = now + SOONEST_S + self._share(recipient, "delay", SPREAD_S)
                # A clock that was set back must not make it wait for years.
                self._at[recipient] = min(self._at.get(recipient, latest), latest)
        for recipient, at in list(self._at.items()):
            if recipient not in there and at <= now:
                # It missed its turn, and has another one once it is there.
                del self._at[recipient]
        return sorted((one for one in there if self._at.get(one, now + 1) <= now), key=lambda one: self._at[one])

    def _is_done(self, recipient: str, now: float) -> bool:
        """Whether it was asked since its second of the day."""
        since = (now - self._share(recipient, "day", DAY_S)) // DAY_S * DAY_S + self._share(recipient, "day", DAY_S)
        # What a clock that was wrong says of the future is not believed.
        return since <= self._asked.get(recipient, 0.0) <= now

    def _share(self, recipient: str, what: str, whole: int) -> int:
        digest = sha256(f"{what} {self._gateway} {recipient}".encode()).digest()
        return int.from_bytes(digest[:8]) % whole
