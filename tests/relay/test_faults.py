"""A board, its broker, its network and its gateway injured at random: every point is in the store exactly once."""

import asyncio

import pytest

from relaying.faults import Outcome, Trial, judge
from relaying.house import House


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "kill_board"), [(7, True), (8, False)], ids=["with power cuts", "memory"])
@pytest.mark.usefixtures("program")
def test_every_durable_point_is_stored_exactly_once(tmp_path, seed, kill_board):
    """Whatever died, the store is that of the same meter on a serial port; and the board's memory has not grown."""
    # At five times the pace the board's two minutes of memory bear the 20 s that a gateway needs to start on a busy
    # machine, and so much of the meter's time takes twice as long; tools/relay-faults runs longer and at ten.
    trial = Trial(tmp_path, seed, 40, lambda _: None, speed=5, kill_board=kill_board)
    outcome = asyncio.run(trial.run())
    assert outcome.wrong == []
    assert sum(outcome.faults.values()) >= 3
    assert outcome.points > 300
    assert outcome.thinned == 0


class Stored(House):
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
    sound = Outcome(1)
    judge(sound, Stored(**TRUTH), Stored(**TRUTH))
    assert sound.wrong == []
    found = Outcome(1)
    judge(found, Stored(**TRUTH), Stored(**{**TRUTH, kind: {**TRUTH[kind], key: value}}))
    assert len(found.wrong) == 1


def test_the_judge_sees_what_is_missing():
    """A minute or a half hour that is not there, where the board had power."""
    for kind in ("minute", "coarse"):
        found = Outcome(1)
        judge(found, Stored(**TRUTH), Stored(**{**TRUTH, kind: {}}))
        assert found.wrong
    excused = Outcome(1, missed=[(0, 5000)])
    judge(excused, Stored(**TRUTH), Stored(**{**TRUTH, "minute": {}}))
    assert excused.wrong == []
