"""``linky-gateway backup`` and ``restore``: a house that was lost with its card is the same house on the next one."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import pytest

from gateway.backup import act, contents
from gateway.commands import backup as backup_command
from gateway.commands import main as cli
from gateway.config.offers import EXAMPLES
from gateway.journal.key import read_key
from gateway.store.connection import FILE_NAME, WriterLock
from gateway.store.points import Granularity
from gateway.store.store import Archive, Store
from gateway.web.access.access import PageAccess
from harness import ROOT
from tests.gateway.privacy.conftest import COOP, NOW, START, files_of, live, make_house

PASSPHRASE = "correct horse battery"
SECRET = "the account's own secret"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A house that has lived, to be copied."""
    made = make_house(tmp_path_factory.mktemp("lived") / "house")
    with closing(Store(made.directory)) as store:
        live(store)
    return made.folder


@pytest.fixture
def house(tmp_path, lived):
    """A house that has lived, with a page, a board and secrets; a place for backups, a file of the passphrase."""
    folder = shutil.copytree(lived, tmp_path / "house")
    made = SimpleNamespace(folder=folder, config=folder / "gateway.toml", directory=folder / "state")
    secrets = made.folder / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "xmpp-password").write_text(SECRET + "\n")
    (made.folder / "secret-of-the-account").chmod(0o600)
    made.config.chmod(0o640)
    PageAccess(made.directory / "page.json").set_password("a password of the page")
    (made.directory / "boards").mkdir(mode=0o700)
    (made.directory / "boards" / "salon.json").write_text("{}")
    made.phrase = tmp_path / "phrase"
    made.phrase.write_text(PASSPHRASE + "\n")
    made.place = tmp_path / "stick"
    made.place.mkdir()
    made.config.write_text(
        made.config.read_text() + f'[backup]\ndirectory = "{made.place}"\nkeep = 2\npassphrase_file = "{made.phrase}"\n'
        "same_card = true\n"
    )
    return made


@pytest.fixture(autouse=True)
def broker(tmp_path, monkeypatch):
    """The broker's folder of this test's machine."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    (folder / "linky.passwords").write_text("salon:$7$x$y$z\n")
    monkeypatch.setattr(backup_command, "BROKER", folder)
    return folder


@pytest.fixture
def run(capsys, monkeypatch):
    """A command of a house; (exit code, standard output, standard error)."""
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW))

    def command(house, *words, **_):
        code = cli.main([*map(str, words), "--config", str(house.config)])
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def saved(house, run, tmp_path):
    """A backup of the house."""
    file = tmp_path / "house.backup"
    code, out, err = run(house, "backup", file, "--passphrase-file", house.phrase)
    assert (code, err) == (0, "")
    assert out.startswith(f"backup verified: {file} (")
    return file


@pytest.fixture
def card(tmp_path):
    """A new card, on which there is nothing."""
    folder = tmp_path / "card"
    return SimpleNamespace(folder=folder, config=folder / "gateway.toml", directory=folder / "state")


def told(house, run, capsys):
    """All that a house has, for itself and for others."""
    code, out, err = run(house, "export", "--format", "csv")
    assert (code, err) == (0, "")
    to = house.folder.parent / f"{house.folder.name}-export"
    assert run(house, "privacy", "export", "--to", to)[0] == 0
    return out, files_of(to)


def test_a_restored_house_is_the_same_house(house, saved, run, card, capsys, broker):
    """Every point of its export, every file of its archive, its keys, its page, its secrets, its boards."""
    before = told(house, run, capsys)
    (broker / "linky.passwords").unlink()
    code, out, err = run(card, "restore", saved, "--passphrase-file", house.phrase)
    assert (code, err) == (0, "")
    assert out.startswith("restored: ")
    assert told(card, run, capsys) == before
    for name in (
        "gateway.toml",
        "secret-of-the-account",
        "secrets/xmpp-password",
        "state/page.json",
        "state/journal.key",
    ):
        old, new = house.folder / name, card.folder / name
        assert new.read_bytes() == old.read_bytes()
        assert new.stat().st_mode == old.stat().st_mode, name
    assert (card.directory / "boards" / "salon.json").read_text() == "{}"
    assert (broker / "linky.passwords").read_text() == "salon:$7$x$y$z\n"
    assert PageAccess(card.directory / "page.json").password_fits("a password of the page")
    assert read_key(card.directory / "journal.key").public == read_key(house.directory / "journal.key").public
    assert run(card, "check")[0] == 0
    assert not [path for path in card.folder.rglob("*") if path.suffix in (".restoring", ".part", ".packing")]


def test_what_else_lies_beside_the_configuration_is_nobodys_business(house, run, card, tmp_path):
    """It may lie in a home: films and letters stay out, and what is named but elsewhere is said."""
    (house.folder / "film.mkv").write_bytes(b"mine")
    (house.folder / "display.toml").write_text("# of linky-display\n")
    (house.directory / f"history-{'0' * 32}.import").write_bytes(b"on its way into the database, or left by a crash")
    ca = tmp_path / "elsewhere" / "ca.pem"
    ca.parent.mkdir()
    ca.write_text("a certificate")
    (house.folder / "offer.toml").write_bytes((EXAMPLES / "bleu-hc.toml").read_bytes())
    tariff = '[[tariff]]\nname = "A"\nfrom = 2026-02-01\noffer = "offer.toml"\npower = 6\n'
    text = house.config.read_text().replace("[federation]\n", f'[federation]\nca_file = "{ca}"\n')
    source = '[[received]]\nname = "pv"\nprovider = "t@e.org/proxy"\nidentifier = "t@e.org/pv@e.org"\n'
    (house.folder / "roof.toml").write_text(f'name = "Toit"\nshares = 4\n{source}')
    house.config.write_text(f'{text}{tariff}[[roof]]\nfile = "roof.toml"\nheld = 1\n')
    file = tmp_path / "b.backup"
    code, out, _ = run(house, "backup", file, "--passphrase-file", house.phrase)
    assert code == 0
    assert f"not in it: {ca}" in out
    _, listed, _ = run(card, "restore", file, "--list", "--passphrase-file", house.phrase)
    assert "film.mkv" not in listed
    assert ".import" not in listed
    assert "etc/display.toml" in listed
    assert "etc/offer.toml" in listed
    assert "etc/roof.toml" in listed
    assert "etc/secret-of-the-account" in listed


def test_a_withdrawal_after_the_backup_is_not_undone(house, saved, run, card):
    """Consents wait for the household's word on this card, and what is numbered from now on is of a new epoch."""
    assert run(card, "restore", saved, "--passphrase-file", house.phrase)[0] == 0
    with closing(Store(house.directory)) as old, closing(Store(card.directory)) as new:
        assert old.consents.of(COOP)
        assert old.outbox.epoch != new.outbox.epoch
        assert [c.held for c in new.consents.of(COOP)] == [True]
        assert [c.held for c in old.consents.of(COOP)] == [False]
        assert new.readings.page("house", "consumption", Granularity.DAY, START - 86400, NOW, 100)


def test_it_is_consistent_while_the_daemon_writes(house, run, tmp_path, card):
    """What is half done is not in it."""
    with closing(Store(house.directory)) as store:
        store.db.begin()
        store.db.execute("DELETE FROM reading")
        file = tmp_path / "running.backup"
        assert run(house, "backup", file, "--passphrase-file", house.phrase)[0] == 0
        store.db.rollback()
    assert run(card, "restore", file, "--passphrase-file", house.phrase)[0] == 0
    with closing(Archive(card.directory)) as archive:
        assert archive.readings.stream("", None, 0, NOW).__next__()


def test_nothing_is_replaced_without_a_word_and_nothing_is_lost_with_it(house, saved, run):
    """The refusal names what is there; --replace sets it aside, and the same files stay as they are."""
    (house.directory / "page.json").write_bytes(b"another page")
    before = files_of(house.folder)
    code, out, err = run(house, "restore", saved, "--passphrase-file", house.phrase)
    assert (code, out) == (65, "")
    assert f"{house.directory / FILE_NAME}" in err
    assert "add --replace to set aside what is there" in err
    assert files_of(house.folder) == before
    code, out, err = run(house, "restore", saved, "--passphrase-file", house.phrase, "--replace")
    assert (code, err) == (0, "")
    asides = sorted(path.name.partition(".before-")[0] for path in house.folder.rglob("*.before-*"))
    assert {*asides} == {FILE_NAME, "page.json"}
    (old,) = house.directory.glob("page.json.before-*")
    assert old.read_bytes() == b"another page"
    assert str(old) in out


def test_a_running_gateway_is_not_restored_over(house, saved, run):
    """The writer's lock is respected."""
    lock = WriterLock(house.directory)
    try:
        code, _, err = run(house, "restore", saved, "--passphrase-file", house.phrase, "--replace")
    finally:
        lock.release()
    assert code == 74
    assert "another linky-gateway is writing there; stop it first" in err


@pytest.mark.parametrize("cut", [-1, -70_000, 100])
def test_a_damaged_backup_writes_nothing(house, saved, run, card, cut):
    """All of it is authenticated before the first byte is written."""
    saved.write_bytes(saved.read_bytes()[:cut])
    code, out, err = run(card, "restore", saved, "--passphrase-file", house.phrase)
    assert (code, out) == (65, "")
    assert err.startswith(f"linky-gateway: {saved}: is ")
    assert err.count("\n") == 1
    assert not card.folder.exists()


def test_a_wrong_passphrase_is_one_sentence(house, saved, run, card, tmp_path):
    """And a short one is not taken for a backup."""
    wrong = tmp_path / "wrong"
    wrong.write_text("incorrect horse\n")
    assert run(card, "restore", saved, "--passphrase-file", wrong) == (
        65,
        "",
        f"linky-gateway: {saved}: the passphrase is wrong\n",
    )
    wrong.write_text("short\n")
    assert "12 characters at least" in run(house, "backup", tmp_path / "b", "--passphrase-file", wrong)[2]
    assert not (tmp_path / "b").exists()
    assert not card.folder.exists()


def test_a_backup_is_listed_without_being_unpacked(house, saved, run, card):
    """What is in it, when it was made, by which version; every byte of it has been checked then."""
    code, out, err = run(card, "restore", saved, "--list", "--passphrase-file", house.phrase, "--lang", "fr")
    assert (code, err) == (0, "")
    assert out.startswith("sauvegarde du 20")
    names = [line.split()[-1] for line in out.splitlines()[1:]]
    assert {"etc/gateway.toml", f"state/{FILE_NAME}", "etc/secrets/xmpp-password", "broker/linky.passwords"} <= {*names}
    assert not card.folder.exists()


def test_nothing_of_it_can_be_read_without_the_passphrase(saved):
    """Neither a secret nor a name nor a reading."""
    content = saved.read_bytes()
    for word in (SECRET, "correct horse", COOP, "gateway.toml", "consumption", "SQLite format 3", "BEGIN PRIVATE KEY"):
        assert word.encode() not in content, word
    assert saved.stat().st_mode & 0o777 == 0o600


def test_the_nightly_one_goes_to_the_second_place_and_the_oldest_go(house, run):
    """As the timer calls it: no file named, the passphrase from where the configuration says."""
    for day in ("01", "02", "03"):
        (house.place / f"linky-gateway-202601{day}T022000Z.backup").write_bytes(b"old")
    (house.place / "holiday.jpg").write_bytes(b"mine")
    code, out, err = run(house, "backup")
    assert (code, err) == (0, "")
    assert "old backups removed: 2\n" in out
    names = sorted(path.name for path in house.place.iterdir())
    assert names[:2] == ["holiday.jpg", "linky-gateway-20260103T022000Z.backup"]
    assert len(names) == 3


def test_of_a_day_with_many_the_earlier_ones_go_first(house, run):
    """Whoever has one made again and again lets none of another day go by that."""
    names = [f"linky-gateway-2026010{day}T02200{n}Z.backup" for day, n in ((1, 0), (2, 0), (3, 0), (3, 1), (3, 2))]
    for name in names:
        (house.place / name).write_bytes(b"old")
    house.config.write_text(house.config.read_text().replace("keep = 2\n", "keep = 4\n"))
    code, out, err = run(house, "backup")
    assert (code, err) == (0, "")
    assert "old backups removed: 2\n" in out
    assert sorted(path.name for path in house.place.iterdir())[:3] == [*names[:2], names[4]]


def test_a_stick_that_is_not_there_is_said(house, run):
    """A backup on the card that it is to outlive is none; nor is one in the folder below a missing stick."""
    text = house.config.read_text()
    house.config.write_text(text.replace("same_card = true\n", ""))
    assert "is on the same card as the database: is the stick plugged in" in run(house, "backup")[2]
    house.config.write_text(text.replace(str(house.place), "/nowhere/stick"))
    assert "is the stick plugged in and mounted?" in run(house, "backup")[2]
    assert list(house.place.iterdir()) == []


def test_credentials_that_systemd_hands_over_are_in_it(house, run, card, monkeypatch, tmp_path):
    """The nightly one runs as the gateway's user, who cannot read root's files."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "mqtt-password").write_text("of the broker\n")
    (credentials / "backup-passphrase").write_text(PASSPHRASE + "\n")
    (credentials / "notices_anne-sms").write_text("freemobile://12345678@of-anne\n")
    house.config.write_text(house.config.read_text().replace(f'passphrase_file = "{house.phrase}"\n', ""))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert run(house, "backup")[0] == 0
    (file,) = house.place.iterdir()
    assert run(card, "restore", file, "--passphrase-file", house.phrase)[0] == 0
    assert (card.folder / "secrets" / "mqtt-password").read_text() == "of the broker\n"
    assert (card.folder / "secrets" / "mqtt-password").stat().st_mode & 0o777 == 0o600
    assert (card.folder / "secrets" / "notices" / "anne-sms").read_text() == "freemobile://12345678@of-anne\n"


def test_a_secret_that_is_read_twice_is_in_it_once(house, run, card, monkeypatch):
    """Root reads its own files, and has them as credentials besides: the backup comes back all the same."""
    secrets = house.config.parent / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "mqtt-password").write_text("of the broker\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
    assert run(house, "backup")[0] == 0
    (file,) = house.place.iterdir()
    assert run(card, "restore", file, "--passphrase-file", house.phrase)[0] == 0
    assert (card.folder / "secrets" / "mqtt-password").read_text() == "of the broker\n"


def test_what_a_disk_did_not_keep_is_no_backup(house, run, tmp_path, monkeypatch):
    """It is read again before it has its name."""
    monkeypatch.setattr(act, "_digest_of", lambda *_: b"something else")
    code, out, err = run(house, "backup", tmp_path / "b", "--passphrase-file", house.phrase)
    assert (code, out) == (65, "")
    assert "what was written is not what is read" in err
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("b.") or path.name == "b"]
    assert not list(house.directory.glob("*.packing"))


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "/etc/passwd", "state/../../x", "root/x", "state", "state/..", "state/."),
        *("etc/./release.pub", "etc/secrets/./../release.pub", "etc//release.pub", "broker/linky/..", "state/x/./y"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    """Also in a backup that somebody made with the right passphrase."""
    import io
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w|") as tar:
        contents._add_bytes(tar, "manifest.json", b"{}", 0)
        contents._add_bytes(tar, name, b"x", 0)
    out.seek(0)
    with pytest.raises(act.ArchiveError, match="is nothing that a backup has"):
        list(contents.entries(out, "b"))


def test_without_a_terminal_a_passphrase_is_not_asked_for(house, tmp_path):
    """A script gets a sentence, not a prompt that nobody answers."""
    command = [sys.executable, "-m", "gateway", "backup", str(tmp_path / "b"), "--config", str(house.config)]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == (
        "linky-gateway: there is no terminal to ask for the passphrase on: name a --passphrase-file\n"
    )
