"""Files that the page has made: one at a time, bounded, for whoever asked, and nothing of them is left behind."""

import asyncio
import os
import time

import pytest

from gateway.config.tables import load
from gateway.daemon import copies_at_page
from gateway.daemon.copies_at_page import PageCopy
from gateway.errors import GatewayError
from gateway.store.connection import FILE_NAME
from gateway.store.copies import BACKUP_TAKEN_ALONG, TAKEN_ALONG, remove_files_for_household
from tests.gateway.web.shared import Shared

ANNE, PAUL = object(), object()
PHRASE = "canary-une-phrase-secrète-7b"
WAIT_S = 60


@pytest.fixture
def config(tmp_path):
    """A house with an hour of readings."""
    shared = Shared(tmp_path / "data")
    shared.readings()
    shared.store.close()
    path = tmp_path / "gateway.toml"
    path.write_text('[[meter]]\nsource = "replay:none"\n[store]\ndirectory = "data"\n')
    return load(path)


@pytest.fixture
def archive(config):
    return PageCopy(config, TAKEN_ALONG, ("privacy", "export", "--to"))


@pytest.fixture
def backup(config):
    return PageCopy(config, BACKUP_TAKEN_ALONG, ("backup",), ("--passphrase-file", "/dev/stdin"))


def left(config):
    """What lies there for somebody."""
    return sorted(path.name for path in config.directory.iterdir() if path.name.startswith("taken-along"))


def hanging(copy, config, name, secret=""):
    """Begin one for Anne that does not end: what it writes is a pipe which nobody reads."""
    copy.begin(ANNE, "fr", secret)
    os.mkfifo(config.directory / f"{name}.part", 0o600)


async def packed(config):
    """Wait until the backup has copied the database."""
    copy = config.directory / f"{BACKUP_TAKEN_ALONG}.packing"
    deadline = time.monotonic() + WAIT_S
    while not copy.exists():
        assert time.monotonic() < deadline, left(config)
        await asyncio.sleep(0.02)
    assert copy.read_bytes().startswith(b"SQLite format 3")
    assert not (config.directory / f"{FILE_NAME}.packing").exists()


async def ready(copy, who):
    await copy.wait(WAIT_S)
    assert copy.standing(who).state == "ready", copy.standing(who)


def test_a_backup_that_is_stopped_leaves_no_copy_of_the_database(config, backup):
    """The command is killed while it packs; what it had copied is in the clear, and goes with it."""

    async def scenario():
        hanging(backup, config, BACKUP_TAKEN_ALONG, PHRASE)
        await packed(config)
        await backup.discard(PAUL)
        assert backup.standing(ANNE).state == "making"
        await backup.discard(ANNE)

    asyncio.run(scenario())
    assert (backup.standing(ANNE).state, left(config)) == ("none", [])


def test_what_a_power_cut_has_left_goes_at_the_next_start(config):
    """Of a household's file all parts; of a nightly backup what is too old to be under way."""
    now, there = time.time(), config.directory
    for name in (f"{BACKUP_TAKEN_ALONG}.packing", f"{TAKEN_ALONG}.part", f"{FILE_NAME}.packing"):
        (there / name).write_bytes(b"readings")
    remove_files_for_household(there)
    assert left(config) == []
    assert (there / f"{FILE_NAME}.packing").exists(), "it may be packed at this moment"
    os.utime(there / f"{FILE_NAME}.packing", (now, now - 2 * 86_400))
    remove_files_for_household(there)
    assert not (there / f"{FILE_NAME}.packing").exists()
    assert (there / FILE_NAME).exists()


def test_one_that_hangs_ends_and_another_can_be_made(config, backup, monkeypatch):
    """Meanwhile nobody else is given one; then it is said to have failed, and nothing of it is left."""
    monkeypatch.setattr(copies_at_page, "LONGEST_S", 3.0)

    async def scenario():
        hanging(backup, config, BACKUP_TAKEN_ALONG, PHRASE)
        with pytest.raises(GatewayError, match="being prepared already"):
            backup.begin(PAUL, "fr", PHRASE)
        await backup.wait(WAIT_S)
        assert backup.standing(ANNE).state == "failed"
        assert backup.standing(ANNE).why.startswith("la préparation a pris plus d’une heure")
        assert left(config) == []
        monkeypatch.setattr(copies_at_page, "LONGEST_S", 3600.0)
        backup.begin(PAUL, "fr", PHRASE)
        await ready(backup, PAUL)
        await backup.end()

    asyncio.run(scenario())


def test_a_second_one_takes_the_place_of_the_first(config, archive):
    """There is one file of a kind, for whoever asked last; it goes when its hour is over."""

    async def scenario():
        archive.begin(ANNE, "fr")
        await ready(archive, ANNE)
        archive.begin(PAUL, "fr")
        assert archive.standing(ANNE).state == "none"
        assert await archive.read(ANNE) is None
        await ready(archive, PAUL)
        assert await archive.read(ANNE) is None
        assert left(config) == [TAKEN_ALONG]
        await archive.end()

    asyncio.run(scenario())
    assert left(config) == []


def test_a_file_goes_when_its_hour_is_over(config, archive, monkeypatch):
    """Fetched or not; until when it stays is said."""
    monkeypatch.setattr(copies_at_page, "KEPT_S", 0.5)

    async def scenario():
        archive.begin(ANNE, "fr")
        await archive.wait(WAIT_S)
        deadline = time.monotonic() + WAIT_S
        while archive.standing(ANNE).state != "none":
            assert archive.standing(ANNE).until <= time.time() + 1
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    asyncio.run(scenario())
    assert left(config) == []


def test_a_card_without_room_is_said_to_have_none(config, archive, monkeypatch):
    """Before anything is written: the gateway goes on storing beside it."""
    monkeypatch.setattr(copies_at_page, "_LEFT_FREE", 10**18)
    with pytest.raises(GatewayError, match="no room on the card"):
        archive.begin(ANNE, "fr")
    assert (archive.standing(ANNE).state, left(config)) == ("none", [])
