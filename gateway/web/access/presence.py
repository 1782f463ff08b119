"""Who asks for the page's first password stands at the meter: its signal ends and comes back while the page waits.

Bytes that end for seconds and whole frames that come after them say that the adapter, or its plug at the meter, was
pulled and put back. How often that is to be done is another number at each question, and only the page that asked says
which: a signal that failed by itself, or a plug that somebody else pulled, lets nobody in. A press of the gateway's own
button says the same. One browser is waited for at a time. No clock: monotonic seconds are handed in, once a second by
``look``.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# How long the page waits from its question on, and how long who was seen may take for a password.
ASKED_S, SEEN_S = 180.0, 600.0
# How often at least the plug is to be pulled, and how many such numbers there are.
_FEWEST, _NUMBERS = 2, 3
# A meter's frames follow each other within a second or two, and the longest takes 1.5 s at 1200 Bd. Looks and not time
# alone: a program that was held up has not looked, and has heard nothing for that reason.
_SILENCE_S, _SILENT_LOOKS = 5.0, 5
_LOOK_S = 0.9
# A signal that ends by itself so often in an hour proves nothing.
_UNSTEADY, _HOUR_S = 3, 3600.0


@dataclass(frozen=True, slots=True)
class MeterSignal:
    """What is known of a meter's wire: when its last byte came (monotonic seconds), and how many whole frames have."""

    heard: float | None
    frames: int


class PresenceStep(Enum):
    """How far it is: nobody asked; no signal to lose; to be pulled; to be put back; seen; too late."""

    NOTHING = "nothing"
    NO_SIGNAL = "no_signal"
    PULL = "pull"
    PUT_BACK = "put_back"
    SEEN = "seen"
    LATE = "late"


class PresenceWay(Enum):
    """By what somebody was seen."""

    METER = "meter"
    BUTTON = "button"


@dataclass(slots=True)
class _Wire:
    """One meter's signal as it is looked at: how often in a row nothing had come, and whether it was ever there."""

    frames: int
    silent_looks: int = 0
    speaks: bool = False
    # Within the question: it spoke, then it was silent.
    lost: bool = False

    def look(self, signal: MeterSignal, now: float) -> bool:
        """Note one look; True where its frames are back after a silence."""
        came, self.frames = signal.frames != self.frames, signal.frames
        quiet = signal.heard is None or now - signal.heard >= _SILENCE_S
        self.silent_looks = self.silent_looks + 1 if quiet else 0
        if self.speaks and self.silent_looks >= _SILENT_LOOKS:
            self.speaks, self.lost = False, True
        if not came or quiet:
            return False
        back, self.lost, self.speaks = self.lost, False, True
        return back


@dataclass(slots=True)
class _Question:
    token: bytes
    until: float
    # How often the plug is to be pulled, and by wire when it was put back.
    pulls: int
    back: dict[str, list[float]] = field(default_factory=dict)
    seen: PresenceWay | None = None
    # By wire, whether it spoke within this question: a silence that had begun before proves nothing.
    spoke: set[str] = field(default_factory=set)

    @property
    def done(self) -> int:
        """How often the plug was pulled and put back since."""
        return max(map(len, self.back.values()), default=0)


class PresenceWatch:
    """Waits for somebody at the meter, for one browser at a time.

    Args:
        pulls: how often the plug is to be pulled, at each question.
    """

    def __init__(self, pulls: Callable[[], int] = lambda: _FEWEST + secrets.randbelow(_NUMBERS)) -> None:
        self._pulls = pulls
        self._wires: dict[str, _Wire] = {}
        self._interrupted: deque[float] = deque(maxlen=_UNSTEADY)
        self._question: _Question | None = None
        self._looked = float("-inf")

    def is_steady(self, now: float) -> bool:
        """Whether the signal's end means anything here."""
        return len(self._interrupted) < _UNSTEADY or now - self._interrupted[0] > _HOUR_S

    def look(self, now: float, signals: Mapping[str, MeterSignal], *, pressed: bool = False) -> PresenceWay | None:
        """Once a second, or so: by what somebody was seen just now, if the page waits for that."""
        if now - self._looked < _LOOK_S:
            return None
        self._looked = now
        question = self._open(now)
        if question is None:
            self._end()
        for name, signal in signals.items():
            wire = self._wires.setdefault(name, _Wire(signal.frames))
            if wire.look(signal, now):
                if question and not question.seen and name in question.spoke:
                    question.back.setdefault(name, []).append(now)
                else:
                    self._interrupted.append(now)
            if question and wire.speaks:
                question.spoke.add(name)
        if question is None or question.seen:
            return None
        if question.done >= question.pulls and self.is_steady(now):
            question.seen = PresenceWay.METER
        elif pressed:
            question.seen = PresenceWay.BUTTON
        if question.seen:
            question.until = now + SEEN_S
        return question.seen

    def ask(self, now: float) -> str | None:
        """Wait from now on; the token of the browser that asked. None where another one is waited for."""
        if self.busy_s(now):
            return None
        self._end()
        token = secrets.token_urlsafe(24)
        spoke = {name for name, wire in self._wires.items() if wire.speaks}
        self._question = _Question(_digest(token), now + ASKED_S, self._pulls(), spoke=spoke)
        return token

    def count(self, token: str) -> tuple[int, int]:
        """How often the browser with this token is told to pull the plug, and how often that was seen."""
        question = self._question
        return (question.pulls, question.done) if question and self._is(question, token) else (0, 0)

    def busy_s(self, now: float) -> float:
        """For how many more seconds somebody is waited for, or let in; 0 for nobody."""
        question = self._open(now)
        return question.until - now if question else 0.0

    def step(self, token: str, now: float) -> PresenceStep:
        """How far the browser with this token is."""
        question = self._question
        if question is None or not self._is(question, token):
            return PresenceStep.NOTHING
        if now >= question.until:
            return PresenceStep.NOTHING if question.seen else PresenceStep.LATE
        if question.seen:
            return PresenceStep.SEEN
        if any(self._wires[name].lost for name in question.spoke):
            return PresenceStep.PUT_BACK
        return PresenceStep.PULL if question.spoke else PresenceStep.NO_SIGNAL

    def seen(self, token: str, now: float) -> PresenceWay | None:
        """By what the browser with this token was seen; None where it was not, or too long ago."""
        question = self._open(now)
        return question.seen if question and self._is(question, token) else None

    def forget(self) -> None:
        """Wait for nobody any more."""
        self._question = None

    def _end(self) -> None:
        """What came and went while the page waited for nobody who came did so by itself."""
        if self._question and not self._question.seen:
            # By the wire on which most did: an adapter with two meters is one that was pulled.
            self._interrupted.extend(
                next((one for one in self._question.back.values() if len(one) == self._question.done), [])
            )
            self._question.back.clear()

    def _open(self, now: float) -> _Question | None:
        return self._question if self._question and now < self._question.until else None

    @staticmethod
    def _is(question: _Question, token: str) -> bool:
        return hmac.compare_digest(question.token, _digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
