"""What the installer's tests share: a scratch system below --root, and tools/setup run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETUP = ROOT / "tools" / "setup"

TRIXIE = 'PRETTY_NAME="Raspberry Pi OS (trixie)"\nID=debian\nVERSION_ID="13"\n'
WANTED = "python3 python3-venv openssl ca-certificates python3-slixmpp python3-msgspec python3-serial"
WANTED += (
    " python3-cryptography python3-jinja2 python3-setuptools python3-wheel mosquitto unattended-upgrades avahi-daemon"
)

# Users and groups can only be taken away in a system that runs.
OF_USERS = ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/.pwd.lock")


class System:
    """A system of files alone: nothing can run in it, and what would have to is left out and said to be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "system"
        self.write("etc/os-release", TRIXIE)
        self.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        packages = "\n".join(f"Package: {name}\nStatus: install ok installed\n" for name in WANTED.split())
        self.write("var/lib/dpkg/status", packages)

    def write(self, name: str, text: str) -> Path:
        """Put a file there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        """What a file says."""
        return (self.folder / name).read_text(encoding="utf-8")

    def raspberry_pi(self, model: str) -> None:
        """Make it a Raspberry Pi as it comes, with a console on the header's port."""
        self.write("proc/device-tree/model", f"{model}\0")
        self.write("boot/firmware/cmdline.txt", "console=serial0,115200 console=tty1 root=PARTUUID=1-02 rootwait\n")
        self.write("boot/firmware/config.txt", "dtparam=audio=on\n[cm4]\notg_mode=1\n")

    def setup(self, *words: object, code: int | None = 0, setup: Path = SETUP) -> str:
        """Run tools/setup on it; all that it said, in English where nothing else is asked for."""
        said = list(map(str, words))
        lang = [] if "--lang" in said else ["--lang", "en"]
        done = subprocess.run(
            [str(setup), *said, *lang, "--root", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""},
        )
        assert code is None or done.returncode == code, f"{done.returncode}\n{done.stdout}"
        return done.stdout

    def tree(self) -> dict[str, tuple[int, bytes | str]]:
        """Every file: its rights and what it says; of a link where it leads."""
        found: dict[str, tuple[int, bytes | str]] = {}
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if path.is_symlink():
                found[name] = (0, str(path.readlink()))
            elif path.is_file() and not name.startswith(("var/log/", *OF_USERS)):
                found[name] = (path.stat().st_mode & 0o777, path.read_bytes())
        return found


@pytest.fixture
def system(tmp_path: Path) -> System:
    """Give a scratch system of Debian 13 that has every package."""
    if not shutil.which("systemctl"):
        pytest.skip("systemd is not installed")
    return System(tmp_path)
