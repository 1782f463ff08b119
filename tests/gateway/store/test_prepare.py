"""The file is checked and migrated before the daemon opens it; a damaged one is kept aside."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from gateway.errors import StoreError
from gateway.store.connection import FILE_NAME, WriterLock, open_reader
from gateway.store.copies import name_of_former
from gateway.store.points import Confirm, Granularity
from gateway.store.prepare import _save_from, prepare
from gateway.store.recorder import Batch
from gateway.store.store import Store
from tests.gateway.store.conftest import START, frame


def test_preparing_twice_changes_nothing(directory):
    """A start with nothing to migrate leaves the file as it was."""

    def schema():
        with closing(open_reader(directory)) as db:
            return db.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()

    first = schema()
    prepare(directory)
    assert schema() == first


def test_the_file_is_the_users_own(directory):
    """Nobody else on the machine reads a household's data."""
    assert (directory / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_moved_aside_and_the_consents_saved(store, recorder, directory):
    """Pages of readings overwritten: a new file is begun, the old one and the household's word are kept."""
    store.consents.grant("coop@sen2.test", "house", "consumption", Granularity.RAW, START + 10**7, START)
    store.subscriptions.add("coop@sen2.test", "house", "consumption", "sen1", Confirm.RECEIPT, START)
    for second in range(20_000):
        recorder.add(frame(START + second, power=second))
    store.batches.write([recorder.take()], START)
    epoch = store.outbox.epoch
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    path = directory / FILE_NAME
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 40 * 4096)
        file.write(b"\xaa" * 39 * 4096)

    done = subprocess.run(
        [sys.executable, "-m", "gateway.store.prepare", directory], check=True, capture_output=True, text=True
    )
    assert "is damaged" in done.stderr
    assert "Traceback" not in done.stderr
    (aside,) = directory.glob("*.damaged-*Z")
    assert aside.stat().st_size > 40 * 4096
    again = Store(directory)
    assert again.outbox.epoch != epoch
    assert again.meters.all()[0].sensor == "ab12cd34ef"
    assert len(again.consents.allowed("coop@sen2.test", START + 1)) == 1
    assert len(again.subscriptions.of("coop@sen2.test")) == 1
    again.close()


def test_a_file_that_is_no_database_is_moved_aside(tmp_path):
    """Garbage in the place of the database does not keep the gateway from starting."""
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1000)
    prepare(tmp_path)
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    Store(tmp_path).close()


def test_a_second_damaged_file_of_the_same_second_does_not_take_the_place_of_the_first(tmp_path):
    """A machine without a clock begins each start at the same time: both files are kept."""
    for content in (b"first", b"second"):
        (tmp_path / FILE_NAME).write_bytes(content * 1000)
        prepare(tmp_path)
    kept = sorted(path.read_bytes()[:5] for path in tmp_path.glob("*.damaged-*Z"))
    assert kept == [b"first", b"secon"]


def test_a_database_that_can_be_set_aside_is_one_file_with_its_last_rows(store, directory, tmp_path_factory):
    """What a gateway without power left in its log is in the file, and no log waits for the next file of that name."""
    killed = tmp_path_factory.mktemp("killed")
    for file in directory.iterdir():
        (killed / file.name).write_bytes(file.read_bytes())
    assert (killed / f"{FILE_NAME}-wal").stat().st_size
    aside = name_of_former(killed)
    assert [path.name for path in killed.glob("*.sqlite*")] == [FILE_NAME]
    (killed / FILE_NAME).rename(aside)
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("SELECT name FROM meter").fetchall() == [("house",)]


def test_only_one_process_writes(directory):
    """A second gateway on the same folder is refused with a sentence."""
    lock = WriterLock(directory)
    with pytest.raises(StoreError, match="another linky-gateway"):
        prepare(directory)
    lock.release()
    prepare(directory)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    """The error names the folder and the setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"check \[store\] directory"):
        prepare(tmp_path / "file" / "below")


def test_a_locked_file_is_not_taken_for_a_damaged_one(directory, monkeypatch):
    """Another program holds the file: the start fails with a sentence, and the file stays where it is."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{"timeout": 0.1, **k}))
    with closing(connect(directory / FILE_NAME, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            prepare(directory)
    assert list(directory.glob("*.damaged-*")) == []
    prepare(directory)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_another_user_is_not_taken_for_a_damaged_one(directory):
    """No permission: the start fails with a sentence, and the file stays where it is."""
    (directory / FILE_NAME).chmod(0)
    with pytest.raises(StoreError, match="cannot be checked: unable to open"):
        prepare(directory)
    assert list(directory.glob("*.damaged-*")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_card_that_is_mounted_read_only_can_be_read(store, recorder, directory):
    """The export works in another machine too, where the WAL's index cannot be made."""
    recorder.add(frame(START, power=1))
    store.batches.write([recorder.take()], START)
    store.close()
    directory.chmod(0o500)
    try:
        with closing(open_reader(directory)) as db:
            assert db.execute("SELECT count(*) FROM reading").fetchone() == (1,)
    finally:
        directory.chmod(0o700)


@contextmanager
def to_be_saved(folder):
    """A store whose file is a damaged one afterwards, out of which another has been made."""
    prepare(folder)
    old = folder / "old.sqlite"
    with closing(Store(folder)) as store:
        yield store
        store.db.execute("VACUUM INTO ?", [str(old)])
    (folder / FILE_NAME).unlink()
    prepare(folder)
    _save_from(old, folder / FILE_NAME)


def test_what_is_empty_does_not_keep_the_rest_from_being_saved(tmp_path, caplog):
    """A damaged file without consents gives back its meter, and no complaint."""
    with to_be_saved(tmp_path) as store:
        store.meters.add("house", "ab12cd34ef")
    with closing(Store(tmp_path)) as store:
        assert store.meters.all()[0].sensor == "ab12cd34ef"
    assert "could not be saved" not in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_belongs_to_the_folders_owner(tmp_path):
    """A consent given with sudo before the first start does not keep the service from its database."""
    os.chown(tmp_path, 65534, 65534)
    prepare(tmp_path)
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {65534}


def test_what_pulses_have_added_up_to_outlives_the_file(tmp_path):
    """A water meter of years does not begin at nought because a card has aged."""
    with to_be_saved(tmp_path) as store:
        store.meters.add("tap", "ab12cd34ef")
        store.batches.write([Batch("tap", totals={"water/volume/index": "24691/2"})], START)
    with closing(Store(tmp_path)) as store:
        assert store.readings.totals("tap") == {"water/volume/index": "24691/2"}


def test_an_account_adds_up_after_what_waited_was_lost(tmp_path):
    """What waited or was open is gone with the file: it is counted as dropped, or as never to be confirmed."""
    with to_be_saved(tmp_path) as store:
        store.meters.add("house", "ab12cd34ef")
        store.subscriptions.add("coop@x.org", "house", "consumption", "sen1", Confirm.RECEIPT, START)
        with store.db.transaction():
            store.db.execute("UPDATE recipient SET promised = 10, sent = 6, confirmed = 4, withdrawn = 1")
    with closing(Store(tmp_path)) as store:
        (account,) = store.accounts.all()
        assert account.balanced
        assert (account.promised, account.sent, account.confirmed, account.open) == (10, 6, 4, 2)
        assert sum(account.purged.values()) == 4
