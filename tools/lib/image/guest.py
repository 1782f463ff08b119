"""An emulated machine: its console in a file, a root shell on a port of its own, a meter's adapter to plug and to pull.

Everything ends with the ``with`` block.
"""

from __future__ import annotations

import json
import re
import select
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

from image.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEADLINE_S = 600.0
ADAPTER = "TINFO-4242"  # what a Micro Teleinfo calls itself
_STEP_S = 0.5


def until(what: str, true: Callable[[], object], seconds: float = DEADLINE_S, alive: Guest | None = None) -> None:
    """Look again and again; ImageError when it does not come about, or the machine has ended."""
    end = time.monotonic() + seconds
    while not true():
        if alive and alive.ended:
            raise ImageError(f"the machine ended before {what}; its console: {alive.console}")
        if time.monotonic() > end:
            where = f"; its console: {alive.console}" if alive else ""
            raise ImageError(f"waited {seconds:.0f} s for {what}, in vain{where}")
        time.sleep(_STEP_S)


class Guest:
    """One run of the emulator.

    ``command`` gives its own words: the kernel's line has a ``systemd.debug_shell`` at the port of the character device
    "shell", and the meter's bytes come by one that is called "meter".

    Args:
        work: a folder for what belongs to this run.
    """

    def __init__(self, work: Path) -> None:
        self._work = work
        self.console = work / "console.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: socket.socket | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        self._work.mkdir(parents=True, exist_ok=True)
        for name in ("shell", "qmp"):
            (self._work / name).unlink(missing_ok=True)
        self.console.unlink(missing_ok=True)
        with (self._work / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
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

    def command(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def ports(self) -> list[str]:
        """The emulator's words for the console, the shell, and whoever plugs adapters."""
        words = ["-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console"]
        words += ["-chardev", f"socket,id=shell,path={self._work / 'shell'},server=on,wait=off"]
        return [*words, "-qmp", f"unix:{self._work / 'qmp'},server=on,wait=off"]

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
