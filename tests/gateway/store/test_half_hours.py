"""A half hour whose bytes a card has damaged costs that half hour, and nothing else."""

import zlib
from random import Random

import pytest

from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from tests.gateway.store.conftest import POWER, START, frame

# Behind what says how many there are.
DAMAGE = {
    "noise": lambda written: written[:11] + Random(1).randbytes(40),
    "cut": lambda written: written[:-9],
    "more than there can be": lambda written: written[:5] + zlib.compress(bytes(10**8), wbits=-10),
    "nothing": lambda written: written[:6],
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize(("table", "granularity"), [("minutes", Granularity.MINUTE), ("readings", Granularity.RAW)])
def test_a_damaged_half_hour_costs_no_other(store, recorder, caplog, table, granularity, how):
    """It is left out and told; what is read beside it, let go, erased and written later is as ever."""
    for at in range(0, 3 * 1800 + 1, 10):
        recorder.add(frame(START + at, power=500 + at % 70))
    store.batches.write([recorder.take()], START + 5400)
    before = store.readings.page("house", POWER, granularity, START, START + 5400, 10**4)
    store.db.begin()
    place, written = store.db.execute(f"SELECT id, {table} FROM {table} ORDER BY id LIMIT 1").fetchone()
    store.db.execute(f"UPDATE {table} SET {table} = ? WHERE id = ?", [DAMAGE[how](written), place])
    store.db.commit()
    left = store.readings.page("house", POWER, granularity, START, START + 5400, 10**4)
    assert left == [one for one in before if one.time >= START + 1800]
    assert "a half hour in the database is damaged, and is left out" in caplog.text
    again = Recorder("house", store.readings.last_values("house"), START + 5400)
    for at in range(5410, 4 * 1800 + 1, 10):
        again.add(frame(START + at, power=500 + at % 70))
    store.batches.write([again.take()], START + 7200)
    store.batches.forget(START + 7200, 3600, 3600, 10**6)
    assert len(store.readings.page("house", POWER, granularity, START + 5400, START + 7200, 10**4)) == (
        30 if granularity is Granularity.MINUTE else 180
    )
