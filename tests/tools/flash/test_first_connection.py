"""From the box to the wall: what tools/flash writes, on what tools/setup installs, with a clock that begins in 2000.

An official MicroPython goes through tools/flash onto a flash of a given size; MicroPython mounts it as an ESP32 does
and starts what is in it. The broker has the configuration, access list, passwords and certificates of the
installation, in their own places; boards are let in by ``linky-gateway board add``. Nothing is edited on the way.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import ROOT
from meter.process import SimulatedMeter
from relay_faults.clock import Rtc, faketime
from servers import wait_until
from tests.integration.machine import Machine
from tests.integration.processes import ENVIRONMENT, Process
from tests.integration.test_live_feed import COMPACT
from tests.micropython.display.boards import HEAP
from tests.micropython.display.test_program import is_one_of, pictures
from tests.tools.flash.boards import flashed
from tests.tools.flash.official import MEGABYTE, OTHERS, PINNED
from tests.tools.setup.conftest import System

NAME = "linky-pi"
UNIX = ROOT / "tools" / "lib" / "relay_faults" / "unix"
WIRING = ROOT / "tests/micropython/display/unix/wiring.py"
SOLDERED = {"relay": [UNIX / "board.py"], "display": [UNIX / "board.py", WIRING]}
BOOT = Path(__file__).with_name("boot_on_board.py")
LAYOUTS = [(build, size) for build in (*PINNED, *OTHERS) for size in build.sizes]


@pytest.fixture(scope="module", autouse=True)
def _programs():
    """MicroPython and a clock for it; continuous integration must have them."""
    missing = [
        name
        for name, found in {"micropython": shutil.which("micropython"), "faketime": faketime()}.items()
        if not found
    ]
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Debian packages that are not installed: {missing}")


class Wall:
    """A board on the wall: its flash, as tools/flash has left it; its clock; what it hangs on."""

    def __init__(self, machine, folder, role, content, tty=""):
        self._machine, self._folder, self._role, self._tty = machine, folder, role, tty
        folder.mkdir()
        self._flash, self.log, self.picture = folder / "flash", folder / "log", folder / "panel.ppm"
        self._flash.write_bytes(content)
        self._clock, self._process = Rtc(folder / "clock"), None

    def power(self):
        """Give it power: what was in its memory is gone, and its clock shows 2000."""
        self._clock.lose_power()
        self.picture.unlink(missing_ok=True)
        environment = {**os.environ, **self._clock.environment, "BOARD_FOLDER": "", "BOARD_TTY": self._tty}
        environment["BOARD_WIRES"] = f"/host{self._folder}/"
        command = ["micropython", "-X", f"heapsize={HEAP}", BOOT, self._flash, *SOLDERED[self._role]]
        words = self._machine.words("setpriv", "--pdeathsig", "KILL", "--", *command)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def cut(self):
        """Take the power away."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def fault(self):
        """Why it is not running; None while it is."""
        return None if self._process.poll() is None else self.log.read_text()


class Home:
    """A Raspberry Pi as tools/setup leaves it, its gateway running, and whoever listens at its broker."""

    def __init__(self, folder):
        self.folder = folder
        self.system = System(folder)
        self.system.write("etc/hostname", f"{NAME}\n")
        answers = folder / "answers"
        answers.write_text("port = board:garage\nmqtt = yes\nboards = yes\n")
        self.system.setup("install", "--unattended", "--config", answers)
        self.machine = Machine(self.system, folder, f"{NAME}.local")

    def __enter__(self):
        self.machine.__enter__()
        self.machine.start_broker()
        gateway = Process(self.folder, "gateway", "run", "--config", self.machine.config)
        gateway.environment = {**ENVIRONMENT, "CREDENTIALS_DIRECTORY": str(self._secrets)}
        gateway._command = self.machine.words(*gateway._command)
        self.gateway = gateway.start()
        return self

    def __exit__(self, *_):
        self.gateway.kill()
        self.machine.__exit__()

    @property
    def _secrets(self):
        return self.system.folder / "etc/linky-gateway/secrets"

    def flashed(self, folder, build, megabytes, board, role, *more):
        """Run tools/flash as its manual says, and let the board in; every byte of the flash afterwards."""
        folder.mkdir(exist_ok=True)
        firmware = folder / build.name
        firmware.write_bytes(build.content)
        (folder / "wifi").write_text("mot de passe\n")
        asked = {
            **{"firmware": firmware, "sha256": hashlib.sha256(build.content).hexdigest(), "id": board, "role": role},
            **{"broker": "127.0.0.1", "broker-name": f"{NAME}.local"},
            **{"ca": self.system.folder / "etc/mosquitto/linky/ca.crt", "cards": folder / "boards"},
            **{"wifi": "Maison", "wifi-password-file": folder / "wifi"},
        }
        options = [part for name, value in asked.items() for part in (f"--{name}", value)]
        content = flashed(folder, build.chip, megabytes, *options, "--yes", *more)
        assert len(content) == megabytes * MEGABYTE
        self.machine.gateway("board", "add", folder / "boards" / f"{board}.json")
        self.machine.reload_broker()
        return content

    @contextlib.contextmanager
    def listening(self, topic):
        """A function that gives what came on this topic since now, as bytes; nothing that lay there before."""
        password = (self._secrets / "mqtt-password").read_text().strip()
        words = ["mosquitto_sub", "-h", "127.0.0.1", "-u", "gateway", "-P", password, "-t", topic, "-R", "-F", "%x"]
        heard = self.folder / f"heard-{topic.replace('/', '-')}"
        with heard.open("wb") as out:
            process = subprocess.Popen(self.machine.words(*words), stdin=subprocess.DEVNULL, stdout=out)
        try:
            yield lambda: [bytes.fromhex(line) for line in heard.read_text().split("\n")[:-1]]
        finally:
            process.kill()
            process.wait()

    def forget(self, board):
        """Another of the same name comes."""
        self.machine.gateway("board", "forget", board)
        self.machine.reload_broker()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One house for all boards, which come and go."""
    with Home(tmp_path_factory.mktemp("home")) as running:
        yield running


def shows(board, drawn, frames):
    """Whether the panel shows one of these frames, as the display's own pages draw them."""
    assert board.fault is None, board.fault
    return is_one_of(board.picture, (one for frame in frames for one in pictures(drawn, "sh1106", frame)))


def get_home(home, tmp_path, relay, display):
    """Power for both: the relay's first frame goes to the broker, what it says is shown; the number of the start."""
    with home.listening("linky/board/garage/frame") as sent, home.listening(COMPACT) as told:
        relay.power()
        display.power()
        wait_until(sent, 60, f"a frame; {relay.log}")
        # What is on the panel is among what was told shortly before; the meter says something else each second.
        wait_until(lambda: shows(display, tmp_path / "drawn", told()[-3:]), 60, f"a picture; {display.log}", every=0.3)
        header, _, frame = sent()[0].partition(b"\n")
    assert frame.startswith(b"\x02")
    assert relay.fault is None
    return json.loads(header)["boot"]


@pytest.mark.parametrize(
    ("build", "megabytes"),
    [
        (PINNED[2], 8),
        *(pytest.param(*layout, marks=pytest.mark.campaign) for layout in LAYOUTS if layout != (PINNED[2], 8)),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_relay_and_display_get_home_from_2000_and_again_after_a_power_cut(home, tmp_path, build, megabytes):
    """By TLS, each with its own password, to the broker as it was installed; the frame is sent, and shown."""
    panel = tmp_path / "panel.json"
    panel.write_text('{"display": {"panel": "sh1106"}}')
    relay_flash = home.flashed(tmp_path / "relay", build, megabytes, "garage", "relay")
    display_flash = home.flashed(tmp_path / "display", build, megabytes, "kitchen", "display", "--settings", panel)
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", deliver="8n1"):
        relay = Wall(home.machine, tmp_path / "garage", "relay", relay_flash, str(tmp_path / "ttyTIC"))
        display = Wall(home.machine, tmp_path / "kitchen", "display", display_flash)
        starts = set()
        for _ in range(2):
            try:
                starts.add(get_home(home, tmp_path, relay, display))
            finally:
                relay.cut()
                display.cut()
    assert len(starts) == 2
    home.forget("garage")
    home.forget("kitchen")
