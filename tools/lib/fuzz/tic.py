"""A meter's line as no meter speaks: damaged, cut, endless, at the wrong speed, plausible and false.

Made of the captured frames, which verify; what lies verifies too.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from fuzz.injuries import mutate
from fuzz.relatives import FRAMES
from fuzz.shots import Fired, Shot, drive
from meter.frames import HISTORIC, STANDARD, SimulatedGroup, encode_group
from meter.wire import PtyWire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_STX, _ETX, _EOT = b"\x02", b"\x03", b"\x04"
_LABELS = (
    "EAST",
    "EASF01",
    "SINSTS",
    "IRMS1",
    "URMS1",
    "NTARF",
    "STGE",
    "PREF",
    "DATE",
    "ADSC",
    "PRM",
    "SMAXSN",
    "NGTF",
)
_OLD = ("BASE", "HCHC", "HCHP", "PAPP", "IINST", "PTEC", "ADCO", "ISOUSC", "OPTARIF", "BBRHCJB", "PEJP", "ADPS")
_WRONG = ("", "EAST2", "eAST", "IRMS9", "X" * 9, "A B", "SMAXSN-9", "NJOURF+9", "EASF99", "\u00e9", "?PTARIF", "RMS1")
_CONTROLS = b"\x00\x02\x03\x04\x08\x0c\x0f\x11\x13\x1a\x7f\xff"
# What a line of 1200 Bd is when it is read at 9600, as somebody has seen it.
_SLOW = b"@ `px\x00\xf8\xc0\x80\x1e"


def shots(seed: int) -> Iterator[Shot]:
    """For ever, the same for the same seed."""
    chance = random.Random(f"{seed}-tic")
    captures = [path.read_bytes() for path in sorted(FRAMES.glob("*/*.raw"))]
    made: tuple[tuple[str, Callable[[random.Random, list[bytes]], bytes]], ...] = (
        ("real", _real), ("flipped bits", _flipped), ("cut", _cut), ("mutated", mutate), ("giant group", _giant),
        ("noise", _noise), ("wrong labels", _mislabelled), ("lies", _lie), ("lies", _lie), ("wrong speed", _slow),
        ("bit 7", _parity), ("control bytes", _controls), ("old mode", _old_mode),
    )  # fmt: skip
    while True:
        if chance.random() < 0.005:
            yield Shot("port away and back", b"", "unplug")
            continue
        kind, make = chance.choice(made)
        yield Shot(kind, make(chance, captures))


def _real(chance: random.Random, captures: list[bytes]) -> bytes:
    data = chance.choice(captures)
    start = chance.randrange(max(1, len(data) - 2000))
    return data[start : start + 2000]


def _flipped(chance: random.Random, captures: list[bytes]) -> bytes:
    data = bytearray(_real(chance, captures))
    for _ in range(chance.randrange(1, 60)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _cut(chance: random.Random, captures: list[bytes]) -> bytes:
    data = _real(chance, captures)
    return data[: chance.randrange(len(data))] + chance.choice((b"", _STX, _ETX, _EOT, b"\n", b"\r", _STX + _ETX))


def _giant(chance: random.Random, _: list[bytes]) -> bytes:
    size = chance.choice((200, 800, 5000, 20_000))
    label = chance.choice(_LABELS)
    body = f"\n{label}\t".encode() + bytes(chance.choices(b"0123456789ABC \t", k=size))
    return _STX + body + chance.choice((b"\r", b"", b"\r" + _ETX))


def _noise(chance: random.Random, _: list[bytes]) -> bytes:
    return chance.randbytes(chance.randrange(1, 2000))


def _slow(chance: random.Random, _: list[bytes]) -> bytes:
    return bytes(chance.choices(_SLOW, k=chance.randrange(100, 1200)))


def _parity(chance: random.Random, captures: list[bytes]) -> bytes:
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in _real(chance, captures))


def _controls(chance: random.Random, captures: list[bytes]) -> bytes:
    data = bytearray(_real(chance, captures))
    for _ in range(chance.randrange(1, 20)):
        place = chance.randrange(len(data))
        data[place : place + chance.randrange(2)] = bytes([chance.choice(_CONTROLS)])
    return bytes(data)


def _frame(mode: str, groups: list[SimulatedGroup]) -> bytes:
    return _STX + b"".join(encode_group(mode, group) for group in groups) + _ETX


def _number(chance: random.Random, digits: int) -> str:
    return chance.choice(("0" * digits, "9" * digits, f"{chance.randrange(10**digits):0{digits}d}", "-1", "", "NAN"))


def _mislabelled(chance: random.Random, _: list[bytes]) -> bytes:
    groups = []
    for _ in range(chance.randrange(1, 60)):
        label = chance.choice((*_WRONG, *_LABELS)).encode("ascii", "replace").decode()
        groups.append(SimulatedGroup(label, _number(chance, chance.choice((1, 3, 5, 9, 40)))))
    return _frame(STANDARD, groups)


def _horodate(chance: random.Random) -> str:
    year, month, day = chance.choice((0, 26, 26, 26, 99)), chance.randrange(14), chance.randrange(33)
    clock = f"{chance.randrange(26):02d}{chance.randrange(62):02d}{chance.randrange(62):02d}"
    return f"{chance.choice('HEhe X')}{year:02d}{month:02d}{day:02d}{clock}"


def _lie(chance: random.Random, _: list[bytes]) -> bytes:
    """A frame that verifies: another meter, another day, an index that jumps, powers that cannot be."""
    address = chance.choice(("022162000042", "022163000042", f"0221{chance.randrange(10**8):08d}", "0" * 12))
    index = chance.choice((0, 3_519_895, 3_519_895, 999_999_999, chance.randrange(10**9)))
    groups = [
        SimulatedGroup("ADSC", address),
        SimulatedGroup("VTIC", "02"),
        SimulatedGroup("DATE", "", _horodate(chance)),
        SimulatedGroup("NGTF", chance.choice((" BASE ", " TEMPO ", "H PLEINE/CREUSE ", "\x7f" * 16))),
        SimulatedGroup("EAST", f"{index:09d}"),
        SimulatedGroup("EASF01", f"{index:09d}"),
        SimulatedGroup("NTARF", f"{chance.randrange(12):02d}"),
        SimulatedGroup("IRMS1", f"{chance.randrange(1000):03d}"),
        SimulatedGroup("URMS1", f"{chance.randrange(1000):03d}"),
        SimulatedGroup("SINSTS", f"{chance.randrange(100_000):05d}"),
        SimulatedGroup("PREF", f"{chance.randrange(100):02d}"),
        SimulatedGroup("SMAXSN", f"{chance.randrange(100_000):05d}", _horodate(chance)),
        SimulatedGroup("STGE", f"{chance.getrandbits(32):08X}"),
        SimulatedGroup("MSG1", "x" * 32),
        SimulatedGroup("PRM", "00999900000042"),
    ]
    if chance.random() < 0.3:
        chance.shuffle(groups)
    return _frame(STANDARD, groups)


def _old_mode(chance: random.Random, _: list[bytes]) -> bytes:
    """Groups of the historic mode, that verify, in the midst of a standard meter."""
    groups = [
        SimulatedGroup(chance.choice(_OLD), _number(chance, chance.choice((2, 3, 5, 9))))
        for _ in range(chance.randrange(1, 15))
    ]
    return _frame(HISTORIC, groups)


class FuzzedPort:
    """The port of a meter, on which these come."""

    def __init__(self, link: Path, fired: Fired) -> None:
        self._wire, self._fired = PtyWire(link), fired

    def __enter__(self) -> FuzzedPort:
        self._wire.plug(9600)
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.unplug()

    async def run(self, shots: Iterator[Shot], seed: str) -> None:
        """Until there are no more."""
        await drive(shots, self._send, self._fired, seed)

    async def _send(self, shot: Shot) -> None:
        if shot.note == "unplug":
            self._wire.unplug()
            self._wire.plug(9600)
            return
        # What the port does not hold is lost, as on a wire.
        self._wire.write(shot.data)
