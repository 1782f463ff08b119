"""Which link is broken: from what each link says, look after look, to the few things that a person is told.

Pure: links and a monotonic clock in, alerts out. One fault is told once, at the first broken link of its chain, and its
end once; a link that comes and goes is told at most once in ten minutes, with a count. The log, the household's message
and the live feed are told what ``look`` returns, ``active`` is what still holds, ``told`` what a next start must know.
An overload is no link, and is looked at as if it were one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.links.alert_words import FaultKind, Topic, texts
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.live.state import written
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# After a notice nothing more is said of the same link for this long, but for the end of a first fault.
QUIET_S = 600.0

# A recipient that has not taken its oldest point for this long, and of late has taken nothing at all, stays away.
OLD_BACKLOG_S = 86_400.0
# A link that has not been there for this long (a consent that was withdrawn) is no fault of anybody's.
_GONE_AFTER_S = 120.0
_YOUNG_BACKLOG_S = 3_600.0
_PROGRESS_S = 60.0


# What is no link of the gateway, and is looked at as if it were one.
_OF_THE_HOUSE = (FaultKind.OVERLOAD, FaultKind.BREAKER)


@dataclass(frozen=True, slots=True)
class Alert:
    """A fault, or its end, or news, to be told once.

    ``name`` is that of the link (``Link.name``), or what else it is about; ``since`` monotonic seconds, when the fault
    began; ``count`` how often it came since the last notice. The text is for the household and may name a
    recipient; ``log_text`` never does. ``key`` is that of news.
    """

    kind: FaultKind | Topic
    name: str
    since: float
    recovered: bool
    count: int
    text: Phrase
    log_text: str
    key: str = ""

    @property
    def matter(self) -> str:
        """What it is about, the same for its beginning and its end, and for another day's news another."""
        return self.key or (f"{self.kind.name} {self.name}" if isinstance(self.kind, FaultKind) else self.link)

    @property
    def link(self) -> str:
        """The link's name in ``status``, or what else it is about."""
        return written(self.kind.link if isinstance(self.kind, FaultKind) else self.kind.value, self.name)

    @property
    def is_fault(self) -> bool:
        """Whether a link of the house does not work."""
        return isinstance(self.kind, FaultKind) and self.kind not in _OF_THE_HOUSE


@dataclass(frozen=True, slots=True)
class NotifiedFault:
    """A fault of which the household knows, for the next start; ``since`` is monotonic seconds here."""

    kind: FaultKind
    name: str
    since: float

    @property
    def link(self) -> str:
        """The link's name in ``status``."""
        return written(self.kind.link, self.name)


class AlertWatch:
    """Remembers what was told of each link.

    Args:
        away_after_s: how old the oldest point that waits for a recipient must be for it to be away.
    """

    def __init__(self, away_after_s: float = OLD_BACKLOG_S) -> None:
        self.away_after_s = away_after_s
        self._faults: dict[tuple[FaultKind, str], _Fault] = {}

    def restore(self, told: Iterable[NotifiedFault], now: float) -> None:
        """Know what an earlier start has told (``since`` in monotonic seconds of this one)."""
        for one in told:
            self._faults[one.kind, one.name] = fault = _Fault(one.kind, one.name)
            fault.restore(one.since, now)

    @property
    def notified(self) -> frozenset[NotifiedFault]:
        """What the household knows of and has not been told to have ended."""
        known = ((key, fault.told) for key, fault in self._faults.items())
        return frozenset(NotifiedFault(*key, told.since) for key, told in known if told and not told.recovered)

    @property
    def active(self) -> list[Alert]:
        """What was told and has not been told to have ended."""
        return [fault.told for fault in self._faults.values() if fault.told and not fault.told.recovered]

    def look(self, links: Sequence[Link], now: float) -> list[Alert]:
        """What is to be told now (monotonic seconds); the links' ages must be those of this moment."""
        known = {(link.kind, link.name): link for link in links}
        alerts = []
        gone = [key for key, fault in self._faults.items() if (key[0].link, key[1]) not in known and fault.is_gone(now)]
        for kind, name in gone:
            fault = self._faults.pop((kind, name))
            # A cell has a link for as long only as it has failed of late: without one, after a start, it works.
            if kind is FaultKind.CELL and (alert := fault.end(now)):
                alerts.append(alert)
        for link in links:
            for kind in _KINDS.get(link.kind, ()):
                fault = self._faults.setdefault((kind, link.name), _Fault(kind, link.name))
                fault.seen = now
                if _explained(link, known):
                    fault.blocked = now
                else:
                    fault.see(link, now, self.away_after_s)
                if alert := fault.tell(now, _advice(kind, link.name, known)):
                    alerts.append(alert)
        return alerts


@dataclass(frozen=True, slots=True)
class _Rule:
    """After how many seconds a fault is one, and for how long its absence must last; whether the link's age says it."""

    after_s: float
    hold_s: float
    by_age: bool = False


_KINDS = {link: tuple(kind for kind in FaultKind if kind.link is link) for link in LinkKind}
_RULES = {
    FaultKind.MUTE: _Rule(30, 0, by_age=True),
    FaultKind.GARBLED: _Rule(30, 10, by_age=True),
    FaultKind.PORT: _Rule(30, 10, by_age=True),
    # The reader goes on, and a motor or a welder passes: what lasts is worth a word.
    FaultKind.LINE: _Rule(120, 60),
    # After a start without a network the time is known within minutes; a clock that is put right agrees at once.
    FaultKind.CLOCK: _Rule(600, 10),
    # Two commits in a row, at the default of one a minute; the minutes of ten are kept in memory.
    FaultKind.STORE: _Rule(90, 0),
    # Its age is by the host's clock, which jumps when a board without a battery finds the time: counted here instead.
    FaultKind.XMPP: _Rule(600, 10),
    FaultKind.RECIPIENT: _Rule(600, 0),
    # Fourteen days went by before it was said.
    FaultKind.GONE: _Rule(0, 0),
    # Its link knows how much is much; it does not come and go.
    FaultKind.DISK: _Rule(10, 10),
    # Whoever decides it has waited long enough already.
    FaultKind.KEEPING: _Rule(10, 0),
    # Two nights went by before its link was broken.
    FaultKind.BACKUP: _Rule(0, 0, by_age=True),
    FaultKind.BROKER: _Rule(60, 10, by_age=True),
    # It has failed again and again before it was said.
    FaultKind.CELL: _Rule(0, 0, by_age=True),
    # One that lasts for two frames: soon the breaker opens. A kettle that goes on and off is one overload.
    FaultKind.OVERLOAD: _Rule(2, 60),
    FaultKind.BREAKER: _Rule(2, 10),
}


class _Fault:
    """One link's history: whether it is at fault, and what was said of it."""

    __slots__ = ("_kind", "_name", "_rule", "active", "bad_since", "blocked", "count", "ended",
                 "good_since", "oldest", "plain", "seen", "since", "told", "told_at")  # fmt: skip

    def __init__(self, kind: FaultKind, name: str) -> None:
        self._kind, self._name, self._rule = kind, name, _RULES[kind]
        self.seen = -math.inf
        self.blocked = self.told_at = self.oldest = -math.inf
        self.bad_since: float | None = None
        self.good_since: float | None = None
        self.active = self.plain = False
        self.since = self.ended = 0.0
        self.count = 0
        self.told: Alert | None = None

    def restore(self, since: float, now: float) -> None:
        """It was told, and had not ended when the gateway did."""
        self.since = self.bad_since = since
        self.active = self.plain = True
        self.seen = now
        self.told = self._alert(now, 1)

    def is_gone(self, now: float) -> bool:
        """Whether nobody has known of the link for a while."""
        return now - self.seen > _GONE_AFTER_S

    def end(self, now: float) -> Alert | None:
        """The notice that it has ended, if it was told."""
        if self.told is None or self.told.recovered:
            return None
        self.active, self.ended = False, now
        return self._alert(now, 0)

    def see(self, link: Link, now: float, away_after_s: float) -> None:
        """Take in what the link says."""
        bad = _is_bad(self._kind, link, away_after_s)
        if bad:
            self._see_bad(link, now)
        elif bad is not None:
            self.bad_since = None
            self.good_since = now if self.good_since is None else self.good_since
            if self.active and now - self.good_since >= self._rule.hold_s:
                self.active, self.ended = False, now

    def _see_bad(self, link: Link, now: float) -> None:
        age = link.age_s or 0.0
        if self._kind is FaultKind.RECIPIENT:
            # What it takes makes the oldest younger: slow is not away.
            if now - age > self.oldest + _PROGRESS_S:
                self.bad_since = None
            self.oldest = now - age
        begun = now if self.bad_since is None else self.bad_since
        if self._rule.by_age and link.age_s is not None:
            begun = now - age
        self.good_since, self.bad_since = None, max(begun, self.blocked)
        if not self.active and now - self.bad_since >= self._rule.after_s:
            self.active = True
            self.since = now - age if self._kind is FaultKind.RECIPIENT else self.bad_since
            self.count += 1

    def tell(self, now: float, advice: Phrase = NOTHING) -> Alert | None:
        """The notice that is due, if one is; with what the doctor says of it."""
        raised = self.told is not None and not self.told.recovered
        if self.active == raised and not self.count:
            return None
        if now - self.told_at < QUIET_S and not (raised and self.plain and not self.active):
            return None
        self.told = self._alert(now, self.count, advice)
        self.plain = self.active and self.count == 1
        self.told_at, self.count = now, 0
        return self.told

    def _alert(self, now: float, count: int, advice: Phrase = NOTHING) -> Alert:
        lasted = (now if self.active else self.ended) - self.since
        text, logged = texts(self._kind, self._name, lasted, count, active=self.active, advice=advice)
        return Alert(self._kind, self._name, self.since, not self.active, count, text, logged)


_SAYS_NOTHING = {
    # Suspended: what waits is told as that.
    (FaultKind.RECIPIENT, BROKEN),
    # No byte comes: that is the meter's silence, and says nothing of what can be read.
    (FaultKind.GARBLED, WAITING),
    # Nobody knows at the moment.
    (FaultKind.OVERLOAD, WAITING),
    (FaultKind.BREAKER, WAITING),
    (FaultKind.DISK, WAITING),
    (FaultKind.LINE, WAITING),
    (FaultKind.BACKUP, WAITING),
    # It is about to start again.
    (FaultKind.CELL, WAITING),
}


def _is_bad(kind: FaultKind, link: Link, away_after_s: float) -> bool | None:
    """Whether the link is at fault; None between the two, where what was so stays so."""
    if kind is FaultKind.GONE:
        return link.state == BROKEN
    if link.state == OK:
        return False
    if (kind, link.state) in _SAYS_NOTHING:
        return None
    if kind is FaultKind.RECIPIENT:
        age = link.age_s or 0.0
        return True if age > away_after_s else False if age < min(_YOUNG_BACKLOG_S, away_after_s / 2) else None
    # A port that is still being opened, a meter not heard yet: what never comes is as broken as what went.
    return True


def _explained(link: Link, known: Mapping[tuple[LinkKind, str], Link]) -> bool:
    """Whether an earlier link of the chain is why this one does not work."""
    if link.kind is LinkKind.RECIPIENT:
        return not _works(known.get((LinkKind.XMPP, "")))
    if link.kind is LinkKind.DOCTOR:
        # Then it is told with the cause of the doctor; and the port's and the reader's links are slower than he is.
        return any(
            not _works(known.get((kind, link.name))) for kind in (LinkKind.PORT, LinkKind.DECODE, LinkKind.METER)
        )
    if link.kind in {LinkKind.METER, LinkKind.DECODE} and not _works(known.get((LinkKind.PORT, link.name))):
        return True
    decode = known.get((LinkKind.DECODE, link.name))
    return link.kind is LinkKind.METER and decode is not None and decode.state == BROKEN


def _advice(kind: FaultKind, name: str, known: Mapping[tuple[LinkKind, str], Link]) -> Phrase:
    """What the doctor says of a line that is at fault."""
    doctor = known.get((LinkKind.DOCTOR, name))
    return doctor.advice if kind in _OF_A_LINE and doctor and doctor.state == BROKEN else NOTHING


_OF_A_LINE = frozenset((FaultKind.MUTE, FaultKind.GARBLED, FaultKind.PORT, FaultKind.LINE))


def _works(link: Link | None) -> bool:
    return link is None or link.state == OK
