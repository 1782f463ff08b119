"""The short way between the commit that notes data and their bytes in the socket.

Whoever has ended a consent waits here until what was noted before has left: then nothing leaves any more, and the log
says no more than what did. What does not leave in time stays for ever: its connection is cut.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slixmpp import ClientXMPP

log = logging.getLogger(__name__)

# The socket's buffers hold more than is ever under way: what does not get into them meets a line that is dead.
PATIENCE_S = 3.0
_LOOK_EVERY_S = 0.02


class Departures:
    """What is leaving now.

    Args:
        client: gives the connection, or None.
    """

    def __init__(self, client: Callable[[], ClientXMPP | None]) -> None:
        self._client = client
        self._leaving: set[asyncio.Future[None]] = set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """From before the consents are asked until the message was given to the stream."""
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leaving.add(left)
        try:
            yield
        finally:
            self._leaving.discard(left)
            left.set_result(None)

    async def over(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until everything that is leaving now is in the socket; after ``patience_s`` it never will be."""
        client = self._client()
        try:
            async with asyncio.timeout(patience_s):
                if self._leaving:
                    await asyncio.wait(set(self._leaving))
                # asyncio tells nobody when a buffer has become empty.
                while client is not None and client is self._client() and not _is_written(client):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            if client is not None and client is self._client():
                log.warning("the line to one's own server takes nothing any more; it is cut, so that no more leaves")
                client.abort()


def _is_written(client: ClientXMPP) -> bool:
    """Whether the socket has everything that slixmpp was given."""
    transport = client.transport
    if transport is None:
        return True
    if not client.waiting_queue.empty():
        return False
    # What TLS has encrypted waits in the transport beneath its own, of which asyncio gives no account.
    beneath = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    return not sum(one.get_write_buffer_size() for one in (transport, beneath) if one is not None)
