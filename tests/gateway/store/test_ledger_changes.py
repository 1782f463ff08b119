"""What becomes of spans that are stored already: an index corrected beside a break, a clock set back, a restart."""

from gateway.store.erasure import Range
from gateway.store.ledger_from_marks import fill
from gateway.store.recorder import Happened, Recorder
from gateway.store.spans import DRAWN
from tests.gateway.store.conftest import START
from tests.gateway.store.test_ledger import Book, frame, house, quarters  # noqa: F401 (a fixture)

METER_REPLACED, MODE_SWITCHED = "meter-replaced", "mode-switched"


def test_erasing_what_is_long_past_costs_nothing_of_today(house):  # noqa: F811
    """What was read between the last commit and the erasure is neither lost nor counted twice."""
    recorder = Recorder("house", house.readings.last_values("house"), START + 7200)
    recorder.add(frame(START + 7260, 12_420))
    house.batches.write([recorder.take()], START + 7260)
    recorder.add(frame(START + 7270, 12_424))
    house.erasure.erase_range(Range("house", "", START, START + 900), START + 7270)
    recorder.begin_anew()
    recorder.add(frame(START + 7320, 12_440))
    house.batches.write([recorder.take()], START + 7320)
    assert house.ledger.exact(house.register, START + 900, START + 7320) == 12_440 - 10_300


def test_a_mode_is_known_again_after_an_era_of_the_other_one_and_a_restart(store):
    """Historic mode that had been in standard mode once: its classes are those that it says now."""

    def live(recorder, begin, end, index, classes):
        for at in range(begin, end, 60):
            risen = (at - START) // 60
            recorder.add(frame(at, index + risen, [(leaf, value + risen) for leaf, value in classes.items()]))
        store.batches.write([recorder.take()], end)

    def switch(recorder, at, classes):
        recorder.tell(Happened(at, MODE_SWITCHED, "", {}))
        live(recorder, at, at + 3600, sum(classes.values()), classes)

    recorder = Recorder("house", {})
    live(recorder, START, START + 3600, 87_500, {"1": 500})
    switch(recorder, START + 3600, {"hc": 500})
    recorder = Recorder("house", store.readings.last_values("house"), START + 7140)
    recorder.tell(Happened(START + 7200, MODE_SWITCHED, "", {}))
    live(recorder, START + 7200, START + 10_800, 87_500, {"1": 500})
    (register,) = [one for one in store.meters.series("house") if one.path == DRAWN]
    assert store.ledger.exact(register, START, START + 10_740) == 179


def test_another_meter_heard_after_the_mode_was_switched_goes_on_from_nothing(store):
    """Its address comes a frame later than its mode, and its registers are near those of the former one."""
    recorder = Recorder("house", {})
    for at in range(START, START + 600, 60):
        recorder.add(frame(at, 500, [("hc", 500)]))
    recorder.tell(Happened(START + 600, MODE_SWITCHED, "", {}))
    recorder.add(frame(START + 600, 9000))
    recorder.tell(Happened(START + 610, METER_REPLACED, "", {}))
    recorder.add(frame(START + 610, 9000, [("1", 501)]))
    store.batches.write([recorder.take()], START + 610)
    (register,) = [one for one in store.meters.series("house") if one.path == DRAWN]
    assert store.ledger.exact(register, START, START + 610) is None


def test_what_is_no_index_keeps_no_database_from_being_brought_up_to_date(house):  # noqa: F811
    """A column takes whatever it was given: what no meter says is passed over."""
    for place, value in enumerate((-5, 2**62, "x", 1.5, -(2**62))):
        where = [value, house.register.id, START + 900 * (2 + place)]
        house.db.execute("UPDATE coarse SET value = ? WHERE series = ? AND time = ?", where)
    house.db.execute("DELETE FROM span")
    fill(house.db)
    assert house.ledger.exact(house.register, START, START + 7200) == 2400
    assert house.ledger.faults(house.register) == []
