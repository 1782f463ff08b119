"""A Debian root that systemd boots in a container, on any machine that runs as root, whatever its own first process is.

Everything ends with the ``with`` that began it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# systemd wants the unified hierarchy: where the machine has the old one, a mount namespace of one's own gets it.
_UNIFIED = """
if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
  umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
fi
"""
# $memory: a folder; $base, and over it what lies in $root.
_LAY_OVER = """
mkdir -p "$memory" && mount -t tmpfs -o mode=755 tmpfs "$memory" && mkdir "$memory/work" "$memory/all" || exit 1
cp -a "$root" "$memory/upper" || exit 1
mount -t overlay -o "lowerdir=$base,upperdir=$memory/upper,workdir=$memory/work" overlay "$memory/all" || exit 1
"""
# Two containers in one control group would end each other's units.
_BOOT = f"""
root=$1 base=$2 memory=$1.memory group=/sys/fs/cgroup/linky-$$
shift 2
{_UNIFIED}
if [ "$base" ]; then
{_LAY_OVER}
  root=$memory/all
fi
mkdir -p "$group" && echo $$ >"$group/cgroup.procs" || exit 1
exec systemd-nspawn -D "$root" --boot --register=no --keep-unit --console=passive "$@"
"""
_TRY = f"""
root=$1 base=/ memory=$1.memory group=/sys/fs/cgroup/linky-$$
{_UNIFIED}
mkdir -p "$group" && rmdir "$group" || exit 1
{_LAY_OVER}
"""
_CLEAN_UP = f"""
{_UNIFIED}
find "/sys/fs/cgroup/linky-$1" -depth -type d -exec rmdir {{}} +
"""
_APART = ("unshare", "--mount", "--propagation", "private", "sh", "-c")
# Whoever dies without an end of his own leaves no container behind.
_TIED = ("setpriv", "--pdeathsig", "TERM", *_APART, _BOOT, "sh")
_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
_DEADLINE_S = 120.0
# systemd-nspawn's own filter would forbid bpf(2), by which systemd inside enforces DevicePolicy= and DeviceAllow=: but
# for this no device is refused to any unit. The filters of the units (SystemCallFilter=) stay.
_BPF = {"SYSTEMD_SECCOMP": "0"}
_BOOTED = ("running", "degraded")
# Nothing of this machine's environment means anything inside.
CLEAN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8"}

# setns(2); Python knows it from 3.12 on.
_CLONE_NEWNET = 0x40000000


class TrialError(Exception):
    """Something did not come about; one sentence."""


def make_base(tar: Path, packages: Sequence[str], suite: str = "trixie") -> None:
    """A smallest Debian with these packages, as a tar file to begin from."""
    command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(packages)}", "--format=tar"]
    command += ['--aptopt=Acquire::Languages "none"', "--dpkgopt=force-unsafe-io", suite, str(tar)]
    # This machine's own way to Debian, where it has one; Debian 12 knows its keys by the older name alone.
    own = _SOURCES.read_text().replace("trixie", suite) if _SOURCES.exists() else ""
    own = own.replace("/debian-archive-keyring.pgp", "/debian-archive-keyring.gpg")
    command += ["-"] if own else []
    done = subprocess.run(command, input=own.encode(), check=False, capture_output=True)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise TrialError(f"mmdebstrap failed: {last}")


def obstacle(scratch: Path) -> str:
    """Why no container can be booted over this machine's own system; empty when one can."""
    scratch.mkdir()
    done = subprocess.run([*_APART, _TRY, "sh", str(scratch)], check=False, capture_output=True, text=True)
    return (done.stderr.strip() or "unknown") if done.returncode else ""


def unpack(tar: Path, root: Path) -> None:
    """Begin anew from that tar file."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    subprocess.run(["tar", "-xf", tar, "-C", root], check=True)


class Container:
    """A booted root.

    Args:
        root: its folder.
        log: where its console goes.
        binds: PATH or PATH:PATH-INSIDE, of devices or folders.
        base: a whole system of which root is but what differs; then all is in memory, and neither is written to.
        unit: what it boots to, if not to all that is switched on there.
        up: what its system says of itself when it is taken for booted.
        network: that of this machine; otherwise none but a loopback of its own.
    """

    def __init__(
        self,
        root: Path,
        log: Path,
        binds: Sequence[str] = (),
        base: Path | None = None,
        unit: str = "",
        *,
        up: Sequence[str] = _BOOTED,
        network: bool = False,
    ) -> None:
        self._root, self._log, self._base, self._up = root, log, base, up
        self._options = [] if network else ["--private-network"]
        self._options += [f"--bind={bind}" for bind in binds] + (["--", f"--unit={unit}"] if unit else [])
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def __enter__(self) -> Self:
        command = [*_TIED, str(self._root), str(self._base or ""), *self._options]
        with self._log.open("wb") as log:
            self._nspawn = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | _BPF
            )
        try:
            wait_for(self._find_leader, "the container's first process")
            wait_for(
                lambda: self.run("systemctl", "is-system-running").stdout.strip() in self._up, "its system to be up"
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._nspawn is None:
            return
        if self._leader and self._nspawn.poll() is None:
            os.kill(self._leader, signal.SIGRTMIN + 4)  # systemd(1): poweroff
        if not self.ended(30.0):
            if self._leader:
                os.kill(self._leader, signal.SIGKILL)
            self._nspawn.kill()
            self._nspawn.wait()
        self._clean_up()

    def cut(self) -> None:
        """The power goes: every process at once, nothing is said to any; another boot is another container."""
        os.kill(self._leader, signal.SIGKILL)
        self._nspawn.wait(_DEADLINE_S)
        self._clean_up()
        self._nspawn, self._leader = None, 0

    def _clean_up(self) -> None:
        clean = [*_APART, _CLEAN_UP, "sh", str(self._nspawn.pid)]
        subprocess.run(clean, check=False, capture_output=True)

    def ended(self, seconds: float) -> bool:
        """Whether it is switched off by then."""
        try:
            self._nspawn.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def words(self, folder: str = "/", spaces: str = "-a") -> list[str]:
        """What stands before a command that is to run inside, as root, in that folder; ``-n``: in its network alone."""
        return ["nsenter", "-t", str(self._leader), spaces, f"--wdns={folder}"]

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root."""
        return subprocess.run(
            [*self.words(), *command],
            check=False, capture_output=True, text=True, input=text, env=CLEAN,
        )  # fmt: skip

    def do(self, *command: object, code: int = 0) -> str:
        """Run a command inside that must end with that code; all that it said."""
        done = self.run(*map(str, command))
        said = done.stdout + done.stderr
        if done.returncode != code:
            print(said[-6000:])
            raise TrialError(f"{' '.join(map(str, command))}: exit code {done.returncode}, not {code}")
        return said

    def path(self, name: str) -> Path:
        """A file inside, as this machine sees it while the container runs."""
        return Path(f"/proc/{self._leader}/root", name.lstrip("/"))

    def show(self, unit: str, *properties: str) -> list[str]:
        """Properties of a unit, in the order in which they are named."""
        words = self.run("systemctl", "show", unit, *(f"-p{name}" for name in properties)).stdout
        found = dict(line.partition("=")[::2] for line in words.splitlines())
        return [found.get(name, "") for name in properties]

    def _find_leader(self) -> int:
        if self._nspawn.poll() is not None:
            last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise TrialError(f"systemd-nspawn ended: {last}")
        for process in Path("/proc").glob("[0-9]*"):
            try:
                facts = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            except (OSError, ValueError):
                continue
            # Its first process is the first of a process namespace, and a child of systemd-nspawn.
            inside = facts["NSpid"].split()
            if int(facts["PPid"]) == self._nspawn.pid and len(inside) > 1 and inside[-1] == "1":
                self._leader = int(process.name)
        return self._leader


def wait_for(condition: Callable[[], object], what: str, seconds: float = _DEADLINE_S) -> None:
    """Look again and again; TrialError when it does not come about."""
    wait_until(condition, seconds, what, 0.3, TrialError)


def connected(container: Container, port: int, timeout: float) -> socket.socket:
    """A connection to a port of its own loopback, for a program of this machine; OSError."""

    def connect() -> socket.socket:
        with container.path("/proc/1/ns/net").open("rb") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        return socket.create_connection(("127.0.0.1", port), timeout)

    # A socket stays in the network in which it was made; the thread that went there ends with it.
    with ThreadPoolExecutor(1) as there:
        return there.submit(connect).result()
