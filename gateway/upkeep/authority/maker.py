"""How the daemon has a certificate made: by the helper, who alone has the authority's key."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from gateway.upkeep.authority.names import own_addresses, own_names
from gateway.upkeep.helper import client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PATIENCE_S = 60.0


class HelpedMaker:
    """Asks the helper.

    Args:
        more: names of the page besides the machine's own, as the configuration says them.
        found: the name by which the machine is found now, which may be another one than its own.
        helper: the helper's socket.
    """

    def __init__(self, more: tuple[str, ...], found: Callable[[], str | None], helper: Path = client.SOCKET) -> None:
        self._more, self._found, self._helper = more, found, helper

    def wanted(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names and the addresses of this machine now."""
        return frozenset(self._names()), frozenset(own_addresses())

    async def make(self) -> bool:
        """Have one made; False where there is no helper. Raises GatewayError where it refuses or fails."""
        if not self._helper.exists():
            return False
        names = await asyncio.to_thread(self._names)
        async with asyncio.timeout(_PATIENCE_S):
            await client.ask("make-certificate", socket=self._helper, names=names)
        return True

    def _names(self) -> tuple[str, ...]:
        found = self._found()
        return own_names(socket.gethostname(), (*self._more, *([found] if found else [])))
