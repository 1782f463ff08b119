"""What becomes of spans that are stored already: an index corrected beside a break, a clock set back, a restart."""

from itertools import pairwise
from random import Random

import pytest

from gateway.store.erasure import Range
from gateway.store.ledger_from_marks import fill
from gateway.store.points import Granularity
from gateway.store.recorder import Happened, Recorder
from gateway.store.spans import CLASS, DRAWN, Evidence, RegisterSpans
from tests.gateway.store.conftest import START
from tests.gateway.store.test_ledger import Book, frame, house  # noqa: F401 (a fixture)

METER_REPLACED, MODE_SWITCHED = "meter-replaced", "mode-switched"


def counted(book):
    """All that its register came to."""
    return sum(wh for _, _, _, wh, _ in book.rows())


@pytest.fixture
def book():
    """A ledger in memory."""
    return Book()


@pytest.fixture
def exchanged(book):
    """100 minutes of 1 Wh each, then of another meter 50; between them a minute of which nobody knows."""
    spans = RegisterSpans({})
    for at in range(0, 6000, 60):
        spans.read(DRAWN, at, 1000 + at // 60)
    spans.end(DRAWN)
    for at in range(6000, 9000, 60):
        spans.read(DRAWN, at, 5_000_000 + at // 60)
    book.add(spans.take())
    return book


@pytest.fixture
def switched(book):
    """Twenty minutes of historic mode, then standard mode, whose total has another past."""
    spans = RegisterSpans({})
    for at in range(0, 4000, 60):
        if at == 1200:
            spans.switch()
            for path in (DRAWN, f"{CLASS}hc"):
                spans.end(path)
        others = {f"{CLASS}hc": 3000} if at < 1200 else {f"{CLASS}1": 3000, f"{CLASS}2": 87_000}
        spans.read(DRAWN, at, sum(others.values()) + at // 60)
        for path, value in others.items():
            spans.read(path, at, value + (at // 60 if value == 3000 else 0))
        spans.settle(at)
    book.add(spans.take())
    assert counted(book) == 66
    return book


@pytest.mark.parametrize("time", [5940, 6000])
@pytest.mark.parametrize("value", [1098, 5_000_101, None])
def test_an_index_beside_a_break_is_corrected_and_nothing_is_counted_over_it(exchanged, time, value):
    """The last one of the former meter, the first one of the new one; put back, all is as it was."""
    before = exchanged.rows()
    exchanged.entries.correct(exchanged.series(), time, value)
    assert (5940, 6000, 0, 0, Evidence.BREAK) in exchanged.rows()
    exchanged.entries.correct(exchanged.series(), time, 1099 if time == 5940 else 5_000_100)
    assert exchanged.rows() == before


def test_an_index_before_a_register_rested_is_put_back_to_the_row(book):
    """What rested for hours was read all the while, and is so again."""
    spans = RegisterSpans({})
    for at in range(0, 9000, 60):
        spans.read(DRAWN, at, 1000 + min(at // 60, 15))
    book.add(spans.take())
    before = book.rows()
    book.entries.correct(book.series(), 900, 1010)
    book.entries.correct(book.series(), 900, 1015)
    assert book.rows() == before


@pytest.mark.parametrize("time", [1140, 1200])
@pytest.mark.parametrize("by", [-1, 1, None])
def test_an_index_beside_a_switch_of_the_mode_is_corrected(switched, time, by):
    """What was counted meanwhile is the classes' to say: the two totals have nothing to do with each other."""
    before = switched.rows()
    index = next(value for start, _, value, _, _ in before if start == time)
    switched.entries.correct(switched.series(), time, None if by is None else index + by)
    assert counted(switched) <= 67
    assert switched.ledger.faults(switched.series()) == []
    switched.entries.correct(switched.series(), time, index)
    assert switched.rows() == before


def test_an_index_corrected_while_its_span_goes_on_stays_so(book):
    """The recorder knows nothing of a correction of this quarter's beginning."""
    spans = RegisterSpans({})
    for at in range(0, 1200, 60):
        spans.read(DRAWN, at, 1000 + at // 60)
    book.add(spans.take())
    book.entries.correct(book.series(), 900, 1010)
    for at in range(1200, 2400, 60):
        spans.read(DRAWN, at, 1000 + at // 60)
        book.add(spans.take())
    assert [row[3] for row in book.rows()] == [10, 20, 9]
    assert book.ledger.faults(book.series()) == []


@pytest.mark.parametrize("back", [3000, 3010, 2700])
@pytest.mark.parametrize("later", [3700, 12_000])
def test_a_clock_that_is_set_back_by_an_hour_over_a_restart_counts_nothing_twice(book, back, later):
    """At each minute of it what is stored is what the index rose by; also when the clock is set right again."""
    spans, index = RegisterSpans({}), 1000
    for at in (*range(0, 7201, 60), *range(back, 3400, 60)):
        index += 1
        spans.read(DRAWN, at, index)
        book.add(spans.take())
    reached = counted(book)
    spans = RegisterSpans({DRAWN: (3390, index)})
    for at in (*range(3400, 3700, 60), *range(later, later + 9000, 60)):
        index += 1
        spans.read(DRAWN, at, index)
        book.add(spans.take())
        assert reached <= counted(book) == index - 1001
    assert book.ledger.faults(book.series()) == []


@pytest.mark.parametrize("begin", [3500, 3600])
def test_another_meter_under_a_clock_that_was_set_back_is_a_break(book, begin):
    """Its seconds are taken: it counts from where the former one's end."""
    spans = RegisterSpans({})
    for at in range(0, 7201, 60):
        spans.read(DRAWN, at, 1000 + at // 60)
    book.add(spans.take())
    spans = RegisterSpans({DRAWN: (3400, 1120)})
    spans.end(DRAWN)
    for at in range(begin, 12_000, 60):
        spans.read(DRAWN, at, 5_000_000 + at // 60)
        book.add(spans.take())
    assert 120 + 60 < counted(book) <= 120 + 80
    assert Evidence.BREAK in [row[4] for row in book.rows()]
    assert book.ledger.faults(book.series()) == []


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


def test_a_minute_is_corrected_and_the_quarter_beside_it_is_not(store):
    """It says the index at its end; the mark at its first second is another one."""
    recorder = Recorder("house", {})
    for at in range(START - 60, START + 1820, 20):
        recorder.add(frame(at, 10_000 + (at - START) // 2))
    store.batches.write([recorder.take()], START + 1820)
    (register,) = [one for one in store.meters.series("house") if one.path == DRAWN]
    of = "house", DRAWN, Granularity.MINUTE, START + 900
    store.corrections.rectify(*of, "10485", START, "anne", "a typo")
    assert store.ledger.exact(register, START, START + 900) == 450
    store.corrections.remove(*of, START, "anne", "nonsense")
    assert store.ledger.exact(register, START, START + 900) == 450
    store.corrections.restore(*of, START, "anne")
    assert store.ledger.exact(register, START, START + 900) == 450


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


@pytest.mark.parametrize("exchanges", [0, 0.05])
def test_random_lives_count_nothing_twice_and_nothing_over_a_break(exchanges):
    """Clocks set back by anything, silences, restarts, meters exchanged; without the last all is counted."""
    for seed in range(150):
        random, book, spans = Random(seed), Book(), RegisterSpans({})
        at, index, drawn = START, 1000, 0
        spans.read(DRAWN, at - 60, index)
        spans.read(DRAWN, at, index)
        book.add(spans.take())
        for _ in range(random.randrange(5, 80)):
            what = random.random()
            at += -random.randrange(8000) if what < 0.05 else random.randrange(1, 20_000 if what < 0.12 else 300)
            if random.random() < exchanges:
                spans.end(DRAWN)
                index = random.randrange(10_000_000)
            else:
                rise = random.randrange(30)
                index, drawn = index + rise, drawn + rise
            spans.read(DRAWN, at, index)
            if random.random() < 0.4:
                book.add(spans.take())
                spans = RegisterSpans({DRAWN: (at, index)}) if random.random() < 0.3 else spans
        spans.read(DRAWN, START + 10_000_000, index)
        book.add(spans.take())
        assert counted(book) <= drawn, seed
        assert exchanges or counted(book) == drawn, seed
        assert book.ledger.faults(book.series()) == [], seed


@pytest.mark.parametrize("life", ["exchanged", "switched"])
def test_random_corrections_are_undone_to_the_row(request, life):
    """In the opposite order; whatever is corrected meanwhile, spans follow each other."""
    book = request.getfixturevalue(life)
    for seed in range(200):
        random, before, done = Random(seed), book.rows(), []
        for _ in range(random.randrange(1, 4)):
            rows = book.rows()
            sound = [row for row, other in pairwise(rows) if row[4] == Evidence.MEASURED == other[4]]
            time, _, value, _, _ = random.choice(sound or rows[:1])
            new = None if not time % 900 and random.random() < 0.4 else max(0, value + random.randrange(-30, 30))
            book.entries.correct(book.series(), time, new)
            done.append((time, value))
            rows = book.rows()
            assert all(one[1] == other[0] for one, other in pairwise(rows)), seed
        for time, value in reversed(done):
            book.entries.correct(book.series(), time, value)
        assert book.rows() == before, seed
