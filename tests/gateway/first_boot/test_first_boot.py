"""The first start of a card: applied once, whole, whatever cuts it off; what is wrong is said on the card."""

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import tomllib
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.account.hand_over import MARK
from gateway.account.joining_note import BroughtInvitation, Joinings, Refusal, read_file, write_file
from gateway.commands.first_boot import apply
from gateway.commands.main import main
from gateway.config.tables import load
from gateway.errors import ConfigError
from gateway.federation.wire.invitation import signing_key, write
from gateway.first_boot import place as places
from gateway.first_boot.place import CardPlace
from gateway.web.access import access
from gateway.web.access.access import PageAccess
from tests.gateway.federation.test_invitation import ASKED
from tests.gateway.sources.usb_tree import FT230X, UsbTree

ROOT = Path(__file__).parents[3]
TOML = """\
language = "fr"
hostname = "maison-7"
[wifi]
name = "Livebox été"
key = " clef\\\\de la box"
[account]
jid = "maison@example.org"
password = "canary-password"
address = "xmpp.example.org:5222"
[page]
code = "ABCD-EFGH-JKLM"
"""
PASSWORD = "un-mot-de-passe-du-foyer"


class Card:
    """A card whose system is in ``root``, with what is on it."""

    def __init__(self, folder):
        self.root, self.boot = folder / "root", folder / "boot"
        for path in (self.root / "etc", self.boot):
            path.mkdir(parents=True)
        (self.root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n")
        (self.root / "etc/hostname").write_text("raspberrypi\n")
        self.place = CardPlace(self.boot, self.root)
        self.file = self.boot / "linky.toml"

    def put(self, text=TOML):
        self.file.write_text(text, encoding="utf-8")

    def start(self):
        return main(["first-boot", "--root", str(self.root), "--boot", str(self.boot)])

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    @property
    def result(self):
        return (self.boot / "linky-result.txt").read_bytes().decode("utf-8-sig")

    def tree(self):
        """Everything but the page's file, whose salt is new each time: path -> mode and content."""
        files = [path for folder in (self.root, self.boot) for path in folder.rglob("*") if path.is_file()]
        return {
            str(path): (oct(path.stat().st_mode & 0o777), path.read_bytes())
            for path in files
            if path.name not in {"page.json", "page.json.draft"}
        }

    def access(self):
        return PageAccess(self.root / "var/lib/linky-gateway/page.json")


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch):
    """What a code costs to try is tested with the page."""
    monkeypatch.setattr(access, "_scrypt", lambda text, salt, *_: hashlib.sha256(salt + text.encode()).digest())


@pytest.fixture
def card(tmp_path):
    """A card whose gateway has never been started."""
    return Card(tmp_path)


def test_everything_that_the_card_says_is_applied(card, capsys):
    """Configuration, password, Wi-Fi, names, code; each file for whom it is; the result says so without a secret."""
    card.put()
    assert card.start() == 0
    config = load(card.root / "etc/linky-gateway/gateway.toml")
    assert (config.meter[0].source, config.federation.jid) == ("/dev/ttyTIC", "maison@example.org")
    assert config.federation.address == "xmpp.example.org:5222"
    assert config.web is not None
    assert card.read("etc/linky-gateway/secrets/xmpp-password") == "canary-password\n"
    assert card.read("etc/hostname") == "maison-7\n"
    assert card.read("etc/hosts") == "127.0.0.1\tlocalhost\n127.0.1.1\tmaison-7\n"
    assert "ieee80211_regdom=FR" in card.read("etc/modprobe.d/linky-wifi.conf")
    assert card.access().code_fits("abcd efgh jklm")
    rights = {name: rights for name, (rights, _) in card.tree().items()}
    root = f"{card.root}/etc"
    assert rights[f"{root}/linky-gateway/secrets/xmpp-password"] == "0o600"
    assert rights[f"{root}/NetworkManager/system-connections/linky-wifi.nmconnection"] == "0o600"
    assert (card.root / "etc/linky-gateway/secrets").stat().st_mode & 0o777 == 0o700
    assert "Tout va bien" in card.result
    assert "All is well" in card.result
    assert "http://maison-7.local:8080/" in card.result
    said = card.result + "".join(capsys.readouterr())
    assert not [secret for secret in ("canary", "clef", "EFGH") if secret in said]


def test_the_file_is_wiped_from_the_card(card):
    """Its bytes are overwritten before it is removed; nothing of it is left on the card, nor waiting."""
    card.put()
    os.link(card.file, card.root.parent / "the-blocks")
    assert card.start() == 0
    assert (card.root.parent / "the-blocks").read_bytes() == b"\0" * len(TOML.encode())
    assert {path.name for path in card.boot.iterdir()} == {"linky-result.txt"}
    assert not card.place.staged.exists()


def test_a_second_start_has_nothing_to_do(card, capsys):
    """What a household has changed since stays."""
    card.put()
    assert card.start() == 0
    card.access().set_password(PASSWORD)
    before = card.tree()
    assert card.start() == 0
    assert "nothing to do" in capsys.readouterr().out
    assert card.tree() == before
    assert card.access().password_fits(PASSWORD)
    assert not card.access().has_code


def test_windows_adds_an_end_to_its_name(card):
    """linky.toml.txt is the same file."""
    card.put()
    card.file.rename(card.boot / "linky.toml.txt")
    assert card.start() == 0
    assert {path.name for path in card.boot.iterdir()} == {"linky-result.txt"}


class PowerCut(BaseException):
    """Nobody catches it."""


def cut_at(monkeypatch, number):
    """The power goes at the nth time that something is asked to be on the disk; True once there was no nth."""
    calls = iter(range(number))

    def fsync(_):
        if next(calls, None) is None:
            raise PowerCut

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_power_cut_anywhere_leaves_a_start_that_can_be_done_again(tmp_path, monkeypatch):
    """At every step: the next start ends with the same files, and the code opens the page once."""
    whole = Card(tmp_path / "whole")
    whole.put()
    apply(whole.place)
    wanted = {name.replace("/whole/", "/cut/"): content for name, content in whole.tree().items()}
    steps = 0
    while True:
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        card = Card(tmp_path / "cut")
        card.put()
        with monkeypatch.context() as patched:
            cut_at(patched, steps)
            try:
                card.start()
            except PowerCut:
                pass
            else:
                break
        apply(card.place)
        found = card.tree()
        # Drafts that a cut leaves behind are overwritten by whoever writes that file next.
        assert {name: content for name, content in found.items() if not name.endswith(".draft")} == wanted
        assert card.access().code_fits("ABCDEFGHJKLM")
        steps += 1
    assert steps > 20


def test_a_card_that_cannot_be_written_changes_nothing(card, monkeypatch, capsys):
    """A code that stayed on the card could open the page a second time."""

    real = os.fsync

    def refuse(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink() == card.boot:
            raise OSError(30, "Read-only file system")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    card.put()
    before = card.tree()
    assert card.start() == 78
    assert "the card cannot be written (Read-only file system)" in capsys.readouterr().err
    after = card.tree()
    del after[str(card.boot / "linky-result.txt")]
    assert after == before


def test_a_full_disk_is_said_and_gone_on_with(card, monkeypatch, capsys):
    """The settings are kept; the next start applies them."""
    real = places.write_whole

    def full(path, *rest):
        if path.name == "hostname":
            raise OSError(28, "No space left on device", str(path))
        real(path, *rest)

    card.put()
    with monkeypatch.context() as patched:
        patched.setattr(places, "write_whole", full)
        assert card.start() == 78
    assert "No space left on device" in capsys.readouterr().err
    assert "repris au prochain démarrage" in card.result
    assert card.start() == 0
    assert card.read("etc/hostname") == "maison-7\n"


@pytest.mark.parametrize(
    ("old", "new", "french", "english"),
    [
        (" clef\\\\de la box", "court", "wifi.key : une clé Wi-Fi a de 8 à 63", "wifi.key: a Wi-Fi key has 8 to 63"),
        ("maison@example.org", "maison", "account.jid : une adresse du compte", "account.jid: the account’s address"),
        ("country", "contry", "", ""),
        ("[page]", "[pge]", "pge : clé inconnue (page ?)", "pge: unknown key (page ?)"),
    ],
)
def test_a_wrong_file_changes_nothing_and_is_said_on_the_card(card, old, new, french, english):
    """In both languages, the file's own first; once it is put right, it is applied."""
    text = TOML.replace(old, new)
    if text == TOML:
        text = TOML.replace("[page]", 'contry = "FR"\n[page]')
        french, english = "account.contry : clé inconnue", "account.contry: unknown key"
    card.put(text)
    before = card.tree()
    assert card.start() == 78
    after = card.tree()
    del after[str(card.boot / "linky-result.txt")]
    assert after == before
    assert french in card.result
    assert english in card.result
    assert card.result.index(french) < card.result.index(english)
    assert "\r\n" in card.result
    card.put()
    assert card.start() == 0
    assert "Tout va bien" in card.result


def test_a_configuration_that_is_there_keeps_what_the_card_does_not_say(card):
    """The commented default with a household's own changes: comments, tariffs and other tables stay."""
    default = (ROOT / "systemd/gateway.toml").read_text(encoding="utf-8")
    before = (
        default + '\n[federation]\njid = "old@example.org"\npassword_file = "old"\nbatch_s = 5\n\n[mqtt]\nuser = "gw"\n'
    )
    file = card.root / "etc/linky-gateway/gateway.toml"
    file.parent.mkdir()
    file.write_text(before, encoding="utf-8")
    card.put(TOML + '[meter]\nport = "/dev/serial0"\n')
    assert card.start() == 0
    after = file.read_text(encoding="utf-8")
    assert set(before.splitlines()) - set(after.splitlines()) == {
        'source = "/dev/ttyTIC"',
        'jid = "old@example.org"',
        'password_file = "old"',
    }
    config = load(file)
    assert (config.meter[0].source, config.meter[0].name) == ("/dev/serial0", "house")
    assert (config.federation.batch_s, config.mqtt.user) == (5, "gw")
    assert tomllib.loads(after)["store"] == tomllib.loads(before)["store"]


def plugged(card, *serials):
    """The card's machine, with adapters for meters."""
    usb = UsbTree(card.root)
    for number, serial in enumerate(serials):
        usb.plug(f"ttyUSB{number}", serial=serial, place=f"1-1.{number + 2}", **FT230X)


def test_the_adapter_for_a_meter_is_found(card):
    """By its identity, whatever number it gets."""
    plugged(card, "TINFO-1234")
    card.put()
    assert card.start() == 0
    assert load(card.root / "etc/linky-gateway/gateway.toml").meter[0].source == "usb:0403:6015:TINFO-1234"
    assert "Compteur : usb:0403:6015:TINFO-1234" in card.result


def test_without_an_adapter_the_one_to_come_is_read(card):
    """udev calls it /dev/ttyTIC; the result says that it was not there."""
    card.put()
    assert card.start() == 0
    assert "aucun adaptateur n’était branché" in card.result


def test_several_adapters_are_a_persons_choice(card):
    """Their names are said; nothing is changed."""
    plugged(card, "TINFO-1", "TINFO-2222")
    card.put()
    assert card.start() == 78
    assert "nommez celui qui est à lire, parmi usb:" in card.result
    assert card.file.exists()


def test_a_port_that_was_chosen_before_stays(card):
    """``auto`` does not undo what a person found."""
    file = card.root / "etc/linky-gateway/gateway.toml"
    file.parent.mkdir()
    file.write_text('[[meter]]\nsource = "/dev/serial0"\n')
    plugged(card, "TINFO-1234")
    card.put()
    assert card.start() == 0
    assert load(file).meter[0].source == "/dev/serial0"


def test_without_a_code_one_is_made_and_said(card):
    """Once: where the page has its password already, none is made."""
    card.put('language = "en"\n')
    assert card.start() == 0
    code = card.result.split("serves once: ")[1].split()[0]
    access = card.access()
    assert access.code_fits(code)
    access.set_password(PASSWORD)
    card.put('language = "en"\n')
    assert card.start() == 0
    assert "serves once" not in card.result
    assert not card.access().has_code
    assert card.result.index("All is well") < card.result.index("Tout va bien")


def test_the_code_of_the_label_outlives_another_wifi(card):
    """Who moves before the first visit puts a new network on the card, and the label stays good."""
    card.put()
    assert card.start() == 0
    card.put('[wifi]\nname = "Autre"\nkey = "une autre clef"\n')
    assert card.start() == 0
    assert card.access().code_fits("ABCDEFGHJKLM")
    assert "sert une fois" not in card.result
    assert load(card.root / "etc/linky-gateway/gateway.toml").federation.jid == "maison@example.org"


def test_a_new_code_lets_the_household_in_again(card):
    """Who has the card in hand may set a new password; the old one holds until then."""
    card.put()
    assert card.start() == 0
    card.access().set_password(PASSWORD)
    card.put('[page]\ncode = "MNPQ-RSTU-VWXY"\n')
    assert card.start() == 0
    assert card.access().code_fits("MNPQRSTUVWXY")
    assert card.access().password_fits(PASSWORD)


def test_a_gateway_that_runs_is_not_changed_under_its_feet():
    """It keeps in memory what would be written: it is to be stopped first, and the file stays."""
    # The name of a socket has 107 bytes, and a test's own folder may be longer.
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as daemon:
        card = Card(Path(short))
        card.put()
        folder = card.root / "var/lib/linky-gateway"
        folder.mkdir(parents=True)
        daemon.bind(str(folder / "control.sock"))
        daemon.listen()
        daemon.settimeout(60)

        def answer():
            link, _ = daemon.accept()
            with link:
                link.recv(4096)
                link.sendall(b'{"result": {"running": true}}\n')

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ConfigError, match="stop it first"):
            apply(card.place)
        thread.join()
        assert card.file.exists()


def test_the_networks_profile_is_one_of_networkmanagers(card):
    """Key and name as they were meant, whatever they are made of."""
    card.put()
    assert card.start() == 0
    profile = card.root / "etc/NetworkManager/system-connections/linky-wifi.nmconnection"
    text = profile.read_text()
    assert bytes(map(int, text.split("ssid=")[1].split("\n")[0].strip(";").split(";"))).decode() == "Livebox été"
    assert "psk=\\sclef\\\\de la box\n" in text
    if shutil.which("nmcli"):
        command = ["nmcli", "--offline", "connection", "modify", "connection.id", "tried"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "id=tried" in done.stdout


def test_a_card_that_was_prepared_says_so_beside_the_database(card):
    """What the household's own password will bring about; without ``renew`` nothing."""
    mark = card.root / "var/lib/linky-gateway" / MARK
    card.put()
    assert card.start() == 0
    assert not mark.exists()
    card.put(TOML.replace("[page]", "renew = true\n[page]"))
    assert card.start() == 0
    assert mark.stat().st_mode & 0o777 == 0o600


def test_who_would_like_to_know_is_written_down_and_stays(card):
    """The page asks the household; a later card for another Wi-Fi says nothing of it, and changes nothing of it."""
    card.put(TOML.replace("[page]", 'installer = "anne@sen2.test"\n[page]'))
    assert card.start() == 0
    for _ in range(2):
        federation = load(card.root / "etc/linky-gateway/gateway.toml").federation
        assert (federation.jid, federation.installer) == ("maison@example.org", "anne@sen2.test")
        card.put()
        assert card.start() == 0


def test_a_link_on_the_card_is_not_followed(card, capsys):
    """What root reads and wipes is the card's own file."""
    secret = card.root / "etc/shadow"
    secret.write_text("root:canary\n")
    card.file.symlink_to(secret)
    assert card.start() == 78
    assert secret.read_text() == "root:canary\n"
    assert "canary" not in card.result + capsys.readouterr().err


def invitation(**changes):
    """A link that a co-operative signed."""
    with tempfile.TemporaryDirectory() as folder:
        return write(replace(ASKED, **changes), signing_key(Path(folder) / "key.pem"), "http://linky.local/")[0]


def brings(card, link):
    card.put(TOML.partition("[account]")[0] + f'[invitation]\nlink = "{link}"\ninstaller = "anne@example.org"\n')


def test_an_invitation_waits_for_the_household(card, capsys):
    """Its link is where only the gateway reads it, and nowhere else; no account is set up; it is said who invites."""
    link = invitation()
    brings(card, link)
    assert card.start() == 0
    file = card.root / "var/lib/linky-gateway/joining.json"
    assert read_file(file).brought == BroughtInvitation(link=link, controller="La Coop", installer="anne@example.org")
    assert file.stat().st_mode & 0o777 == 0o600
    assert load(card.root / "etc/linky-gateway/gateway.toml").federation is None
    assert "Invitation de La Coop" in card.result
    assert "Invitation of La Coop" in card.result
    secret = link.partition("#")[2].encode()
    assert [path for path, (_, data) in card.tree().items() if secret in data] == [str(file)]
    assert secret.decode() not in card.result + "".join(capsys.readouterr())
    # What a household has answered before stays beside it.
    write_file(file, Joinings(refused=Refusal(controller="x", why={"fr": "y"})))
    brings(card, link)
    assert card.start() == 0
    assert (read_file(file).refused.controller, read_file(file).brought.link) == ("x", link)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("https://example.org/", "copy its link whole"),
        (invitation()[:300], "its signature does not fit"),
        (invitation(expires=1_700_000_000), ""),
    ],
)
def test_an_invitation_that_is_none_is_said_and_nothing_is_changed(card, capsys, link, said):
    """In both languages, without the link. Its time is not looked at: at its first start a machine knows none."""
    brings(card, link)
    assert card.start() == (78 if said else 0)
    assert said in card.result
    assert link not in card.result + "".join(capsys.readouterr())
    assert (card.root / "var/lib/linky-gateway/joining.json").exists() is not bool(said)
    if said:
        assert ("copiez son lien" if "copy" in said else "sa signature ne correspond pas") in card.result
