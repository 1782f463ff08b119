"""What is no link of the gateway and is looked at as if it were: more drawn than subscribed, an open breaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.phrase import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.live.meter import LiveMeter

# What the register says of a breaker (gateway/tic/states.py), and what is no state of one.
_CLOSED, _NO_STATE = "closed", (None, "undefined")


def beside(meters: Mapping[str, LiveMeter], now: float) -> list[Link]:
    """Both, of each meter; ``now`` is monotonic seconds."""
    return [link for name, meter in meters.items() for link in _of(name, meter, now)]


def overloads(meters: Mapping[str, LiveMeter], now: float) -> list[Link]:
    """Whether more is drawn than subscribed, for each meter."""
    return [link for link in beside(meters, now) if link.kind is LinkKind.OVERLOAD]


def _of(name: str, meter: LiveMeter, now: float) -> list[Link]:
    said = meter.snapshot(now, count=False)
    over = WAITING if said.stale or said.overload is None else BROKEN if said.overload else OK
    shut = OK if said.breaker == _CLOSED else BROKEN
    breaker = WAITING if said.stale or said.breaker in _NO_STATE else shut
    return [
        Link(LinkKind.OVERLOAD, name, over, None, NOTHING),
        Link(LinkKind.BREAKER, name, breaker, None, NOTHING),
    ]
