"""Others' data: each point once, under its own retention, apart from the household's own."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.store.connection import FILE_NAME
from gateway.store.providers import ReceivedEvent
from gateway.store.received import MOST_SERIES, Incoming, Lot
from gateway.store.retention import kept_from
from gateway.store.store import Archive, Store
from tests.gateway.store.conftest import START, frame
from tests.prepared import prepare

ROOF = "toit@sen2.test"
NAME = "toit@sen2.test/pv1@sen2.test/production/energy/active/index"
EPOCH = "0a1b2c3d"
DAY = 86_400


def value(time=START, number=1000, name=NAME, granularity="raw"):
    """One received index."""
    return Incoming(name, name, name.split("/", 2)[2], "Wh", granularity, time, number)


def lot(*values, numbers=None, retention=None, replaces=False):
    """One message."""
    return Lot(values, numbers, retention, replaces)


def points(store, provider=ROOF):
    """(time, value) of everything received."""
    return [(p.time, p.value) for s in store.received.series(provider) for p in store.received.history(s)]


def test_a_point_is_kept_once_and_its_first_value_stays(store):
    """A changed value is counted and not believed."""
    assert store.providers.receive(ROOF, [lot(value(), value(START + 60, 1001))], START) == 2
    assert store.providers.receive(ROOF, [lot(value(), value(START + 60, 999))], START) == 0
    assert points(store) == [(START, 1000), (START + 60, 1001)]
    assert store.received.series()[0].ignored == 1


def test_a_provider_may_rectify_what_it_sent(store):
    """With its word the new value replaces the old one, and that is remembered."""
    store.providers.receive(ROOF, [lot(value())], START)
    assert store.providers.receive(ROOF, [lot(value(number=900), replaces=True)], START + 5) == 1
    assert points(store) == [(START, 900)]
    (event,) = store.providers.events()
    assert (event.kind, event.detail) == ("values-rectified", {"points": 1})


def test_granularities_are_series_of_their_own(store):
    """A mean of half an hour is not the value of its first second."""
    store.providers.receive(ROOF, [lot(value(), value(number=7, granularity="PT30M"))], START)
    assert [(s.granularity, store.received.count(s)) for s in store.received.series()] == [("PT30M", 1), ("raw", 1)]


def test_what_was_committed_is_there_after_a_kill(store, directory):
    """Points and the numbers of the outbox are one transaction, on the disk before ``receive`` returns."""
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START, START)
    store.providers.receive(ROOF, [lot(value(), numbers=(EPOCH, 0, 1))], START)
    # A copy of the files as they are now is what a power cut leaves.
    copy = directory / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        (copy / (FILE_NAME + suffix)).write_bytes((directory / (FILE_NAME + suffix)).read_bytes())
    with closing(Store(copy)) as again:
        assert points(again) == [(START, 1000)]
        assert again.providers.reached(ROOF) == (EPOCH, 1)


def test_each_provider_has_a_chain_of_its_own(store):
    """Two providers number from one, and one of them may begin anew."""
    other = "voisin@sen1.test"
    for jid in (ROOF, other):
        store.providers.begin(jid, NAME, (EPOCH, 1, 0), START, START)
        store.providers.receive(jid, [lot(value(), numbers=(EPOCH, 0, 5))], START)
    store.providers.begin(other, NAME, ("ffffffff", 3, 2), START, START)
    assert store.providers.reached(ROOF) == (EPOCH, 5)
    assert store.providers.reached(other) == ("ffffffff", 2)


def test_a_new_subscription_asks_for_its_history_once(store):
    """From as far back as it says; the same again asks nothing, and what is filled is asked no more."""
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START - 30 * DAY, START)
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START - 30 * DAY, START + 60)
    (gap,) = store.providers.gaps(ROOF)
    assert (gap.identifier, gap.first, gap.last, gap.replaces) == (NAME, START - 30 * DAY, START + 1, False)
    store.providers.receive(ROOF, [lot(value())], START, filled=gap.id)
    assert store.providers.gaps(ROOF) == []


def test_numbers_that_never_came_are_asked_of_the_history(store):
    """A jump in the provider's numbers, or a new database of it: everything since it was last heard, and two days."""
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START, START)
    store.providers.receive(ROOF, [lot(value(), numbers=(EPOCH, 0, 5))], START)
    assert store.providers.gaps(ROOF) == []
    store.providers.begin(ROOF, NAME, (EPOCH, 9, 20), START, START + 100 * DAY)
    (gap,) = store.providers.gaps(ROOF)
    assert (gap.first, gap.last) == (START - 2 * DAY, START + 100 * DAY + 1)
    store.providers.receive(ROOF, [lot()], START, filled=gap.id)
    store.providers.begin(ROOF, NAME, ("ffffffff", 1, 0), START, START)
    assert len(store.providers.gaps(ROOF)) == 1


def test_what_came_beyond_a_hole_does_not_say_from_when_to_ask(store):
    """A push of a later day may come before the answer that explains the hole: from before the hole on."""
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START, START)
    store.providers.receive(ROOF, [lot(value(), numbers=(EPOCH, 0, 5))], START)
    store.providers.receive(ROOF, [lot(value(), numbers=(EPOCH, 8, 9))], START + 50 * DAY)
    store.providers.begin(ROOF, NAME, (EPOCH, 10, 9), START, START + 100 * DAY)
    (gap,) = store.providers.gaps(ROOF)
    assert gap.first == START - 2 * DAY
    store.providers.receive(ROOF, [lot(numbers=(EPOCH, 9, 10))], START + 100 * DAY, filled=gap.id)
    store.providers.begin(ROOF, NAME, (EPOCH, 12, 11), START, START + 100 * DAY)
    assert store.providers.gaps(ROOF)[0].first == START + 98 * DAY


def test_a_provider_without_numbers_is_asked_from_where_it_was_heard_last(store):
    """What it sent while nobody listened is nowhere else; many sessions make one gap."""
    store.providers.begin(ROOF, NAME, None, START, START)
    assert store.providers.gaps(ROOF) == []
    store.providers.receive(ROOF, [lot(value())], START)
    for later in (1, 2, 3):
        store.providers.begin(ROOF, NAME, None, START, START + later * 3600)
    (gap,) = store.providers.gaps(ROOF)
    assert (gap.first, gap.last) == (START - 2 * DAY, START + 3 * 3600 + 1)


def test_a_subscription_that_changes_nothing_writes_nothing(store, directory):
    """Repeated for ten years, it must not wear the card."""
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START, START)
    store.providers.receive(ROOF, [lot(value(), numbers=(EPOCH, 0, 5))], START)
    wal = directory / (FILE_NAME + "-wal")
    before = wal.stat().st_size, wal.read_bytes()
    store.providers.begin(ROOF, NAME, (EPOCH, 6, 5), START, START + 3600)
    assert (wal.stat().st_size, wal.read_bytes()) == before


def test_whether_anything_came_is_known_without_what_keeps_it(store):
    """A subscription is enough, and what it brought, also once it is over."""
    assert not store.of_others.any()
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START, START)
    assert store.of_others.any()
    store.providers.receive(ROOF, [lot(value(), numbers=(EPOCH, 0, 5))], START)
    store.providers.end(ROOF, NAME, START)
    assert store.of_others.any()


def test_retention_binds_us(store):
    """Each series is deleted after the retention that came with it, or after ours where that is shorter or alone."""
    old, new = START - 400 * DAY, START - 300 * DAY
    bound, free = NAME, NAME.replace("pv1", "pv2")
    store.providers.receive(ROOF, [lot(value(old), value(new), retention="P1Y")], START)
    store.providers.receive(ROOF, [lot(value(old, name=free), value(new, name=free))], START)
    assert store.providers.forget(START, 1000 * DAY) == 1
    left = [(s.sen1, store.received.count(s), s.retention) for s in store.received.series()]
    assert left == [(bound, 1, "P1Y"), (free, 2, None)]
    assert store.providers.forget(START, 350 * DAY) == 1
    assert store.providers.forget(START + 100 * DAY, 1000 * DAY) == 1
    # With its last point the name goes too.
    assert [s.sen1 for s in store.received.series()] == [free]


@pytest.mark.parametrize("stated", [("P3Y", "P1Y"), ("P1Y", "P3Y"), (None, "P1Y"), ("P1Y", None), ("P12M", "P3Y")])
def test_of_two_retentions_the_shorter_binds(store, stated):
    """What was given under one year is not kept for three because a later message says so."""
    for number, retention in enumerate(stated):
        store.providers.receive(ROOF, [lot(value(START + number), retention=retention)], START)
    assert store.received.series()[0].retention in ("P1Y", "P12M")


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        ("P1D", "2026-03-30T12:00:00"),
        ("P2W", "2026-03-17T12:00:00"),
        ("P3Y", "2023-03-31T12:00:00"),
        # February has no 31st: three days early, never late.
        ("P1M", "2026-03-03T12:00:00"),
        ("P1Y6M", "2024-10-01T12:00:00"),
        ("PT6H", "2026-03-31T06:00:00"),
    ],
)
def test_a_retention_is_counted_by_the_calendar(retention, expected):
    """ISO 8601 durations back from noon of 31 March 2026."""
    now = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
    assert datetime.fromtimestamp(kept_from(retention, now), UTC).isoformat().startswith(expected)


@pytest.mark.parametrize("retention", ["", "P", "3Y", "P1Yx", "P1.5Y", "-P1Y", "PT", "P١Y"])
def test_what_is_no_duration_binds_to_nothing(retention):
    """A word in its place is not taken for a time, and raises nothing."""
    assert kept_from(retention, START) is None


def test_what_a_branch_ended_with_itself_is_asked_of_the_history(store):
    """Between the end of a branch and the renewal of what lies below it nothing was promised to us."""
    below = f"{NAME}/x"
    for identifier in (NAME, below):
        store.providers.begin(ROOF, identifier, (EPOCH, 1, 0), START, START)
    store.providers.end(ROOF, NAME, START)
    assert store.providers.subscriptions(ROOF) == [below]
    assert [(gap.identifier, gap.first) for gap in store.providers.gaps(ROOF)] == [(below, START - 2 * DAY)]


def test_erasure_deletes_what_is_named_and_is_done_once(store):
    """The points of that time, the event, the end of the subscription; the same notice again finds itself known."""
    store.providers.begin(ROOF, NAME, (EPOCH, 1, 0), START - DAY, START)
    store.providers.receive(ROOF, [lot(*(value(START + n, n) for n in range(10)))], START)
    (series,) = store.received.series()
    event = ReceivedEvent(ROOF, START, "consent-withdrawn", NAME, {"first": START + 2, "last": START + 6})
    assert store.providers.erase(event, "notice-7", [series.id], [NAME]) == 5
    assert [time - START for time, _ in points(store)] == [0, 1, 7, 8, 9]
    assert store.providers.subscriptions(ROOF) == []
    assert store.providers.gaps(ROOF) == []
    store.providers.receive(ROOF, [lot(value(START + 3))], START)
    assert store.providers.erase(event, "notice-7", [series.id], [NAME]) is None
    assert (START + 3, 1000) in points(store)
    assert [(e.kind, e.detail) for e in store.providers.events()] == [(event.kind, event.detail)]


def test_ever_new_names_do_not_fill_the_card(store):
    """What is one series too many is left out; the others go on."""
    flood = [value(name=f"{NAME}/{n}") for n in range(MOST_SERIES + 20)]
    assert store.providers.receive(ROOF, [lot(*flood)], START) == MOST_SERIES
    assert store.providers.receive(ROOF, [lot(value(START + 1, name=f"{NAME}/0"))], START) == 1


def test_numbers_are_added_up_by_steps_and_by_minutes(store):
    """A text is no number, what is below nothing is nothing, and a time off the period is told."""
    begin = START // 1800 * 1800
    said = [(0, 10), (20, 20), (60, -5), (61, "x"), (120, 30), (1800, 2.5), (1830.5, 1)]
    store.providers.receive(ROOF, [lot(*(value(begin + at, number) for at, number in said))], START)
    (series,) = store.received.series()
    assert store.received.powers.means(series, begin, begin + 3600, 1800, 20) == [
        (begin, 4, 60, 0),
        (begin + 1800, 2, 3.5, 1),
    ]
    assert [(at - begin, number) for at, number in store.received.powers.by_minute(series, begin, begin + 120)] == [
        (0, 15), (20, 20), (60, 0), (60, 0),
    ]  # fmt: skip
    assert [store.received.powers.has_more(series, begin, begin + 1800, most) for most in (3, 4)] == [True, False]


def test_reading_pages_and_ends(store):
    """The stream holds what one query holds; the newest are the last."""
    store.providers.receive(ROOF, [lot(*(value(START + n / 4, n) for n in range(2500)))], START)
    (series,) = store.received.series()
    assert [p.value for p in store.received.stream(series)] == list(range(2500))
    assert [p.value for p in store.received.history(series, START + 1, START + 2)] == [4, 5, 6, 7]
    assert [p.value for p in store.received.newest(series, 0, 2**62, 3)] == [2497, 2498, 2499]
    assert [p.value for p in store.received.last()] == [2499]
    assert (store.received.count(series), series.first_time, series.last_time) == (2500, START, START + 2499 / 4)


def test_a_database_of_before_gets_the_tables(directory, store, recorder):
    """What was in it stays; the new tables are there for the reader too."""
    recorder.add(frame(START, power=500))
    store.batches.write([recorder.take()], START)
    store.close()
    with closing(sqlite3.connect(directory / FILE_NAME)) as db, db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'received_%'").fetchall():
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'received'")
    prepare(directory)
    with closing(Archive(directory)) as archive:
        assert archive.received.series() == []
        assert [p.value for p in archive.readings.page("house", "", 0, START, START + 1, 10)] == [500]
