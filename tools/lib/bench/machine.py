"""This machine in words that may be published: what a figure depends on, and nothing that says whose it is.

``ROOT`` is the checkout.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_GIB = 1 << 30


def words() -> dict[str, str]:
    """Processor, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "an unknown system")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": system,
        "python": platform.python_version(),
    }


def _processor() -> str:
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text(encoding="utf-8", errors="replace").rstrip("\0")
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()
