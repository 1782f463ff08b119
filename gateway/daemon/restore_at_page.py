"""A backup brought back at the page: taken in beside the database, checked by the command, then restored by root.

What the daemon does is what its user may do anyway: it writes a file into its own folder and has it read to its end.
The rest is asked of the helper: a unit stops the gateway, restores as ``linky-gateway restore`` does, and starts it
again. One file at a time; its passphrase is kept in memory, and for minutes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.control.messages import AskHelper
from gateway.errors import GatewayError
from gateway.store.copies import BROUGHT_ALONG, BROUGHT_BACK
from gateway.store.terms import Channel
from gateway.web.backup.values import RestoreEnding, RestoreStanding, parts_of
from gateway.web.http.guard import BadRequestError
from gateway.web.sharing.stored import OWNER
from gateway.words.catalogue import ENGLISH
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from gateway.config.tables import Config
    from gateway.consent.orders import Row

log = logging.getLogger(__name__)

# For so long the passphrase is remembered; checking ten years takes minutes.
KEPT_S, _LONGEST_CHECK_S = 900.0, 3600.0
# The gateway goes on writing beside a file that comes in; what comes back lies there besides, and SQLite's log of it.
_LEFT_FREE = 100_000_000

_BUSY = Phrase("A restore is already in progress; wait until it has finished.")
_NO_ROOM = Phrase("There is no room on the card for this backup: {needed} MB are needed, {free} MB are free.")
_CUT = Phrase("The file did not arrive complete; nothing was changed. Try again.")
_NOT_WANTED = Phrase("The file is no longer accepted; nothing was changed.")
_GONE = Phrase("The file is no longer here: nothing was done with it for a quarter of an hour. Choose it again.")
_NOT_KEPT = Phrase("The card cannot be written; nothing was changed.")
_NOT_DONE = Phrase("This could not be done from the page, and nothing was changed. Ask whoever installed the gateway.")


class PageRestore:
    """Of one installation.

    Args:
        config: its configuration.
        ask: has something done by the helper, and notes it in the journal.
    """

    def __init__(self, config: Config, ask: Callable[[AskHelper], Awaitable[Row]]) -> None:
        self._config, self._ask = config, ask
        self._file = config.directory / BROUGHT_ALONG
        self._who: object = None
        self._standing, self._passphrase = RestoreStanding(), ""
        self._checking: asyncio.Task[None] | None = None
        # Somebody does not want what is coming in any more, or the gateway ends.
        self._unwanted = asyncio.Event()
        self._going: asyncio.TimerHandle | None = None

    def standing(self, who: object) -> RestoreStanding:
        """How it stands with the file of that session; for every other one there is none."""
        return self._standing if who is self._who else RestoreStanding()

    def ending(self) -> RestoreEnding | None:
        """How the last one ended on this card; None where none was."""
        if not (self._config.directory / BROUGHT_BACK).exists():
            return None
        from gateway.store.brought_back import last_ending  # noqa: PLC0415 (few cards were restored)

        known = last_ending(self._config.directory)
        if known is None:
            return None
        return RestoreEnding(known.ended, known.made, known.aside, known.fault, known.why)

    async def take(self, who: object, length: int, blocks: AsyncIterator[bytes], passphrase: str) -> None:
        """Take the file in, and begin to check it. GatewayError in a household's words, and nothing is left of it."""
        if self._standing.state in ("coming", "checking", "begun"):
            raise GatewayError(_BUSY)
        self._remove()
        self._check_room(length)
        self._who, self._standing = who, RestoreStanding("coming")
        unwanted = self._unwanted = asyncio.Event()
        try:
            await self._receive(blocks, unwanted)
        except (BadRequestError, OSError) as error:
            log.warning("a backup did not come in: %s", error)
            self._forget(unwanted)
            raise GatewayError(_CUT if isinstance(error, BadRequestError) else _NOT_KEPT) from error
        except BaseException:
            self._forget(unwanted)
            raise
        self._standing = RestoreStanding("checking")
        self._checking = asyncio.create_task(self._check(passphrase), name="a backup of the household's")

    async def wait(self, seconds: float) -> None:
        """Until it is checked, or so long."""
        if self._checking:
            await asyncio.wait([self._checking], timeout=seconds)

    async def begin(self, who: object) -> None:
        """Have it brought back: the gateway ends within seconds. GatewayError in a household's words."""
        if self.standing(who).state != "ready":
            raise GatewayError(_GONE)
        ready, self._standing = self._standing, replace(self._standing, state="begun")
        arguments = {"passphrase": self._passphrase}
        try:
            await self._ask(AskHelper(act="restore-backup", arguments=arguments, by=OWNER, channel=Channel.WEB))
        except GatewayError as error:
            self._standing = ready
            log.warning("no backup was brought back for the page: %s", error)
            raise GatewayError(_NOT_DONE) from error

    async def discard(self, who: object) -> None:
        """Remove it."""
        if who is self._who and self._standing.state != "begun":
            await self.end()

    async def end(self) -> None:
        """The gateway ends, or everything is erased: nothing of it is left, unless root has it now."""
        if self._standing.state == "begun":
            return
        # Who takes one in now learns it by its next block.
        self._unwanted.set()
        if checking := self._checking:
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)
        self._remove()

    def _check_room(self, length: int) -> None:
        needed = 3 * length + _LEFT_FREE
        try:
            disk = os.statvfs(self._config.directory)
        except OSError as error:
            raise GatewayError(_NOT_KEPT) from error
        free = disk.f_bavail * disk.f_frsize
        if free < needed:
            raise GatewayError(_NO_ROOM.filled(needed=needed // 1_000_000 + 1, free=free // 1_000_000))

    async def _receive(self, blocks: AsyncIterator[bytes], unwanted: asyncio.Event) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            async for block in blocks:
                if unwanted.is_set():
                    break
                await asyncio.to_thread(file.write, block)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        if unwanted.is_set():
            raise GatewayError(_NOT_WANTED)

    def _forget(self, unwanted: asyncio.Event) -> None:
        """What did not come in; what was not wanted is gone already, and another one may lie there."""
        if not unwanted.is_set():
            self._remove()

    async def _check(self, passphrase: str) -> None:
        standing = RestoreStanding("refused", fault="other")
        try:
            async with asyncio.timeout(_LONGEST_CHECK_S):
                standing = await self._looked_at(passphrase)
        except (OSError, TimeoutError) as error:
            log.warning("a backup could not be checked: %s", error or "it took an hour")
        finally:
            self._checking = None
            if standing.state == "ready":
                self._passphrase = passphrase
                self._going = asyncio.get_running_loop().call_later(KEPT_S, self._remove)
            else:
                self._unlink()
            self._standing = standing

    async def _looked_at(self, passphrase: str) -> RestoreStanding:
        from gateway.daemon.child import typed  # noqa: PLC0415 (with the first that is brought)

        words = ("restore", str(self._file), "--list", "--json", "--passphrase-file", "/dev/stdin")
        answer = await typed(self._config, *words, lang=ENGLISH, secret=passphrase)
        try:
            found = json.loads("".join(answer.told))
            if answer.code:
                return RestoreStanding("refused", fault=str(found["fault"]))
            parts = parts_of(found["files"])
            return RestoreStanding("ready", int(found["made"]), sum(found["files"].values()), parts)
        except (ValueError, KeyError, TypeError):
            log.warning("a backup could not be checked: %s", " ".join(answer.said)[-300:])
            return RestoreStanding("refused", fault="other")

    def _remove(self) -> None:
        if self._going:
            self._going.cancel()
        self._going, self._who, self._passphrase, self._standing = None, None, "", RestoreStanding()
        self._unlink()

    def _unlink(self) -> None:
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a file of the household's cannot be removed: %s", error.strerror)
