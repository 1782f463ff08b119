"""What the acts write: whole, root's alone, within their bounds; what does not come about is taken back."""

import json
import shutil
import subprocess

import pytest

from gateway.backup.cipher import LEAST_CHARACTERS
from gateway.errors import GatewayError
from gateway.upkeep.helper import table

WIFI = "etc/NetworkManager/system-connections/linky-wifi.nmconnection"
COUNTRY = "etc/modprobe.d/linky-wifi.conf"
TRIAL = "run/NetworkManager/system-connections/linky-wifi-trial.nmconnection"
KEY = "canary-clef de la box"


def do(scratch, act, **arguments):
    """Do it as it is asked for; what was said meanwhile."""
    said = []
    table.do(table.read(json.dumps({"act": act, **arguments}).encode()), scratch.root, said.append)
    return [str(one) for one in said]


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("xmpp-password", "linky-gateway.service"),
        ("mqtt-password", "linky-gateway.service"),
        ("display-password", "linky-display.service"),
        ("notices/telegram", "linky-gateway.service"),
        ("backup-passphrase", None),
    ],
)
def test_a_secret_is_roots_alone_and_its_reader_starts_again(scratch, name, reader):
    """One line, mode 0600; another one takes its place, None takes it away."""
    file = scratch.root / "etc/linky-gateway/secrets" / name
    for value in ("correct horse battery", "é" * 1000):
        do(scratch, "set-secret", name=name, value=value)
        assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{value}\n", 0o600)
        assert file.parent.stat().st_mode & 0o777 in (0o700, 0o755)
    told = scratch.told
    assert told == (["--no-block", "try-restart", reader] * 2 if reader else [])
    if name in ("xmpp-password", "mqtt-password"):
        # The gateway may need it to start.
        with pytest.raises(GatewayError, match="not taken away"):
            do(scratch, "set-secret", name=name, value=None)
        assert file.exists()
        return
    do(scratch, "set-secret", name=name, value=None)
    assert not file.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "release.pub", "value": "x"},
        {"name": "../gateway.toml", "value": "x"},
        {"name": "notices/../xmpp-password", "value": "x"},
        {"name": "notices/", "value": "x"},
        {"name": "notices/a\n", "value": "x"},
        {"name": "xmpp-password\n", "value": "x"},
        {"name": "xmpp-password", "value": "x\n"},
        {"name": "xmpp-password", "value": "x\0y"},
        {"name": "xmpp-password", "value": ""},
        {"name": "xmpp-password", "value": "x" * 1001},
        {"name": "xmpp-password"},
    ],
)
def test_no_other_file_is_written_and_no_second_line(scratch, arguments):
    """Each is refused, and nothing of it repeated."""
    before = sorted(scratch.root.rglob("*"))
    with pytest.raises(GatewayError, match="the helper does not do this") as refused:
        do(scratch, "set-secret", **arguments)
    assert sorted(scratch.root.rglob("*")) == before
    assert "xx" not in str(refused.value)


def test_a_passphrase_with_which_no_backup_would_be_made_is_none(scratch):
    """As the command has it."""
    with pytest.raises(GatewayError, match=f"at least {LEAST_CHARACTERS} characters"):
        do(scratch, "set-secret", name="backup-passphrase", value="x" * (LEAST_CHARACTERS - 1))


def test_a_secret_that_cannot_be_written_is_what_it_was(scratch, monkeypatch):
    """The card is full: a sentence without it."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.upkeep.helper.acts.set_secret.write_whole", full)
    with pytest.raises(GatewayError, match="cannot be written") as refused:
        do(scratch, "set-secret", name="xmpp-password", value=KEY)
    assert KEY not in str(refused.value)
    assert scratch.told == []


def test_a_wifi_is_joined_by_a_profile_of_networkmanagers(scratch):
    """Its key stands in no argument of a program; the profile is read by NetworkManager itself."""
    said = do(scratch, "set-wifi", name="Livebox été", key=KEY, hidden=True)
    profile = scratch.root / WIFI
    text = profile.read_text()
    assert (profile.stat().st_mode & 0o777, said) == (0o600, ["joining the Wi-Fi"])
    assert "hidden=true\n" in text
    assert f"key-mgmt=wpa-psk\npsk={KEY}\n" in text
    assert (scratch.root / COUNTRY).read_text() == "options cfg80211 ieee80211_regdom=FR\n"
    words = scratch.told_to("nmcli")
    ups = [words[at + 2] for at, word in enumerate(words) if word == "up"]
    assert ups == ["linky-wifi-trial", "linky-wifi"]
    assert not (scratch.root / TRIAL).exists()
    assert KEY not in " ".join(words)
    if shutil.which("nmcli"):
        command = ["nmcli", "--offline", "connection", "modify", "connection.id", "tried"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "hidden=true" in done.stdout


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Error: Connection activation failed: (7) Secrets were required, but not provided.", "refuses this key"),
        ("Error: Connection activation failed: The Wi-Fi network could not be found", "no Wi-Fi of this name"),
        ("Error: Timeout expired (60 seconds)", "could not be joined; the settings"),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_wifi_that_cannot_be_joined_leaves_the_former_one(scratch, before, said, sentence):
    """On the disk it was all the while, and it is joined again; why not is said in a household's words."""
    if before:
        do(scratch, "set-wifi", name="Livebox", key=KEY, country="BE")
    found = (scratch.root / WIFI).read_bytes() if before else None
    scratch.fail("nmcli", "linky-wifi-trial$", said)
    with pytest.raises(GatewayError, match=sentence) as refused:
        do(scratch, "set-wifi", name="Other", key="wrong-key")
    assert "nmcli" not in str(refused.value)
    assert ((scratch.root / WIFI).read_bytes() if before else (scratch.root / WIFI).exists()) == (found or False)
    assert (scratch.root / COUNTRY).exists() == before
    assert not (scratch.root / TRIAL).exists()
    words = scratch.told_to("nmcli")
    assert (words[-1] == "linky-wifi") == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "", "key": KEY}, "1 to 32 bytes"),
        ({"name": "é" * 17, "key": KEY}, "this one has 34"),
        ({"name": "Box", "key": "short"}, "8 to 63 characters"),
        ({"name": "Box", "key": "é" * 10}, "without accents"),
        ({"name": "Box\nx", "key": KEY}, "invisible character"),
        ({"name": "Box", "key": KEY, "country": "france"}, "two capital letters"),
        ({"name": "B" * 300, "key": KEY}, "the helper does not do this"),
        ({"name": "Box", "key": KEY, "hidden": "yes"}, "the helper does not do this"),
    ],
)
def test_a_wifi_that_cannot_be_is_one_sentence(scratch, arguments, sentence):
    """Nothing is written, nothing of the key repeated."""
    with pytest.raises(GatewayError, match=sentence) as refused:
        do(scratch, "set-wifi", **arguments)
    assert not (scratch.root / WIFI).exists()
    assert scratch.told_to("nmcli") == []
    assert KEY not in str(refused.value)


def test_a_backup_is_brought_back_by_a_unit_of_its_own(scratch):
    """Its passphrase is handed over in memory, root's alone; where systemd refuses nothing of it stays."""
    file = scratch.root / "run/linky-gateway-restore/passphrase"
    do(scratch, "restore-backup", passphrase=KEY)
    assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{KEY}\n", 0o600)
    assert scratch.told == ["--no-block", "start", "linky-gateway-restore.service"]
    scratch.fail()
    with pytest.raises(GatewayError, match="Unit is masked"):
        do(scratch, "restore-backup", passphrase=KEY)
    assert not file.exists()
    for wrong in (
        {},
        {"passphrase": ""},
        {"passphrase": "x" * 257},
        {"passphrase": "a\nb"},
        {"passphrase": KEY, "file": "/x"},
    ):
        with pytest.raises(GatewayError, match="the helper does not do this"):
            do(scratch, "restore-backup", **wrong)
    assert not file.exists()


def test_the_nightly_backup_is_made_now_where_it_has_a_passphrase(scratch):
    """By the timer's own unit; without a passphrase that one would do nothing, and is not started."""
    assert table.do(table.read(b'{"act": "back-up"}'), scratch.root, print) == {"begun": False}
    assert scratch.told == []
    (scratch.root / "etc/linky-gateway/secrets/backup-passphrase").write_text(KEY)
    assert table.do(table.read(b'{"act": "back-up"}'), scratch.root, print) == {"begun": True}
    assert scratch.told == ["--no-block", "start", "linky-gateway-backup.service"]
