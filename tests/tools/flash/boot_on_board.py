"""What an ESP32's MicroPython does when it gets power, for the Unix port: boot_on_board.py FLASH [SOLDERED…].

It stands for ports/esp32 of micropython/micropython, v1.28.0: main.c boardctrl_startup (no partition "vfs" in the
table: one from the end of the last to the end of the flash), modules/flashbdev.py (blocks of 4096 bytes),
modules/_boot.py (it is mounted as it is; what cannot be mounted is "corrupted" and nothing starts), then main.py. FLASH
is every byte of the flash, from address 0. SOLDERED are modules of this machine, in the place of the board's own of the
same name: what is soldered to it. Without them it is mounted and nothing started.

In what it differs: the interpreter is Debian's, nothing but the file system is in its flash, and a reset ends it.
"""

import os
import struct
import sys

import vfs

BLOCK = 4096
_TABLE = 0x8000


class Partition:
    """The partition, as esp32.Partition has it."""

    def __init__(self, name):
        self.file = open(name, "r+b")
        self.size = self.file.seek(0, 2)
        self.start, self.length = self._find()

    def _find(self):
        self.file.seek(_TABLE)
        end = 0
        while True:
            magic, _kind, _subkind, offset, size, label = struct.unpack("<2sBBII16s", self.file.read(32))
            if magic != b"\xaa\x50":
                return end, self.size - end
            if label.rstrip(b"\x00") == b"vfs":
                return offset, size
            end = max(end, offset + size)

    def readblocks(self, number, buffer, offset=0):
        self.file.seek(self.start + number * BLOCK + offset)
        self.file.readinto(buffer)

    def writeblocks(self, number, buffer, offset=None):
        if offset is None:
            self.ioctl(6, number)
        self.file.seek(self.start + number * BLOCK + (offset or 0))
        self.file.write(buffer)
        self.file.flush()

    def ioctl(self, operation, argument):
        if operation == 6:
            self.file.seek(self.start + argument * BLOCK)
            self.file.write(b"\xff" * BLOCK)
            self.file.flush()
            return 0
        return {4: self.length // BLOCK, 5: BLOCK}.get(operation, 0)


class Machine:
    """What the launcher wants of the module machine."""

    @staticmethod
    def reset():
        sys.exit(3)


class Soldered:
    """A module of this machine, imported when it is first used: what it imports itself is the board's."""

    def __init__(self, path):
        self._folder, _, file = path.rpartition("/")
        self._name, self._module = file[:-3], None
        sys.modules[self._name] = self

    def __getattr__(self, name):
        if self._module is None:
            del sys.modules[self._name]
            sys.path.insert(0, "/host" + self._folder)
            self._module = __import__(self._name)
            sys.path.pop(0)
            sys.modules[self._name] = self
        return getattr(self._module, name)


flash = Partition(sys.argv[1])
try:
    vfs.mount(flash, "/")
except OSError as error:
    print("The filesystem appears to be corrupted.", error)
    sys.exit(1)
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib"]
sys.modules["machine"] = Machine
print("mounted", flash.length, "bytes at", flash.start, sorted(entry[0] for entry in os.ilistdir("/")))
if len(sys.argv) > 2:
    vfs.mount(vfs.VfsPosix(), "/host")
    for path in sys.argv[2:]:
        Soldered(path)
    with open("main.py") as file:
        exec(file.read(), {"__name__": "__main__"})
