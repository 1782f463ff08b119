"""What is done to a real input so that nobody has ever sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_LONGEST = 20_000
_INTERESTING = b"\x00\x02\x03\x04\t\n\r \x7f\x80\xff<>&\"'{}[],:/@_-+eE9"


def mutate(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A seed, or two crossed, with a few injuries."""
    data = bytearray(chance.choice(seeds))
    if chance.random() < 0.2:
        other = chance.choice(seeds)
        data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other)) :]
    start = chance.randrange(max(1, len(data) - 3000))
    data = data[start : start + 3000] if chance.random() < 0.7 else data
    for _ in range(1 + int(chance.expovariate(0.4))):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                data[place : place + 1] = bytes([chance.choice(_INTERESTING)])
            case 2:
                del data[place : place + chance.randrange(1, 40)]
            case 3:
                data[place:place] = data[place : place + chance.randrange(1, 200)]
            case 4:
                data[place:place] = chance.randbytes(chance.randrange(1, 60))
            case 5 if place < len(data):
                data[place] ^= 1 << chance.randrange(8)
            case 6:
                data[place:place] = bytes([chance.choice(_INTERESTING)]) * chance.choice((1, 2, 300, 5000))
    return bytes(data[:_LONGEST])
