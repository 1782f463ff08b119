"""``python -m bench.readers NAME STREAM [FOLDER]``: one reader of TIC, one stream, in a process of its own.

Ours and those of the package index, each driven in the best way that it offers; FOLDER is where one is that the index
does not have (``linkytic``). A reader is called with a stream, its mode, and whom to tell of the groups that it
accepts. What it raises on bytes that it does not like is dealt with as its own documentation does; what it raises at
the end of the stream is the end.

Prints one JSON object: groups accepted, those of them that are right, processor seconds of the best of some passes,
peak memory in KiB before and after, and how many wrong values it took from damaged frames.
"""

from __future__ import annotations

import importlib
import json
import logging
import pickle
import re
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import linkytic
from bench.stand_in import PIECE, EndOfStreamError, StandInPort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.stand_in import Tell
    from bench.streams import Flip, Sent

    Read = Callable[[bytes, str, Tell], None]

_RECEIVED = datetime(2025, 1, 15, 19, tzinfo=UTC)
_PASSES = 3
# A second frame begins after the last one, or its end would never be seen.
_NEXT = b"\x02\n"


def ours(data: bytes, mode: str, tell: Tell) -> None:
    """The gateway's own, as its serial port feeds it."""
    for frame in _frames(data, mode):
        tell(len(frame.groups), lambda frame=frame: [(group.label, group.data) for group in frame.groups])


def ours_to_values(data: bytes, mode: str, tell: Tell) -> None:
    """The same on to dated and judged values: what the others leave to whoever uses them."""
    interpreter = importlib.import_module("gateway.tic.reading").Interpreter()
    plausibility = importlib.import_module("gateway.tic.plausibility").Plausibility()
    for frame in _frames(data, mode):
        said = interpreter.interpret(frame, _RECEIVED)
        if said is not None:
            plausibility.check(said)
        tell(len(frame.groups), lambda frame=frame: [(group.label, group.data) for group in frame.groups])


def _frames(data: bytes, mode: str) -> Iterator[Any]:
    reader = importlib.import_module("gateway.tic.frame").Reader(mode)
    for at in range(0, len(data), PIECE):
        yield from reader.feed(data[at : at + PIECE])


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


def python_tic(data: bytes, mode: str, tell: Tell) -> None:
    """Its frames."""
    teleinfo: Any = importlib.import_module("ticpy.teleinfo")
    reader = teleinfo.Teleinfo(mode=teleinfo.Mode.STANDARD if mode == "standard" else teleinfo.Mode.HISTORY)
    reader.reader = StandInPort(data)
    with suppress(EndOfStreamError):
        while True:
            try:
                groups = reader.read_frame().groups
            except (ValueError, TypeError):
                # A line of other than three words; and what it raises where it knows no standard mode.
                continue
            tell(len(groups), lambda groups=groups: [(g.info.name if g.info else "?", _text(g.value)) for g in groups])


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


READERS: dict[str, Read] = {
    "ours": ours,
    "ours_to_values": ours_to_values,
    "pyteleinfo": pyteleinfo,
    "serial-teleinfo": serial_teleinfo,
    "python-tic": python_tic,
}


def main(name: str, stream: Path, folder: Path | None) -> dict[str, float]:
    """Read, count, compare."""
    # They may say much of what they do not like; what is measured is reading.
    logging.disable(logging.CRITICAL)
    with stream.open("rb") as file:
        mode, data = pickle.load(file), pickle.load(file)
        read = partial(linkytic.read, linkytic.load(folder)) if folder else READERS[name]
        before = _peak_kib()
        seconds, accepted = min(_timed(read, data, mode) for _ in range(_PASSES))
        peak = _peak_kib()
        life, flips = pickle.load(file), pickle.load(file)
    truth = Counter(pair for sent in life for pair in sent.groups)
    right = (_pairs(read, data, mode) & truth).total()
    found = {"accepted": accepted, "right": right, "sent": truth.total(), "seconds": seconds}
    found |= {"before_kib": before, "peak_kib": peak, "damaged": len(flips)}
    # What is damaged and passes our checksum is judged later, by more than this measures: tests/README.md has that.
    return found if name == "ours_to_values" else found | _wrong(read, life, flips, mode, nul=name == "ours")


def _peak_kib() -> int:
    """The most that was resident since this program began; getrusage would count that of whoever started it."""
    told = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    if told is None:
        raise SystemExit("this kernel does not say how much memory was resident at most")
    return int(told[1])


def _timed(read: Read, data: bytes, mode: str) -> tuple[float, int]:
    accepted: list[int] = []
    begun = time.process_time()
    read(data + _NEXT, mode, lambda count, _: accepted.append(count))
    return time.process_time() - begun, sum(accepted)


def _pairs(read: Read, data: bytes, mode: str) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    read(data + _NEXT, mode, lambda _, pairs: found.update(pairs()))
    return found


def _wrong(read: Read, life: list[Sent], flips: list[Flip], mode: str, *, nul: bool) -> dict[str, float]:
    """Values that no frame said, and how often the reader gave up altogether.

    Whoever checks the parity has NUL for the bad byte, from the kernel; whoever does not has the byte itself.
    """
    wrong = broke = 0
    for flip in flips:
        truth = flip.truth(life)
        try:
            wrong += sum(pair not in truth for pair in _pairs(read, flip.stream(life, nul=nul), mode))
        except Exception:  # noqa: BLE001 (whatever a reader of others raises there would end its program)
            broke += 1
    return {"wrong": wrong, "broke": broke}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None)))
