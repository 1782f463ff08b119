"""The wiring plans: pins as the programs have them, serial ports as the doctor knows them, adapters as `ports` does."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import pins
import wiring
from flash.chips import CHIPS
from gateway.display.config import EpaperTable, LcdTable
from gateway.doctor.system import pi_facts
from gateway.sources.ports import ports
from tests.gateway.sources.usb_tree import UsbTree

ROOT = Path(__file__).parent.parent.parent

CHIP_OF = {pins.ESP32: "esp32", pins.ESP32_C3: "esp32c3", pins.ESP32_S3: "esp32s3"}


def example(name):
    """A configuration with its examples and defaults as if they were set."""
    text = (ROOT / "systemd" / name).read_text(encoding="utf-8")
    return tomllib.loads(re.sub(r"(?m)^#(?! )", "", text))


def gpios(name):
    """Pin of the part -> GPIO of a wiring."""
    return pins.WIRINGS[name].gpios()


def test_the_header_is_that_of_a_raspberry_pi():
    """28 GPIO, once each; 2 pins of 3.3 V and of 5 V, 8 of ground; the ones that everybody knows where they are."""
    names = list(pins.HEADER.values())
    assert len(names) == 40
    assert {name: names.count(name) for name in ("3V3", "5V", "GND")} == {"3V3": 2, "5V": 2, "GND": 8}
    assert sorted(name for name in names if name.startswith("GPIO")) == sorted(f"GPIO{n}" for n in range(28))
    known = {1: "3V3", 2: "5V", 6: "GND", 8: "GPIO14", 10: "GPIO15", 24: "GPIO8", 26: "GPIO7", 29: "GPIO5", 39: "GND"}
    assert {pin: pins.HEADER[pin] for pin in known} == known


def test_lamps_button_and_relay_are_on_the_examples_pins():
    """systemd/display.toml, table by table."""
    file = example("display.toml")
    assert gpios("pi-led") == {"+": file["led"]["gpio"]}
    assert gpios("pi-rgb") == {"R": file["rgb"]["red"], "G": file["rgb"]["green"], "B": file["rgb"]["blue"]}
    assert gpios("pi-buzzer") == {"+": file["buzzer"]["gpio"]}
    assert gpios("pi-button") == {"1": file["button"]["gpio"]}
    assert pins.WIRINGS["pi-relay"].name_of(29) == f"GPIO{file['relay'][0]['gpio']}"
    assert file["relay"][0]["active_high"]


def test_panels_are_on_the_defaults_pins():
    """The file's examples and linky-display's own defaults; I2C bus 1 and SPI bus 0 where the header has them."""
    file, lcd, paper = example("display.toml"), gpios("pi-lcd"), gpios("pi-epaper")
    assert (lcd["DC"], lcd["RESET"], lcd["BL"]) == tuple(file["lcd"][key] for key in ("dc", "reset", "backlight"))
    assert (lcd["DC"], lcd["RESET"]) == (LcdTable(chip="st7789").dc, LcdTable(chip="st7789").reset)
    assert (paper["DC"], paper["RST"], paper["BUSY"]) == (EpaperTable().dc, EpaperTable().reset, EpaperTable().busy)
    assert (file["oled"]["bus"], gpios("pi-oled")) == (1, {"SCL": 3, "SDA": 2})
    for bus in (file["lcd"], file["epaper"]):
        assert (bus["bus"], bus["device"]) == (0, 0)
    assert (lcd["SCK"], lcd["MOSI"], lcd["CS"]) == (paper["CLK"], paper["DIN"], paper["CS"]) == (11, 10, 8)


def test_the_counter_is_on_the_example_s_pin():
    """systemd/gateway.toml; its pull-up is the pin's own, so the contact goes to ground."""
    counter = example("gateway.toml")["counter"][0]
    assert gpios("pi-counter") == {"S0 +": counter["gpio"]}
    assert counter["pull"] == "up"
    assert pins.HEADER[pins.WIRINGS["pi-counter"].wires[1].board] == "GND"


def test_the_picture_of_the_header_names_each_pin_that_is_used():
    """What is wired somewhere is marked there."""
    used = {gpio for plan in pins.WIRINGS.values() if plan.board == pins.PI for gpio in plan.gpios().values()}
    assert used <= wiring.USES.keys()


def test_pins_that_two_parts_want_are_told():
    """The list of conflicts has every GPIO that is drawn twice, and only those."""
    drawn = [
        (name, gpio)
        for name, plan in pins.WIRINGS.items()
        if plan.board == pins.PI
        for gpio in set(plan.gpios().values())
    ]
    assert pins.shared_gpios().keys() == {gpio for _, gpio in drawn if sum(gpio == other for _, other in drawn) > 1}
    assert pins.shared_gpios()[17] == ["pi-epaper", "pi-rgb", "pi-counter"]


def test_no_wire_puts_5_v_on_a_signal():
    """The relay module's supply is the only wire from 5 V."""
    from_5v = [
        (name, wire.part)
        for name, plan in pins.WIRINGS.items()
        for wire in plan.wires
        if plan.name_of(wire.board) == "5V"
    ]
    assert from_5v == [("pi-relay", "VCC")]


@pytest.mark.parametrize("board", CHIP_OF)
def test_boards_are_wired_as_they_are_flashed(board):
    """UART, receiver, LED and button of tools/flash, which writes them into the board's config.json."""
    chip = CHIPS[CHIP_OF[board]]
    assert gpios(f"{board.lower()}-tic") == {"RXD": chip.rx}
    assert (pins.UARTS[board], pins.LAMPS[board], pins.BUTTONS[board]) == (chip.uart, chip.led, chip.button)
    oled, lcd = gpios(f"{board.lower()}-oled"), gpios(f"{board.lower()}-st7789")
    assert oled == {"SCL": chip.panel["scl"], "SDA": chip.panel["sda"]}
    assert lcd == {"SCK": chip.panel["sck"], "SDA / MOSI": chip.panel["mosi"], "DC": chip.panel["dc"]}


def numbers(path, table):
    """The whole numbers among the defaults of a table of config.json, from the source of a board's program."""
    source = (ROOT / "micropython" / path).read_text(encoding="utf-8")
    block = re.search(rf"\"?{table}\"?(?: =|:) \{{(.*?)\}}", source, re.DOTALL)
    return {key: int(value) for key, value in re.findall(r'"(\w+)": \(_NUMBER, (\d+)\)', block[1])}


def test_an_esp32_is_wired_as_its_defaults():
    """config.json without pins: relay (settings.py) and display (tables.py), which board.py and wiring.py open."""
    relay = numbers("lib/settings.py", "_RELAY")
    assert (relay["uart"], relay["rx"], relay["led"]) == (2, gpios("esp32-tic")["RXD"], pins.LAMPS[pins.ESP32])
    display = numbers("display/tables.py", "display")
    assert gpios("esp32-oled") == {"SCL": display["scl"], "SDA": display["sda"]}
    assert gpios("esp32-st7789") == {"SCK": display["sck"], "SDA / MOSI": display["mosi"], "DC": display["dc"]}
    assert display["button"] == pins.BUTTONS[pins.ESP32]


def test_an_esp32_c3_is_wired_as_the_display_s_manual_says():
    """micropython/display/README.md names its pins."""
    manual = (ROOT / "micropython/display/README.md").read_text(encoding="utf-8")
    oled, lcd = gpios("esp32-c3-oled"), gpios("esp32-c3-st7789")
    assert f'`"scl": {oled["SCL"]}, "sda": {oled["SDA"]}`' in manual
    assert f'`"sck": {lcd["SCK"]}, "mosi": {lcd["SDA / MOSI"]}, "dc": {lcd["DC"]}`' in manual
    assert f'`"button": {pins.BUTTONS[pins.ESP32_C3]}`' in manual


def test_an_esp32_s3_has_the_pins_that_are_drawn():
    """It lacks some of an ESP32's; others are its flash's."""
    used = {gpio for name in pins.WIRINGS if name.startswith("esp32-s3") for gpio in gpios(name).values()}
    assert not used & pins.MISSING_ON_S3


@pytest.mark.parametrize(
    ("model", "family"),
    [(model, family) for family in pins.PI_MODELS for model in family.models],
    ids=lambda v: str(v)[:24],
)
def test_the_doctor_agrees_on_each_raspberry_pi(tmp_path, model, family):
    """Where the table says that Bluetooth has the port the doctor says so too, and the table's lines cure it."""

    def facts(lines):
        (tmp_path / "boot/firmware/config.txt").write_text("\n".join(lines), encoding="utf-8")
        return pi_facts(pins.PORT, tmp_path)

    for folder in ("proc/device-tree", "dev", "boot/firmware"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(model.encode() + b"\0")
    (tmp_path / "proc/cmdline").write_text("console=tty1", encoding="utf-8")
    (tmp_path / "boot/firmware/cmdline.txt").write_text("console=tty1", encoding="utf-8")
    (tmp_path / "dev/serial0").symlink_to("ttyS0" if family.shared else "ttyAMA0")
    before, after = facts(["enable_uart=1"]), facts(family.lines)
    assert before.bluetooth is family.shared
    assert not after.bluetooth
    assert not after.off


@pytest.mark.parametrize("adapter", pins.ADAPTERS, ids=lambda adapter: adapter.title)
def test_ports_knows_the_adapters_that_the_table_says(tmp_path, adapter):
    """Whether it is marked as made for a meter, and the source to write."""
    usb = UsbTree(tmp_path)
    usb.plug("ttyUSB0", vendor=adapter.vendor, product=adapter.product, serial=adapter.serial, title=adapter.title)
    (port,) = ports(usb.root)
    assert (port.tic, port.source) == (adapter.recognised, adapter.source)


def test_the_examples_are_json_that_a_board_could_have():
    """The key that the manual tells WROVER boards to set is one that a board knows."""
    manual = (ROOT / "hardware/wiring/README.md").read_text(encoding="utf-8")
    (pair,) = re.findall(r'`("rx": \d+)`', manual)
    assert json.loads("{" + pair + "}") == {"rx": 27}
