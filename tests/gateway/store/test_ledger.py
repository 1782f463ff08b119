"""The ledger: whatever is read when, its spans add up to what the index rose by, and every sum is one of theirs."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.balance.calendar import BalancePeriod, days, midnight
from gateway.errors import ReadingError
from gateway.store.erasure import Range
from gateway.store.ledger import Ledger, Slice
from gateway.store.ledger_entries import LedgerEntries
from gateway.store.ledger_from_marks import fill
from gateway.store.points import Granularity, Series
from gateway.store.recorder import Happened, Recorder
from gateway.store.spans import CLASS, DRAWN, INJECTED, Evidence, RegisterSpans, Span
from gateway.store.store import Store
from gateway.store.transactions import Transactions
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.gateway.store.conftest import START

QUARTER_S = 900
TABLE = (
    "CREATE TABLE span (register INTEGER NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL, value INTEGER"
    " NOT NULL, wh INTEGER NOT NULL, evidence INTEGER NOT NULL, PRIMARY KEY (register, start)) STRICT, WITHOUT ROWID",
    "CREATE INDEX span_doubtful ON span (register, start) WHERE evidence >= 2",
)
FIRST, END = date(2026, 3, 1), date(2026, 5, 1)

# How many seconds after the one before an index was read, how much more it said; whether the gateway is begun anew.
readings = st.lists(
    st.tuples(st.one_of(st.integers(1, 700), st.integers(1, 200_000)), st.integers(0, 5000), st.booleans()), max_size=60
)


class Book:
    """A ledger in memory, of one meter."""

    def __init__(self):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        for statement in TABLE:
            connection.execute(statement)
        self.db = Transactions(connection)
        connection.execute("CREATE TABLE meter (id INTEGER, name TEXT)")
        connection.execute("CREATE TABLE event (id INTEGER, meter INTEGER, time INTEGER, kind, series, detail)")
        self.ledger, self.entries = Ledger(self.db), LedgerEntries(self.db)

    def series(self, path=DRAWN):
        """The register of that path."""
        return Series(sum(path.encode()), "house", path, "Wh", "index", 0, 0)

    def add(self, spans):
        """Keep spans."""
        self.entries.add(spans, {path: self.series(path) for path, _ in spans})

    def rows(self, path=DRAWN):
        """(start, until, value, Wh, evidence) of each span of a register."""
        query = "SELECT start, until, value, wh, evidence FROM span WHERE register = ? ORDER BY start"
        return self.db.execute(query, [self.series(path).id]).fetchall()

    def slices(self, bounds, path=DRAWN):
        """What it comes to between bounds."""
        return self.ledger.slices(self.series(path), bounds)


@pytest.fixture
def book():
    """An empty one."""
    return Book()


def live(book, reads, start=START):
    """Let a register be read as ``readings`` says; its first and last (second, index)."""
    now, value = start, 10_000
    spans = RegisterSpans({})
    spans.read(DRAWN, now, value)
    for later, more, anew in reads:
        now, value = now + later, value + more
        if anew:
            book.add(spans.take())
            spans = RegisterSpans({DRAWN: (now - later, value - more)})
        spans.read(DRAWN, now, value)
        book.add(spans.take())
    return (start, 10_000), (now, value)


@settings(deadline=None, max_examples=60)
@given(readings, st.lists(st.integers(0, 3_000_000), min_size=1, max_size=8, unique=True))
def test_whatever_is_read_when_the_parts_are_the_rise(reads, cuts):
    """By commits, restarts and silences of any length: sums between any bounds are what the index rose by."""
    book = Book()
    (start, first), (end, last) = live(book, reads)
    bounds = sorted({start - 1, *(start + cut for cut in cuts), max(end, start + max(cuts)) + 1})
    found = book.slices(bounds)
    assert sum(one.wh for one in found) == last - first
    assert sum(one.covered for one in found) == end - start
    assert book.ledger.faults(book.series()) == []
    for one, other in pairwise(book.rows()):
        assert one[1] == other[0]
        assert one[2] + one[3] == other[2]


@settings(deadline=None, max_examples=30)
@given(readings)
def test_a_day_is_its_half_hours_and_they_are_its_quarters(reads):
    """Where all is measured; where it is not, what is known of the parts is no more than the whole."""
    book = Book()
    (start, _), (end, _) = live(book, reads)
    for step in (1800, 900):
        known = book.ledger.steps(book.series(), start // 86400 * 86400, end + 86400, step)
        for begin, wh in known.items():
            assert book.ledger.exact(book.series(), begin, begin + step) == wh
            (one,) = book.slices([begin, begin + step])
            assert (one.wh, one.covered, one.shared) == (wh, step, False)
            halves = [book.ledger.exact(book.series(), begin + at, begin + at + step // 2) for at in (0, step // 2)]
            assert None in halves or sum(halves) == wh


@settings(deadline=None, max_examples=20)
@given(readings)
def test_days_add_up_to_months(reads):
    """A month reckoned at once is the sum of its days, across the change of the clock."""
    book = Book()
    live(book, reads, midnight(FIRST) + 40_000)
    midnights = [midnight(day) for day in days(FIRST, BalancePeriod.DAY.after(END))]
    daily = dict(zip(days(FIRST, END), book.slices(midnights), strict=True))
    month = FIRST
    while month < END:
        after = BalancePeriod.MONTH.after(month)
        (whole,) = book.slices([midnight(month), midnight(after)])
        assert sum(daily[day].wh for day in days(month, after)) == whole.wh
        assert sum(daily[day].covered for day in days(month, after)) == whole.covered
        month = after


def test_nothing_is_counted_over_a_break(book):
    """What lies before it and after it is; in between nobody knows, and a fall is the same."""
    spans = RegisterSpans({})
    for now, value in ((0, 100), (10, 150)):
        spans.read(DRAWN, now, value)
    spans.end(DRAWN)
    for now, value in ((20, 5000), (30, 5060), (40, 30), (50, 60)):
        spans.read(DRAWN, now, value)
    book.add(spans.take())
    assert book.slices([0, 60]) == [Slice(50 + 60 + 30, 30, shared=False)]
    assert [row[-1] for row in book.rows()] == [Evidence.MEASURED, Evidence.BREAK] * 2 + [Evidence.MEASURED]
    assert book.ledger.exact(book.series(), 0, 50) is None
    assert book.ledger.faults(book.series()) == []


def test_a_counter_that_begins_again_at_zero_goes_on(book):
    """Its rise is known, and its index stands so many units lower."""
    spans = RegisterSpans({})
    spans.read(DRAWN, 0, 10**9 - 20)
    spans.read(DRAWN, 10, 10**9 - 10)
    spans.roll(DRAWN, 10**9)
    spans.read(DRAWN, 20, 5)
    spans.read(DRAWN, 30, 8)
    book.add(spans.take())
    assert book.slices([0, 30]) == [Slice(28, 30, shared=False)]
    assert book.ledger.faults(book.series()) == []


def test_another_clock_counts_nothing_until_it_is_where_the_former_stood(book):
    """The second meter's clock is a minute late: what it counted in seconds that are taken is nobody's."""
    spans = RegisterSpans({})
    spans.read(DRAWN, 0, 100)
    spans.read(DRAWN, 100, 150)
    spans.end(DRAWN)
    for now in range(40, 161, 20):
        spans.read(DRAWN, now, 9000 + now)
    book.add(spans.take())
    assert [row[:2] for row in book.rows()] == [(0, 100), (100, 120), (120, 160)]
    assert book.slices([0, 160]) == [Slice(50 + 40, 140, shared=False)]


def test_a_clock_that_is_set_back_loses_nothing(book):
    """Neither while the gateway runs nor over a restart: the index is the same, and the seconds are taken once."""
    spans = RegisterSpans({})
    for now, value in ((0, 100), (500, 150), (300, 160), (510, 170)):
        spans.read(DRAWN, now, value)
    book.add(spans.take())
    spans = RegisterSpans({DRAWN: (200, 170)})
    for now, value in ((250, 180), (400, 190), (700, 200)):
        spans.read(DRAWN, now, value)
        book.add(spans.take())
    assert sum(row[3] for row in book.rows()) == 100
    assert book.slices([0, 700]) == [Slice(100, 700, shared=False)]
    assert book.ledger.faults(book.series()) == []


def test_a_register_at_rest_is_one_row_however_long(book):
    """A class by day, for weeks; when it goes on, the row ends there."""
    spans = RegisterSpans({})
    for now in range(0, 40_000, 50):
        spans.read(DRAWN, now, 700)
        if not now % 300:
            book.add(spans.take())
    book.add(spans.take())
    assert book.rows() == [(0, 39_950, 700, 0, Evidence.MEASURED)]
    spans.read(DRAWN, 40_000, 703)
    book.add(spans.take())
    assert book.rows() == [(0, 39_600, 700, 0, Evidence.MEASURED), (39_600, 40_000, 700, 3, Evidence.MEASURED)]
    assert book.ledger.steps(book.series(), 0, 39_600, 1800) == dict.fromkeys(range(0, 39_600, 1800), 0)
    assert book.slices([0, 5, 39_800]) == [Slice(0, 5, shared=False), Slice(1, 39_795, shared=True)]


def test_classes_that_come_to_more_than_the_total_are_estimates(book):
    """By more than rounding; then none of them is sure, and the total is."""
    total, low, high = DRAWN, f"{CLASS}hc", f"{CLASS}hp"
    for at, (one, other, whole) in ((0, (50, 51, 100)), (900, (80, 90, 100))):
        book.add(
            {
                (low, at): Span(at + 900, 0, one, Evidence.MEASURED),
                (high, at): Span(at + 900, 0, other, Evidence.MEASURED),
                (total, at): Span(at + 900, 0, whole, Evidence.MEASURED),
            }
        )
    assert [row[-1] for row in book.rows(low)] == [Evidence.MEASURED, Evidence.ESTIMATED]
    assert [one.shared for one in book.slices([0, 900, 1800], high)] == [False, True]
    assert [one.shared for one in book.slices([0, 900, 1800], total)] == [False, False]


def test_of_a_counter_a_long_silence_counts_nothing(book):
    """Nobody looked: what the pin gave meanwhile is lost. One that rests while it is read is known."""
    spans = RegisterSpans({})
    for now in (0, 100, 200_000, 200_100):
        spans.read(DRAWN, now, now)
    book.add(spans.take())
    bounds = [0, 86_400, 172_800, 259_200]
    assert [one.covered for one in book.ledger.slices(book.series(), bounds, longest=90_000)] == [100, 0, 100]
    assert sum(one.wh for one in book.slices(bounds)) == 200_100


def frame(at, index, classes=()):
    """A frame of a meter with a total and classes."""
    now = datetime.fromtimestamp(at, UTC)
    values = {DRAWN: index, **{f"{CLASS}{leaf}": value for leaf, value in classes}}
    said = tuple(Reading(path, now, value, "Wh", Kind.INDEX, Quality.METER) for path, value in values.items())
    return Interpretation(now, Quality.METER, None, None, said, ())


@pytest.fixture
def house(store):
    """Two hours of 1,200 W, read each minute."""
    recorder = Recorder("house", {})
    for at in range(START - 60, START + 7200 + 1, 60):
        recorder.add(frame(at, 10_000 + (at - START) // 3))
    store.batches.write([recorder.take()], START + 7200)
    store.register = next(one for one in store.meters.series("house") if one.path == DRAWN)
    return store


def quarters(house):
    """Wh of each quarter of the two hours, None where nobody knows."""
    return [house.ledger.exact(house.register, at, at + 900) for at in range(START, START + 7200, 900)]


def test_an_index_that_is_corrected_moves_what_lies_beside_it(house):
    """Energy goes from the one side to the other; the sum is as it was, and so it is again when it is put back."""
    at = START + 3600
    house.corrections.rectify("house", DRAWN, Granularity.HALF_HOUR, at, "11250", START, "anne", "a typo")
    assert quarters(house) == [300, 300, 300, 350, 250, 300, 300, 300]
    house.corrections.rectify("house", DRAWN, Granularity.HALF_HOUR, at, "99999", START, "anne", "a typo")
    assert quarters(house)[3:5] == [99_999 - 10_900, None]
    for _ in range(2):
        house.corrections.restore("house", DRAWN, Granularity.HALF_HOUR, at, START, "anne")
    assert quarters(house)[:3] == [300] * 3
    assert house.ledger.faults(house.register) == []


def test_an_index_that_is_removed_makes_one_span_of_two(house):
    """The sum of both is known; put back, it parts them again."""
    at = START + 3600
    house.corrections.remove("house", DRAWN, Granularity.HALF_HOUR, at, START, "anne", "nonsense")
    assert quarters(house) == [300, 300, 300, None, None, 300, 300, 300]
    assert house.ledger.exact(house.register, START, START + 7200) == 2400
    house.corrections.restore("house", DRAWN, Granularity.HALF_HOUR, at, START, "anne")
    assert quarters(house) == [300] * 8
    with pytest.raises(ReadingError):
        house.corrections.restore("house", DRAWN, Granularity.HALF_HOUR, at + 1, START, "anne")


def injected(at, index):
    """A frame that says what is injected, beside the total."""
    now = datetime.fromtimestamp(at, UTC)
    said = Reading(INJECTED, now, index, "Wh", Kind.INDEX, Quality.METER)
    return Interpretation(now, Quality.METER, None, None, (*frame(at, 50_000 + at - START).readings, said), ())


@pytest.mark.parametrize("replaced", [True, False])
def test_a_register_that_was_not_read_over_a_restart_goes_on_unless_it_is_another(store, replaced):
    """Historic mode says nothing of what is injected; meanwhile the gateway began anew, and perhaps the meter too."""
    recorder = Recorder("house", {})
    for at in range(0, 1801, 60):
        recorder.add(injected(START + at, 7000 + at // 60))
    for at in range(1860, 3601, 60):
        recorder.add(frame(START + at, 50_000 + at))
    if replaced:
        recorder.tell(Happened(START + 3660, "meter-replaced", "", {"before": 1, "after": 2}))
    for at in range(3660, 5401, 60):
        recorder.add(frame(START + at, 90_000 + at))
    store.batches.write([recorder.take()], START + 5400)
    recorder = Recorder("house", store.readings.last_values("house"), START + 5400)
    for at in range(5460, 7201, 60):
        recorder.add(injected(START + at, 9000 + at // 60))
        store.batches.write([recorder.take()], START + at)
    register = next(one for one in store.meters.series("house") if one.path == INJECTED)
    (found,) = store.ledger.slices(register, [START, START + 7200])
    # Until the quarter is over it goes on from what a restart knew.
    assert found.wh == (30 + 15 if replaced else 9120 - 7000)
    assert store.ledger.faults(register) == []


def test_what_is_erased_is_in_no_span(house):
    """Every span that meets the time goes, and a recorder that goes on does not bring it back."""
    recorder = Recorder("house", house.readings.last_values("house"), START + 7200)
    recorder.add(frame(START + 7260, 12_420))
    recorder.add(frame(START + 7320, 12_440))
    house.batches.write([recorder.take()], START + 7320)
    house.erasure.erase_range(Range("house", "", START + 1000, START + 7300), START + 7400)
    recorder.begin_anew()
    recorder.add(frame(START + 7380, 12_460))
    house.batches.write([recorder.take()], START + 7380)
    rows = house.db.execute("SELECT start, until, evidence FROM span ORDER BY start").fetchall()
    assert rows == [
        (START - 60, START, 0),
        (START, START + 900, 0),
        (START + 900, START + 7320, Evidence.BREAK),
        (START + 7320, START + 7380, 0),
    ]


def test_the_ledger_of_a_database_that_had_none_is_the_same(house):
    """Made of half hours and of what was read beside a break: any day is what it was."""
    recorder = Recorder("house", house.readings.last_values("house"), START + 7200)
    recorder.tell(Happened(START + 7800, "meter-replaced", "", {"before": 1, "after": 2}))
    for at in range(START + 7800, START + 20_000, 60):
        recorder.add(frame(at, at - START, classes=[("hc", at - START)]))
    house.batches.write([recorder.take()], START + 20_000)
    bounds = [START, START + 3600, START + 7200, START + 9000, START + 18_000, START + 20_000]
    series = [one for one in house.meters.series("house") if one.kind == "index"]
    before = {one.path: house.ledger.slices(one, bounds) for one in series}
    house.db.begin()
    house.db.execute("DELETE FROM span")
    fill(house.db)
    house.db.commit()
    for one in series:
        made = house.ledger.slices(one, bounds)
        assert [part.wh for part in made] == [part.wh for part in before[one.path]]
        # Of a minute that is over its end is known, and in one what was read last.
        assert [abs(a.covered - b.covered) < 60 for a, b in zip(made, before[one.path], strict=True)] == [True] * 5
    assert [house.ledger.faults(one) for one in series] == [[], []]


def test_any_life_gives_the_same_rows_whatever_its_commits(directory):
    """Committed by the frame, by the minute or all at once: the ledger is the same to the row."""
    found = []
    for every in (1, 7, 10**6):
        random = Random(5)
        with closing(Store(directory)) as store:
            name = f"house-{every}"
            store.meters.add(name)
            recorder, value, at = Recorder(name, {}), 5000, START
            for step in range(600):
                at += random.choice([1, 2, 60, 700])
                value += random.randrange(40)
                recorder.add(frame(at, value, [("hc", value // 3), ("hp", 77)]))
                if step % every == every - 1:
                    store.batches.write([recorder.take()], at)
            store.batches.write([recorder.take()], at)
            found.append(
                store.db.execute(
                    "SELECT path, start, until, value, wh, evidence FROM span JOIN series ON series.id = register"
                    " JOIN meter ON meter.id = series.meter WHERE name = ? ORDER BY path, start",
                    [name],
                ).fetchall()
            )
    assert found[0] == found[1] == found[2] != []
