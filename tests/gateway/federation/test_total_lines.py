"""Totals as lines for two people: the same words mean the same time on both sides."""

from datetime import datetime

import pytest

from gateway.errors import ConfigError
from gateway.federation.wire.total import AskedStretch, SeriesTotal
from gateway.federation.wire.total_lines import AskedTime, parse_window, total_line


def at(text):
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("now", "said", "first", "last"),
    [
        ("2026-11-30T14:00Z", ("", ""), "2026-11-28T23:00Z", "2026-11-29T23:00Z"),
        # Its midnight is past already, and this one has 25 hours.
        ("2026-10-25T23:30Z", ("", ""), "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("2026-11-30T14:00Z", ("2026-11-01", ""), "2026-10-31T23:00Z", "2026-11-29T23:00Z"),
        ("2026-11-30T14:00Z", ("2026-11-01T12:00Z", "2026-11-01T14:30"), "2026-11-01T12:00Z", "2026-11-01T13:30Z"),
        ("2026-11-30T14:00Z", ("2026-11-30", ""), "2026-11-29T23:00Z", "2026-11-30T14:00Z"),
        ("2026-11-30T14:00Z", ("0001-01-01", "1970-01-02"), "1970-01-01T00:00Z", "1970-01-01T23:00Z"),
    ],
)
def test_days_and_times_are_of_france(now, said, first, last):
    """Whole days as a household has them, yesterday where nothing is said; an offset is taken as it is."""
    assert parse_window(*said, at(now)) == AskedTime(at(first), at(last))


@pytest.mark.parametrize(
    "said", [("yesterday", ""), ("", "2026-13-01"), ("2026-11-02", "2026-11-01"), ("9999-12-31", "")]
)
def test_what_is_no_time_is_said(said):
    """One sentence, no traceback."""
    with pytest.raises(ConfigError):
        parse_window(*said, at("2026-11-30T14:00Z"))


def test_a_line_has_seven_words():
    """So that `diff`, `sort` and a person can read it."""
    asked = AskedStretch("maison@x/ab12@x/consumption", "PT1M", 0, 86_400)
    words = "maison@x maison@x/ab12@x/consumption PT1M 1970-01-01T00:00:00Z 1970-01-02T00:00:00Z"
    assert total_line("maison@x", asked, SeriesTotal(3, "ab" * 32)) == f"{words} 3 {'ab' * 32}"
    assert total_line("maison@x", asked, SeriesTotal(100_001, None)) == f"{words} 100001 -"
