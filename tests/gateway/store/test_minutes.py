"""Minutes gathered by half hour: nobody who asks the store can tell them from rows of their own."""

import random
import sqlite3
from contextlib import closing

import pytest

from gateway.errors import ReadingError
from gateway.store.connection import FILE_NAME, open_reader
from gateway.store.erasure import Range
from gateway.store.minute_bytes import read_minutes, write_minutes
from gateway.store.minutes import every_row, gather_all
from gateway.store.points import Confirm, Granularity
from gateway.store.raw import every_raw
from gateway.store.raw_bytes import read_raw, write_raw
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from tests.gateway.store.conftest import INDEX, POWER, START, TARIFF, frame
from tests.prepared import prepare

COOP = "coop@sen1.test"
MINUTE, HALF_HOUR = 60, 1800
PATHS = (POWER, INDEX, TARIFF)


def house(directory, *, gathers=True):
    """A store; one that does not gather keeps a row a minute for ever, as 0.1.0 did."""
    directory.mkdir()
    prepare(directory)
    store = Store(directory)
    store.meters.add("house", "ab12cd34ef")
    store.consents.grant(COOP, "house", "", Granularity.RAW, START + 10**7, START - 10**6)
    store.subscriptions.add(COOP, "house", "", "sen1", Confirm.RECEIPT, START - 10**6)
    if not gathers:
        add = "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)"
        store.erasure._minutes.gather = lambda *_: None
        store.erasure._raw._add = lambda series, _, rows: {
            row[0] for row in rows if store.db.execute(add, [series, *row]).rowcount
        }
    return store


def said(recorder, at, chance):
    """A few frames of a minute, as a batch."""
    for second in sorted(chance.sample(range(60), chance.randrange(1, 4))):
        power = chance.choice([0, 230, 5000, 70_000, 10**12]) + chance.randrange(300)
        recorder.add(frame(at + second, power=power, index=at // 7 + second, tariff=chance.choice(["HP", "HC"])))
    return recorder.take()


def corrected(store, chance, until):
    """A point of the past gets another value, goes, or comes back; what was said of it."""
    path, granularity = (
        chance.choice(PATHS[:2]),
        chance.choice([Granularity.RAW, Granularity.MINUTE, Granularity.MINUTE]),
    )
    at = chance.randrange(START, until)
    named = "house", path, granularity, at - at % 60 if granularity else at
    try:
        match chance.randrange(4):
            case 0:
                found = store.corrections.remove(*named, until, "anne", "")
            case 1:
                found = store.corrections.restore(*named, until, "anne")
            case _:
                found = store.corrections.rectify(*named, str(chance.randrange(9000)), until, "anne", "")
    except ReadingError as error:
        return str(error)
    return repr(found)


def live(store, chance, changes):
    """Some hours of a house; what the store answered meanwhile."""
    recorder, at, answers = Recorder("house", {}), START, []
    for _ in range(changes):
        match chance.choice(["minute"] * 12 + ["gap", "back", "late", "correct", "correct", "erase", "forget"]):
            case "minute":
                answers.append(store.batches.write([said(recorder, at, chance)], at))
                at += MINUTE
            case "gap":
                at += chance.choice([MINUTE, 7 * MINUTE, HALF_HOUR, 5 * HALF_HOUR])
            case "back":
                at -= chance.choice([MINUTE, 20 * MINUTE, 2 * HALF_HOUR])
            case "late":
                # A board that kept what it read: another recorder, far back, and its minutes end too.
                board, then = Recorder("house", {}), at - at % MINUTE - chance.randrange(200) * MINUTE
                minutes = range(then, then + chance.randrange(1, 50) * MINUTE, MINUTE)
                answers += [store.batches.write([said(board, minute, chance)], at) for minute in minutes]
            case "correct":
                answers.append(corrected(store, chance, max(at, START) + MINUTE))
            case "erase":
                first = chance.randrange(START, max(at, START) + MINUTE)
                span = Range("house", chance.choice(["", POWER, INDEX]), first, first + chance.choice([1, 700, 9000]))
                answers.append((store.erasure.what_is_in(span), store.erasure.erase_range(span, at)))
                recorder.begin_anew()
            case "forget":
                latest = min(store.meters.all()[0].last_time or at, at)
                store.batches.forget(at, chance.randrange(9000), 6 * HALF_HOUR + latest % HALF_HOUR, 10**6)
        answers.append(seen(store, chance, at))
    return answers


def seen(store, chance, until):
    """Whatever is asked of minutes."""
    first = chance.randrange(START - 9 * HALF_HOUR, max(until, START) + MINUTE)
    last = first + chance.choice([1, 60, 500, 4000, 10**6])
    read, found = store.readings, [list(every_row(store.db)), list(every_raw(store.db)), store.meters.series("house")]
    for series in store.meters.series("house"):
        found += [
            *(list(read.read(series, fine, first, last)) for fine in (Granularity.RAW, Granularity.MINUTE)),
            *(read.values(series, fine, first, last) for fine in (Granularity.RAW, Granularity.MINUTE)),
            store.energy.newest(series, first),
            read.around("house", series.path, first),
            read.has("house", series.path, first),
        ]
    for fine in (Granularity.RAW, Granularity.MINUTE):
        page = "house", "", fine, first, last
        found += [[(p, p.quality) for p in read.page(*page, 40)], read.count(*page)]
    waiting = [(row, row.point.quality) for row in store.outbox.pending(COOP, -1, 10**6, until)]
    return [*found, read.last_values("house"), list(read.stream("", None, first, last)), waiting]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_gathered_answers_as_rows_do(tmp_path, seed):
    """Random lives with gaps, clocks set back, boards that come late, corrections, erasures and retention."""
    lives = []
    for gathers in (True, False):
        with closing(house(tmp_path / str(gathers), gathers=gathers)) as store:
            chance = random.Random(seed)
            lives.append(live(store, chance, 150))
            for table in ("minutes", "readings"):
                kept = store.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                assert bool(kept) is gathers
            with closing(Archive(tmp_path / str(gathers))) as archive:
                power = archive.meters.named("house", POWER)
                lives[-1].append(archive.curves.minutes(power, START, START + 86_400))
                with archive.snapshot() as dump:
                    for table in ("minute", "reading"):
                        lives[-1] += [dump.count(table), list(dump.rows(table))]
    assert len(lives[0]) == len(lives[1])
    for gathered, plain in zip(*lives, strict=True):
        assert gathered == plain


def test_what_is_closed_at_the_end_of_a_half_hour_is_one_row_by_series(directory, store, recorder):
    """Those of texts stay as they are: they are few."""
    for at in range(START, START + HALF_HOUR + MINUTE, MINUTE):
        store.batches.write([said(recorder, at, random.Random(at))], at)
    assert store.db.execute("SELECT id >> 24, (id & 16777215) * 1800 FROM minutes").fetchall() == [
        (store.meters.named("house", path).id, START) for path in (POWER, INDEX)
    ]
    text = store.meters.named("house", TARIFF).id
    rows = store.db.execute("SELECT DISTINCT series FROM minute WHERE closed = 1").fetchall()
    assert rows == [(text,)]
    with closing(open_reader(directory)) as db:
        assert len(list(every_row(db))) > 2 * HALF_HOUR // MINUTE


def test_retention_lets_a_half_hour_go_when_all_of_it_is_past(store, recorder):
    """Its minutes go together, at most half an hour after the first of them might have."""
    for at in range(START, START + 2 * HALF_HOUR + MINUTE, MINUTE):
        store.batches.write([said(recorder, at, random.Random(at))], at)
    power, left = store.meters.named("house", POWER), []
    for past in (0, 1740, 1799, 1800, 1860):
        store.batches.forget(START + 2 * HALF_HOUR, 10**6, 2 * HALF_HOUR - past, 10**6)
        left.append(store.readings.count("house", POWER, Granularity.MINUTE, 0, START + 2 * HALF_HOUR))
    assert (power.kind, left) == ("gauge", [60, 60, 60, 30, 30])


def rows(chance):
    """A half hour as a meter may make it, or a value that none will."""
    minutes = sorted(chance.sample(range(30), chance.randrange(1, 31)))
    plain, wide = chance.random() < 0.3, chance.choice([3, 200, 40_000, 2**33, 2**61])
    for minute in minutes:
        low, high, last = sorted(chance.randrange(-wide, wide) for _ in range(3))
        sums = (0, 0, 0, 0) if plain else (chance.randrange(60), chance.randrange(-wide, wide), low, high)
        yield (START + minute * MINUTE, *sums, last)


def test_every_half_hour_comes_back_as_it_was():
    """Of whatever minutes there are, negative numbers and large ones among them."""
    chance = random.Random(1)
    for _ in range(2000):
        half_hour = list(rows(chance))
        written = write_minutes(half_hour)
        assert written is None or read_minutes(START, written) == half_hour


def test_every_half_hour_of_raw_values_comes_back_as_it_was():
    """Few and many, close together and far apart, of one quality and of several."""
    chance = random.Random(1)
    for _ in range(500):
        times = sorted(chance.sample(range(START, START + HALF_HOUR), chance.choice([1, 2, 30, 1700])))
        wide, qualities = chance.choice([2, 300, 40_000, 2**33, 2**60]), chance.choice([(0,), (1,), (0, 1)])
        half_hour = [(time, chance.randrange(-wide, wide), chance.choice(qualities)) for time in times]
        assert read_raw(START, write_raw(half_hour)) == half_hour
    assert write_raw([(START, 1, 0), (START + 1, "two", 0)]) is None


def test_what_no_column_holds_stays_a_row(directory):
    """A number of more than 64 bits between two, a text where a number should be: neither is lost."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as db:
        db.execute("INSERT INTO meter VALUES (1, 'house', 'ab12', NULL, NULL, 0)")
        db.execute("INSERT INTO series VALUES (1, 1, 'x', 'VA', 'gauge')")
        kept = [
            (1, START, 1, 5, 5, 5, 5, 1),
            (1, START + MINUTE, 1, 5, -(2**63), 2**63 - 1, 5, 1),
            (1, START + HALF_HOUR, 1, 5, 5, 5, "five", 1),
            (1, START + 2 * HALF_HOUR, 1, 5, 5, 5, 5, 1),
            (1, START + 2 * HALF_HOUR + MINUTE, 1, 5, 5, 5, 5, 0),
        ]
        db.executemany("INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
        gather_all(db)
        assert list(every_row(db)) == kept
        assert db.execute("SELECT count(*) FROM minute").fetchone() == (4,)
