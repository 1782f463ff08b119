"""Lines that say how far a build or a trial is, with the seconds since its beginning."""

from __future__ import annotations

import sys
import time

from image.errors import ImageError


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

    def expect(self, condition: object, what: str, seen: object = "") -> None:
        """A promise: a line where it is kept, ImageError where it is not."""
        if not condition:
            raise ImageError(f"not so: {what}: {seen}")
        self.say(what)
