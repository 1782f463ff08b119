"""A meter's bytes for others: a TCP server that passes on what its source reads, byte for byte, and takes nothing.

A client that does not keep up is dropped rather than waited for: the meter is read at its own pace whoever listens.
What is held for one client is bounded, and so is the number of clients.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from gateway.errors import reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.sources.source import Source

log = logging.getLogger(__name__)

# A minute of the faster mode (9600 Bd, 10 bits a character): who has not fetched that is gone.
MOST_HELD = 64 * 1024
MOST_CLIENTS = 16

# What a client may say before it is sent away: enough for a greeting, none of it is looked at.
_MOST_SAID = 1024

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0

_CANNOT_LISTEN = Phrase("cannot listen at {where}: {why}")


class Tee:
    """The server of one meter.

    Args:
        name: the meter's name, for the log.
        host: where to listen.
        port: the TCP port there.
    """

    def __init__(self, name: str, host: str, port: int) -> None:
        self._name, self._host, self._port = name, host, port
        self.clients: set[_Client] = set()
        # Why nobody can connect, in words; None once somebody can. ``changed`` is monotonic seconds.
        self.error: Phrase | None = None
        self.listening = False
        self.changed = time.monotonic()

    @property
    def where(self) -> str:
        """Where it listens: ``127.0.0.1:7000``."""
        return f"{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    def pass_on(self, data: bytes) -> None:
        """Give these bytes to every client; returns at once."""
        for client in tuple(self.clients):
            client.give(data)

    async def run(self) -> None:
        """Listen, for ever; a port that somebody else holds is tried again."""
        server = await self._listen()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.listening = False
            server.close()
            for client in tuple(self.clients):
                client.end()

    async def _listen(self) -> asyncio.Server:
        wait = _FIRST_WAIT_S
        while True:
            try:
                server = await asyncio.get_running_loop().create_server(self._client, self._host, self._port)
            except OSError as error:
                self._failed(error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)
                continue
            self.listening, self.error, self.changed = True, None, time.monotonic()
            log.info("meter %s: its bytes are passed on at %s", self._name, self.where)
            return server

    def _failed(self, error: OSError) -> None:
        sentence = _CANNOT_LISTEN.filled(where=self.where, why=reason(error))
        level = logging.DEBUG if sentence == self.error else logging.WARNING
        log.log(level, "meter %s: %s; choose another tee", self._name, sentence)
        self.error = sentence

    def _client(self) -> _Client:
        return _Client(self._name, self.clients)


class _Client(asyncio.Protocol):
    """One connection; ``clients`` holds it as long as it is open."""

    def __init__(self, name: str, clients: set[_Client]) -> None:
        self._name, self._clients = name, clients
        self._transport: asyncio.Transport
        self._said = 0

    def give(self, data: bytes) -> None:
        """Send, unless so much waits already that the other end cannot be reading."""
        if self._transport.get_write_buffer_size() + len(data) > MOST_HELD:
            self._drop("does not keep up")
        else:
            self._transport.write(data)

    def end(self) -> None:
        """Close the connection."""
        self._clients.discard(self)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody wants to listen."""
        self._transport = cast("asyncio.Transport", transport)
        if len(self._clients) >= MOST_CLIENTS:
            self._drop("is one too many")
            return
        with suppress(OSError):
            # One that lost its power says nothing: let the kernel find out, also on a silent line.
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._clients.add(self)

    def data_received(self, data: bytes) -> None:
        """Nothing that is said here is ever heard."""
        self._said += len(data)
        if self._said > _MOST_SAID:
            self._drop("talks, and nobody listens")

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._clients.discard(self)

    def _drop(self, why: str) -> None:
        log.warning("meter %s: a client of its tee %s and is dropped", self._name, why)
        self.end()


class TeedSource:
    """A source whose bytes also go to a tee; ``source`` is the one behind it."""

    def __init__(self, source: Source, tee: Tee) -> None:
        self.source, self._tee = source, tee
        self.speeds, self.finite = source.speeds, source.finite

    async def open(self) -> Phrase | None:
        """As the source does."""
        return await self.source.open()

    async def read(self) -> bytes:
        """As the source does; what it gives is passed on before anybody has judged it."""
        data = await self.source.read()
        if data:
            self._tee.pass_on(data)
        return data

    def set_speed(self, speed: int) -> None:
        """As the source does."""
        self.source.set_speed(speed)

    def close(self) -> None:
        """As the source does; whoever listens stays."""
        self.source.close()
