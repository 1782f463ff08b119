"""``display.toml`` to frozen structs; an unknown key, a wrong type or a pin used twice is one sentence naming its path.

``systemd/display.toml`` is the commented default. Relative paths are taken from the folder of the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.errors import ConfigError
from gateway.words.catalogue import Language  # noqa: TC001 (msgspec reads it)

if TYPE_CHECKING:
    from collections.abc import Iterator

# What systemd hands over under this name (systemd.exec(5), LoadCredential=).
CREDENTIAL = "mqtt-password"

_NAME = "^[a-z0-9][a-z0-9-]{0,31}$"

# As BCM numbers them; those of the 40-pin header.
Gpio = Annotated[int, msgspec.Meta(ge=0, le=27)]
# Nothing is held for longer than a day.
Seconds = Annotated[int, msgspec.Meta(ge=0, le=86_400)]
Power = Annotated[int, msgspec.Meta(ge=0, le=36_000)]
# The meter says eight contacts (54E §6.2.3.19): the dry one and seven virtual ones.
Contact = Annotated[int, msgspec.Meta(ge=1, le=8)]


class DisplayMqttTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mqtt]``: the broker of the house, and as whom to listen there."""

    host: Annotated[str, msgspec.Meta(min_length=1)] = "localhost"
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 1883
    tls: bool = False
    ca_file: str | None = None
    user: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    password_file: str | None = None


class OledTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[oled]``: 128 x 64 pixels of one bit, on I2C."""

    chip: Literal["ssd1306", "sh1106"]
    bus: Annotated[int, msgspec.Meta(ge=0, le=22)] = 1
    address: Annotated[int, msgspec.Meta(ge=8, le=119)] = 0x3C
    upside_down: bool = False
    contrast: Annotated[int, msgspec.Meta(ge=1, le=100)] = 40
    turn_s: Seconds = 0


class LcdTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[lcd]``: in colours, on SPI; an ST7789 of 240 x 240 or an ILI9341 of 320 x 240 pixels."""

    chip: Literal["st7789", "ili9341"]
    bus: Annotated[int, msgspec.Meta(ge=0, le=6)] = 0
    device: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    dc: Gpio = 24
    reset: Gpio = 25
    backlight: Gpio | None = None
    upside_down: bool = False
    turn_s: Seconds = 0


class EpaperTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[epaper]``: 250 x 122 pixels that stay without power (SSD1680), on SPI; one page that changes slowly."""

    page: Literal["today", "solar", "hours", "tempo", "links"] = "today"
    bus: Annotated[int, msgspec.Meta(ge=0, le=6)] = 0
    device: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    dc: Gpio = 25
    reset: Gpio = 17
    busy: Gpio = 24
    upside_down: bool = False


class LedTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[led]``: the lamp of Enedis's rule for receivers."""

    gpio: Gpio
    active_high: bool = True


class LampTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[lamp]]``: one colour, on while what it follows is so."""

    gpio: Gpio
    follows: Literal["off-peak", "injection", "overload"]
    active_high: bool = True


class RgbTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rgb]``: one lamp of three colours."""

    red: Gpio
    green: Gpio
    blue: Gpio
    active_high: bool = True


class BuzzerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[buzzer]``: beeps at an overload; an active one, that needs no tone."""

    gpio: Gpio
    active_high: bool = True


class ButtonTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[button]``: to GND; short for the next page, held for the address of the page, or to shut the machine down."""

    gpio: Gpio
    welcome: bool = False
    shutdown: bool = False


class RelayTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[relay]]``: what it follows, and how often it may switch."""

    name: Annotated[str, msgspec.Meta(pattern=_NAME)]
    gpio: Gpio
    active_high: bool = True
    follows: Literal["off-peak", "contact", "injection", "always"]
    contact: Contact | None = None
    close_above_va: Power = 1000
    open_below_va: Power = 50
    shed: bool = False
    min_on_s: Seconds = 60
    min_off_s: Seconds = 60


class DisplayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    meter: Annotated[str, msgspec.Meta(pattern=_NAME)] = "house"
    language: Language = "fr"
    mqtt: DisplayMqttTable = DisplayMqttTable()
    oled: OledTable | None = None
    lcd: LcdTable | None = None
    epaper: EpaperTable | None = None
    led: LedTable | None = None
    lamp: tuple[LampTable, ...] = ()
    rgb: RgbTable | None = None
    buzzer: BuzzerTable | None = None
    button: ButtonTable | None = None
    relay: tuple[RelayTable, ...] = ()
    folder: str

    def path(self, name: str) -> Path:
        """A path of the file, from the folder of the file."""
        return Path(self.folder) / name


def load(path: Path) -> DisplayConfig:
    """Read and check a configuration file; ConfigError says what is wrong and where."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    if "folder" in raw:
        raise ConfigError(f"{path}: unknown key `folder`")
    try:
        config = msgspec.convert({**raw, "folder": str(path.parent)}, DisplayConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(str(error))}") from error
    for fault in _faults(config):
        raise ConfigError(f"{path}: {fault}")
    return config


def password(config: DisplayConfig) -> str | None:
    """The broker's password, of a file or a systemd credential; None without a user."""
    if config.mqtt.user is None:
        return None
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if config.mqtt.password_file:
        file = config.path(config.mqtt.password_file)
    elif folder:
        file = Path(folder) / CREDENTIAL
    else:
        raise ConfigError("mqtt.user: a user needs a password: set password_file, or the credential mqtt-password")
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"mqtt.password_file: {file} cannot be read: {error}") from error
    if not found:
        # The unit hands over a blank one where there is none.
        raise ConfigError("mqtt.user: a user needs a password: its file, or the credential mqtt-password, is empty")
    return found


def _sentence(text: str) -> str:
    """The words of msgspec with the path first and as it is written in the file."""
    message, _, where = text.partition(" - at ")
    place = re.sub(r"^`?\$\.?|`$", "", where)
    message = message.replace("Object contains unknown field", "unknown key").replace("Object missing", "missing")
    message = message.replace("`array`", "`[[table]]`").replace("`object`", "`[table]`")
    return f"{place}: {message}" if place else message


def _faults(config: DisplayConfig) -> Iterator[str]:
    """What one table alone cannot know."""
    names = [relay.name for relay in config.relay]
    for relay in config.relay:
        if names.count(relay.name) > 1:
            yield f"relay: two are named {relay.name}; each needs a name of its own"
        yield from (f"relay {relay.name}: {fault}" for fault in _relay_faults(relay))
    if config.mqtt.password_file and config.mqtt.user is None:
        yield "mqtt.password_file: a password needs a user; set mqtt.user"
    if (
        config.lcd
        and config.epaper
        and (config.lcd.bus, config.lcd.device) == (config.epaper.bus, config.epaper.device)
    ):
        yield "epaper.device: lcd is on the same bus and device; a panel needs a chip select of its own"
    if config.button and config.button.welcome and not (config.oled or config.lcd):
        yield "button.welcome: an address needs a screen; add [oled] or [lcd]"
    used = _bus_pins(config)
    for gpio, place in _pins(config):
        if gpio in used:
            yield f"{place}: GPIO{gpio} is already used by {used[gpio]}"
        used[gpio] = place


def _relay_faults(relay: RelayTable) -> Iterator[str]:
    if relay.follows == "contact" and relay.contact is None:
        yield 'which contact? Set contact = 1 to 8 beside follows = "contact"'
    if relay.follows != "contact" and relay.contact is not None:
        yield 'contact is only for follows = "contact"'
    if relay.follows == "always" and not relay.shed:
        yield 'follows = "always" needs shed = true: a relay that never opens is a wire'
    if relay.follows == "injection" and relay.open_below_va >= relay.close_above_va:
        yield "open_below_va must be less than close_above_va, or it would close and open without end"


def _bus_pins(config: DisplayConfig) -> dict[int, str]:
    """The pins of the header's I2C bus 1 and SPI bus 0, where a panel needs them, and what has them."""
    used: dict[int, str] = {}
    if config.oled and config.oled.bus == 1:
        used |= {2: "the I2C bus of oled", 3: "the I2C bus of oled"}
    for name, panel in (("lcd", config.lcd), ("epaper", config.epaper)):
        if panel and panel.bus == 0:
            used |= dict.fromkeys((9, 10, 11), f"the SPI bus of {name}") | {
                8 - panel.device: f"the chip select of {name}"
            }
    return used


def _pins(config: DisplayConfig) -> Iterator[tuple[int, str]]:
    """Each pin that is used, and by what."""
    if config.lcd:
        yield from ((config.lcd.dc, "lcd.dc"), (config.lcd.reset, "lcd.reset"))
        if config.lcd.backlight is not None:
            yield config.lcd.backlight, "lcd.backlight"
    if config.epaper:
        paper = config.epaper
        yield from ((paper.dc, "epaper.dc"), (paper.reset, "epaper.reset"), (paper.busy, "epaper.busy"))
    if config.rgb:
        yield from ((config.rgb.red, "rgb.red"), (config.rgb.green, "rgb.green"), (config.rgb.blue, "rgb.blue"))
    for place, table in (("led", config.led), ("buzzer", config.buzzer), ("button", config.button)):
        if table:
            yield table.gpio, f"{place}.gpio"
    for number, lamp in enumerate(config.lamp, start=1):
        yield lamp.gpio, f"lamp {number}"
    for relay in config.relay:
        yield relay.gpio, f"relay {relay.name}"
