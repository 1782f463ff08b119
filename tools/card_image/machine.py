"""An emulated 64-bit ARM board with a card in it: what its firmware would start, a USB adapter for a meter, a network.

The kernel, its initramfs and its command line are read from the card's FAT partition through config.txt, as a Pi's
firmware does. To them is added a console and a shell on ports of their own: whoever types the command line has the
machine; the card itself has neither. Everything ends with the ``with`` block.
"""

from __future__ import annotations

import json
import mmap
import re
import select
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

from card_image import layout
from card_image.errors import ImageError, run
from card_image.pack import MTOOLS
from federation import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEADLINE_S = 600.0
ADAPTER = "TINFO-4242"  # what a Micro Teleinfo calls itself
_STEP_S = 0.5
# For whoever watches: the log, and a shell.
_ADDED = (
    "console=ttyAMA0 systemd.debug_shell=ttyS0 systemd.journald.forward_to_console=1 systemd.log_color=0 "
    # A busy machine emulates slowly.
    "systemd.default_device_timeout_sec=600"
)


def until(what: str, true: Callable[[], object], seconds: float = DEADLINE_S, alive: Machine | None = None) -> None:
    """Look again and again; ImageError when it does not come about, or the machine has ended."""
    end = time.monotonic() + seconds
    while not true():
        if alive and alive.ended:
            raise ImageError(f"the machine ended before {what}; its console: {alive.console}")
        if time.monotonic() > end:
            where = f"; its console: {alive.console}" if alive else ""
            raise ImageError(f"waited {seconds:.0f} s for {what}, in vain{where}")
        time.sleep(_STEP_S)


class Card:
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

    def holds(self, needle: bytes) -> bool:
        """Whether these bytes lie anywhere in the FAT partition, also in none of its files."""
        place = self.partitions["firmware"]
        with self.file.open("rb") as stream, mmap.mmap(stream.fileno(), place.end, access=mmap.ACCESS_READ) as data:
            return data.find(needle, place.start) >= 0

    def check(self) -> None:
        """ImageError unless both ext4 file systems are whole, to their last block."""
        for name in ("root", "data"):
            run("e2fsck", "-f", "-n", f"{self.file}?offset={self.partitions[name].start}")


class Machine:
    """One boot of a card.

    Args:
        card: the card; it is written to.
        work: a folder for what belongs to this boot.
        meter: HOST:PORT where a meter's bytes are served, to be had by a USB adapter.
        header: the same for a plain UART, ``/dev/ttyS1``, which knows no parity.
    """

    def __init__(self, card: Card, work: Path, meter: str, header: str) -> None:
        self._card, self._work = card, work
        self._served = {"meter": meter, "header": header}
        self.console = work / "console.log"
        self.page, self.ssh = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: socket.socket | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        self._work.mkdir(parents=True, exist_ok=True)
        for name in ("shell", "qmp"):
            (self._work / name).unlink(missing_ok=True)
        self.console.unlink(missing_ok=True)
        with (self._work / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until("the emulator", (self._work / "qmp").exists, 60, self)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._shell:
            self._shell.close()
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def ended(self) -> bool:
        """Whether it is switched off, or started anew."""
        return self._process is None or self._process.poll() is not None

    def wait_for_end(self, what: str) -> None:
        """Until it is switched off; ImageError when it is the emulator that gave up."""
        until(what, lambda: self.ended)
        if self._process and self._process.returncode:
            raise ImageError(f"the emulator gave up: {(self._work / 'qemu.log').read_text(errors='replace').strip()}")

    def said(self, pattern: str) -> bool:
        """Whether the console has said that."""
        return self.console.exists() and re.search(pattern, self.console.read_text(errors="replace")) is not None

    def plug(self, *, into: bool) -> None:
        """Plug the meter's adapter in, or pull it."""
        device = {"driver": "usb-serial", "chardev": "meter", "id": "tic", "serial": ADAPTER}
        self._qmp("device_add", device) if into else self._qmp("device_del", {"id": "tic"})

    def do(self, command: str, seconds: float = 120.0) -> tuple[int, str]:
        """Run a command in the machine, as root; its exit code and what it said."""
        shell = self._connected()
        self._asked += 1
        # The mark is put together inside, so that an echo of the command is none.
        shell.sendall(f"{{ {command}\n}} 2>&1; printf '\\n<%s-%s:%d>\\n' end {self._asked} $?\n".encode())
        said = self._read(rf"<end-{self._asked}:(\d+)>", seconds, command)
        found = re.search(rf"<end-{self._asked}:(\d+)>", said)
        assert found
        return int(found[1]), said[: found.start()].replace("\r", "").strip()

    def _command(self) -> list[str]:
        config = self._card.text("config.txt")
        kernel, initrd = re.search(r"^kernel=(\S+)", config, re.M), re.search(r"^initramfs (\S+)", config, re.M)
        if not kernel or not initrd:
            raise ImageError("config.txt names no kernel, or no initramfs")
        line = re.sub(r"console=\S+", "", self._card.text("cmdline.txt")).strip()
        files = (
            self._card.get(found[1], self._work / name) for found, name in ((kernel, "kernel"), (initrd, "initrd"))
        )
        forwards = f"hostfwd=tcp:127.0.0.1:{self.page}-:8080,hostfwd=tcp:127.0.0.1:{self.ssh}-:22"
        command = "qemu-system-aarch64 -M virt -cpu cortex-a53 -smp 2 -m 1024 -display none -no-reboot".split()
        command += ["-kernel", str(next(files)), "-initrd", str(next(files)), "-append", f"{line} {_ADDED}"]
        command += ["-drive", f"file={self._card.file},format=raw,if=none,id=card,cache=unsafe"]
        command += ["-device", "virtio-blk-pci,drive=card", "-device", "virtio-rng-pci"]
        command += ["-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console"]
        command += ["-chardev", f"socket,id=shell,path={self._work / 'shell'},server=on,wait=off"]
        for name, address in self._served.items():
            host, _, port = address.rpartition(":")
            command += ["-chardev", f"socket,id={name},host={host},port={port}"]
        command += ["-device", "pci-serial,chardev=shell", "-device", "pci-serial,chardev=header"]
        command += ["-device", "qemu-xhci"]
        command += ["-device", f"usb-serial,chardev=meter,id=tic,serial={ADAPTER}"]
        # No way out of the house.
        command += ["-netdev", f"user,id=net,restrict=on,{forwards}", "-device", "virtio-net-pci,netdev=net,romfile="]
        return [*command, "-qmp", f"unix:{self._work / 'qmp'},server=on,wait=off"]

    def _connected(self) -> socket.socket:
        if self._shell is None:
            until("a shell", lambda: self.said(r"Started \S*debug-shell"), alive=self)
            self._shell = socket.socket(socket.AF_UNIX)
            self._shell.connect(str(self._work / "shell"))
            until("a shell", self._greeted, alive=self)
        return self._shell

    def _greeted(self) -> bool:
        """Whether the shell answers: what is sent while its terminal is being set up is thrown away."""
        assert self._shell
        self._shell.sendall(b"stty -echo; PS1=; PS2=; export TERM=dumb PAGER=cat; printf '<%s>' ready\n")
        said = b""
        while select.select([self._shell], [], [], 3.0)[0] and (got := self._shell.recv(65536)):
            said += got
        return b"<ready>" in said

    def _read(self, mark: str, seconds: float, what: str) -> str:
        assert self._shell
        said, end = b"", time.monotonic() + seconds
        while not re.search(mark, said.decode(errors="replace")):
            left = end - time.monotonic()
            if self.ended or left <= 0:
                raise ImageError(f"no answer to {what!r} within {seconds:.0f} s; the machine's console: {self.console}")
            if select.select([self._shell], [], [], min(left, 1.0))[0]:
                said += self._shell.recv(65536)
        return said.decode(errors="replace")

    def _qmp(self, name: str, arguments: dict[str, str]) -> None:
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(60)
            end.connect(str(self._work / "qmp"))
            with end.makefile("rw", encoding="utf-8") as stream:
                stream.readline()
                for command in ({"execute": "qmp_capabilities"}, {"execute": name, "arguments": arguments}):
                    stream.write(json.dumps(command) + "\n")
                    stream.flush()
                    while "event" in (answer := json.loads(stream.readline())):
                        continue
                    if "error" in answer:
                        raise ImageError(f"{name}: {answer['error']['desc']}")
