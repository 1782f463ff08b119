"""Run by MicroPython: a relay's journal on LittleFS itself, on flash that is full or fails. argv: what fails, how."""

import errno
import os
import sys
import vfs

from journal import FlashJournal
from owed import Owed

FAULT, HOW = sys.argv[1:3]
FRAMES, BAD = 45, range(10, 25)
_BLOCK = 4096


class Flash:
    """A partition in memory, erased and written as an ESP32's; ``fails`` says whether a call of a kind does."""

    def __init__(self, blocks):
        self._bytes, self.fails = bytearray(blocks * _BLOCK), None

    def _check(self, kind):
        """0, or what is wrong: LittleFS is told so, or, as by ports/esp32/esp32_partition.c, thrown out of its work."""
        if kind != self.fails:
            return 0
        if HOW == "raised":
            raise OSError(-0x105, "ESP_ERR_NOT_FOUND")
        return -errno.EIO

    def readblocks(self, number, buffer, offset=0):
        if not (bad := self._check("read")):
            at = number * _BLOCK + offset
            buffer[:] = memoryview(self._bytes)[at : at + len(buffer)]
        return bad

    def writeblocks(self, number, buffer, offset=0):
        bad = self._check("write")
        # Of a write that fails the first half is there.
        size, at = len(buffer) // 2 if bad else len(buffer), number * _BLOCK + offset
        self._bytes[at : at + size] = buffer[:size]
        return bad

    def ioctl(self, what, number):
        if what == 4:
            return len(self._bytes) // _BLOCK
        if what == 5:
            return _BLOCK
        if what == 6:
            if not (bad := self._check("erase")):
                self._bytes[number * _BLOCK : (number + 1) * _BLOCK] = b"\xff" * _BLOCK
            return bad
        return 0


def frame(number):
    """A frame of forty groups of a minute of its own, of which five change."""
    steady = [b"\nLABEL%02d\t%012d\tX\r" % (place, place) for place in range(35)]
    clock = b"\nDATE\tE2511251%02d%02d00\t\t#\r" % (number // 60, number % 60)
    return b"".join([clock] + [b"\nSINS%d\t%05d\t$\r" % (place, number * 7 + place) for place in range(4)] + steady)


def start(boot):
    """The board's memory, after one more start with the flash mounted anew."""
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    journal = FlashJournal("/flash/journal", lambda: 1 << 20)
    return journal, Owed(bytes((boot,)) * 4, journal, lambda _entry, frame: frame[:18])


flash = Flash(7 if FAULT == "full" else 40)
vfs.VfsLfs2.mkfs(flash)
journal, owed = start(1)
for number in range(FRAMES):
    flash.fails = FAULT if number in BAD else None
    owed.add(frame(number), None, number, 0, True)
    owed.save()
lost = journal.lost
vfs.umount("/flash")
journal, owed = start(2)
found = []
while given := owed.next():
    found.append((given[0].seq - 1, given[1]))
    owed.open_window()
journal.confirm_all()
right = all([one == frame(number) for number, one in found])
print(right, len(found) + lost + journal.lost, len(found), os.listdir("/flash/journal"))
