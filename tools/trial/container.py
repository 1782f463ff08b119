"""A Debian root booted by systemd-nspawn, and commands run in it. It ends with the ``with`` block."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOT_S, _STOP_S = 90.0, 30.0
# Two containers in one control group would end each other's units.
_BOOT = """
mkdir -p "/sys/fs/cgroup/linky-$$" && echo $$ >"/sys/fs/cgroup/linky-$$/cgroup.procs" || exit 1
exec systemd-nspawn "$@"
"""
_POWER_OFF = signal.SIGRTMIN + 4  # as systemd hears it


class Container:
    """One boot of a root.

    Args:
        root: the folder.
        binds: devices of this machine and their names inside.
        log: where the console goes.
    """

    def __init__(self, root: Path, binds: dict[str, str], log: Path) -> None:
        self.root, self._log = root, log
        self._binds = [f"--bind={outside}:{inside}" for outside, inside in binds.items()]
        self._leader = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        out: IO[bytes] = self._log.open("wb")
        options = ["--boot", "--register=no", "--keep-unit", "--console=passive", "--machine=linky-trial"]
        self._process = subprocess.Popen(
            ["sh", "-c", _BOOT, "sh", "-q", "-D", str(self.root), *options, *self._binds],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
        out.close()
        try:
            self.until("the container's systemd", self._find_leader, _BOOT_S)
            self.until(
                "the end of its boot",
                lambda: self.try_("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"},
                _BOOT_S,
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        if self._leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leader, _POWER_OFF)
        try:
            self._process.wait(_STOP_S if self._leader else 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._clean_up()

    def _clean_up(self) -> None:
        assert self._process
        groups = (
            "find",
            f"/sys/fs/cgroup/linky-{self._process.pid}",
            "-depth",
            "-type",
            "d",
            "-exec",
            "rmdir",
            "{}",
            "+",
        )
        subprocess.run(groups, check=False, capture_output=True)

    def cut(self) -> None:
        """The power goes: every process at once, nothing is said to any; another boot is another container."""
        assert self._process
        os.kill(self._leader, signal.SIGKILL)
        self._leader = 0
        self._process.wait(_STOP_S)
        self._clean_up()

    def try_(self, *command: object, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        inside = [
            "nsenter",
            "-t",
            str(self._leader),
            "-m",
            "-u",
            "-i",
            "-p",
            "-r",
            "-w",
            "env",
            "-i",
            "LANG=C.UTF-8",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        return subprocess.run(
            [*inside, *(str(word) for word in command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def do(self, *command: object, code: int = 0) -> str:
        """Run a command inside that must end with that code; all that it said."""
        done = self.try_(*command)
        said = done.stdout + done.stderr
        if done.returncode != code:
            print(said[-6000:])
            msg = f"{' '.join(map(str, command))}: exit code {done.returncode}, not {code}"
            raise AssertionError(msg)
        return said

    @staticmethod
    def until(what: str, true: Callable[[], object], seconds: float) -> None:
        """Wait for something; AssertionError when it does not come."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                msg = f"waited {seconds:.0f} s for {what}"
                raise AssertionError(msg)
            time.sleep(0.2)

    def _find_leader(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            msg = f"systemd-nspawn ended: {self._log.read_text()[-2000:]}"
            raise AssertionError(msg)
        here = self.root.stat()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                there = (entry / "root/.").stat()
                first = (entry / "cmdline").read_bytes().startswith((b"/usr/lib/systemd/systemd\0", b"/sbin/init\0"))
                if first and (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev):
                    self._leader = int(entry.name)
        return self._leader != 0
