"""Lamps and buzzer on gpiozero's mock pins, second by second on a clock that the test moves."""

import pytest

from gateway.display import lamps
from gateway.display.lamps import Alarm, Player
from gateway.display.pins import Output
from tests.gateway.display.views import NOTHING, SUN, view


def timeline(update, pin, clock, seconds):
    """When the pin changed, to what: (seconds since the beginning, level); called when due, as the program does."""
    begin, due, level, changes = clock.now, clock.now, None, []
    while due <= begin + seconds:
        clock.now = due
        following = update(clock.now)
        assert following > clock.now
        if pin.state != level:
            level = pin.state
            changes.append((round(clock.now - begin, 3), int(level)))
        due = following
    return changes


@pytest.fixture
def lamp(board):
    """A lamp on GPIO4, and its pin."""
    output = Output([4], active_high=True)
    yield output, board.pin(4)
    output.close()


def test_the_lamp_flashes_every_three_seconds_while_frames_come(lamp, clock):
    """Enedis 54E §9.3: 0.1 s on, 2.9 s off."""
    player = Player(lamp[0])
    rhythm = lamps.led(view())
    changes = timeline(lambda now: player.update(rhythm, lamps.WHITE, now), lamp[1], clock, 6.2)
    assert changes == [(0, 1), (0.1, 0), (3.0, 1), (3.1, 0), (6.0, 1), (6.1, 0)]


@pytest.mark.parametrize("without", [NOTHING, view("meter", age_s=12), view(live=False)])
def test_the_lamp_flashes_every_second_while_none_does(lamp, clock, without):
    """Starting, silent or not yet heard: 0.1 s on, 0.9 s off."""
    player = Player(lamp[0])
    changes = timeline(lambda now: player.update(lamps.led(without), lamps.WHITE, now), lamp[1], clock, 2.2)
    assert changes == [(0, 1), (0.1, 0), (1.0, 1), (1.1, 0), (2.0, 1), (2.1, 0)]


@pytest.mark.parametrize(
    ("follows", "known", "rhythm"),
    [
        ("off-peak", view(tariff_kind="off-peak"), lamps.ON),
        ("off-peak", view(tariff_kind="peak"), lamps.OFF),
        ("off-peak", view(tariff_kind="unknown"), lamps.FAST),
        ("off-peak", view("gateway", tariff_kind="off-peak"), lamps.FAST),
        ("off-peak", NOTHING, lamps.FAST),
        ("injection", view(**SUN), lamps.ON),
        ("injection", view(), lamps.OFF),
        ("overload", view(overload=True), lamps.ON),
        ("overload", view(), lamps.OFF),
    ],
)
def test_a_lamp_tells_one_thing(follows, known, rhythm):
    """On while it is so, dark while not; flashes every second while nobody knows."""
    assert lamps.one_thing(known, follows) == rhythm


def test_a_change_of_rhythm_begins_with_a_flash(lamp, clock):
    """Nobody waits three seconds to see that something has happened."""
    player = Player(lamp[0])
    player.update(lamps.SLOW, lamps.WHITE, clock.now)
    player.update(lamps.SLOW, lamps.WHITE, clock.now + 1)
    assert not lamp[1].state
    player.update(lamps.FAST, lamps.WHITE, clock.now + 1.5)
    assert lamp[1].state


def test_a_lamp_that_lights_by_low_is_dark_by_high(board):
    """A common anode, from the first moment to the last."""
    output = Output([17, 27, 22], active_high=False)
    assert [board.pin(gpio).state for gpio in (17, 27, 22)] == [True] * 3
    output.show(lamps.YELLOW)
    assert [board.pin(gpio).state for gpio in (17, 27, 22)] == [False, False, True]
    output.close()
    assert [board.pin(gpio).function for gpio in (17, 27, 22)] == ["input"] * 3


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (NOTHING, (lamps.WHITE, lamps.FAST)),
        (view("gateway"), (lamps.WHITE, lamps.FAST)),
        (view(overload=True, tempo_today="blue"), (lamps.RED, lamps.BLINK)),
        (view(**SUN, tempo_today="red"), (lamps.GREEN, lamps.ON)),
        (view(tempo_today="white"), (lamps.WHITE, lamps.ON)),
        (view(tempo_today="red"), (lamps.RED, lamps.ON)),
        (view(drawn_va=4199), (lamps.BLUE, lamps.ON)),
        (view(drawn_va=4200), (lamps.YELLOW, lamps.ON)),
        (view(drawn_va=5400), (lamps.RED, lamps.ON)),
        (view(subscribed_va=None), (lamps.DARK, lamps.OFF)),
    ],
)
def test_the_colour_is_of_what_matters_most(known, expected):
    """Age before overload, overload before injection, injection before Tempo, Tempo before the power."""
    assert lamps.rgb(known) == expected


def test_the_buzzer_beeps_three_times_and_again_a_minute_later(lamp, clock):
    """An overload is heard and does not drive people mad."""
    alarm = Alarm(lamp[0])
    changes = timeline(lambda now: alarm.update(view(overload=True), now), lamp[1], clock, 62)
    assert [when for when, level in changes if level] == [0, 0.3, 0.6, 60.9, 61.2, 61.5]
    assert [when for when, level in changes if not level] == [0.15, 0.45, 0.75, 61.05, 61.35, 61.65]


def test_a_muted_buzzer_is_silent_until_the_next_overload(lamp, clock):
    """Mute holds for this overload only, and at once."""
    alarm = Alarm(lamp[0])
    alarm.update(view(overload=True), clock.now)
    assert lamp[1].state
    assert alarm.sounding
    alarm.mute()
    assert timeline(lambda now: alarm.update(view(overload=True), now), lamp[1], clock, 200) == [(0, 0)]
    assert not alarm.sounding
    alarm.update(view(), clock.now)
    alarm.update(view(overload=True), clock.now)
    assert lamp[1].state


def test_an_overload_of_the_past_is_not_heard(lamp, clock):
    """What is old alarms nobody."""
    Alarm(lamp[0]).update(view("silence", overload=True), clock.now)
    assert not lamp[1].state
