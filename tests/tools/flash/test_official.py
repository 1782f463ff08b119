"""tools/flash with the official files of MicroPython, on flashes of every size: the board mounts what is written."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flash import actions
from flash.chips import CHIPS
from flash.errors import FlashError
from flash.firmware import load
from flash.identity import BoardIdentity, GatewayAddress
from tests.tools.flash.boards import files_of, firmware, flash, rom_loader
from tests.tools.flash.official import MEGABYTE, OTHERS, PINNED, made, real

EACH = [(build, size) for build in (*PINNED, *OTHERS) for size in build.sizes]
# Each build once, each size once.
SHORT = [(build, build.sizes[number % len(build.sizes)]) for number, build in enumerate((*PINNED, *OTHERS))]


def named(value):
    return getattr(value, "name", str(value))


def checked(build, tmp_path):
    """The file, as tools/flash has checked it."""
    path = tmp_path / build.name
    path.write_bytes(build.content)
    return load(path, hashlib.sha256(build.content).hexdigest())


def written(found, megabytes, role="relay", **tables):
    """The whole flash of a board of that size, as tools/flash writes it."""
    identity = BoardIdentity.new("garage", role, found.chip)
    place = GatewayAddress("192.168.1.20", 8883, None, ssid="Maison", wifi_password="motdepasse", tables=tables)
    content = actions._content(found, identity, place, found.chip, megabytes * MEGABYTE)
    # What the tool does not write is erased.
    return content + b"\xff" * (megabytes * MEGABYTE - len(content))


def mounted(tmp_path, content):
    """What MicroPython says when it starts on this flash."""
    (tmp_path / "flash").write_bytes(content)
    command = ["micropython", Path(__file__).with_name("boot_on_board.py"), tmp_path / "flash"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(not shutil.which("micropython"), reason="micropython is not installed")
@pytest.mark.parametrize(
    ("build", "megabytes"),
    [*SHORT, *(pytest.param(*each, marks=pytest.mark.campaign) for each in EACH if each not in SHORT)],
    ids=named,
)
def test_an_official_build_mounts_what_is_written(tmp_path, build, megabytes):
    """Every official table on every size of flash: MicroPython's own LittleFS takes it and finds the board's files."""
    done = mounted(tmp_path, written(checked(build, tmp_path), megabytes))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("mounted ")
    assert "'config.json', 'identity.json', 'launcher.mpy', 'main.py', 'slots.mpy'" in done.stdout


def opened(path):
    """A real file; vouched for where its sum is not known."""
    (known,) = (chip.builds[path.name] for chip in CHIPS.values() if path.name in chip.builds)
    return load(path, None if known else hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("file", [*real(), *PINNED], ids=named)
def test_the_file_system_is_what_is_left_of_the_flash(tmp_path, file):
    """From 0x200000 to the end of the flash of this board; also in the real file, where this machine has it."""
    found = opened(file) if isinstance(file, Path) else checked(file, tmp_path)
    assert found.chip.title.replace("-", "").removeprefix("ESP32") in named(file)
    for megabytes in (4, 8, 16):
        place = found.file_system(megabytes * MEGABYTE)
        assert (place.offset, place.end) == (0x200000, megabytes * MEGABYTE)


def test_a_table_with_its_own_file_system_keeps_it(tmp_path):
    """Builds before 1.26 mount what their table says, also on a larger flash."""
    place = checked(OTHERS[1], tmp_path).file_system(16 * MEGABYTE)
    assert (place.offset, place.size) == (0x200000, 2 * MEGABYTE)


def test_a_build_for_a_larger_flash_is_refused(tmp_path):
    """Before anything is written, with what to take instead."""
    with pytest.raises(
        FlashError, match=r"made for 8 MB of flash, and this board has 4: take MicroPython 1\.26 or later"
    ):
        checked(OTHERS[2], tmp_path).file_system(4 * MEGABYTE)


def test_a_build_for_tiny_uf2_is_refused(tmp_path):
    """MicroPython would make a FAT where our files are."""
    content = made(CHIPS["esp32s3"], (("factory", 0, 0, 0x10000, 0x1F0000), ("ffat", 1, 0x81, 0x200000, 0x200000)))
    (tmp_path / "mine.bin").write_bytes(content)
    with pytest.raises(FlashError, match="a build for TinyUF2"):
        load(tmp_path / "mine.bin", hashlib.sha256(content).hexdigest())


def flashed(tmp_path, chip, *more, language="en", **loader):
    """Run the tool on a board; what it said, and the flash afterwards."""
    content = firmware(chip)
    (tmp_path / "micropython.bin").write_bytes(content)
    options = ["--firmware", tmp_path / "micropython.bin", "--sha256", hashlib.sha256(content).hexdigest(), "--yes"]
    options += ["--id", "garage", "--broker", "192.168.1.20", "--cards", tmp_path / "boards", *more]
    with rom_loader(chip.name, tmp_path, **loader) as board:
        done = flash("--port", board.port, *options, language=language)
    return done, board.content


@pytest.mark.parametrize(
    ("chip", "megabytes"),
    [("esp32s3", 8), *(pytest.param(chip, size, marks=pytest.mark.campaign) for chip in CHIPS for size in (4, 8, 16))],
)
def test_the_flash_that_a_board_has_is_used(tmp_path, chip, megabytes):
    """The size is asked of the board, and its file system made for it: written, read back, mounted by MicroPython."""
    done, content = flashed(tmp_path, CHIPS[chip], megabytes=megabytes)
    assert done.returncode == 0, done.stderr
    assert f"Flash: {megabytes} MB." in done.stdout
    assert len(content) == megabytes * MEGABYTE
    assert f"mounted {(megabytes - 2) * MEGABYTE} bytes" in mounted(tmp_path, content).stdout


def test_too_small_a_flash_is_refused(tmp_path):
    """Before anything is erased, and no key is made for it; in the person's language."""
    done, content = flashed(tmp_path, CHIPS["esp32c3"], megabytes=2, language="fr")
    assert done.returncode == 1
    assert "cette carte a 2 Mo ; il en faut au moins 4 : prenez une autre carte" in done.stderr
    assert set(content) == {0xFF}
    assert not (tmp_path / "boards").exists()


def test_a_flash_that_does_not_say_its_size_is_refused(tmp_path):
    """What esptool has no name for is not guessed at."""
    done, content = flashed(tmp_path, CHIPS["esp32"], megabytes=5)
    assert "does not say how much flash it has: nothing was written" in done.stderr
    assert set(content) == {0xFF}


@pytest.mark.parametrize("chip", CHIPS.values(), ids=lambda chip: chip.name)
def test_the_uart_has_pins_of_ours(chip):
    """Both pins are written, free, and no pin of the chip's flash or USB: MicroPython's own choice may be one."""
    held = json.loads(
        BoardIdentity.new("garage", "relay", chip).files(GatewayAddress("pi", 8883, None), chip)["identity.json"]
    )
    relay = held["config"]["relay"]
    assert relay["tx"] in chip.outputs
    assert len({relay["rx"], relay["tx"], relay["led"], chip.button}) == 4
    # Where all modules of a kind have their flash: docs/esp32/quickref.rst, ports/esp32/machine_pin.h of v1.28.0, and
    # the data sheets of the S2 and the S3.
    flash_pins = {
        "esp32": {6, 7, 8, 9, 10, 11},
        "esp32s2": set(range(26, 33)),
        "esp32s3": set(range(26, 33)),
        "esp32c3": set(range(11, 18)),
        "esp32c6": set(range(24, 31)),
    }[chip.name]
    assert not chip.outputs & flash_pins


def test_an_esp32_with_its_flash_inside_is_wired_elsewhere(tmp_path):
    """GPIO16 and 17 of a PICO are its flash: what would be there is elsewhere, by what the chip's fuses say."""
    done, content = flashed(tmp_path, CHIPS["esp32"], package=5)
    assert done.returncode == 0, done.stderr
    relay = json.loads(files_of(content)["/identity.json"])["config"]["relay"]
    assert (relay["rx"], relay["tx"]) == (27, 32)


@pytest.mark.parametrize("chip", CHIPS.values(), ids=lambda chip: chip.name)
def test_a_display_has_pins_of_its_chip(chip):
    """An S3 has no GPIO22, a C3 no 23: the panel's pins and BOOT are written for the chip, and are free there."""
    held = json.loads(
        BoardIdentity.new("kitchen", "display", chip).files(GatewayAddress("pi", 8883, None), chip)["identity.json"]
    )
    pins = held["config"]["display"]
    assert pins == {**chip.panel, "button": chip.button}
    assert set(chip.panel) == {"scl", "sda", "sck", "mosi", "dc"}
    assert len(set(pins.values())) == 6
    assert set(pins.values()) <= chip.outputs


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"display": {"scl": 27}}, "display.scl = 27: this pin of the ESP32-S3 will not do"),
        ({"display": {"panel": "st7789", "cs": 35}}, "display.cs = 35"),
        ({"display": {"sda": 9}}, "display.sda and display.scl are on the same pin, 9"),
        ({"lamp": {"kind": "bar", "pin": 8}}, "lamp.pin and display.sda are on the same pin, 8"),
    ],
)
def test_a_display_on_pins_that_will_not_do_is_refused(tables, sentence):
    """Of what it has, on an ESP32-S3 with a memory of eight lines; an OLED needs no pins of the other panel."""
    chip = CHIPS["esp32s3"].with_memory_on(range(33, 38))
    with pytest.raises(FlashError, match=re.escape(sentence)):
        BoardIdentity.new("kitchen", "display", chip).files(GatewayAddress("pi", 8883, None, tables=tables), chip)
    BoardIdentity.new("kitchen", "display", chip).files(
        GatewayAddress("pi", 8883, None, tables={"display": {"cs": 27}}), chip
    )


@pytest.mark.parametrize(
    ("relay", "sentence"),
    [
        ({"tx": 17}, "relay.tx = 17: this pin of the ESP32 will not do"),
        ({"rx": 16}, "relay.rx = 16: this pin of the ESP32 will not do"),
        ({"tx": -1}, "relay.tx = -1"),
        ({"led": True}, "relay.led = True"),
        ({"rx": 32}, "relay.tx and relay.rx are on the same pin, 32"),
        ({"tx": 0}, "relay.tx and BOOT are on the same pin, 0"),
        ({"tx": 34}, "Those that will do: 0-5, 12-15, 18-19, 21-23, 25-27, 32-33"),
    ],
)
def test_pins_that_would_stop_a_board_are_refused(relay, sentence):
    """One's own settings are checked against the chip that is there: here an ESP32 with its flash inside."""
    chip = CHIPS["esp32"].with_memory_on({16, 17})
    with pytest.raises(FlashError, match=re.escape(sentence)):
        BoardIdentity.new("garage", "relay", chip).files(
            GatewayAddress("pi", 8883, None, tables={"relay": relay}), chip
        )


def test_pins_are_refused_before_anything_is_erased(tmp_path):
    """And no key is made for a board that is not written."""
    (tmp_path / "own.json").write_text('{"relay": {"tx": 17}}')
    done, content = flashed(tmp_path, CHIPS["esp32"], "--settings", tmp_path / "own.json", package=5)
    assert "relay.tx = 17" in done.stderr
    assert set(content) == {0xFF}
    assert not (tmp_path / "boards").exists()


def test_a_meter_on_an_input_only_pin_is_taken():
    """An ESP32's pins 34 to 39 can hear, which is all that the meter's line needs."""
    place = GatewayAddress("pi", 8883, None, tables={"relay": {"rx": 34}})
    held = BoardIdentity.new("garage", "relay", CHIPS["esp32"]).files(place, CHIPS["esp32"])
    assert json.loads(held["identity.json"])["config"]["relay"]["rx"] == 34
