"""Whose time a frame gets."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from gateway.tic.clock import WRONG_S, Belief, Choice, MeterClock

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HALF_PAST_THREE_S = 12_600


def choices(clock, offsets):
    """What is chosen for frames of a meter that is so many seconds ahead, one frame a second."""
    frames = ((NOON + timedelta(seconds=second), offset) for second, offset in enumerate(offsets))
    return [clock.choose(host + timedelta(seconds=offset), host) for host, offset in frames]


def test_a_meter_that_is_nearly_right_is_believed_at_once():
    """The grid operator's clock, not the host's, is what the household is billed by."""
    clock = MeterClock()
    assert choices(clock, [-1, 0, 2, WRONG_S, -WRONG_S]) == [Choice.METER] * 5
    assert clock.drift_s == 0
    assert not clock.ignored


def test_a_meter_that_is_hours_off_is_not_believed():
    """Nothing is dated until three frames say so; from then on the host's time is used."""
    clock = MeterClock()
    assert choices(clock, [HALF_PAST_THREE_S] * 5) == [Choice.NOT_YET] * 2 + [Choice.HOST] * 3
    assert clock.drift_s == HALF_PAST_THREE_S
    assert clock.wrong
    assert clock.ignored


def test_one_damaged_date_changes_nothing():
    """That frame is left out, and the next ones are dated as before."""
    clock = MeterClock()
    assert choices(clock, [0, 86_400, -86_400, 0]) == [Choice.METER, Choice.NOT_YET, Choice.NOT_YET, Choice.METER]
    assert clock.drift_s == 0


def test_a_clock_that_is_put_right_is_believed_again():
    """After three frames that agree with the host, and its drift is the new one."""
    clock = MeterClock()
    choices(clock, [HALF_PAST_THREE_S] * 10)
    assert choices(clock, [1] * 4) == [Choice.NOT_YET] * 2 + [Choice.METER] * 2
    assert clock.drift_s == 1


def test_the_drift_is_steady_although_each_frame_is_a_second_off():
    """A horodate has whole seconds: the figure is the middle of the last frames."""
    clock, draw = MeterClock(), Random(7)
    choices(clock, [40 + draw.choice((-1, 0, 1)) for _ in range(200)])
    assert abs(clock.drift_s - 40) <= 1


@pytest.mark.parametrize("belief", list(Belief))
def test_before_the_host_knows_the_time_the_meter_does(belief):
    """Unless the household said that only the host's is to be used: then nobody does."""
    clock = MeterClock(belief)
    expected = Choice.LATER if belief is Belief.HOST else Choice.METER
    assert clock.choose(NOON, None) is expected
    assert clock.drift_s is None


@pytest.mark.parametrize("belief", list(Belief))
def test_a_meter_without_a_time_gets_the_hosts_or_waits(belief):
    """Historic mode has no clock at all, and a degraded one is none."""
    clock = MeterClock(belief)
    assert clock.choose(None, NOON) is Choice.HOST
    assert clock.choose(None, None) is Choice.LATER


def test_what_the_household_says_of_a_clock_holds_whatever_it_shows():
    """A simulated meter has a time of its own; another's may be known to be wrong."""
    far = NOON + timedelta(days=400)
    assert {MeterClock(Belief.METER).choose(far, NOON) for _ in range(3)} == {Choice.METER}
    assert {MeterClock(Belief.HOST).choose(NOON, NOON) for _ in range(3)} == {Choice.HOST}
    assert MeterClock(Belief.HOST).ignored
