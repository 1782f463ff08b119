"""Files that the page makes for a household, by the very command that would make them in a terminal.

The command runs beside the daemon, so that neither its work nor its memory is the loop's in which meters are read; what
it leaves is what it leaves there. Of each kind there is one file, in the database's folder, for the session that asked.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from gateway.errors import GatewayError, reason
from gateway.store.connection import FILE_NAME
from gateway.web.data.values import CopyStanding
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.config.tables import Config

log = logging.getLogger(__name__)

# For so long it can be fetched; so much it is of at a time.
KEPT_S, _BLOCK = 3600.0, 65_536
# The gateway goes on writing while there is a file beside its database.
_LEFT_FREE = 100_000_000
_MOST_WORDS = 300
# Ten years are packed in minutes; a card that dies must not keep every other one from being made.
LONGEST_S = 3600.0

_BUSY = Phrase("a file is being prepared already; wait until it is done")
_NO_ROOM = Phrase("there is no room on the card for such a file ({free} MB are free)")
_TOO_LONG = Phrase("it took longer than an hour: the card may be failing")


class PageCopy:
    """One kind of file.

    Args:
        config: of the house whose data they are.
        name: of the file, beside the database.
        command: what is typed to make one; the file's path follows it.
        more: what is typed after that. A secret is given to it on its standard input, never among these.
    """

    def __init__(self, config: Config, name: str, command: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
        self._config, self._command, self._more = config, command, more
        self._file = config.directory / name
        self._who: object = None
        self._standing, self._left_out = CopyStanding(), ""
        self._making: asyncio.Task[None] | None = None
        self._going: asyncio.TimerHandle | None = None

    def standing(self, who: object) -> CopyStanding:
        """How it stands with it, for the session that asked; for every other one there is none."""
        return replace(self._standing, left_out=self._left_out) if who is self._who else CopyStanding()

    def begin(self, who: object, lang: str, secret: str = "") -> None:
        """Have it made. GatewayError where another one is being made, or where there is no room."""
        if self._making:
            raise GatewayError(_BUSY)
        self._remove()
        self._check_room()
        self._who, self._standing = who, CopyStanding("making")
        self._making = asyncio.create_task(self._make(lang, secret), name="a file for the household")

    async def wait(self, seconds: float) -> None:
        """Until it is made, or so long."""
        if self._making:
            await asyncio.wait([self._making], timeout=seconds)

    async def read(self, who: object) -> AsyncIterator[bytes] | None:
        """Its bytes; None where there is none."""
        if self.standing(who).state != "ready":
            return None
        try:
            return _blocks(await asyncio.to_thread(self._file.open, "rb"))
        except OSError as error:
            log.warning("a file for the household cannot be read: %s", error.strerror)
            self._remove()
            return None

    async def discard(self, who: object) -> None:
        """Remove it; one that is being made is not made."""
        if who is self._who:
            await self.end()

    async def end(self) -> None:
        """Nothing of it is left: the gateway ends, or what is in it is erased."""
        if making := self._making:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
        self._remove()

    def _check_room(self) -> None:
        """What is packed is smaller than what it is made of; the database has its log beside it."""
        try:
            needed = (self._config.directory / FILE_NAME).stat().st_size * 2 + _LEFT_FREE
            disk = os.statvfs(self._config.directory)
            free = disk.f_bavail * disk.f_frsize
        except OSError as error:
            raise GatewayError(reason(error)) from error
        if free < needed:
            raise GatewayError(_NO_ROOM.filled(free=free // 1_000_000))

    async def _make(self, lang: str, secret: str) -> None:
        standing = CopyStanding("failed")
        try:
            async with asyncio.timeout(LONGEST_S):
                why = await self._run(lang, secret)
            if why is None:
                until = time.time() + KEPT_S
                standing = CopyStanding("ready", self._file.stat().st_size, int(until))
                self._going = asyncio.get_running_loop().call_later(KEPT_S, self._remove)
            else:
                standing = CopyStanding("failed", why=why)
        except TimeoutError:
            standing = CopyStanding("failed", why=_TOO_LONG.in_language(lang))
        except OSError as error:
            standing = CopyStanding("failed", why=error.strerror or str(error))
        finally:
            self._standing, self._making = standing, None
            if standing.state == "failed":
                self._unlink()

    async def _run(self, lang: str, secret: str) -> str | None:
        """Have the command make it; what it said where it could not."""
        from gateway.daemon.child import typed  # noqa: PLC0415 (with the first file that is made)

        answer = await typed(self._config, *self._command, str(self._file), *self._more, lang=lang, secret=secret)
        if answer.code == 0:
            # Its first line says that it is there; what follows, what is not in it.
            self._left_out = " ".join(answer.told[1:])[:_MOST_WORDS]
            return None
        last = next((line for line in reversed(answer.said) if line.strip()), "")
        log.warning("a file for the household could not be made: exit code %d", answer.code)
        return last.removeprefix("linky-gateway: ")[:_MOST_WORDS]

    def _remove(self) -> None:
        if self._going:
            self._going.cancel()
        self._going, self._who, self._standing, self._left_out = None, None, CopyStanding(), ""
        self._unlink()

    def _unlink(self) -> None:
        try:
            # With what was left where it was cut off: a part of it, a copy of the database.
            for path in self._file.parent.glob(f"{self._file.name}*"):
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a file for the household cannot be removed: %s", error.strerror)


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    """A file, block by block, read beside the loop."""
    with file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
