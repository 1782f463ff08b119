"""How the daemon has a certificate made: by the helper, who alone has the authority's key.

What it is asked for is what root grants: this machine's own names, and those of the administrator's file.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.upkeep.authority.names import is_named, own_addresses, own_names
from gateway.upkeep.helper import client
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

_NO_NAMES = Phrase("no certificate can say this machine’s name: give it one of letters, digits and hyphens")


class HelpedMaker:
    """Asks the helper.

    Args:
        given: names of the page that stand in the administrator's file.
        found: the name by which the machine is found now, which avahi may have changed; None where nobody says.
        ask: has one of these names made, and raises GatewayError where that is refused or fails.
        helper: the helper's socket.
    """

    def __init__(
        self,
        given: tuple[str, ...],
        found: Callable[[], str | None],
        ask: Callable[[tuple[str, ...]], Awaitable[object]],
        helper: Path = client.SOCKET,
    ) -> None:
        self._given, self._found, self._ask, self._helper = given, found, ask, helper

    def wanted(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names and the addresses of this machine now."""
        return frozenset(self._names()), frozenset(own_addresses())

    async def make(self) -> bool:
        """Have one made; False where there is no helper. Raises GatewayError where it refuses or fails."""
        if not self._helper.exists():
            return False
        names = await asyncio.to_thread(self._names)
        if not names:
            raise GatewayError(_NO_NAMES)
        await self._ask(names)
        return True

    def _names(self) -> tuple[str, ...]:
        host, found = socket.gethostname(), self._found()
        renamed = (found,) if found and is_named(found, host) else ()
        return own_names(host, (*renamed, *self._given))
