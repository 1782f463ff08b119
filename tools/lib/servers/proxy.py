"""A TCP proxy that hurts its connections on command: cut with a reset, frozen, refused, or cut after so many bytes.

It stands between a client and a server of the rig, in the asyncio loop of the test, or in that of a thread.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

_CHUNK = 65536
_END_S = 5
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST


class Proxy:
    """Forwards connections to ``target``; ``address`` is where it listens. Both are ``host:port``.

    A target that begins with ``/`` is a Unix socket.

    Attributes:
        refuse: reset new connections at once.
        delay_s: how long each piece is held back.
        cut_after: reset a connection once so many bytes have passed in both directions together; None = never.
        accepted: how many connections were made, refused ones included.
    """

    def __init__(self, target: str, host: str = "127.0.0.1") -> None:
        self._target = target
        self._host = host
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.refuse = False
        self.delay_s = 0.0
        self.cut_after: int | None = None
        self.accepted = 0
        self.address = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0)
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.thaw()
        self.cut()
        await self._server.wait_closed()
        # From Python 3.12 on that waits for the handlers too; on 3.11 they end a few turns of the loop later.
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=_END_S)

    def cut(self) -> None:
        """Reset every open connection, on both sides."""
        for writer in tuple(self._open):
            _reset(writer)

    def freeze(self) -> None:
        """Stop forwarding, both ways, without closing anything: a network that swallows packets."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, beginning with what was held."""
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)
        if self.refuse:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await self._reach()
        except OSError:
            _reset(writer)
            return
        pair = _Pair({writer, far_writer}, self.cut_after)
        self._open |= pair.ends
        try:
            await asyncio.gather(self._forward(reader, far_writer, pair), self._forward(far_reader, writer, pair))
        finally:
            self._open -= pair.ends
            for end in pair.ends:
                end.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._target.startswith("/"):
            return await asyncio.open_unix_connection(self._target)
        host, _, port = self._target.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: _Pair) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await self._flowing.wait()
                await asyncio.sleep(self.delay_s)
                if pair.left is not None:
                    chunk = chunk[: pair.left]
                    pair.left -= len(chunk)
                writer.write(chunk)
                await writer.drain()
                if pair.left == 0:
                    for end in pair.ends:
                        _reset(end)
                    return
            writer.close()


@contextmanager
def loop_in_thread() -> Iterator[Callable[[Coroutine[Any, Any, object]], object]]:
    """A loop of its own, for a program that has none; what is given runs a coroutine there, and waits for its end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxies")
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def proxy_by(run: Callable[[Coroutine[Any, Any, object]], object], target: str) -> Iterator[Proxy]:
    """A proxy in the loop in which ``run`` runs things."""
    proxy = Proxy(target)
    run(proxy.__aenter__())
    try:
        yield proxy
    finally:
        run(proxy.__aexit__())


@dataclass(slots=True, eq=False)
class _Pair:
    """The two ends of a connection, and how many bytes it may still carry; None is any number."""

    ends: set[asyncio.StreamWriter]
    left: int | None


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
