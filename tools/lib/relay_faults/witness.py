"""What a board has sent and given up, beside what the meter said; and the faults of its flash.

``unix/witness.py`` is its other half, in the board's own process: what it sends is known even where nobody was there to
hear it, and what a board had counted even where it was killed.
"""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.tic.frame import Reader
from gateway.tic.parity import strip_parity
from gateway.tic.reading import meter_time

if TYPE_CHECKING:
    import random
    from pathlib import Path

_ETX, _STX = b"\x03", b"\x02"
_DATE = re.compile(rb"\nDATE\t[^\r]*\r")


@dataclass
class WitnessReport:
    """What came of the meter's frames."""

    # When those were said that the board never sent, those that it sent in part, and those that it sent and gave up
    # before it knew that the gateway has them, POSIX. So many of the missing ones it sent in part without their date.
    missing: list[float] = field(default_factory=list)
    in_part: list[float] = field(default_factory=list)
    given_up: list[float] = field(default_factory=list)
    undated: int = 0
    # What all its starts have counted; so many of those it had sent before, and of so many more that is not known.
    thinned: int = 0
    lost: int = 0
    sent_before: int = 0
    unsure: int = 0
    wrong: list[str] = field(default_factory=list)


class Witness:
    """The files of one board's witness, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self.environment = {"BOARD_WITNESS": str(folder)}

    def fail(self, chance: float) -> None:
        """Have calls on the flash fail, with this chance each."""
        (self._folder / "faults").write_bytes(bytes((int(chance * 255),)))

    def heal(self) -> None:
        """The flash is good again."""
        (self._folder / "faults").unlink(missing_ok=True)

    def judge(self, heard: bytes, *, thinned: int, lost: int) -> WitnessReport:
        """Compare what was sent with what the meter said, every byte of it with its parity.

        ``thinned`` and ``lost`` are what the last start has counted in the end.
        """
        first, *pieces = strip_parity(heard).split(_ETX)
        if _STX in first:
            first, pieces = b"", [first, *pieces]
        # A meter that is quick says the same twice in a second.
        said = Counter(_STX + piece.rpartition(_STX)[2] + _ETX for piece in pieces[:-1])
        groups = {group for frame in (first, *said) for group in _groups(frame)}
        by_date = {date: frame for frame in said if (date := _date(frame))}
        told = WitnessReport(thinned=thinned, lost=lost)
        sent: dict[bytes, set[tuple[object, object]]] = {}
        gone = self._gone()
        for header, frame in self._sent():
            where = f"frame {header['boot']} {header['seq']}"
            if header["whole"] and frame not in said:
                told.wrong.append(f"{where}: whole, and the meter never said it: {_difference(frame, by_date)}")
            strange = [group for group in _groups(frame) if group not in groups]
            if strange:
                told.wrong.append(f"{where}: groups that the meter never said: {strange}")
            # Two of one second are told apart by all that they say.
            real = frame if frame in said else by_date.get(_date(frame) or b"")
            if real and not header["whole"]:
                told.in_part.append(_when(real))
            if real and (header["boot"], header["seq"]) in gone:
                told.given_up.append(_when(real))
            # Of the first one the port had a part.
            if real or not set(_groups(frame)) <= set(_groups(first)):
                sent.setdefault(real or frame, set()).add((header["boot"], header["seq"]))
        for frame, times in said.items():
            told.missing += [_when(frame)] * (times - len(sent.get(frame, ())))
        told.undated = len(sent.keys() - said.keys())
        files = sorted(self._folder.glob("*.counts"))
        for file in files:
            thinned, lost, sent_before, unsure = map(int, file.read_bytes().split() or (0, 0, 0, 0))
            told.sent_before += sent_before
            told.unsure += unsure
            if file != files[-1]:
                told.thinned += thinned
                told.lost += lost
        return told

    def _gone(self) -> set[tuple[object, object]]:
        """Which it had sent and gave up: (boot, number)."""
        data = b"".join(file.read_bytes() for file in self._folder.glob("*.gone"))
        return {(boot.hex(), number) for boot, number in struct.iter_unpack("<4sI", data)}

    def _sent(self) -> list[tuple[dict[str, object], bytes]]:
        """Every message, with repeats: header, frame from STX to ETX."""
        found = []
        for file in sorted(self._folder.glob("*.sent")):
            data, at = file.read_bytes(), 0
            while (end := data.find(b"\n", at)) >= 0:
                size = int(data[at:end])
                header, _, frame = data[end + 1 : end + 1 + size].partition(b"\n")
                at = end + 1 + size
                if at <= len(data):
                    found.append((json.loads(header), frame))
        return found


def flip(folder: Path, draw: random.Random) -> bool:
    """Tip over one bit of the files in ``folder``; False when there is none."""
    files = [path for path in folder.glob("*.[jk]") if path.stat().st_size]
    if not files:
        return False
    path = draw.choice(files)
    with path.open("r+b") as file:
        at = draw.randrange(path.stat().st_size)
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes((byte ^ 1 << draw.randrange(8),)))
    return True


def _groups(frame: bytes) -> list[bytes]:
    """From LF to CR each."""
    return re.findall(rb"\n[^\n\r]*\r", frame)


def _date(frame: bytes) -> bytes | None:
    found = _DATE.search(frame)
    return found and found[0]


def _difference(frame: bytes, by_date: dict[bytes, bytes]) -> str:
    real = by_date.get(_date(frame) or b"")
    if real is None:
        return f"{len(_groups(frame))} groups, of no time of the meter"
    return (
        f"{len(_groups(frame))} groups, {len(_groups(real))} said; not said: {set(_groups(frame)) - set(_groups(real))}"
    )


def _when(frame: bytes) -> float:
    (read,) = Reader().feed(frame)
    time = meter_time(read, datetime.now(UTC))
    return time.timestamp() if time else 0.0
