"""Programs of the card's processor on this machine: qemu-user behind the kernel's binfmt_misc, for the time of a build.

What was not there before is taken away again. A machine whose own processor is an ARMv8 needs nothing of it.
"""

from __future__ import annotations

import platform
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from image.errors import ImageError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_MISC = Path("/proc/sys/fs/binfmt_misc")
_NAME = "qemu-aarch64"
# Debian's own line (package qemu-user-binfmt), which systemd registers where it is the first process.
_RULE = Path(f"/usr/lib/binfmt.d/{_NAME}.conf")


@contextmanager
def emulation() -> Iterator[None]:
    """Let 64-bit ARM programs run here."""
    with ExitStack() as ending:
        if platform.machine() not in {"aarch64", "arm64"}:
            if not (_MISC / "register").exists():
                run("mount", "-t", "binfmt_misc", "binfmt_misc", _MISC)
                ending.callback(run, "umount", _MISC)
            entry = _MISC / _NAME
            if not entry.exists():
                if not _RULE.exists():
                    raise ImageError(f"{_RULE} is not there: install qemu-user-binfmt")
                (_MISC / "register").write_text(_RULE.read_text().strip().splitlines()[-1])
                ending.callback(entry.write_text, "-1")
        yield
