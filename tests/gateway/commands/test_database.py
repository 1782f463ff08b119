"""``linky-gateway migrate`` and ``check``: no schema changes without a copy, and nothing broken is called whole."""

import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import sqlite_utils

from gateway.commands import main as cli
from gateway.errors import StoreError
from gateway.store import copies
from gateway.store.connection import FILE_NAME
from gateway.store.copies import copies_of_before, copy_database, forget_copies
from gateway.store.journal import KEY_NAME
from gateway.store.migrations import migrations
from gateway.store.points import Confirm
from gateway.store.store import Archive, Store
from tests.gateway.privacy.conftest import live, make_house
from tests.prepared import prepare


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A house that has lived, to be copied."""
    made = make_house(tmp_path_factory.mktemp("lived") / "house")
    with closing(Store(made.directory)) as store:
        live(store)
    return made.folder


@pytest.fixture
def house(tmp_path, lived):
    """A house that has lived."""
    folder = shutil.copytree(lived, tmp_path / "house")
    return SimpleNamespace(folder=folder, config=folder / "gateway.toml", directory=folder / "state")


@pytest.fixture
def run(capsys):
    """A command of a house, in English; (exit code, standard output, standard error)."""

    def command(house, *words):
        code = cli.main([*words, "--config", str(house.config)])
        return code, *capsys.readouterr()

    return command


def steps(file):
    with closing(sqlite3.connect(file)) as db:
        return [step.name for step in migrations.applied(sqlite_utils.Database(db))]


def of_an_earlier_version(house):
    """The house's database as it was before the last change of its tables, and a reading in it."""
    with closing(sqlite3.connect(house.directory / FILE_NAME)) as db, db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'days_that_are_over'")
        for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'kept_day*'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DROP TABLE kept_day")
        db.execute("CREATE TABLE self_use (day INTEGER PRIMARY KEY)")
    return steps(house.directory / FILE_NAME)


def test_a_schema_is_not_changed_without_a_copy_of_before(house, run):
    """The copy has what the former version can read; the next call changes and copies nothing."""
    before = of_an_earlier_version(house)
    code, out, _ = run(house, "migrate", "--lang", "en")
    (name,) = copies_of_before(house.directory)
    assert (code, out) == (
        0,
        f"copy of before the change, kept for 30 days: {name}\n"
        f"the database of {house.directory} is whole and up to date\n",
    )
    assert steps(house.directory / name) == before
    assert steps(house.directory / FILE_NAME) == [*before, "days_that_are_over"]
    for file in (name, FILE_NAME):
        with closing(sqlite3.connect(house.directory / file)) as db:
            assert db.execute("SELECT count(*) > 300 FROM reading").fetchone() == (1,)
    assert (house.directory / name).stat().st_mode & 0o777 == 0o600
    code, out, _ = run(house, "migrate", "--lang", "fr")
    assert (code, out) == (0, f"la base de {house.directory} est entière et à jour\n")
    assert copies_of_before(house.directory) == [name]


def test_without_room_for_the_copy_nothing_is_changed(house, monkeypatch):
    """One sentence says what is needed, and the former version can go on."""
    before = of_an_earlier_version(house)
    monkeypatch.setattr(copies, "room_at", lambda _: 1000)
    with pytest.raises(StoreError, match=r"there is no room for a copy of what it is now \(1 MB\): make room"):
        prepare(house.directory)
    assert steps(house.directory / FILE_NAME) == before
    assert copies_of_before(house.directory) == []


def test_a_copy_is_one_moment_while_another_writes(house, tmp_path):
    """What is not committed is not in it, what is committed is, whole."""
    with closing(Store(house.directory)) as store:
        store.db.begin()
        store.db.execute("INSERT INTO about VALUES ('half', 'done')")
        copy_database(house.directory / FILE_NAME, tmp_path / "copy")
        store.db.rollback()
    with closing(sqlite3.connect(tmp_path / "copy")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT 1 FROM about WHERE key = 'half'").fetchone() is None
        assert db.execute("SELECT count(*) > 300 FROM reading").fetchone() == (1,)


def test_a_copy_is_forgotten_after_a_month(house):
    """Who has not gone back by then will not, and it holds what may have been erased since."""
    old = house.directory / f"{FILE_NAME}.before-20260101T000000Z"
    new = house.directory / f"{FILE_NAME}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for file in (old, new):
        file.write_bytes(b"x")
    forget_copies(house.directory, time.time())
    assert copies_of_before(house.directory) == [new.name]


def test_a_whole_house_is_called_whole(house, run):
    """Database and journal, also while the daemon writes."""
    with closing(Store(house.directory)):
        code, out, err = run(house, "check", "--lang", "en")
    assert (code, err) == (0, "")
    assert out.startswith(f"the database is whole: {house.directory / FILE_NAME}\nhouse: your 3 days add up")


def test_the_account_of_each_recipient_adds_up_or_is_named(house, run):
    """A row of the outbox that went without a word is found, and the recipient is said."""
    with closing(Store(house.directory)) as store:
        store.subscriptions.add("coop@sen2.test", "house", "consumption", "sen1", Confirm.RECEIPT, 1)
        adds_up = "2 recipients: what was promised to them, sent and confirmed adds up."
        assert adds_up in run(house, "check", "--lang", "en")[1]
        store.db.execute("UPDATE recipient SET promised = promised + 1 WHERE jid = 'coop@sen2.test'")
    code, _, err = run(house, "check", "--lang", "en")
    assert (code, err.partition(" does not add up")[0]) == (
        74,
        "linky-gateway: coop@sen2.test: what was promised to it, sent and confirmed",
    )


def test_a_damaged_page_is_found_wherever_it_is(house, run):
    """Also where nobody has read for years; the sentence says what helps."""
    with closing(sqlite3.connect(house.directory / FILE_NAME)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'received_point'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with (house.directory / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    code, out, err = run(house, "check", "--lang", "en")
    assert (code, out) == (74, "")
    assert err.startswith(f"linky-gateway: {house.directory / FILE_NAME} is damaged: ")
    assert "linky-gateway restore" in err


def test_a_row_that_names_nothing_and_an_altered_journal_are_found(house, run):
    """What no page tells: a reference that leads nowhere, an entry that was not written so."""
    with closing(sqlite3.connect(house.directory / FILE_NAME)) as db, db:
        db.execute("INSERT INTO consent_held VALUES (999)")
    assert "names one of consent that is not there" in run(house, "check", "--lang", "en")[2]
    with closing(sqlite3.connect(house.directory / FILE_NAME)) as db, db:
        db.execute("DELETE FROM consent_held WHERE consent = 999")
        db.execute("DELETE FROM journal WHERE seq = 2")
    assert run(house, "check", "--lang", "fr")[0::2] == (
        65,
        "linky-gateway: le journal n'est plus entier : `linky-gateway journal verify` dit où\n",
    )


def test_a_database_of_a_gateway_that_never_started_is_whole(tmp_path, run):
    """It has no journal yet; one whose entries are all gone has a key that tells of them."""
    house = make_house(tmp_path / "house")
    with closing(Store(house.directory)):
        pass
    assert run(house, "check")[0] == 0
    (house.directory / KEY_NAME).write_bytes(b"")
    assert run(house, "check")[0] == 65


def test_the_head_of_the_journal_is_an_anchor(house, run):
    """What is kept elsewhere is taken by ``journal verify --anchor``."""
    code, out, _ = run(house, "journal", "head")
    assert code == 0
    assert run(house, "journal", "verify", "--anchor", out.strip())[0] == 0
    with closing(Archive(house.directory)) as archive:
        assert out == "{0.seq}:{0.hash}\n".format(archive.journal.head())
