"""The one fault that a household is told of on its first page: the worst, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.words.numbers import age

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.view import PageView

# The worst first, by the words of ``FaultKind``: no power, no reading, nothing kept, nothing sent.
_WORST = (
    *("breaker", "overload", "mute", "port", "garbled", "line", "store", "disk", "clock", "cell", "keeping", "backup"),
    *("xmpp", "recipient", "gone", "broker"),
)
# What the words of a banner are called, where that is not the fault's own word.
_CALLED = {"breaker": "cut", "overload": "over", "mute": "silent"}
_AT_SHARING = frozenset(("recipient", "gone"))
_OF_THE_MOMENT = frozenset(("breaker", "overload"))


@dataclass(frozen=True, slots=True)
class Banner:
    """What is wrong, what to do, where to read on (path and word), how many more there are; ``bad``: at once."""

    said: str
    remedy: str
    path: str
    door: str
    more: int
    bad: bool


def banner(view: PageView, meters: Sequence[Mapping[str, Any]], alerts: Sequence[Mapping[str, str]]) -> Banner | None:
    """The worst of what the meters say and the house is alerted to; None where all is well."""
    kinds = {kind for alert in alerts if (kind := alert["kind"]) in _WORST}
    kinds |= {"breaker" for one in meters if one["breaker"] not in (None, "closed")}
    kinds |= {"overload" for one in meters if one["overload"]}
    silent = [one for one in meters if one["stale"]]
    # A lost port makes its meter mute, and says more.
    if silent and not kinds & {"mute", "port", "garbled"}:
        kinds.add("mute")
    if not kinds:
        return None
    worst = min(kinds, key=_WORST.index)
    key = _CALLED.get(worst, worst)
    path, door = ("/sharing", "see_sharing") if worst in _AT_SHARING else ("/links", "see_state")
    said = (
        _silent(view, silent) if worst == "mute" and silent else view.say(key) if worst != "mute" else view.say("fault")
    )
    return Banner(said, view.say(f"{key}_do"), path, door, len(kinds) - 1, worst in _OF_THE_MOMENT)


def news(view: PageView, alerts: Sequence[Mapping[str, str]]) -> list[str]:
    """What the household is told that is no fault."""
    return [alert[view.lang] for alert in alerts if alert["kind"] not in _WORST]


def _silent(view: PageView, silent: Sequence[Mapping[str, Any]]) -> str:
    ages = [one["age_s"] for one in silent]
    if None in ages:
        return view.say("silent_ever")
    return view.say("silent", age=age(max(ages), spelt=True).in_language(view.lang))
