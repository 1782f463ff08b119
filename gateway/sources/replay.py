"""A captured file, its bytes at the line's own pace or N times that.

The pace follows from the file: tabulators separate the fields of standard mode (9600 Bd), spaces those of historic
mode (1200 Bd); a character takes 10 bits (Enedis-NOI-CPT_54E §5.3.5).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.errors import PortError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

_BITS_PER_CHARACTER = 10
_STANDARD_BD, _HISTORIC_BD = 9600, 1200

# Bytes are handed over this often: fine enough for a live display, coarse enough to cost nothing.
_STEP_S = 0.05


class ReplaySource:
    """``replay:FILE[?speed=N]``; ends with the file."""

    speeds: tuple[int, ...] = ()
    finite = True

    def __init__(self, path: Path, speed: float) -> None:
        self._path, self._factor = path, speed
        self._data = b""
        self._sent = 0
        self._start = 0.0

    async def open(self) -> None:
        """Read the whole file; a capture of a day is 10 to 80 MB."""
        try:
            self._data = await asyncio.to_thread(self._path.read_bytes)
        except OSError as error:
            raise PortError(
                Phrase("replay:{path}: cannot be read: {why}").filled(path=self._path, why=reason(error))
            ) from error
        self._sent = 0
        self._start = asyncio.get_running_loop().time()

    async def read(self) -> bytes:
        """The next bytes when their time has come; empty at the end of the file."""
        bd = _STANDARD_BD if b"\t" in self._data else _HISTORIC_BD
        rate = bd / _BITS_PER_CHARACTER * self._factor
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._start + self._sent / rate - loop.time()))
        chunk = self._data[self._sent : self._sent + max(1, int(rate * _STEP_S))]
        self._sent += len(chunk)
        return chunk

    def set_speed(self, speed: int) -> None:
        """Nothing to set: a file has no speed."""

    def close(self) -> None:
        """Let the file's bytes go."""
        self._data = b""
