"""What the page of the boards shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.web.security.values import BoardNow


@dataclass(frozen=True, slots=True)
class HouseBoard:
    """A board of the house.

    Args:
        now: what it is, when it was heard, which program it runs.
        meters: the names of the meters that are read by it.
        reads: whether a meter's frames come by it; None where nobody knows, and for a display.
        newer: the version that its program can be brought to now; empty for none.
    """

    now: BoardNow
    meters: tuple[str, ...] = ()
    reads: bool | None = None
    newer: str = ""

    @property
    def version(self) -> str:
        """Its program's version as a person says it: without what tells one set of files from another."""
        return self.now.version.rpartition("+")[0] or self.now.version

    @property
    def light(self) -> str:
        """What its light should do: ``slow``, the meter is read; ``fast``, it is not; ``any`` of them; ``none``."""
        if self.now.role != "relay":
            return "none"
        if not self.now.there or self.reads is None:
            return "any"
        return "slow" if self.reads else "fast"

    @property
    def under_way(self) -> bool:
        """Whether a new program is on its way to it, or on trial there."""
        return self.now.standing in ("pending", "trial")


@dataclass(frozen=True, slots=True)
class DamagedBoard:
    """A board whose file nobody can read any more: its name, and the names of the meters that it is to read."""

    name: str
    meters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HouseBoards:
    """All of them.

    Args:
        boards: by name.
        is_open: whether the broker of the house lets boards in.
        running: the gateway's version.
        why: why no program can be brought over the air: ``old``, the gateway itself is not the newest; ``unlooked``, it
            has no list of versions that counts now; ``nowhere``, it looks for none; empty where it can be.
        damaged: those of which only the name is known.
    """

    boards: tuple[HouseBoard, ...]
    is_open: bool
    running: str
    why: str = ""
    damaged: tuple[DamagedBoard, ...] = ()

    def sure(self, name: str) -> DamagedBoard | None:
        """What is asked about before a board is removed; None where there is none of that name."""
        whole = (DamagedBoard(one.now.name, one.meters) for one in self.boards)
        return next((one for one in (*whole, *self.damaged) if one.name == name), None)
