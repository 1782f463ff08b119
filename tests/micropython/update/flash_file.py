"""The flash of a board under test: a LittleFS image as tools/flash makes it, in a file that MicroPython then runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

from littlefs import LittleFS

from relay_faults.clock import Rtc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.mqtt.boards.fileset import FileSet

ROOT = Path(__file__).parents[3]
BOARD = "kitchen"
KEY = bytes(range(32))
BLOCKS = 32
_BLOCK = 4096
# What a plain ESP32 has free, about 110 kB; the Unix port's words are twice as wide (w scales).
HEAP = "110wk"
# To hold a whole flash besides, for the test that goes back to it.
_ROOMY = "1000wk"

_UPDATE = ROOT / "micropython" / "update"
_SCRIPT = Path(__file__).with_name("flash_on_board.py")


class Board:
    """A board whose flash holds this file system, and whose ``clock`` begins in 2000 (it goes on from life to life)."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.folder = folder
        self.image = folder / "flash.img"
        self.image.write_bytes(content)
        self.clock = Rtc(folder / "clock")

    @classmethod
    def with_set(cls, folder: Path, files: FileSet, blocks: int = BLOCKS) -> Self:
        """A board with the project's launcher, and one set of files in its folder a."""
        flash = LittleFS(block_size=_BLOCK, block_count=blocks, prog_size=32)
        for path in _UPDATE.glob("*.py"):
            _write(flash, path.name, path.read_bytes())
        for name, content in files.files.items():
            _write(flash, f"a/{name}", content)
        _write(flash, "a/manifest.json", files.manifest(BOARD, 1))
        return cls(folder, bytes(flash.context.buffer))

    def put(self, files: Mapping[str, bytes]) -> None:
        """Change files in the flash, as a test needs it."""
        flash = self.mounted()
        for name, content in files.items():
            _write(flash, name, content)
        self.image.write_bytes(flash.context.buffer)

    def mounted(self) -> LittleFS:
        """The file system as it is now, read by the host's LittleFS."""
        content = bytearray(self.image.read_bytes())
        flash = LittleFS(block_size=_BLOCK, block_count=len(content) // _BLOCK, prog_size=32, mount=False)
        flash.context.buffer = content
        flash.mount()
        return flash

    def read(self, name: str) -> bytes:
        """What a file holds."""
        flash = self.mounted()  # its files are nothing without it
        with flash.open(name, "rb") as file:
            content: bytes = file.read()
        return content

    def names(self, folder: str) -> set[str]:
        """The files below a folder of the board."""
        return {
            f"{place}/{name}".replace("//", "/")
            for place, _folders, names in self.mounted().walk(folder)
            for name in names
        }

    def start(self) -> subprocess.CompletedProcess[str]:
        """One life of the board, until it resets itself."""
        return self._run("start")

    def live(self, **environment: str) -> subprocess.Popen[str]:
        """A life that goes on until it is ended."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(self._command("start"), text=True, env=self._environment | environment, **pipes)

    def install(self, files: FileSet, serial: int, **forged: bytes) -> subprocess.CompletedProcess[str]:
        """Let the board take a set; ``manifest`` or ``content`` stand in for the true ones."""
        return self._run("install", *self._offer(files, serial, **forged))

    def cuts(self, files: FileSet, serial: int) -> str:
        """Let it take a set with the power cut at each write in turn; what the board said."""
        done = self._run("cuts", *self._offer(files, serial))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _offer(self, files: FileSet, serial: int, **forged: bytes) -> tuple[Path, Path]:
        place = self.folder / "set"
        place.mkdir(exist_ok=True)
        for name, content in files.files.items():
            (place / name.replace("/", "@")).write_bytes(forged.get("content", content))
        manifest = self.folder / "manifest"
        manifest.write_bytes(forged.get("manifest", files.signed(BOARD, KEY, serial)))
        return manifest, place

    def _run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments), capture_output=True, text=True, timeout=180, check=False, env=self._environment
        )

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | self.clock.environment

    def _command(self, *arguments: object) -> list[str]:
        heap = _ROOMY if arguments[0] == "cuts" else HEAP
        return [str(part) for part in ("micropython", "-X", f"heapsize={heap}", _SCRIPT, self.image, *arguments)]


def _write(flash: LittleFS, name: str, content: bytes) -> None:
    if "/" in name:
        flash.makedirs(name.rpartition("/")[0], exist_ok=True)
    with flash.open(name, "wb") as file:
        file.write(content)
