"""Masked bytes: no number that names a household, and still the same to a decoder."""

import random
from pathlib import Path

import pytest

from gateway.doctor.mask import IDENTITIES, masked
from gateway.tic.frame import Reader
from gateway.tic.parity import strip_parity

FRAMES = Path(__file__).parents[2] / "frames"
CAPTURES = sorted(path for path in FRAMES.rglob("*.raw") if path.parent.name in {"real", "synthetic"})


def frames(data):
    """What a reader makes of the bytes."""
    reader = Reader()
    return reader.feed(data) + reader.close()


def with_parity(data):
    """As an 8N1 port reads it."""
    return bytes(byte | byte.bit_count() % 2 << 7 for byte in data)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
@pytest.mark.parametrize("eight_bits", [False, True])
def test_all_but_the_identities_decodes_as_before(path, eight_bits):
    """Same length, same frames, same groups; identities are zeros of the same width."""
    raw = path.read_bytes()
    given = with_parity(raw) if eight_bits else raw
    clean = masked(given, eight_bits=eight_bits)
    assert len(clean) == len(raw)
    before, after = frames(raw), frames(strip_parity(clean) if eight_bits else clean)
    assert [frame._replace(groups=()) for frame in before] == [frame._replace(groups=()) for frame in after]
    for old, new in zip(before, after, strict=True):
        for was, now in zip(old.groups, new.groups, strict=True):
            assert now == (was._replace(data="0" * len(was.data)) if was.label in IDENTITIES else was)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("eight_bits", [False, True])
def test_no_damage_lets_a_number_through(seed, eight_bits):
    """Flipped bits, lost characters and torn ends in any line: six digits in a row of an identity never survive."""
    draw = random.Random(seed)
    raw = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes() * 4
    numbers = {group.data for frame in frames(raw) for group in frame.groups if group.label in IDENTITIES}
    assert len(numbers) == 2
    damaged = bytearray(raw[draw.randrange(len(raw) // 2) :])
    for _ in range(draw.randrange(5, len(damaged) // 8)):
        at = draw.randrange(len(damaged))
        if draw.random() < 0.5:
            damaged[at] ^= 1 << draw.randrange(7)
        else:
            del damaged[at]
    clean = masked(with_parity(damaged) if eight_bits else bytes(damaged), eight_bits=eight_bits)
    text = bytes(byte & 0x7F for byte in clean)
    for number in numbers:
        parts = {number[at : at + 6].encode() for at in range(len(number) - 5)}
        others = {part for part in parts if set(part) != {ord("0")}}
        assert not [part for part in others if part in text]
