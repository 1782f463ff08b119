"""What a running gateway says of a meter's line, as causes: it has the port, so it is asked instead of listening. Pure.

It judges its lines as the command does what it hears. Of a line that has no bytes to judge (a port that is not open, a
board) its links are looked at: why it is not open, whether the meter is mute, how good the signal was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.doctor.causes import BAD_SHARE, Cause, Finding
from gateway.doctor.judgement import LineJudgement, judgement_of

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
    "closed by the sender": Cause.NO_ANSWER,
    "nothing was received": Cause.SILENT,
    "has it power, and Wi-Fi": Cause.BOARD_AWAY,
    "the board has not been heard": Cause.BOARD_AWAY,
    "the MQTT broker is away": Cause.BROKER_AWAY,
    ": lost": Cause.PORT_LOST,
}

# Per cent of good groups.
_GOOD_SIGNAL = 100 * (1 - BAD_SHARE)

# What the bytes do not tell.
CLOCKS = frozenset((Cause.METER_CLOCK, Cause.HOST_CLOCK))

# What the loss of the port explains, or tells better.
_BEFORE = frozenset((Cause.ALL_WELL, Cause.NOT_YET, Cause.SILENT))

# Both speeds have been tried by then.
PATIENCE_S = 30.0


def findings(status: Mapping[str, Any], name: str) -> list[Finding]:
    """The causes that the gateway's status names for this meter; never empty. ``status`` as ``status --json``.

    The gateway judges each line by the bytes that it reads; an earlier version did not, and its links are looked at.
    """
    rows = {row["link"]: row for row in status["links"]}
    judged = judgement(status, name)
    found = list(judged.findings) if judged else []
    # A port that was lost just now is not judged anew yet, and frames may have come before anything is judged.
    before = _BEFORE if _is_lost(rows, name) else {Cause.NOT_YET}
    if not found or found[0].cause in before:
        found = without_bytes(status, name)
    found = [one for one in found if one.cause is not Cause.ALL_WELL] + list(_clock(rows.get(f"clock {name}")))
    return found or [Finding(Cause.ALL_WELL, 0.8)]


def _is_lost(rows: Mapping[str, Any], name: str) -> bool:
    return bool(rows.get(f"port {name}", {}).get("state") == "broken")


def judgement(status: Mapping[str, Any], name: str) -> LineJudgement | None:
    """The running gateway's own judgement of this meter's line, where it has one."""
    if judged := judgement_of(status.get("doctor", {}).get(name)):
        return judged
    row = next((row for row in status["links"] if row["link"] == f"doctor {name}"), None)
    try:
        return LineJudgement((Finding(Cause(row["cause"]), 0.9),)) if row else None
    except (KeyError, ValueError):
        return None


def without_bytes(status: Mapping[str, Any], name: str) -> list[Finding]:
    """What the links alone say of a line: of one that is not open why, of a board whether it brings frames."""
    rows = {row["link"]: row for row in status["links"]}
    port, meter = rows.get(f"port {name}"), rows.get(f"meter {name}")
    unheard = port and port["state"] == "waiting" and (port["age_s"] or 0) > PATIENCE_S
    if port and (port["state"] == "broken" or unheard):
        return list(_port(port))
    found = [*_meter(port, meter), *_signal(rows.get(f"decode {name}"))]
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
    if meter["state"] == "waiting" and open_s <= PATIENCE_S:
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
