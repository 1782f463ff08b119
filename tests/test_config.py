"""The configuration file: the shipped one is valid, a wrong one is one sentence that names the place."""

import re
from pathlib import Path

import pytest

from gateway.config import load, password_from, read_password
from gateway.errors import ConfigError

SHIPPED = Path(__file__).parent.parent / "systemd" / "gateway.toml"
LEAST = '[[meter]]\nsource = "/dev/ttyTIC"\n'


def write(folder, text):
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_the_shipped_file_is_valid():
    """What a household finds under /etc works as it is."""
    config = load(SHIPPED)
    assert config.meter[0].source == "/dev/ttyTIC"
    assert config.federation is None


def test_the_defaults_that_the_shipped_file_names_are_the_real_ones(tmp_path):
    """Taking the comment sign off every default changes nothing."""
    text = SHIPPED.read_text()
    opened = re.sub(
        r"^#(?=(mode|commit_interval_s|raw_hours|minute_days|outbox_days) = )", "", text, flags=re.MULTILINE
    )
    assert opened != text
    plain, full = load(SHIPPED), load(write(tmp_path, opened))
    assert (full.meter, full.store) == (plain.meter, plain.store)


def test_every_key_is_documented_in_the_shipped_file(tmp_path):
    """With all comment signs taken off, every key of the program is there and accepted."""
    text = re.sub(r"^#(?=[a-z_]+ = |\[(federation|household)\])", "", SHIPPED.read_text(), flags=re.MULTILINE)
    config = load(write(tmp_path, text))
    for struct in (config.meter[0], config.store, config.federation, config.household):
        for key in struct.__struct_fields__:
            assert re.search(rf"^{key} = ", text, re.MULTILINE), key
    plain = load(write(tmp_path, LEAST + '[federation]\njid = "maison@example.org"\n')).federation
    assert config.household.language == "fr"
    for key in ("resource", "units", "max_retention", "max_stanza_bytes", "strangers"):
        assert getattr(config.federation, key) == getattr(plain, key)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing required field `meter`"),
        ("meter = [", "not valid TOML"),
        (LEAST + "colour = 1", "meter[0]: unknown key `colour`"),
        (LEAST + "[store]\nraw_hours = 'two'", "store.raw_hours: Expected `int`, got `str`"),
        (LEAST + "[store]\ncommit_interval_s = 0", "store.commit_interval_s"),
        (LEAST + "[federation]\njid = 'nobody'", "federation.jid"),
        (LEAST + "[household]\naddress = 'me@example.org'", "household.address: alerts are sent by the account"),
        (LEAST + "[household]\naddress = 'me'", "household.address"),
        (LEAST + "[household]\naddress = 'me@example.org'\nlanguage = 'de'", "household.language"),
        (LEAST + "[federation]\njid = 'a@b'\npasword = 'x'", "federation: unknown key `pasword`"),
        (LEAST + LEAST, "meter[1].name: 'house' is used by another"),
        (LEAST + "prm = '123'", "meter[0].prm"),
        (LEAST + "[store]\nraw_hours = 9223372036854775807", "store.raw_hours"),
        (
            LEAST + "sensor = 'x'\n[[meter]]\nname = 'barn'\nsource = '/dev/b'\nsensor = 'x'",
            "meter[1].sensor: 'x' is used by another",
        ),
        ("folder = 'x'\n" + LEAST, "unknown key `folder`"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path, text, words):
    """The error says which file, where in it, and what."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """The path stands in the sentence."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")


def test_relative_paths_are_taken_from_the_files_folder(tmp_path):
    """A card can be moved as a whole."""
    config = load(write(tmp_path, LEAST + '[store]\ndirectory = "data"\n'))
    assert config.directory == tmp_path / "data"


def test_the_password_is_the_first_line_of_its_file_or_the_credential(tmp_path, monkeypatch):
    """The file of the configuration, else systemd's credential; a missing or empty one is one sentence."""
    config = load(write(tmp_path, LEAST + '[federation]\njid = "a@b.test"\npassword_file = "secret"\n'))
    with pytest.raises(ConfigError, match="secret: the password cannot be read"):
        read_password(config)
    (tmp_path / "secret").write_text("correct horse\nbattery")
    assert read_password(config) == "correct horse"
    (tmp_path / "xmpp-password").write_text("staple\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    by_credential = load(write(tmp_path, LEAST + '[federation]\njid = "a@b.test"\n'))
    assert read_password(by_credential) == "staple"
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        password_from(tmp_path / "empty")
