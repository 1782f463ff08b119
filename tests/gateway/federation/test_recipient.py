"""The recipient's file: each record once, and a chain of numbers that says how far nothing is missing."""

import itertools
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest

from gateway.federation.recipient.recipient import Keeper
from gateway.federation.wire.notice import Notice
from gateway.federation.wire.stanza import Interval, QuoaliseMessage
from gateway.journal.entry import Head
from gateway.senml.pack import Record
from gateway.store.recipient_file import RecipientFile, read_anchors
from gateway.store.terms import NoticeKind

EPOCH = "0a1b2c3d"


def parcel(after, last, epoch=EPOCH):
    """A message whose record number n is of second n."""
    records = tuple(Record("gw@a/s@a/x", 10**9 + n, n, "W") for n in range(after + 1, last + 1))
    return QuoaliseMessage(records, Interval(epoch, after, last), "s", None, {}, {})


@pytest.fixture(params=["file", "memory"])
def keeper(request, tmp_path):
    """With a file and without one."""
    opened = Keeper(tmp_path / "r.sqlite" if request.param == "file" else None)
    yield opened
    opened.close()


def test_a_repetition_brings_nothing_new(keeper):
    """The same message again, and one that overlaps (with a file: records have an identity of their own)."""
    keeper.begin(EPOCH, 1, 0)
    assert len(keeper.add(parcel(0, 5))) == 5
    assert keeper.add(parcel(0, 5)) == []
    assert keeper.reached() == (EPOCH, 5)


def test_messages_in_any_order_make_the_chain_whole(keeper):
    """Until the missing one is there the chain waits before it."""
    chance = random.Random(1)
    spans = list(itertools.pairwise(range(0, 60, 5)))
    for _ in range(20):
        chance.shuffle(spans)
        epoch = f"{chance.randrange(16**8):08x}"
        keeper.begin(epoch, 1, 55)
        got = set()
        for after, last in spans:
            keeper.add(parcel(after, last, epoch))
            got |= set(range(after + 1, last + 1))
            whole = next(n for n in range(60) if n + 1 not in got)
            assert keeper.reached() == (epoch, whole)


def test_what_the_gateway_no_longer_has_is_not_waited_for(keeper):
    """Revoked or expired rows leave a hole that the first number waiting closes."""
    keeper.begin(EPOCH, 1, 30)
    keeper.add(parcel(0, 5))
    keeper.add(parcel(20, 30))
    assert keeper.reached() == (EPOCH, 5)
    keeper.begin(EPOCH, 21, 30)
    assert keeper.reached() == (EPOCH, 30)


def test_what_was_passed_over_is_asked_of_the_history(tmp_path):
    """From the last record of each series on, until its pages have come; of what is not asked for nothing is."""
    keeper, name = Keeper(tmp_path / "r.sqlite"), "gw@a/s@a/x"
    keeper.begin(EPOCH, 1, 0, "gw@a", [name])
    keeper.add(parcel(0, 5))
    keeper.begin(EPOCH, 6, 5, "gw@a", [name])
    assert keeper.gaps("gw@a") == []
    keeper.begin(EPOCH, 9, 8, "gw@a", [name, "gw@a/s@a/y"])
    (gap,) = keeper.gaps("gw@a")
    assert (gap.identifier, gap.first) == (name, 10**9 + 5)
    keeper.replace(parcel(5, 8), gap.id)
    assert keeper.gaps("gw@a") == []
    keeper.close()


def test_records_are_not_looked_through_while_nothing_is_missing(tmp_path):
    """A recipient subscribes again every ten minutes, and has kept years; a text that rests is not asked from afar."""
    other = "gw@a/s@a/y"
    keeper = Keeper(tmp_path / "r.sqlite")
    keeper.begin(EPOCH, 1, 0, "gw@a", ["gw@a/s@a"])
    keeper.add(parcel(0, 1))
    resting = QuoaliseMessage((Record(other, 10.0, "BLUE", None),), Interval(EPOCH, 1, 2), "s", None, {}, {})
    keeper.add(resting)
    asked = []
    keeper.file.db.set_trace_callback(asked.append)
    keeper.begin(EPOCH, 3, 2, "gw@a", ["gw@a/s@a"])
    assert not [one for one in asked if "FROM record" in one]
    keeper.begin(EPOCH, 5, 4, "gw@a", ["gw@a/s@a"])
    assert [one for one in asked if "FROM record" in one]
    (gap,) = keeper.gaps("gw@a")
    assert gap.first == 10**9 + 1 - 2 * 86_400
    keeper.close()


def test_what_came_beyond_a_hole_is_no_beginning_of_what_is_asked(tmp_path):
    """Pushes may come before the answer that explains the hole, and a new start between them: from before it on."""
    name = "gw@a/s@a/x"
    keeper = Keeper(tmp_path / "r.sqlite")
    keeper.begin(EPOCH, 1, 0, "gw@a", [name])
    keeper.add(parcel(0, 5))
    keeper.add(parcel(8, 10))
    keeper.add(parcel(12, 14))
    keeper.close()
    keeper = Keeper(tmp_path / "r.sqlite")
    keeper.begin(EPOCH, 11, 14, "gw@a", [name])
    assert [gap.first for gap in keeper.gaps("gw@a")] == [10**9 + 5]
    keeper.begin(EPOCH, 15, 14, "gw@a", [name])
    # Asked as one: where no history is given nobody fills it, and there is one more with each hole.
    (gap,) = keeper.gaps("gw@a")
    assert gap.first == 10**9 + 5
    keeper.replace(parcel(14, 14), gap.id)
    keeper.begin(EPOCH, 16, 15, "gw@a", [name])
    (gap,) = keeper.gaps("gw@a")
    assert gap.first == 10**9 + 14
    keeper.close()


@pytest.mark.parametrize("pushes", [0, 1, 2])
def test_a_hole_before_the_first_record_is_asked_from_when_it_was_accepted(tmp_path, pushes):
    """Whatever came behind it before the answer, and over a new start; once it is explained nothing of it is left."""
    name, other = "gw@a/s@a/x", "gw@a/s@a/y"
    keeper, before = Keeper(tmp_path / "r.sqlite"), int(time.time())
    keeper.begin(EPOCH, 1, 0, "gw@a", [name, other], name)
    for number in range(pushes):
        keeper.add(parcel(3 + number, 4 + number))
    keeper.close()
    keeper = Keeper(tmp_path / "r.sqlite")
    keeper.begin(EPOCH, 4, 3 + pushes, "gw@a", [name, other], name)
    (gap,) = keeper.gaps("gw@a")
    assert gap.identifier == name
    assert before - 2 * 86_400 <= gap.first <= int(time.time()) - 2 * 86_400 < gap.last
    assert keeper.reached() == (EPOCH, 3 + pushes)
    keeper.replace(parcel(0, 3), gap.id)
    assert (keeper.gaps("gw@a"), keeper.file.missed._db.execute("SELECT * FROM end_before").fetchall()) == ([], [])
    # A later hole is asked for from the last record on, as ever.
    keeper.add(parcel(3 + pushes, 6))
    keeper.begin(EPOCH, 9, 8, "gw@a", [name, other], name)
    assert [(gap.identifier, gap.first) for gap in keeper.gaps("gw@a")] == [(name, 10**9 + 6)]
    keeper.close()


def test_a_hole_before_the_first_record_that_closes_by_itself_leaves_nothing(tmp_path):
    """What was late comes after all; the next hole is asked for from the last record on."""
    name = "gw@a/s@a/x"
    keeper = Keeper(tmp_path / "r.sqlite")
    keeper.begin(EPOCH, 1, 0, "gw@a", [name], name)
    for after, last in ((3, 5), (5, 6), (0, 3)):
        keeper.add(parcel(after, last))
    keeper.begin(EPOCH, 7, 6, "gw@a", [name], name)
    assert keeper.gaps("gw@a") == []
    keeper.begin(EPOCH, 9, 8, "gw@a", [name], name)
    assert [gap.first for gap in keeper.gaps("gw@a")] == [10**9 + 6]
    keeper.close()


def test_what_has_fewer_points_than_numbers_leaves_a_hole(keeper):
    """Nobody knows which of them are gone: the next answer explains it, and the history is asked."""
    keeper.begin(EPOCH, 1, 0)
    keeper.add(replace(parcel(0, 3), interval=Interval(EPOCH, 0, 5)))
    assert keeper.reached() == (EPOCH, 0)
    keeper.begin(EPOCH, 6, 5)
    assert keeper.reached() == (EPOCH, 5)


def test_a_gateway_restored_from_a_backup_gives_numbers_again(keeper):
    """What lies above its last number is forgotten, so that the same numbers with other readings are taken."""
    keeper.begin(EPOCH, 1, 0)
    keeper.add(parcel(0, 30))
    keeper.begin(EPOCH, 11, 10)
    assert keeper.reached() == (EPOCH, 10)
    keeper.add(parcel(10, 12))
    assert keeper.reached() == (EPOCH, 12)


def test_a_new_database_of_the_gateway_begins_a_new_chain(keeper):
    """Numbers of the old one mean nothing any more."""
    keeper.begin(EPOCH, 1, 0)
    keeper.add(parcel(0, 30))
    keeper.begin("ffffffff", 4, 3)
    assert keeper.reached() == ("ffffffff", 3)


def test_what_was_committed_is_there_after_a_new_start(tmp_path):
    """Records, chain and what could not be read."""
    path = tmp_path / "r.sqlite"
    first = Keeper(path)
    first.begin(EPOCH, 1, 0)
    first.add(parcel(0, 5))
    first.refuse("x-1", "no pack", "<data/>")
    first.close()
    second = Keeper(path)
    assert second.reached() == (EPOCH, 5)
    assert second.add(parcel(3, 6))[0].value == 6
    second.close()


def test_a_record_is_printed_with_its_time_in_utc(keeper):
    """One JSON object a record."""
    (record,) = keeper.add(parcel(4, 5))
    assert record.as_json() == {
        "name": "gw@a/s@a/x",
        "time": "2001-09-09T01:46:45Z",
        "value": 5,
        "unit": "W",
        "granularity": "raw",
        "meter": "s",
    }


def test_the_newest_journal_head_of_each_gateway_is_kept(tmp_path):
    """A shortened journal, or a message that comes late, does not take its place."""
    path = tmp_path / "r.sqlite"
    keeper = Keeper(path)
    for n, (gateway, seq) in enumerate([("a@x", 5), ("a@x", 9), ("a@x", 7), ("b@x", 2), ("a@x", 9)]):
        found = parcel(n, n + 1)
        keeper.add(QuoaliseMessage(found.records, found.interval, "s", None, {}, {}, Head(seq, f"{n}" * 64)), gateway)
    keeper.add(parcel(9, 10), "a@x")
    assert [(a.gateway, a.seq, a.hash[0]) for a in read_anchors(path)] == [("a@x", 9, "1"), ("b@x", 2, "3")]
    keeper.close()


def test_what_the_gateway_withdraws_is_deleted(tmp_path):
    """The branch and the time that the notice names, nothing beside them; without limits, all of it."""
    keeper = Keeper(tmp_path / "r.sqlite")
    keeper.add(parcel(0, 5))
    named = "gw@a/s@a/x"
    assert keeper.obey(Notice("1", NoticeKind.DATA_ERASED, named, 10**9 + 2, 10**9 + 3)) == 2
    assert keeper.obey(Notice("2", NoticeKind.DATA_ERASED, "gw@a/s@a/y")) == 0
    assert keeper.obey(Notice("3", NoticeKind.DATA_ERASED)) == 3
    keeper.add(parcel(5, 7))
    assert keeper.obey(Notice("3", NoticeKind.DATA_ERASED)) is None
    assert keeper.obey(Notice("4", NoticeKind.CONSENT_LIMITED)) == 0
    keeper.close()


def test_a_value_is_changed_on_the_gateways_word_alone(tmp_path):
    """A message that rectifies replaces what was kept, and tells it; any other leaves the first value."""
    with closing(Keeper(tmp_path / "r.sqlite")) as keeper:
        said = [
            keeper.add(
                QuoaliseMessage((Record("gw@a/s@a/x", 10**9, value, "W"),), None, "s", None, {}, {}, rectifies=word)
            )
            for value, word in ((1, False), (2, False), (3, True), (3, True), (4, False))
        ]
        assert [[r.value for r in new] for new in said] == [[1], [], [3], [], []]
        assert keeper.file.db.execute("SELECT value FROM record").fetchall() == [(3,)]


def test_an_order_in_the_literal_form_reaches_what_was_asked_by_prm(tmp_path):
    """A gateway that does not know how a name was asked names it literally."""
    keeper = Keeper(tmp_path / "r.sqlite")
    urn = "urn:dev:prm:30001610071843_x"
    keeper.add(QuoaliseMessage((Record(urn, 10**9, 1, "W"),), None, "s", None, {}, {urn: "gw@a/s@a/x"}))
    assert keeper.obey(Notice("1", NoticeKind.DATA_ERASED, "gw@a/s@a/y")) == 0
    assert keeper.obey(Notice("2", NoticeKind.DATA_ERASED, "gw@a/s@a/x")) == 1
    keeper.close()


def test_what_is_rectified_is_asked_for_again_also_after_a_restart(tmp_path):
    """By the identifiers that the notice meets; the gap closes with the last page, and what changed is told."""
    path = tmp_path / "r.sqlite"
    keeper = Keeper(path)
    keeper.add(parcel(0, 3), "a@x")
    told = Notice("1", NoticeKind.DATA_RECTIFIED, "gw@a/s@a/x", 10**9 + 1, 10**9 + 2)
    assert keeper.obey(told, "a@x", ["gw@a/s@a", "gw@a/s@a/y"]) == 0
    keeper.close()
    keeper = Keeper(path)
    (gap,) = keeper.gaps("a@x")
    assert (gap.identifier, gap.first, gap.last, gap.replaces) == ("gw@a/s@a", 10**9 + 1, 10**9 + 3, True)
    records = tuple(Record("gw@a/s@a/x", 10**9 + n, value, "W") for n, value in ((1, 1), (2, 77)))
    changed = keeper.replace(QuoaliseMessage(records, None, "s", None, {}, {}))
    assert [(r.time - 10**9, r.value) for r in changed] == [(2, 77)]
    assert keeper.gaps("a@x") == [gap]
    assert keeper.replace(QuoaliseMessage((), None, "s", None, {}, {}), gap.id) == []
    assert keeper.gaps("a@x") == []
    keeper.close()


def test_a_file_of_before_is_gone_on_with(tmp_path):
    """Its records are known, its chain begins anew: the gateway sends again what waits, and nothing counts twice."""
    path = tmp_path / "r.sqlite"
    keeper = Keeper(path)
    keeper.add(parcel(0, 5))
    keeper.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE received_chain")
        db.execute("CREATE TABLE chain (epoch TEXT PRIMARY KEY, reached INTEGER NOT NULL) WITHOUT ROWID")
    keeper = Keeper(path)
    assert keeper.reached() is None
    keeper.begin(EPOCH, 1, 5)
    assert keeper.add(parcel(0, 5)) == []
    assert keeper.reached() == (EPOCH, 5)
    keeper.close()


def test_gaps_that_are_near_are_one_and_a_number_stands_for_one_gap(tmp_path):
    """All that lies between two distant ones is not asked for; who asks just now does not end another's question."""
    with closing(RecipientFile(tmp_path / "kept.sqlite", lambda *_: None)) as file, file.transaction():
        missed, day = file.missed, 86_400
        missed.add("gw@a", "x", 0, 100)
        missed.add("gw@a", "x", 100 * day, 101 * day)
        one, other = missed.gaps("gw@a")
        missed.add("gw@a", "x", 101 * day + 5, 101 * day + 9)
        assert [(gap.first, gap.last) for gap in missed.gaps("gw@a")] == [(0, 100), (100 * day, 101 * day + 9)]
        missed.fill(other.id)
        assert len(missed.gaps("gw@a")) == 2
        missed.fill(one.id)
        for number in range(60):
            missed.add("gw@a", "x", number * 10 * day, number * 10 * day)
        assert len(missed.gaps("gw@a")) <= 50
