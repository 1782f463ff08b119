"""The journal in the database: an entry stands or falls with what it tells, and what it tells of people can go."""

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.journal.entry import write_line
from gateway.journal.key import read_key
from gateway.journal.verify import JournalFault, Why, verify
from gateway.store.connection import FILE_NAME
from gateway.store.journal import grouped
from gateway.store.points import Confirm, Granularity
from gateway.store.store import Archive, Store
from gateway.store.terms import Offer, Proof, Terms
from tests.gateway.store.conftest import POWER, START, frame, hand_over
from tests.prepared import prepare

COOP = "coop@sen2.test"
ROOT = Path(__file__).parents[3]


def lines(store):
    return [write_line(entry).encode() + b"\n" for entry in store.journal.entries()]


def told(store):
    """Kind and facts of every entry, texts in their places."""
    found = []
    for entry in store.journal.entries():
        facts = entry.facts()
        for name in [name for name, value in facts.items() if isinstance(value, dict)]:
            facts[name] = entry.texts[name].text if name in entry.texts else None
        found.append((facts.pop("kind"), facts))
    return found


def deliver(store, recorder, times=range(START, START + 180, 60)):
    """Some points are handed over."""
    store.consents.grant(COOP, "house", "consumption", Granularity.RAW, START + 10**7, START)
    store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START)
    for at in times:
        recorder.add(frame(at, power=at % 1000))
    store.batches.write([recorder.take()], START + 1)
    return hand_over(store, COOP, START + 1)


def test_a_journal_begins_by_itself_with_its_key(store, directory):
    """The first entry names format, epoch and public key; the private one is a file of the user's own."""
    head = store.journal.append("restarted", {"version": "1"}, now=START)
    assert head.seq == 2
    key = read_key(directory / "journal.key")
    assert told(store) == [
        ("begun", {"format": 1, "epoch": store.outbox.epoch, "key": key.public}),
        ("restarted", {"version": "1"}),
    ]
    assert (directory / "journal.key").stat().st_mode & 0o777 == 0o600
    assert verify(lines(store), [key.public], [head]).fault is None
    assert store.journal.head() == head


def test_consents_and_withdrawals_are_entries(store):
    """Who, what, how fine, until when; and nobody's address in the chain itself."""
    store.consents.grant(COOP, "house", "consumption", Granularity.HALF_HOUR, START + 10**7, START)
    store.consents.revoke(COOP, "", START + 5)
    granted, withdrawn = told(store)[1:]
    facts = {"consent": 1, "meter": "house", "series": "consumption", "granularity": "PT30M", "until": START + 10**7}
    facts |= {"begins": START, "push": 1, "history": 1, "channel": "command"}
    assert granted == ("consent-granted", facts | {"recipient": COOP})
    assert withdrawn == ("consent-withdrawn", {"consent": 1, "channel": "command", "recipient": COOP})
    assert not any(COOP in entry.event for entry in store.journal.entries())


def test_two_entries_on_one_person_have_nothing_in_common(store):
    """Each commitment has a salt of its own: an erased recipient cannot be followed through the chain."""
    store.consents.grant(COOP, "house", "consumption", Granularity.DAY, START + 10**7, START)
    store.consents.revoke(COOP, "", START + 5)
    commitments = [entry.facts()["recipient"]["$"] for entry in store.journal.entries() if entry.seq > 1]
    assert len(set(commitments)) == 2


def test_what_cannot_be_told_does_not_happen(store, directory):
    """A key that cannot be made undoes the consent; so does an entry that cannot be."""
    (directory / "journal.key").mkdir()
    with pytest.raises(StoreError, match="key cannot be read"):
        store.consents.grant(COOP, "house", "consumption", Granularity.DAY, START + 10**7, START)
    (directory / "journal.key").rmdir()
    store.db.begin()
    store.db.execute("UPDATE meter SET prm = '1'")
    with pytest.raises(ValueError, match="neither a whole number"):
        store.journal.append("restarted", {"version": 1.5})
    assert store.consents.all() == []
    assert store.meters.all()[0].prm is None
    assert told(store) == []
    store.consents.grant(COOP, "house", "consumption", Granularity.DAY, START + 10**7, START)
    assert verify(lines(store)).fault is None


def test_an_entry_stands_or_falls_with_the_open_transaction(store):
    """Undone with it, the number is given again; until it is committed nobody is told of it."""
    first = store.journal.append("restarted", {})
    store.db.begin()
    store.journal.append("notice-sent", {})
    assert store.journal.head() == first
    store.db.rollback()
    assert store.journal.head() == first
    store.db.begin()
    second = store.journal.append("notice-sent", {})
    store.db.commit()
    assert second.seq == 3
    assert store.journal.head() == second
    assert verify(lines(store), anchors=[first, second]).fault is None


def test_what_was_delivered_is_one_entry_for_each_series_and_day(store, recorder):
    """Counts and times, no values; made when the day is over."""
    rows = deliver(store, recorder)
    raw = [row.point for row in rows if row.point.granularity is Granularity.RAW]
    assert len(raw) > 1
    store.batches.write([], START + 2)
    assert "transfer" not in dict(told(store))
    (day,) = {row[0] for row in store.db.execute("SELECT day FROM journal_day")}
    store.batches.write([], day + 86399)
    assert "transfer" not in dict(told(store))
    store.batches.write([], day + 86400)
    transfers = [facts for kind, facts in told(store) if kind == "transfer"]
    assert {
        "day": day,
        "recipient": COOP,
        "meter": "house",
        "series": POWER,
        "granularity": "raw",
        "points": len(raw),
        "first": raw[0].time,
        "last": raw[-1].time,
    } in transfers
    store.batches.write([], day + 2 * 86400)
    assert len([kind for kind, _ in told(store) if kind == "transfer"]) == len(transfers)
    assert verify(lines(store)).fault is None


def test_what_is_given_up_is_not_told_as_delivered(store, recorder):
    """Rows that no message can hold leave the outbox untold."""
    store.consents.grant(COOP, "house", "consumption", Granularity.RAW, START + 10**7, START)
    store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START)
    recorder.add(frame(START, power=5))
    store.batches.write([recorder.take()], START + 1)
    assert store.outbox.drop(COOP, -1, 100) == 1
    store.db.commit()
    assert store.journal.flush() == 0


def test_answers_are_told_with_what_was_delivered(store, recorder):
    """History that a recipient asked for adds to the same day."""
    points = [row.point for row in deliver(store, recorder)]
    before = store.db.execute("SELECT sum(points), count(*) FROM journal_day").fetchone()
    store.journal.count(COOP, grouped((p.series.id, p.granularity, p.time) for p in points), START + 1)
    assert store.db.execute("SELECT sum(points), count(*) FROM journal_day").fetchone() == (2 * before[0], before[1])
    store.journal.count(COOP, [])


def test_a_stop_tells_the_day_that_is_not_over(store, recorder, directory):
    """Nothing waits in a file that may be exported or set aside tomorrow."""
    deliver(store, recorder)
    store.close()
    with closing(Archive(directory)) as archive:
        assert "transfer" in dict(told(archive))
        assert verify(lines(archive)).fault is None


def test_an_erased_text_is_gone_and_the_chain_stays_whole(store, directory):
    """Not even the file's bytes hold it any more; the others' stay."""
    secret = "zoe.keravel@example.org"
    for n in range(200):
        store.journal.append("notice-sent", {"number": n}, {"recipient": secret if n % 2 else COOP, "words": "x" * n})
    assert store.journal.erase(secret) == 100
    assert store.journal.erase(secret) == 0
    assert [facts["recipient"] for _, facts in told(store)[1:]] == [COOP, None] * 100
    verdict = verify(lines(store))
    assert (verdict.fault, verdict.erased) == (None, 100)
    for path in directory.iterdir():
        assert secret.encode() not in path.read_bytes(), path.name
    assert COOP.encode() in (directory / FILE_NAME).read_bytes()


def test_texts_are_erased_by_age(store):
    """What is older than its retention goes, whoever it names."""
    store.journal.append("notice-sent", {}, {"recipient": COOP}, START)
    store.journal.append("notice-sent", {}, {"recipient": COOP}, START + 10)
    assert store.journal.erase(before=START + 10) == 1
    assert [facts["recipient"] for kind, facts in told(store) if kind == "notice-sent"] == [None, COOP]
    assert store.journal.erase() == 1


def test_a_lost_key_is_told_and_stops_nothing(store, directory, caplog):
    """A withdrawal is taken down with a new key, which a verifier has to be told."""
    store.consents.grant(COOP, "house", "consumption", Granularity.DAY, START + 10**7, START)
    store.close()
    old = read_key(directory / "journal.key").public
    (directory / "journal.key").write_bytes(b"damaged")
    with closing(Store(directory)) as again:
        assert again.consents.revoke(COOP, "", START + 5) == 1
        new = read_key(directory / "journal.key").public
        assert told(again)[2] == ("key-rotated", {"key": new})
        assert verify(lines(again), [old]).fault == JournalFault(3, Why.KEY, new)
        assert verify(lines(again), [old, new]).fault is None
    assert (directory / "journal.key.damaged").read_bytes() == b"damaged"
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert "Traceback" not in caplog.text


def test_the_same_key_goes_on_after_a_start(store, directory):
    """A start changes nothing in the chain."""
    store.journal.append("restarted", {})
    store.close()
    with closing(Store(directory)) as again:
        again.journal.append("restarted", {})
        assert [kind for kind, _ in told(again)] == ["begun", "restarted", "restarted"]
        assert verify(lines(again)).fault is None


def test_the_journal_is_saved_from_a_damaged_file(store, directory):
    """A card's fault in the readings does not cost the household its proof."""
    head = store.journal.append("notice-sent", {}, {"recipient": COOP})
    store.close()
    for suffix in ("-wal", "-shm"):
        (directory / (FILE_NAME + suffix)).unlink(missing_ok=True)
    with closing(sqlite3.connect(directory / FILE_NAME)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'reading'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with (directory / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xaa" * size)
    prepare(directory)
    assert list(directory.glob("*.damaged-*Z"))
    with closing(Store(directory)) as again:
        again.journal.append("restarted", {})
        assert told(again)[1:] == [("notice-sent", {"recipient": COOP}), ("restarted", {})]
        assert verify(lines(again), anchors=[head]).fault is None


def test_a_kill_at_any_moment_leaves_a_whole_chain(directory):
    """The entry and its consent are there together or not at all; the next one follows on."""
    with closing(Store(directory)) as store:
        store.meters.add("house", "ab12cd34ef")
    writer = (
        "import sys; from pathlib import Path; from gateway.store.points import Granularity;"
        "from gateway.store.store import Store; store = Store(Path(sys.argv[1]))\n"
        "while True:\n"
        "    store.consents.grant('a@b.c', 'house', 'consumption', Granularity.DAY, 2**40, 1_781_604_000)\n"
        "    print(store.journal.head().seq, flush=True)\n"
    )
    chance = random.Random(3)
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", writer, directory], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            for _ in range(chance.randint(1, 60)):
                said = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        with closing(Archive(directory)) as archive:
            verdict = verify(lines(archive))
            assert verdict.fault is None
            assert verdict.entries >= said
            assert len(archive.consents.all()) == [kind for kind, _ in told(archive)].count("consent-granted")


def test_versions_limits_questions_and_refusals_are_entries(store):
    """Each once, in order; a version names the one before, and who gave the word is named beside the chain."""
    for purpose in ("a", "b"):
        store.access.ask(COOP, "ab12", "consumption", Granularity.DAY, Terms(purpose=purpose), START)
    store.access.refuse(1, START)
    offer = Offer("house", "consumption", Granularity.DAY, START + 99, START)
    store.access.grant(2, [offer], Proof("anne"), START)
    store.consents.grant(COOP, "house", "consumption", Granularity.DAY, START + 99, START + 1)
    store.consents.limit(COOP, START + 2, "anne")
    store.consents.lift_limit(COOP, START + 3)
    entries = told(store)[1:]
    kinds = ["access-asked", "access-asked", "access-refused", "consent-granted", "consent-granted"]
    assert [kind for kind, _ in entries] == [*kinds, "consent-limited", "consent-resumed"]
    assert [facts.get("by") for _, facts in entries] == [None, None, None, "anne", None, "anne", None]
    assert entries[1][1]["purpose"] == "b"
    assert entries[4][1]["replaces"] == 1
