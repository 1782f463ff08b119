"""Red and white days that are left, by the days that were lived."""

from datetime import date, timedelta

import pytest

from gateway.tic.season import PEAK, RED, WHITE, DaysLeft, is_holiday, left, may_be

ONE = timedelta(days=1)


def season(end, red=(), white=()):
    """Every day since 1 September until ``end``, blue but for these."""
    day, lived = date(2026, 9, 1), {}
    while day <= end:
        lived[day] = "ROUG" if day in red else "BLAN" if day in white else "BLEU"
        day += ONE
    return lived


def test_a_season_that_was_lived_from_its_beginning_is_known():
    """Four red days of 22 have been."""
    red = {date(2026, 12, day) for day in (1, 2, 3, 4)}
    lived = season(date(2026, 12, 10), red, {date(2026, 12, 8)})
    assert left(lived, date(2026, 12, 10), RED) == DaysLeft(18, 18)
    assert str(left(lived, date(2026, 12, 10), WHITE)) == "42"


def test_days_that_nobody_lived_may_have_been_red():
    """A gateway of ten days: at most what it has not seen, at least what the other days may have left."""
    lived = {day: colour for day, colour in season(date(2026, 12, 10)).items() if day > date(2026, 12, 1)}
    found = left(lived, date(2026, 12, 10), RED)
    assert found == DaysLeft(1, 22)  # 21 working days from 2 November to 1 December
    assert str(found) == "1/22"


def test_a_day_that_cannot_have_been_red_is_no_doubt():
    """September and October, week-ends and holidays were not lived, and nobody misses them."""
    lived = {day: colour for day, colour in season(date(2026, 12, 10)).items() if may_be(day, RED)}
    assert left(lived, date(2026, 12, 10), RED) == DaysLeft(22, 22)


def test_no_more_days_are_left_than_may_come():
    """In April no red day is left, whoever has lived what."""
    assert left({}, date(2027, 4, 2), RED) == DaysLeft(0, 0)
    assert left({}, date(2027, 3, 29), RED) == DaysLeft(0, 2)
    assert left({}, date(2027, 3, 31), PEAK) == DaysLeft(0, 0)


def test_a_new_season_begins_in_september():
    """What was before counts no more."""
    assert left(season(date(2027, 8, 31)), date(2027, 8, 31), WHITE) == DaysLeft(0, 0)
    assert left({date(2027, 9, 1): "BLEU"}, date(2027, 9, 1), WHITE) == DaysLeft(43, 43)


@pytest.mark.parametrize("day", ["2026-05-01", "2026-04-06", "2026-05-14", "2026-05-25", "2027-03-29", "2026-11-11"])
def test_holidays(day):
    """Fixed ones, and those that go by Easter."""
    assert is_holiday(date.fromisoformat(day))
    assert not may_be(date.fromisoformat(day), RED)


def test_an_ordinary_monday_is_no_holiday():
    """Nor is Easter Sunday one of the eleven, being a Sunday."""
    assert not is_holiday(date(2026, 4, 13))
    assert may_be(date(2026, 12, 7), RED)
    assert not may_be(date(2026, 12, 6), WHITE)
