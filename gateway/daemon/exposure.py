"""What the machine shows of itself to whoever is in the house: open ports, rights of the gateway, readable secrets.

Read from ``/proc`` and by ``stat`` alone. None is what cannot be seen: it is never taken for good.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# proc_pid_net(5): local address and port as hexadecimal digits; 0A is TCP_LISTEN.
_ROW = re.compile(r"^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A ", re.MULTILINE)
# 127.0.0.0/8, ::1 and the first again in IPv6, as a machine of little-endian words writes them.
_LOOPBACK = re.compile(r"(0{8}0{8}F{4}0{4}|0{8}0{8}0{4}F{4})?[0-9A-F]{6}7F|0{24}01000000")
_ENCLOSED = (re.compile(r"^NoNewPrivs:\s*1$", re.MULTILINE), re.compile(r"^Seccomp:\s*2$", re.MULTILINE))
# apt.conf(5); what ``unattended-upgrades`` and tools/setup write.
_FIXES, _ENABLED = (
    re.compile(rf'^\s*APT::Periodic::{name}\s+"([0-9]+|always)"\s*;', re.MULTILINE)
    for name in ("Unattended-Upgrade", "Enable")
)
# The other form of the same, which is not read here.
_IN_BRACES = re.compile(r"^\s*APT(::Periodic)?\s*\{[^#/]*(Periodic|Enable|Unattended-Upgrade)", re.MULTILINE)
# Whose names are others apt passes over.
_APT_NAME = re.compile(r"[\w-]+|[\w.-]+\.conf", re.ASCII)
_MOST_BYTES = 1_000_000


def listening(net: Path = Path("/proc/self/net")) -> tuple[int, ...] | None:
    """The TCP ports at which this machine listens for others than itself, in order."""
    found = [_text(net / name) for name in ("tcp", "tcp6")]
    if found[0] is None:
        return None
    rows = [row for text in found if text for row in _ROW.findall(text)]
    return tuple(sorted({int(port, 16) for address, port in rows if not _LOOPBACK.fullmatch(address)}))


def enclosed(status: Path = Path("/proc/self/status")) -> bool | None:
    """Whether this process can have no more rights than it has, and asks the kernel for a list of things alone."""
    text = _text(status)
    return None if text is None else all(line.search(text) for line in _ENCLOSED)


def is_root() -> bool:
    """Whether it runs with all rights."""
    return os.geteuid() == 0


def exposed(files: Iterable[Path]) -> int | None:
    """How many of these can be read or written by others than their owner and group; what is not there is none."""
    count = 0
    for file in files:
        try:
            count += bool(file.stat().st_mode & stat.S_IRWXO)
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return count


def fixes(
    folder: Path = Path("/etc/apt/apt.conf.d"), program: Path = Path("/usr/bin/unattended-upgrade")
) -> bool | None:
    """Whether apt is told to install security fixes by itself, and there is what does it.

    None where there is no apt, or what it is told cannot be read here.
    """
    try:
        files = sorted(path for path in folder.iterdir() if _APT_NAME.fullmatch(path.name) and path.is_file())[:200]
        there = program.exists()
    except OSError:
        return None
    texts = [_text(file) for file in files]
    if any(text is None or _IN_BRACES.search(text) for text in texts):
        return None
    # Read in the order of their names: the last one counts (apt.conf(5)).
    wanted, enabled = ([word for text in texts if text for word in line.findall(text)] for line in (_FIXES, _ENABLED))
    return there and bool(wanted) and wanted[-1] != "0" and "0" not in enabled[-1:]


def _text(file: Path) -> str | None:
    try:
        with file.open(encoding="ascii", errors="replace") as opened:
            return opened.read(_MOST_BYTES)
    except OSError:
        return None
