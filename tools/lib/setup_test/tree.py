"""What a system consists of: its files, without what changes by itself."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What changes by itself, or is dpkg's own memory.
_CHANGES = (
    "proc",
    "sys",
    "dev",
    "run",
    "tmp",
    "root",
    "var/tmp",
    "var/log",
    "var/cache",
    "var/lib/dpkg",
    "var/lib/apt",
    "var/lib/systemd",
    "var/lib/private",
)
_USERS = {
    f"etc/{name}{end}" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid") for end in ("", "-")
}


# netbase makes the first where there is none, and leaves it.
_LEFT_BY_DEBIAN = {"etc/hosts", "etc/ld.so.cache", "etc/.pwd.lock"}


def files_of(root: Path) -> dict[str, str]:
    """Every file of the system with what it is; of /etc also the content."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.startswith(_CHANGES) and any(name == one or name.startswith(one + "/") for one in _CHANGES):
            continue
        if name in _USERS or name in _LEFT_BY_DEBIAN or "__pycache__" in name:
            continue
        found[name] = "folder" if path.is_dir() and not path.is_symlink() else "file"
        if name.startswith("etc/") and path.is_file() and not path.is_symlink():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
