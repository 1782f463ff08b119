"""What the page *your data* is about, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class DataSpan:
    """Days by the clock of the house, both included, of one meter or, where it is None, of all."""

    first: date
    last: date
    meter: str | None = None

    @property
    def after(self) -> date:
        """The day after the last."""
        return self.last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CopyStanding:
    """How it stands with a file that is made for a household.

    Args:
        state: ``none``, ``making``, ``ready`` or ``failed``.
        size: of what is ready, in bytes.
        until: POSIX seconds at which it goes.
        why: it failed: what was said of it.
        left_out: it is ready: what was said not to be in it; empty where all is.
    """

    state: str = "none"
    size: int = 0
    until: int = 0
    why: str = ""
    left_out: str = ""
