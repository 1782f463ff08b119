"""The judge of ``tools/faults`` finds what is wrong: a judge that never says so would be no judge."""

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from tests.faults.chain import RECIPIENTS
from tests.faults.checker import Checker

INDEX, POWER = "consumption/energy/active/index", "consumption/power/apparent/raw"
MEAN = "consumption/voltage/mean"
START = 1_795_000_000
# Frames in which both values change, so each of them is two points.
FRAMES = [{"time": START + n + 0.5, "data": {"EAST": f"{1000 + n:09}", "SINSTS": f"{n % 50:05}"}} for n in range(1000)]
POINTS = [(INDEX, START + n, 1000 + n) for n in range(1000)] + [(POWER, START + n, n % 50) for n in range(1000)]


@pytest.fixture
def chain(tmp_path):
    """What a run leaves behind that lost nothing: the gateway's file and its recipients'."""
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data/linky-gateway.sqlite")) as db:
        db.execute("CREATE TABLE series (id INTEGER PRIMARY KEY, path)")
        db.execute("CREATE TABLE reading (series, time, value)")
        db.executemany("INSERT INTO series VALUES (?, ?)", [(1, INDEX), (2, POWER)])
        db.executemany("INSERT INTO reading VALUES (?, ?, ?)", [(1 + (p == POWER), t, v) for p, t, v in POINTS])
        db.commit()
    for who in RECIPIENTS:
        with closing(sqlite3.connect(tmp_path / f"{who}.sqlite")) as db:
            db.execute("CREATE TABLE record (name, time, value)")
            db.executemany("INSERT INTO record VALUES (?, ?, ?)", [(f"home/ab12/{p}", t, v) for p, t, v in POINTS])
            db.commit()
    house = SimpleNamespace(folder=tmp_path)
    return SimpleNamespace(house=house, meter=SimpleNamespace(truth=lambda: FRAMES), damaged=False)


def change(chain, file, statement):
    """Something goes wrong in one of the files."""
    path = chain.house.folder / ("data/linky-gateway.sqlite" if file == "gateway" else f"{file}.sqlite")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute(statement).rowcount == 1
        db.commit()


def judged(chain, **known):
    """What the judge says of it, having looked once before."""
    checker = Checker(chain, **known)
    checker.look()
    return checker


def test_nothing_is_said_of_a_run_that_lost_nothing(chain):
    """Every point of every frame, once, in each file."""
    assert judged(chain).judge() == []


@pytest.mark.parametrize(
    ("file", "statement", "sentence"),
    [
        ("recipient", f"DELETE FROM record WHERE time = {START + 500} AND value = 1500", "1 points committed, and not"),
        ("recipient", "INSERT INTO record SELECT * FROM record LIMIT 1", "1 points twice at the recipient"),
        ("neighbour", f"DELETE FROM record WHERE time = {START + 500} AND value = 1500", "1 points committed, and not"),
        ("recipient", f"INSERT INTO record VALUES ('a/b/{INDEX}', {START}, 7)", "1 points at the recipient, and never"),
        (
            "gateway",
            f"DELETE FROM reading WHERE time = {START + 500} AND series = 1",
            "1 points seen in the file, and gone",
        ),
        ("gateway", f"INSERT INTO reading VALUES (1, {START + 500}, 7)", f"1 points {INDEX} that the meter never said"),
    ],
    ids=[
        "lost on the way",
        "twice",
        "lost on the other way",
        "invented on the way",
        "gone from the file",
        "invented in the file",
    ],
)
def test_what_went_wrong_is_said(chain, file, statement, sentence):
    """One point among two thousand."""
    checker = judged(chain)
    change(chain, file, statement)
    assert any(said.startswith(sentence) for said in checker.judge())


def test_what_was_read_and_is_nowhere_is_said(chain):
    """Committed never, received never, and nobody was there to be excused; in a gap nobody asks for it."""
    for file, table in (("gateway", "reading"), *((who, "record") for who in RECIPIENTS)):
        change(chain, file, f"DELETE FROM {table} WHERE time = {START + 500} AND value = 1500")
    assert [said.partition(":")[0] for said in judged(chain).judge()] == [
        f"1 points {INDEX} that was said and read, and is nowhere"
    ]
    assert judged(chain, gaps=[(START + 499, START + 501)]).judge() == []


def test_what_was_read_without_a_consent_is_not_owed(chain):
    """The household's word at that moment decides."""
    for who in RECIPIENTS:
        change(chain, who, f"DELETE FROM record WHERE time = {START + 500} AND value = 1500")
    assert judged(chain, unshared=[(START + 499, START + 501)]).judge() == []


def test_a_mean_is_judged_by_when_it_was_said(chain):
    """It has the date of ten minutes before: what counts is whether the consent stood when the meter said it."""
    checker = judged(chain, unshared=[(START + 700, START + 701)])
    late = (MEAN, START + 100, 229)
    assert checker._was_unshared(late)
    assert not checker._was_unshared((INDEX, START + 100, 229))
    assert not checker._was_unshared((MEAN, START + 400, 229))
