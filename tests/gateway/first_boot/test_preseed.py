"""What Raspberry Pi Imager was told of a card: read as linky.toml says it, what does not hold here is named."""

import json
import shutil
import tomllib

import pytest

from gateway.first_boot.plan import SSH_KEYS, SSH_LOOKS
from gateway.first_boot.preseed import joined, parse_preseed
from gateway.first_boot.settings import CardSettings, Wifi, parse, render
from tests.gateway.first_boot.test_first_boot import ROOT, Card, _quick_hash  # noqa: F401 (for every test here)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0gN3ZpY2U2dHdvIGNhbmFyeSBrZXlzIGZvciB0ZXN0 anne@portable"
PMK = "5f" * 32
# As rpi-imager 2.0.11.1 writes it where all is filled in (src/customization_generator.cpp): only \ and " escaped.
FULL = f"""config_version = "1.0"

[system]
hostname = "Maison-7"

[user]
name = "anne"
password = "$y$j9T$canary-of-the-user"
password_encrypted = true
groups = ["sudo"]
passwordless_sudo = true

[ssh]
enabled = true
password_authentication = false
authorized_keys = ["{KEY}"]

[wlan]
ssid = "Livebox \\"été\\""
password = "{PMK}"
password_encrypted = true
hidden = true
country = "FR"

[locale]
keymap = "fr"
timezone = "Europe/Paris"

[interfaces]
i2c = true
"""


@pytest.fixture
def card(tmp_path):
    """A card whose gateway has never been started, as Imager has written it; its sshd looks for keys there."""
    made = Card(tmp_path)
    looks = made.root / SSH_LOOKS
    looks.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tools/lib/image/files" / SSH_LOOKS, looks)
    return made


def put(card, text=FULL):
    """What Imager leaves."""
    (card.boot / "rpi-preseed.toml").write_text(text, encoding="utf-8")


def test_what_imager_was_told_is_applied_and_wiped(card, capsys):
    """Name, Wi-Fi with its key as Imager made it, keys for SSH; of the file nothing is left on the card."""
    put(card)
    assert card.start() == 0
    assert card.read("etc/hostname") == "maison-7\n"
    assert card.read("etc/ssh/authorized_keys.d/linky") == f"{KEY}\n"
    profile = card.read("etc/NetworkManager/system-connections/linky-wifi.nmconnection")
    assert f"psk={PMK}\n" in profile
    assert "hidden=true\n" in profile
    assert bytes(map(int, profile.split("ssid=")[1].split("\n")[0].strip(";").split(";"))).decode() == 'Livebox "été"'
    assert "ieee80211_regdom=FR" in card.read("etc/modprobe.d/linky-wifi.conf")
    assert [file.name for file in card.boot.iterdir()] == ["linky-result.txt"]
    said = card.result + capsys.readouterr().out
    assert PMK not in said
    assert "canary" not in said


def test_what_does_not_hold_here_is_named(card):
    """In both languages, by its place in the file, and nothing of its content."""
    put(card)
    assert card.start() == 0
    names = "user.name, user.password, user.password_encrypted, user.groups, user.passwordless_sudo"
    for said in ("ceci ne vaut pas ici", "this does not hold here"):
        line = next(line for line in card.result.splitlines() if said in line)
        assert names in line
        assert "locale.keymap, locale.timezone, interfaces.i2c" in line
        assert "system" not in line


def test_keys_that_nothing_would_read_are_said_not_to_be_taken(card):
    """Raspberry Pi OS with a linky.toml: its sshd looks elsewhere, and there may be no user linky; the rest holds."""
    (card.root / SSH_LOOKS).unlink()
    put(card)
    assert card.start() == 0
    assert not (card.root / SSH_KEYS).exists()
    assert card.read("etc/hostname") == "maison-7\n"
    assert "the keys were not taken" in card.result
    assert "les clés n’ont pas été prises" in card.result
    assert "may log in" not in card.result


def test_the_cards_sshd_reads_what_is_added_to_the_cards_own_keys():
    """authorized_keys of the card replaces; so it comes first, before the file that adds."""
    files = ROOT / "tools/lib/image/files"
    assert f"AuthorizedKeysFile /{SSH_KEYS.replace('linky', '%u')}\n" in (files / SSH_LOOKS).read_text()
    text = (files / "usr/lib/systemd/system/linky-card-keys.service").read_text()
    (before,) = (line for line in text.splitlines() if line.startswith("Before="))
    assert "linky-first-boot.service" in before.partition("=")[2].split()


def test_both_files_of_a_card_are_one(card):
    """What linky.toml says holds; what it leaves out Imager may have said; a new card's own file says nothing."""
    card.put(f'[wifi]\nname = "Freebox"\nkey = "canary-of-the-freebox"\n[ssh]\nkeys = ["{KEY}"]\n')
    put(card)
    assert card.start() == 0
    assert "psk=canary-of-the-freebox" in card.read("etc/NetworkManager/system-connections/linky-wifi.nmconnection")
    assert card.read("etc/hostname") == "maison-7\n"
    assert card.read("etc/ssh/authorized_keys.d/linky") == f"{KEY}\n"
    assert "linky.toml" not in [file.name for file in card.boot.iterdir()]


def test_a_cut_between_the_two_files_loses_neither(card, monkeypatch):
    """linky.toml is off the card, Imager's file is not: the next start knows both."""
    card.put('[wifi]\nname = "Freebox"\nkey = "canary-of-the-freebox"\n')
    put(card)
    wiped = type(card.place)._wipe

    def cut(place, find, gone):
        if "preseed" in gone.name:
            raise KeyboardInterrupt
        wiped(place, find, gone)

    monkeypatch.setattr(type(card.place), "_wipe", cut)
    assert card.start() == 130
    monkeypatch.undo()
    assert not card.file.exists()
    assert card.start() == 0
    assert "psk=canary-of-the-freebox" in card.read("etc/NetworkManager/system-connections/linky-wifi.nmconnection")
    assert card.read("etc/hostname") == "maison-7\n"
    assert [file.name for file in card.boot.iterdir()] == ["linky-result.txt"]


def test_more_keys_together_than_one_file_may_have_change_nothing(card, capsys):
    """Each file is good; what both make could not be read again after a power cut, so it is said before the wipe."""
    own, imagers = ([KEY.replace("anne@portable", f"{who}-{n}") for n in range(15)] for who in ("own", "imager"))
    card.put(f"[ssh]\nkeys = {json.dumps(own)}\n")
    put(card, FULL.replace(f'["{KEY}"]', json.dumps(imagers)))
    assert card.start() == 78
    assert "ssh.keys: a public key of SSH is one line" in capsys.readouterr().err
    assert "20" in card.result
    assert card.file.exists()
    assert (card.boot / "rpi-preseed.toml").exists()
    assert not card.place.staged.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Maison-7"', '"maison 7"', "rpi-preseed.toml, system.hostname: a host name has"),
        (f'"{PMK}"', '"court"', "rpi-preseed.toml, wlan.password: a Wi-Fi key has 8 to 63"),
        ('country = "FR"', 'country = "France"', "rpi-preseed.toml, wlan.country: a country is written"),
        ('ssid = "Livebox \\"été\\""', 'ssid_hex = "ff00"', "rpi-preseed.toml, wlan.ssid_hex: there is an invisible"),
        (f'["{KEY}"]', '["no key"]', "rpi-preseed.toml, ssh.authorized_keys: a public key of SSH is one line"),
        (f'["{KEY}"]', '"no list"', "rpi-preseed.toml, ssh.authorized_keys: it takes a list"),
        ("[system]", "[system", "rpi-preseed.toml:3: this line cannot be read"),
    ],
)
def test_what_is_wrong_changes_nothing_and_is_said(card, old, new, said, capsys):
    """With its file and place, as of linky.toml."""
    assert old in FULL
    put(card, FULL.replace(old, new))
    assert card.start() == 78
    assert said in capsys.readouterr().err
    assert said in card.result
    assert card.read("etc/hostname") == "raspberrypi\n"
    assert (card.boot / "rpi-preseed.toml").exists()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", False),
        ('config_version = "1.0"\n', False),
        ("system = 3\n", False),
        ("[wlan]\nssid = 3\n", True),
        ("[wlan]\n", False),
        (f"x{'y' * 70_000}", True),
    ],
)
def test_nothing_of_use_is_nothing_set(text, wrong):
    """No bytes of a card are too much: settings, names or a fault, never more."""
    settings, unused, faults = parse_preseed(text.encode())
    assert bool(faults) is wrong
    assert wrong or (settings.hostname, settings.wifi, settings.keys) == (None, None, ())
    assert len(unused) <= 21


def test_names_that_are_none_are_not_repeated():
    """What stands before the = may be a secret on the wrong side; of a thousand names twenty are told."""
    text = '[wlan]\n"canary of a key" = 1\n[odd]\n' + "".join(f"name{n} = 1\n" for n in range(1000))
    _, unused, faults = parse_preseed(text.encode())
    assert not faults
    assert len(unused) == 21
    assert unused[-1] == "…"
    assert "canary" not in json.dumps(unused)


def test_a_name_in_bytes_is_the_name():
    """Imager spells in hexadecimal what is no plain text."""
    settings, _, faults = parse_preseed(f'[wlan]\nssid_hex = "{"Café".encode().hex()}"\n'.encode())
    assert (settings.wifi, faults) == (Wifi("Café", "", "FR"), [])


def test_the_two_as_one_file_say_the_same_again():
    """Which is what a start that was cut off reads."""
    imager, _, _ = parse_preseed(FULL.encode())
    both = joined(CardSettings(language="en", port="/dev/serial0", code="ABCDEFGHJKLM"), imager)
    text = render(both)
    assert parse(text.encode()) == (both, [])
    assert tomllib.loads(text)["ssh"]["keys"] == [KEY]
