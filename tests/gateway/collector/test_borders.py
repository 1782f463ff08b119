"""Whose energy it is: steps of every length, of an index of every granularity, as the tests' own sum has them."""

import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.gateway.collector.desk import parcel
from tests.gateway.collector.test_views import at, keep

PARIS = ZoneInfo("Europe/Paris")
MINUTE, QUARTER, HALF, HOUR = (timedelta(minutes=minutes) for minutes in (1, 15, 30, 60))
STEPS = {"15 minutes": QUARTER, "30 minutes": HALF, "1 hour": HOUR}
MARKS = {"PT15M": QUARTER, "PT30M": HALF, "PT1H": HOUR}


def midnight(days):
    """The first moment of a day of France, so many days ago."""
    day = datetime.now(PARIS).date() - timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)


# Two days, whatever they are; what is before and after them is there too.
BEGIN, END = midnight(3), midnight(1)


class Index:
    """An index that a meter counts: at which moments it changes, and what it is then."""

    def __init__(self, idle=None):
        chance = random.Random(25)
        self.value = 5_000_000
        self.changes = [(BEGIN - 3 * HOUR, self.value)]
        minute = BEGIN - 2 * HOUR
        while minute < END + 2 * HOUR:
            # Never at a border, where the meter and the test would have to agree on who is first.
            for second in sorted(chance.sample(range(1, 60), chance.choice([0, 0, 1, 3]) or minute.minute % 15 == 7)):
                if idle is None or not idle[0] <= minute < idle[1]:
                    self.value += chance.choice([1, 1, 2, 7])
                    self.changes.append((minute + timedelta(seconds=second), self.value))
            minute += MINUTE

    def at(self, moment):
        """What the meter shows then."""
        return self.changes[bisect_right(self.changes, (moment, float("inf"))) - 1][1]

    def said(self, granularity):
        """moment -> value, as a gateway sends it."""
        if granularity == "raw":
            return dict(self.changes[1:])
        if granularity == "PT1M":
            # The last value of each minute in which there was a new one.
            return {moment.replace(second=0): value for moment, value in self.changes[1:]}
        if granularity == "P1D":
            return {moment: self.at(moment) for moment in (midnight(days) for days in (4, 3, 2, 1)) if moment >= BEGIN}
        step, first = MARKS[granularity], BEGIN - HOUR
        return {moment: self.at(moment) for moment in (first + n * step for n in range(int((END - first) / step) + 2))}

    def rises(self, borders):
        """(start, energy, whole) between each border and the next."""
        return [(start, float(self.at(end) - self.at(start)), True) for start, end in pairwise(borders)]


def borders(step):
    """Those of the two days."""
    if step == "1 day":
        return [midnight(days) for days in (3, 2, 1)]
    return [BEGIN + n * STEPS[step] for n in range(int((END - BEGIN) / STEPS[step]) + 1)]


def sends(store, index, *granularities):
    """A home whose index is asked for by these."""
    said = ((granularity, index.said(granularity)) for granularity in granularities)
    keep(
        store, *(parcel(*((at(time), value) for time, value in values.items()), granularity=of) for of, values in said)
    )


def energy(store, step, since=BEGIN, until=END):
    text = "SELECT start, energy, whole FROM energy(%s, 'Europe/Paris', %s, %s) ORDER BY start"
    return [(start.astimezone(UTC), used, whole) for start, used, whole in store.ask(text, step, since, until)]


@pytest.mark.parametrize(
    ("granularities", "steps"),
    [
        (("raw",), (*STEPS, "1 day")),
        (("PT1M",), (*STEPS, "1 day")),
        (("PT15M",), (*STEPS, "1 day")),
        (("PT30M",), ("30 minutes", "1 hour", "1 day")),
        (("PT1H",), ("1 hour", "1 day")),
        (("P1D",), ("1 day",)),
        (("PT1M", "PT30M"), (*STEPS, "1 day")),
        (("raw", "PT15M", "P1D"), (*STEPS, "1 day")),
    ],
    ids="+".join,
)
def test_each_step_has_what_the_meter_counted_in_it(store, granularities, steps):
    """To the watt-hour: no minute is in the neighbouring quarter, however the home's index is asked for."""
    index = Index()
    sends(store, index, *granularities)
    for step in steps:
        assert energy(store, step) == index.rises(borders(step)), step


@pytest.mark.parametrize("granularity", ["raw", "PT1M"])
def test_of_an_idle_night_and_of_a_gap_the_sum_is_right(store, granularity):
    """Both are one row up to the next value; cut anywhere, the question's parts add up to the whole."""
    index = Index(idle=(BEGIN + 26 * HOUR, BEGIN + 29 * HOUR))
    sends(store, index, granularity)
    gone = BEGIN + 5 * HOUR, BEGIN + 7 * HOUR
    store.ask("DELETE FROM reading WHERE time >= %s AND time < %s", *gone)
    whole = energy(store, "15 minutes")
    assert sum(used for _, used, _ in whole) == index.at(END) - index.at(BEGIN)
    lag = MINUTE if granularity == "PT1M" else timedelta(0)
    read = {BEGIN + (time + lag - BEGIN) // QUARTER * QUARTER for (time,) in store.ask("SELECT time FROM reading")}
    assert [start for start, _, _ in whole] == sorted(start for start in read if BEGIN <= start < END)
    missing = [start for start, _, is_whole in whole if not is_whole]
    assert missing == [start for start in sorted(read) if BEGIN <= start < END and start + QUARTER not in read]
    assert len(missing) == 2
    for cut in (BEGIN + 6 * HOUR, BEGIN + 27 * HOUR, BEGIN + 9 * HOUR):
        parts = energy(store, "15 minutes", BEGIN, cut) + energy(store, "15 minutes", cut, END)
        assert parts == whole


def test_of_a_border_without_its_mark_the_newest_index_before_it_counts(store):
    """Not what was said before another mark, which is above it."""
    index = Index()
    sends(store, index, "raw", "PT15M")
    border, mark = BEGIN + 6 * HOUR, BEGIN + 6 * HOUR - QUARTER
    store.ask("DELETE FROM reading USING series s WHERE s.id = series AND granularity = 'raw'"
              " AND time >= %s AND time < %s", border - 25 * MINUTE, border + 10 * MINUTE)  # fmt: skip
    store.ask("DELETE FROM reading WHERE time = %s", border)
    rises = {start: (used, whole) for start, used, whole in energy(store, "30 minutes")}
    assert rises[border - HALF][0] == index.at(mark) - index.at(border - HALF)
    assert sum(used for used, _ in rises.values()) == index.at(END) - index.at(BEGIN)
