"""HTTP on a socket: one request a connection, through the door, with a time limit and a bound on everything.

Who has said nothing yet has one of the places of strangers, so many for each network: a new one takes the oldest of
whoever holds most, so that a crowd of slow connections closes the page to itself alone. Whoever the pages know by a
cookie or a link moves on to places where no stranger comes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from microdot import Request, Response
from microdot.microdot import NoCaseDict

from gateway.web.http.guard import HEADERS, BadRequestError, PageRequest, RequestGuard, network_of, read_body, read_head
from gateway.web.http.room import ConnectionLimit, ConnectionPlace

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Iterator

    from gateway.web.site import Site

log = logging.getLogger(__name__)

# Connections of whom nobody knows, or not yet: in all and of one address (of IPv6: one network). Enough of one that a
# browser's request has come before as many newer ones could take its place.
MOST_STRANGERS, MOST_OF_ADDRESS = 192, 96
# Connections of who is known: in all, and of one browser or display.
MOST_KNOWN, MOST_OF_KNOWN = 64, 32
# Of who is only told that there is nothing here for him.
MOST_REFUSED = 64
_ASK_WITHIN_S, _TAKE_WITHIN_S = 10.0, 20.0
_LONGEST_LINE = 4096
_LINGER_S, _MOST_UNREAD_BYTES = 1.0, 65_536


class Server:
    """Serves a site.

    Args:
        site: the pages.
        door: who may come in.
    """

    def __init__(self, site: Site, door: RequestGuard) -> None:
        self._site, self._door = site, door
        self._open: set[asyncio.Task[None]] = set()
        self._strangers, self._known = (
            ConnectionLimit(MOST_STRANGERS, MOST_OF_ADDRESS),
            ConnectionLimit(MOST_KNOWN, MOST_OF_KNOWN),
        )
        self._refused = ConnectionLimit(MOST_REFUSED, MOST_REFUSED)
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
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        # Known before its first turn, or who comes while the page is stopped would be left open.
        if self._server is None:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._attend(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _attend(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (asyncio runs this in a task)
        visit = _Visit(writer, task)
        try:
            await self._serve(reader, writer, visit)
            # What was written is on its way still: until it has gone the place is taken.
            writer.close()
            async with asyncio.timeout(_TAKE_WITHIN_S):
                await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            log.debug("a visitor went away: %s", error)
        except asyncio.CancelledError:
            # By ``stop``, which waits, or by who has its place now.
            log.debug("a visitor was sent away")
        finally:
            visit.end()

    async def _serve(self, reader: StreamReader, writer: StreamWriter, visit: _Visit) -> None:
        stream = _Stream(writer)
        try:
            self._let_in(visit)
            async with asyncio.timeout(_ASK_WITHIN_S):
                asked = await read_head(reader)
                if asked is None:
                    return
                request = self._request(asked, visit.peer)
                if known := self._site.knows(request):
                    visit.enter(self._known, known)
                asked = replace(asked, body=await read_body(reader, asked.headers))
            with visit.busy():
                answer = await self._site.answer(self._request(asked, visit.peer))
        except BadRequestError as error:
            log.debug("refused: %s", error.reason)
            if not visit.has_place:
                visit.enter(self._refused, network_of(visit.peer[0]))
            await _write(_refusal(error.status), stream)
            await _linger(reader, writer)
            return
        await _write(answer, stream)

    def _let_in(self, visit: _Visit) -> None:
        """Give a place, without a look at what is asked. Raises BadRequestError."""
        if not self._door.admits(visit.peer[0]):
            raise BadRequestError(403, "not at home")
        visit.enter(self._strangers, network_of(visit.peer[0]))

    def _request(self, asked: PageRequest, peer: tuple[str, int]) -> Request:
        if not self._door.is_called(asked.headers.get("host", "")):
            raise BadRequestError(421, "called by a name that is not its own")
        headers = NoCaseDict(asked.headers)
        try:
            return Request(self._site.app, peer, asked.method, asked.target, "1.1", headers, body=asked.body)
        except ValueError as error:
            raise BadRequestError(400, "not an address") from error


class _Visit:
    """One connection and its place."""

    def __init__(self, writer: StreamWriter, task: asyncio.Task[None]) -> None:
        self._task = task
        # Who has gone already has no address, and is not at home.
        self.peer: tuple[str, int] = (writer.get_extra_info("peername") or ("", 0))[:2]
        self._room: ConnectionLimit | None = None
        self._place: ConnectionPlace | None = None

    @property
    def has_place(self) -> bool:
        """Whether it has one."""
        return self._place is not None

    def enter(self, room: ConnectionLimit, holder: str) -> None:
        """Leave the place that it has for one in this room. Raises BadRequestError when there is none."""
        self.end()
        place = ConnectionPlace(holder, self.peer[0], self._task.cancel)
        if not room.enter(place):
            raise BadRequestError(503, "no place")
        self._room, self._place = room, place

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While its answer is made nobody takes its place: what a form does is done."""
        assert self._place is not None, "it has come in"  # noqa: S101
        self._place.busy = True
        try:
            yield
        finally:
            self._place.busy = False

    def end(self) -> None:
        """Give the place back."""
        if self._room and self._place:
            self._room.leave(self._place)
        self._room = self._place = None


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
