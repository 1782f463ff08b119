"""The log beside the database: what is postponed is on the card, and comes to what a commit each time comes to."""

import errno
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest

from gateway.errors import StoreError
from gateway.store.connection import FILE_NAME, open_writer
from gateway.store.copies import copy_database
from gateway.store.erasure import Range
from gateway.store.journal import KEY_NAME
from gateway.store.points import Confirm, Granularity, Outgoing
from gateway.store.recorder import Happened, Recorder
from gateway.store.redo import REDO_NAME, HandedRows, RedoLog, WrittenBatches
from gateway.store.restore import adopt
from gateway.store.store import Archive, Store
from tests.gateway.store.conftest import INDEX, POWER, START, TARIFF, frame, hand_over
from tests.prepared import prepare

NOW = START
COOP, TOWN = "coop@sen1.test", "town@sen2.test"
MINUTE, HALF_HOUR = 60, 1800


def minute(recorder, at, power=230):
    """A minute of three frames."""
    for second in (0, 20, 40):
        recorder.add(frame(at + second, power=power + second, index=at // 7 + second, tariff="HP"))
    return recorder.take()


def house(directory, *, postpones=True):
    """A store with one meter and two recipients, of whom one is sent every minute."""
    store = Store(directory)
    store.meters.add("house", "ab12cd34ef")
    for who, granularity in ((COOP, Granularity.MINUTE), (TOWN, Granularity.HALF_HOUR)):
        store.consents.grant(who, "house", "", granularity, NOW + 10**7, NOW)
        store.subscriptions.add(who, "house", "", "sen1", Confirm.RECEIPT, NOW)
    if postpones:
        store.db.postpone_from_now()
    return store


def rows_of(db):
    """Every row of every table, but for the log's own, and for what is random."""
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    chance = {"about", "journal", "journal_text", "_sqlite_migrations"}
    rows = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in tables if name not in chance}
    return rows | {"journal": db.execute("SELECT count(*) FROM journal").fetchall()}


def power_cut(directory, target):
    """What the card has at this moment, as if nothing that was not synced had come to it."""
    target.mkdir()
    for name in (FILE_NAME, f"{FILE_NAME}-wal", REDO_NAME, KEY_NAME):
        if (directory / name).exists():
            shutil.copyfile(directory / name, target / name)
    return target


def test_a_minute_is_on_the_card_before_the_commit_of_its_half_hour(directory, tmp_path):
    """Who reads the file sees it with the commit; the store itself, and who comes after a power cut, at once."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    store.batches.write([minute(recorder, START + 60)], NOW)
    assert store.outbox.pending(COOP, -1, 100, NOW)
    archive = Archive(directory)
    assert archive.readings.page("house", POWER, Granularity.RAW, 0, 2**40, 9) == []
    again = Store(power_cut(directory, tmp_path / "after"))
    assert rows_of(again.db) == rows_of(store.db)
    again.close()
    store.db.commit()
    assert [p.value for p in archive.readings.page("house", POWER, Granularity.RAW, 0, 2**40, 9)] == [230, 250, 270] * 2
    archive.close()
    store.close()


def test_a_minute_that_leaves_at_once_is_one_record_with_what_is_noted_of_it(directory, tmp_path):
    """Before that nothing of it is on the card, and nothing has left; without a message ``settle`` puts it there."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    store.batches.settle()
    assert store.db.redo._place == 1
    before = rows_of(store.db)
    store.batches.write([minute(recorder, START + 60)], NOW, leaving=True)
    with closing(Store(power_cut(directory, tmp_path / "before"))) as again:
        assert rows_of(again.db) == before
    hand_over(store, COOP, NOW)
    store.batches.settle()
    assert store.db.redo._place == 2
    with closing(Store(power_cut(directory, tmp_path / "left"))) as again:
        assert rows_of(again.db) == rows_of(store.db)
    store.outbox.confirm(COOP, -1, 2, NOW)
    # A receipt alone is no reason to write.
    store.batches.settle()
    assert store.db.redo._place == 2
    store.batches.write([minute(recorder, START + 120)], NOW, leaving=True)
    store.batches.settle()
    assert store.db.redo._place == 3
    with closing(Store(power_cut(directory, tmp_path / "settled"))) as again:
        assert rows_of(again.db) == rows_of(store.db)
    store.close()


def test_what_leaves_at_once_and_is_undone_is_done_again(directory, tmp_path):
    """The note of its message fails, and the whole operation with it: the next one has the readings all the same."""
    store, recorder = house(directory), Recorder("house", {})
    for at in (START, START + 60):
        store.batches.write([minute(recorder, at)], NOW)
    store.batches.write([minute(recorder, START + 120)], NOW, leaving=True)
    rows, before = rows_of(store.db), store.db.redo._place
    store.db.rollback()
    assert rows_of(store.db) != rows
    store.batches.settle()
    assert (rows_of(store.db), store.db.redo._place) == (rows, before + 1)
    with closing(Store(power_cut(directory, tmp_path / "after"))) as again:
        assert rows_of(again.db) == rows
    store.close()


def test_rows_whose_note_fails_are_there_for_the_next_try(directory):
    """A full card while they leave: nobody is told that they are gone, which would be never to send them."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    store.batches.write([minute(recorder, START + 60)], NOW, leaving=True)
    rows = tuple(store.outbox.pending(COOP, -1, 100, NOW))
    assert rows
    store.db.redo._end = 2**20
    store.db.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError):
        store.outbox.hand_over([Outgoing(COOP, rows[-1].seq, rows)], NOW)
    for look in (partial(store.outbox.pending, COOP, -1, 100, NOW), partial(store.outbox.keeps, COOP, -1, 100)):
        with pytest.raises(StoreError):
            look()
    store.db.execute("PRAGMA query_only = 0")
    assert store.outbox.keeps(COOP, rows[-1].seq - 1, rows[-1].seq)
    assert tuple(store.outbox.pending(COOP, -1, 100, NOW)) == rows
    store.close()


def test_the_end_of_a_half_hour_commits(directory):
    """All of it, and the next minute is postponed again."""
    store, recorder = house(directory), Recorder("house", {})
    for at in range(START, START + HALF_HOUR + 120, 60):
        store.batches.write([minute(recorder, at)], NOW)
        assert store.db.in_transaction is not (at == START + HALF_HOUR)
    store.close()
    assert (directory / REDO_NAME).stat().st_size == 2**20


def test_a_record_that_fits_into_a_block_lies_in_one(directory):
    """A block is what the card writes: two for a record would be twice that, each minute; all are read again."""
    log, chance, generation = RedoLog(directory), random.Random(1), "g" * 16
    log.make()
    log.begin(generation)
    records = []
    while log.write(record := [HandedRows([(COOP, 1, chance.sample(range(10**9), chance.randrange(1, 700)))], NOW)]):
        records.append(record)
    data = (directory / REDO_NAME).read_bytes()
    found = [at for at in range(0, len(data), 512) if data[at : at + 16] == generation.encode()]
    sizes = [28 + struct.unpack_from(">16sIII", data, at)[2] for at in found]
    assert len(found) == len(records) > 300
    assert all(at // 4096 == (at + size - 1) // 4096 for at, size in zip(found, sizes, strict=True) if size <= 4096)
    assert list(log.read(generation)) == records
    log.close()


def life(store, chance, recorder, clock, changes=10):
    """Some minutes of a house: readings, messages that leave, receipts, and what a household decides in between."""
    for _ in range(changes):
        what = chance.choice(["minute"] * 6 + ["hand", "hand", "confirm", "word", "show", "limit", "settle"])
        now = NOW + clock[0] - START
        waiting = store.outbox.pending(COOP, -1, 10**6, now)
        if what == "minute":
            leaving = chance.random() < 1 / 2
            store.batches.write([minute(recorder, clock[0], chance.randrange(5000))], now, leaving=leaving)
            clock[0] += MINUTE
        elif what == "hand" and waiting:
            hand_over(store, COOP, now, waiting[chance.randrange(len(waiting))].seq)
        elif what in ("confirm", "word") and waiting:
            take = store.outbox.confirm if what == "confirm" else store.outbox.take_servers_word
            take(COOP, -1, waiting[0].seq + chance.randrange(5), now)
        elif what == "show":
            points = store.watching.live_points(TOWN, "house", "", {POWER: 1}, clock[0], now) or []
            store.watching.note_shown(TOWN, points or [row.point for row in waiting[:3]], now)
        elif what == "limit":
            limited = store.consents.limited(TOWN, now)
            (store.consents.lift_limit if limited else store.consents.limit)(TOWN, now)
        elif what == "settle":
            store.db.commit()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_postponed_comes_to_what_commits_come_to(tmp_path, seed):
    """Two houses live the same; one commits each step, the other postpones, and loses its power again and again."""
    plain, cut = tmp_path / "plain", tmp_path / "cut"
    for folder in (plain, cut):
        folder.mkdir()
        prepare(folder)
    one, other = house(plain, postpones=False), house(cut)
    recorders, clocks = [Recorder("house", {}), Recorder("house", {})], [[START], [START]]
    for turn in range(6):
        for store, recorder, clock in zip((one, other), recorders, clocks, strict=True):
            life(store, random.Random(f"{seed} {turn}"), recorder, clock, 12)
            # What a receipt began is durable with the next write of a minute.
            store.batches.write([minute(recorder, clock[0])], NOW + clock[0] - START)
            clock[0] += MINUTE
        assert rows_of(other.db) == rows_of(one.db)
        if turn % 2:
            cut = power_cut(cut, tmp_path / f"cut {turn}")
            other = Store(cut)
            assert rows_of(other.db) == rows_of(one.db)
            assert not other.db.in_transaction
            other.db.postpone_from_now()
    one.close()
    other.close()
    assert rows_of(sqlite3.connect(cut / FILE_NAME)) == rows_of(sqlite3.connect(plain / FILE_NAME))


def test_a_torn_record_ends_the_log(directory, tmp_path):
    """Of three minutes the third is torn: two are there, and the next ones are written over it."""
    store, recorder = house(directory), Recorder("house", {})
    ends = []
    for at in range(START, START + 180, 60):
        store.batches.write([minute(recorder, at)], NOW)
        ends.append(store.readings.last_values("house")[INDEX])
    after = power_cut(directory, tmp_path / "after")
    with (after / REDO_NAME).open("r+b") as file:
        size, at = struct.calcsize(">16sIII"), 0
        for _ in range(2):
            file.seek(at)
            length = struct.unpack(">16sIII", file.read(size))[2]
            at += -(-(size + length) // 512) * 512
        file.seek(at + size + 5)
        file.write(b"torn")
    again = Store(after)
    assert again.readings.last_values("house")[INDEX] == ends[1]
    again.close()
    store.close()


def test_a_log_without_room_commits(directory, monkeypatch):
    """It never grows; with it the database is as if there were none."""
    monkeypatch.setattr("gateway.store.redo._BYTES", 4096)
    store, recorder = house(directory), Recorder("house", {})
    committed = 0
    for at in range(START, START + 1200, 60):
        store.batches.write([minute(recorder, at)], NOW)
        committed += not store.db.in_transaction
    assert committed > 1
    assert (directory / REDO_NAME).stat().st_size == 4096
    store.close()


def test_what_sqlite_undoes_is_done_again(directory):
    """A card without room for the database: the transaction is gone, the minutes and the receipt of before are not."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    store.batches.write([minute(recorder, START + 60)], NOW)
    hand_over(store, COOP, NOW)
    store.outbox.confirm(COOP, -1, 2, NOW)
    (pages,) = store.db.execute("PRAGMA page_count").fetchone()
    store.db.execute(f"PRAGMA max_page_count = {pages}")
    failed, at = None, START + 120
    while failed is None:
        batch = minute(recorder, at)
        try:
            store.batches.write([batch], NOW)
        except StoreError:
            failed = batch
        at += 60
    store.db.execute("PRAGMA max_page_count = 1000000")
    before = at - 60
    store.batches.write([failed], NOW)
    values = store.readings.page("house", POWER, Granularity.MINUTE, START, before - 60, 1000)
    assert [p.time for p in values] == list(range(START, before - 60, 60))
    assert store.outbox.pending(COOP, -1, 1, NOW)[0].seq == 3
    store.close()


def test_what_sqlite_has_undone_is_there_for_whoever_looks_first(directory):
    """The outbox is asked before anything is written again: rows that seemed to be gone would never be sent."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    store.batches.write([minute(recorder, START + 60)], NOW)
    promised = store.outbox.pending(COOP, -1, 100, NOW)
    assert promised
    store.db.execute("ROLLBACK")
    store.db.rollback()
    assert store.outbox.keeps(COOP, promised[0].seq - 1, promised[0].seq)
    assert store.outbox.pending(COOP, -1, 100, NOW) == promised
    store.batches.write([minute(recorder, START + 120)], NOW)
    store.close()


def test_what_is_erased_is_not_in_the_log(directory):
    """Its records are void with the commit, and overwritten with the rest of the file."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    assert any((directory / REDO_NAME).read_bytes())
    store.erasure.erase_range(Range(), NOW)
    assert store.erasure.wipe()
    assert not any((directory / REDO_NAME).read_bytes())
    store.batches.write([minute(recorder, START + 60)], NOW)
    store.close()


def test_a_log_of_another_database_is_left_alone(directory, tmp_path):
    """A backup that is brought back beside it, a file set aside: their generation is not its own."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    other = tmp_path / "other"
    other.mkdir()
    prepare(other)
    shutil.copyfile(directory / REDO_NAME, other / REDO_NAME)
    new = Store(other)
    assert new.meters.all() == []
    new.close()
    store.close()


def test_a_record_that_cannot_be_written_is_committed(directory):
    """The log's own card fails: nothing is lost, and nothing is said to be postponed."""
    store, recorder = house(directory), Recorder("house", {})
    os.close(store.db.redo._file)
    store.batches.write([minute(recorder, START)], NOW)
    assert not store.db.in_transaction
    store.db.redo._file = None
    store.close()


def test_what_can_be_no_record_is_committed(directory):
    """A number that JSON has and the log's form has not."""
    store, recorder = house(directory), Recorder("house", {})
    batch = minute(recorder, START)
    batch.happened.append(Happened(START, "index-step", INDEX, {"after": 2**70}))
    store.batches.write([batch], NOW)
    assert not store.db.in_transaction
    assert store.readings.events()[0].detail == {"after": 2**70}
    store.close()


def test_a_log_for_which_there_is_no_room_yet_is_made_whole_later(directory, monkeypatch):
    """A full card: each minute is committed; as soon as there is room the file has its size at once."""
    store, recorder = house(directory, postpones=False), Recorder("house", {})

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as card:
        card.setattr(os, "posix_fallocate", full)
        for _ in range(2):
            with pytest.raises(StoreError, match="No space left"):
                store.db.postpone_from_now()
            store.batches.write([minute(recorder, START)], NOW)
            assert not store.db.in_transaction
    store.db.postpone_from_now()
    assert (directory / REDO_NAME).stat().st_size == 2**20
    store.batches.write([minute(recorder, START + 60)], NOW)
    assert store.db.in_transaction
    store.close()


def test_a_backup_goes_on_from_no_log(directory, tmp_path):
    """A copy of this moment, brought back beside the log that was written after it: that is not done again."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    store.db.commit()
    copy_database(directory / FILE_NAME, tmp_path / "backup")
    store.batches.write([minute(recorder, START + 60)], NOW)
    after = power_cut(directory, tmp_path / "after")
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        (after / name).unlink(missing_ok=True)
    shutil.copyfile(tmp_path / "backup", after / FILE_NAME)
    adopt(after / FILE_NAME)
    again = Store(after)
    assert again.readings.last_values("house")[INDEX][0] < START + 60
    again.close()
    store.close()


def test_a_house_without_a_log_has_none(directory):
    """Only who postpones has the file: a command that changes something makes none."""
    log = RedoLog(directory)
    assert not log.is_there
    assert not log.write([])
    log.close()
    assert not (directory / REDO_NAME).exists()


@pytest.mark.parametrize("what", ["a meter that is not there", "a value that cannot be stored", "a number twice"])
def test_a_record_that_cannot_be_done_again_is_left_out(directory, tmp_path, caplog, what):
    """Another version's, say: the gateway starts without those minutes, says so, and writes on."""
    store, recorder = house(directory), Recorder("house", {})
    batch = minute(recorder, START)
    if what == "a meter that is not there":
        batch.meter = "barn"
    elif what == "a value that cannot be stored":
        batch.samples[0] = replace(batch.samples[0], time=2**63)
    store.db.redo.write([WrittenBatches([batch], NOW)])
    if what == "a number twice":
        store.db.redo.write([HandedRows([("nobody@sen1.test", 1, [1])], NOW)])
    again = Store(power_cut(directory, tmp_path / "after"))
    assert "what it holds cannot be done again, and is left out" in caplog.text
    assert not again.db.in_transaction
    assert again.readings.last_values("house") == {}
    again.batches.write([minute(Recorder("house", {}), START + 60)], NOW)
    again.close()
    caplog.clear()
    Store(tmp_path / "after").close()
    assert caplog.text == ""
    store.close()


def test_a_database_that_cannot_be_written_now_keeps_its_log(directory, tmp_path, monkeypatch):
    """A full card at the start: the sentence of the database, and all of it the next time."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    after = power_cut(directory, tmp_path / "after")
    real = open_writer

    def full(directory):
        connection = real(directory)
        connection.execute("PRAGMA query_only = 1")
        return connection

    with monkeypatch.context() as broken:
        broken.setattr("gateway.store.store.open_writer", full)
        with pytest.raises(StoreError, match="the database cannot be used"):
            Store(after)
    again = Store(after)
    assert rows_of(again.db) == rows_of(store.db)
    again.close()
    store.close()


def test_another_program_puts_the_log_into_the_database(directory, tmp_path):
    """After a power cut, for a version that knows no log. What it cannot do it says in a sentence."""
    store, recorder = house(directory), Recorder("house", {})
    store.batches.write([minute(recorder, START)], NOW)
    after = power_cut(directory, tmp_path / "after")
    command = [sys.executable, "-m", "gateway.store.recover"]
    assert subprocess.run([*command, after], check=False).returncode == 0
    (after / REDO_NAME).unlink()
    archive = Archive(after)
    assert archive.readings.last_values("house") == store.readings.last_values("house")
    archive.close()
    store.close()
    done = subprocess.run([*command, tmp_path / "nowhere"], check=False, capture_output=True, text=True)
    assert done.returncode
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_minutes_that_a_tariff_ends_are_on_the_card_too(directory, tmp_path):
    """What is told at once is a record at once."""
    store, recorder = house(directory), Recorder("house", {})
    recorder.add(frame(START, power=1, tariff="HP"))
    assert recorder.add(frame(START + 5, power=1, tariff="HC"))
    store.batches.write([recorder.take()], NOW)
    again = Store(power_cut(directory, tmp_path / "after"))
    assert again.readings.last_values("house")[TARIFF] == (START + 5, "HC")
    again.close()
    store.close()
