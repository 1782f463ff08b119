"""The house now, as one JSON object: what the running daemon tells ``watch``, ``metrics`` and whoever serves a page.

No I/O and no clock. Of recipients and providers there are addresses in it: it is for those who live there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from gateway.live.topics import as_json

if TYPE_CHECKING:
    from gateway.live.meter import LiveMeter, Value


# Of these a house may have several, named after people.
NAMELESS = ("recipient", "provider", "watcher")


class LinkNow(TypedDict):
    """One link, as ``status --json`` has it."""

    link: str
    state: str
    age_s: float | None
    detail: str
    figures: dict[str, float]


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


def meter_now(meter: LiveMeter, line: LineNow, now: float) -> MeterNow:
    """What is known of a meter; ``now`` is monotonic seconds."""
    said = as_json(meter.snapshot(now, count=False))
    # It numbers what is published, and this is not.
    del said["sequence"]
    return {"now": said, "values": meter.values(), "line": line}
