"""An emulated 64-bit ARM board with a card in it: what its firmware would start, a USB adapter for a meter, a network.

The kernel, its initramfs and its command line are read from the card's FAT partition through config.txt, as a Pi's
firmware does. To them is added a console and a shell on ports of their own: whoever types the command line has the
machine; the card itself has neither. Everything ends with the ``with`` block.
"""

from __future__ import annotations

import mmap
import re
import shlex
import sys
from typing import TYPE_CHECKING

from image import layout, serve
from image.errors import ImageError, run
from image.guest import ADAPTER, Guest
from image.pack import MTOOLS
from servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

# For whoever watches: the log, and a shell.
_ADDED = (
    "console=ttyAMA0 systemd.debug_shell=ttyS0 systemd.journald.forward_to_console=1 systemd.log_color=0 "
    # A busy machine emulates slowly.
    "systemd.default_device_timeout_sec=600"
)
# In the emulator's own network.
_SERVER = "10.0.2.100:8000"
FOLDER = f"http://{_SERVER}"


class CardImage:
    """An image that is written to; files of its FAT partition while no machine runs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with file.open("rb") as stream:
            self.partitions = {one.name: one for one in layout.read(stream.read(layout.SECTOR))}
        self._fat = f"{file}@@{self.partitions['firmware'].start}"

    def names(self) -> set[str]:
        """What lies on the FAT partition."""
        lines = run("mdir", "-b", "-i", self._fat, "::", env=MTOOLS).split()
        return {line.removeprefix("::/").rstrip("/") for line in lines}

    def get(self, name: str, to: Path) -> Path:
        """Copy a file from it."""
        run("mcopy", "-n", "-o", "-i", self._fat, f"::{name}", to, env=MTOOLS)
        return to

    def put(self, name: str, data: bytes) -> None:
        """Write a file onto it."""
        draft = self.file.with_name("put")
        draft.write_bytes(data)
        run("mcopy", "-D", "o", "-i", self._fat, draft, f"::{name}", env=MTOOLS)
        draft.unlink()

    def text(self, name: str) -> str:
        """A text from it, without what simple editors like to have."""
        data = self.get(name, self.file.with_name("got")).read_bytes()
        return data.decode("utf-8-sig").replace("\r\n", "\n")

    def starts(self) -> tuple[str, str, str]:
        """The kernel's and the initramfs's names and the command line, as a board's firmware reads them; no console."""
        config = self.text("config.txt")
        kernel, initrd = re.search(r"^kernel=(\S+)", config, re.M), re.search(r"^initramfs (\S+)", config, re.M)
        if not kernel or not initrd:
            raise ImageError("config.txt names no kernel, or no initramfs")
        return kernel[1], initrd[1], re.sub(r"console=\S+", "", self.text("cmdline.txt")).strip()

    def holds(self, needle: bytes) -> bool:
        """Whether these bytes lie anywhere in the FAT partition, also in none of its files."""
        place = self.partitions["firmware"]
        with self.file.open("rb") as stream, mmap.mmap(stream.fileno(), place.end, access=mmap.ACCESS_READ) as data:
            return data.find(needle, place.start) >= 0

    def check(self) -> None:
        """ImageError unless both ext4 file systems are whole, to their last block."""
        for name in ("root", "data"):
            run("e2fsck", "-f", "-n", f"{self.file}?offset={self.partitions[name].start}")


class BootedMachine(Guest):
    """One boot of a card.

    Args:
        card: the card; it is written to.
        work: a folder for what belongs to this boot.
        meter: HOST:PORT where a meter's bytes are served, to be had by a USB adapter.
        header: the same for a plain UART, ``/dev/ttyS1``, which knows no parity; empty: there is none.
        folder: what a server of the house gives by HTTP, at ``FOLDER``.
    """

    def __init__(self, card: CardImage, work: Path, meter: str, header: str = "", folder: Path | None = None) -> None:
        super().__init__(work)
        self._card, self._folder = card, folder
        self._served = {"meter": meter} | ({"header": header} if header else {})
        self.page, self.ssh = free_port(), free_port()

    def command(self) -> list[str]:
        """With the kernel that the card's firmware would start."""
        kernel, initrd, line = self._card.starts()
        files = (self._card.get(name, self._work / to) for name, to in ((kernel, "kernel"), (initrd, "initrd")))
        forwards = f"hostfwd=tcp:127.0.0.1:{self.page}-:8080,hostfwd=tcp:127.0.0.1:{self.ssh}-:22"
        command = "qemu-system-aarch64 -M virt -cpu cortex-a53 -smp 2 -m 1024 -display none -no-reboot".split()
        command += ["-kernel", str(next(files)), "-initrd", str(next(files)), "-append", f"{line} {_ADDED}"]
        command += ["-drive", f"file={self._card.file},format=raw,if=none,id=card,cache=unsafe"]
        command += ["-device", "virtio-blk-pci,drive=card", "-device", "virtio-rng-pci"]
        command += self.ports()
        for name, address in self._served.items():
            host, _, port = address.rpartition(":")
            command += ["-chardev", f"socket,id={name},host={host},port={port}"]
        command += [word for name in ("shell", "header") for word in self._uart(name)]
        command += ["-device", "qemu-xhci"]
        command += ["-device", f"usb-serial,chardev=meter,id=tic,serial={ADAPTER}"]
        if self._folder:
            forwards += f",guestfwd=tcp:{_SERVER}-cmd:{shlex.join([sys.executable, serve.__file__, str(self._folder)])}"
        # No way out of the house.
        command += ["-netdev", f"user,id=net,restrict=on,{forwards}"]
        return [*command, "-device", "virtio-net-pci,netdev=net,romfile="]

    def _uart(self, name: str) -> list[str]:
        return ["-device", f"pci-serial,chardev={name}"] if name == "shell" or name in self._served else []
