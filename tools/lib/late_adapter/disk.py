"""Debian 13 with its kernel and the package, as a disk of one ext4 file system; kernel and initramfs beside it."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import ROOT
from harness.container import CLEAN, TrialError, make_base, unpack
from image.errors import run
from package import debian

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_SIZE = "3G"
_SYSTEM = ("systemd-sysv", "udev", "dbus", "kmod", "linux-image-amd64", "initramfs-tools")
_CONFIG = """\
[[meter]]
source = "/dev/ttyTIC"
clock = "meter"
[store]
commit_interval_s = 1
"""
_DROP_IN = "systemd/system/linky-gateway.service.d"
# A busy machine emulates slowly.
_PATIENT = "[Service]\nTimeoutStartSec=15min\nWatchdogSec=10min\n"


@dataclass(frozen=True, slots=True)
class EmulatorDisk:
    """What the emulator starts from."""

    image: Path
    kernel: Path
    initrd: Path


def make(
    work: Path, base: Path, more: Sequence[str] = (), finish: Callable[[Path], None] = lambda _: None
) -> EmulatorDisk:
    """A disk on which the package is installed and configured; nothing of it has run.

    Args:
        work: a folder for what it is made of.
        base: Debian with its packages, as a tar file; made where it is not there.
        more: packages besides.
        finish: is given the root before it becomes a disk.
    """
    if not base.exists():
        names = [words.partition(" ")[0] for words in debian.DEPENDS if not words.startswith("systemd ")]
        make_base(base, [*_SYSTEM, *names, *more])
    root = work / "root"
    unpack(base, root)
    deb = debian.build(ROOT, work, int(time.time()))
    shutil.copy(deb, root / "root")
    command = ["chroot", root, "dpkg", "-i", f"/root/{deb.name}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=CLEAN)
    if done.returncode:
        raise TrialError(f"the package does not install: {done.stderr.strip().rpartition(chr(10))[2]}")
    for name, text in (("linky-gateway/gateway.toml", _CONFIG), (f"{_DROP_IN}/patient.conf", _PATIENT)):
        path = root / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    finish(root)
    disk = EmulatorDisk(work / "disk.img", work / "kernel", work / "initrd")
    for name, to in (("vmlinuz", disk.kernel), ("initrd.img", disk.initrd)):
        # Links that Debian keeps to the newest.
        shutil.copy(root / (root / name).readlink(), to)
    disk.image.unlink(missing_ok=True)
    run("mke2fs", "-q", "-t", "ext4", "-L", "linky", "-d", root, disk.image, _SIZE)
    shutil.rmtree(root)
    return disk
