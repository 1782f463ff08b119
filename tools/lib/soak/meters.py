"""``python -m soak.meters``: the three meters of the house, on three ptys, and the hand that moves the wall clock.

One process and one order: the meter whose next frame ends first sends it, and with it the clock goes there. A reader
that is slow makes everything wait, the clock too, so a speed that the machine cannot hold loses nothing. What was said
is written down (``NAME.said``: second and index, at each change) before it is sent.

It says "ready" when the ptys are there, begins at a line on standard input, says the second of each meter's last frame
and "done", and ends when that is closed.
"""

from __future__ import annotations

import argparse
import heapq
import os
import select
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meter.frames import BAUD, HISTORIC, STANDARD, MeterIdentity
from meter.household import SimulatedHousehold
from meter.living import Linky
from meter.wire import PtyWire
from soak.clock import HouseClock

if TYPE_CHECKING:
    from collections.abc import Sequence

SAID = struct.Struct("<IQ")
# Longer behind than this, the pace is that of the machine: nothing is made good in a burst.
_LATE_S = 0.5
_INPUT = 0


@dataclass(frozen=True, slots=True)
class MeterKind:
    """One meter: how it speaks, and which label shows the index that is judged.

    ``seconds`` is how long one of its frames takes on its line, about: 1200 Bd in historic mode, 9600 in standard mode.
    """

    name: str
    mode: str
    contract: str
    label: str
    seconds: int
    phases: int = 1
    kva: int = 9
    solar_w: int = 0


HOUSE = (
    MeterKind("flat", HISTORIC, "base", "BASE", 2),
    MeterKind("house", STANDARD, "hc", "EAST", 1),
    MeterKind("farm", STANDARD, "base", "EAST", 1, phases=3, kva=18, solar_w=6000),
)


class _Patient(PtyWire):
    """A pty that loses nothing, however long its reader takes."""

    def write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                # Whoever started us may end us meanwhile.
                if _INPUT in select.select([_INPUT], [self._master], [])[0]:
                    raise EOFError from None


class _Meter:
    def __init__(self, kind: MeterKind, number: int, folder: Path, start_ms: int, seed: int, every: int) -> None:
        self._kind, self.name, self.last_s = kind, kind.name, 0
        self.wire = _Patient(folder / f"tty-{kind.name}")
        self.period_ms = max(kind.seconds, every) * 1000
        self.book = (folder / f"{kind.name}.said").open("wb")
        self._index = -1
        self._linky = Linky(
            mode=kind.mode,
            contract=kind.contract,
            identity=MeterIdentity(f"{number:06d}", f"{number:014d}", kind.phases, kind.kva),
            household=SimulatedHousehold(seed + number, kind.phases, kind.solar_w),
            start_ms=start_ms,
            producer=kind.solar_w > 0,
            seed=seed + number,
        )
        self.wire.plug(BAUD[kind.mode])

    def speak(self, end_ms: int) -> None:
        """Send the frame that ends then."""
        begun_ms = end_ms - self._kind.seconds * 1000
        self.last_s = begun_ms // 1000
        frame = self._linky.next_frame(begun_ms)
        index = next(int(group.data) for group in frame.groups if group.label == self._kind.label)
        if index != self._index:
            self._index = index
            self.book.write(SAID.pack(self.last_s, index))
        self.wire.write(b"".join(frame.encode()))


def _live(meters: Sequence[_Meter], clock: HouseClock, seconds: int, speed: float) -> None:
    start_ms = int(clock.now_s) * 1000
    # Thirds of a second apart, so that no two frames end at once.
    turns = [(start_ms + meter.period_ms + 333 * place, place) for place, meter in enumerate(meters)]
    heapq.heapify(turns)
    origin = time.monotonic()
    while turns[0][0] <= start_ms + seconds * 1000:
        now_ms, place = turns[0]
        wait = origin + (now_ms - start_ms) / 1000 / speed - time.monotonic()
        if wait > 0 and select.select([_INPUT], [], [], wait)[0]:
            raise EOFError
        if wait < -_LATE_S:
            origin -= wait
        clock.show(now_ms)
        meters[place].speak(now_ms)
        heapq.heapreplace(turns, (now_ms + meters[place].period_ms, place))


def main() -> None:
    """Live, until the days are over and standard input is closed."""
    parser = argparse.ArgumentParser(prog="python -m soak.meters")
    parser.add_argument("folder", type=Path)
    for name, kind in (("--seconds", int), ("--speed", float), ("--seed", int), ("--every", int)):
        parser.add_argument(name, type=kind, required=True)
    options = parser.parse_args()
    clock = HouseClock(options.folder / "clock")
    start_ms = int(clock.now_s) * 1000
    meters = [
        _Meter(kind, number, options.folder, start_ms, options.seed, options.every)
        for number, kind in enumerate(HOUSE, 1)
    ]
    try:
        print("ready", flush=True)
        if os.read(_INPUT, 16):
            _live(meters, clock, options.seconds, options.speed)
            for meter in meters:
                meter.book.close()
                print(meter.name, meter.last_s)
            print("done", flush=True)
            os.read(_INPUT, 1)
    except EOFError:
        pass  # whoever started us is gone, or wants us to be
    finally:
        for meter in meters:
            meter.wire.unplug()


if __name__ == "__main__":
    main()
