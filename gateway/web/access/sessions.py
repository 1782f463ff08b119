"""Who is signed in, and how often somebody may try: in memory alone, so that a restart signs everybody out.

No clock: monotonic seconds are handed in.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# A session that is not used for so long has ended; a phone that looks each week stays in.
IDLE_S = 14 * 86_400.0
_MOST_SESSIONS = 50
# What a browser says of itself (RFC 9110 §10.1.5), of which these names alone are kept: the first that fits. Each but
# the last of a kind also says the names after it, to be served as they are.
_BROWSERS = (
    ("Edge", "Edg"), ("Opera", "OPR/"), ("Samsung Internet", "SamsungBrowser"), ("Firefox", "Firefox/|FxiOS"),
    ("Chrome", "Chrome/|CriOS"), ("Safari", "Safari/"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("ChromeOS", "CrOS"), ("Windows", "Windows"),
    ("Mac", "Macintosh"), ("Linux", "Linux"),
)  # fmt: skip
# Twice as many are a text of letters alone.
_SECRET_BYTES = 33

# Tries in a minute of one visitor; after as many failures in a row the delay doubles.
_TRIES, _MINUTE_S = 5, 60.0
_LONGEST_DELAY_S = 900.0
# Of all strangers together: as many at once, then one each half minute, 2,880 a day. A list of a million passwords
# takes them a year; twelve small letters by chance, of which there are 26 to the 12th, take 90 thousand million years.
_STORE_OF_TRIES, _NEW_TRY_S = 30, 30.0
_MOST_VISITORS = 500


@dataclass(slots=True)
class BrowserSession:
    """One browser that has signed in: its secret, by which its forms are known from forged ones, and its last use.

    ``began`` is when it signed in, ``browser`` what it says that it is, ``number`` what a form calls it.
    """

    secret: bytes
    used: float
    began: float = 0.0
    browser: str = ""
    number: str = ""

    @property
    def form_token(self) -> str:
        """What stands in the forms of one answer: the secret under a mask that is new each time, and that mask.

        In an answer that is packed a text that stays could be guessed, letter by letter, by how long the answer is
        (BREACH).
        """
        mask = secrets.token_bytes(_SECRET_BYTES)
        return urlsafe_b64encode(mask + _masked(self.secret, mask)).decode()

    def made(self, form_token: str) -> bool:
        """Whether a form with this token is one of its own."""
        try:
            told = urlsafe_b64decode(form_token.encode())
        except ValueError:
            return False
        mask, hidden = told[:_SECRET_BYTES], told[_SECRET_BYTES:]
        return len(hidden) == _SECRET_BYTES and hmac.compare_digest(self.secret, _masked(hidden, mask))


def _masked(text: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(text, mask, strict=True))


class BrowserSessions:
    """The browsers that are signed in."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, BrowserSession] = OrderedDict()

    def open(self, now: float, browser: str = "") -> str:
        """Sign somebody in; the cookie."""
        cookie = secrets.token_urlsafe(32)
        secret, number = secrets.token_bytes(_SECRET_BYTES), secrets.token_hex(4)
        self._known[cookie] = BrowserSession(secret, now, now, browser, number)
        if len(self._known) > _MOST_SESSIONS:
            self._known.popitem(last=False)
        return cookie

    def find(self, cookie: str, now: float) -> BrowserSession | None:
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

    def all(self, now: float) -> list[BrowserSession]:
        """Who is signed in, by their last use, the latest first."""
        return [one for one in reversed(self._known.values()) if now - one.used <= IDLE_S]

    def close_some(self, wanted: Callable[[BrowserSession], bool]) -> int:
        """Sign out those that are wanted; how many."""
        gone = [cookie for cookie, session in self._known.items() if wanted(session)]
        for cookie in gone:
            self.close(cookie)
        return len(gone)


@dataclass(slots=True)
class RefusedTries:
    """Tries of a password or a code that came to nothing, since the gateway runs; ``last`` is POSIX seconds.

    ``strangers`` of them were of somebody who has never signed in.
    """

    count: int = 0
    strangers: int = 0
    last: float | None = None

    def note(self, now: float, *, known: bool) -> None:
        """One more."""
        self.count, self.last = self.count + 1, now
        self.strangers += not known


def browser_of(agent: str) -> str:
    """Which browser on which system, of its header: ``Firefox, Android``; empty where that says nothing known."""
    found = [next((name for name, sign in table if re.search(sign, agent)), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found))


@dataclass(slots=True)
class _Visitor:
    tries: deque[float]
    failures: int = 0
    not_before: float = 0.0


class _Visitors:
    """What each has tried; of too many the one that tried longest ago is forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Visitor] = OrderedDict()

    def of(self, who: str) -> _Visitor:
        visitor = self._known.setdefault(who, _Visitor(deque()))
        self._known.move_to_end(who)
        if len(self._known) > _MOST_VISITORS:
            self._known.popitem(last=False)
        return visitor

    def forget(self, who: str) -> None:
        self._known.pop(who, None)


class Limiter:
    """How often a secret may be tried: five times a minute, and ever less often by whoever is always wrong.

    All strangers together have a store of tries that fills slowly, 2,910 in the first day and 2,880 in each that
    follows; who is known takes none of it, and waits for its own failures alone.
    """

    def __init__(self) -> None:
        self._strangers, self._known = _Visitors(), _Visitors()
        self._left, self._counted = float(_STORE_OF_TRIES), 0.0

    def wait_s(self, who: str, now: float, *, known: bool = False) -> float:
        """Take note of a try; 0 when it may be made, otherwise in how many seconds the next may."""
        visitor = (self._known if known else self._strangers).of(who)
        while visitor.tries and now - visitor.tries[0] >= _MINUTE_S:
            visitor.tries.popleft()
        if now < visitor.not_before:
            return visitor.not_before - now
        if len(visitor.tries) >= _TRIES:
            return visitor.tries[0] + _MINUTE_S - now
        if not known and (wait_s := self._take(now)):
            return wait_s
        visitor.tries.append(now)
        return 0.0

    def failed(self, who: str, now: float, *, known: bool = False) -> None:
        """It was wrong."""
        visitor = (self._known if known else self._strangers).of(who)
        visitor.failures += 1
        if visitor.failures >= _TRIES:
            delay = _MINUTE_S * 2 ** min(visitor.failures - _TRIES, 10)
            visitor.not_before = now + min(delay, _LONGEST_DELAY_S)

    def succeeded(self, who: str) -> None:
        """It was right: what was wrong before is forgotten."""
        self._strangers.forget(who)
        self._known.forget(who)

    def _take(self, now: float) -> float:
        """Take one of the strangers' tries; 0, or in how many seconds there is one."""
        grown = (now - self._counted) / _NEW_TRY_S
        self._left, self._counted = min(float(_STORE_OF_TRIES), self._left + grown), now
        if self._left < 1.0:
            return (1.0 - self._left) * _NEW_TRY_S
        self._left -= 1.0
        return 0.0
