"""How far a board's frames are stored: with their readings or not at all."""

import pytest

from gateway.errors import StoreError
from gateway.store.recorder import Batch, Recorder, Sample
from gateway.store.store import Store
from gateway.tic.reading import Kind, Quality
from tests.prepared import prepare


@pytest.fixture
def store(tmp_path):
    prepare(tmp_path)
    opened = Store(tmp_path)
    opened.meters.add("house", "ab12", None)
    yield opened
    opened.close()


def batch(seq, *, boot="01020304", time=1000):
    made = Batch("house", last_time=time, series={"a": ("Wh", Kind.INDEX)})
    made.samples = [Sample("a", time, seq, Quality.METER)]
    made.relayed["salon", boot] = seq
    return made


def test_the_last_number_of_each_start_of_a_board_is_known_after_a_restart(store):
    """What was committed is what is known, by board and by start."""
    store.batches.write([batch(5), batch(9, boot="0a0b0c0d")], 0)
    store.batches.write([batch(7)], 0)
    assert store.relayed.reached("salon") == {"01020304": 7, "0a0b0c0d": 9}
    assert store.relayed.reached("cellar") == {}


def test_a_number_never_falls(store):
    """A batch of an exchanged cable that comes second does not have the board send again."""
    store.batches.write([batch(9), batch(4)], 0)
    assert store.relayed.reached("salon") == {"01020304": 9}


def test_a_commit_that_fails_keeps_neither_readings_nor_number(store):
    """They are in one transaction."""
    broken = batch(6)
    broken.boundaries = [("nowhere", 0, 0)]
    with pytest.raises((StoreError, KeyError)):
        store.batches.write([batch(5), broken], 0)
    store.db.rollback()
    assert store.relayed.reached("salon") == {}
    assert store.readings.last_values("house") == {}


def test_starts_of_long_ago_are_forgotten(store):
    """A board that restarts every day does not grow the database for ever."""
    store.batches.write([batch(1, boot=f"{boot:08x}") for boot in range(100)], 0)
    assert list(store.relayed.reached("salon")) == [f"{boot:08x}" for boot in range(36, 100)]


def test_a_number_alone_is_worth_a_commit():
    """Frames without a date are acknowledged although they say nothing."""
    recorder = Recorder("house", {})
    assert not recorder.take()
    recorder.relayed("salon", "01020304", 1)
    assert recorder.take()
