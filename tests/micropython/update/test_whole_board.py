"""A board as tools/flash makes it, run by MicroPython: launcher, set and role; only lib/board.py is another."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import shutil
import subprocess
import tty

import pytest

from flash import actions, firmware
from flash.chips import CHIPS, SMALLEST_FLASH
from flash.files import build_set
from flash.firmware import file_system
from flash.identity import BoardIdentity, GatewayAddress, label_module
from gateway.mqtt.boards import passwords
from gateway.mqtt.boards.offer import UpdateState
from relay_faults.board import mpy_cross
from relay_faults.broker import HOST, NAME, HouseBroker, mosquitto
from relay_faults.clock import faketime
from servers import wait_until
from tests.micropython.update.flash_file import ROOT, Board
from tests.mosquitto import Ear
from tests.tools.flash.boards import files_of
from tests.tools.flash.boards import firmware as a_firmware

pytestmark = pytest.mark.skipif(
    not (shutil.which("micropython") and mosquitto() and faketime()),
    reason="not installed: micropython, mosquitto, faketime",
)

CHIP = CHIPS["esp32"]
# The board's network and UART on this machine, as tools/lib/relay_faults uses them.
UNIX = ROOT / "tools" / "lib" / "relay_faults" / "unix"
ON_THIS_MACHINE = {f"a/lib/{name}.py": (UNIX / f"{name}.py").read_bytes() for name in ("board", "rtc")}
BLOCKS = 128


@pytest.fixture
def broker(tmp_path):
    """The broker of the house; started when it knows everybody."""
    house = HouseBroker(tmp_path / "broker")
    yield house
    house.kill()


@pytest.fixture
def silent_meter(monkeypatch):
    """The UART of a board that runs on this machine, where nobody speaks."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    monkeypatch.setenv("BOARD_FOLDER", "")
    monkeypatch.setenv("BOARD_TTY", os.ttyname(slave))
    yield
    os.close(master)
    os.close(slave)


def flashed(tmp_path, place, role="relay"):
    """The files of a board that tools/flash would write, and its identity."""
    content = a_firmware(CHIP)
    (tmp_path / "micropython.bin").write_bytes(content)
    checked = firmware.load(tmp_path / "micropython.bin", hashlib.sha256(content).hexdigest())
    identity = BoardIdentity.new("garage", role, CHIP)
    return identity, files_of(actions._content(checked, identity, place, CHIP, SMALLEST_FLASH))


def board_of(tmp_path, files):
    """That board on this machine."""
    ours = {name.lstrip("/"): content for name, content in files.items() if not name.endswith("/lib/board.mpy")}
    return Board(tmp_path, file_system(ours | ON_THIS_MACHINE, BLOCKS * 4096))


def test_a_flashed_relay_starts_and_reaches_the_broker(tmp_path, broker, silent_meter):
    """Launcher, start, relay, link with TLS and the board's own password: its state is with the broker."""
    place = GatewayAddress(HOST, broker.tls_port, broker.ca.read_bytes(), NAME, "Maison", "motdepasse")
    identity, files = flashed(tmp_path, place)
    listening = broker.add("gateway")
    passwords.enter(broker.passwords, identity.line)
    broker.start()
    board = board_of(tmp_path, files)
    life = board.live()
    try:
        with Ear(broker.port, "linky/board/#", user="gateway", password=listening) as ear:
            wait_until(lambda: "linky/board/garage/update/state" in ear.retained, 120, "the board says what it runs")
            wait_until(lambda: "linky/board/garage/state" in ear.retained, 20, "the relay says how it is")
    finally:
        life.kill()
        said = life.communicate()[0]
    state = UpdateState.parse(ear.retained["linky/board/garage/update/state"])
    assert state == UpdateState(build_set(CHIP).version, 0, 0, trial=False, refused=0, last=""), said
    assert json.loads(ear.retained["linky/board/garage/state"])["state"] == "online"


def test_a_flashed_display_starts_and_reaches_the_broker(tmp_path, broker, silent_meter):
    """The other role of the same set; its panel alone is another."""
    place = GatewayAddress(HOST, broker.tls_port, broker.ca.read_bytes(), NAME, "Maison", "motdepasse")
    identity, files = flashed(tmp_path, place, "display")
    # Compiled as that of a board is: to compile takes memory that a board keeps for its work.
    for name in ("wiring", "panels"):
        source, compiled = ROOT / f"tests/micropython/display/unix/{name}.py", tmp_path / f"{name}.mpy"
        subprocess.run([mpy_cross(), "-o", compiled, source], check=True)
        files[f"/a/display/{name}.mpy"] = compiled.read_bytes()
    listening = broker.add("gateway")
    passwords.enter(broker.passwords, identity.line)
    broker.start()
    life = board_of(tmp_path, files).live()
    try:
        with Ear(broker.port, "linky/board/#", user="gateway", password=listening) as ear:
            wait_until(lambda: "linky/board/garage/update/state" in ear.retained, 120, "the board says what it runs")
    finally:
        life.kill()
        said = life.communicate()[0]
    assert UpdateState.parse(ear.retained["linky/board/garage/update/state"]), said


def test_a_board_without_wifi_opens_the_one_of_its_label(tmp_path, silent_meter):
    """Flashed without --wifi it starts the set-up, with the very name and passphrase that the label says."""
    identity, files = flashed(tmp_path, GatewayAddress(HOST, 1883, None))
    del files["/a/setup/radio.mpy"]
    files["/a/setup/radio.py"] = (
        b"ADDRESS = '192.168.4.1'\n"
        b"def open_access_point(name, passphrase):\n    raise OSError('opens %s %s' % (name, passphrase))\n"
    )
    label, said = label_module(), board_of(tmp_path, files).start().stdout
    assert f"opens {label.network('garage')} {label.passphrase(identity.board.secret)}" in said


def test_the_button_sets_the_configuration_aside(tmp_path, broker, silent_meter, monkeypatch):
    """BOOT held for five seconds: the next start is the set-up page, and what was configured is not lost."""
    place = GatewayAddress(HOST, broker.tls_port, broker.ca.read_bytes(), NAME, "Maison", "motdepasse")
    _, files = flashed(tmp_path, place)
    board = board_of(tmp_path, files)
    monkeypatch.setenv("BOARD_BUTTON", "held")
    said = board.start()
    assert {"/config.old"} == {name for name in board.names("/") if name.startswith("/config")}, said
    assert board.read("config.old") == files["/config.json"]


@pytest.mark.parametrize(("page", "left"), [("idle()", "config.json"), ("done()", "new")])
def test_a_page_that_nobody_finishes_leaves_the_old_configuration(tmp_path, page, left):
    """After a quarter of an hour (here a tenth of a second) what was set aside counts again; else it is dropped."""
    (tmp_path / "config.old").write_text("old")
    program = (
        f"import sys; sys.path.append('{ROOT / 'micropython' / 'update'}')\n"
        "import anew, asyncio\n"
        "anew.PATIENCE_S = 0.1\n"
        "async def idle(): await asyncio.sleep(60)\n"
        f"async def done(): open('{tmp_path}/new', 'w').close()\n"
        f"asyncio.run(anew.set_up({page}, '{tmp_path}/'))\n"
    )
    subprocess.run(["micropython", "-c", program], check=True, timeout=30)
    assert [path.name for path in tmp_path.iterdir()] == [left]


def test_two_sets_and_days_of_readings_fit_the_flash(tmp_path):
    """Of the 2 MB file system of a 4 MB board, both folders together take less than a quarter."""
    _, files = flashed(tmp_path, GatewayAddress(HOST, 1883, None))
    assert 2 * sum(len(content) for name, content in files.items() if name.startswith("/a/")) < 0x200000 // 4


def test_the_pins_are_those_of_the_wiring_plan():
    """A relay's configuration names the UART, pin and LED of its chip."""
    for chip in CHIPS.values():
        held = BoardIdentity.new("garage", "relay", chip).files(GatewayAddress(HOST, 1883, None, ssid="Maison"), chip)
        pins = {"uart": chip.uart, "rx": chip.rx, "tx": chip.tx, "led": chip.led}
        assert json.loads(held["config.json"])["relay"] == pins
