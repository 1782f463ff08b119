"""How much of the disk, memory, processor and link is left on this machine: what the kernel says, read as it is asked.

What cannot be read is None: PSI is off in some kernels, and a system may hide it from a service.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.links.degradation import Measures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.links.disk import DiskSpace

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Resources:
    """What this machine has left.

    Args:
        disk: the file system of the database.
        root: where /proc is.
        environment: where systemd names the file of this service's own memory pressure (MEMORY_PRESSURE_WATCH).
    """

    def __init__(self, disk: DiskSpace, root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> None:
        self._disk, self._proc = disk, root / "proc"
        own = environment.get("MEMORY_PRESSURE_WATCH", "")
        self._pressure = Path(own) if own.startswith("/sys/") else self._proc / "pressure/memory"
        self._lags: list[float] = []

    def late(self, seconds: float) -> None:
        """A turn of the event loop came so much too late."""
        self._lags.append(max(seconds, 0.0))

    def read(self, queue: int | None) -> Measures:
        """Now; ``queue`` are the rows of the longest queue, if any was counted."""
        room = self._room()
        # The least of them: one late turn is a hiccup.
        lag, self._lags = min(self._lags, default=None), []
        return Measures(
            free_bytes=room[0] if room else None,
            disk_bytes=room[1] if room else None,
            available_bytes=_found(self._proc / "meminfo", lambda text: 1024 * int(_after(text, "MemAvailable:"))),
            resident_bytes=_found(self._proc / "self/statm", lambda text: _PAGE * int(text.split()[1])),
            stalled=_found(self._pressure, lambda text: float(_after(_after_line(text, "some"), "avg60="))),
            lag_s=lag,
            queue=queue,
        )

    def _room(self) -> tuple[int, int] | None:
        try:
            return self._disk.room()
        except OSError:
            return None


def _found(path: Path, reading: Callable[[str], float]) -> float | None:
    try:
        return float(reading(path.read_text(encoding="ascii")))
    except (OSError, ValueError, IndexError):
        return None


def _after(text: str, name: str) -> str:
    """The word after that name."""
    return text.partition(name)[2].split()[0]


def _after_line(text: str, first: str) -> str:
    """The line that begins with that word."""
    return next((line for line in text.splitlines() if line.startswith(first)), "")
