"""A board for tests, run by MicroPython's Unix port: a LittleFS in a file, whose power can be cut at any write.

flash_on_board.py IMAGE start                    one life as after a reset, by the project's launcher
flash_on_board.py IMAGE install MANIFEST FILES   take a signed set
flash_on_board.py IMAGE cuts MANIFEST FILES      the same with the power cut at write 1, then 2, … until it gets through; after
                                        each cut: start, take the set again, start (one line of output for each cut)
"""

import asyncio
import gc
import os
import sys
import time

import vfs

BOARD = "kitchen"
KEY = bytes(range(32))
EIO = -5
ERASED = b"\xff" * 4096


class PowerCut(BaseException):
    """There is no current any more: nothing after this reaches the flash."""


# What a flash of 4 MB takes, where FLASH_SLOW is set, in milliseconds: to erase a sector and to program a page of 256 bytes
# (Winbond W25Q32JV, revision G, section 9.6, typical), to read 4 kB at 40 MHz on two lines.
ERASE_MS, PROGRAM_MS, READ_MS = (45, 1, 0.4) if os.getenv("FLASH_SLOW") else (0, 0, 0)


class Flash:
    """The vfs partition: 4 KiB blocks in a file of the host; a write that is cut leaves half of its bytes.

    It stands for ``esp32.Partition`` (micropython/micropython, ports/esp32/esp32_partition.c, v1.28.0), and has the times of
    a real one if asked to; it never wears out, and no task runs on another core while it is written.
    """

    def __init__(self, name, cut=0):
        self.file = open(name, "r+b")
        self.blocks = self.file.seek(0, 2) // 4096
        self.cut = cut
        self.writes = 0

    @property
    def is_dead(self):
        return self.cut and self.writes >= self.cut

    def readblocks(self, number, buffer, offset=0):
        if self.is_dead:
            return EIO
        self.file.seek(number * 4096 + offset)
        self.file.readinto(buffer)
        takes(READ_MS * len(buffer) / 4096)

    def writeblocks(self, number, buffer, offset=0):
        return self._write(number * 4096 + offset, buffer)

    def ioctl(self, operation, argument):
        if operation == 6:  # erase: what was there is gone
            return self._write(argument * 4096, ERASED)
        return {4: self.blocks, 5: 4096}.get(operation, 0)

    def _write(self, place, buffer):
        takes(ERASE_MS if buffer is ERASED else PROGRAM_MS * (1 + len(buffer) // 256))
        if self.is_dead:  # what the interpreter closes afterwards, too
            return EIO
        self.writes += 1
        self.file.seek(place)
        self.file.write(memoryview(buffer)[: len(buffer) // 2] if self.is_dead else buffer)
        self.file.flush()
        if self.is_dead:
            raise PowerCut
        return 0


def takes(ms):
    """Nobody has the processor for so long."""
    if ms:
        time.sleep_us(int(1000 * ms))


class Powered:
    """The board with current: its file system is mounted, and only the modules are loaded that MicroPython brings."""

    def __init__(self, image, cut=0):
        self.flash = Flash(image)
        vfs.mount(vfs.VfsLfs2(self.flash, readsize=256, progsize=32), "/")
        self.flash.cut = cut
        os.chdir("/")
        sys.path[:] = ["/", ".frozen"]
        self.modules = set(sys.modules)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        vfs.umount("/")
        self.flash.file.close()
        for name in set(sys.modules) - self.modules:
            del sys.modules[name]
        gc.collect()


def start(output=print):
    import launcher

    launcher.start(reset=lambda: output("reset"), sleep_ms=lambda ms: output("pause %d" % ms))


def install(signed, contents):
    asyncio.run(_install(signed, contents))


async def _install(signed, contents):
    from install import Installation
    from slots import Slots

    work = Installation(Slots(), BOARD, KEY, signed)
    await work.prepare()
    for name, size, digest in await work.missing():
        file = work.open(name, size, digest)
        for at in range(0, len(contents[name]), 1024):
            file.write(contents[name][at : at + 1024])
        file.close()
        print("fetched", name)
    await work.finish()


def cuts(image, signed, contents):
    whole = read(image)
    number = done = 0
    while not done:
        number += 1
        with open(image, "wb") as file:
            file.write(whole)
        print("cut", number)
        with Powered(image, number) as board:
            try:
                install(signed, contents)
                done = 1
            except (PowerCut, OSError):
                if not board.flash.is_dead:
                    raise
            print("writes", board.flash.writes)
        with Powered(image):
            start()
        if not done:
            with Powered(image):
                try:
                    install(signed, contents)
                except Exception as error:
                    print("refused", error)
            with Powered(image):
                start()


def read(name):
    with open(name, "rb") as file:
        return file.read()


def main():
    image, action = sys.argv[1:3]
    if action == "start":
        with Powered(image):
            start()
        return
    signed, folder = read(sys.argv[3]), sys.argv[4]
    contents = {entry[0].replace("@", "/"): read(folder + "/" + entry[0]) for entry in os.ilistdir(folder)}
    if action == "cuts":
        cuts(image, signed, contents)
    else:
        with Powered(image):
            install(signed, contents)


main()
