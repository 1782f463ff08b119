"""The first visit without a code: the page asks whoever it is to show that they are at the meter, and waits for that.

Only a page without a password does so, for one browser at a time and three minutes; each question counts as a wrong
code until somebody is seen. What was seen lets its browser choose the password, and stands in the journal.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.web.access.presence import ASKED_S, SEEN_S, PresenceStep, PresenceWatch, PresenceWay
from gateway.web.access.sessions import Limiter
from gateway.web.http.answers import cookie_of, redirect, set_cookie

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from microdot import Request, Response

    from gateway.web.access.access import PageAccess
    from gateway.web.access.presence import MeterSignal

log = logging.getLogger(__name__)

_PRESENCE = "linky_presence"


@dataclass(frozen=True, slots=True)
class PresenceSigns:
    """What the house has to be seen by.

    Args:
        signals: what is known now of each meter at a wire of this machine; of a board's, whose way here is a radio,
            nothing.
        pressed: whether the gateway's button was pressed since it was asked last; None where it has none.
    """

    signals: Callable[[], Mapping[str, MeterSignal]] = dict
    pressed: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class PresenceView:
    """What the page says of it: how far it is, for how many more seconds, and for whom else it waits.

    ``pulls`` is how often the plug is to be pulled in all, ``done`` how often it was.
    """

    step: PresenceStep
    left_s: int
    busy_s: int
    steady: bool
    by_meter: bool
    by_button: bool
    pulls: int = 0
    done: int = 0

    @property
    def is_offered(self) -> bool:
        """Whether there is anything to be seen by."""
        return self.by_button or (self.by_meter and self.steady)


class FirstVisit:
    """Of one page.

    Args:
        access: whether it has a password.
        signs: what the house has to be seen by.
    """

    def __init__(self, access: PageAccess, signs: PresenceSigns) -> None:
        self._access, self._signs = access, signs
        self._watch, self._limiter = PresenceWatch(), Limiter()
        self._asker: str | None = None

    def look(self) -> None:
        """Once a second, while the page has no password."""
        if self._access.ready:
            return
        now = time.monotonic()
        pressed = bool(self._signs.pressed and self._signs.pressed())
        seen = self._watch.look(now, self._signs.signals(), pressed=pressed)
        if seen:
            log.info("somebody was seen (%s) who asked for the page's first password", seen.value)
            if self._asker:
                self._limiter.succeeded(self._asker)
                self._asker = None
        if self._asker and not self._watch.busy_s(now):
            log.warning("the page was asked to wait for somebody, and nobody was seen")
            self._asker = None

    def ask(self, request: Request, who: str) -> tuple[Response | None, str | None, int]:
        """Wait for whoever asks: the answer, or None, why not (a key), and for how many seconds to wait."""
        now = time.monotonic()
        if self._watch.step(cookie_of(request, _PRESENCE), now) in {
            PresenceStep.NO_SIGNAL, PresenceStep.PULL, PresenceStep.PUT_BACK, PresenceStep.SEEN,
        }:  # fmt: skip
            return redirect("/setup"), None, 0
        if self._access.ready or not self.view(request).is_offered:
            return redirect("/setup"), None, 0
        if busy_s := self._watch.busy_s(now):
            return None, "presence_busy", max(1, round(busy_s))
        if wait_s := self._limiter.wait_s(who, now):
            return None, "too_often", max(1, round(wait_s))
        token = self._watch.ask(now)
        assert token is not None, "nobody else is waited for"  # noqa: S101
        # Until somebody is seen this was one who hopes for a plug that another one pulls.
        self._limiter.failed(who, now)
        self._asker = who
        answer = redirect("/setup")
        set_cookie(answer, request, _PRESENCE, token, int(ASKED_S + SEEN_S))
        log.info("the page waits for somebody at the meter")
        return answer, None, 0

    def view(self, request: Request) -> PresenceView:
        """For the page."""
        now = time.monotonic()
        busy_s = self._watch.busy_s(now)
        step = PresenceStep.NOTHING if self._access.ready else self._watch.step(cookie_of(request, _PRESENCE), now)
        waits = step not in {PresenceStep.NOTHING, PresenceStep.LATE}
        pulls, done = self._watch.count(cookie_of(request, _PRESENCE)) if waits else (0, 0)
        return PresenceView(
            step=step,
            left_s=max(1, round(busy_s)) if waits else 0,
            busy_s=0 if waits else round(busy_s),
            steady=self._watch.is_steady(now),
            by_meter=not self._access.ready and bool(self._signs.signals()),
            by_button=not self._access.ready and self._signs.pressed is not None,
            pulls=pulls,
            done=done,
        )

    def seen(self, request: Request) -> PresenceWay | None:
        """By what whoever asks was seen, and may choose the first password; None where that is not so."""
        if self._access.ready:
            return None
        return self._watch.seen(cookie_of(request, _PRESENCE), time.monotonic())

    def taken(self, request: Request, answer: Response) -> None:
        """The first password was set: nobody is waited for any more."""
        self._asker = None
        self._watch.forget()
        if cookie_of(request, _PRESENCE):
            set_cookie(answer, request, _PRESENCE, "", 0)
