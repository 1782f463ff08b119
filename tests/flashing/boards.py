"""Boards for the tests of tools/flash: a ROM loader on a pty (esp32-mock-bootloader), and a MicroPython to write."""

from __future__ import annotations

import contextlib
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

from littlefs import LittleFS

from federation import wait_until
from flashing.files import ROOT

VFS_OFFSET, VFS_SIZE = 0x200000, 0x200000
_TABLE = 0x8000


def firmware(chip, label=b"vfs", vfs_offset=VFS_OFFSET):
    """A file as MicroPython's builds are: the header of an image, a partition table, something that fills it."""
    content = bytearray(0x180000)
    content[:16] = struct.pack("<B11xHH", 0xE9, chip.image_id, 0)
    entries = [(0, 0, 0x10000, 0x1F0000, b"factory"), (1, 0x81, vfs_offset, VFS_SIZE, label)]
    for number, (kind, subkind, offset, size, name) in enumerate(entries):
        struct.pack_into(
            "<2sBBII16sI",
            content,
            _TABLE - chip.offset + 32 * number,
            b"\xaa\x50",
            kind,
            subkind,
            offset,
            size,
            name,
            0,
        )
    content[0x20000:] = bytes(range(256)) * ((len(content) - 0x20000) // 256)
    return bytes(content)


class RomLoader:
    """A board in its ROM's loader: its ``port``, and at the end its ``content``."""

    def __init__(self, chip, folder):
        self._flash, log = folder / f"{chip}.flash", folder / f"{chip}.log"
        command = [sys.executable, Path(__file__).with_name("rom_loader.py"), chip, self._flash]
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
def rom_loader(chip, folder):
    """A board in its ROM's loader, for a while."""
    board = RomLoader(chip, folder)
    try:
        yield board
    finally:
        board.close()


def flash(*arguments, language="en", answers=None, cwd=None):
    """Run the tool as a person does, without a terminal."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tools'}", "LANG": f"{language}.UTF-8"}
    command = [sys.executable, "-m", "flashing", *map(str, arguments), "--lang", language]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment, input=answers, cwd=cwd
    )


def mounted(content):
    """The file system in a flash."""
    file_system = LittleFS(block_size=4096, block_count=VFS_SIZE // 4096, read_size=32, prog_size=32, mount=False)
    file_system.context.buffer = bytearray(content[VFS_OFFSET : VFS_OFFSET + VFS_SIZE])
    file_system.mount()
    return file_system


def files_of(content):
    """Every file in a flash: name -> bytes."""
    file_system = mounted(content)
    found = {}
    for place, _folders, names in file_system.walk("/"):
        for name in names:
            path = f"{place}/{name}".replace("//", "/")
            with file_system.open(path, "rb") as file:
                found[path] = file.read()
    return found
