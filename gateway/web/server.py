"""HTTP on a socket: one request a connection, through the door, with a time limit and a bound on everything."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

from microdot import Request, Response
from microdot.microdot import NoCaseDict

from gateway.web.guard import HEADERS, BadRequestError, read_request

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from gateway.web.guard import Asked, Door
    from gateway.web.site import Site

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 64
_ASK_WITHIN_S, _TAKE_WITHIN_S = 10.0, 20.0
_LONGEST_LINE = 4096
_LINGER_S, _MOST_UNREAD_BYTES = 1.0, 65_536


class Server:
    """Serves a site.

    Args:
        site: the pages.
        door: who may come in.
    """

    def __init__(self, site: Site, door: Door) -> None:
        self._site, self._door = site, door
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; at ``::`` for IPv4 as well. Raises OSError when that cannot be."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
        self._server = await asyncio.start_server(self._connected, sock=listening, limit=_LONGEST_LINE)

    async def stop(self) -> None:
        """Listen no more, and end what is open: a stream would go on for ever."""
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (asyncio runs this in a task)
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            log.debug("a visitor went away: %s", error)
        except asyncio.CancelledError:
            # Only ``stop`` does that, and waits; asyncio would print it as a fault (Python 3.11).
            log.debug("a visitor was sent away")
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        stream = _Stream(writer)
        if not peer or not self._door.admits(peer[0]) or len(self._open) > MOST_CONNECTIONS:
            # Without a look at what is asked.
            await _write(_refusal(403 if len(self._open) <= MOST_CONNECTIONS else 503), stream)
            await _linger(reader, writer)
            return
        try:
            async with asyncio.timeout(_ASK_WITHIN_S):
                asked = await read_request(reader)
            if asked is None:
                return
            answer = await self._answer(asked, peer)
        except BadRequestError as error:
            log.debug("refused: %s", error.reason)
            await _write(_refusal(error.status), stream)
            await _linger(reader, writer)
            return
        await _write(answer, stream)

    async def _answer(self, asked: Asked, peer: tuple[str, int]) -> Response:
        if not self._door.is_called(asked.headers.get("host", "")):
            raise BadRequestError(421, "called by a name that is not its own")
        headers = NoCaseDict(asked.headers)
        try:
            request = Request(self._site.app, peer, asked.method, asked.target, "1.1", headers, body=asked.body)
        except ValueError as error:
            raise BadRequestError(400, "not an address") from error
        answer: Response = await self._site.app.dispatch_request(request)
        return answer


class _Stream:
    """What microdot writes to: somebody who takes nothing is not waited for."""

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer

    async def awrite(self, data: bytes) -> None:
        """Write, within a time limit."""
        self._writer.write(data)
        async with asyncio.timeout(_TAKE_WITHIN_S):
            await self._writer.drain()


async def _write(answer: Response, stream: _Stream) -> None:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers["Connection"] = "close"
    body = answer.body
    try:
        await answer.write(stream)  # type: ignore[arg-type] # it asks for no more than awrite
    finally:
        # A stream that was cut off says so to what feeds it.
        if hasattr(body, "aclose"):
            await body.aclose()


async def _linger(reader: StreamReader, writer: StreamWriter) -> None:
    """Let the refusal arrive: closing with something unread would take it back (RFC 9112 §9.6)."""
    writer.write_eof()
    left = _MOST_UNREAD_BYTES
    async with asyncio.timeout(_LINGER_S):
        while left > 0 and (piece := await reader.read(_LONGEST_LINE)):
            left -= len(piece)


def _refusal(status: int) -> Response:
    return Response("", status, {"Content-Type": "text/plain"})
