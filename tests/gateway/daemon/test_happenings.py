"""What happens to one meter is stored whole while an honest one could do it; of a flood the first and the number."""

import random

from gateway.daemon.happenings import ALL_AN_HOUR, ALL_AT_ONCE, AN_HOUR, AT_ONCE, Happenings
from gateway.store.recorder import Happened
from gateway.tic.events import Happening

DAY = 86_400
BREAKS = ("contract-changed", "meter-replaced", "index-step", "roll-over")


def happened(kind, time=0, series="", **detail):
    return Happened(time, kind, series, detail)


def test_five_days_of_an_honest_meter_handed_over_at_once_are_stored_whole():
    """A board that was away tells within minutes eight changes of tariff a day, the colours, an overload a day."""
    kept, found = Happenings(), []
    said = [
        happened(kind, day * DAY + place, kind)
        for day in range(5)
        for kind, count in (("tariff-changed", 8), ("tempo-today", 1), ("tempo-tomorrow", 1), ("overload-begun", 1),
                            ("overload-ended", 1), ("clock-degraded", 2), ("clock-recovered", 2))
        for place in range(count)
    ]  # fmt: skip
    for one in said:
        found += kept.admit([one], 100.0)
    assert found == said


def test_what_comes_too_often_is_counted_and_takes_nothing_from_the_others():
    """Twelve a second for a day: the first ones, then one for many, the number of all; a colour is stored at once."""
    kept, found = Happenings(), []
    for second in range(DAY):
        for _ in range(12):
            found += kept.admit([happened("contact-switched", second, "status/contact")], float(second))
    (colour,) = [
        one for one in kept.admit([happened("tempo-today", DAY, after="ROUG")], float(DAY)) if one.kind == "tempo-today"
    ]
    assert colour == happened("tempo-today", DAY, after="ROUG")
    assert [one.time for one in found[:AT_ONCE]] == [place // 12 for place in range(AT_ONCE)]
    assert len(found) <= AT_ONCE + 24 * AN_HOUR
    waits = 12 * 3600 // AN_HOUR
    assert 12 * DAY - waits <= len(found) + sum(one.detail.get("more", 0) for one in found) <= 12 * DAY


def test_all_kinds_together_are_bounded_as_well():
    """A line that says everything at once, for an hour: a bound for all of it."""
    kept, found, chance = Happenings(), [], random.Random(4)
    kinds = [(kind.value, series) for kind in Happening for series in "abc"]
    for second in range(3600):
        found += kept.admit([happened(*(kind, second, series)) for kind, series in chance.sample(kinds, 20)], second)
    assert len(found) <= ALL_AT_ONCE + ALL_AN_HOUR
    assert len(kept) <= len(kinds)


def test_relays_that_switch_at_once_are_each_told():
    """What has a number is told for each number: one does not stand for the other."""
    said = [happened("relay-switched", 5, "status/relays", number=number) for number in range(2, 9)]
    assert Happenings().admit(said, 0.0) == said


def test_what_ends_an_index_waits_for_its_frame_and_none_is_lost():
    """Frame after frame: either all breaks so far are stored before it, or it is not stored; each is counted."""
    kept, chance, open_breaks, stored, said = Happenings(), random.Random(7), 0, [], 0
    for second in range(7200):
        breaks = [
            happened(kind, second, "x", before=second, after=second + 1) for kind in BREAKS if chance.random() < 0.3
        ]
        said, open_breaks = said + len(breaks), open_breaks + len(breaks)
        assert kept.admit(breaks, float(second)) == []
        ended = kept.settle(float(second), second)
        if ended is None:
            assert open_breaks
            continue
        assert {one.time for one in ended} <= {second}
        assert len(ended) + sum(one.detail.get("more", 0) for one in ended) == open_breaks
        stored, open_breaks = stored + ended, 0
    assert len(stored) <= (AT_ONCE + 2 * AN_HOUR + 1) * len(BREAKS)
    assert sum(1 + one.detail.get("more", 0) for one in stored) == said - open_breaks


def test_one_that_stands_for_many_breaks_says_what_was_before_all_of_them():
    """The value before is the one that the store has; a counter that began again several times is no sum."""
    kept = Happenings()
    for _ in range(AT_ONCE):
        kept.admit([happened("index-step", series="x", before=1, after=2)], 0.0)
        assert kept.settle(0.0, 0)
    for value in (10, 20, 30):
        kept.admit([happened("index-step", series="x", before=value, after=value + 10)], 0.0)
        kept.admit([happened("roll-over", series="y", before=value, after=0)], 0.0)
        assert kept.settle(0.0, 0) is None
    step, fell = kept.settle(3600.0, 99)
    assert step == happened("index-step", 99, "x", before=10, after=40, more=2)
    assert fell == happened("index-fell", 99, "y", before=10, after=0, more=2)
