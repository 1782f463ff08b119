"""What offers ask of a house: the colours of its days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from gateway.household.house_facts import lived_colours

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


@pytest.mark.parametrize(
    ("day", "hour"), [(date(2026, 3, 29), 4), (date(2026, 10, 25), 5), (date(2026, 1, 15), 5), (date(2026, 7, 15), 4)]
)
def test_a_colour_begins_at_six_by_the_clock_also_on_the_days_when_the_clock_changes(day, hour):
    """Which is five or seven hours after midnight then: what is drawn at breakfast is of the new colour."""
    house = MorningHouse(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
    assert lived_colours(house, day - _ONE, day + _ONE) == {day - _ONE: "blue", day: "white"}
