"""Who is signed in, and how often somebody may try: in memory alone, so that a restart signs everybody out.

No clock: monotonic seconds are handed in.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass

# A session that is not used for so long has ended; a phone that looks each week stays in.
IDLE_S = 14 * 86_400.0
_MOST_SESSIONS = 50

# Tries in a minute, of one visitor and of all together; after as many failures in a row the delay doubles.
_TRIES, _TRIES_OF_ALL, _MINUTE_S = 5, 30, 60.0
_LONGEST_DELAY_S = 900.0
_MOST_VISITORS = 500


@dataclass(slots=True)
class Session:
    """One browser that has signed in; ``form_token`` stands in each of its forms (against forged requests)."""

    form_token: str
    used: float

    def made(self, form_token: str) -> bool:
        """Whether a form with this token is one of its own."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode("utf-8", "surrogatepass"))


class Sessions:
    """The browsers that are signed in."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Session] = OrderedDict()

    def open(self, now: float) -> str:
        """Sign somebody in; the cookie."""
        cookie = secrets.token_urlsafe(32)
        self._known[cookie] = Session(secrets.token_urlsafe(32), now)
        if len(self._known) > _MOST_SESSIONS:
            self._known.popitem(last=False)
        return cookie

    def find(self, cookie: str, now: float) -> Session | None:
        """Who has this cookie."""
        session = self._known.get(cookie)
        if session is None or now - session.used > IDLE_S:
            self.close(cookie)
            return None
        session.used = now
        self._known.move_to_end(cookie)
        return session

    def close(self, cookie: str) -> None:
        """Sign one browser out."""
        self._known.pop(cookie, None)

    def close_all(self) -> None:
        """Sign everybody out."""
        self._known.clear()


@dataclass(slots=True)
class _Visitor:
    tries: deque[float]
    failures: int = 0
    not_before: float = 0.0


class Limiter:
    """How often a visitor may try a password: five times a minute, and ever less often when it is always wrong."""

    def __init__(self) -> None:
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()
        self._all: deque[float] = deque()

    def wait_s(self, address: str, now: float) -> float:
        """Take note of a try; 0 when it may be made, otherwise in how many seconds the next may."""
        visitor = self._visitors.setdefault(_who(address), _Visitor(deque()))
        self._visitors.move_to_end(_who(address))
        if len(self._visitors) > _MOST_VISITORS:
            self._visitors.popitem(last=False)
        _forget(visitor.tries, now)
        _forget(self._all, now)
        if now < visitor.not_before:
            return visitor.not_before - now
        for tries, most in ((visitor.tries, _TRIES), (self._all, _TRIES_OF_ALL)):
            if len(tries) >= most:
                return tries[0] + _MINUTE_S - now
        visitor.tries.append(now)
        self._all.append(now)
        return 0.0

    def failed(self, address: str, now: float) -> None:
        """It was wrong."""
        visitor = self._visitors.setdefault(_who(address), _Visitor(deque()))
        visitor.failures += 1
        if visitor.failures >= _TRIES:
            delay = _MINUTE_S * 2 ** min(visitor.failures - _TRIES, 10)
            visitor.not_before = now + min(delay, _LONGEST_DELAY_S)

    def succeeded(self, address: str) -> None:
        """It was right: what was wrong before is forgotten."""
        self._visitors.pop(_who(address), None)


def _who(address: str) -> str:
    """The visitor; who has an IPv6 network has all of its addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _forget(tries: deque[float], now: float) -> None:
    while tries and now - tries[0] >= _MINUTE_S:
        tries.popleft()
