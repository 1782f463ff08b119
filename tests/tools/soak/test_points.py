"""The judge of ``tools/soak`` over real files: a store, and recipients' files; one fault in each case."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.federation.recipient.recipient import Keeper
from gateway.store.points import Confirm
from gateway.store.prepare import prepare
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from soak.house import RECIPIENTS, name_of
from soak.meters import HOUSE, SAID
from soak.points import INDEX, Book, compare, judge

START = 1_795_658_400
POWER = "consumption/power/apparent/raw"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The folder of a run of two hours that went well: what the store promised is what was received."""
    folder = tmp_path_factory.mktemp("soak")
    prepare(folder / "data")
    store = Store(folder / "data")
    for kind in HOUSE:
        store.meters.add(kind.name, kind.name)
    for one in RECIPIENTS:
        for meter, prefix in one.shared:
            store.consents.grant(one.jid, meter, prefix, one.granularity, START + 10**8, START - 60)
            store.subscriptions.add(one.jid, meter, "", "sen1", Confirm.RECEIPT, START - 60)
    for number, kind in enumerate(HOUSE, 1):
        recorder, said = Recorder(kind.name, {}), b""
        for at in range(START, START + 7201, 20):
            index = 1000 * number + (at - START) // 40
            recorder.add(_frame(at, index, 200 + at % 77))
            said += SAID.pack(at, index) if (at - START) % 40 == 0 else b""
        store.batches.write([recorder.take()], START)
        (folder / f"{kind.name}.said").write_bytes(said)
    for one in RECIPIENTS:
        points = [row.point for row in store.outbox.pending(one.jid, -1, 100_000, START)]
        rows = [(name_of(p.series.meter, p.series.path), p.granularity.code, p.time, p.value) for p in points]
        Keeper(folder / f"{one.name}.sqlite").close()
        with closing(sqlite3.connect(folder / f"{one.name}.sqlite")) as db:
            db.executemany("INSERT INTO record VALUES (?, ?, ?, ?, '', '', '')", rows)
            db.commit()
        (folder / f"{one.name}.out").write_text("a point\n" * len(rows))
    store.close()
    Book(folder).note()
    return folder


@pytest.fixture
def run(lived, tmp_path):
    """A copy of it, to spoil."""
    return shutil.copytree(lived, tmp_path / "run")


def _frame(at, index, power):
    moment = datetime.fromtimestamp(at, UTC)
    readings = (
        Reading(INDEX, moment, index, "Wh", Kind.INDEX, Quality.METER),
        Reading(POWER, moment, power, "VA", Kind.GAUGE, Quality.METER),
    )
    return Interpretation(moment, Quality.METER, "022162000001", None, readings, ())


def test_a_run_in_which_all_arrived_is_found_well(run):
    """And it is told how many points each was owed."""
    wrong, owed = judge(run, START)
    assert wrong == []
    assert owed["exact"] == 181
    # 120 minutes of two series, and the mean power of four half hours.
    assert owed["slow"] == owed["away"] == owed["minutes"] == 244
    # Of each meter: the index at four half hours, the power of four, the mean power of four.
    assert owed["halves"] == 36


STRAY = "('maison@sen1.test/farm@sen1.test/consumption/x', 'raw', 1, 1, '', '', '')"


@pytest.mark.parametrize(
    ("name", "query", "sentence"),
    [
        ("slow", "DELETE FROM record WHERE time = {} AND name LIKE '%index'", "1 points committed, and not at slow"),
        ("halves", "UPDATE record SET value = 1 WHERE time = {} + 1740", "points committed, and not at halves"),
        ("halves", "UPDATE record SET value = 1 WHERE time = {} + 1740", "points at halves, and never committed"),
        ("exact", "UPDATE record SET time = time + 1 WHERE time = {} + 20", "1 points at exact, and never committed"),
        ("away", f"INSERT INTO record VALUES {STRAY}", "1 points of series that away may not have"),
        ("minutes", "INSERT INTO refused VALUES ('x', 'y', 'z')", "1 messages that minutes could not read"),
    ],
)
def test_a_point_that_is_lost_changed_or_invented_is_found(run, name, query, sentence):
    """Each at the recipient at which it is."""
    with closing(sqlite3.connect(run / f"{name}.sqlite")) as db:
        assert db.execute(query.format(START + 60)).rowcount
        db.commit()
    assert any(sentence in line for line in judge(run, START)[0])


def test_a_point_that_was_told_twice_is_found(run):
    """The recipient prints each new point once."""
    with (run / "slow.out").open("a") as out:
        out.write("a point\n")
    assert judge(run, START)[0] == ["1 points that slow was told twice"]


def test_an_index_that_was_said_and_is_not_stored_is_found(run):
    """What the meter said stands in a file of its own."""
    with (run / "house.said").open("ab") as said:
        said.write(SAID.pack(START + 7300, 99_999))
    assert judge(run, START)[0] == [f"1 points said by house, and not committed: ({START + 7300}, 99999)"]


ANOTHER_TIME = "1 points of m with another time than when they were said"
SAID_ROWS = [(100, 1), (101, 2), (105, 3), (2000, 4), (2001, 5)]


@pytest.mark.parametrize(
    ("seen", "dated", "wrong"),
    [
        (SAID_ROWS, True, []),
        (SAID_ROWS[1:], True, []),  # the first frames were for the speed
        ([(103, 2), *SAID_ROWS[2:]], True, []),  # the first that is believed is no change
        ([(103, 9), *SAID_ROWS[2:]], True, ["the first index of m is 9, which it did not say then"]),
        (SAID_ROWS[:3], True, ["2 points said by m, and not committed: (2000, 4), (2001, 5)"]),
        ([*SAID_ROWS, (2002, 6)], True, ["1 points committed, and not said by m: (2002, 6)"]),
        ([], True, ["nothing is stored of m"]),
        ([(102, 1), (106, 3), (2003, 5)], False, []),  # read in the same second as the one before
        ([(102, 1), (106, 3), (2003, 4)], False, []),
        ([(102, 1), (106, 3)], False, ["the last index of m is 3, and it said 5"]),
        ([(102, 1), (106, 7), (2003, 5)], False, ["1 points committed, and never said by m: (106, 7)"]),
        ([(99, 1), (2003, 5)], False, [f"{ANOTHER_TIME}: (99, 1)"]),
        ([(102, 1), (1200, 3), (2003, 5)], False, [f"{ANOTHER_TIME}: (1200, 3)"]),
    ],
)  # fmt: skip
def test_an_index_is_compared_with_what_was_said(seen, dated, wrong):
    """To the second where frames are dated, within what a buffer holds where they are not."""
    assert compare("m", SAID_ROWS, seen, dated=dated) == wrong
