"""A line that a running gateway reads, judged by its last seconds: the same evidence as that of the command.

Nothing is opened and nothing is read here: the bytes are those that the line has read (``gateway.sources.recent``), the
port is looked at by the descriptor that the line has. ``take`` is quick, and of the event loop; ``evidence`` reads the
bytes over again, and may be done in another thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.doctor import system
from gateway.doctor.causes import KernelCounts, PiFacts, PortEvidence, PortSettings
from gateway.doctor.heard import Reception, SpeedListener
from gateway.sources.serial_port import SerialSource
from gateway.sources.tee import TeedSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.sources.line import Line
    from gateway.sources.recent import Stretch

# What was heard for less than this at a speed says nothing of that speed.
_SHORTEST_S = 1.0

# Another program has read what the kernel received and the line did not get: more than this, and than this share.
_STOLEN_BYTES, _STOLEN_SHARE = 64, 0.05


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of a line at one moment, for ``evidence``: times in monotonic seconds."""

    at: float
    stretches: Sequence[Stretch]
    mode: str
    owner: str
    path: Path | None
    settings: PortSettings | None
    kernel: KernelCounts | None
    stolen: int


class LineWatch:
    """Looks at one line.

    Args:
        line: the line.
        root: the folder of the system that is looked at.
    """

    def __init__(self, line: Line, root: Path = system.ROOT) -> None:
        self._line, self._root = line, root
        self._counters: tuple[int, ...] | None = None
        # How many bytes the line had, and since when it had listened, at the last look.
        self._had, self._since = 0, 0.0

    @property
    def mode(self) -> str:
        """The configured one, or ``auto``."""
        return self._line.wanted

    def settings(self) -> PortSettings | None:
        """How the port is set now; None for what is no port, or not open."""
        serial = _serial(self._line)
        fd = serial.fileno() if serial else None
        return None if fd is None else system.settings_of(fd)

    def take(self, now: float, owner: str = "") -> Taken:
        """What is known now; ``owner`` is the meter that is heard here, where it is not the one that belongs here."""
        stretches = self._line.recent.heard(now)
        serial = _serial(self._line)
        fd = serial.fileno() if serial else None
        kernel, stolen = (None, 0) if fd is None else self._counted(fd)
        return Taken(
            at=now,
            stretches=stretches,
            mode=self._line.wanted,
            owner=owner,
            path=serial.path if serial else None,
            settings=self.settings(),
            kernel=kernel,
            stolen=stolen,
        )

    def evidence(self, taken: Taken) -> PortEvidence:
        """What can be said of it; the bytes themselves are not in it."""
        heard = _heard(taken)
        return PortEvidence(
            holders=system.names_of_holders(str(taken.path or ""), self._root),
            stolen=taken.stolen,
            owner=taken.owner,
            mode=taken.mode,
            heard=heard,
            settings=taken.settings,
            kernel=taken.kernel,
            pi=system.pi_facts(str(taken.path), self._root) if taken.path else PiFacts(),
        )

    def _counted(self, fd: int) -> tuple[KernelCounts | None, int]:
        """The kernel's counts since the last look, and how many bytes somebody else has read."""
        before, had, since = self._counters, self._had, self._since
        recent = self._line.recent
        self._counters, self._had, self._since = system.counters_of(fd), recent.taken, recent.since
        kernel = system.counted(before, self._counters)
        # A change of speed throws bytes away; a port that has opened again counts anew.
        if kernel is None or recent.since != since or kernel.received <= 0:
            return kernel, 0
        missing = kernel.received - (self._had - had) - system.waiting(fd)
        few = max(_STOLEN_BYTES, _STOLEN_SHARE * kernel.received)
        return kernel, missing if missing > few else 0


def _serial(line: Line) -> SerialSource | None:
    source = line.source.source if isinstance(line.source, TeedSource) else line.source
    return source if isinstance(source, SerialSource) else None


def _heard(taken: Taken) -> tuple[Reception, ...]:
    """What came in at each speed of late; at the one of now alone, where that makes sense."""
    heard = [_hear(one, taken.at) for one in taken.stretches]
    if not heard or heard[-1].makes_sense:
        return tuple(heard[-1:])
    return (*(one for one in heard[:-1] if one.seconds >= _SHORTEST_S), heard[-1])


def _hear(stretch: Stretch, now: float) -> Reception:
    end = now if stretch.ended is None else stretch.ended
    ear = SpeedListener(stretch.speed, stretch.begun, max(end - stretch.begun, 1.0))
    for at, data in stretch.pieces:
        ear.take(bytes(data), at)
    return replace(ear.heard(end), raw=b"")
