"""What a press means, through gpiozero's mock pin and on a clock that the test moves."""

import pytest

from gateway.display.button import Button, Press
from gateway.display.lamps import Alarm
from gateway.display.pins import Input, Output
from gateway.display.program import Hand
from tests.screens.views import view


@pytest.fixture
def press(board, clock):
    """Hold the button for so long: what was meant."""
    button = Button()
    pin = Input(26, lambda down: button.level(down=down, now=clock.now))

    def hold(seconds):
        meant = []

        def wait_until(end):
            while True:
                found, due = button.update(clock.now)
                if found:
                    meant.append((found, round(clock.now - begin, 2)))
                if due > end:
                    break
                clock.now = due
            clock.now = end

        begin = clock.now
        board.pin(26).drive_low()
        wait_until(begin + seconds)
        board.pin(26).drive_high()
        wait_until(clock.now + 1)
        return meant

    yield hold
    pin.close()


def test_a_short_press_is_meant_when_it_ends(press):
    """Each press once, after its bounce."""
    assert press(0.2) == [(Press.SHORT, 0.23)]
    assert press(0.9) == [(Press.SHORT, 0.93)]


@pytest.mark.parametrize("seconds", [0.01, 1.0, 3.0, 7.9])
def test_a_bounce_and_what_lies_between_mean_nothing(press, seconds):
    """Nobody turns a gateway off by leaning on it."""
    assert press(seconds) == []


def test_held_for_eight_seconds_is_a_shutdown_once(press):
    """While it is still held, and not again when it is let go."""
    assert press(60) == [(Press.SHUTDOWN, 8.0)]
    assert press(0.2) == [(Press.SHORT, 0.23)]


def test_a_contact_that_bounces_within_a_hold_is_held(clock):
    """The level that was meant is the one that lasts."""
    button = Button()
    button.level(down=True, now=clock.now)
    button.level(down=False, now=clock.now + 3)
    button.level(down=True, now=clock.now + 3.01)
    assert button.update(clock.now + 8) == (Press.SHUTDOWN, float("inf"))


def held(hand, begin, seconds):
    """Press and let go; everything that was due is done."""
    hand.button.level(down=True, now=begin)
    hand.update(begin + seconds)
    hand.button.level(down=False, now=begin + seconds)
    hand.update(begin + seconds + 0.1)


def test_a_press_mutes_the_buzzer_before_it_turns_the_page(board, clock):
    """Whoever hears it wants silence, not another page."""
    alarm = Alarm(Output([23], active_high=True))
    hand = Hand(alarm, None)
    alarm.update(view(overload=True), clock.now)
    held(hand, clock.now, 0.2)
    assert (hand.page, alarm.sounding) == (0, False)
    held(hand, clock.now + 1, 0.2)
    assert hand.page == 1


def test_the_shutdown_is_counted_down_and_asked_for_by_a_file(clock, tmp_path):
    """The program makes one file, and only when it is allowed to."""
    door = tmp_path / "shutdown"
    hand = Hand(None, door)
    hand.button.level(down=True, now=clock.now)
    counted = [hand.countdown_s(clock.now + seconds) for seconds in (0.5, 1.5, 4, 7.5)]
    assert counted == [None, 7, 4, 1]
    assert not door.exists()
    hand.update(clock.now + 8)
    assert (door.exists(), hand.countdown_s(clock.now + 9)) == (True, 0)


def test_without_leave_nothing_is_shut_down(clock):
    """Held for a minute: no countdown, no page turned."""
    hand = Hand(None, None)
    held(hand, clock.now, 60)
    assert (hand.countdown_s(clock.now + 5), hand.page, hand.stopping) == (None, 0, False)
