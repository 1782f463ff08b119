"""The installer's SSH key: what goes onto the cards, and what is refused in one sentence before anything is made."""

import shutil
import subprocess

import pytest
import yaml

from provision import card, keys
from provision.__main__ import main
from provision.errors import ProvisionError
from provision.texts import handover
from tests.tools.provision.test_card import SETTINGS

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqfS9gbuTT2B8m3rQY3w5kVd5y4yQG3oYp0f0lU5t5B"


def made(folder, *words):
    """A pair made by ssh-keygen; its public file."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("openssh-client is not installed")
    file = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "chez nous", "-f", file, *words], check=True, timeout=60)
    return file.with_suffix(".pub")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_opens_the_machine_and_nothing_else_does(tmp_path, kind):
    """As ssh-keygen makes it: one user with every right, a password that nothing opens, none for sshd."""
    found = keys.read(made(tmp_path, "-t", kind))
    assert found == [made_line.strip() for made_line in (tmp_path / "key.pub").read_text().splitlines()]
    user_data = yaml.safe_load(card.files(SETTINGS, "raspios", found)["user-data"])
    (user,) = user_data["users"]
    assert (user["name"], user["passwd"], user["lock_passwd"], user["sudo"]) == (
        "linky",
        "*",
        False,
        "ALL=(ALL) NOPASSWD:ALL",
    )
    assert user["ssh_authorized_keys"] == found
    assert user_data["ssh_pwauth"] is False
    assert card.files(SETTINGS, "image", found)["authorized_keys"] == f"{found[0]}\n"


def test_a_private_key_goes_onto_no_card(tmp_path):
    """Given by mistake it is named as what it is, with the file that is meant."""
    public = made(tmp_path, "-t", "ed25519")
    with pytest.raises(
        ProvisionError, match=f"private SSH key, which goes onto no card: give the public one, .*{public.name}"
    ):
        keys.read(public.with_suffix(""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it takes 1 to 8 public SSH keys"),
        ("# nothing\n\n", "it takes 1 to 8 public SSH keys"),
        (f"{ED25519}\n" * 9, "it takes 1 to 8 public SSH keys"),
        (f"{ED25519}\n" + "#" * 20_000, "it takes 1 to 8 public SSH keys"),
        ("\udcff", "it takes 1 to 8 public SSH keys"),
        (f"{ED25519}\nssh-ed25519 AAAA\n", "line 2: not a public SSH key"),
        (ED25519[:-4], "line 1: not a public SSH key"),
        (f"{ED25519}AAAA", "line 1: not a public SSH key"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "line 1: not a public SSH key"),
        (ED25519.replace("ssh-ed25519 ", "ssh-ed25519\n"), "line 1: not a public SSH key"),
        (f'command="x" {ED25519}', "line 1: not a public SSH key"),
        (f"{ED25519} \x1b[31m", "line 1: not a public SSH key"),
        ("ssh-dss AAAAB3NzaC1kc3MAAAAA", "line 1: not a public SSH key"),
    ],
)
def test_what_is_no_key_is_one_sentence_in_both_languages(tmp_path, text, said):
    """Cut short, of another kind, with options, too many: its line is named, and what is wanted."""
    file = tmp_path / "x.pub"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ProvisionError) as caught:
        keys.read(file)
    assert said in caught.value.say("en")
    assert caught.value.say("fr").startswith(str(file))
    assert "\n" not in caught.value.say("fr")


def test_a_wrong_key_is_said_before_anything_is_made(tmp_path, fleet_file, capsys):
    """No account, no folder."""
    (tmp_path / "x.pub").write_text("hello\n")
    arguments = [str(fleet_file("m", 2)), "--domain", "sen1.test", "--in-band", "--ssh-key", str(tmp_path / "x.pub")]
    assert main([*arguments, "--out", str(tmp_path / "fleet"), "--lang", "fr"]) == 1
    assert "ligne 1 : ce n’est pas une clé SSH publique" in capsys.readouterr().err
    assert not (tmp_path / "fleet").exists()


@pytest.mark.parametrize("kind", ["raspios", "image"])
def test_the_household_learns_that_the_installer_can_log_in_and_how_that_ends(kind):
    """In both languages of the protocol, with the command; without a key there is not a word of it."""
    place = card.KEPT_KEYS[kind]
    said = handover("maison-1", "", "http://maison-1.local:8080/", place, "ABCD EF01")
    assert said.count(f"ssh linky@maison-1.local sudo rm {place}") == 2
    assert "LE FOYER décide si elle reste" in said
    assert "THE HOUSEHOLD decides whether it stays" in said
    assert said.count("ABCD EF01") == 2
    without = handover("maison-1", "", "http://maison-1.local:8080/", None, "")
    assert "ssh" not in without
    assert "signée" not in without
