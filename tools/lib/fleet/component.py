"""A component of an XMPP server (XEP-0114): stanzas come in as elements, text goes out. For loopback: it has no TLS."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, XMLPullParser

if TYPE_CHECKING:
    from collections.abc import Callable

NS = "jabber:component:accept"
_HEADER = f"<stream:stream xmlns='{NS}' xmlns:stream='http://etherx.jabber.org/streams' to='%s'>"
# What may stand in the buffer before whoever writes waits: a server that reads slowly is not drowned.
_BUFFER = 1_000_000


class Component:
    """One connection.

    Args:
        domain: whose stanzas it takes.
        secret: as the server has it.
        take: called with each stanza.
    """

    def __init__(self, domain: str, secret: str, take: Callable[[Element], None]) -> None:
        self._domain, self._secret, self._take = domain, secret, take

    async def connect(self, host: str, port: int) -> None:
        """Connect; ConnectionError where the server does not take it."""
        self._reader, self._writer = await asyncio.open_connection(host, port)
        self._writer.transport.set_write_buffer_limits(high=_BUFFER)
        self._parser, self._depth, self._root = XMLPullParser(["start", "end"]), 0, Element("none")
        self._ready = asyncio.get_running_loop().create_future()
        self.send(_HEADER % self._domain)
        self.reading = asyncio.create_task(self._read())
        await asyncio.wait({self._ready, self.reading}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            raise ConnectionError(f"the server does not take the component {self._domain}")

    def send(self, text: str) -> None:
        """Send a stanza."""
        self._writer.write(text.encode())

    async def drain(self) -> None:
        """Wait until the server has read most of it."""
        await self._writer.drain()

    async def _read(self) -> None:
        while data := await self._reader.read(65_536):
            self._parser.feed(data)
            for what, element in self._parser.read_events():
                self._note(what, element)  # type: ignore[arg-type]

    def _note(self, what: str, element: Element) -> None:
        if what == "start":
            self._depth += 1
            if self._depth == 1:
                self._root = element
                proof = hashlib.sha1(f"{element.get('id')}{self._secret}".encode()).hexdigest()
                self.send(f"<handshake>{proof}</handshake>")
            return
        self._depth -= 1
        if self._depth != 1:
            return
        if element.tag == f"{{{NS}}}handshake":
            self._ready.set_result(None)
        else:
            self._take(element)
        self._root.clear()
