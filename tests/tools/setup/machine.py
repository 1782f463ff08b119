"""A scratch system in which Debian's own apt and dpkg run: below ``--root``, with packages that a test makes.

What is real: apt, dpkg, their files and locks, the scripts of packages, signals. What is not: the packages are of a few
bytes and bear the names of those that tools/setup wants; all else that it wants is written down as installed, and its
programs are this machine's ``/usr``, which is laid in by a bind mount that ends with the command. The program itself is
taken for installed, so that a run of tools/setup takes seconds. It takes root.
"""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway import __version__
from tests.conftest import wait_until
from tests.tools.setup.conftest import ROOT, SETUP, WANTED, System

if TYPE_CHECKING:
    from collections.abc import Iterator

_FINGERPRINT = """
TREE=$1 ROOT=
for one in machine files program; do source "$TREE/tools/lib/setup/$one.sh"; done
fingerprint
"""
_LAID_IN = """
root=$1
shift
mount --bind /usr "$root/usr" && mount --rbind /dev "$root/dev" && mount --bind /etc/ssl "$root/etc/ssl" &&
  mount -t proc proc "$root/proc" || exit 90
exec "$@"
"""
_APART = ("unshare", "--mount", "--propagation", "private")
_SCRIPT = ("sh", "-c", _LAID_IN, "sh")
_FOLDERS = (
    "etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/ssl", "var/cache/apt/archives/partial",
    "var/lib/apt/lists/partial", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log/apt",
)  # fmt: skip
# The beginning of a package's script, which then waits for as long as it takes to be killed.
WAITS = """#!/bin/sh
[ ! -e /srv/hurry ] || exit 0
echo >/srv/waits
while [ ! -e /srv/hurry ]; do sleep 0.1; done
"""


def require() -> None:
    """Skip where no such system can be laid out."""
    if os.geteuid() != 0:
        pytest.skip("only root lays out a system")
    missing = [name for name in ("dpkg-deb", "apt-get", "unshare", "systemctl") if shutil.which(name) is None]
    tried = subprocess.run([*_APART, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False, capture_output=True)
    if missing or tried.returncode:
        reason = f"missing here: {' '.join(missing) or 'mounts of a process of its own'}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


class Machine(System):
    """A Debian 13 whose apt and dpkg work; of the packages that tools/setup wants those in ``lacking`` are missing."""

    def __init__(self, folder: Path, lacking: tuple[str, ...] = ("openssl",)) -> None:
        super().__init__(folder)
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.folder / name).symlink_to(f"usr/{name}")
        for name in ("usr", "dev", "proc", "tmp", "srv", *_FOLDERS):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        # Some of this machine's programs are links to there.
        shutil.copytree("/etc/alternatives", self.folder / "etc/alternatives", symlinks=True)
        self.write("var/lib/dpkg/available", "")
        self.write("etc/group", "root:x:0:\n")
        status = ""
        for name in (*WANTED.split(), "dpkg", "sh"):
            if name not in lacking:
                status += _paragraph(name, "1") + "Status: install ok installed\n\n"
                for kind in ("list", "md5sums"):
                    self.write(f"var/lib/dpkg/info/{name}.{kind}", "")
        self.write("var/lib/dpkg/status", status)
        is_laid = subprocess.run(["bash", "-c", _FINGERPRINT, "-", ROOT], capture_output=True, text=True, check=True)
        self.write(f"opt/linky-gateway/versions/{__version__}/complete", is_laid.stdout)
        self.stick = folder / "stick"
        (self.stick / "wheels").mkdir(parents=True)
        (self.stick / "wheels/requirements.txt").write_text("")
        self.write("etc/linky-gateway/gateway.toml", '[[meter]]\nsource = "/dev/mine"\n')

    def package(self, name: str, version: str = "1", depends: str = "", **scripts: str) -> Path:
        """Make a package with these maintainer scripts, in the folder that ``--offline`` names."""
        tree = self.stick / f"of-{name}"
        for script, text in scripts.items():
            _executable(tree / "DEBIAN" / script, text)
        (tree / "srv").mkdir(parents=True)
        (tree / "srv" / name).write_text(version)
        (tree / "DEBIAN").mkdir(exist_ok=True)
        (tree / "DEBIAN/control").write_text(_paragraph(name, version) + (f"Depends: {depends}\n" if depends else ""))
        deb = self.stick / f"{name}_{version}_all.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(deb)]
        subprocess.run(command, check=True, capture_output=True)
        shutil.rmtree(tree)
        return deb

    def states(self) -> dict[str, str]:
        """What dpkg says of each package."""
        said = self.run("dpkg-query", "-W", "-f", "${Package} ${Status}\\n").stdout
        return dict(line.split(" ", 1) for line in said.splitlines())

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of that system."""
        words = [*_APART, *_SCRIPT, str(self.folder), "chroot", str(self.folder), *command]
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    def install(self, *words: object, lang: str = "en") -> tuple[int, str]:
        """Run tools/setup install on it from the folder of packages, to its end; exit code and all that it said."""
        done = subprocess.run(
            [*_APART, *self._command(*words, lang=lang)], check=False, timeout=300, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    @contextmanager
    def installing(self, lang: str = "en") -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """Run the same on a terminal of its own, up to where a package's script waits; process and terminal."""
        leader, follower = pty.openpty()
        # In a process namespace of its own, whose first process takes all others with it.
        command = [*_APART, "--pid", "--fork", "--kill-child", *self._command(lang=lang)]
        with subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command], stdin=follower, stdout=follower, stderr=follower
        ) as process:
            os.close(follower)
            try:
                wait_until(lambda: self.path("srv/waits").exists() or process.poll() is not None, 60)
                assert process.poll() is None, os.read(leader, 65536).decode()
                yield process, leader
            finally:
                process.kill()
                os.close(leader)

    def cut(self) -> None:
        """The power goes while a package's script waits: every process at once, nothing is said to any."""
        with self.installing() as (process, _):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
        self.hurry()

    def apt(self) -> int:
        """The number of the process of apt-get that is at work there."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "root").readlink() == self.folder and b"apt-get" in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
        return min(found)

    def hurry(self) -> None:
        """From now on no script waits."""
        self.write("srv/hurry", "")

    @staticmethod
    def all_of(terminal: int) -> str:
        """What was written to a terminal whose other end nobody holds any more."""
        parts = []
        with suppress(OSError):
            while part := os.read(terminal, 65536):
                parts.append(part)
        return b"".join(parts).decode().replace("\r\n", "\n")

    def path(self, name: str) -> Path:
        """A file of it."""
        return self.folder / name

    def _command(self, *words: object, lang: str) -> list[str]:
        said = ["install", "--unattended", "--offline", self.stick, "--lang", lang, *words]
        return [*_SCRIPT, str(self.folder), str(SETUP), *map(str, said), "--root", str(self.folder)]


def _paragraph(name: str, version: str) -> str:
    return (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n"
        "Description: made by a test\n"
    )


def _executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
