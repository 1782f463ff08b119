"""The house now, as one JSON object: what the running daemon tells ``watch``, ``metrics`` and whoever serves a page.

No I/O and no clock. Of recipients and providers there are addresses in it: it is for those who live there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from gateway.live.topics import as_json
from gateway.words.phrase import Phrase, of_members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.live.meter import LiveMeter, Value


# How a link is.
STATES = {
    "ok": Phrase("in order"),
    "waiting": Phrase("waiting"),
    "broken": Phrase("broken"),
}


class LinkKind(StrEnum):
    """What a link is. Its written form, in ``status --json`` and elsewhere, is this and its name: ``meter house``."""

    METER = "meter"
    PORT = "port"
    DECODE = "decode"
    DOCTOR = "doctor"
    CLOCK = "clock"
    TEE = "tee"
    COUNTER = "counter"
    STORE = "store"
    DISK = "disk"
    KEEPING = "keeping"
    BACKUP = "backup"
    XMPP = "xmpp"
    RECIPIENT = "recipient"
    PROVIDER = "provider"
    WATCHER = "watcher"
    MQTT = "mqtt"
    PAGE = "page"
    NOTICE = "notice"
    CELL = "cell"
    RELEASE = "release"
    # No links of the house, and looked at as if they were.
    OVERLOAD = "overload"
    BREAKER = "breaker"


# Of these a house may have several, named after people.
NAMELESS = frozenset((LinkKind.RECIPIENT, LinkKind.PROVIDER, LinkKind.WATCHER))


def written(kind: str, name: str) -> str:
    """A link in one piece, as programs know it."""
    return f"{kind} {name}" if name else kind


def kind_and_name(link: str) -> tuple[str, str]:
    """The two parts of what is ``written``; a gateway of another version may know other kinds than ``LinkKind``."""
    kind, _, name = link.partition(" ")
    return kind, name


class LinkNow(TypedDict):
    """One link, as ``status --json`` has it."""

    link: str
    state: str
    age_s: float | None
    detail: str
    figures: dict[str, float]
    # In words for a household, by language; a daemon of an earlier version has none of them.
    title: NotRequired[str]
    title_fr: NotRequired[str]
    # Of the doctor's: the word of what is wrong (gateway/doctor/causes.py).
    cause: NotRequired[str]
    detail_fr: NotRequired[str]


class AlertNow(TypedDict):
    """What the household is told of a link at fault."""

    link: str
    fr: str
    en: str


class LineNow(TypedDict):
    """What has come over a meter's line since the gateway started: frames by kind, groups that were refused."""

    whole: int
    partial: int
    bad_groups: int


class MeterNow(TypedDict):
    """One meter: the object of the topic ``json`` without its sequence, and the latest value of every series."""

    now: dict[str, Any]
    values: dict[str, Value]
    line: LineNow


class HouseNow(TypedDict):
    """All of it; ``turn`` is another one as soon as something has changed."""

    version: str
    turn: int
    meters: list[MeterNow]
    links: list[LinkNow]
    alerts: list[AlertNow]


def link_in_words(link: Mapping[str, object], lang: str) -> tuple[str, str]:
    """What a link (``LinkNow``) is, with its name, and the sentence about it."""
    kind, name = kind_and_name(str(link["link"]))
    title, detail = of_members("title", {"title": kind} | dict(link)), of_members("detail", link)
    return f"{title.in_language(lang)} {name}".rstrip(), detail.in_language(lang)


def meter_now(meter: LiveMeter, line: LineNow, now: float) -> MeterNow:
    """What is known of a meter; ``now`` is monotonic seconds."""
    said = as_json(meter.snapshot(now, count=False))
    # It numbers what is published, and this is not.
    del said["sequence"]
    return {"now": said, "values": meter.values(), "line": line}
