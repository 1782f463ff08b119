"""Batches that give up what is fine: what is left of them is exact, in the store as in the queues."""

import random
from contextlib import closing

import pytest

from gateway.store.erasure import Range
from gateway.store.points import Confirm, GivenUp, Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from tests.gateway.store.conftest import INDEX, POWER, START, TARIFF, frame
from tests.prepared import prepare

COOP, TOWN = "coop@sen2.test", "ville@sen3.test"
CURVE = "consumption/power/active/raw"
HALF_HOUR_S = 1800


def frames(hours, step=20, seed=1):
    """What a meter says: a power that sways, an index that follows, a tariff that changes at times."""
    chance, index = random.Random(seed), 1000
    for time in range(START, START + hours * 3600 + step, step):
        index += chance.randrange(4)
        yield frame(time, power=chance.randrange(100, 6000), index=index, tariff="HP" if time % 7200 < 3600 else "HC")


def written(folder, given_up, *, join=False, of=lambda place: True, hours=3):
    """All points after the frames were written in batches of two minutes, of which some gave something up."""
    folder.mkdir()
    prepare(folder)
    recorder, batches, all_said = Recorder("house", {}), [], list(frames(hours))
    for place, said in enumerate(all_said, 1):
        recorder.add(said)
        if place % 6 == 0 or place == len(all_said):
            batch = recorder.take()
            batch.thin(given_up if of(place) else GivenUp.NOTHING)
            if join and batches and batches[-1].may_join(batch):
                batches[-1].join(batch)
            else:
                batches.append(batch)
    with closing(Store(folder)) as store:
        store.meters.add("house", "ab12")
        for batch in batches:
            store.batches.write([batch], START)
    with closing(Archive(folder)) as archive:
        return {
            (path, fine): [(p.time, p.value) for p in archive.readings.page("house", path, fine, 0, 2**40, 10**6)]
            for path in (POWER, INDEX, TARIFF, CURVE)
            for fine in Granularity
            # History takes the finest that there is: only what is asked for is looked at.
            if (path, fine) not in ((TARIFF, Granularity.HALF_HOUR), (TARIFF, Granularity.DAY))
        }


def test_each_step_gives_up_only_its_own(tmp_path):
    """Raw powers; their minutes, with half hours as exact as before; those. Indexes, curves, texts stay at each."""
    whole, raw, minutes, half_hours = (written(tmp_path / what.name, what) for what in GivenUp)
    assert len(whole[POWER, Granularity.RAW]) > 500
    assert raw[POWER, Granularity.RAW] == []
    assert raw[POWER, Granularity.MINUTE] == whole[POWER, Granularity.MINUTE]
    assert minutes[POWER, Granularity.MINUTE] == []
    assert minutes[POWER, Granularity.HALF_HOUR] == whole[POWER, Granularity.HALF_HOUR]
    assert len(minutes[POWER, Granularity.HALF_HOUR]) == 6
    assert half_hours[POWER, Granularity.HALF_HOUR] == []
    assert raw[INDEX, Granularity.RAW] == whole[INDEX, Granularity.RAW]
    for found in (raw, minutes, half_hours):
        for fine in (Granularity.MINUTE, Granularity.QUARTER, Granularity.HALF_HOUR, Granularity.DAY):
            assert found[INDEX, fine] == whole[INDEX, fine]
        assert found[CURVE, Granularity.QUARTER] == whole[CURVE, Granularity.QUARTER] != []
        assert found[TARIFF, Granularity.RAW] == whole[TARIFF, Granularity.RAW]
        assert found[TARIFF, Granularity.MINUTE] == whole[TARIFF, Granularity.MINUTE]
    # The last one of each minute, which is what the index had come to.
    last = {time // 60: (time, value) for time, value in whole[INDEX, Granularity.RAW]}
    assert set(last.values()) <= set(minutes[INDEX, Granularity.RAW]) <= set(whole[INDEX, Granularity.RAW])
    assert len(minutes[INDEX, Granularity.RAW]) < len(whole[INDEX, Granularity.RAW])


def test_a_half_hour_is_exact_when_its_minutes_are_given_up_in_its_middle(tmp_path):
    """Some batches whole, others not, in any order: its mean is of all of them."""
    whole = written(tmp_path / "whole", GivenUp.NOTHING)
    chance = random.Random(5)
    mixed = written(tmp_path / "mixed", GivenUp.MINUTES, of=lambda _: chance.random() < 0.5)
    assert mixed[POWER, Granularity.HALF_HOUR] == whole[POWER, Granularity.HALF_HOUR]
    assert 0 < len(mixed[POWER, Granularity.MINUTE]) < len(whole[POWER, Granularity.MINUTE])


@pytest.mark.parametrize("given_up", list(GivenUp))
def test_batches_that_are_joined_say_the_same(tmp_path, given_up):
    """Written as one or one after the other, whatever they gave up."""
    assert written(tmp_path / "joined", given_up, join=True) == written(tmp_path / "single", given_up)


def test_only_batches_of_one_meter_and_one_half_hour_are_joined():
    """And none that holds frames without a date: those are dated in their own order."""
    house, solar = Recorder("house", {}), Recorder("solar", {})
    taken = []
    for recorder, time in ((house, START), (house, START + 60), (house, START + HALF_HOUR_S), (solar, START + 60)):
        recorder.add(frame(time, power=1))
        taken.append(recorder.take())
    first, second, later, other = taken
    assert first.may_join(second)
    assert not first.may_join(later)
    assert not first.may_join(other)
    house.keep_undated("boot", (1, "[]"))
    assert not first.may_join(house.take())


def test_a_half_hour_that_stands_for_its_minutes_is_drawn_as_none_and_erased_with_any(directory, store):
    """The curve of a day does not show it; who erases ten minutes of it erases its sum."""
    recorder = Recorder("house", {})
    for said in frames(1):
        recorder.add(said)
    batch = recorder.take()
    batch.thin(GivenUp.MINUTES)
    store.batches.write([batch], START)
    with closing(Archive(directory)) as archive:
        power = next(s for s in archive.meters.series("house") if s.path == POWER)
        assert archive.curves.minutes(power, START - 3600, START + 7200) == []
    sums = "SELECT count(*) FROM minute WHERE series = ? AND samples > 0"
    assert store.db.execute(sums, [power.id]).fetchone() == (3,)
    store.erasure.erase_range(Range("house", "consumption/power", START + 600, START + 1200), START + 7200)
    assert store.db.execute(sums, [power.id]).fetchone() == (2,)


def test_only_queues_that_are_too_long_give_up_their_oldest_powers(store, recorder):
    """A part at a time, step by step, in order; indexes and texts stay in them, shorter queues stay whole."""
    for jid, prefix in ((COOP, "consumption"), (TOWN, "consumption/power/apparent")):
        store.consents.grant(jid, "house", prefix, Granularity.RAW, START + 10**6, START - 1)
        store.subscriptions.add(jid, "house", prefix, "sen1", Confirm.RECEIPT, START - 1)
    for said in frames(1):
        recorder.add(said)
    store.batches.write([recorder.take()], START)
    before = {jid: store.outbox.pending(jid, 0, 10**4, START) for jid in (COOP, TOWN)}
    longest = len(before[TOWN])
    assert store.queue.thin(GivenUp.NOTHING, 0) == 0
    assert store.queue.thin(GivenUp.RAW, longest, most=50) == 50
    powers = [row for row in before[COOP] if row.point.series.path == POWER]
    assert store.outbox.pending(COOP, 0, 10**4, START) == [row for row in before[COOP] if row not in powers[:50]]
    while store.queue.thin(GivenUp.RAW, 0, most=50):
        pass
    assert store.outbox.pending(COOP, 0, 10**4, START) == [row for row in before[COOP] if row not in powers]
    assert store.outbox.pending(TOWN, 0, 10**4, START) == []


@pytest.mark.parametrize("fine", [Granularity.MINUTE, Granularity.HALF_HOUR])
def test_a_queue_of_minutes_is_given_up_after_raw_values_and_before_half_hours(store, recorder, fine):
    """Each at its step, none at the one before."""
    store.consents.grant(COOP, "house", "consumption/power/apparent", fine, START + 10**6, START - 1)
    store.subscriptions.add(COOP, "house", "consumption/power/apparent", "sen1", Confirm.RECEIPT, START - 1)
    for said in frames(1):
        recorder.add(said)
    store.batches.write([recorder.take()], START)
    rows = len(store.outbox.pending(COOP, 0, 10**4, START))
    assert rows >= 2
    own = {Granularity.MINUTE: GivenUp.MINUTES, Granularity.HALF_HOUR: GivenUp.HALF_HOURS}[fine]
    assert store.queue.thin(GivenUp(own - 1), 0) == 0
    assert store.queue.thin(own, 0) == rows
