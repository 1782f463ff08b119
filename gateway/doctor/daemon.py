"""What a running gateway says of a meter's line, as causes: it has the port, so it is asked instead of listening. Pure.

It says less than listening does: why the port is not open, whether the meter is mute, how good the signal was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.doctor.causes import BAD_SHARE, Cause, Finding

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
    "refused by the service's rules": Cause.PORT_NOT_ALLOWED,
    "held by another program": Cause.PORT_HELD,
    "is the sender running": Cause.NO_ANSWER,
    "has it power, and Wi-Fi": Cause.BOARD_AWAY,
    "the board has not been heard": Cause.BOARD_AWAY,
    "the MQTT broker is away": Cause.BROKER_AWAY,
    ": lost": Cause.PORT_LOST,
}

# Per cent of good groups.
_GOOD_SIGNAL = 100 * (1 - BAD_SHARE)

# Both speeds have been tried by then.
_PATIENCE_S = 30.0


def findings(status: Mapping[str, Any], name: str) -> list[Finding]:
    """The causes that the gateway's status names for this meter; never empty. ``status`` as ``status --json``."""
    rows = {row["link"]: row for row in status["links"]}
    port, meter = rows.get(f"port {name}"), rows.get(f"meter {name}")
    unheard = port and port["state"] == "waiting" and (port["age_s"] or 0) > _PATIENCE_S
    if port and (port["state"] == "broken" or unheard):
        return list(_port(port))
    found = [*_meter(port, meter), *_signal(rows.get(f"decode {name}")), *_clock(rows.get(f"clock {name}"))]
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


def _signal(decode: Mapping[str, Any] | None) -> Iterator[Finding]:
    """What the last hour was like: a minute may be a motor's, a day's faults may be mended."""
    score = (decode or {}).get("figures", {}).get("signal_hour")
    if score is not None and score < _GOOD_SIGNAL:
        yield Finding(Cause.WEAK_SIGNAL, 0.5)
        yield Finding(Cause.LOOSE_WIRE, 0.4)


def _clock(clock: Mapping[str, Any] | None) -> Iterator[Finding]:
    if clock and clock["state"] == "broken":
        yield Finding(Cause.METER_CLOCK, 0.8)
    elif clock and clock["state"] == "waiting":
        yield Finding(Cause.HOST_CLOCK, 0.8)
