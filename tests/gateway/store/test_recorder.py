"""Frames to batches: only changes, exact sums, periods that close once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.points import Granularity
from gateway.store.recorder import Happened, Recorder, day_end, day_start
from gateway.tic.reading import Kind
from tests.gateway.store.conftest import INDEX, POWER, START, TARIFF, frame, reading


def test_only_changes_are_kept(recorder):
    """A value that stays is stored once, a value that returns is stored again."""
    for second, power in enumerate([500, 500, 510, 510, 500]):
        recorder.add(frame(START + second, power=power))
    samples = [(s.time - START, s.value) for s in recorder.take().samples]
    assert samples == [(0, 500), (2, 510), (4, 500)]


def test_two_frames_of_the_same_second_lose_no_change(recorder):
    """The second value of one second is told by the next frame, with that frame's time (nasty input 7.4)."""
    for second, power in [(0, 500), (0, 700), (1, 700)]:
        recorder.add(frame(START + second, power=power))
    assert [(s.time - START, s.value) for s in recorder.take().samples] == [(0, 500), (1, 700)]


def test_every_frame_counts_in_the_minute(recorder):
    """The sum of a minute is over all frames, not over the changes."""
    for second in range(60):
        recorder.add(frame(START + second, power=100 if second < 45 else 500))
    total = recorder.take().minutes[POWER, START]
    assert (total.samples, total.total, total.low, total.high, total.last) == (60, 45 * 100 + 15 * 500, 100, 500, 500)


def test_a_tariff_change_is_urgent_and_power_is_not(recorder):
    """What a household waits for is committed at once."""
    assert not recorder.add(frame(START, power=500))
    assert recorder.add(frame(START + 1, tariff="HC.."))
    assert not recorder.add(frame(START + 2, tariff="HC.."))


def test_periods_close_with_the_first_frame_of_the_next(recorder):
    """Minute and half hour end in that order, each once, and not before a later frame says so."""
    recorder.add(frame(START + 1799, power=1))
    assert recorder.take().closed == []
    recorder.add(frame(START + 1801, power=1))
    assert recorder.take().closed == [(Granularity.MINUTE, START + 1740), (Granularity.HALF_HOUR, START)]


def test_a_clock_set_back_closes_nothing(recorder):
    """A second step backward at a half hour does not end it with its first sample; passed again, it ends once."""
    recorder.add(frame(START, power=1))
    recorder.add(frame(START - 1, power=1))
    assert recorder.take().closed == []
    for second in range(1, 62):
        recorder.add(frame(START + second, power=1))
    closed = recorder.take().closed
    assert closed.count((Granularity.MINUTE, START)) == 1
    assert (Granularity.HALF_HOUR, START) not in closed


@pytest.mark.parametrize("quarter", [900, 1800, 2700, 3600])
@pytest.mark.parametrize(("before", "after", "value"), [(1, 0, 120), (3, 3, 110), (301, 299, 110)])
def test_an_index_at_the_quarter_hour_is_the_share_between_its_neighbours(recorder, quarter, before, after, value):
    """Between two samples the index is taken to grow evenly; a sample on the boundary is exact."""
    recorder.add(frame(START + quarter - before, index=100))
    recorder.add(frame(START + quarter + after, index=120))
    assert recorder.take().boundaries == [(INDEX, START + quarter, value)]


def test_no_index_is_invented_across_a_gap(recorder):
    """After more than ten minutes of silence nothing is claimed of the quarter hours within."""
    recorder.add(frame(START + 1000, index=100))
    recorder.add(frame(START + 2000, index=120))
    recorder.add(frame(START + 4000, index=130))
    assert recorder.take().boundaries == []


def test_no_index_of_after_is_marked_among_the_seconds_of_before(recorder):
    """One meter's clock was past the half hour, unread for long; the other's passes it again with its own index."""
    recorder.add(frame(START + 600, index=100))
    recorder.add(frame(START + 1803, index=120))
    recorder.tell(Happened(START + 1799, "meter-replaced", "", {}))
    for second in (1799, 1801, 1803, 3599, 3601):
        recorder.add(frame(START + second, index=5000))
        recorder.add(frame(START + second + 1, index=5000))
    assert recorder.take().boundaries == [(INDEX, START + 3600, 5000)]


def test_a_setting_is_kept_when_it_changes_and_has_no_means(recorder):
    """The subscribed power costs a row when it changes, not one every minute."""
    for second, power in [(0, 6000), (60, 6000), (120, 9000)]:
        recorder.add(with_setting(START + second, power))
    batch = recorder.take()
    assert [(s.time - START, s.value) for s in batch.samples] == [(0, 6000), (120, 9000)]
    assert {time - START: m.last for (_, time), m in batch.minutes.items()} == {0: 6000, 120: 9000}
    assert {m.samples for m in batch.minutes.values()} == {0}


def with_setting(time, value):
    """A frame that holds the subscribed power alone."""
    plain = frame(time, power=value)
    return replace(plain, readings=tuple(r._replace(series="contract/power/reference") for r in plain.readings))


def test_an_unused_index_does_not_begin_to_exist(recorder):
    """The indexes that the contract does not use are zero in every frame and are not stored."""
    recorder.add(frame(START, index=0))
    assert [s.path for s in recorder.take().samples] == [INDEX]
    other = frame(START)
    other = other.__class__(
        other.time, other.quality, None, None, (type(frame(START, index=0).readings[0])(
            "consumption/energy/active/index/provider/7", other.time, 0, "Wh", frame(START, index=0).readings[0].kind,
            other.quality),), ())  # fmt: skip
    recorder.add(other)
    assert recorder.take().samples == []


def test_a_restart_repeats_nothing():
    """A recorder that is told what is stored keeps only what differs from it."""
    recorder = Recorder("house", {POWER: (START, 500), TARIFF: (START, "HC..")}, START)
    assert not recorder.add(frame(START + 1, power=500, tariff="HC.."))
    assert recorder.take().samples == []


def test_a_restart_across_the_half_hour_keeps_its_index():
    """The last value counts as said when the gateway stopped: off for two minutes, the half hour is not lost."""
    recorder = Recorder("house", {INDEX: (START - 3600, 100)}, START - 60)
    recorder.add(frame(START + 60, index=120))
    assert recorder.take().boundaries == [(INDEX, START, 110)]


def test_a_point_of_a_curve_that_the_meter_repeats_is_kept_once(recorder):
    """The meter says each point in every frame until the next one."""
    first = frame(START)
    point = reading("consumption/power/active/raw", START - 1800, 5)
    point = type(point)(point.series, point.time, 5, "W", Kind.MEAN, point.quality)
    for _ in range(3):
        recorder.add(type(first)(first.time, first.quality, None, None, (point,), ()))
    assert [s.time for s in recorder.take().samples] == [START - 1800]


def test_days_are_local_and_may_have_23_or_25_hours():
    """The day of the household begins at its own midnight, in the weeks of the clock change too."""
    spring, autumn = 1_774_738_800, 1_792_879_200  # 2026-03-29 and 2026-10-25, 00:00 Europe/Paris
    assert [day_end(d) - d for d in (spring, autumn, START - START % 86400 - 7200)] == [82800, 90000, 86400]
    assert day_start(spring + 82799) == spring
    assert day_start(autumn + 89999) == autumn


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9000)), max_size=60), st.integers(0, 60))
def test_cutting_the_frames_into_batches_anywhere_keeps_the_sums(steps, cut):
    """The sums of two batches add up to those of one."""
    frames, time = [], START
    for step, power in steps:
        time += step
        frames.append(frame(time, power=power))

    def totals(*parts):
        found, recorder = {}, Recorder("house", {})
        for part in parts:
            for one in part:
                recorder.add(one)
            for key, m in recorder.take().minutes.items():
                samples, total = found.get(key, (0, 0))
                found[key] = (samples + m.samples, total + m.total)
        return found

    assert totals(frames) == totals(frames[:cut], frames[cut:])
