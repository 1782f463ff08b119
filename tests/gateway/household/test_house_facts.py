"""What offers ask of a house: the colours of its days; and what a silence of its meter says of neither."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from gateway.config.offers import find_offer
from gateway.household.comparing import compare
from gateway.household.comparison import ComparisonOrder
from gateway.household.days import HouseholdDays
from gateway.household.house_facts import lived_colours
from gateway.store.store import Archive
from tests.figures.houses import House as FiguredHouse
from tests.figures.houses import Sort, at

_ONE = timedelta(days=1)


class MorningHouse:
    """A house that draws in the two hours before a blue day ends and in the two after that, a watt-hour a second."""

    def __init__(self, change):
        self._change = int(change.timestamp())

    def classes(self, bounds):
        """Wh by class between each two moments."""
        drawn = {"hpjb": (self._change - 7200, self._change), "hpjw": (self._change, self._change + 7200)}
        return [
            {word: wh for word, (a, b) in drawn.items() if (wh := min(b, end) - max(a, begin)) > 0}
            for begin, end in pairwise(bounds)
        ]

    def silent(self, bounds):
        """Its meter is read all the time."""
        return [False for _ in pairwise(bounds)]


@pytest.mark.parametrize(
    ("day", "hour"), [(date(2026, 3, 29), 4), (date(2026, 10, 25), 5), (date(2026, 1, 15), 5), (date(2026, 7, 15), 4)]
)
def test_a_colour_begins_at_six_by_the_clock_also_on_the_days_when_the_clock_changes(day, hour):
    """Which is five or seven hours after midnight then: what is drawn at breakfast is of the new colour."""
    house = MorningHouse(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
    assert lived_colours(house, day - _ONE, day + _ONE) == {day - _ONE: "blue", day: "white"}


@dataclass
class BlueHouse(Sort):
    """A house with Tempo on blue days, that draws more in some hours than in others."""

    def colour(self, _day):
        """Always blue."""
        return 0


def test_a_silence_of_months_says_neither_colours_nor_hours(tmp_path):
    """Its energy is known as a whole alone: no day in it has a colour, and the contract is not called wrong by it."""
    prices = ", ".join(f"{word} = 0.2" for word in ("hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr"))
    day = date(2026, 6, 17)
    lived = FiguredHouse(tmp_path / "house", BlueHouse("blue", prices, tempo=True, days=2), at(day, "12:00"))
    with closing(Archive(lived.config.directory)) as archive:
        house = HouseholdDays(archive, lived.config)
        found = compare(archive, house, lived.config, [find_offer("tempo", tmp_path)], ComparisonOrder(), day)
        colours = lived_colours(house, date(2025, 6, 1), day)
    # Of the first day of each time in which it was heard the night.
    heard = [date(2025, 6, number) for number in (15, 16, 17, 18)] + [date(2026, 6, number) for number in (14, 15, 16)]
    assert {**colours} == dict.fromkeys(heard, "blue")
    assert found.known == 365
    assert found.checks
    assert [one for one in found.checks if one.wrong] == []
    assert [(one.file is None, bool(one.months)) for one in found.offers] == [(True, False), (False, False)]
