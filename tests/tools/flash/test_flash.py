"""tools/flash against a ROM loader on a pty: what is written is read back, what goes wrong is one sentence."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
import serial

from flash.chips import CHIPS, SMALLEST_FLASH
from flash.errors import SENTENCES, FlashError
from flash.files import ROOT, build_set
from flash.firmware import load
from flash.identity import own_tables
from flash.port import check
from gateway.mqtt.boards.fileset import FileSet
from gateway.mqtt.boards.registry import Card
from servers import wait_until
from servers.certificates import Authority
from tests.containers import held_in_a_container
from tests.rights import without_rights
from tests.tools.flash.boards import files_of, firmware, flash, rom_loader
from tests.tools.flash.official import made

ESP32 = CHIPS["esp32"]


def pins_of(chip):
    """What a relay on this chip is told."""
    return {"uart": chip.uart, "rx": chip.rx, "tx": chip.tx, "led": chip.led}


@pytest.fixture
def official(tmp_path):
    """A MicroPython for the ESP32, and the options that vouch for it."""
    return vouched(tmp_path / "micropython.bin", firmware(ESP32))


def vouched(path, content):
    path.write_bytes(content)
    return ["--firmware", path, "--sha256", hashlib.sha256(content).hexdigest()]


def identity(tmp_path, **changed):
    """The options that a board needs besides."""
    wanted = {"id": "garage", "broker": "192.168.1.20", "cards": tmp_path / "boards", **changed}
    return [part for name, value in wanted.items() for part in (f"--{name}", value)]


@pytest.mark.parametrize("chip", CHIPS.values(), ids=lambda chip: chip.name)
def test_what_was_written_is_what_is_there(tmp_path, chip):
    """MicroPython at its place, our files in its file system, the board's settings; read back by esptool itself."""
    content = firmware(chip)
    with rom_loader(chip.name, tmp_path) as board:
        options = [*vouched(tmp_path / "micropython.bin", content), *identity(tmp_path), "--yes"]
        done = flash("--port", board.port, *options)
        assert done.returncode == 0, done.stderr
    found = board.content
    assert found[chip.offset : chip.offset + len(content)] == content
    files = files_of(found)
    assert {name.removeprefix("/a/") for name in files if name.startswith("/a/")} == {
        *build_set(chip).files,
        "manifest.json",
    }
    assert {"/main.py", "/launcher.mpy", "/slots.mpy", "/identity.json"} <= set(files)
    assert "/config.json" not in files
    assert json.loads(files["/identity.json"])["config"]["relay"] == pins_of(chip)


def test_with_a_wifi_the_board_has_its_whole_configuration(tmp_path, official):
    """Wi-Fi, broker, certificate and password are in config.json; the password of the Wi-Fi came from a file."""
    (tmp_path / "secret").write_text("mot de passe\n")
    with rom_loader("esp32", tmp_path) as board:
        (tmp_path / "own.json").write_text('{"relay": {"invert": true}}')
        own = ["--settings", tmp_path / "own.json"]
        wifi = ["--wifi", "Chez nous", "--wifi-password-file", tmp_path / "secret", *own]
        done = flash("--port", board.port, *official, *identity(tmp_path), *wifi, "--yes")
    config = json.loads(files_of(board.content)["/config.json"])
    # The loader is no MicroPython, so the last step, asking the board itself, says so.
    assert "does not answer as MicroPython does" in done.stderr
    assert config["wifi"] == {"ssid": "Chez nous", "password": "mot de passe"}
    assert config["relay"] == {"uart": 2, "rx": 16, "tx": 32, "led": 4, "invert": True}
    assert config["broker"]["host"] == "192.168.1.20"
    assert config["broker"]["port"] == 1883
    assert "mot de passe" not in done.stdout + done.stderr


def test_card_and_label_are_made_and_no_secret_is_printed(tmp_path, official):
    """Key and hash are in a file of mode 0600 for the Pi, the label is printed and drawn; no secret is shown."""
    with rom_loader("esp32", tmp_path) as board:
        done = flash("--port", board.port, *official, *identity(tmp_path), "--yes")
    held = json.loads(files_of(board.content)["/identity.json"])
    path = tmp_path / "boards" / "garage.json"
    card = Card.decode(path.read_bytes(), "card")
    assert path.stat().st_mode & 0o777 == 0o600
    assert (card.board.key, card.board.role, card.board.chip) == (held["key"], "relay", "esp32")
    assert card.password_line.startswith("garage:$7$")
    assert f"sudo linky-gateway board add {path}" in done.stdout
    # The label, on the terminal and drawn.
    assert re.search(r"Wi-Fi  Linky-garage\n\s+(\w{4}-){2}\w{4}\n\s+Code   \d{4} \d{4}", done.stdout)
    assert "Linky-garage" in (tmp_path / "boards" / "garage-label.svg").read_text()
    assert (tmp_path / "boards" / "garage-qr.png").read_bytes().startswith(b"\x89PNG")
    for secret in (held["key"], held["config"]["broker"]["password"]):
        assert secret not in done.stdout + done.stderr
        assert secret not in card.password_line


def test_two_boards_share_nothing(tmp_path, official):
    """Another key, another password, another code for each board."""
    held = []
    for name in ("one", "two"):
        with rom_loader("esp32", tmp_path) as board:
            assert flash("--port", board.port, *official, *identity(tmp_path, id=name), "--yes").returncode == 0
        held.append(json.loads(files_of(board.content)["/identity.json"]))
    assert held[0]["key"] != held[1]["key"]
    assert held[0]["config"]["broker"]["password"] != held[1]["config"]["broker"]["password"]


def test_nothing_is_left_after_an_erasure(tmp_path, official):
    """No key, no password: every byte is erased."""
    with rom_loader("esp32", tmp_path) as board:
        flash("--port", board.port, *official, *identity(tmp_path), "--yes")
        assert flash("--port", board.port, "--erase", "--yes").returncode == 0
    assert set(board.content) == {0xFF}


def test_nothing_is_erased_without_a_yes(tmp_path, official):
    """Without a terminal to ask on, and without --yes, the board stays as it is."""
    with rom_loader("esp32", tmp_path) as board:
        done = flash("--port", board.port, *official, *identity(tmp_path))
        assert done.returncode == 1
        assert "no terminal" in done.stderr
    assert set(board.content) == {0xFF}
    assert not (tmp_path / "boards").exists()


def test_a_key_is_never_overwritten(tmp_path, official):
    """A second board of the same name would void the first one's card."""
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "garage.json").write_text("the first")
    with rom_loader("esp32", tmp_path) as board:
        done = flash("--port", board.port, *official, *identity(tmp_path), "--yes")
        assert "already has a key" in done.stderr
    assert set(board.content) == {0xFF}
    assert (tmp_path / "boards" / "garage.json").read_text() == "the first"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "is an ESP32-C3, but this is for ESP32"), ("fr", "prenez le fichier pour ESP32-C3")],
)
def test_the_wrong_chip_is_said_and_not_written(tmp_path, official, language, sentence):
    """A file for the ESP32 does not go onto a C3."""
    with rom_loader("esp32c3", tmp_path) as board:
        done = flash("--port", board.port, *official, *identity(tmp_path), "--yes", language=language)
        assert done.returncode == 1
        assert sentence in done.stderr
    assert set(board.content) == {0xFF}


def test_a_chip_that_will_not_do_is_said(tmp_path, official):
    """An ESP8266 answers too, but cannot be one of our boards."""
    with rom_loader("esp8266", tmp_path) as board:
        done = flash("--port", board.port, *official, *identity(tmp_path), "--yes")
    assert "those that will do: ESP32, ESP32-S2, ESP32-C3, ESP32-S3, ESP32-C6" in done.stderr


def test_a_board_that_is_unplugged_meanwhile_is_said(tmp_path, official):
    """The cable comes out during the writing: one sentence, no traceback."""
    with rom_loader("esp32", tmp_path) as board:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tools/lib'}"}
        options = [*map(str, ["--port", board.port, *official, *identity(tmp_path), "--yes", "--lang", "en"])]
        running = subprocess.Popen(
            [sys.executable, "-m", "flash", *options],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until((tmp_path / "boards" / "garage.json").exists, 30, "the card is written, the writing begins")
        board.process.kill()
        _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "Traceback" not in said
    assert "The board is not harmed: try again" in said


def test_a_port_where_nobody_answers_is_said(tmp_path, official):
    """A port without a board: hold BOOT, try another cable."""
    master, slave = pty.openpty()
    try:
        done = flash("--port", os.ttyname(slave), *official, *identity(tmp_path), "--yes")
    finally:
        os.close(master)
        os.close(slave)
    assert "Hold the BOOT button" in done.stderr


def test_a_port_in_use_is_said(tmp_path, official):
    """Another program has the port: which, and to close it."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    try:
        with serial.Serial(name, exclusive=True):
            done = flash("--port", name, *official, *identity(tmp_path), "--yes")
    finally:
        os.close(master)
        os.close(slave)
    assert f"{name} is in use (python" in done.stderr or f"{name} is in use (pytest" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may have a /dev/pts of its own")
def test_a_program_in_a_container_is_not_blamed():
    """Its terminal has the name of the port and is another one: nobody is told to close that program."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    try:
        with (
            held_in_a_container(name),
            serial.Serial(name, exclusive=True),
            pytest.raises(FlashError, match=f"^{name} is in use: close that program"),
        ):
            check(name)
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_may_not_be_opened_is_said():
    """The group to join is named."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    try:
        # Not even for its owner: the test may be run by an ordinary user.
        Path(name).chmod(0)
        with without_rights(), pytest.raises(FlashError, match="sudo usermod -a -G"):
            check(name)
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_is_not_there_is_said(official, tmp_path):
    """A name that is none, in both languages."""
    for language, sentence in (("en", "is the board plugged in?"), ("fr", "la carte est-elle branchée")):
        done = flash("--port", "/dev/ttyUSB99", *official, *identity(tmp_path), "--yes", language=language)
        assert sentence in done.stderr


def test_a_file_is_no_port(official, tmp_path):
    """What is not a device is not written to."""
    (tmp_path / "file").write_text("mine")
    assert "is no serial port" in flash("--port", tmp_path / "file", *official, *identity(tmp_path), "--yes").stderr
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ESP32_GENERIC-20260406-v1.28.0.bin", "has the name of an official file but not"),
        ("mine.bin", "is not a known file. If you know where it comes from"),
    ],
)
def test_a_file_that_nobody_vouches_for_is_refused(tmp_path, name, sentence):
    """Neither a damaged download nor an unknown file."""
    (tmp_path / name).write_bytes(firmware(ESP32))
    with pytest.raises(FlashError, match=sentence):
        load(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no header of an ESP image"),
        (b"\xe9", "no header of an ESP image"),
        (b"\xe9" + bytes(11) + b"\x63\x00" + bytes(100), "chip number 99"),
        (firmware(ESP32)[:0x6000], "no partition table"),
        (made(ESP32, [("vfs", 1, 0x81, 0x100000, 0x200000)]), "a file system at 0x100000"),
        (made(ESP32, [("factory", 0, 0, 0x10000, 0xF0000)]), "a file system at 0x100000"),
    ],
    ids=["empty", "cut", "chip", "short", "overlaps", "ends early"],
)
def test_a_file_that_is_no_micropython_is_said(tmp_path, content, sentence):
    """Also when its sum is vouched for."""
    (tmp_path / "mine.bin").write_bytes(content)
    with pytest.raises(FlashError, match=re.escape(sentence)):
        load(tmp_path / "mine.bin", hashlib.sha256(content).hexdigest()).file_system(SMALLEST_FLASH)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [("--firmware", "Download your chip’s file"), ("--id", "--id NAME"), ("--broker", "--broker ADDRESS")],
)
def test_what_is_missing_is_asked_for(tmp_path, official, missing, sentence):
    """One thing after the other, with an example."""
    options = [*official, *identity(tmp_path)]
    at = options.index(missing)
    with rom_loader("esp32", tmp_path) as board:
        done = flash("--port", board.port, *options[:at], *options[at + 2 :], "--yes")
    assert sentence in done.stderr


def test_an_address_is_no_name_of_a_certificate(tmp_path, official):
    """The broker's certificate has the name of the Pi: with an address alone no board would ever believe it."""
    authority = Authority(tmp_path / "ca").create()
    options = [*official, *identity(tmp_path), "--ca", authority.certificate, "--yes"]
    with rom_loader("esp32", tmp_path) as board:
        done = flash("--port", board.port, *options)
        assert "has a name, not the address 192.168.1.20: add that of the Raspberry Pi" in done.stderr
        assert flash("--port", board.port, *options, "--broker-name", "raspberrypi.local").returncode == 0
    told = json.loads(files_of(board.content)["/identity.json"])["config"]["broker"]
    assert (told["host"], told["name"], told["port"]) == ("192.168.1.20", "raspberrypi.local", 8883)


def test_no_port_is_touched_that_was_not_named(official, tmp_path):
    """Without --port and without a person to ask, nothing happens."""
    done = flash(*official, *identity(tmp_path), "--yes")
    assert done.returncode == 1
    assert "no serial port here" in done.stderr or "which port?" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{", '{"relay": 1}', '{"broker": {}}', '{"wifi": {}}'])
def test_settings_that_are_none_are_said(tmp_path, text):
    """Neither rubbish nor what is made here."""
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(FlashError, match=r"own\.json: tables of config\.json are expected"):
        own_tables(tmp_path / "own.json")


@pytest.mark.parametrize("key", SENTENCES)
def test_every_sentence_is_there_in_both_languages(key):
    """French and English take the same values."""
    french, english = SENTENCES[key].in_language("fr"), str(SENTENCES[key])

    def values(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert values(french) == values(english)
    assert french != english


def test_a_set_for_the_air_is_built(tmp_path):
    """The zip file that `linky-gateway board update` takes."""
    assert flash("--build-set", tmp_path / "boards.zip").returncode == 0
    assert FileSet.read(tmp_path / "boards.zip") == build_set(ESP32)


def test_the_files_are_the_same_for_every_chip():
    """No source asks for native code, so one set serves all boards, by cable and over the air."""
    assert all(build_set(chip).files == build_set(ESP32).files for chip in CHIPS.values())
