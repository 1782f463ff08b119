"""``privacy erase --machine``: afterwards nothing that was known is in the raw bytes of the card."""

import io
import os
import shutil
import subprocess
from contextlib import closing, contextmanager

import pytest

from gateway.commands import main as cli
from gateway.commands import privacy_machine as machine_command
from gateway.privacy.machine import FILLING, overwrite_free_space
from gateway.store.connection import WriterLock
from gateway.store.pseudonyms import KEY_NAME
from gateway.store.store import Store
from gateway.web.access.access import PageAccess
from tests.gateway.privacy.conftest import COOP, PRM, ROOF, live, make_house

ACCOUNT, WIFI, BOARD = "canary-account-9f2c", "canary-wifi-77ab", "salon:$7$101$canarysalt$canaryhash"
KNOWN = (PRM, COOP, ROOF, ACCOUNT, WIFI, BOARD, "HC 1", "marie-odile", "La Coop", "gw@sen1.test", "living room display")
SECTORS_MB = 12


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """The rest of the machine."""
    folder = tmp_path / "machine"
    monkeypatch.setattr(machine_command, "ROOT", folder)
    return folder


def settle(folder, root):
    """A house that has lived, its page, its secrets, its boards, its Wi-Fi."""
    house = make_house(folder)
    with closing(Store(house.directory)) as store:
        live(store)
    (house.folder / "secret-of-the-account").write_text(ACCOUNT + "\n")
    (house.folder / "secrets").mkdir()
    (house.folder / "secrets" / "mqtt-password").write_text(ACCOUNT + "\n")
    (house.folder / "https").mkdir()
    for name in ("ca.key", "ca.crt"):
        (house.folder / "https" / name).write_text(ACCOUNT + "\n")
    page = PageAccess(house.directory / "page.json")
    page.set_password("a password of the page")
    page.add_link("living room display", 0)
    for name, words in (
        ("etc/mosquitto/linky.passwords", BOARD),
        ("etc/mosquitto/linky.passwords.before-20260101T000000Z", BOARD),
        ("etc/mosquitto/linky/server.key", "canary-key"),
        ("etc/NetworkManager/system-connections/linky-wifi.nmconnection", f"psk={WIFI}"),
        ("etc/NetworkManager/system-connections/neighbour.nmconnection", "not ours"),
        ("boot/firmware/linky.toml.done", WIFI),
        ("boot/firmware/config.txt", "not ours"),
    ):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(words)
    return house


@contextmanager
def card(tmp_path):
    """A card of 12 MB: its image, and where it is mounted; skips where this machine may mount none."""
    image, place = tmp_path / "card.img", tmp_path / "card"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(SECTORS_MB << 20)
    made = subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=False, capture_output=True)
    mounted = (
        made.returncode == 0
        and not subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True).returncode
    )
    if not mounted:
        pytest.skip("a loop device cannot be mounted here")
    try:
        yield image, place
    finally:
        subprocess.run(["umount", place], check=True)


def known_in(content):
    return [word for word in KNOWN if word.encode() in content]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mkfs.ext4"), reason="mounts a file system")
def test_nothing_that_was_known_is_in_the_raw_card(tmp_path, root, run):
    """Not in files, not in what files left behind when they were removed or written anew, not in free blocks."""
    with card(tmp_path) as (image, place):
        root.symlink_to(place)
        house = settle(place / "house", place)
        # What an editor and the gateway's own renames leave in blocks that no file has any more.
        old = place / "old.toml"
        old.write_text(f"{ACCOUNT} {WIFI} {PRM}\n" * 200)
        os.sync()
        old.unlink()
        os.sync()
        assert set(known_in(image.read_bytes())) == {*KNOWN}
        code, out, err = run(house, "privacy", "erase", "--machine", "--yes", "--lang", "en")
        assert (code, err) == (0, "")
        assert "the free space written over" in out
        assert "given the authority of the encrypted page" in out
        assert not (place / "house" / FILLING).exists()
        names = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
        assert names == [
            "boot/firmware/config.txt",
            "etc/NetworkManager/system-connections/neighbour.nmconnection",
        ]
    assert known_in(image.read_bytes()) == []


@pytest.fixture
def house(tmp_path, root, monkeypatch):
    """A house on this machine's own disk, whose free space is not filled for a test."""
    monkeypatch.setattr("gateway.privacy.machine.overwrite_free_space", lambda *_: 0)
    return settle(tmp_path / "house", root)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_who_was_not_told_is_named_before(house, monkeypatch):
    """Those who have received readings do not hear of this command; the question says what to do first."""
    screen = _Terminal()
    monkeypatch.setattr("sys.stdin", _Terminal("non\n"))
    monkeypatch.setattr("sys.stdout", screen)
    assert cli.main(["privacy", "erase", "--machine", "--lang", "fr", "--config", str(house.config)]) == 1
    out = screen.getvalue()
    assert f"n'en seront PAS avertis par cette commande : {COOP}, " in out
    assert out.endswith("rien n'a été effacé\n")
    assert (house.directory / KEY_NAME).exists()


def test_a_running_gateway_is_stopped_first(house, run):
    """Its files would be written again under the hand that erases them."""
    lock = WriterLock(house.directory)
    try:
        code, out, err = run(house, "privacy", "erase", "--machine", "--yes")
    finally:
        lock.release()
    assert (code, out) == (74, "")
    assert "stop it first" in err
    assert house.config.exists()


def test_it_is_begun_again_after_a_fault(house, run, monkeypatch):
    """The configuration goes last; until then the same command ends what was cut off."""
    from gateway.privacy import machine

    def pull_the_plug(paths, _):
        paths[0].unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(machine, "erase", pull_the_plug)
        assert run(house, "privacy", "erase", "--machine", "--yes")[0] == 130
    assert house.config.exists()
    assert run(house, "privacy", "erase", "--machine", "--yes")[0] == 0
    assert [path for path in house.folder.rglob("*") if path.is_file()] == []


def test_free_space_is_filled_to_the_last_block_and_given_back(tmp_path):
    """On a file system that has an end; what is there stays."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", place], check=False, capture_output=True
    ).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        (place / "mine").write_bytes(b"x" * 100_000)
        assert overwrite_free_space(place, lambda *_: None) in (2, 3)
        assert [path.name for path in place.iterdir()] == ["mine"]
        assert shutil.disk_usage(place).free > 2_500_000
    finally:
        subprocess.run(["umount", place], check=True)
