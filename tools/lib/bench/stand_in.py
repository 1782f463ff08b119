"""A serial port that has some bytes to say and then ends, and who is told what a reader made of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import NoReturn

# Is told how many groups a reader has accepted, and on request which: (label, data).
Tell = Callable[[int, Callable[[], Iterable[tuple[str, str]]]], None]
# As a port hands them over at 9600 Bd: what came since the last look.
PIECE = 64


class EndOfStreamError(Exception):
    """The stream is over: no reader has a word for that, as a meter never ends."""


class StandInPort(io.BytesIO):
    """Looks like pyserial's to whoever only reads."""

    is_open = True

    def readline(self, size: int | None = -1) -> bytes:
        """A line with its end; EndOfStreamError when there is none left."""
        return super().readline(size) or self._end()

    def read(self, size: int | None = 1) -> bytes:
        """So many bytes; EndOfStreamError when there are none left."""
        return super().read(size) or self._end()

    def _end(self) -> NoReturn:
        raise EndOfStreamError
