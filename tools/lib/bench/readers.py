"""Readers of TIC: ours and those of the package index, each driven in the best way that it offers.

A reader is called with a stream, its mode, and whom to tell of the groups that it accepts. What it raises on bytes that
it does not like is dealt with as its own documentation does; what it raises at the end of the stream is the end.
"""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.stand_in import PIECE, EndOfStreamError, StandInPort, Tell

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[bytes, str, Tell], None]

_RECEIVED = datetime(2025, 1, 15, 19, tzinfo=UTC)


def ours(data: bytes, mode: str, tell: Tell) -> None:
    """The gateway's own, as its serial port feeds it."""
    reader = importlib.import_module("gateway.tic.frame").Reader(mode)
    for at in range(0, len(data), PIECE):
        for frame in reader.feed(data[at : at + PIECE]):
            groups = frame.groups
            tell(len(groups), lambda groups=groups: [(group.label, group.data) for group in groups])


def ours_to_values(data: bytes, mode: str, tell: Tell) -> None:
    """The same on to dated and judged values: what the others leave to whoever uses them."""
    reader = importlib.import_module("gateway.tic.frame").Reader(mode)
    interpreter = importlib.import_module("gateway.tic.reading").Interpreter()
    plausibility = importlib.import_module("gateway.tic.plausibility").Plausibility()
    for at in range(0, len(data), PIECE):
        for frame in reader.feed(data[at : at + PIECE]):
            said = interpreter.interpret(frame, _RECEIVED)
            if said is not None:
                plausibility.check(said)
            groups = frame.groups
            tell(len(groups), lambda groups=groups: [(group.label, group.data) for group in groups])


def pyteleinfo(data: bytes, _mode: str, tell: Tell) -> None:
    """Its codec on whole frames; its own way to a frame, one byte of the port at a time, would be slower."""
    teleinfo: Any = importlib.import_module("teleinfo")
    for piece in data.split(b"\x03")[:-1]:
        try:
            frame = teleinfo.decode(piece[piece.find(b"\x02") :] + b"\x03")
        except teleinfo.TeleinfoError:
            continue
        tell(len(frame), lambda frame=frame: frame.items())


def serial_teleinfo(data: bytes, _mode: str, tell: Tell) -> None:
    """Its client, line by line; it knows no standard mode."""
    client_module: Any = importlib.import_module("serial_teleinfo.client")
    errors: Any = importlib.import_module("serial_teleinfo.exception")
    client = client_module.Client()
    client._serial = StandInPort(data)  # noqa: SLF001 (an open port, as its __enter__ makes one)
    accepted: list[tuple[str, str]] = []
    try:
        while True:
            try:
                label, value, last = client.read_line()
            except errors.ParserException:
                continue
            accepted.append((label, value))
            if last:
                tell(len(accepted), lambda accepted=accepted: accepted)
                accepted = []
    except EndOfStreamError:
        tell(len(accepted), lambda: accepted)


def _frames_of(teleinfo: Any, mode: str, tell: Tell, data: bytes) -> None:  # noqa: ANN401 (one of two modules alike)
    reader = teleinfo.Teleinfo(mode=teleinfo.Mode.STANDARD if mode == "standard" else teleinfo.Mode.HISTORY)
    reader.reader = StandInPort(data)
    try:
        while True:
            try:
                groups = reader.read_frame().groups
            except (ValueError, TypeError):
                # A line of other than three words; and what it raises where it knows no standard mode.
                continue
            tell(len(groups), lambda groups=groups: [(g.info.name if g.info else "?", _text(g.value)) for g in groups])
    except EndOfStreamError:
        return


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def python_tic(data: bytes, mode: str, tell: Tell) -> None:
    """Its frames."""
    _frames_of(importlib.import_module("ticpy.teleinfo"), mode, tell, data)


def pyticcom(data: bytes, mode: str, tell: Tell) -> None:
    """Its frames."""
    _frames_of(importlib.import_module("pyticcom.teleinfo"), mode, tell, data)


READERS: dict[str, Read] = {
    "ours": ours,
    "ours_to_values": ours_to_values,
    "pyteleinfo": pyteleinfo,
    "serial-teleinfo": serial_teleinfo,
    "python-tic": python_tic,
    "pyticcom": pyticcom,
}
