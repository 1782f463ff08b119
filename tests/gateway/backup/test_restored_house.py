"""What root does for a file that it does not believe, and what a house is afterwards: all of it."""

import grp
import os
import resource
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.backup import act, change
from gateway.backup.contents import BackupManifest, find
from gateway.backup.faults import BackupError, BackupFault
from gateway.backup.own import check_is_own
from gateway.backup.stage import Places
from gateway.commands import backup as backup_command
from gateway.commands import main as cli
from gateway.config.offers import EXAMPLES
from gateway.store.connection import FILE_NAME
from gateway.store.copies import CHANGE, schema_of
from tests.gateway.backup.test_change import PASSPHRASE, holds, made, saved

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
METER = '[[meter]]\nsource = "/dev/ttyAMA0"\n'


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path):
    """The work of scrypt is the header's word; the broker's folder is this test's."""
    monkeypatch.setattr("gateway.backup.cipher._LOG_N", 4)
    monkeypatch.setattr(backup_command, "BROKER", tmp_path / "card" / "mosquitto")


@pytest.fixture
def former(tmp_path):
    """The house of the backup."""
    return made(tmp_path / "former", "former")


@pytest.fixture
def card(tmp_path):
    """The house onto which it comes."""
    places = made(tmp_path / "card", "present")
    places.config.write_text(METER + places.config.read_text())
    return places


def looked(former, tmp_path, **more):
    """A backup with more in it, and what is seen of it."""
    file = saved(former, tmp_path / "b.backup", **more)
    return file, act.look(file, PASSPHRASE)


def by_command(file, places, tmp_path, *more):
    """The exit code of the command."""
    phrase = tmp_path / "phrase"
    phrase.write_text(PASSPHRASE)
    words = ("restore", file, "--replace", *more, "--passphrase-file", phrase, "--config", places.config)
    return cli.main([*map(str, words)])


# --- by which name a file comes ---


@pytest.mark.parametrize("name", ["state/release.pub", "state/https/ca.key", f"state/{CHANGE}"])
def test_nothing_of_roots_comes_by_another_name(former, card, tmp_path, name):
    """A backup that keeps its database in the configuration's own folder names the same file otherwise."""
    file, contents = looked(former, tmp_path, **{name: b"x"})
    inside = Places(card.config, card.config.parent, card.broker)
    with pytest.raises(BackupError, match="is root's"):
        act.restore(file, PASSPHRASE, contents, inside)
    assert not (card.config.parent / name.partition("/")[2]).exists()
    assert not list(card.config.parent.rglob("*.restoring"))


def test_a_folder_that_a_link_leads_to_is_not_restored_into_for_the_page(former, card, tmp_path):
    """Whoever has the link would have it lead elsewhere when the first file is laid."""
    _, contents = looked(former, tmp_path)
    check_is_own(contents, card, card.state)
    link = tmp_path / "card" / "by-link"
    link.symlink_to(card.state)
    with pytest.raises(BackupError) as refused:
        check_is_own(contents, Places(card.config, link, card.broker), card.state)
    assert refused.value.fault == BackupFault.ELSEWHERE
    with pytest.raises(BackupError, match="others than root"):
        check_is_own(contents, Places(card.config, link, card.broker), link)


@ROOT
def test_a_folder_in_one_that_is_not_roots_is_not_restored_into_for_the_page(former, card, tmp_path):
    """Its owner may put a link in its place at any moment."""
    _, contents = looked(former, tmp_path)
    os.chown(card.state.parent, 65534, 65534)
    with pytest.raises(BackupError, match="others than root"):
        check_is_own(contents, card, card.state)


@ROOT
def test_root_never_writes_as_root_where_the_gateway_is_somebody_else(former, card, tmp_path, monkeypatch):
    """A database's folder that belongs to root is another folder than it seems."""
    file, contents = looked(former, tmp_path)
    monkeypatch.setattr(change, "USER", "nobody")
    with pytest.raises(BackupError, match="belongs to root and not to nobody") as refused:
        act.restore(file, PASSPHRASE, contents, card)
    assert refused.value.fault == BackupFault.ELSEWHERE
    assert holds(card) == {"present"}


# --- with which rights ---

_OPEN = ("etc/gateway.toml", "etc/offer.toml", "etc/secrets/xmpp-password", "broker/linky/ca.key", "broker/linky/x.crt")


@ROOT
def test_the_archive_says_nothing_of_rights_for_the_page(former, card, tmp_path, monkeypatch):
    """A secret that all may read, a configuration that its giver may write: none comes back so."""
    names = ("etc/offer.toml", "broker/linky.passwords", "broker/linky/ca.key", "broker/linky/x.crt")
    extra = dict.fromkeys(names, b"x")
    for path in (former.config, former.config.parent / "secrets" / "xmpp-password", former.state / "page.json"):
        path.chmod(0o666)
        os.chown(path, 65534, 65534)
    file, contents = looked(former, tmp_path, **extra)
    os.chown(card.state, 65534, 65534)
    for path in card.state.rglob("*"):
        os.chown(path, 65534, 65534)
    with tempfile.TemporaryDirectory() as folder:
        # Below the folders of a test only root gets.
        Path(folder).chmod(0o755)
        state = card.state.rename(Path(folder) / "state")
        there = Places(card.config, state, card.broker)
        monkeypatch.setattr(change, "USER", "nobody")
        act.restore(file, PASSPHRASE, contents, there, believed=False)
        found = {name: there.of(name).stat() for name in (*_OPEN, "broker/linky.passwords", "state/page.json")}
    rights = {name: (stat.S_IMODE(one.st_mode), one.st_uid) for name, one in found.items()}
    assert rights["etc/gateway.toml"] == rights["etc/offer.toml"] == (0o640, 0)
    assert rights["etc/secrets/xmpp-password"] == rights["broker/linky/ca.key"] == (0o600, 0)
    assert rights["broker/linky/x.crt"] == (0o644, 0)
    assert rights["broker/linky.passwords"][0] == 0o600
    assert rights["state/page.json"] == (0o600, 65534)
    gateways = grp.getgrnam("nogroup").gr_gid
    assert found["etc/secrets/xmpp-password"].st_gid == 0
    assert found["state/page.json"].st_gid == gateways
    assert stat.S_IMODE((there.broker / "linky").stat().st_mode) == 0o755


# --- what a gateway would not start by ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (METER + "no-such-key = 1\n", "no-such-key"),
        ('[[meter]]\nsource = "socket://nowhere"\n', "socket://nowhere"),
        ("[store]\n", "meter"),
        (METER + '[[tariff]]\nname = "A"\nfrom = 2026-02-01\noffer = "mine.toml"\n', "mine.toml"),
    ],
)
@pytest.mark.parametrize("page", [True, False])
def test_a_configuration_that_nothing_starts_by_replaces_none(former, card, tmp_path, capsys, text, said, page):
    """It is tried with the files that come with it before the first name is changed."""
    former.config.write_text(text + '[store]\ndirectory = "state"\n' * ("[store]" not in text))
    if "[store]" in text:
        former.config.write_text('[store]\ndirectory = "state"\n')
    file, _ = looked(former, tmp_path)
    before = card.config.read_bytes()
    assert by_command(file, card, tmp_path, *(["--page"] if page else [])) == 65
    error = capsys.readouterr().err
    assert said in error
    assert str(card.config.parent) in error
    assert "nothing was changed" in error
    assert error.count("\n") == 1
    assert card.config.read_bytes() == before
    assert holds(card) == {"present"}
    assert not list(card.config.parent.rglob("*.restoring"))


def test_the_files_that_come_with_a_configuration_are_tried_with_it(former, card, tmp_path, capsys):
    """The prices of a contract may be in a file that this card does not have yet."""
    tariff = '[[tariff]]\nname = "A"\nfrom = 2026-02-01\noffer = "offers/mine.toml"\npower = 6\n'
    former.config.write_text(f"{METER}{tariff}" + '[store]\ndirectory = "state"\n')
    offer = (EXAMPLES / "bleu-hc.toml").read_bytes()
    file, _ = looked(former, tmp_path, **{"etc/offers/mine.toml": offer})
    assert by_command(file, card, tmp_path, "--page") == 0, capsys.readouterr().err
    assert (card.config.parent / "offers" / "mine.toml").read_bytes() == offer
    assert holds(card) == {"former"}


# --- everything of this card goes ---


def test_what_the_backup_has_not_is_not_in_force_any_more(former, card, tmp_path):
    """Settings of the house that goes would lie over the configuration that came back."""
    names = ("settings.json", "settings-before.json", "choices.json", "joining.json", "xmpp-password", "boards/a.json")
    for name in (*names, "nightly-backup.json", "unknown"):
        (card.state / name).parent.mkdir(exist_ok=True)
        (card.state / name).write_text("of the present house")
    file, contents = looked(former, tmp_path)
    aside = act.restore(file, PASSPHRASE, contents, card)
    for name in names:
        assert not (card.state / name).exists(), name
        (kept,) = (card.state / name).parent.glob(f"{Path(name).name}.before-*Z")
        assert kept.read_text() == "of the present house"
        assert kept in aside
    assert (card.state / "nightly-backup.json").exists()
    assert (card.state / "unknown").exists()


# --- the broker's files and the gateway's password there are one ---


@contextmanager
def as_nobody():
    """Root reads everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("shut", ["linky.passwords", "linky/server.key", None])
def test_of_the_broker_everything_is_taken_or_nothing(shut):
    """A certificate without its key, or a password without the users that it is of, lets nobody in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        etc = folder / "etc"
        (etc / "secrets").mkdir(parents=True)
        (folder / "state").mkdir()
        broker = folder / "mosquitto"
        for one in ("linky.passwords", "linky/server.key", "linky/server.crt", "conf.d/linky.conf"):
            (broker / one).parent.mkdir(parents=True, exist_ok=True)
            (broker / one).write_text("x")
        (etc / "secrets" / "mqtt-password").write_text("x")
        (etc / "gateway.toml").write_text("x")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if shut:
            (broker / shut).chmod(0)
        with as_nobody():
            found = find(etc / "gateway.toml", [], folder / "state", broker)
    of_broker = [one for one in found.files if one.startswith("broker/")]
    assert found.broker is (shut is None)
    assert len(of_broker) == (0 if shut else 4)
    assert ("etc/secrets/mqtt-password" in found.files) is (shut is None)
    assert (broker / shut in found.left_out) if shut else not found.left_out


def test_the_gateways_password_at_a_broker_that_is_not_in_it_is_not_either(monkeypatch, tmp_path):
    """As systemd hands it over to the nightly backup."""
    (tmp_path / "mqtt-password").write_text("of the broker")
    (tmp_path / "xmpp-password").write_text("of the account")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert {*backup_command._secrets(broker=False)} == {"xmpp-password"}
    assert {*backup_command._secrets(broker=True)} == {"xmpp-password", "mqtt-password"}


@pytest.mark.parametrize("half", [{"conf.d/linky.conf": b""}, {"linky.passwords": b"", "linky/server.crt": b""}])
def test_a_half_of_a_broker_is_not_brought_back(former, card, tmp_path, half):
    """Older backups of the night have such: what the card has goes on."""
    (card.broker / "conf.d").mkdir(parents=True)
    (card.broker / "conf.d" / "linky.conf").write_text("of the present house")
    more = {f"broker/{name}": content for name, content in half.items()}
    file, contents = looked(former, tmp_path, **more, **{"etc/secrets/mqtt-password": b"former"})
    assert not [name for name in contents.files if name in more or "mqtt" in name]
    act.restore(file, PASSPHRASE, contents, card)
    assert (card.broker / "conf.d" / "linky.conf").read_text() == "of the present house"
    assert not (card.config.parent / "secrets" / "mqtt-password").exists()
    assert not (card.broker / "linky").exists()


# --- one at a time ---


def test_what_is_being_laid_is_not_cleared_away(card, capsys):
    """The start of the machine's own unit may come in the middle of one."""
    laid = card.config.parent / "gateway.toml.restoring"
    laid.write_text("x")
    words = ["restore", "--finish", "--config", str(card.config)]
    with change.alone(card.config.parent):
        assert cli.main(words) == 65
        assert "wait until that has ended" in capsys.readouterr().err
        assert laid.exists()
    assert cli.main(words) == 0
    assert not laid.exists()


def test_a_file_that_went_before_its_time_stops_all_of_them(former, card, tmp_path, monkeypatch):
    """A house of two halves is none."""
    file, contents = looked(former, tmp_path)
    write_down = act.write_down

    def and_lose_one(place, wanted):
        write_down(place, wanted)
        (card.state / "page.json.restoring").unlink()

    monkeypatch.setattr(act, "write_down", and_lose_one)
    with pytest.raises(BackupError, match="was removed meanwhile"):
        act.restore(file, PASSPHRASE, contents, card)
    assert holds(card) == {"present"}
    assert not list(card.config.parent.rglob("*.restoring"))
    assert not (card.config.parent / CHANGE).exists()


def test_a_backup_that_has_lost_a_file_since_it_was_looked_at_is_not_restored(former, card, tmp_path):
    """Who may write it could exchange it for one with less in it."""
    _, contents = looked(former, tmp_path, **{"state/more.json": b"x"})
    files = {"etc/gateway.toml": former.config, f"state/{FILE_NAME}": former.state / FILE_NAME}
    names = ("etc/secrets/xmpp-password", "state/page.json")
    files |= {name: former.of(name) for name in names}
    other = tmp_path / "less.backup"
    act.save(other, PASSPHRASE, BackupManifest(1, "1", schema_of(former.state / FILE_NAME)), files, {})
    with pytest.raises(BackupError, match="was changed while it was read"):
        act.restore(other, PASSPHRASE, contents, card)
    assert holds(card) == {"present"}


def test_a_database_that_cannot_be_written_is_no_damaged_one(former, card, tmp_path):
    """A card that is full says so, and nobody throws a good backup away."""
    file, contents = looked(former, tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def and_fill(_):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))

    try:
        with pytest.raises(BackupError, match="nothing was changed") as refused:
            act.restore(file, PASSPHRASE, contents, card, check=and_fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refused.value.fault == BackupFault.ROOM
    assert "linky-gateway.sqlite" in str(refused.value)
    assert holds(card) == {"present"}
