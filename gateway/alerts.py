"""Which link is broken: from what each link says, look after look, to the few things that a person is told.

Pure: links and a monotonic clock in, alerts out. One fault is told once, at the first broken link of its chain, and its
end once; a link that comes and goes is told at most once in ten minutes, with a count. ``Watch.look`` is the one source
of alerts: the log, the household's message and any live feed are told what it returns, ``active`` is what still holds.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.status import BROKEN, OK, WAITING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.status import Link

# After a notice nothing more is said of the same link for this long, but for the end of a first fault.
QUIET_S = 600.0

# A recipient that has not taken its oldest point for this long, and of late has taken nothing at all, stays away.
OLD_BACKLOG_S = 86_400.0
_YOUNG_BACKLOG_S = 3_600.0
_PROGRESS_S = 60.0


class Kind(enum.Enum):
    """What can be wrong; the value is the first word of the link's name."""

    MUTE = "meter"
    GARBLED = "decode"
    PORT = "port"
    CLOCK = "clock"
    STORE = "store"
    XMPP = "xmpp"
    RECIPIENT = "recipient"
    GONE = "suspended recipient"


@dataclass(frozen=True, slots=True)
class Alert:
    """A fault, or its end, to be told once.

    ``link`` is the name in ``status``; ``since`` monotonic seconds, when the fault began; ``count`` how often it came
    since the last notice. The two texts are for the household and may name a recipient; ``log_text`` never does.
    """

    kind: Kind
    link: str
    since: float
    recovered: bool
    count: int
    text_fr: str
    text_en: str
    log_text: str


class Watch:
    """Remembers what was told of each link."""

    def __init__(self) -> None:
        self._faults: dict[tuple[Kind, str], _Fault] = {}

    @property
    def active(self) -> list[Alert]:
        """What was told and has not been told to have ended."""
        return [fault.told for fault in self._faults.values() if fault.told and not fault.told.recovered]

    def look(self, links: Sequence[Link], now: float) -> list[Alert]:
        """What is to be told now (monotonic seconds); the links' ages must be those of this moment."""
        known = {link.link: link for link in links}
        alerts = []
        for link in links:
            for kind in _KINDS.get(link.link.partition(" ")[0], ()):
                fault = self._faults.setdefault((kind, link.link), _Fault(kind, link.link))
                if _explained(link.link, known):
                    fault.blocked = now
                else:
                    fault.see(link, now)
                if alert := fault.tell(now):
                    alerts.append(alert)
        return alerts


@dataclass(frozen=True, slots=True)
class _Rule:
    """After how many seconds a fault is one, and for how long its absence must last; whether the link's age says it."""

    after_s: float
    hold_s: float
    by_age: bool = False


_KINDS = {kind.value: (kind,) for kind in Kind} | {Kind.RECIPIENT.value: (Kind.RECIPIENT, Kind.GONE)}
_RULES = {
    Kind.MUTE: _Rule(30, 0, by_age=True),
    Kind.GARBLED: _Rule(30, 10, by_age=True),
    Kind.PORT: _Rule(30, 10, by_age=True),
    # After a start without a network the time is known within minutes; a clock that is put right agrees at once.
    Kind.CLOCK: _Rule(600, 10),
    # Two commits in a row, at the default of one a minute; the minutes of ten are kept in memory.
    Kind.STORE: _Rule(90, 0),
    # Its age is by the host's clock, which jumps when a board without a battery finds the time: counted here instead.
    Kind.XMPP: _Rule(600, 10),
    Kind.RECIPIENT: _Rule(600, 0),
    # Fourteen days went by before it was said.
    Kind.GONE: _Rule(0, 0),
}


class _Fault:
    """One link's history: whether it is at fault, and what was said of it."""

    __slots__ = ("_kind", "_link", "_rule", "active", "bad_since", "blocked", "count", "ended", "good_since", "oldest",
                 "plain", "since", "told", "told_at")  # fmt: skip

    def __init__(self, kind: Kind, link: str) -> None:
        self._kind, self._link, self._rule = kind, link, _RULES[kind]
        self.blocked = self.told_at = self.oldest = -math.inf
        self.bad_since: float | None = None
        self.good_since: float | None = None
        self.active = self.plain = False
        self.since = self.ended = 0.0
        self.count = 0
        self.told: Alert | None = None

    def see(self, link: Link, now: float) -> None:
        """Take in what the link says."""
        bad = _is_bad(self._kind, link)
        if bad:
            self._see_bad(link, now)
        elif bad is not None:
            self.bad_since = None
            self.good_since = now if self.good_since is None else self.good_since
            if self.active and now - self.good_since >= self._rule.hold_s:
                self.active, self.ended = False, now

    def _see_bad(self, link: Link, now: float) -> None:
        age = link.age_s or 0.0
        if self._kind is Kind.RECIPIENT:
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
            self.since = now - age if self._kind is Kind.RECIPIENT else self.bad_since
            self.count += 1

    def tell(self, now: float) -> Alert | None:
        """The notice that is due, if one is."""
        raised = self.told is not None and not self.told.recovered
        if self.active == raised and not self.count:
            return None
        if now - self.told_at < QUIET_S and not (raised and self.plain and not self.active):
            return None
        lasted = (now if self.active else self.ended) - self.since
        fr, en, logged = _texts(self._kind, self._link, lasted, self.count, active=self.active)
        self.told = Alert(self._kind, self._link, self.since, not self.active, self.count, fr, en, logged)
        self.plain = self.active and self.count == 1
        self.told_at, self.count = now, 0
        return self.told


def _is_bad(kind: Kind, link: Link) -> bool | None:
    """Whether the link is at fault; None between the two, where what was so stays so."""
    if kind is Kind.GONE:
        return link.state == BROKEN
    if link.state == OK:
        return False
    if kind is Kind.RECIPIENT and link.state == BROKEN:
        # Suspended: what waits is told as that.
        return None
    if kind is Kind.GARBLED and link.state == WAITING:
        # No byte comes: that is the meter's silence, and says nothing of what can be read.
        return None
    if kind is Kind.RECIPIENT and link.state == WAITING:
        age = link.age_s or 0.0
        return True if age > OLD_BACKLOG_S else False if age < _YOUNG_BACKLOG_S else None
    # A port that is still being opened, a meter not heard yet: what never comes is as broken as what went.
    return True


def _explained(name: str, known: Mapping[str, Link]) -> bool:
    """Whether an earlier link of the chain is why this one does not work."""
    first, _, meter = name.partition(" ")
    if first == Kind.RECIPIENT.value:
        return not _works(known.get(Kind.XMPP.value))
    if first in {Kind.MUTE.value, Kind.GARBLED.value} and not _works(known.get(f"{Kind.PORT.value} {meter}")):
        return True
    decode = known.get(f"{Kind.GARBLED.value} {meter}")
    return first == Kind.MUTE.value and decode is not None and decode.state == BROKEN


def _works(link: Link | None) -> bool:
    return link is None or link.state == OK


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of one kind of fault in one language: the fault, its repetition, what to do, its end."""

    broken: str
    again: str
    remedy: str
    back: str


_FR = {
    Kind.MUTE: _Words(
        "Le compteur « {name} » ne dit plus rien depuis {time}",
        "Le compteur « {name} » s’est tu {times} en 10 minutes",
        "vérifiez son câble aux bornes I1 et I2 et l’alimentation de l’adaptateur",
        "Le compteur « {name} » parle de nouveau, après {time} de silence",
    ),
    Kind.GARBLED: _Words(
        "Ce que dit le compteur « {name} » est illisible depuis {time}",
        "Ce que dit le compteur « {name} » est devenu illisible {times} en 10 minutes",
        "éloignez son câble des fils du secteur et vérifiez l’adaptateur",
        "Ce que dit le compteur « {name} » est de nouveau lisible, après {time}",
    ),
    Kind.PORT: _Words(
        "Le port du compteur « {name} » est perdu depuis {time}",
        "Le port du compteur « {name} » s’est perdu {times} en 10 minutes",
        "rebranchez l’adaptateur ou la carte ; « linky-gateway status » dit ce qui manque",
        "Le port du compteur « {name} » est revenu, après {time}",
    ),
    Kind.CLOCK: _Words(
        "L’heure des relevés du compteur « {name} » n’est pas sûre depuis {time}",
        "L’heure des relevés du compteur « {name} » n’a pas été sûre {times} en 10 minutes",
        "reliez la passerelle à Internet ou réglez son heure ; si elle est juste, c’est l’horloge du compteur qui est"
        " fausse, et la passerelle s’en passe",
        "L’heure des relevés du compteur « {name} » est de nouveau sûre, après {time}",
    ),
    Kind.STORE: _Words(
        "Les relevés ne peuvent plus être enregistrés depuis {time}",
        "L’enregistrement des relevés a échoué {times} en 10 minutes",
        "vérifiez la place libre et la carte SD ; « linky-gateway status » dit ce qui manque",
        "Les relevés sont de nouveau enregistrés, après {time}",
    ),
    Kind.XMPP: _Words(
        "La passerelle n’est plus reliée à la fédération depuis {time}",
        "La passerelle a perdu la fédération {times} en 10 minutes",
        "vérifiez la box et le compte ; les relevés sont gardés, « linky-gateway status » dit ce qui manque",
        "La passerelle est de nouveau reliée à la fédération, après {time}",
    ),
    Kind.RECIPIENT: _Words(
        "Des données attendent {name} depuis {time}",
        "Des données ont attendu {name} {times} en 10 minutes",
        "prévenez ce destinataire, ou retirez-lui votre consentement s’il ne vient plus",
        "Les données qui attendaient {name} ne l’attendent plus, après {time}",
    ),
    Kind.GONE: _Words(
        "L’adresse de {name} n’existe plus et rien ne lui est plus envoyé",
        "L’adresse de {name} a disparu {times} en 10 minutes",
        "ce qui l’attend est gardé ; si elle revient, « linky-gateway consent resume » reprend l’envoi, sinon"
        " retirez-lui votre consentement",
        "L’envoi à {name} a repris",
    ),
}
_EN = {
    Kind.MUTE: _Words(
        "The meter “{name}” has said nothing for {time}",
        "The meter “{name}” fell silent {times} in 10 minutes",
        "check its cable at terminals I1 and I2 and the power of the adapter",
        "The meter “{name}” speaks again, after {time} of silence",
    ),
    Kind.GARBLED: _Words(
        "What the meter “{name}” says has been unreadable for {time}",
        "What the meter “{name}” says became unreadable {times} in 10 minutes",
        "keep its cable away from mains wires and check the adapter",
        "What the meter “{name}” says can be read again, after {time}",
    ),
    Kind.PORT: _Words(
        "The port of the meter “{name}” has been lost for {time}",
        "The port of the meter “{name}” was lost {times} in 10 minutes",
        "plug the adapter or the board in again; “linky-gateway status” says what is missing",
        "The port of the meter “{name}” is back, after {time}",
    ),
    Kind.CLOCK: _Words(
        "The time of the readings of meter “{name}” has not been sure for {time}",
        "The time of the readings of meter “{name}” was not sure {times} in 10 minutes",
        "connect the gateway to the Internet or set its clock; if it is right, the meter’s clock is wrong, and the"
        " gateway does without it",
        "The time of the readings of meter “{name}” is sure again, after {time}",
    ),
    Kind.STORE: _Words(
        "Readings could not be stored for {time}",
        "Storing the readings failed {times} in 10 minutes",
        "check the free space and the SD card; “linky-gateway status” says what is missing",
        "Readings are stored again, after {time}",
    ),
    Kind.XMPP: _Words(
        "The gateway has been cut off from the federation for {time}",
        "The gateway lost the federation {times} in 10 minutes",
        "check the router and the account; readings are kept, “linky-gateway status” says what is missing",
        "The gateway is connected to the federation again, after {time}",
    ),
    Kind.RECIPIENT: _Words(
        "Data have been waiting for {name} for {time}",
        "Data waited for {name} {times} in 10 minutes",
        "tell this recipient, or withdraw your consent if it comes no more",
        "The data that waited for {name} wait no more, after {time}",
    ),
    Kind.GONE: _Words(
        "The address of {name} is gone and nothing is sent there any more",
        "The address of {name} vanished {times} in 10 minutes",
        "what waits for it is kept; if it comes back, “linky-gateway consent resume” goes on, if not withdraw your"
        " consent",
        "Sending to {name} goes on",
    ),
}


def _texts(kind: Kind, link: str, lasted: float, count: int, *, active: bool) -> tuple[str, str, str]:
    """The sentence in French, in English, and in English without the name of a recipient."""
    name = link.partition(" ")[2]
    times_fr, times_en = ("une fois", "once") if count == 1 else (f"{count} fois", f"{count} times")
    fr = {"name": name, "time": _duration(lasted, "jours"), "times": times_fr}
    en = {"name": name, "time": _duration(lasted, "days"), "times": times_en}
    logged = en | ({"name": "a recipient"} if kind in (Kind.RECIPIENT, Kind.GONE) else {})
    said_fr, said_en = _FR[kind], _EN[kind]
    if count > 1 or (count == 1 and not active):
        now_fr, now_en = ("", "") if active else (", cela marche pour l’instant", ", it works for now")
        form_fr, form_en = f"{said_fr.again}{now_fr} : {said_fr.remedy}.", f"{said_en.again}{now_en}: {said_en.remedy}."
    elif active:
        form_fr, form_en = f"{said_fr.broken} : {said_fr.remedy}.", f"{said_en.broken}: {said_en.remedy}."
    else:
        form_fr, form_en = f"{said_fr.back} ; il n’y a rien à faire.", f"{said_en.back}; there is nothing to do."
    return form_fr.format_map(fr), form_en.format_map(en), form_en.format_map(logged)


def _duration(seconds: float, days: str) -> str:
    for unit, length in ((days, 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
