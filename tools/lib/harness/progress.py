"""How far a run is, on one line of a terminal; piped, nothing."""

from __future__ import annotations

import sys


def show(line: str, end: str = "") -> None:
    """Show this line in the place of the one before; ``end`` goes on below it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end=end, file=sys.stderr, flush=True)
