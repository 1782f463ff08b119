"""What a way does next: quiet hours, its pace, its caps, faults that may be over; and when it tries again."""

import random

import pytest

from gateway.notices.delivery.turn import A_DAY, A_NIGHT, AN_HOUR, BACK_OFF_S, GATHER_S, PACE_S, pause_s, plan
from gateway.store.household_notices import QueuedNotice
from tests.gateway.notices.test_intake import HOME, ways
from tests.gateway.notices.test_quiet import posix

NOON, NIGHT = posix("2026-11-25T12:00"), posix("2026-11-25T23:30")


def row(number=1, *, at=0, due=0, urgent=False, ending=False, expires=10**11, matter="DISK "):
    """What waits."""
    return QueuedNotice("home", matter, "gateway", "text", at, due, expires, ending, urgent, number=number)


@pytest.fixture
def way(tmp_path):
    """One with the usual quiet hours."""
    return ways(tmp_path, HOME)[0]


def planned(way, rows, now, messages=(), nightly=0, calm=()):
    """The plan of a moment."""
    return plan(way, rows, messages, lambda _: nightly, now, lambda matter: matter in calm)


def test_what_is_found_out_in_the_same_moment_goes_together(way):
    """A few seconds after the last of it."""
    rows = [row(1, at=NOON), row(2, at=NOON + 3)]
    assert planned(way, rows, NOON + 3).leaving == ()
    assert planned(way, rows, NOON + 3).again_at == NOON + 3 + GATHER_S
    assert planned(way, rows, NOON + 3 + GATHER_S).leaving == tuple(rows)


def test_one_message_a_minute_leaves(way):
    """The next one has all that came meanwhile."""
    found = planned(way, [row(), row(2)], NOON, messages=[NOON - 20])
    assert (found.leaving, found.again_at) == ((), NOON - 20 + PACE_S)
    assert len(planned(way, [row(), row(2)], NOON + 40, messages=[NOON - 20]).leaving) == 2


@pytest.mark.parametrize(("count", "every", "free"), [(AN_HOUR, 100, 3600), (A_DAY, 2000, 86_400)])
def test_after_so_many_messages_the_others_wait_and_go_as_one(way, count, every, free):
    """Ten in an hour, thirty in a day."""
    messages = [NOON - every * back for back in range(count, 0, -1)]
    found = planned(way, [row(), row(2, urgent=True)], NOON, messages)
    assert found.leaving == ()
    assert {until for _, until in found.late} == {messages[0] + free + 1}
    assert planned(way, [row(), row(2)], messages[0] + free + 1, messages).leaving


def test_messages_of_a_time_to_come_hold_nothing_up(way):
    """A clock that was ahead, and was set right."""
    assert planned(way, [row()], NOON, messages=[NOON + 30 * 86_400] * 40).leaving


def test_in_quiet_hours_only_what_is_urgent_leaves_and_not_too_often(way):
    """Three times a night; the rest is the morning's."""
    rows = [row(1, urgent=True), row(2)]
    found = planned(way, rows, NIGHT)
    assert found.leaving == (rows[0],)
    assert found.late == ((rows[1], posix("2026-11-26T07:00")),)
    found = planned(way, rows, NIGHT, nightly=A_NIGHT)
    assert found.leaving == ()
    assert {one.number for one, _ in found.late} == {1, 2}


def test_a_fault_that_does_not_show_now_waits_and_its_end_does_not(way):
    """It may end untold."""
    rows = [row(1), row(2, ending=True)]
    found = planned(way, rows, NOON, calm=("DISK ",))
    assert found.leaving == (rows[1],)
    assert [one.number for one, _ in found.late] == [1]


def test_what_is_stale_is_told_to_nobody_and_what_is_not_due_waits(way):
    """A warning of yesterday is worse than none."""
    rows = [row(1, expires=NOON), row(2, due=NOON + 100)]
    found = planned(way, rows, NOON)
    assert (found.leaving, found.stale, found.again_at) == ((), (rows[0],), NOON + 100)


def test_a_way_that_fails_is_tried_less_and_less_often_and_never_sooner_than_it_asks():
    """Half a minute to an hour, a fifth sooner or later; seeded."""
    chance = random.Random(7)
    pauses = [pause_s(tries, None, chance) for tries in range(1, 12)]
    for pause, usual in zip(pauses, (*BACK_OFF_S, *(BACK_OFF_S[-1],) * 4), strict=True):
        assert 0.8 * usual <= pause <= 1.2 * usual
    assert len(set(pauses)) == len(pauses)
    assert pause_s(1, 600.0, chance) == 600.0
