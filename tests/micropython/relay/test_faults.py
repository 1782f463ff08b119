"""A board, its broker, its network and its gateway injured at random: every point is in the store exactly once."""

import asyncio
import json
import struct

import pytest

from gateway.tic.frame import Group, encode_group
from gateway.tic.parity import strip_parity
from relay_faults.board import HEAP
from relay_faults.faults import RelayOutcome, RelayTrial, judge, judge_counts
from relay_faults.house import RelayHouse
from relay_faults.witness import Witness, WitnessReport


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "kill_board"),
    [(7, True), pytest.param(8, False, marks=pytest.mark.campaign)],
    ids=["with power cuts", "memory"],
)
@pytest.mark.usefixtures("program")
def test_every_durable_point_is_stored_exactly_once(tmp_path, seed, kill_board):
    """Whatever died, the store is that of the same meter on a serial port; and the board's memory has not grown."""
    # At five times the pace the board's two minutes of memory bear the 20 s that a gateway needs to start on a busy
    # machine, and so much of the meter's time takes twice as long; tools/relay-faults runs longer and at ten.
    trial = RelayTrial(tmp_path, seed, 40, lambda _: None, speed=5, kill_board=kill_board, flash_fails=False)
    outcome = asyncio.run(trial.run())
    assert outcome.wrong == []
    assert sum(outcome.faults.values()) >= 3
    assert outcome.points > 300
    assert outcome.told.thinned == 0


@pytest.mark.slow
@pytest.mark.campaign
@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("heap", ["64wk", HEAP])
def test_a_flash_that_fails_falsifies_nothing_and_what_is_missing_is_counted(tmp_path, heap):
    """Ten minutes at ten times the pace, with power cuts, ENOSPC, EIO and bits that tip over; with little memory."""
    outcome = asyncio.run(RelayTrial(tmp_path, 1, 600, lambda _: None, speed=10, kill_board=True, heap=heap).run())
    assert outcome.wrong == []
    assert outcome.faults["away"] >= 3


def said(second, power=230):
    """A frame of the meter, as a port reads it; at a half second it says another power."""
    power, second = power + int(second % 1 * 10), int(second)
    groups = [("DATE", "", f"H25112514{second:04}"), ("SINSTS", f"{power:05}", None)]
    wire = b"".join(encode_group("standard", Group(*group)) for group in groups)
    return bytes((byte | 0x80 if byte.bit_count() % 2 else byte) for byte in b"\x02" + wire + b"\x03")


def sent(*frames, whole=True):
    """What the witness in a board writes down of these."""
    return b"".join(
        b"%d\n%s" % (len(payload), payload)
        for seq, frame in enumerate(frames)
        for payload in [
            json.dumps({"boot": "01010101", "seq": seq, "whole": whole}).encode() + b"\n" + strip_parity(frame)
        ]
    )


@pytest.mark.parametrize(
    ("frames", "whole", "wrong", "missing"),
    [
        ((1, 2, 3), True, 0, 0),
        ((1, 3), True, 0, 1),
        ((1, 2, 3, 3), True, 0, 0),
        ((1, (2, 231), 3), True, 2, 0),
        ((1, 1.5, 2, 3), True, 0, 0),
    ],
    ids=["all", "one missing", "one twice", "one falsified", "two of one second"],
)
def test_the_witness_sees_what_was_never_said_and_what_is_missing(tmp_path, frames, whole, wrong, missing):
    """Group by group, against every byte of the meter."""
    witness = Witness(tmp_path / "witness")
    heard = b"".join(said(second) for second in (0, 1, *((1.5,) if 1.5 in frames else ()), 2, 3, 4))
    what = [said(*one) if isinstance(one, tuple) else said(one) for one in (0, *frames, 4)]
    (tmp_path / "witness" / "000.sent").write_bytes(sent(*what, whole=whole))
    (tmp_path / "witness" / "000.counts").write_bytes(b"0 0 0 0")
    told = witness.judge(heard + b"\x02", thinned=0, lost=0)
    assert len(told.wrong) == wrong
    assert len(told.missing) == missing


@pytest.mark.parametrize(("came", "missing"), [(2, 0), (1, 1)])
def test_the_witness_tells_two_frames_apart_that_say_the_same(tmp_path, came, missing):
    """A meter that is quick says the same twice in a second: each of them has to be sent."""
    witness = Witness(tmp_path / "witness")
    heard = b"".join(said(second) for second in (0, 1, 1, 2))
    (tmp_path / "witness" / "000.sent").write_bytes(sent(said(0), *[said(1)] * came, said(2)))
    assert len(witness.judge(heard + b"\x02", thinned=0, lost=0).missing) == missing


def test_the_witness_knows_what_was_sent_and_given_up(tmp_path):
    """Whether the gateway has it nobody knows: that minute is not judged."""
    witness = Witness(tmp_path / "witness")
    (tmp_path / "witness" / "000.sent").write_bytes(sent(said(0), said(1), said(2)))
    (tmp_path / "witness" / "000.gone").write_bytes(struct.pack("<4sI", b"\x01" * 4, 1))
    told = witness.judge(b"".join(map(said, (0, 1, 2))) + b"\x02", thinned=1, lost=0)
    assert (told.wrong, told.missing, len(told.given_up)) == ([], [], 1)


@pytest.mark.parametrize(
    ("thinned", "lost", "sent_before", "right"),
    [(8, 2, 0, True), (8, 3, 0, False), (8, 1, 0, False), (10, 5, 5, True), (10, 5, 4, False)],
)
def test_the_judge_sees_each_frame_that_is_counted_and_was_sent_or_is_missing_and_was_not(
    thinned, lost, sent_before, right
):
    """Ten frames are missing: one more or less in the counts is wrong."""
    outcome = RelayOutcome(1)
    told = WitnessReport(missing=[float(at) for at in range(10)], thinned=thinned, lost=lost, sent_before=sent_before)
    judge_counts(outcome, told)
    assert (outcome.wrong == []) is right


class Stored(RelayHouse):
    """A house whose database is a table of the test."""

    def __init__(self, **points):
        self._points = points

    def points(self, kind):
        return self._points.get(kind, {})


TRUTH = {
    "reading": {("a/index", 100): 5, ("a/index", 160): 6},
    "minute": {("p", 60): "[60,600,9,11,10]", ("p", 120): "[60,600,9,11,10]", ("p", 180): "[60,600,9,11,10]"},
    "coarse": {("a/index", "1800 1800"): 5},
}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("reading", ("a/index", 161), 5),
        ("reading", ("a/index", 99), 5),
        ("minute", ("p", 120), "[61,610,9,11,10]"),
        ("minute", ("p", 120), "[59,590,9,11,10]"),
        ("coarse", ("a/index", "1800 1800"), 6),
        ("coarse", ("a/index", "1800 3600"), 6),
    ],
)
def test_the_judge_sees_what_is_lost_doubled_or_wrong(kind, key, value):
    """A comparison that could not fail would prove nothing."""
    sound = RelayOutcome(1)
    judge(sound, Stored(**TRUTH), Stored(**TRUTH))
    assert sound.wrong == []
    found = RelayOutcome(1)
    judge(found, Stored(**TRUTH), Stored(**{**TRUTH, kind: {**TRUTH[kind], key: value}}))
    assert len(found.wrong) == 1


def test_the_judge_sees_what_is_missing():
    """A minute or a half hour that is not there, where the board had power."""
    for kind in ("minute", "coarse"):
        found = RelayOutcome(1)
        judge(found, Stored(**TRUTH), Stored(**{**TRUTH, kind: {}}))
        assert found.wrong
    excused = RelayOutcome(1, missed=[(0, 5000)])
    judge(excused, Stored(**TRUTH), Stored(**{**TRUTH, "minute": {}}))
    assert excused.wrong == []
