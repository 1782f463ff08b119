"""What a running gateway says of a meter's line, as causes: it has the port, so it is asked instead of listening. Pure.

It says less than listening does: why the port is not open, whether the meter is mute, how many groups were bad.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.doctor.causes import BAD_SHARE, FEW_BAD_GROUPS, Cause, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# A part of the gateway's sentence for a port that is not open (gateway/sources) -> the cause.
_SENTENCES = {
    "no such port": Cause.NO_SUCH_PORT,
    "no such adapter": Cause.NO_SUCH_PORT,
    "its adapter is gone": Cause.NO_SUCH_PORT,
    "several adapters": Cause.SEVERAL_PORTS,
    "no device behind": Cause.NO_SUCH_PORT,
    "not a serial port": Cause.NOT_A_PORT,
    "permission denied": Cause.PERMISSION_DENIED,
    "held by another program": Cause.PORT_HELD,
    "is the sender running": Cause.NO_ANSWER,
    ": lost": Cause.PORT_LOST,
}

_COUNTS = re.compile(r"(\d+) whole frames, (\d+) partial, (\d+) bad groups")

# Groups in the shortest frame that a household's meter sends all day (historic, single-phase).
_GROUPS_A_FRAME = 9

# Both speeds have been tried by then.
_PATIENCE_S = 30.0


def findings(status: Mapping[str, Any], name: str) -> list[Finding]:
    """The causes that the gateway's status names for this meter; never empty. ``status`` as ``status --json``."""
    rows = {row["link"]: row for row in status["links"]}
    port, meter = rows.get(f"port {name}"), rows.get(f"meter {name}")
    found = list(_port(port) if port and port["state"] == "broken" else _meter(port, meter))
    return found or [Finding(Cause.ALL_WELL, 0.8)]


def _port(port: Mapping[str, Any]) -> Iterator[Finding]:
    for part, cause in _SENTENCES.items():
        if part in port["detail"]:
            yield Finding(cause, 0.9)
            return
    yield Finding(Cause.UNKNOWN, 0.5)


def _meter(port: Mapping[str, Any] | None, meter: Mapping[str, Any] | None) -> Iterator[Finding]:
    if meter is None:
        yield Finding(Cause.UNKNOWN, 0.5)
        return
    open_s = (port or {}).get("age_s") or 0.0
    if meter["state"] == "waiting" and open_s <= _PATIENCE_S:
        yield Finding(Cause.NOT_YET, 0.8)
    elif meter["state"] != "ok":
        yield Finding(Cause.MUTE, 0.8)
    counts = _COUNTS.search(meter["detail"])
    whole, partial, bad = (int(text) for text in counts.groups()) if counts else (0, 0, 0)
    if bad > max(FEW_BAD_GROUPS, BAD_SHARE * _GROUPS_A_FRAME * (whole + partial)):
        yield Finding(Cause.WEAK_SIGNAL, 0.5)
        yield Finding(Cause.LOOSE_WIRE, 0.4)
