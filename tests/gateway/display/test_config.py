"""The configuration file: what is shipped is right, what is wrong is one sentence with its place."""

import re

import pytest

from gateway.display.config import load, password
from gateway.errors import ConfigError
from harness import ROOT
from tests.gateway.display.views import configuration

SHIPPED = ROOT / "systemd" / "display.toml"


def test_the_shipped_file_drives_nothing():
    """Nothing that is wired to something else is touched before a person says so."""
    config = load(SHIPPED)
    assert (config.meter, config.oled, config.lcd, config.led, config.button) == ("house", *[None] * 4)
    assert (config.lamp, config.relay) == ((), ())


def test_every_line_of_the_shipped_file_may_be_switched_on(tmp_path):
    """Each key that it names is known, and each default it states is the program's."""
    text = SHIPPED.read_text(encoding="utf-8")
    spelled = re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)
    # Its pins are those of another panel: one or the other.
    before, epaper, after = re.split(r"(\[epaper\].*?)(?=\[led\])", spelled, flags=re.DOTALL)
    assert configuration(tmp_path, epaper) == configuration(tmp_path, "[epaper]")
    spelled = before + after
    # One that belongs to another choice of the key above it.
    (tmp_path / "all.toml").write_text(spelled.replace("\ncontact = 1", ""))
    everything = load(tmp_path / "all.toml")
    bare = configuration(
        tmp_path,
        'oled = { chip = "ssd1306" }\nlcd = { chip = "st7789", backlight = 18 }\nled = { gpio = 4 }\n'
        "rgb = { red = 17, green = 27, blue = 22 }\nbuzzer = { gpio = 23 }\nbutton = { gpio = 26 }\n"
        '[mqtt]\nuser = "screen"\npassword_file = "display.password"\nca_file = "/etc/mosquitto/linky/ca.crt"\n'
        '[[lamp]]\ngpio = 6\nfollows = "off-peak"\n'
        '[[relay]]\nname = "water-heater"\ngpio = 5\nfollows = "off-peak"\n',
    )
    assert everything == bare


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colour = 1", "unknown key `colour`"),
        ("[led]\ngpio = 28", "led.gpio: "),
        ("[led]\npin = 4", "led: "),
        ('[oled]\nchip = "ssd1309"', "oled.chip: "),
        ("folder = 'x'", "unknown key `folder`"),
        ("[led]\ngpio = 4\n[button]\ngpio = 4", "button.gpio: GPIO4 is already used by led.gpio"),
        ('[lcd]\nchip = "st7789"\n[led]\ngpio = 24', "led.gpio: GPIO24 is already used by lcd.dc"),
        ('[[lamp]]\ngpio = 4\nfollows = "peak"', "lamp[0].follows: "),
        ('[led]\ngpio = 4\n[[lamp]]\ngpio = 4\nfollows = "overload"', "lamp 1: GPIO4 is already used by led.gpio"),
        ('[[relay]]\nname = "a"\ngpio = 5\nfollows = "contact"', "relay a: which contact?"),
        ('[[relay]]\nname = "a"\ngpio = 5\nfollows = "off-peak"\ncontact = 1', "relay a: contact is only for"),
        ('[[relay]]\nname = "a"\ngpio = 5\nfollows = "always"', 'relay a: follows = "always" needs shed'),
        (
            '[[relay]]\nname = "a"\ngpio = 5\nfollows = "injection"\nclose_above_va = 50\nopen_below_va = 50',
            "relay a: open_below_va must be less",
        ),
        ('[[relay]]\nname = "a"\ngpio = 5\nfollows = "off-peak"\n' * 2, "relay: two are named a"),
        ('[mqtt]\npassword_file = "x"', "mqtt.password_file: a password needs a user"),
        ('[oled]\nchip = "sh1106"\n[button]\ngpio = 3', "button.gpio: GPIO3 is already used by the I2C bus of oled"),
        ("[epaper]\n[led]\ngpio = 8", "led.gpio: GPIO8 is already used by the chip select of epaper"),
        (
            '[epaper]\ndc = 6\nreset = 12\nbusy = 13\n[lcd]\nchip = "st7789"',
            "epaper.device: lcd is on the same bus and device",
        ),
        ("meter = [", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, sentence):
    """The file, the key, and what to do."""
    with pytest.raises(ConfigError) as error:
        configuration(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'display.toml'}: {sentence}")


def test_a_password_comes_from_its_file_or_from_systemd(tmp_path, monkeypatch):
    """Never from the configuration itself."""
    (tmp_path / "secret").write_text("of the file\n")
    (tmp_path / "mqtt-password").write_text("of systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert password(configuration(tmp_path, "")) is None
    assert password(configuration(tmp_path, '[mqtt]\nuser = "a"')) == "of systemd"
    assert password(configuration(tmp_path, '[mqtt]\nuser = "a"\npassword_file = "secret"')) == "of the file"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(ConfigError, match="a user needs a password"):
        password(configuration(tmp_path, '[mqtt]\nuser = "a"'))
    with pytest.raises(ConfigError, match=r"mqtt\.password_file: .*absent cannot be read"):
        password(configuration(tmp_path, '[mqtt]\nuser = "a"\npassword_file = "absent"'))
