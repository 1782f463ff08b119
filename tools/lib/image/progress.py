"""Lines that say how far a build or a trial is, with the seconds since its beginning."""

from __future__ import annotations

import sys
import time


class ImageProgress:
    """One run."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def say(self, what: str) -> None:
        """One line."""
        sys.stdout.write(f"{self.seconds:6.1f} s  {what}\n")
        sys.stdout.flush()
