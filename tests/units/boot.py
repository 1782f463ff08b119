"""This machine's own Debian booted in a container within seconds, the package installed there; nothing is written.

Needs root, systemd-nspawn, a Debian 13 whose Python has the compiled libraries, and a kernel that lays one tree over
another. What is missing skips the test that asks, with what it is; only what can be installed must be there in
continuous integration.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import ROOT
from harness.container import Container, obstacle
from harness.meter import TrialMeter
from package import debian

if TYPE_CHECKING:
    from collections.abc import Iterator

# The system of which a container's root is but what differs.
SYSTEM = Path("/")
PORT = "/dev/linky-TINFO-1"
# What dpkg and the package's scripts said.
SAID = "/root/said"
# Of an adapter that is not there when the gateway starts.
LATE = "/dev/linky-late"
# Of a kind that the unit's rules do not know: a number that the kernel leaves to experiments.
STRANGE = "/dev/linky-strange"
_STRANGE_MAJOR = "240"
SECRET = "canary-of-the-account"
_TARGET = "linky-trial.target"
# Of the package's dependencies those that are pure Python: from the environment of the tests, as they are.
_PURE = ("click", "click-default-group", "paho-mqtt", "pluggy", "python-dateutil", "sqlite-fts4", "tabulate")
_COMPILED = "import sqlite3, slixmpp, msgspec, serial, cryptography, jinja2, sys; sys.exit(sys.version_info < (3, 11))"
_CONFIG = f"""
[[meter]]
source = "{PORT}"
clock = "meter"
[[meter]]
name = "late"
source = "{LATE}"
[[meter]]
name = "strange"
source = "{STRANGE}"
[store]
commit_interval_s = 1
[web]
listen = "127.0.0.1:8080"
"""
# Sooner than in service, so that a hang is seen while one waits. A pty is open to each unit ("DevicePolicy=closed").
_QUICK = "[Service]\nWatchdogSec=8\n"


def require(scratch: Path) -> None:
    """Skip where no container can be booted."""
    if os.geteuid() != 0:
        pytest.skip("only root boots a container")
    missing = [name for name in ("systemd-nspawn", "nsenter", "dpkg-deb") if shutil.which(name) is None]
    if missing or subprocess.run(["/usr/bin/python3", "-c", _COMPILED], check=False, capture_output=True).returncode:
        reason = f"not installed: {' '.join(missing) or 'Debian 13 with the libraries of tools/test'}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    if any(os.stat(place).st_dev != os.stat("/").st_dev for place in ("/usr", "/etc", "/var")):  # noqa: PTH116
        pytest.skip("this machine's system is on more than one file system")
    if not (ROOT / ".git").exists():
        pytest.skip("the package is made of what git knows")
    if reason := obstacle(scratch / "tried"):
        pytest.skip(f"this machine boots no container: {reason}")


def switched_on() -> set[str]:
    """The names of all units that this machine starts by itself."""
    return {link.name for link in (SYSTEM / "etc/systemd/system").glob("*.wants/*")}


@contextmanager
def booted(folder: Path) -> Iterator[Container]:
    """A container of this machine's system, a simulated meter at its port, and the package installed (SAID: its words).

    Of its dependencies those that this machine lacks come from the environment of the tests.
    """
    root = folder / "root"
    deb = debian.build(ROOT, folder, int(time.time()), level=1)
    _fill(root, deb)
    with (
        TrialMeter(folder / "meter") as meter,
        Container(root, folder / "console.log", [f"{meter.port}:{PORT}"], SYSTEM, _TARGET) as house,
    ):
        house.do("sh", "-c", f"exec dpkg --no-triggers --force-depends -i /root/{deb.name} >{SAID} 2>&1")
        yield house


def configure(house: Container) -> None:
    """Three meters, of which one is there; nothing is started."""
    for name, text in (("gateway.toml", _CONFIG), ("secrets/xmpp-password", SECRET + "\n")):
        house.path(f"/etc/linky-gateway/{name}").write_text(text)
    house.do("chown", "linky-gateway:", "/mnt/stick")
    house.do("mknod", "-m", "666", STRANGE, "c", _STRANGE_MAJOR, 0)


def _fill(root: Path, deb: Path) -> None:
    for name in _PURE:
        debian._vendor(name, root)
    units = root / "etc/systemd/system"
    for path, text in (
        (units / _TARGET, "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n"),
        (units / "linky-gateway.service.d/trial.conf", _QUICK),
        # This machine's disks are not the container's, nor is what it says of services that packages bring.
        (root / "etc/fstab", ""),
        (root / "usr/sbin/policy-rc.d", "#!/bin/sh\n"),
        # Whoever is root already needs no other.
        (root / "usr/local/bin/sudo", '#!/bin/sh\nexec "$@"\n'),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "mnt/stick").mkdir(parents=True)
    for path in (root, *root.rglob("*")):
        program = path.is_dir() or path.parent.name in ("bin", "sbin")
        path.chmod(0o755 if program else 0o644)
    # root's own, as it is.
    (root / "root").mkdir(mode=0o700)
    shutil.copy(deb, root / "root")
