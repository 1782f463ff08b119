"""Days by the minute on the clock of the house, also where that is put forward or back."""

from datetime import UTC, date, datetime

import pytest

from gateway.tic.day_classes import (
    ClassStretch,
    day_start,
    minute_at,
    moment,
    read,
    read_windows,
    spans,
    windows,
    written,
    written_windows,
)

DAY = ((0, "2"), (176, "1"), (476, "2"), (716, "1"), (896, "2"))


def utc(*parts):
    """A POSIX second."""
    return int(datetime(*parts, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("day", "minute", "at"),
    [
        (date(2026, 1, 10), 390, utc(2026, 1, 10, 5, 30)),
        (date(2026, 7, 10), 390, utc(2026, 7, 10, 4, 30)),
        # The hour from two to three is not there: what is due in it is done at three.
        (date(2026, 3, 29), 176, utc(2026, 3, 29, 1, 0)),
        (date(2026, 3, 29), 180, utc(2026, 3, 29, 1, 0)),
        # It is there twice: the first one counts.
        (date(2026, 10, 25), 150, utc(2026, 10, 25, 0, 30)),
        (date(2026, 10, 25), 180, utc(2026, 10, 25, 2, 0)),
        (date(2026, 1, 10), 1440, utc(2026, 1, 10, 23, 0)),
    ],
)
def test_a_minute_of_the_day_is_a_moment(day, minute, at):
    """In winter, in summer, and in the two nights between them."""
    assert moment(day, minute) == at


def test_a_moment_is_a_minute_of_the_day():
    """What a clock on the wall shows."""
    assert minute_at(utc(2026, 7, 10, 4, 30) + 15) == 390.25


def test_classes_over_days_are_spans():
    """They go on over midnight; a day without a block at 00:00 begins with what counted before."""
    first, second = date(2026, 1, 10), date(2026, 1, 11)
    found = list(spans([(first, ((0, "1"), (390, "2"), (1350, "1"))), (second, ((390, "2"),))]))
    assert [(one.word, one.end - one.start) for one in found] == [
        ("1", 390 * 60), ("2", 960 * 60), ("1", 480 * 60), ("2", 1050 * 60),
    ]  # fmt: skip
    assert found[-1] == ClassStretch(moment(second, 390), day_start(date(2026, 1, 12)), "2")


def test_the_nights_in_which_the_clock_changes_have_an_hour_less_and_more():
    """22:30 to 06:30 is seven hours in spring and nine in autumn."""
    night = ((0, "1"), (390, "2"), (1350, "1"))
    for day, hours in ((date(2026, 3, 28), 7), (date(2026, 10, 24), 9)):
        following = date.fromordinal(day.toordinal() + 1)
        found = [one for one in spans([(day, night), (following, night)]) if one.word == "1"]
        assert (found[1].end - found[1].start) == hours * 3600


def test_windows_of_a_day():
    """Classes that are cheap and touch each other are one; what counted before midnight goes on."""
    assert windows(DAY, frozenset("1")) == ((176, 476), (716, 896))
    assert windows(DAY, frozenset("12")) == ((0, 1440),)
    assert windows(((390, "2"), (1350, "1")), frozenset("1"), "1") == ((0, 390), (1350, 1440))
    assert windows(DAY, frozenset("3")) == ()


def test_what_is_written_is_read_again():
    """Days and windows; anything else is None."""
    assert read(written(DAY)) == DAY
    assert written(DAY) == "00:00 2,02:56 1,07:56 2,11:56 1,14:56 2"
    assert read_windows(written_windows(((0, 396), (1356, 1440)))) == ((0, 396), (1356, 1440))
    for bad in ("", "00:00", "24:01 1", "00:60 1", "02:00 1,01:00 2", "0０:00 1"):
        assert read(bad) is None
    for bad in ("", "00:00", "00:00/25:00", "a/b", "00:00/01:00/02:00"):
        assert read_windows(bad) is None
