"""The configuration file: the shipped one is valid, a wrong one is one sentence that names the place."""

import re
import tempfile
from pathlib import Path

import pytest

from gateway.config.tables import load, password_from
from gateway.errors import ConfigError
from tests.rights import without_rights

SHIPPED = Path(__file__).parents[3] / "systemd" / "gateway.toml"
LEAST = '[[meter]]\nsource = "/dev/ttyTIC"\n'
ACCOUNT = LEAST + '[federation]\njid = "maison@e.org"\n'
RECEIVED = '[[received]]\nname = "roof"\nprovider = "toit@e.org/proxy"\nidentifier = "toit@e.org/pv@e.org/production"\n'
PLACE = '[[place]]\nname = "École"\n'
WATER = '[[counter]]\nname = "water"\nquantity = "water"\ngpio = 4\nper_pulse = "1 l"\n'


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
        r"^#(?=(mode|commit_interval_s|raw_hours|minute_days|outbox_days|received_days) = )",
        "",
        text,
        flags=re.MULTILINE,
    )
    assert opened != text
    plain, full = load(SHIPPED), load(write(tmp_path, opened))
    assert (full.meter, full.store) == (plain.meter, plain.store)


def test_every_key_is_documented_in_the_shipped_file(tmp_path):
    """With all comment signs taken off, every key of the program is there and accepted."""
    tables = r"backup|clock|federation|household|mqtt|objective|updates|web"
    several = r"counter|notice|off_peak|place|received|roof|volume_tariff|tariff(\.[a-z]+)?"
    signs = rf"^#(?=[a-z_0-9]+ = |\[({tables}|\[({several})\])\])"
    text = re.sub(signs, "", SHIPPED.read_text(), flags=re.MULTILINE)
    # A certificate authority is of no use without TLS, and refused.
    config = load(write(tmp_path, text.replace("tls = false", "tls = true")))
    for struct in (
        config.meter[0],
        config.store,
        config.clock,
        config.federation,
        config.household,
        config.mqtt,
        config.web,
        config.backup,
        config.updates,
        config.counter[0],
        config.notice[0],
        config.received[0],
        config.place[0],
        config.tariff[0],
        *config.tariff[0].when,
        *config.tariff[0].days_of,
        config.off_peak[0],
        config.volume_tariff[0],
        config.objective,
    ):
        for key in struct.__struct_encode_fields__:
            assert re.search(rf"^({key} = |\[\[\w+\.{key}\]\])", text, re.MULTILINE), key
    plain = load(write(tmp_path, LEAST + '[federation]\njid = "maison@example.org"\n')).federation
    assert config.household.language == "fr"
    least = '[[counter]]\nname = "c"\nquantity = "water"\ngpio = 17\nper_pulse = "1 l"\n'
    (counter,) = load(write(tmp_path, LEAST + least)).counter
    for key in ("pull", "debounce_ms", "rising"):
        assert getattr(config.counter[0], key) == getattr(counter, key)
    plain_mqtt = load(write(tmp_path, LEAST + "[mqtt]\n")).mqtt
    for key in ("host", "port", "discovery", "discovery_prefix"):
        assert getattr(config.mqtt, key) == getattr(plain_mqtt, key)
    assert config.web == load(write(tmp_path, LEAST + "[web]\n")).web
    plain_notice = load(write(tmp_path, LEAST + '[[notice]]\nname = "x"\n')).notice[0]
    for key in ("language", "quiet"):
        assert getattr(config.notice[0], key) == getattr(plain_notice, key)
    plain_backup = load(write(tmp_path, LEAST + '[backup]\ndirectory = "/media"\n')).backup
    for key in ("keep", "same_card"):
        assert getattr(config.backup, key) == getattr(plain_backup, key)
    for key in ("resource", "units", "max_retention", "max_stanza_bytes", "strangers"):
        assert getattr(config.federation, key) == getattr(plain, key)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": [[meter]] is missing"),
        ("meter = [", "not valid TOML: Invalid value"),
        (LEAST + "colour = 1", "[[meter]] 1, colour: unknown key; here may stand `name`"),
        (LEAST + "[store]\nraw_hours = 'two'", "[store] raw_hours: 'two' will not do; write a whole number from 1 to"),
        (LEAST + "[store]\ncommit_interval_s = 0", "[store] commit_interval_s"),
        (LEAST + "[federation]\njid = 'nobody'", "[federation] jid"),
        (LEAST + "[household]\naddress = 'me@example.org'", "[household] address: alerts are sent by the account"),
        (LEAST + "[household]\naddress = 'me'", "[household] address"),
        (LEAST + "[household]\naddress = 'me@example.org'\nlanguage = 'de'", "[household] language"),
        (
            LEAST + "[federation]\njid = 'a@b'\npasword = 'x'",
            "[federation] pasword: unknown key; did you mean `password_file`",
        ),
        (LEAST + "[mqtt]\nport = 0", "[mqtt] port"),
        (LEAST + "[backup]\nkeep = 3", "backup: `directory` is missing"),
        (LEAST + "[backup]\ndirectory = '/media'\nkeep = 0", "[backup] keep"),
        (LEAST + "[web]\nlisten = '0.0.0.0'", "[web] listen"),
        (LEAST + "[web]\nlisten = '0.0.0.0:70000'", "[web] listen: '0.0.0.0:70000': a port is 1 to 65535"),
        (LEAST + "[web]\nnames = ['http://x/']", "[web] names"),
        (LEAST + "[web]\nnetworks = ['10.0.0.1/8']", "[web] networks: '10.0.0.1/8' is no network; write it as in"),
        (LEAST + "[mqtt]\ndiscovery_prefix = 'home/#'", "[mqtt] discovery_prefix"),
        ("[[meter]]\nsource = 'board:salon'\n", "[[meter]] 1, source: boards are heard by way of the MQTT broker"),
        ("[[meter]]\nsource = 'board:Salon/1'\n[mqtt]\n", "[[meter]] 1, source: 'board:Salon/1': write board:ID"),
        ("[[meter]]\nsource = 'board:gateway'\n[mqtt]\n", "[[meter]] 1, source: 'board:gateway': write board:ID"),
        (LEAST + "tee = '7000'", "[[meter]] 1, tee"),
        (LEAST + "tee = 'a..b:7000'", "[[meter]] 1, tee: 'a..b:7000': write HOST:PORT"),
        (LEAST + "tee = '127.0.0.1:0'", "[[meter]] 1, tee: '127.0.0.1:0': write HOST:PORT"),
        (
            LEAST + "tee = '[::1]:7000'\n[[meter]]\nname = 'barn'\nsource = '/dev/b'\ntee = '[::1]:7000'",
            "[[meter]] 2, tee: '[::1]:7000' is used by another",
        ),
        ("[[meter]]\nsource = 'board:salon'\ntee = '[::1]:7000'\n[mqtt]\n", "[[meter]] 1, tee: a board sends frames"),
        (LEAST + "[mqtt]\nca_file = 'ca.pem'", "[mqtt] ca_file: without tls = true"),
        (LEAST + "[mqtt]\npassword_file = 'p'", "[mqtt] user: whose password"),
        (LEAST + LEAST, "[[meter]] 2, name: 'house' is used by another"),
        (LEAST + "prm = '123'", "[[meter]] 1, prm"),
        (LEAST + "[store]\nraw_hours = 9223372036854775807", "[store] raw_hours"),
        (
            LEAST + "sensor = 'x'\n[[meter]]\nname = 'barn'\nsource = '/dev/b'\nsensor = 'x'",
            "[[meter]] 2, sensor: 'x' is used by another",
        ),
        ("folder = 'x'\n" + LEAST, "folder: unknown key"),
        (LEAST + RECEIVED, "[[received]] 1: series are received by the account of [federation]"),
        (ACCOUNT + RECEIVED.replace("roof", "house"), "[[received]] 1, name: 'house' is used by another"),
        (ACCOUNT + RECEIVED + RECEIVED, "[[received]] 2, name: 'roof' is used by another"),
        (ACCOUNT + RECEIVED + RECEIVED.replace("roof", "two"), "[[received]] 2, identifier: another [[received]]"),
        (ACCOUNT + RECEIVED + 'history = 1\nmessage = { name = "pv" }\n', "[[received]] 1, history: a proxy of 2019"),
        (
            ACCOUNT + RECEIVED.replace("/production", "") + 'message = { name = "pv" }\n',
            "[[received]] 1, identifier: a Sen1Message is one series",
        ),
        (ACCOUNT + RECEIVED.replace("/proxy", ""), "[[received]] 1, provider"),
        (ACCOUNT + RECEIVED.replace("toit@e.org/proxy", "Maison@E.org/proxy"), "this is the gateway itself"),
        (ACCOUNT + RECEIVED.replace("toit@e.org/pv", "toit"), "[[received]] 1, identifier: "),
        (ACCOUNT + RECEIVED + "share = { held = 1, unit = 'actions' }", "share.of: how many actions there are in all"),
        (ACCOUNT + RECEIVED + "share = { held = 5, of = 4, unit = 'm2' }", "share.held: more than there is"),
        (ACCOUNT + RECEIVED + "share = { held = 101, unit = 'percent' }", "share.held: more than there is"),
        (ACCOUNT + RECEIVED + "share = { held = inf, of = 4, unit = 'm2' }", "share: a part of endlessly many"),
        (ACCOUNT + RECEIVED + "share = { held = nan, of = 4, unit = 'm2' }", "share"),
        (ACCOUNT + RECEIVED + "share = { held = 1, of = 0, unit = 'm2' }", "share.of"),
        (
            LEAST + PLACE + "series = ['ecole']",
            "[[place]] 1, series: 'ecole' is no [[meter]], [[received]] or [[counter]]",
        ),
        (LEAST + PLACE + "series = ['house', 'house']", "[[place]] 1, series: 'house' stands there twice"),
        (LEAST + PLACE + "series = []", "[[place]] 1, series"),
        (LEAST + 2 * (PLACE + "series = ['house']\n"), "[[place]] 2, name: 'École' is used by another [[place]]"),
        (LEAST + PLACE.replace("École", "\\u0007") + "series = ['house']", "[[place]] 1, name: a text is one line"),
        (LEAST + PLACE + "series = ['house']\npeople = 0", "[[place]] 1, people"),
        (LEAST + PLACE + "series = ['house']\narea_m2 = 0", "[[place]] 1, area_m2"),
        (LEAST + PLACE + "series = ['house']\narea_m2 = inf", "[[place]] 1, area_m2"),
        (LEAST + PLACE + "series = ['house']\nkind = 'ecole'", "[[place]] 1, kind"),
        (LEAST + WATER + PLACE + "series = ['water']", "[[place]] 1, series: 'water' is no [[meter]]"),
        (LEAST + "".join(PLACE.replace("École", str(n)) + "series = ['house']\n" for n in range(13)), "[[place]]"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path, text, words):
    """The error says which file, where in it, and what."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """The path stands in the sentence."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")


def test_a_file_that_one_may_not_read_says_what_to_do():
    """The installed configuration is the gateway's and root's; a person without sudo is told of it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = write(Path(folder), LEAST)
        path.chmod(0o000)
        with without_rights(), pytest.raises(ConfigError, match="you may not read it; put sudo before the command"):
            load(path)


def test_relative_paths_are_taken_from_the_files_folder(tmp_path):
    """A card can be moved as a whole."""
    config = load(write(tmp_path, LEAST + '[store]\ndirectory = "data"\n'))
    assert config.directory == tmp_path / "data"


def test_a_password_is_the_first_line_of_its_file(tmp_path):
    """A missing or an empty file is one sentence."""
    with pytest.raises(ConfigError, match="secret: the password cannot be read"):
        password_from(tmp_path / "secret")
    (tmp_path / "secret").write_text("correct horse\nbattery")
    assert password_from(tmp_path / "secret") == "correct horse"
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        password_from(tmp_path / "empty")


COUNTER = '[[counter]]\nname = "cold-water"\nquantity = "water"\ngpio = 17\nper_pulse = "1 l"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            COUNTER.replace("cold-water", "house"),
            "[[counter]] 1, name: 'house' is used by another [[meter]] or [[counter]]",
        ),
        (COUNTER + COUNTER.replace("cold", "hot"), "[[counter]] 2, gpio: 17 is used by another"),
        (COUNTER.replace("1 l", "1 Wh"), "[[counter]] 1, per_pulse: unit 'Wh': water is counted in l, m3"),
        (COUNTER.replace("1 l", "1"), "[[counter]] 1, per_pulse: '1' has no unit: water is counted in l, m3"),
        (COUNTER.replace("1 l", "some l"), "[[counter]] 1, per_pulse: 'some l' is not a number with its unit"),
        (COUNTER.replace("1 l", "0 l"), "[[counter]] 1, per_pulse: a pulse that is nothing"),
        (COUNTER + 'start = "-1 l"', "[[counter]] 1, start: '-1 l' is not a number"),
        (COUNTER.replace("17", "40"), "[[counter]] 1, gpio: 40 will not do; write a whole number from 0 to 27"),
        (COUNTER.replace('"water"', '"wine"'), "[[counter]] 1, quantity"),
        (COUNTER + "colour = 1", "[[counter]] 1, colour: unknown key"),
    ],
)
def test_a_wrong_counter_is_one_sentence(tmp_path, text, words):
    """A pin that is used twice, a unit of something else: said with the place, before anything starts."""
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, LEAST + text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("wiring", "rising"),
    [("", False), ('pull = "down"', True), ('pull = "none"', False), ('pull = "up"\nedge = "rising"', True)],
)
def test_a_pulse_begins_where_the_pull_ends(tmp_path, wiring, rising):
    """A contact to GND pulls a pin down, one to 3.3 V pulls it up; another circuit says so."""
    assert load(write(tmp_path, LEAST + COUNTER + wiring)).counter[0].rising is rising


PIN = "sha256/" + "A" * 43 + "="


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('pin = "sha256/abc"', "[federation] pin"),
        (f'pin = ["{PIN}", "sha1/x"]', "[federation] pin"),
        ("pin_only = true", "[federation] pin_only"),
    ],
)
def test_a_pin_that_is_none_is_refused(tmp_path, lines, sentence):
    """Believing every server is not a thing that one can configure."""
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load(write(tmp_path, LEAST + f'[federation]\njid = "a@b.test"\n{lines}\n'))


def test_one_pin_or_several(tmp_path):
    """The next key may be pinned before the server shows it."""
    for written, read in ((f'"{PIN}"', PIN), (f'["{PIN}", "{PIN}"]', (PIN, PIN))):
        config = load(write(tmp_path, LEAST + f'[federation]\njid = "a@b.test"\npin_only = true\npin = {written}\n'))
        assert config.federation.pin == read
