"""What a household changes lies over the file, key by key; nothing wrong is kept, nothing broken stops a meter."""

import json
import logging
import os

import msgspec
import pytest

from gateway.config import overlay
from gateway.config.settings import BEFORE, FILE, FORMER, adopt, forget, keep, with_value, without_value
from gateway.config.tables import Config, load
from gateway.errors import ConfigError, StoreError

FILE_TEXT = """# The administrator's own words.
[[meter]]
source = "/dev/ttyUSB0"
mode = "standard"
[[meter]]
name = "garage"
source = "/dev/ttyUSB1"
[store]
directory = "state"
[federation]
jid = "maison@example.org"
batch_s = 30
password_file = "password"
[household]
address = "moi@example.org"
"""


@pytest.fixture
def file(tmp_path):
    """An administrator's file, and the folder of its database."""
    (tmp_path / "state").mkdir()
    path = tmp_path / "gateway.toml"
    path.write_text(FILE_TEXT)
    return path


def changed(file, **places):
    """The configuration that was kept with these, and is read again."""
    config = load(file)
    for place, value in places.items():
        config = with_value(config, place.replace("__", "."), value)
    keep(config)
    return load(file)


def test_a_key_lies_over_the_file_and_all_others_stay(file):
    """Of a table, of one of several by its name; each is shown with who says it, and the file is what it was."""
    config = changed(file, household__language="en", meter__house__source="/dev/ttyACM0", federation__batch_s=60)
    assert (config.household.language, config.household.address) == ("en", "moi@example.org")
    assert [(one.name, one.source, one.mode) for one in config.meter] == [
        ("house", "/dev/ttyACM0", "standard"),
        ("garage", "/dev/ttyUSB1", "auto"),
    ]
    assert (config.federation.batch_s, config.federation.password_file) == (60, "password")
    origin = config.settings.origin
    assert [origin(f"household.{key}") for key in ("language", "address")] == ["settings", "file"]
    assert [origin(f"meter.house.{key}") for key in ("source", "mode", "clock")] == ["settings", "file", "default"]
    assert origin("meter.garage.source") == "file"
    assert origin("objective.kwh_per_month") == "default"
    assert file.read_text() == FILE_TEXT


def test_a_change_is_taken_back_and_the_file_counts(file):
    """Key by key; what is not changed cannot be taken back."""
    config = changed(file, household__language="en", federation__batch_s=60)
    config = without_value(config, "household.language")
    assert config.household.language == "fr"
    assert config.settings.tables == {"federation": {"batch_s": 60}}
    with pytest.raises(ConfigError, match=r"household\.language: is not changed"):
        without_value(config, "household.language")
    keep(without_value(config, "federation"))
    assert load(file).federation.batch_s == 30


def test_a_meter_comes_and_another_goes(file):
    """None is "not there", whatever the file says."""
    config = changed(file, meter__shed={"source": "/dev/ttyUSB2"}, meter__garage=None, household=None)
    assert [(one.name, one.source) for one in config.meter] == [("house", "/dev/ttyUSB0"), ("shed", "/dev/ttyUSB2")]
    assert config.household is None
    assert config.settings.origin("meter.shed.source") == "settings"


def test_tariffs_are_taken_whole(file):
    """With their dates as JSON has them."""
    tariff = {"name": "mine", "from": "2026-01-01", "subscription": 12.5, "prices": {"base": 0.2}}
    config = changed(file, tariff=[tariff])
    assert [str(one.since) for one in config.tariff] == ["2026-01-01"]
    assert changed(file, tariff=[]).tariff == ()


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("household.language", "de", "settings.json: .household. language: 'de' is no choice; write one of: en, fr"),
        ("meter.garage.source", "/dev/ttyUSB0", "is used by another"),
        ("meter", None, "meter"),
        ("federation", None, "add that table"),
        ("federation.password_file", "/etc/shadow", "changed in gateway.toml alone"),
        ("backup.passphrase_file", "/etc/shadow", "changed in gateway.toml alone"),
        ("meter.house.sensor", "other", "changed in gateway.toml alone"),
        ("store.directory", "/", "changed in gateway.toml alone"),
        ("store.minute_days", 0, "a whole number from 1 to"),
        ("clock.trusted", True, "changed in gateway.toml alone"),
        ("counter", [], "changed in gateway.toml alone"),
        ("folder", "/", "no such setting"),
        ("settings.file", "/", "no such setting"),
        ("tariff", [{"offer": "../../shadow"}], "changed in gateway.toml alone"),
        ("household", 3, "no such setting"),
        ("household.language.fr", "x", "no such setting"),
        ("tariff.0", {}, "no such setting"),
        ("meter.house.source.x", "y", "no such setting"),
        ("", "y", "no such setting"),
        ("household.", "y", "no such setting"),
        ("household.address", "moi@example.org\n", "without invisible characters"),
        ("federation", {"jid": "a@b", "resource": "x\u2028"}, "without invisible characters"),
        ("backup.directory", "/media/stick", "changed in gateway.toml alone"),
        ("web.listen", "0.0.0.0:80", "changed in gateway.toml alone"),
        ("web.networks", ["0.0.0.0/0"], "changed in gateway.toml alone"),
        ("meter.house.name", "other", "changed in gateway.toml alone"),
        ("meter.house.source", "replay:/etc/shadow", "changed in gateway.toml alone"),
        ("meter.house.source", "foo", "meter.. 1, source: source 'foo'"),
        ("meter.shed", {"source": "usb:zz"}, "meter.. 3, source"),
        ("meter.shed", {"source": ""}, "source"),
        ("mqtt", {"host": "h" * 300_000}, "more than can be kept"),
        ("household.langage", "fr", "did you mean"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_changed(file, place, value, sentence):
    """As in the file itself."""
    config = load(file)
    with pytest.raises(ConfigError, match=sentence):
        with_value(config, place, value)
    assert not config.settings_file.exists()


def test_no_path_is_a_household_s_to_choose():
    """Nor a key that is not there."""
    for name, keys in overlay.HOUSEHOLDS.items():
        node = next(f.type for f in msgspec.inspect.type_info(Config).fields if f.encode_name == name)
        types = node.types if hasattr(node, "types") else (node,)
        fields = {f.encode_name for one in types for f in getattr(getattr(one, "item_type", one), "fields", ())}
        assert keys <= fields, name
        paths = {key for key in fields if key.endswith("directory") or key == "offer"}
        assert paths <= keys, name


def test_a_broken_file_gives_way_to_the_one_before(file, caplog):
    """With a sentence; and where that is broken, too, the administrator's counts."""
    config = changed(file, household__language="en")
    keep(with_value(config, "federation.batch_s", 90))
    config.settings_file.write_bytes(config.settings_file.read_bytes()[:-20])
    found = load(file)
    assert (found.household.language, found.federation.batch_s) == ("en", 30)
    assert "what was kept before counts" in caplog.text
    # What is broken never takes the place of what is good.
    keep(with_value(found, "federation.batch_s", 40))
    assert json.loads(config.settings_file.with_name(BEFORE).read_text())["tables"] == {"household": {"language": "en"}}
    for name in (FILE, BEFORE):
        config.settings_file.with_name(name).write_text("{")
    assert load(file).household.language == "fr"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 2, "tables": {}}',
        '{"version": 1, "tables": {"meter": []}}',
        '{"version": 1}',
        "[" * 5000,
        '{"version": 1, "tables": {"a": "' + "x" * 300_000 + '"}}',
    ],
)
def test_nothing_in_that_file_keeps_the_meter_from_being_read(file, text, caplog):
    """Each is one sentence."""
    (file.parent / "state" / FILE).write_text(text)
    assert load(file).household.language == "fr"
    assert len(caplog.records) == 1


def test_a_table_that_does_not_go_with_the_file_any_more_costs_itself_alone(file, caplog):
    """The administrator takes the account away: whom it tells is gone with it, the objective stays; both come back."""
    changed(file, household__language="en", objective__kwh_per_month=300, federation__batch_s=60)
    file.write_text('[[meter]]\nsource = "/dev/ttyUSB0"\n[store]\ndirectory = "state"\n')
    config = load(file)
    assert (config.household, config.federation, config.objective.kwh_per_month) == (None, None, 300)
    assert config.settings.refused.keys() == {"household", "federation"}
    assert config.settings.origin("household.language") == "default"
    assert all("the administrator's file counts" in line.getMessage() for line in caplog.records)
    # Something else can be changed all the same, and costs nothing of it.
    keep(with_value(config, "objective.kwh_per_month", 250))
    file.write_text(FILE_TEXT)
    config = load(file)
    assert (config.household.language, config.objective.kwh_per_month) == ("en", 250)


def test_what_a_former_version_kept_is_taken_over(file, caplog):
    """Until something is changed."""
    former = file.parent / "state" / FORMER
    former.write_text('{"objective":{"kwh_per_month":300.0},"household":{"address":["a@example.org"],"language":"en"}}')
    config = load(file)
    assert (config.objective.kwh_per_month, config.household.addresses) == (300, ("a@example.org",))
    keep(without_value(config, "objective"))
    # Whoever goes back to that version has it still.
    assert former.exists()
    config = load(file)
    assert (config.objective.kwh_per_month, config.household.language) == (None, "en")
    assert not caplog.records
    former.write_text("{")
    config.settings_file.unlink()
    assert not caplog.records
    assert load(file).household.language == "fr"
    assert "choose again there" in caplog.text


def test_it_is_the_households_own(file, monkeypatch):
    """Mode 0600; where it cannot be written nothing is changed, and that is said."""
    config = changed(file, household__language="en")
    assert config.settings_file.stat().st_mode & 0o777 == 0o600

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.config.settings.write_whole", full)
    with pytest.raises(StoreError, match="nothing was changed"):
        keep(without_value(config, "household"))
    assert load(file).household.language == "en"


def test_whoever_holds_a_configuration_has_the_new_one(file):
    """From that moment on; what was taken of it before is what it was."""
    config = load(file)
    federation = config.federation
    adopt(config, with_value(config, "federation.batch_s", 60))
    assert (config.federation.batch_s, federation.batch_s) == (60, 30)
    assert config.settings.tables == {"federation": {"batch_s": 60}}


def test_what_is_shown_has_no_word_of_where_it_lies(file):
    """As the file would say it, the household's in its place."""
    written = changed(file, household__language="en").as_written()
    assert written["household"] == {"address": "moi@example.org", "language": "en"}
    assert not written.keys() & {"settings", "folder"}


def test_a_file_that_nobody_may_read_is_none_of_ones_business(file, caplog):
    """As the database: whoever types a command without sudo has the administrator's file."""
    changed(file, household__language="en")
    caplog.set_level(logging.DEBUG)
    (file.parent / "state").chmod(0o700)
    assert load(file).household.language == "en"
    assert not caplog.records


def test_what_says_something_of_the_household_is_forgotten_with_it(file):
    """Whom it tells, what it pays; how its meter is read stays, without its delivery point."""
    config = changed(
        file,
        household__language="en",
        objective__kwh_per_month=300,
        meter__house={"source": "/dev/ttyACM0", "prm": "12345678901234"},
    )
    config.settings_file.unlink()
    found = forget(config)
    assert found.settings.tables == {"meter": {"house": {"source": "/dev/ttyACM0"}}}
    assert b"12345678901234" not in config.settings_file.read_bytes()
    assert load(file).household.language == "fr"


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_what_is_no_file_is_not_opened(file, kind, caplog):
    """Root reads it, too, in a folder that is the gateway's user's: nothing waits, no device is touched."""
    place = file.parent / "state" / FILE
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()
    assert load(file).household.language == "fr"
    assert len(caplog.records) == 1
