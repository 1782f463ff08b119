"""A batch to the file and out again: one transaction, each point once, each recipient what it may have."""

import sqlite3
from contextlib import closing

import pytest

from gateway.errors import StoreError
from gateway.store.connection import FILE_NAME
from gateway.store.points import Confirm, Granularity
from gateway.store.recorder import Happened, Recorder, day_end
from gateway.store.store import Archive, Store
from gateway.tic.reading import Kind
from tests.gateway.store.conftest import INDEX, POWER, START, TARIFF, frame, hand_over, reading
from tests.prepared import prepare

COOP = "coop@sen2.test"
NOW = START + 10**6


def drive(store, recorder, seconds, *, every=60, watts=720, step=2):
    """A house at a steady load for that long, committed now and then; one watt-hour every 5 s at 720 W."""
    for second in range(0, seconds, step):
        recorder.add(frame(START + second, power=700 + second % 60, index=10_000 + watts * second // 3600))
        if second % every == 0:
            store.batches.write([recorder.take()], NOW)
    store.batches.write([recorder.take()], NOW)


def points(store, path, granularity, start=0, end=2**40):
    """(time since START, value) of one series."""
    found = store.readings.page("house", path, granularity, start, end, 10**6)
    return [(p.time - START, p.value) for p in found if p.series.path == path]


def subscribe(store, granularity, *, prefix="consumption", until=NOW + 10**6):
    """Consent and subscription of the co-operative."""
    store.consents.grant(COOP, "house", prefix, granularity, until, START - 1)
    store.subscriptions.add(COOP, "house", prefix, "sen1", Confirm.RECEIPT, START - 1)


def test_the_minute_mean_is_over_all_frames_whatever_the_commits(store, recorder):
    """Commits in the middle of a minute do not change its mean."""
    drive(store, recorder, 300, every=14)
    minutes = points(store, POWER, Granularity.MINUTE)
    assert minutes == [(60 * m, 729.0) for m in range(4)]


def test_half_hours_and_days_come_from_the_index(store, recorder):
    """Load curve (W) from index differences, stamped at the beginning; the day when both midnights are known."""
    drive(store, recorder, 40 * 3600, step=20, every=600)
    curve = points(store, "consumption/power/active/raw", Granularity.HALF_HOUR)
    assert len(curve) == 79
    assert {value for _, value in curve} == {720}
    daily = points(store, "consumption/energy/active/daily", Granularity.DAY)
    assert daily == [(12 * 3600, 720 * 24)]  # local midnight is 22:00 UTC, the next one 24 h later


def test_a_meter_with_a_curve_of_its_own_keeps_it(store, recorder):
    """Derived points do not enter the raw series of a meter that sends CCASN."""
    drive(store, recorder, 2 * 3600 + 60, step=10)
    assert points(store, "consumption/power/active/raw", Granularity.RAW) == [
        (time, 720) for time in (0, 1800, 3600, 5400)
    ]


def test_an_outbox_row_is_as_fine_as_the_consent(store, recorder):
    """Minutes for a consent at PT1M: neither raw values nor half hours."""
    subscribe(store, Granularity.MINUTE, prefix="consumption/power/apparent")
    drive(store, recorder, 300)
    rows = store.outbox.pending(COOP, 0, 1000, NOW)
    assert {row.point.granularity for row in rows} == {Granularity.MINUTE}
    assert [row.point.time - START for row in rows] == [0, 60, 120, 180]
    assert [row.seq for row in rows] == [1, 2, 3, 4]


def test_the_narrowest_of_two_consents_does_not_hide_the_finer(store, recorder):
    """Of several consents the finest counts for the series that it covers."""
    subscribe(store, Granularity.DAY)
    store.consents.grant(COOP, "house", POWER, Granularity.RAW, NOW + 10, START - 1)
    drive(store, recorder, 120)
    kinds = {(row.point.series.path, row.point.granularity) for row in store.outbox.pending(COOP, 0, 1000, NOW)}
    assert kinds == {(POWER, Granularity.RAW)}


def test_a_point_is_promised_once(store, recorder):
    """The same batch content written again, as after a restart, adds nothing to the outbox."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], NOW)
    again = Recorder("house", {})
    again.add(frame(START, power=1))
    store.batches.write([again.take()], NOW)
    assert [row.seq for row in store.outbox.pending(COOP, 0, 10, NOW)] == [1]


def test_confirmed_rows_leave_and_numbers_are_never_used_twice(store, recorder):
    """After everything was confirmed the next row has the next number."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    for second in range(3):
        recorder.add(frame(START + second, power=second))
    store.batches.write([recorder.take()], NOW)
    hand_over(store, COOP, NOW)
    assert store.outbox.confirm(COOP, 0, 3) == 3
    recorder.add(frame(START + 9, power=9))
    store.batches.write([recorder.take()], NOW)
    assert [row.seq for row in store.outbox.pending(COOP, 0, 10, NOW)] == [4]
    hand_over(store, COOP, NOW)
    assert store.outbox.resume(COOP, 4).rows == 0


def test_revoking_purges_the_queue(store, recorder):
    """Nothing of what was queued is left for a recipient whose consent was withdrawn, and nothing more is queued."""
    subscribe(store, Granularity.RAW)
    recorder.add(frame(START, power=1, index=1))
    store.batches.write([recorder.take()], NOW)
    assert store.consents.revoke(COOP, "", NOW) == 1
    recorder.add(frame(START + 1, power=2, index=2))
    store.batches.write([recorder.take()], NOW)
    assert store.outbox.pending(COOP, 0, 10, NOW) == []
    assert store.outbox.backlog()[0].rows == 0


def test_revoking_a_part_keeps_the_rest(store, recorder):
    """A consent on one branch outlives the withdrawal of another."""
    subscribe(store, Granularity.RAW, prefix="consumption/power")
    store.consents.grant(COOP, "house", INDEX, Granularity.RAW, NOW + 10, START - 1)
    store.subscriptions.add(COOP, "house", INDEX, "sen1", Confirm.RECEIPT, START - 1)
    recorder.add(frame(START, power=1, index=1))
    store.batches.write([recorder.take()], NOW)
    assert store.consents.revoke(COOP, "consumption/power", NOW) == 1
    assert [row.point.series.path for row in store.outbox.pending(COOP, 0, 10, NOW)] == [INDEX]


def test_an_expired_consent_sends_nothing(store, recorder):
    """Rows queued before the end of a consent are not handed out after it."""
    subscribe(store, Granularity.RAW, until=NOW + 10)
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], NOW)
    assert len(store.outbox.pending(COOP, 0, 10, NOW + 9)) == 1
    assert store.outbox.pending(COOP, 0, 10, NOW + 10) == []


def test_a_clock_not_yet_set_loses_nothing(store, recorder):
    """With the host's clock in 1970 points are kept for the recipient, and handed out once it is right."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], 100.0)
    assert store.outbox.pending(COOP, 0, 10, 100.0) == []
    assert len(store.outbox.pending(COOP, 0, 10, NOW)) == 1


def test_a_page_after_rows_that_may_not_be_sent_is_not_empty(store, recorder):
    """The limit counts rows that may be sent, not rows that were looked at."""
    subscribe(store, Granularity.RAW, until=NOW + 10)
    store.consents.grant(COOP, "house", INDEX, Granularity.RAW, NOW + 100, START - 1)
    for second in range(50):
        recorder.add(frame(START + second, power=second + 1))
    recorder.add(frame(START + 50, index=1))
    store.batches.write([recorder.take()], NOW)
    assert [row.point.series.path for row in store.outbox.pending(COOP, 0, 5, NOW + 20)] == [INDEX]


def test_history_is_half_open_paged_and_in_order(store, recorder):
    """``[start, end)`` by pages gives every point once, in order of time."""
    drive(store, recorder, 600)
    start, end = START + 60, START + 240
    flat, after = [], None
    while page := store.readings.page("house", "", Granularity.MINUTE, start, end, 2, after):
        flat += page
        after = page[-1].time, page[-1].series.path
    assert {p.time for p in flat} == {start, start + 60, start + 120}
    assert flat == sorted(flat, key=lambda p: p.time)
    assert len(flat) == store.readings.count("house", "", Granularity.MINUTE, start, end)


def test_the_stream_takes_minutes_where_raw_values_are_gone(store, recorder):
    """The finest that is kept: minutes up to the raw horizon, then what the meter said; no time twice."""
    drive(store, recorder, 1200)
    store.batches.forget(NOW, 300, 10**6, 10**6)
    found = [(p.time, p.granularity) for p in store.readings.stream(POWER, None)]
    assert found == sorted(found)
    last_minute = max(t for t, g in found if g is Granularity.MINUTE)
    first_raw = min(t for t, g in found if g is Granularity.RAW)
    assert found[0][0] == START
    assert 0 < first_raw - last_minute <= 62


def test_retention_keeps_half_hours_for_ever(store, recorder):
    """Raw values and minutes go, the coarse points stay."""
    drive(store, recorder, 7200, step=10)
    store.batches.forget(NOW, 60, 60, 10**6)
    assert len(points(store, POWER, Granularity.RAW)) < 10
    assert len(points(store, POWER, Granularity.MINUTE)) < 3
    assert len(points(store, POWER, Granularity.HALF_HOUR)) == 3


def test_a_write_that_fails_is_undone_and_can_be_repeated(store, recorder, directory):
    """When the disk is full nothing of the batch is stored, and the same batch written later is stored whole.

    (Nasty input 8.2.)
    """
    (pages,) = store.db.execute("PRAGMA page_count").fetchone()
    store.db.execute(f"PRAGMA max_page_count = {pages}")
    for second in range(5000):
        recorder.add(frame(START + second, power=second, tariff=str(second)))
    batch = recorder.take()
    with pytest.raises(StoreError, match="full"):
        store.batches.write([batch], NOW)
    assert store.meters.series("house") == []
    store.db.execute("PRAGMA max_page_count = 1000000")
    assert store.batches.write([batch], NOW) > 10_000
    assert len(points(store, TARIFF, Granularity.RAW)) == 5000


def test_a_reader_sees_what_is_committed_and_cannot_write(store, recorder, directory):
    """The command line reads while the daemon runs, on a connection that can do no harm."""
    drive(store, recorder, 120)
    archive = Archive(directory)
    assert len(list(archive.readings.stream(POWER, Granularity.RAW))) == 60
    with pytest.raises(sqlite3.OperationalError):
        archive.db.execute("DELETE FROM reading")
    archive.close()


def test_values_survive_a_restart_of_the_store(store, recorder, directory):
    """What was written is there when the file is opened again, and the recorder knows the last values."""
    drive(store, recorder, 120)
    store.close()
    reopened = Store(directory)
    assert reopened.readings.last_values("house")[INDEX][1] == 10_000 + 720 * 118 // 3600
    assert reopened.meters.all()[0].last_time == START + 118
    reopened.close()


def test_the_sensor_id_is_random_and_stays(directory):
    """A meter named without an id gets one that is not its serial number, the same ever after."""
    store = Store(directory)
    first = store.meters.add("house")
    assert store.meters.add("house").sensor == first.sensor
    assert store.meters.add("barn").sensor != first.sensor
    assert store.meters.add("house", "chosen").sensor == "chosen"
    store.close()


def test_an_id_that_another_meter_has_is_one_sentence(directory):
    """A meter renamed in the configuration does not take the other's name in the federation."""
    with closing(Store(directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        with pytest.raises(StoreError, match="meter home: the id 'ab12cd34ef' belongs to meter house"):
            store.meters.add("home", "ab12cd34ef")


def test_a_start_with_nothing_new_needs_no_room_on_the_card(store):
    """A known meter is not written again."""
    store.db.execute("PRAGMA query_only = 1")
    assert store.meters.add("house", "ab12cd34ef").name == "house"


def test_every_error_of_sqlite_is_a_store_error_and_leaves_nothing_open(store, recorder):
    """A card that cannot be written: each order says so in a sentence, and works when it can be written again."""
    recorder.add(frame(START, power=1))
    batch = recorder.take()
    orders = [
        lambda: store.batches.write([batch], NOW),
        lambda: store.consents.grant(COOP, "house", POWER, Granularity.RAW, NOW + 10, NOW),
        lambda: store.consents.revoke(COOP, "", NOW),
        lambda: store.subscriptions.add(COOP, "house", POWER, "sen1", Confirm.RECEIPT, NOW),
        lambda: store.meters.add("barn"),
        lambda: store.batches.forget(NOW, 60, 60, 60),
    ]
    store.consents.grant(COOP, "house", POWER, Granularity.RAW, NOW + 10, NOW)
    for order in orders:
        store.db.execute("PRAGMA query_only = 1")
        with pytest.raises(StoreError, match="the database cannot be used"):
            order()
        assert not store.db.in_transaction
        store.db.execute("PRAGMA query_only = 0")
    for order in orders:
        order()


def test_the_autumn_and_the_spring_day_have_their_own_energy(store):
    """Days of 25 and 23 hours are told whole, from midnight to midnight, over a restart in between."""
    for midnight in (1_774_738_800, 1_792_879_200):  # 2026-03-29 and 2026-10-25, 00:00 Europe/Paris
        end = day_end(midnight)
        recorder = Recorder("house", store.readings.last_values("house"), 0)
        for second in range(midnight - 300, end + 60, 300):
            recorder.add(frame(second, index=(second - 1_700_000_000) // 5, power=500))
            if second % 7200 == 0:
                store.batches.write([recorder.take()], NOW)
                recorder = Recorder("house", store.readings.last_values("house"), store.meters.all()[0].last_time)
        store.batches.write([recorder.take()], NOW)
        daily = points(store, "consumption/energy/active/daily", Granularity.DAY, midnight, end)
        assert daily == [(midnight - START, (end - midnight) // 5)]
        assert points(store, POWER, Granularity.DAY, midnight, end) == [(midnight - START, 500.0)]
        curve = points(store, "consumption/power/active/raw", Granularity.HALF_HOUR, midnight, end)
        assert (len(curve), {value for _, value in curve}) == ((end - midnight) // 1800, {720})


def test_a_day_is_told_even_when_its_end_is_committed_before_the_index(store, recorder):
    """At midnight the tariff changes and is committed at once; the index of the next frame still ends the day."""
    midnight = START + 12 * 3600  # 22:00 UTC
    for start in (midnight, midnight + 86400):
        recorder.add(frame(start - 2, index=start // 5))
        recorder.add(frame(start + 1, tariff=str(start)))
        store.batches.write([recorder.take()], NOW)
        recorder.add(frame(start + 3, index=start // 5))
        store.batches.write([recorder.take()], NOW)
    daily = points(store, "consumption/energy/active/daily", Granularity.DAY)
    assert daily == [(midnight - START, 86400 // 5)]


def test_a_frame_from_the_future_and_a_clock_in_the_past_delete_nothing(store, recorder):
    """One wrong date of a meter, or a host that woke up in 1970, is no reason to forget the years."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    recorder.add(frame(START, power=1))
    recorder.add(frame(START + 1, power=2))
    recorder.add(frame(START + 70 * 365 * 86400, power=3))
    store.batches.write([recorder.take()], NOW)
    for now in (START + 100, 100):
        store.batches.forget(now, 3600, 3600, 3600)
    assert len(points(store, POWER, Granularity.RAW)) == 3
    assert store.outbox.backlog()[0].rows == 3


def test_retention_keeps_what_the_meter_still_says(store, recorder):
    """The name of a contract that has not changed for years is older than its retention, and true."""
    recorder.add(frame(START, tariff="BASE", power=1))
    for second in range(60, 7200, 60):
        recorder.add(frame(START + second, tariff="BASE", power=second))
    store.batches.write([recorder.take()], NOW)
    store.batches.forget(NOW, 60, 60, 60)
    assert points(store, TARIFF, Granularity.RAW) == [(0, "BASE")]
    assert store.readings.last_values("house")[TARIFF] == (START, "BASE")


def test_the_stream_begins_with_the_first_reading(store, recorder):
    """What was read in the first minute, not over yet, is exported too."""
    recorder.add(frame(START + 7, power=1, index=5))
    store.batches.write([recorder.take()], NOW)
    assert [p.time for p in store.readings.stream("consumption", None)] == [START + 7, START + 7]


def test_a_withdrawal_needs_no_clock(store, recorder):
    """With the host's clock in 1970, or far ahead, a withdrawn consent is withdrawn all the same."""
    for wrong in (100.0, 2.0**32):
        subscribe(store, Granularity.RAW)
        assert store.consents.revoke(COOP, "", wrong) == 1
        assert store.consents.allowed(COOP, NOW) == []


def test_what_expired_does_not_come_back_with_a_new_consent(store, recorder):
    """Rows queued under a consent that ended before they were sent are gone when another one is given."""
    subscribe(store, Granularity.RAW, prefix=POWER, until=NOW + 10)
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], NOW)
    store.consents.grant(COOP, "house", POWER, Granularity.RAW, NOW + 1000, NOW + 20)
    assert store.outbox.pending(COOP, 0, 10, NOW + 21) == []


def test_what_was_revoked_does_not_come_back_with_a_new_consent(store, recorder):
    """Values from before, and from between, the withdrawal and the new consent stay in the house."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    for second in range(3):
        recorder.add(frame(START + second, power=second))
        store.batches.write([recorder.take()], NOW)
        if second == 0:
            store.consents.revoke(COOP, POWER, NOW)
        elif second == 1:
            store.consents.grant(COOP, "house", POWER, Granularity.RAW, NOW + 1000, NOW)
    assert [row.point.value for row in store.outbox.pending(COOP, 0, 10, NOW)] == [2]


def test_a_file_restored_from_a_backup_numbers_what_waits_anew(store, recorder):
    """The recipient has higher numbers than were ever given: nothing is taken for delivered, no number comes twice."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    for second in range(5):
        recorder.add(frame(START + second, power=second))
    store.batches.write([recorder.take()], NOW)
    hand_over(store, COOP, NOW)
    store.outbox.confirm(COOP, 0, 2)
    assert store.outbox.resume(COOP, 99).last_seq == 102
    assert [(row.seq, row.point.value) for row in store.outbox.pending(COOP, 99, 10, NOW)] == [
        (100, 2),
        (101, 3),
        (102, 4),
    ]
    assert store.outbox.resume(COOP, 102).rows == 3
    hand_over(store, COOP, NOW)
    assert store.outbox.resume(COOP, 102).rows == 0
    assert store.outbox.resume(COOP, 2**62).last_seq == 102


def test_several_recipients_have_numbers_and_consents_of_their_own(store, recorder):
    """Each is sent what it may have, and confirms for itself."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    store.consents.grant("town@sen3.test", "house", POWER, Granularity.MINUTE, NOW + 10, START)
    store.subscriptions.add("town@sen3.test", "house", POWER, "sen1", Confirm.SERVER, START)
    drive(store, recorder, 70, step=10)
    assert [row.seq for row in store.outbox.pending(COOP, 0, 99, NOW)] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.point.granularity for row in store.outbox.pending("town@sen3.test", 0, 99, NOW)] == [Granularity.MINUTE]
    hand_over(store, COOP, NOW)
    store.outbox.confirm(COOP, 0, 7)
    assert [b.rows for b in store.outbox.backlog()] == [0, 1]


def test_two_meters_do_not_mix(store, recorder):
    """The same path of two meters is two series, with minutes that close on their own."""
    store.meters.add("barn")
    barn = Recorder("barn", {})
    for second in range(0, 70, 10):
        recorder.add(frame(START + second, power=100))
        barn.add(frame(START + second - 15, power=300))
    store.batches.write([recorder.take(), barn.take()], NOW)
    minutes = {
        meter: [(p.time - START, p.value) for p in store.readings.page(meter, POWER, Granularity.MINUTE, 0, 2**40, 99)]
        for meter in ("house", "barn")
    }
    assert minutes == {"house": [(0, 100.0)], "barn": [(-60, 300.0)]}


def test_unsubscribing_ends_what_is_queued_from_then_on(store, recorder):
    """What waits is still handed out, what comes after is not queued."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], NOW)
    assert store.subscriptions.end(COOP, "house", "consumption") == 1
    recorder.add(frame(START + 1, power=2))
    store.batches.write([recorder.take()], NOW)
    assert [row.point.value for row in store.outbox.pending(COOP, 0, 10, NOW)] == [1]


def test_a_curve_is_carried_on_when_the_meters_own_stops(store, recorder):
    """While CCASN came within a day nothing is derived in its place; after that the index takes over."""
    curve = "consumption/power/active/raw"
    own = reading("consumption/power/active/raw", START, 5)
    own = type(own)(own.series, own.time, 5, "W", Kind.MEAN, own.quality)
    first = frame(START, index=0)
    recorder.add(type(first)(first.time, first.quality, None, None, (*first.readings, own), ()))
    for second in range(300, 30 * 3600, 300):
        recorder.add(frame(START + second, index=second // 5))
    store.batches.write([recorder.take()], NOW)
    found = points(store, curve, Granularity.RAW)
    assert found[0] == (0, 5)
    assert [time for time, _ in found[1:]] == list(range(86400, 30 * 3600 - 1800, 1800))


def test_a_finer_consent_withdrawn_takes_its_rows_with_it(store, recorder):
    """What was queued raw does not go out on the word of a consent for days."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    store.consents.grant(COOP, "house", "consumption", Granularity.DAY, NOW + 1000, START - 1)
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], NOW)
    store.consents.revoke(COOP, POWER, NOW)
    assert store.outbox.pending(COOP, 0, 10, NOW) == []
    assert store.outbox.backlog()[0].rows == 0


def test_a_confirmation_takes_its_own_rows_only(store, recorder):
    """``after`` is what the recipient had before: that number is not confirmed by it."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    for second in range(5):
        recorder.add(frame(START + second, power=second))
    store.batches.write([recorder.take()], NOW)
    hand_over(store, COOP, NOW)
    assert store.outbox.confirm(COOP, 2, 4) == 2
    assert [row.seq for row in store.outbox.pending(COOP, 0, 10, NOW)] == [1, 2, 5]


def test_rows_for_which_nobody_came_are_given_up(store, recorder, caplog):
    """The outbox has a retention too, and the log says what it cost."""
    subscribe(store, Granularity.RAW, prefix=POWER)
    for second in range(0, 1000, 100):
        recorder.add(frame(START + second, power=second))
    store.batches.write([recorder.take()], NOW)
    store.batches.forget(NOW, 10**6, 10**6, 450)
    assert [row.point.time - START for row in store.outbox.pending(COOP, 0, 20, NOW)] == [500, 600, 700, 800, 900]
    assert "5 rows given up" in caplog.text


def test_a_replay_of_the_same_hours_changes_nothing(store, recorder):
    """Closed minutes, half hours and days keep what was promised, whatever comes again under the same dates."""
    drive(store, recorder, 2 * 3600 + 60, step=10)
    subscribe(store, Granularity.RAW, prefix="consumption")
    tables = ("reading", "minute WHERE closed", "coarse")
    before = [store.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    again = Recorder("house", {})
    for second in range(0, 2 * 3600 + 60, 10):
        again.add(frame(START + second, power=9, index=50_000 + second))
    store.batches.write([again.take()], NOW)
    assert [store.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables] == before
    assert store.outbox.backlog()[0].rows == 0


def test_an_index_that_falls_makes_no_curve(store, recorder):
    """A meter that was replaced: no negative power or day, and no half hour made of two meters' indexes.

    (Nasty input 5.4.)
    """
    replaced = 12 * 3600 + 600  # a little after the midnight of the household
    for second in range(0, 38 * 3600, 300):
        recorder.add(frame(START + second, index=second + (200_000 if second < replaced else 0)))
    store.batches.write([recorder.take()], NOW)
    curve = points(store, "consumption/power/active/raw", Granularity.HALF_HOUR)
    assert [time for time, _ in curve] == [t for t in range(0, 38 * 3600 - 1800, 1800) if t != 12 * 3600]
    assert {value for _, value in curve} == {3600}
    assert points(store, "consumption/energy/active/daily", Granularity.DAY) == []


def test_an_index_that_falls_on_the_half_hour_marks_none(store, recorder):
    """Of two meters' indexes none is between."""
    for second, index in ((1700, 900), (1900, 10), (2000, 11)):
        recorder.add(frame(START + second, index=index))
    assert recorder.take().boundaries == []


def test_every_commit_is_synced_to_the_card(store):
    """WAL and FULL: a committed minute outlives a power cut (measured: 0 of 1,500 lost; NORMAL lost 950)."""
    assert store.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_new_file_has_small_pages_and_one_with_large_ones_works_as_before(store, recorder, tmp_path):
    """A commit touches a page for each series and writes each whole; a file that is there keeps its pages."""
    assert store.db.execute("PRAGMA page_size").fetchone() == (512,)
    assert store.db.execute("PRAGMA wal_autocheckpoint").fetchone() == (4_000_000 // 512,)
    folder = tmp_path / "of before"
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        db.execute("PRAGMA page_size = 4096")
        db.execute("CREATE TABLE of_another_release (n)")
        db.commit()
    prepare(folder)
    with closing(Store(folder)) as old:
        old.meters.add("house", "ab12cd34ef")
        recorder.add(frame(START, power=700))
        old.batches.write([recorder.take()], NOW)
        assert old.db.execute("PRAGMA page_size").fetchone() == (4096,)
        assert old.db.execute("PRAGMA wal_autocheckpoint").fetchone() == (4_000_000 // 4096,)
        assert points(old, POWER, Granularity.RAW) == [(0, 700)]


def test_what_happened_is_stored_with_the_frame_that_showed_it(store, recorder, directory):
    """Events come back in order of time with their details, all of them or the last ones."""
    for second, kind in ((5, "mode-switched"), (9, "meter-replaced")):
        recorder.tell(Happened(START + second, kind, "", {"before": "a", "after": second}))
    assert store.batches.write([recorder.take()], NOW) == 0
    with closing(Archive(directory)) as archive:
        found = archive.readings.events()
        assert [(e.meter, e.time - START, e.kind, e.detail) for e in found] == [
            ("house", 5, "mode-switched", {"before": "a", "after": 5}),
            ("house", 9, "meter-replaced", {"before": "a", "after": 9}),
        ]
        assert archive.readings.events(last=1) == found[1:]
        assert archive.readings.events(START + 6) == found[1:]
        assert archive.readings.events(end=START + 9) == found[:1]
