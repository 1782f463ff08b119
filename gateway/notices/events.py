"""Which of what is decided is told by a way, how urgently, after how long it is true, when it is stale. No I/O.

An event is a word of ``[[notice]] events``; several kinds of faults are one. What a household hears of it without a
figure is here too: by a stranger's server its life is nobody's business.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.links.alert_words import FaultKind, Topic
from gateway.links.words import KINDS
from gateway.words.phrase import NOTHING, Phrase, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.links.alerts import Alert

_HOUR_S, _DAY_S = 3600, 86_400


class Urgency(enum.Enum):
    """How it is told: now and in the night; once the quiet hours are over; with the next morning's."""

    URGENT = "urgent"
    NORMAL = "normal"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Rule:
    """How an event is told; all in seconds.

    ``on``: by whoever says nothing of events. ``after_s``: it must have been true for so long. ``again_s``: not told
    again before, unless it ended. ``stale_s``: later than that nobody is told.
    """

    level: Urgency
    on: bool = True
    after_s: int = 0
    again_s: float = 6 * _HOUR_S
    stale_s: int = _DAY_S


RULES: Mapping[str, Rule] = {
    # A stale warning is worse than none: by then the meter has cut, or the oven is off.
    "overload": Rule(Urgency.URGENT, after_s=60, again_s=1800, stale_s=900),
    "breaker": Rule(Urgency.URGENT),
    "water-burst": Rule(Urgency.URGENT),
    "meter": Rule(Urgency.NORMAL, after_s=600, again_s=_DAY_S),
    "red-day": Rule(Urgency.NORMAL, again_s=math.inf),
    "off-peak": Rule(Urgency.NORMAL, again_s=math.inf, stale_s=7 * _DAY_S),
    "other-meter": Rule(Urgency.NORMAL, again_s=math.inf, stale_s=7 * _DAY_S),
    # Each by its day, or by the power that it came to.
    "contract": Rule(Urgency.NORMAL, again_s=_DAY_S, stale_s=7 * _DAY_S),
    "mode": Rule(Urgency.NORMAL, again_s=math.inf, stale_s=7 * _DAY_S),
    "power-cut": Rule(Urgency.NORMAL, again_s=math.inf),
    "water-leak": Rule(Urgency.NORMAL, again_s=_DAY_S),
    "gas": Rule(Urgency.NORMAL, on=False, again_s=_DAY_S),
    "gateway": Rule(Urgency.NORMAL, again_s=_DAY_S),
    "base-load": Rule(Urgency.DIGEST, again_s=7 * _DAY_S, stale_s=2 * _DAY_S),
    "objective": Rule(Urgency.DIGEST, again_s=math.inf, stale_s=2 * _DAY_S),
    "injection": Rule(Urgency.DIGEST, on=False, again_s=30 * _DAY_S, stale_s=2 * _DAY_S),
    "injection-stopped": Rule(Urgency.DIGEST, on=False, again_s=7 * _DAY_S, stale_s=2 * _DAY_S),
    "version": Rule(Urgency.DIGEST, on=False, again_s=math.inf, stale_s=7 * _DAY_S),
    # What a way that refuses had to say is said by another one.
    "notices": Rule(Urgency.NORMAL, again_s=7 * _DAY_S),
}

_EVENTS: Mapping[FaultKind | Topic, str] = {
    FaultKind.OVERLOAD: "overload",
    FaultKind.BREAKER: "breaker",
    **dict.fromkeys((FaultKind.MUTE, FaultKind.GARBLED, FaultKind.PORT, FaultKind.LINE), "meter"),
    Topic.TEMPO: "red-day",
    Topic.OFF_PEAK: "off-peak",
    Topic.OTHER_METER: "other-meter",
    Topic.CONTRACT: "contract",
    Topic.MODE: "mode",
    Topic.POWER_CUT: "power-cut",
    Topic.LEAK: "water-leak",
    Topic.BURST: "water-burst",
    Topic.GAS: "gas",
    Topic.BASE_LOAD: "base-load",
    Topic.OBJECTIVE: "objective",
    Topic.INJECTION: "injection",
    Topic.NO_INJECTION: "injection-stopped",
    Topic.VERSION: "version",
    Topic.SUPPORT: "version",
}

# What is said where no figure may be: of a fault its beginning and its end.
_PLAIN: Mapping[str, tuple[Phrase, Phrase]] = {
    "overload": (
        Phrase("The subscribed power is exceeded: switch off a large appliance, or the meter will cut the power."),
        Phrase("The subscribed power is no longer exceeded."),
    ),
    "breaker": (Phrase("The meter has cut the power."), Phrase("The meter has restored the power.")),
    "meter": (
        Phrase("The gateway no longer receives anything from the meter: check its cable and its adapter."),
        Phrase("The gateway is receiving the meter again."),
    ),
    "off-peak": (Phrase("Your off-peak hours have changed; the page of the house says from when to when."), NOTHING),
    "other-meter": (
        Phrase("Another meter is answering: was yours replaced? The page of the house keeps both."),
        NOTHING,
    ),
    "contract": (
        Phrase("The meter shows a different contract from before; the page of the house says which."),
        NOTHING,
    ),
    "mode": (Phrase("The meter may not be sending everything it measures; the page of the house says why."), NOTHING),
    "power-cut": (Phrase("The gateway was without power; it is back."), NOTHING),
    "water-leak": (Phrase("Water has run in every hour of a day and a night: is there a leak?"), NOTHING),
    "water-burst": (Phrase("Far more water is running than ever in the last few weeks."), NOTHING),
    "gas": (Phrase("Gas has been used in every hour of a summer’s day."), NOTHING),
    "base-load": (
        Phrase("The house uses more at night than before; its page says how much."),
        NOTHING,
    ),
    "objective": (Phrase("A goal you set needs a look; the page of the house says which."), NOTHING),
    "injection": (Phrase("Electricity is sent to the grid, and the meter does not count it."), NOTHING),
    "injection-stopped": (Phrase("Nothing has been sent to the grid for three days."), NOTHING),
}
# Of these the meter is heard, and not well.
_BADLY = (
    Phrase("The gateway receives the meter badly: check its cable and its adapter."),
    Phrase("The gateway is receiving the meter well again."),
)
_ILL = Phrase("Something is wrong with the gateway ({what}); its “Status” page says what.")
_WELL = Phrase("The gateway is working again ({what}).")
_SHARING = Phrase("What a recipient has of your readings is not what your gateway has; the “Sharing” page says more.")


def event_of(alert: Alert) -> str:
    """Its event's word: what is no event of its own is the gateway's health."""
    return _EVENTS.get(alert.kind, "gateway")


def said(alert: Alert, *, figures: bool) -> Phrase:
    """What is told of it; without figures, nothing of the household's life is in it, nor a recipient's address."""
    event = event_of(alert)
    if figures or event in ("red-day", "version"):
        return alert.text
    if alert.kind is Topic.SHARING:
        return _SHARING
    if event == "gateway":
        what = KINDS.get(alert.kind.link, same("")) if isinstance(alert.kind, FaultKind) else same("")
        return (_WELL if alert.recovered else _ILL).filled(what=what)
    badly = alert.kind in (FaultKind.LINE, FaultKind.GARBLED)
    return (_BADLY if badly else _PLAIN[event])[alert.recovered]


_TITLES: Mapping[Urgency, Phrase] = {
    Urgency.URGENT: Phrase("Linky: urgent"),
    Urgency.NORMAL: same("Linky"),
    Urgency.DIGEST: Phrase("Linky: this morning"),
}
_MORE = Phrase("{count} more; see the page of the house.")
# What is read at a glance.
MOST_LINES = 6


def title(level: Urgency) -> Phrase:
    """What stands above a message."""
    return _TITLES[level]


def message(texts: list[str], lang: str, most: int) -> str:
    """Several texts as one of at most so many characters; of too many the first, and how many more there are."""
    lines = list(dict.fromkeys(texts))
    for count in range(min(len(lines), MOST_LINES), 0, -1):
        rest = len(lines) - count
        more = [_MORE.filled(count=rest).in_language(lang)] if rest else []
        text = "\n".join([*lines[:count], *more])
        if len(text) <= most:
            return text
    others = f"\n{_MORE.filled(count=len(lines) - 1).in_language(lang)}" if len(lines) > 1 else ""
    return f"{lines[0][: most - len(others) - 1]}…{others}"
