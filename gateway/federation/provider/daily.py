"""Which recipient is asked when, each once a day. Pure: the clock and what was done come in, nothing is kept.

A gateway and a recipient have a second of the day of their own, so that thousands of gateways do not ask one collector
at once. Who is not there then, or whose gateway was off, is asked some minutes after both are there: not at once, as a
collector that comes back after a day has all of them at its door; nor much later, as there are recipients that are
there for half an hour a day, and gateways that are on for as long.
"""

from __future__ import annotations

from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DAY_S = 86_400
# How long after its second, or after both are there, a recipient is asked: at least, and up to how much more.
SOONEST_S, SPREAD_S = 300, 600
# How far the questions of two days are apart at least, whoever had the first of them asked.
APART_S = 43_200
# After how long it is asked again when nothing was learnt: at first, and at most; each time twice as long, and for each
# gateway up to as much again: those that it had no time for do not come back all at once.
RETRY_S, RETRY_LONGEST_S = 600, 7_200


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
        # Recipient -> how often in a row it was asked in vain, and when it was the last time.
        self._vain: dict[str, tuple[int, float]] = {}

    def resume(self, asked: Mapping[str, float]) -> None:
        """Know when an earlier start has asked whom."""
        self._asked = dict(asked)

    def begun(self, recipient: str, now: float) -> None:
        """It is being asked: unless ``asked`` says that something was learnt, it is asked again after a while."""
        self._vain[recipient] = (self._vain.get(recipient, (0, 0.0))[0] + 1, now)

    def asked(self, recipient: str, now: float) -> None:
        """It was asked, and something was learnt: that does for this day."""
        self._asked[recipient] = now
        self._at.pop(recipient, None)
        self._vain.pop(recipient, None)

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
        ready = (one for one in there if self._at.get(one, now + 1) <= now and not self._rests(one, now))
        return sorted(ready, key=lambda one: self._at[one])

    def _is_done(self, recipient: str, now: float) -> bool:
        """Whether it was asked since its second of the day, or shortly before."""
        since = (now - self._share(recipient, "day", DAY_S)) // DAY_S * DAY_S + self._share(recipient, "day", DAY_S)
        # What a clock that was wrong says of the future is not believed.
        return min(since, now - APART_S) <= self._asked.get(recipient, 0.0) <= now

    def _rests(self, recipient: str, now: float) -> bool:
        """Whether it was asked in vain just before."""
        times, last = self._vain.get(recipient, (1, -inf))
        # No larger power than it takes to reach the longest.
        rest = min(RETRY_S << min(times - 1, 9), RETRY_LONGEST_S)
        return 0 <= now - last < rest + self._share(recipient, f"again {times}", rest)

    def _share(self, recipient: str, what: str, whole: int) -> int:
        digest = sha256(f"{what} {self._gateway} {recipient}".encode()).digest()
        return int.from_bytes(digest[:8]) % whole
