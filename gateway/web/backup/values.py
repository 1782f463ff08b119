"""What the page *backup* shows of one that comes back, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a household calls it -> how the names of its files in a backup begin.
_PARTS = {
    "readings": ("state/linky-gateway.sqlite",),
    "settings": ("etc/gateway.toml",),
    "access": ("state/page.json",),
    "passwords": ("etc/secrets/",),
    "boards": ("state/boards/", "broker/"),
}


@dataclass(frozen=True, slots=True)
class RestoreStanding:
    """How it stands with a file that somebody brought.

    Args:
        state: ``none``, ``coming``, ``checking``, ``ready``, ``refused`` or ``begun``.
        made: it is ready: POSIX seconds at which the backup was made.
        size: of what comes back, in bytes.
        parts: what comes back, by the words of this page.
        fault: it is refused: why, in a word of ``gateway.backup.faults``.
    """

    state: str = "none"
    made: int = 0
    size: int = 0
    parts: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RestoreEnding:
    """How the last one ended: when, of when it was, what is kept aside; ``fault`` and ``why`` where none came back."""

    ended: int
    made: int
    aside: tuple[str, ...]
    fault: str
    why: str


def parts_of(names: Iterable[str]) -> tuple[str, ...]:
    """Of which parts these are the files."""
    known = tuple(names)
    return tuple(part for part, begins in _PARTS.items() if any(name.startswith(begins) for name in known))
