"""A restoration that is cut off: everything is as it was, or it comes about when the machine starts again."""

import os
import shutil
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gateway.backup import act
from gateway.backup.contents import BackupManifest
from gateway.backup.faults import BackupError, BackupFault
from gateway.backup.own import check_is_own
from gateway.backup.stage import Places, Staging
from gateway.commands import main as cli
from gateway.errors import Exit
from gateway.store.connection import FILE_NAME, LOCK_NAME
from gateway.store.copies import CHANGE, remove_staged, schema_of
from gateway.store.prepare import prepare
from gateway.store.store import Store

PASSPHRASE = "correct horse battery"


class PowerCutError(BaseException):
    """Nothing is done any more, not even in a ``finally``."""


def made(folder, name):
    """An installation with a meter of that name: its configuration, a secret, a file of its state."""
    state = folder / "state"
    state.mkdir(parents=True)
    prepare(state)
    with closing(Store(state)) as store:
        store.meters.add(name, name)
    (folder / "gateway.toml").write_text('[store]\ndirectory = "state"\n')
    (folder / "secrets").mkdir()
    (folder / "secrets" / "xmpp-password").write_text(name)
    (state / "page.json").write_text(name)
    return Places(folder / "gateway.toml", state, folder / "mosquitto")


def saved(places, file, **more):
    """A backup of it, with more files in it: name -> content."""
    extra = file.with_name("extra")
    extra.mkdir(exist_ok=True)
    files = {
        "etc/gateway.toml": places.config,
        "etc/secrets/xmpp-password": places.config.parent / "secrets" / "xmpp-password",
        "state/page.json": places.state / "page.json",
        f"state/{FILE_NAME}": places.state / FILE_NAME,
    }
    for number, (name, content) in enumerate(more.items()):
        (extra / str(number)).write_bytes(content)
        files[name] = extra / str(number)
    act.save(file, PASSPHRASE, BackupManifest(1, "1", schema_of(places.state / FILE_NAME)), files, {})
    return file


def holds(places):
    """Whose it is, by each of its files."""
    with closing(Store(places.state)) as store:
        (name,) = (meter.name for meter in store.meters.all())
    texts = (places.state / "page.json", places.config.parent / "secrets" / "xmpp-password")
    return {name, *(path.read_text() for path in texts)}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The work of scrypt is the header's word."""
    monkeypatch.setattr("gateway.backup.cipher._LOG_N", 4)


@pytest.fixture
def backup(tmp_path):
    """That of the former house."""
    return saved(made(tmp_path / "former", "former"), tmp_path / "b.backup")


@pytest.fixture
def card(tmp_path):
    """The house onto which it comes."""
    return made(tmp_path / "card", "present")


def restored(backup, card):
    return act.restore(backup, PASSPHRASE, act.look(backup, PASSPHRASE), card)


@pytest.mark.parametrize("renames", range(12))
def test_a_power_cut_leaves_the_one_or_the_other(backup, card, renames, monkeypatch):
    """Whichever name it is that was changed last; the next start ends what had begun, and nothing is left of it."""
    count, replace = [0], Path.replace

    def until_then(path, target):
        if count[0] == renames:
            raise PowerCutError
        count[0] += 1
        return replace(path, target)

    monkeypatch.setattr(Staging, "forget", lambda *_: None)
    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", until_then)
        with suppress(PowerCutError):
            restored(backup, card)
    begun = (card.config.parent / CHANGE).exists() or count[0] > 0
    act.finish(card.config, card.broker)
    remove_staged(card.state)
    assert holds(card) == ({"former"} if begun else {"present"})
    assert not list(card.config.parent.rglob("*.restoring"))
    assert not (card.config.parent / CHANGE).exists()


def test_every_cut_was_tried(backup, card, monkeypatch):
    """The list itself, then a name for each file and one for each that is set aside."""
    count, replace = [0], Path.replace

    def counted(path, target):
        count[0] += 1
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", counted)
    aside = restored(backup, card)
    assert {path.name.partition(".before-")[0] for path in aside} == {FILE_NAME, "page.json", "xmpp-password"}
    assert 6 <= count[0] <= 12


def test_a_card_that_is_full_is_as_it_was(backup, card, monkeypatch):
    """One sentence, and nothing is left of what was laid beside its place."""
    write = os.fsync

    def full(descriptor):
        if "restoring" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        write(descriptor)

    with monkeypatch.context() as without_room:
        without_room.setattr(os, "fsync", full)
        with pytest.raises(BackupError, match="No space left on device; nothing was changed") as refused:
            restored(backup, card)
    assert refused.value.fault == BackupFault.ROOM
    assert holds(card) == {"present"}
    assert not list(card.config.parent.rglob("*.restoring*"))


def test_another_file_than_the_one_that_was_looked_at_is_not_restored(tmp_path, backup, card):
    """Who may write it could exchange it between the two looks."""
    contents = act.look(backup, PASSPHRASE)
    other = saved(made(tmp_path / "other", "other"), tmp_path / "o.backup")
    with pytest.raises(BackupError, match="was changed while it was read"):
        act.restore(other, PASSPHRASE, contents, card)
    assert holds(card) == {"present"}


BROKER = Path(__file__).parents[3] / "systemd" / "mosquitto" / "linky.conf"


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, False),
        ({"broker/conf.d/linky.conf": BROKER.read_bytes()}, False),
        ({"etc/display.toml": b"", "etc/secrets/notices/mail": b"x"}, False),
        ({"broker/conf.d/linky.conf": b"plugin /var/lib/linky-gateway/mine.so\n"}, True),
        ({"broker/conf.d/linky.conf": b"user root\n"}, True),
        ({"broker/conf.d/linky.conf": b"password_file /etc/shadow\n"}, True),
        ({"broker/conf.d/linky.conf": b"acl_file /etc/mosquitto/../shadow\n"}, True),
        ({"etc/anything": b"x"}, True),
    ],
)
def test_who_is_not_believed_brings_back_the_gateways_own_alone(tmp_path, card, more, refused):
    """What the page was given: the broker is told what the shipped file says, and no other file comes beside ours."""
    file = saved(made(tmp_path / "former", "former"), tmp_path / "b.backup", **more)
    contents = act.look(file, PASSPHRASE)
    if refused:
        with pytest.raises(BackupError) as why:
            check_is_own(contents, card, card.state)
        assert why.value.fault == BackupFault.ELSEWHERE
    else:
        check_is_own(contents, card, card.state)
    with pytest.raises(BackupError, match="keeps its database there"):
        check_is_own(contents, card, tmp_path / "elsewhere")


@pytest.mark.parametrize(
    "name",
    [
        *("etc/release.pub", "etc/release-keys/x.pub", "etc/https/ca.key", f"etc/{CHANGE}", "broker/mosquitto.conf"),
        *("etc/./release.pub", "etc/secrets/../release.pub", "etc//release.pub", "etc/./https/ca.key"),
        *("broker/linky/.", "broker/linky/..", "state/./page.json"),
    ],
)
def test_what_root_believes_is_in_no_backup(tmp_path, name):
    """Not even in one that root brings back by hand."""
    file = saved(made(tmp_path / "former", "former"), tmp_path / "b.backup", **{name: b"x"})
    with pytest.raises(BackupError, match="is nothing that a backup has"):
        act.look(file, PASSPHRASE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_follows_nobody_out_of_the_gateways_folder(tmp_path, backup):
    """A link that its user has laid leads root nowhere: below that folder it is that user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        follow_nobody(tmp_path, backup, made(Path(folder) / "card", "present"))


def follow_nobody(tmp_path, backup, card):
    for path in (card.state, *card.state.rglob("*")):
        os.chown(path, 65534, 65534)
    target = tmp_path / "of-root"
    target.mkdir(mode=0o700)
    shutil.rmtree(card.state / "boards", ignore_errors=True)
    (card.state / "boards").symlink_to(target)
    file = saved(made(tmp_path / "again", "again"), tmp_path / "c.backup", **{"state/boards/x.json": b"x"})
    with pytest.raises(BackupError):
        act.restore(file, PASSPHRASE, act.look(file, PASSPHRASE), card)
    assert list(target.iterdir()) == []
    # Nor does the lock, which root would give to that user.
    own, lock, phrase = target / "own", card.state / LOCK_NAME, tmp_path / "phrase"
    own.write_text("")
    lock.unlink(missing_ok=True)
    lock.symlink_to(own)
    phrase.write_text(PASSPHRASE)
    words = ("restore", backup, "--replace", "--passphrase-file", phrase, "--config", card.config)
    assert cli.main([*map(str, words)]) == Exit.STORE
    assert own.stat().st_uid == 0
    lock.unlink()
    assert os.geteuid() == 0
    restored(backup, card)
    assert (card.state / "page.json").stat().st_uid == 65534
    assert holds(card) == {"former"}
