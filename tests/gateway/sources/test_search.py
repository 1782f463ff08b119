"""The speed of a line is found and found again, on a clock of the test's own."""

import pytest

from gateway.sources.search import SpeedSearch
from gateway.sources.serial_port import SPEEDS


def changes(search, begin, end, good=lambda speed: False):
    """(second, new speed) of every change, looked at once a second as a line does."""
    found = []
    for now in range(begin, end):
        if good(search.speed):
            search.good(now)
        if speed := search.next_speed(now):
            found.append((now, speed))
    return found


def test_a_standard_meter_is_found_at_once_and_kept():
    """9600 Bd is tried first, and a line that is understood is never left."""
    search = SpeedSearch(SPEEDS, 0)
    assert search.speed == 9600
    assert not changes(search, 0, 1000, lambda speed: speed == 9600)


def test_a_historic_meter_is_found_after_five_seconds():
    """Without a known group at 9600 Bd the search goes on to 1200, where it stays."""
    search = SpeedSearch(SPEEDS, 0)
    assert changes(search, 0, 1000, lambda speed: speed == 1200) == [(5, 1200)]
    assert search.speed == 1200


def test_a_silent_line_is_tried_at_both_speeds_in_turn():
    """1200 Bd is given 10 s, as a three-phase frame takes 3 and telereading makes pauses; 9600 Bd 5 s."""
    assert changes(SpeedSearch(SPEEDS, 0), 0, 36) == [(5, 1200), (15, 9600), (20, 1200), (30, 9600), (35, 1200)]


@pytest.mark.parametrize(("before", "after"), [(9600, 1200), (1200, 9600)])
def test_a_meter_switched_over_at_night_is_followed(before, after):
    """Ten seconds after the last known group at a speed that worked, the other one is tried and kept."""
    search = SpeedSearch(SPEEDS, 0)
    changes(search, 0, 101, lambda speed: speed == before)
    assert search.speed == before
    assert changes(search, 101, 1000, lambda speed: speed == after) == [(110, after)]


def test_a_short_silence_changes_nothing():
    """Any pause shorter than ten seconds is borne at a speed that worked, however often it comes."""
    search = SpeedSearch(SPEEDS, 0)
    for now in range(0, 1000, 9):
        search.good(now)
        assert [search.next_speed(now + 0.9 + second) for second in range(9)] == [None] * 9
    assert search.speed == 9600


def test_time_in_which_nobody_looked_is_not_silence():
    """The program was held up for a minute: what came meanwhile is read first; then ten seconds of silence are ten."""
    search = SpeedSearch(SPEEDS, 0)
    search.good(100)
    assert search.next_speed(160) is None
    assert changes(search, 161, 200) == [(168, 1200), (178, 9600), (183, 1200), (193, 9600), (198, 1200)]


def test_a_port_opened_again_is_listened_to_at_its_last_speed():
    """After a loss the search does not start over, and gives the speed its whole time."""
    search = SpeedSearch(SPEEDS, 0)
    changes(search, 0, 50, lambda speed: speed == 1200)
    search.again(500)
    assert search.speed == 1200
    assert changes(search, 500, 512) == [(510, 9600)]


@pytest.mark.parametrize("speeds", [(), (9600,)])
def test_without_a_choice_there_is_no_search(speeds):
    """A socket and a file have no speed, and a single one is never left."""
    search = SpeedSearch(speeds, 0)
    assert search.speed == (speeds[0] if speeds else None)
    assert not changes(search, 0, 1000)
