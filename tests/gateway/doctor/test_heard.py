"""What an ear makes of bytes: the same however they are cut, bounded, and never an exception."""

import random
from dataclasses import replace

import pytest

from gateway.doctor.heard import KEPT_BYTES, SpeedListener, damaged_lines
from gateway.tic.frame import HISTORIC, Group, encode_group
from gateway.tic.quality import Fault
from tests.gateway.doctor.test_causes import FRAME


def listen(data, cuts, length_s=10.0):
    """The bytes in pieces, evenly in time."""
    ear, at = SpeedListener(9600, 0.0, length_s), 0
    for place, cut in enumerate((*cuts, len(data))):
        ear.take(data[at:cut], place * length_s / (len(cuts) + 1))
        at = cut
    return ear.heard(length_s)


@pytest.mark.parametrize("seed", range(10))
def test_the_cuts_of_the_stream_change_nothing(seed):
    """Groups, frames and damage are the same, byte by byte and in one piece."""
    draw = random.Random(seed)
    data = bytearray(FRAME * 10)
    for _ in range(20):
        data[draw.randrange(len(data))] = draw.randrange(128)
    cuts = sorted(draw.sample(range(1, len(data)), 30))
    whole, cut = listen(bytes(data), []), listen(bytes(data), cuts)
    for heard in (whole, cut):
        heard.faults[Fault.SILENCE] = 0
    same = {"slices": (), "score": None, "quiet_s": 0.0}
    assert replace(whole, **same) == replace(cut, **same)


@pytest.mark.parametrize("left", [1, 100, 255, 256, 300, 1000])
def test_bytes_of_the_speed_before_do_not_hide_the_parity(left):
    """What an adapter still held when the speed was changed is no parity: the sample after it is."""
    eight_bits = bytes(byte | byte.bit_count() % 2 << 7 for byte in FRAME * 12)
    garbage = bytes.fromhex("00406070787c00607c7860") * 100
    cuts = range(20, left + len(eight_bits), 20)
    heard = listen(garbage[:left] + eight_bits, cuts)
    assert (heard.eight_bits, heard.mode, heard.bad) == (True, "standard", 0)
    assert heard.whole >= 9


def test_no_bytes_raise_and_what_is_kept_is_bounded():
    """Noise for ever takes 64 kB."""
    draw = random.Random(1)
    ear = SpeedListener(None, 0.0, 10.0)
    for second in range(50):
        ear.take(draw.randbytes(4096), float(second))
    heard = ear.heard(60.0)
    assert heard.received == 50 * 4096
    assert len(heard.raw) == KEPT_BYTES
    assert not heard.makes_sense


def test_one_group_that_verifies_by_chance_is_no_meter():
    """One in 64 does."""
    group = b"\nIRMS1\t002\t0\r"
    assert not listen(b"\xfe" * 300 + group + b"\xfe" * 300, []).makes_sense


def test_groups_that_are_refused_are_counted_by_their_reason():
    """A right checksum is no proof: width and characters are looked at as well."""
    groups = [Group("IINST", "001", None), Group("PAPP", "0050", None), Group("IMAX", "X90", None)]
    frame = b"\x02" + b"".join(encode_group(HISTORIC, group) for group in groups) + b"\x03"
    heard = listen(frame * 3, [])
    assert (heard.good, heard.faults[Fault.WIDTH], heard.faults[Fault.PLAUSIBILITY]) == (3, 3, 3)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"IRMS1\t002\t0", (0, 0)),
        (b"IRMS1\t02\t0", (1, 0)),
        (b"IRMS1\t\x0002\t0", (0, 1)),
        (b"IRMS1\t0022\t0", (0, 0)),
        (b"HELLO\t002\t0", (0, 0)),
        (b"PAPP 0050 .", (1, 0)),
        (b"PAPP 00500 .", (0, 1)),
    ],
)
def test_a_lost_character_is_told_from_a_flipped_one(line, found):
    """A line's label says how long it has to be."""
    good = b"\nIRMS1\t002\t0\r"
    assert damaged_lines(good + b"\n" + line + b"\r" + good) == found


def test_what_the_meter_cuts_itself_is_no_damage():
    """The line before EOT may end anywhere."""
    good = b"\nIRMS1\t002\t0\r"
    assert damaged_lines(good + b"\nSINSTS\t00\x04" + good + good) == (0, 0)


def test_a_reader_that_was_late_is_no_dropout():
    """A gap followed by all that came meanwhile is the computer's, not the wire's."""
    for burst, dropouts in ((FRAME * 30, 0), (FRAME, 1)):
        ear = SpeedListener(9600, 0.0, 20.0)
        ear.take(FRAME[:-20], 1.0)
        ear.take(burst, 4.0)
        assert ear.heard(5.0).dropouts == dropouts


def test_an_overload_is_told_from_a_telereading_by_the_frame_that_follows():
    """After EOT comes a short frame, or a long one; at the end of the listening neither."""
    short = b"\x02" + encode_group(HISTORIC, Group("ADIR1", "052", None)) + b"\x03"
    long = b"\x02" + encode_group(HISTORIC, Group("PAPP", "00500", None)) + b"\x03"
    cut = long[:-1] + b"\x04"
    for data, interrupted in ((cut + short + long, 0), (cut + long + cut + long, 2), (long + cut, 0)):
        heard = listen(data, [])
        assert (heard.interrupted, heard.faults[Fault.EOT]) == (interrupted, data.count(b"\x04"))
