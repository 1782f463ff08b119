"""Bytes to frames: captures, any cut, any bytes, and the damage that readers in the field have met."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.tic import frame as tic
from gateway.tic.frame import (
    ChecksumError,
    FrameError,
    Group,
    GroupError,
    Reader,
    TicError,
    decode_group,
    encode_group,
)
from gateway.tic.parity import looks_8n1, strip_parity
from tests.gateway.tic import capture, index

STANDARD = capture("real/s1-hc-linky-enedis.raw")
HISTORIC = capture("real/h1-base-linky-enedis.raw")
TEMPO = capture("real/h1-tempo-linky-esciara-bin.raw")


def read(data, mode="auto", cache=256):
    """All frames of a whole stream."""
    reader = Reader(mode, cache)
    return reader.feed(data) + reader.close()


def frame_bytes(mode, *groups):
    return b"\x02" + b"".join(encode_group(mode, group) for group in groups) + b"\x03"


def replaced(data, old, new):
    assert data.count(old) == 1
    return data.replace(old, new)


def labels(frame):
    return [group.label for group in frame.groups]


# Captures.


@pytest.mark.parametrize("row", index(), ids=lambda row: row["file"])
def test_a_capture_holds_what_its_index_says(row):
    """Frames, groups and bad groups of every captured stream."""
    data = capture(row["file"])
    frames = read(strip_parity(data) if looks_8n1(data) else data)
    counts = {
        "whole": sum(frame.whole for frame in frames),
        "cut": sum(not frame.whole for frame in frames),
        "valid": sum(len(frame.groups) for frame in frames),
        "bad": sum(frame.bad for frame in frames),
    }
    assert counts == {name: int(row[name]) for name in counts}
    assert {frame.mode for frame in frames} == {row["mode"]}


def test_data_are_untouched():
    """Spaces, the empty data of DATE and horodates come as they were sent, in the order of the wire.

    (Nasty input 3.1.)
    """
    (frame,) = Reader().feed(STANDARD)
    assert frame.groups[:4] == (
        Group("ADSC", "031664000008", None),
        Group("VTIC", "02", None),
        Group("DATE", "", "E170915101601"),
        Group("NGTF", "H PLEINE/CREUSE ", None),
    )
    assert Group("SMAXSN", "00000", "E170915100926") in frame.groups
    assert Group("MSG1", "PAS DE          MESSAGE         ", None) in frame.groups


def test_a_frame_is_given_by_the_feed_that_brings_its_etx():
    """No waiting for the next frame."""
    reader = Reader()
    assert reader.feed(STANDARD[:-1]) == []
    assert len(reader.feed(b"\x03")) == 1
    assert reader.close() == []


# Properties.

DELIMITED = st.lists(
    st.sampled_from(
        [b"\x02", b"\x03", b"\x04", b"\n", b"\r", b"\t", b" ", b"\0", b"\x0f", b"A", b"B 1 X", b"x" * 300, b"\xff"]
        + [encode_group("historic", Group(label, "01", None)) for label in "AB"]
        + [encode_group("standard", Group(label, "01", None)) for label in "AB"]
        + [STANDARD[:200], STANDARD[200:]]
    ),
    max_size=40,
).map(b"".join)


@given(DELIMITED | st.binary(max_size=600), st.lists(st.integers(0, 9000), max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_cut_of_the_stream_gives_the_same_frames(data, cuts):
    """Whole, byte by byte, or in any pieces, with the memory of groups or without (nasty input 1.3)."""
    expected = read(data)
    reader = Reader(cache=3)
    found = []
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        found += reader.feed(data[start:end])
    assert found + reader.close() == expected
    single = Reader(cache=0)
    assert [f for byte in data for f in single.feed(bytes([byte]))] + single.close() == expected


@given(DELIMITED | st.binary(max_size=600))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_and_what_is_given_is_well_formed(data):
    """Frames keep their promises whatever comes, and the counters agree with them (nasty input 3.9)."""
    for mode in ("auto", "historic", "standard"):
        reader = Reader(mode)
        frames = reader.feed(data) + reader.close()
        assert sum(frame.bad for frame in frames) == sum(reader.bad_groups.values())
        for frame in frames:
            assert frame.groups or frame.bad
            assert frame.mode in {"historic", "standard"} & ({mode} if mode != "auto" else {"historic", "standard"})
            assert len(set(labels(frame))) == len(frame.groups)
            assert not frame.whole or (frame.groups and not frame.bad and frame.end == "etx")
            assert [decode_group(encode_group(frame.mode, group)) for group in frame.groups] == list(frame.groups)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_decoding_a_group_raises_nothing_but_tic_errors(raw):
    """Whoever calls it has one thing to catch."""
    try:
        group = decode_group(raw)
    except TicError:
        return
    assert isinstance(group, Group)


PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
LABEL = PRINTABLE.map(lambda text: text.replace(" ", "")).filter(bool)


@given(LABEL, PRINTABLE, st.none() | PRINTABLE)
@settings(deadline=None)
def test_a_group_comes_back_as_it_was_written(label, data, horodate):
    """Encoding and decoding are inverse, spaces included."""
    group = Group(label, data, horodate)
    assert decode_group(encode_group("standard", group)) == group
    plain = Group(label, data, None)
    assert decode_group(encode_group("historic", plain)) == plain


@pytest.mark.parametrize(
    ("mode", "group"),
    [
        ("standard", Group("EAST", "", None)),
        ("standard", Group("EA\tST", "1", None)),
        ("standard", Group("EAST", "1", "")),
        ("standard", Group("", "1", None)),
        ("standard", Group("EAST", "é", None)),
        ("standard", Group("EAST", "1\n2", None)),
        ("standard", Group("EAST", "1" * 256, None)),
        ("historic", Group("BASE", "", None)),
        ("historic", Group("BA SE", "1", None)),
        ("historic", Group("SMAXSN", "1", "H240101000000")),
    ],
)
def test_what_no_reader_could_give_back_is_not_written(mode, group):
    """GroupError instead of bytes that mean something else."""
    with pytest.raises(GroupError):
        encode_group(mode, group)


def test_a_mode_that_does_not_exist_is_refused():
    """By the reader and by the writer."""
    with pytest.raises(FrameError):
        Reader("both")
    with pytest.raises(FrameError):
        encode_group("auto", Group("BASE", "1", None))


# Checksums and separators.


def test_a_space_is_a_checksum():
    """PTEC HP.. ends with two spaces; nothing strips them."""
    assert encode_group("historic", Group("PTEC", "HP..", None)) == b"\nPTEC HP..  \r"
    assert decode_group(b"PTEC HP..  ") == Group("PTEC", "HP..", None)


def test_the_separator_alone_chooses_the_checksum():
    """The other mode's checksum is wrong: taking either would take twice as much garbage (nasty input 2.4)."""
    good = encode_group("historic", Group("PAPP", "02380", None))
    other = good[:-2] + bytes([(good[-2] & 0x3F) + 0x20]) + b"\r"
    assert other != good
    with pytest.raises(ChecksumError):
        decode_group(other)


def test_data_may_hold_spaces_and_labels_may_be_long():
    """PME-PMI dates, a CJE's JAUNE, and the nine characters of SMAXSN1-1."""
    for group in (Group("DATE", "15/09/17 10:16:01", None), Group("JAUNE", "07:54:09:01:11:  :00013:80", None)):
        assert decode_group(encode_group("historic", group)) == group
    long = Group("SMAXSN1-1", "01234", "H240101120000")
    assert decode_group(encode_group("standard", long)) == long


def test_one_frame_has_one_separator():
    """A valid group of the other mode is bad; the next frame may be of that mode (nasty input 2.4)."""
    mixed = frame_bytes("standard", Group("ADSC", "1", None), Group("VTIC", "02", None))
    mixed = mixed[:-1] + encode_group("historic", Group("PAPP", "02380", None)) + b"\x03"
    reader = Reader()
    first, second = reader.feed(mixed + HISTORIC)
    assert (first.mode, first.bad, labels(first), first.whole) == ("standard", 1, ["ADSC", "VTIC"], False)
    assert (second.mode, second.whole) == ("historic", True)
    assert reader.bad_groups["separator"] == 1


def test_a_forced_mode_believes_no_other():
    """Every group of the other mode is counted as bad."""
    (frame,) = read(HISTORIC, "standard")
    assert (frame.mode, frame.groups, frame.bad, frame.whole) == ("standard", (), 9, False)
    assert read(STANDARD, "standard")[0].whole


# Damage: nasty inputs of the field.


def test_telereading_cuts_a_frame():
    """EOT glued after CR: the groups so far, not whole, and reading goes on (nasty input 1.1)."""
    cut = HISTORIC[: HISTORIC.index(b"\nIINST")] + b"\x04"
    first, second = read(cut + HISTORIC)
    assert (first.end, first.whole, first.bad, len(first.groups)) == ("eot", False, 0, 5)
    assert second.whole


def test_telereading_within_a_group_is_no_fault_of_the_line():
    """The group that the meter itself cut is not counted as bad."""
    (frame,) = Reader().feed(HISTORIC[: HISTORIC.index(b"PAPP") + 6] + b"\x04")
    assert (frame.end, frame.bad, frame.whole) == ("eot", 0, False)


@pytest.mark.parametrize("byte", [0x00, 0x08, 0x7F, 0xBF, 0xAA, 0x0B])
def test_a_strange_byte_invalidates_its_group_only(byte):
    """Bytes that no group may hold: the others of the frame are kept (nasty inputs 1.2, 1.17)."""
    at = STANDARD.index(b"STGE\t000A") + 7
    reader = Reader()
    (frame,) = reader.feed(STANDARD[:at] + bytes([byte]) + STANDARD[at + 1 :])
    assert (len(frame.groups), frame.bad, frame.whole, frame.end) == (37, 1, False, "etx")
    assert "STGE" not in labels(frame)
    assert reader.bad_groups["character"] == 1


@pytest.mark.parametrize("line_feed", [b"\x0e", b"\x0f", b"\x0b", b"\x00", b"J", b"\x8a", b""])
def test_a_destroyed_or_lost_line_feed_loses_nothing(line_feed):
    """CR is enough to find the next group (nasty input 1.5)."""
    data = replaced(STANDARD, b"\nSINSTS\t", line_feed + b"SINSTS\t")
    (frame,) = Reader().feed(data)
    assert frame.groups == Reader().feed(STANDARD)[0].groups
    assert frame.whole


def test_every_line_feed_destroyed_and_stx_too():
    """A soft serial port that reads every LF as 0x0F and STX as C still gives all groups, never a whole frame.

    (Nasty input 1.6.)
    """
    data = STANDARD.replace(b"\n", b"\x0f").replace(b"\x02", b"C")
    frames = read(STANDARD + data * 2)
    assert [(len(frame.groups), frame.bad, frame.whole) for frame in frames] == [
        (38, 0, True),
        (38, 0, False),
        (38, 0, False),
    ]


def test_a_lost_carriage_return_loses_its_group():
    """The two groups run together are not one; what follows is kept."""
    (frame,) = Reader().feed(replaced(STANDARD, b"\r\nSINSTS", b"\nSINSTS"))
    assert (frame.bad, len(frame.groups), frame.whole) == (1, 37, False)
    assert "PCOUP" not in labels(frame)
    assert "SINSTS" in labels(frame)


def test_a_destroyed_carriage_return_loses_its_group():
    """0xFF for CR: as if it were lost (nasty input 1.4)."""
    (frame,) = Reader().feed(replaced(STANDARD, b"\r\nSINSTS", b"\xff\nSINSTS"))
    assert (frame.bad, len(frame.groups)) == (1, 37)


def test_the_last_group_without_its_carriage_return_is_bad():
    """A frame that ends within a group is not whole."""
    (frame,) = Reader().feed(HISTORIC[:-2] + b"\x03")
    assert (frame.bad, len(frame.groups), frame.whole, frame.end) == (1, 8, False, "etx")


def test_a_logger_that_rewrote_line_ends_adds_empty_groups_only():
    """CR LF before STX, after it and before ETX (nasty input 1.19)."""
    rewritten = HISTORIC.replace(b"\x02", b"\x02\r\n").replace(b"\x03", b"\n\x03\r\n")
    frames = read(rewritten * 3)
    assert [(frame.whole, len(frame.groups)) for frame in frames] == [(True, 9)] * 3


def test_one_stray_byte_between_two_groups_harms_neither():
    """Noise in the silence is counted as noise."""
    reader = Reader()
    (frame,) = reader.feed(replaced(HISTORIC, b"\r\nPAPP", b"\r\0\nPAPP"))
    assert frame.whole
    assert reader.noise == 1


def test_nul_bytes_between_frames_are_ignored():
    """At the opening of the port and later (nasty input 1.18)."""
    reader = Reader()
    frames = reader.feed(bytes(7) + HISTORIC + bytes(30) + HISTORIC)
    assert [frame.whole for frame in frames] == [True, True]
    assert reader.noise == 37


def test_a_stream_joined_within_a_group_gives_no_false_group():
    """The tail of ADCO is not a label; the rest of the frame is partial (nasty inputs 1.18, 3.4)."""
    tail = TEMPO[TEMPO.index(b"999 L") :]
    frames = read(tail)
    assert (labels(frames[0])[0], frames[0].bad, frames[0].whole, frames[0].end) == ("OPTARIF", 0, False, "etx")
    assert all(frame.whole for frame in frames[1:])


def test_a_lost_end_of_frame_closes_the_frame():
    """STX without ETX before it: the old frame is not whole, the new one is (nasty input 8.4)."""
    first, second = Reader().feed(HISTORIC[:-1] + HISTORIC)
    assert (first.end, first.whole, len(first.groups)) == ("stx", False, 9)
    assert second.whole


def test_two_frames_run_together_are_parted_by_the_repeated_label():
    """ETX and STX lost: no frame holds groups of two moments (nasty inputs 1.12, 8.4)."""
    joined = HISTORIC[:-1] + HISTORIC[1:]
    first, second = Reader().feed(joined)
    assert (first.end, first.whole, len(first.groups)) == ("repeat", False, 9)
    assert (second.end, second.whole, len(second.groups)) == ("etx", False, 9)


def test_a_lost_digit_is_caught():
    """One digit less in an index: the checksum says so (nasty input 1.8)."""
    (frame,) = Reader().feed(replaced(STANDARD, b"EASF02\t000000000", b"EASF02\t00000000"))
    assert "EASF02" not in labels(frame)
    assert (len(frame.groups), frame.bad) == (37, 1)


@pytest.mark.parametrize("body", [b"PAPP", b"PAPP ", b" ", b"\t\t", b"PAPP\t", b"PAPP\t\t", b"A B", b"\t1\tX", b" 1 X"])
def test_empty_fields_and_missing_checksums_are_bad_groups(body):
    """Fields that are not there raise nothing (nasty input 1.7)."""
    good = encode_group("historic", Group("ADCO", "021861008999", None))
    (frame,) = Reader().feed(b"\x02" + good + b"\n" + body + b"\r" + b"\x03")
    assert labels(frame) == ["ADCO"]
    assert (frame.bad, frame.whole) == (1, False)


def test_eight_hundred_letters_without_a_delimiter_are_one_bad_group():
    """A group has a greatest length (nasty input 1.20)."""
    reader = Reader()
    (frame,) = reader.feed(replaced(HISTORIC, b"\nPAPP 00000 !", b"\n" + b"Z" * 800))
    assert (frame.bad, len(frame.groups)) == (1, 8)
    assert reader.bad_groups["overflow"] == 1


@pytest.mark.parametrize("junk", [b"U", b"\r", b"\n", b"A 1 r\r", b"\nX", bytes(100)])
def test_nothing_grows_without_bound(junk):
    """A megabyte of anything is held in a frame's size at most, and reading goes on after it (nasty input 4.4)."""
    reader = Reader()
    for _ in range(1000):
        reader.feed(b"\x02" if junk == b"U" else b"")
        reader.feed(junk * (1000 // len(junk)))
        assert sum(map(len, reader._parts)) <= tic.MAX_FRAME_BYTES
        assert len(reader._parts) <= tic.MAX_FRAME_BYTES
    assert reader.feed(HISTORIC)[-1].whole


def test_a_frame_too_long_is_closed_after_a_group():
    """More groups than any meter sends: two partial frames, no group lost."""
    groups = [Group(f"L{number}", "0" * 50, None) for number in range(100)]
    frames = read(frame_bytes("standard", *groups))
    assert [frame.end for frame in frames] == ["overflow", "etx"]
    assert not any(frame.whole for frame in frames)
    assert [group for frame in frames for group in frame.groups] == groups


def test_the_memory_of_groups_is_bounded():
    """However many different groups come."""
    reader = Reader(cache=16)
    for number in range(200):
        reader.feed(frame_bytes("historic", Group("PAPP", f"{number:05}", None)))
        assert sum(map(len, reader._known.values())) <= 16


def test_single_flips_seen_by_the_parity_never_change_a_value():
    """A byte of wrong parity comes as NUL: no group is ever taken wrongly, and no damaged frame is whole."""
    noise = random.Random(54)
    for source in (STANDARD, HISTORIC):
        (clean,) = Reader().feed(source)
        reader = Reader()
        for _ in range(2000):
            at = noise.randrange(1, len(source) - 1)
            frames = reader.feed(source[:at] + b"\0" + source[at + 1 :])
            assert {group for frame in frames for group in frame.groups} <= set(clean.groups)
            assert len(frames) == 1
            assert frames[0].whole == (frames[0].groups == clean.groups)


# A 7E1 line on an 8N1 port.


def with_parity(data):
    return bytes(byte | (byte.bit_count() & 1) << 7 for byte in data)


@pytest.mark.parametrize("row", [row for row in index() if "8n1" not in row["file"]], ids=lambda row: row["file"])
def test_an_8n1_port_is_recognised_and_put_right(row):
    """Even parity in bit 7 gives it away; clean 7-bit bytes do not (nasty input 2.6)."""
    clean = capture(row["file"])
    assert not looks_8n1(clean)
    assert looks_8n1(with_parity(clean))
    assert strip_parity(with_parity(clean)) == clean


def test_a_wrong_parity_becomes_nul():
    """As the kernel delivers it with INPCK."""
    assert strip_parity(bytes([0x41, 0x41 | 0x80, 0x43, 0xC3])) == b"\x41\0\0\x43"


def test_noise_is_not_taken_for_an_8n1_port():
    """Random bytes, too few bytes, and a 1200 Bd line read at 9600 Bd."""
    noise = random.Random(7)
    assert not looks_8n1(noise.randbytes(1000))
    assert not looks_8n1(with_parity(b"ADCO"))
    assert not looks_8n1(b"@ `\0px" * 50)
