"""``/metrics`` and ``/ready`` of a program on a server: for Prometheus and for whoever balances or restarts.

HTTP/1.1 of two paths, read by hand: a request is bounded in bytes and seconds, and so is how many are open. Nothing of
a request is kept, nothing is changed by one. No password and no TLS: the address is the machine's own unless the
configuration says another, and what is told names nobody.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from gateway.errors import ConfigError, Once
from gateway.process.exposition import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

log = logging.getLogger(__name__)

_LONGEST_REQUEST = 8_192
_MOST_OPEN = 16
_REQUEST_S, _ANSWER_S = 5.0, 10.0
_PLAIN = "text/plain; charset=utf-8"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}

_Answer = tuple[int, str, str]


class WatchedProgram(Protocol):
    """What a program tells of itself; both within seconds, whatever is away."""

    async def metrics(self) -> str:
        """The figures (``gateway.process.exposition``)."""

    async def unready(self) -> str:
        """Why the program does not do its work now, in one sentence; "" when it does."""


@asynccontextmanager
async def watched(at: tuple[str, int] | None, program: WatchedProgram) -> AsyncIterator[None]:
    """Answer at host and port as long as it lasts; nowhere without them. ConfigError where they cannot be had."""
    server = HealthServer(*at, program) if at else None
    if server:
        await server.open()
    try:
        yield
    finally:
        if server:
            await server.close()


class HealthServer:
    """Answers whoever looks whether the program is well.

    Args:
        host, port: where.
        program: of what it answers.
    """

    def __init__(self, host: str, port: int, program: WatchedProgram) -> None:
        self._host, self._port, self._program = host, port, program
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._say = Once(log, last=True)

    async def open(self) -> None:
        """Listen from now on. ConfigError where the address cannot be had."""
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port, limit=_LONGEST_REQUEST)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"[metrics] listen: {self._host}:{self._port} cannot be had ({why}): another program, or another"
                " process of this one, may have it; name another port"
            ) from error

    async def close(self) -> None:
        """Listen no more; whoever is being answered is cut off."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= _MOST_OPEN:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            answer, head = await self._answered(reader)
            async with asyncio.timeout(_REQUEST_S):
                writer.write(_written(answer, head=head))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            # Whoever asks has gone, or takes nothing.
            writer.transport.abort()
        finally:
            self._open.discard(writer)

    async def _answered(self, reader: asyncio.StreamReader) -> tuple[_Answer, bool]:
        """What is answered, and whether the head of it alone."""
        try:
            async with asyncio.timeout(_REQUEST_S):
                request = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return (431, _PLAIN, "the request is too long\n"), False
        words = request.partition(b"\r\n")[0].decode("ascii", "replace").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return (400, _PLAIN, "this is no request of HTTP/1.1\n"), False
        method, path = words[0], words[1].partition("?")[0]
        if method not in {"GET", "HEAD"}:
            return (405, _PLAIN, "GET or HEAD alone\n"), False
        return await self._of(path), method == "HEAD"

    async def _of(self, path: str) -> _Answer:
        if path == "/metrics":
            return await self._within(self._metrics)
        if path == "/ready":
            return await self._within(self._ready)
        return 404, _PLAIN, "there are /metrics and /ready\n"

    async def _within(self, work: Callable[[], Coroutine[None, None, _Answer]]) -> _Answer:
        """A fault in what is told costs its answer, and not the program that it is about."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await work()
        except TimeoutError:
            return 503, _PLAIN, "the program is too busy to answer\n"
        except Exception as error:  # noqa: BLE001 (whatever it is: ingest goes on)
            self._say(type(error).__name__, "the figures cannot be told: %s", type(error).__name__)
            return 503, _PLAIN, "the figures cannot be told: see the program's log\n"

    async def _metrics(self) -> _Answer:
        return 200, CONTENT_TYPE, await self._program.metrics()

    async def _ready(self) -> _Answer:
        why = await self._program.unready()
        return (503, _PLAIN, f"{why}\n") if why else (200, _PLAIN, "ready\n")


def _written(answer: _Answer, *, head: bool) -> bytes:
    status, kind, text = answer
    body = text.encode()
    allow = "Allow: GET, HEAD\r\n" if status == 405 else ""
    lines = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{allow}"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return lines.encode() + (b"" if head else body)
