"""What the readers of TIC are given: the frames of simulated meters, seeded, and what is true in them.

Standard library and the simulator alone: whoever reads them has nothing of ours in memory. A stream is kept as a file,
so that each reader, in a process of its own, is given the same bytes.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from meter import clock
from meter.frames import BAUD, HISTORIC, STANDARD, MeterIdentity
from meter.household import SimulatedHousehold
from meter.living import Linky

if TYPE_CHECKING:
    from pathlib import Path

# Between two frames the meter is silent for 16.7 to 33.4 ms (54E §5.3.6).
_SILENCE_MS = 25


@dataclass(frozen=True, slots=True)
class StreamKind:
    """One meter: what it is called here, its mode, its contract, its phases, the watts of its panels."""

    name: str
    mode: str
    contract: str
    phases: int
    solar_w: int = 0

    def meter(self, start_ms: int, seed: int) -> Linky:
        """Such a meter, in a household with the habits of that seed."""
        return Linky(
            mode=self.mode,
            contract=self.contract,
            identity=MeterIdentity(phases=self.phases, kva=6 * self.phases),
            household=SimulatedHousehold(seed=seed, phases=self.phases, solar_w=self.solar_w),
            start_ms=start_ms,
            producer=self.solar_w > 0,
        )

    def takes_ms(self, frame: bytes) -> int:
        """How long a frame is on the line, with the silence after it."""
        return len(frame) * 10_000 // BAUD[self.mode] + _SILENCE_MS


KINDS = (
    StreamKind("standard_mono", STANDARD, "base", 1),
    StreamKind("standard_tri_producer", STANDARD, "tempo", 3, 6000),
    StreamKind("historic", HISTORIC, "hc", 1),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One frame: its bytes, and its groups as (label, data)."""

    data: bytes
    groups: tuple[tuple[str, str], ...]


def live(kind: StreamKind, frames: int) -> list[Sent]:
    """The life of that meter, frame by frame."""
    now = clock.parse_start("2025-01-15T19:50", 0)
    meter, life = kind.meter(now, seed=2), []
    for _ in range(frames):
        frame = meter.next_frame(now)
        data = b"".join(frame.encode())
        now += kind.takes_ms(data)
        life.append(Sent(data, tuple((group.label, group.data) for group in frame.groups)))
    return life


@dataclass(frozen=True, slots=True)
class Flip:
    """One flipped bit: in which frame of a life, in which of its bytes, and the mask of the bit, one of seven."""

    frame: int
    byte: int
    mask: int

    def stream(self, life: list[Sent], *, nul: bool) -> bytes:
        """The frame between its neighbours, with the bad byte, or with NUL for it: as a port gives that."""
        before, hit, after = (sent.data for sent in life[self.frame - 1 : self.frame + 2])
        bad = bytearray(hit)
        bad[self.byte] = 0 if nul else bad[self.byte] ^ self.mask
        return before + bad + after

    def truth(self, life: list[Sent]) -> set[tuple[str, str]]:
        """Every (label, data) that the three frames say."""
        return {pair for sent in life[self.frame - 1 : self.frame + 2] for pair in sent.groups}


def flip_bits(life: list[Sent], damaged: int, seed: int = 1) -> list[Flip]:
    """So many of them, in frames that have neighbours, one frame after the other and again from the first."""
    chance, flips = Random(seed), []
    for number in range(damaged):
        frame = 1 + number % (len(life) - 2)
        flips.append(Flip(frame, chance.randrange(len(life[frame].data)), 1 << chance.randrange(7)))
    return flips


def write(path: Path, kind: StreamKind, frames: int, damaged: int) -> None:
    """Make the stream of that kind of meter, and keep what a reader is given in the order in which it may be in memory.

    Mode, bytes, then the frames with what is true in them and the damage: what comes later is loaded later.
    """
    life = live(kind, frames)
    with path.open("wb") as file:
        for part in (kind.mode, b"".join(sent.data for sent in life), life, flip_bits(life, damaged)):
            pickle.dump(part, file)
