"""The meter's clock against the time zone database, and on the two nights of the change."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from meter import clock

PARIS = ZoneInfo("Europe/Paris")


def test_offset_agrees_with_the_time_zone_database() -> None:
    """The written-out European rule gives what Europe/Paris gives, any second from 2000 to 2036."""
    draw = random.Random(1)
    for _ in range(5000):
        moment = draw.randrange(946684800, 2082758400)
        expected = datetime.fromtimestamp(moment, PARIS).utcoffset()
        assert expected is not None
        assert clock.offset_s(moment) == expected.total_seconds(), moment


def test_wall_time_and_back() -> None:
    """A wall time read back is the same instant, the hour that comes twice excepted."""
    draw = random.Random(2)
    for _ in range(1000):
        day, second = draw.randrange(730120, 743000), draw.randrange(3 * 3600, 86400)
        assert clock.local(clock.at_wall(day, second)) == (day, second)


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2025-10-26T00:59:59", "E251026025959"),
        ("2025-10-26T01:00:00", "H251026020000"),
        ("2025-10-26T01:59:59", "H251026025959"),
        ("2025-03-30T00:59:59", "H250330015959"),
        ("2025-03-30T01:00:00", "E250330030000"),
    ],
)
def test_season_letter_on_the_nights_of_the_change(utc: str, expected: str) -> None:
    """The hour 02 comes twice in autumn, first E then H, and not at all in spring."""
    moment = int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp())
    assert clock.horodate(moment) == expected
    assert clock.horodate(moment, degraded=True) == expected[0].lower() + expected[1:]
    assert clock.parse_start(expected, 0) == moment * 1000


def test_start_times_of_every_form() -> None:
    """Now, wall time, time with an offset and horodate name the same instant."""
    forms = ("2025-07-01T12:00", "2025-07-01T10:00:00+00:00", "E250701120000")
    assert {clock.parse_start(form, 0) for form in forms} == {1751364000000}
    assert clock.parse_start("now", 12.3456) == 12345


@pytest.mark.parametrize("text", ["", "yesterday", "E251399000000", "X250701120000"])
def test_a_start_time_that_is_none_is_refused_in_one_sentence(text: str) -> None:
    """What is not a time is an error that shows how to write one."""
    with pytest.raises(clock.ClockError, match="is not understood: give now"):
        clock.parse_start(text, 0)
