"""Boards for the tests of tools/flash: a ROM loader on a pty (esp32-mock-bootloader), and a MicroPython to write."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

from littlefs import LittleFS

from flash.files import ROOT
from servers import wait_until
from tests.tools.flash.official import PINNED

VFS_OFFSET = 0x200000


def firmware(chip):
    """The official file that is pinned for this chip."""
    return next(build for build in PINNED if build.chip == chip.name).content


class RomLoader:
    """A board in its ROM's loader: its ``port``, and at the end its ``content``.

    ``megabytes`` of flash; ``package`` is what an ESP32's fuses say of its housing; ``starts`` is a file that says what
    runs on the board once it was written.
    """

    def __init__(self, chip, folder, megabytes=4, package=0, starts=None):
        self._flash, log = folder / f"{chip}.flash", folder / f"{chip}.log"
        command = [sys.executable, Path(__file__).with_name("rom_loader.py"), chip, self._flash, megabytes, package]
        command += [starts] if starts else []
        with log.open("wb") as out:
            self.process = subprocess.Popen([*map(str, command)], stdout=out, stderr=out)
        wait_until(lambda: b"/dev/" in log.read_bytes() and b"\n" in log.read_bytes(), 30, "the loader has its pty")
        self.port = re.search(r"/dev/\S+", log.read_text())[0]
        # Once unplugged, its name would be the next terminal's, and a tool that tries again would write there.
        self._name = os.open(self.port, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)

    @property
    def content(self):
        """Every byte of the flash."""
        return self._flash.read_bytes()

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        os.close(self._name)


@contextlib.contextmanager
def rom_loader(chip, folder, **options):
    """A board in its ROM's loader, for a while."""
    board = RomLoader(chip, folder, **options)
    try:
        yield board
    finally:
        board.close()


def command(*arguments, language="en"):
    """The tool as a person starts it: what to run, and its environment."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tools/lib'}", "LANG": f"{language}.UTF-8"}
    return [sys.executable, "-m", "flash", *map(str, arguments), "--lang", language], environment


def flash(*arguments, language="en", answers=None, cwd=None):
    """Run the tool as a person does, without a terminal."""
    words, environment = command(*arguments, language=language)
    return subprocess.run(
        words, capture_output=True, text=True, timeout=120, check=False, env=environment, input=answers, cwd=cwd
    )


def flashed(folder, chip, megabytes, *arguments):
    """Run the tool until it asks the board itself, where there is a ROM's loader only; every byte of the flash then."""
    said = folder / "said"
    with rom_loader(chip, folder, megabytes=megabytes) as loader, said.open("w") as out:
        words, environment = command("--port", loader.port, *arguments)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
        asks = "Does the board reach the Wi-Fi"
        wait_until(lambda: asks in said.read_text() or process.poll() is not None, 120, said)
        process.kill()
        process.wait()
    assert asks in said.read_text(), said.read_text()
    return loader.content


def mounted(content, offset=VFS_OFFSET):
    """The file system in a flash, from there to its end."""
    size = len(content) - offset
    file_system = LittleFS(block_size=4096, block_count=size // 4096, read_size=32, prog_size=32, mount=False)
    file_system.context.buffer = bytearray(content[offset:])
    file_system.mount()
    return file_system


def files_of(content, offset=VFS_OFFSET):
    """Every file in a flash: name -> bytes."""
    file_system = mounted(content, offset)
    found = {}
    for place, _folders, names in file_system.walk("/"):
        for name in names:
            path = f"{place}/{name}".replace("//", "/")
            with file_system.open(path, "rb") as file:
                found[path] = file.read()
    return found
