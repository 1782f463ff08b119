"""A batch to the file and out again: one transaction, each point once, each recipient what it may have."""

import sqlite3

import pytest

from gateway.errors import StoreError
from gateway.store.points import Confirm, Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from tests.store.conftest import INDEX, POWER, START, TARIFF, frame

COOP = "coop@sen2.test"
NOW = START + 10**6


def drive(store, recorder, seconds, *, every=60, watts=720, step=2):
    """A house at a steady load for that long, committed now and then; one watt-hour every 5 s at 720 W."""
    for second in range(0, seconds, step):
        recorder.add(frame(START + second, power=700 + second % 60, index=10_000 + watts * second // 3600))
        if second % every == 0:
            store.write([recorder.take()], NOW)
    store.write([recorder.take()], NOW)


def points(store, path, granularity, start=0, end=2**40):
    """(time since START, value) of one series."""
    found = store.history("house", path, granularity, start, end, 10**6)
    return [(p.time - START, p.value) for p in found if p.series.path == path]


def subscribe(store, granularity, *, prefix="consumption", until=NOW + 10**6):
    """Consent and subscription of the co-operative."""
    store.grant(COOP, "house", prefix, granularity, until, START - 1)
    store.subscribe(COOP, "house", prefix, "sen1", Confirm.RECEIPT, START - 1)


def test_the_minute_mean_is_over_all_frames_whatever_the_commits(store, recorder):
    """Commits in the middle of a minute do not change its mean."""
    drive(store, recorder, 300, every=14)
    minutes = points(store, POWER, Granularity.MINUTE)
    assert minutes == [(60 * m, 729.0) for m in range(4)]


def test_half_hours_and_days_come_from_the_index(store, recorder):
    """Load curve (W) from index differences, stamped at the beginning; the day when both midnights are known."""
    drive(store, recorder, 40 * 3600, step=20, every=600)
    curve = points(store, "consumption/power/active/raw", Granularity.HALF_HOUR)
    assert len(curve) == 78
    assert {value for _, value in curve} == {720}
    daily = points(store, "consumption/energy/active/daily", Granularity.DAY)
    assert daily == [(12 * 3600, 720 * 24)]  # local midnight is 22:00 UTC, the next one 24 h later


def test_a_meter_with_a_curve_of_its_own_keeps_it(store, recorder):
    """Derived points do not enter the raw series of a meter that sends CCASN."""
    drive(store, recorder, 2 * 3600 + 60, step=10)
    assert points(store, "consumption/power/active/raw", Granularity.RAW) == [(1800, 720), (3600, 720), (5400, 720)]


def test_an_outbox_row_is_as_fine_as_the_consent(store, recorder):
    """Minutes for a consent at PT1M: neither raw values nor half hours."""
    subscribe(store, Granularity.MINUTE, prefix="consumption/power/apparent")
    drive(store, recorder, 300)
    rows = store.pending(COOP, 0, 1000, NOW)
    assert {row.point.granularity for row in rows} == {Granularity.MINUTE}
    assert [row.point.time - START for row in rows] == [0, 60, 120, 180]
    assert [row.seq for row in rows] == [1, 2, 3, 4]


def test_the_narrowest_of_two_consents_does_not_hide_the_finer(store, recorder):
    """Of several consents the finest counts for the series that it covers."""
    subscribe(store, Granularity.DAY)
    store.grant(COOP, "house", POWER, Granularity.RAW, NOW + 10, START - 1)
    drive(store, recorder, 120)
    kinds = {(row.point.series.path, row.point.granularity) for row in store.pending(COOP, 0, 1000, NOW)}
    assert kinds == {(POWER, Granularity.RAW)}


def test_a_point_is_promised_once(store, recorder):
    """The same batch content written again, as after a restart, adds nothing to the outbox."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    recorder.add(frame(START, power=1))
    store.write([recorder.take()], NOW)
    again = Recorder("house", {})
    again.add(frame(START, power=1))
    store.write([again.take()], NOW)
    assert [row.seq for row in store.pending(COOP, 0, 10, NOW)] == [1]


def test_confirmed_rows_leave_and_numbers_are_never_used_twice(store, recorder):
    """After everything was confirmed the next row has the next number."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    for second in range(3):
        recorder.add(frame(START + second, power=second))
    store.write([recorder.take()], NOW)
    assert store.confirm(COOP, 0, 3) == 3
    recorder.add(frame(START + 9, power=9))
    store.write([recorder.take()], NOW)
    assert [row.seq for row in store.pending(COOP, 0, 10, NOW)] == [4]
    assert store.resume(COOP, 4).rows == 0


def test_revoking_purges_the_queue(store, recorder):
    """Nothing of what was queued is left for a recipient whose consent was withdrawn, and nothing more is queued."""
    subscribe(store, Granularity.RAW)
    recorder.add(frame(START, power=1, index=1))
    store.write([recorder.take()], NOW)
    assert store.revoke(COOP, "", NOW) == 1
    recorder.add(frame(START + 1, power=2, index=2))
    store.write([recorder.take()], NOW)
    assert store.pending(COOP, 0, 10, NOW) == []
    assert store.backlog()[0].rows == 0


def test_revoking_a_part_keeps_the_rest(store, recorder):
    """A consent on one branch outlives the withdrawal of another."""
    subscribe(store, Granularity.RAW, prefix="consumption/power")
    store.grant(COOP, "house", INDEX, Granularity.RAW, NOW + 10, START - 1)
    store.subscribe(COOP, "house", INDEX, "sen1", Confirm.RECEIPT, START - 1)
    recorder.add(frame(START, power=1, index=1))
    store.write([recorder.take()], NOW)
    assert store.revoke(COOP, "consumption/power", NOW) == 1
    assert [row.point.series.path for row in store.pending(COOP, 0, 10, NOW)] == [INDEX]


def test_an_expired_consent_sends_nothing(store, recorder):
    """Rows queued before the end of a consent are not handed out after it."""
    subscribe(store, Granularity.RAW, until=NOW + 10)
    recorder.add(frame(START, power=1))
    store.write([recorder.take()], NOW)
    assert len(store.pending(COOP, 0, 10, NOW + 9)) == 1
    assert store.pending(COOP, 0, 10, NOW + 10) == []


def test_a_clock_not_yet_set_loses_nothing(store, recorder):
    """With the host's clock in 1970 points are kept for the recipient, and handed out once it is right."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    recorder.add(frame(START, power=1))
    store.write([recorder.take()], 100.0)
    assert store.pending(COOP, 0, 10, 100.0) == []
    assert len(store.pending(COOP, 0, 10, NOW)) == 1


def test_a_page_after_rows_that_may_not_be_sent_is_not_empty(store, recorder):
    """The limit counts rows that may be sent, not rows that were looked at."""
    subscribe(store, Granularity.RAW, until=NOW + 10)
    store.grant(COOP, "house", INDEX, Granularity.RAW, NOW + 100, START - 1)
    for second in range(50):
        recorder.add(frame(START + second, power=second + 1))
    recorder.add(frame(START + 50, index=1))
    store.write([recorder.take()], NOW)
    assert [row.point.series.path for row in store.pending(COOP, 0, 5, NOW + 20)] == [INDEX]


def test_history_is_half_open_paged_and_in_order(store, recorder):
    """``[start, end)`` by pages gives every point once, in order of time."""
    drive(store, recorder, 600)
    start, end = START + 60, START + 240
    pages = [store.history("house", "", Granularity.MINUTE, start, end, 2, skip) for skip in range(0, 20, 2)]
    flat = [p for page in pages for p in page]
    assert {p.time for p in flat} == {start, start + 60, start + 120}
    assert flat == sorted(flat, key=lambda p: p.time)
    assert len(flat) == store.count_history("house", "", Granularity.MINUTE, start, end)


def test_the_stream_takes_minutes_where_raw_values_are_gone(store, recorder):
    """The finest that is kept: minutes up to the raw horizon, then what the meter said; no time twice."""
    drive(store, recorder, 1200)
    store.forget(START, 300, 10**6, 10**6)
    found = [(p.time, p.granularity) for p in store.stream(POWER, None)]
    assert found == sorted(found)
    last_minute = max(t for t, g in found if g is Granularity.MINUTE)
    first_raw = min(t for t, g in found if g is Granularity.RAW)
    assert found[0][0] == START
    assert 0 < first_raw - last_minute <= 62


def test_retention_keeps_half_hours_for_ever(store, recorder):
    """Raw values and minutes go, the coarse points stay."""
    drive(store, recorder, 7200, step=10)
    store.forget(START, 60, 60, 10**6)
    assert len(points(store, POWER, Granularity.RAW)) < 10
    assert len(points(store, POWER, Granularity.MINUTE)) < 3
    assert len(points(store, POWER, Granularity.HALF_HOUR)) == 3


def test_a_write_that_fails_is_undone_and_can_be_repeated(store, recorder, directory):
    """When the disk is full nothing of the batch is stored, and the same batch written later is stored whole."""
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    for second in range(5000):
        recorder.add(frame(START + second, power=second, tariff=str(second)))
    batch = recorder.take()
    with pytest.raises(StoreError, match="full"):
        store.write([batch], NOW)
    assert store.series("house") == []
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert store.write([batch], NOW) > 10_000
    assert len(points(store, TARIFF, Granularity.RAW)) == 5000


def test_a_reader_sees_what_is_committed_and_cannot_write(store, recorder, directory):
    """The command line reads while the daemon runs, on a connection that can do no harm."""
    drive(store, recorder, 120)
    archive = Archive(directory)
    assert len(list(archive.stream(POWER, Granularity.RAW))) == 60
    with pytest.raises(sqlite3.OperationalError):
        archive._db.execute("DELETE FROM reading")
    archive.close()


def test_values_survive_a_restart_of_the_store(store, recorder, directory):
    """What was written is there when the file is opened again, and the recorder knows the last values."""
    drive(store, recorder, 120)
    store.close()
    reopened = Store(directory)
    assert reopened.last_values("house")[INDEX][1] == 10_000 + 720 * 118 // 3600
    assert reopened.meters()[0].last_time == START + 118
    reopened.close()


def test_the_sensor_id_is_random_and_stays(directory):
    """A meter named without an id gets one that is not its serial number, the same ever after."""
    store = Store(directory)
    first = store.add_meter("house")
    assert store.add_meter("house").sensor == first.sensor
    assert store.add_meter("barn").sensor != first.sensor
    assert store.add_meter("house", "chosen").sensor == "chosen"
    store.close()
