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
# Where the gateway itself can do something about it, or shows what; the others are at the page of the state alone.
STATE = ("/links", "see_state")
DOORS = {
    "port": ("/settings/meters", "choose_port"),
    "disk": ("/settings/keeping", "keep_less"),
    "cell": ("/settings/updates", "see_updates"),
    "keeping": ("/settings/restart", "restart_it"),
    "backup": ("/settings/backup", "back_up_now"),
    "xmpp": ("/settings/account", "see_account"),
    "recipient": ("/sharing", "see_sharing"),
    "gone": ("/sharing", "see_sharing"),
    "broker": ("/settings/home-assistant", "see_broker"),
}
_OF_THE_MOMENT = frozenset(("breaker", "overload"))


@dataclass(frozen=True, slots=True)
class Banner:
    """What is wrong, what to do, where (paths and words), how many more there are; ``bad``: at once."""

    said: str
    remedy: str
    doors: tuple[tuple[str, str], ...]
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
    doors = (DOORS[worst], STATE) if worst in DOORS else (STATE,)
    said = (
        _silent(view, silent) if worst == "mute" and silent else view.say(key) if worst != "mute" else view.say("fault")
    )
    return Banner(said, view.say(f"{key}_do"), doors, len(kinds) - 1, worst in _OF_THE_MOMENT)


def news(view: PageView, alerts: Sequence[Mapping[str, str]]) -> list[str]:
    """What the household is told that is no fault."""
    return [alert[view.lang] for alert in alerts if alert["kind"] not in _WORST]


def _silent(view: PageView, silent: Sequence[Mapping[str, Any]]) -> str:
    ages = [one["age_s"] for one in silent]
    if None in ages:
        return view.say("silent_ever")
    return view.say("silent", age=age(max(ages), spelt=True).in_language(view.lang))
