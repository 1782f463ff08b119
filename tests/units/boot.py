"""This machine's own Debian booted in a container within seconds, the Debian package laid over it; nothing is written.

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

from packages import debian
from packages.container import Container, obstacle
from packages.meter import Meter
from tests.integration.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = "/dev/linky-TINFO-1"
SECRET = "canary-of-the-account"
_TARGET = "linky-trial.target"
# Of the package's dependencies those that are pure Python: from the environment of the tests, as they are.
_PURE = ("click", "click-default-group", "paho-mqtt", "pluggy", "python-dateutil", "sqlite-fts4", "tabulate")
_COMPILED = "import sqlite3, slixmpp, msgspec, serial, cryptography, sys; sys.exit(sys.version_info < (3, 11))"
_CONFIG = f"""
[[meter]]
source = "{PORT}"
clock = "meter"
[store]
commit_interval_s = 1
[web]
listen = "127.0.0.1:8080"
"""
# Sooner than in service, so that a hang is seen while one waits; a pty is none of the ports that the unit knows.
_QUICK = "[Service]\nWatchdogSec=8\nDeviceAllow=char-pts rw\n"


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


@contextmanager
def booted(folder: Path) -> Iterator[Container]:
    """A container of this machine's system with the package, configured, and a simulated meter; nothing is started."""
    root = folder / "root"
    _fill(root)
    with (
        Meter(folder / "meter") as meter,
        Container(root, folder / "console.log", [f"{meter.port}:{PORT}"], Path("/"), _TARGET) as house,
    ):
        # What the package's script does when it is installed.
        for tool in (("systemd-sysusers",), ("systemd-tmpfiles", "--create")):
            done = house.run(*tool, "linky-gateway.conf")
            assert done.returncode == 0, done.stderr
        house.run("chown", "linky-gateway:", "/mnt/stick")
        yield house


def _fill(root: Path) -> None:
    debian.lay_out(ROOT, root, int(time.time()))
    for name in _PURE:
        debian._vendor(name, root)
    shutil.rmtree(root / "DEBIAN")
    units = root / "etc/systemd/system"
    for path, text in (
        (units / _TARGET, "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n"),
        (units / "linky-gateway.service.d/trial.conf", _QUICK),
        # This machine's disks are not the container's.
        (root / "etc/fstab", ""),
        (root / "etc/linky-gateway/gateway.toml", _CONFIG),
        (root / "etc/linky-gateway/secrets/xmpp-password", SECRET + "\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "mnt/stick").mkdir(parents=True)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
