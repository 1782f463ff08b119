"""The doctor's rounds: every line that is due is judged, beside the event loop, one after the other."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.links.line_doctor import LineDoctors

# How often it is looked whether a line is due. To read the last seconds of one over again takes a board of ten years
# ago some 100 ms.
_LOOK_EVERY_S = 2.5


class DoctorsRounds:
    """Goes round, for ever.

    Args:
        doctors: who judge.
    """

    def __init__(self, doctors: LineDoctors) -> None:
        self._doctors = doctors
        self.alive_at = time.monotonic()

    async def run(self) -> None:
        """Judge whatever is due."""
        while True:
            self.alive_at = time.monotonic()
            for name in self._doctors.due(self.alive_at):
                self.alive_at = now = time.monotonic()
                taken = self._doctors.take(name, now)
                found = await asyncio.to_thread(self._doctors.judge, name, taken, now)
                self._doctors.note(name, found, now)
            await asyncio.sleep(_LOOK_EVERY_S)
