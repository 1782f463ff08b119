"""Quiet hours and mornings by the wall clock, when it changes too."""

from datetime import datetime

import pytest

from gateway.notices.quiet import QuietHours
from gateway.store.local_time import PARIS


def posix(text):
    """A local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp())


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-11-25T21:59", None),
        ("2026-11-25T22:00", "2026-11-26T07:00"),
        ("2026-11-26T06:59", "2026-11-26T07:00"),
        ("2026-11-26T07:00", None),
        # An hour longer, an hour shorter: by the clock it is seven.
        ("2026-10-24T23:00", "2026-10-25T07:00"),
        ("2026-03-28T23:00", "2026-03-29T07:00"),
    ],
)
def test_a_night_ends_when_the_clock_says_so(now, over):
    """From ten to seven, over midnight."""
    found = QuietHours.of("22:00/07:00").over(posix(now))
    assert found == (posix(over) if over else None)


def test_a_siesta_lies_within_a_day_and_who_has_no_quiet_hours_has_none():
    """13:00/15:00; the empty text."""
    siesta = QuietHours.of("13:00/15:00")
    assert siesta.over(posix("2026-11-25T14:00")) == posix("2026-11-25T15:00")
    assert siesta.over(posix("2026-11-25T15:00")) is None
    assert QuietHours.of("").over(posix("2026-11-25T03:00")) is None


@pytest.mark.parametrize(
    ("hours", "now", "morning"),
    [
        ("22:00/07:00", "2026-11-25T12:00", "2026-11-26T07:00"),
        ("22:00/07:00", "2026-11-26T06:00", "2026-11-26T07:00"),
        ("22:00/07:00", "2026-11-26T07:00", "2026-11-27T07:00"),
        # Saturday and Sunday not before half past eight; Monday as usual.
        ("22:00/07:00", "2026-11-27T20:00", "2026-11-28T08:30"),
        ("22:00/10:00", "2026-11-27T20:00", "2026-11-28T10:00"),
        ("22:00/07:00", "2026-11-29T09:00", "2026-11-30T07:00"),
        ("", "2026-11-25T12:00", "2026-11-26T07:00"),
        ("22:00/07:00", "2026-10-24T23:00", "2026-10-25T08:30"),
    ],
)
def test_news_wait_for_the_morning(hours, now, morning):
    """When the quiet hours end, later at weekends."""
    assert QuietHours.of(hours).morning(posix(now)) == posix(morning)


def test_a_night_is_counted_from_its_beginning():
    """Also after midnight."""
    night = QuietHours.of("22:00/07:00")
    for now in ("2026-11-25T22:00", "2026-11-26T03:00"):
        assert night.began(posix(now)) == posix("2026-11-25T22:00")
