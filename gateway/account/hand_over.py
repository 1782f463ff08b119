"""The end of an installer's access: when the household sets the page's password, the account gets a new one.

A card that was prepared by somebody else says so (``renew`` in its linky.toml), and a mark beside the database keeps it
in mind until it is done. The code is used up by the household's password; with this, what the installer knows opens
nothing any more.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from gateway.errors import AccessError, GatewayError
from gateway.federation.connection.waiting import wait_any
from gateway.web.access.access import PageAccess

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from pathlib import Path

log = logging.getLogger(__name__)

MARK = "renew-password"
_EVERY_S = 10.0


class HandOver:
    """Waits for the household, then changes the account's password once.

    Args:
        folder: the database's, where the mark is.
        page_file: says whether the household has set its password.
        change: gives the account a new password; GatewayError when it cannot be done now.
    """

    def __init__(self, folder: Path, page_file: Path, change: Callable[[], Awaitable[object]]) -> None:
        self._mark, self._page_file, self._change = folder / MARK, page_file, change
        self.alive_at = time.monotonic()

    async def run(self, stop: asyncio.Event, every_s: float = _EVERY_S) -> None:
        """Until it is done, or ``stop``; at once where nothing is to be done."""
        while self._mark.exists() and not stop.is_set():
            self.alive_at = time.monotonic()
            if not self._is_set() or not await self._changed():
                await wait_any(every_s, stop)

    def _is_set(self) -> bool:
        try:
            return PageAccess(self._page_file).ready
        except AccessError as error:
            log.debug("hand-over: %s", error)
            return False

    async def _changed(self) -> bool:
        try:
            await self._change()
        except GatewayError as error:
            # Not connected, or the server is busy: later.
            log.debug("hand-over: %s", error)
            return False
        self._mark.unlink(missing_ok=True)
        log.info("the household has set the page's password: the account has a new one, too")
        return True
