"""Rolling counters of a line: what they count, what they forget, and what the score makes of it."""

import random

import pytest

from gateway.tic.frame import Reader
from gateway.tic.quality import ALLOWED_SILENCE_S, Fault, SignalQuality, Window, reader_faults


def second_by_second(quality, begin, end, good=40, **faults):
    """A line that brings the same in each second."""
    for now in range(begin, end):
        quality.note(float(now), good, {Fault(name): count for name, count in faults.items()})


def test_a_sound_line_scores_a_hundred_in_every_window():
    """Nothing wrong, nothing lost, however long it is looked at."""
    quality = SignalQuality(0.0)
    second_by_second(quality, 0, 7200)
    assert {quality.tally(window, 7199.5).score for window in Window} == {100.0}


def test_each_fault_is_counted_under_its_own_name():
    """Eight kinds, none of them mixed up with another, in each of the three windows (nasty inputs 1.13, 1.16)."""
    quality = SignalQuality(0.0)
    quality.note(1.0, 100, {fault: place for place, fault in enumerate(Fault, 1)})
    for window in Window:
        tally = quality.tally(window, 2.0)
        assert tally.counts == {fault: place for place, fault in enumerate(Fault, 1)}
        assert (tally.good, tally.bad) == (100, 1 + 2 + 3 + 4 + 5)


def test_the_minute_forgets_what_the_hour_and_the_day_remember():
    """A fault leaves the windows one after the other."""
    quality = SignalQuality(0.0)
    quality.note(0.0, 1, {Fault.CHECKSUM: 7})
    seen = []
    for now in (59.0, 61.0, 3599.0, 3661.0, 86_399.0, 87_301.0):
        quality.note(now, 1)
        seen.append([quality.tally(window, now).counts[Fault.CHECKSUM] for window in Window])
    assert seen == [[7, 7, 7], [0, 7, 7], [0, 7, 7], [0, 0, 7], [0, 0, 7], [0, 0, 0]]


def test_the_score_is_the_share_of_good_groups():
    """One group in ten lost is ninety."""
    quality = SignalQuality(0.0)
    second_by_second(quality, 0, 60, good=36, parity=3, width=1)
    assert quality.tally(Window.MINUTE, 59.0).score == 90.0


def test_a_pause_that_a_meter_may_make_costs_nothing():
    """Up to the longest frame there is no silence."""
    quality = SignalQuality(100.0)
    for now in range(100, 200, int(ALLOWED_SILENCE_S)):
        quality.note(float(now), 10)
    tally = quality.tally(Window.HOUR, 200.0)
    assert (tally.score, tally.silent_s, tally.counts[Fault.SILENCE]) == (100.0, 0.0, 0)


def test_silence_costs_the_share_of_time_that_it_lasts_and_counts_once():
    """Half of a minute without a group halves the score, however often it is looked at meanwhile (nasty input 8.3)."""
    quality = SignalQuality(0.0)
    second_by_second(quality, 0, 27)
    for tenth in range(270, 600):
        quality.tick(tenth / 10)
    tally = quality.tally(Window.MINUTE, 60.0)
    assert tally.counts[Fault.SILENCE] == 1
    assert tally.silent_s == pytest.approx(30.0)
    assert tally.score == pytest.approx(50.0)


def test_silence_that_is_noticed_late_is_laid_where_it_was():
    """A host that slept for an hour puts the silence into each minute, and no more than there was."""
    quality = SignalQuality(0.0)
    quality.note(0.0, 5)
    quality.tick(3610.0)
    assert quality.tally(Window.MINUTE, 3610.0).silent_s == pytest.approx(60.0, abs=1.0)
    assert quality.tally(Window.DAY, 3610.0).silent_s == pytest.approx(3610.0 - ALLOWED_SILENCE_S)


def test_a_line_of_which_nothing_is_known_has_no_score():
    """Nothing yet is neither good nor bad; nothing for long is bad."""
    quality = SignalQuality(5.0)
    assert quality.tally(Window.MINUTE, 6.0).score is None
    assert quality.tally(Window.MINUTE, 30.0).score == 0.0


def test_a_clock_that_steps_back_does_no_harm():
    """What comes with an older time is counted as of now."""
    quality = SignalQuality(1000.0)
    quality.note(1010.0, 5)
    quality.note(3.0, 5, {Fault.EOT: 1})
    tally = quality.tally(Window.MINUTE, 0.0)
    assert (tally.good, tally.counts[Fault.EOT]) == (10, 1)


def test_memory_does_not_grow_with_time():
    """Ten years of faults take the room of a day."""
    quality = SignalQuality(0.0)
    draw = random.Random(3)

    def slots():
        return sum(len(ring._values) for ring in quality._rings.values())

    before, now = slots(), 0.0
    for _ in range(4_000):
        now += draw.expovariate(1 / 80_000)
        quality.note(now, 1, {draw.choice(list(Fault)): 1})
    assert now > 9 * 365 * 86_400
    assert slots() == before == 216


def test_the_counters_of_a_reader_find_their_fault():
    """What a Reader counts is a fault of the line, each kind once."""
    reader = Reader()
    before = dict(reader.bad_groups)
    reader.feed(b"\x02\nPAPP 00500 \x00\r\nBASE 12 !\r\nIINST\r\x03")
    assert reader_faults(before, reader.bad_groups) == {Fault.PARITY: 1, Fault.CHECKSUM: 1, Fault.FRAMING: 1}
    assert reader_faults(reader.bad_groups, reader.bad_groups) == {}
