"""What a press means, through gpiozero's mock pin and on a clock that the test moves."""

import os

import pytest

from gateway.display import pages
from gateway.display.button import Press, PushButton
from gateway.display.lamps import Alarm
from gateway.display.pins import Input, Output
from gateway.display.program import Hand
from gateway.display.sheet import PictureStyle
from gateway.display.welcome import SHOWN_S, TURN_S, FirstVisitRequest
from tests.gateway.display.views import view


@pytest.fixture
def press(board, clock):
    """Hold the button for so long: what was meant."""
    button = PushButton()
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


@pytest.mark.parametrize("seconds", [0.01, 1.0, 2.9])
def test_a_bounce_and_what_lies_between_mean_nothing(press, seconds):
    """Nobody turns a gateway off by leaning on it."""
    assert press(seconds) == []


@pytest.mark.parametrize("seconds", [3.0, 7.9])
def test_held_for_three_seconds_and_let_go_asks_for_the_page(press, seconds):
    """Once, when it is let go: whoever goes on holding wants the shutdown."""
    assert press(seconds) == [(Press.WELCOME, round(seconds + 0.03, 2))]
    assert press(0.2) == [(Press.SHORT, 0.23)]


def test_held_for_eight_seconds_is_a_shutdown_once(press):
    """While it is still held, and not again when it is let go."""
    assert press(60) == [(Press.SHUTDOWN, 8.0)]
    assert press(0.2) == [(Press.SHORT, 0.23)]


def test_a_contact_that_bounces_within_a_hold_is_held(clock):
    """The level that was meant is the one that lasts."""
    button = PushButton()
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


LOOK = PictureStyle(240, 240, colour=True)


def answered(folder, text):
    """The gateway's side answers, as the unit's command does."""
    draft = folder / "answer.new"
    draft.write_text(text)
    draft.replace(folder / "answer.json")


def same(one, other):
    return one is not None and one.tobytes() == other.tobytes()


def test_let_go_after_three_seconds_the_address_and_a_code_are_shown_for_two_minutes(clock, tmp_path):
    """Asked for through one file; shown when the answer has come, and a short press takes it away."""
    door, old = tmp_path / "welcome", '{"addresses": ["http://old.local:8080"], "code": "AAAA-BBBB-CCCC"}'
    answered(tmp_path, old)
    os.utime(tmp_path / "answer.json", ns=(1, 1))
    hand = Hand(None, None, FirstVisitRequest(door, tmp_path / "answer.json"))
    begin = clock.now
    hand.button.level(down=True, now=begin)
    assert hand.picture(LOOK, begin + 2) is None
    assert same(hand.picture(LOOK, begin + 3), pages.draw_welcome(LOOK, (), None, "let go"))
    assert not door.exists()
    hand.button.level(down=False, now=begin + 4)
    hand.update(begin + 4.1)
    assert door.exists()
    # What was answered another time, with its code, is not shown again.
    assert same(hand.picture(LOOK, begin + 5), pages.draw_welcome(LOOK, (), None, "asking"))
    assert same(hand.picture(LOOK, begin + 20), pages.draw_welcome(LOOK, (), None, "no answer"))
    answered(tmp_path, '{"addresses": ["http://linky.local:8080"], "code": "K7QM-2XHD-P9RW"}')
    shown = pages.draw_welcome(LOOK, ("http://linky.local:8080",), "K7QM-2XHD-P9RW")
    assert same(hand.picture(LOOK, begin + 21), shown)
    assert same(hand.picture(LOOK, begin + 4.1 + SHOWN_S), shown)
    assert hand.picture(LOOK, begin + 4.2 + SHOWN_S) is None
    held(hand, begin + 150, 4)
    digits = " ".join(["0A1B"] * 16)
    answered(tmp_path, f'{{"addresses": ["http://linky.local:8080"], "code": null, "fingerprint": "{digits}"}}')
    for turn in range(6):
        told = pages.draw_fingerprint(LOOK, digits, turn // 2)
        wanted = told if turn % 2 else pages.draw_welcome(LOOK, ("http://linky.local:8080",), None)
        assert same(hand.picture(LOOK, begin + 155 + turn * TURN_S), wanted), turn
    held(hand, begin + 200, 4)
    assert hand.picture(LOOK, begin + 205) is not None
    held(hand, begin + 206, 0.2)
    assert (hand.picture(LOOK, begin + 207), hand.page) == (None, 0)
    held(hand, begin + 208, 0.2)
    assert hand.page == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"addresses": [], "code": null}', "no page"), ("{", "no answer"), ('{"addresses": 3}', "no answer")],
)
def test_a_house_without_a_page_and_an_answer_that_is_none_are_said(clock, tmp_path, text, words):
    """Never a traceback on a wall."""
    hand = Hand(None, None, FirstVisitRequest(tmp_path / "welcome", tmp_path / "answer.json"))
    held(hand, clock.now, 4)
    answered(tmp_path, text)
    assert same(hand.picture(LOOK, clock.now + 5), pages.draw_welcome(LOOK, (), None, words))


def test_while_the_shutdown_is_counted_down_it_is_said_what_letting_go_does(clock, tmp_path):
    """From three seconds on; at eight it is a shutdown, and nothing was asked for."""
    welcome = FirstVisitRequest(tmp_path / "welcome", tmp_path / "answer.json")
    hand = Hand(None, tmp_path / "shutdown", welcome)
    begin = clock.now
    hand.button.level(down=True, now=begin)
    assert same(hand.picture(LOOK, begin + 2), pages.draw_shutdown(LOOK, 6))
    assert same(hand.picture(LOOK, begin + 4), pages.draw_shutdown(LOOK, 4, let_go=True))
    hand.update(begin + 8)
    hand.button.level(down=False, now=begin + 9)
    hand.update(begin + 9.1)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shutdown"]


def test_without_leave_no_page_is_asked_for(clock):
    """Held for four seconds: nothing is shown."""
    hand = Hand(None, None)
    held(hand, clock.now, 4)
    assert hand.picture(LOOK, clock.now + 5) is None
