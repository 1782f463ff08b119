"""HTTP on a socket, in clear or by TLS: one request a connection, through the door, all within bounds and in time.

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
from typing import TYPE_CHECKING, Protocol

from microdot import Request, Response
from microdot.microdot import NoCaseDict

from gateway.web.http.guard import HEADERS, BadRequestError, PageRequest, RequestGuard, network_of, read_body, read_head
from gateway.web.http.packing import pack
from gateway.web.http.room import ConnectionLimit, ConnectionPlace

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Iterator

    from gateway.web.http.upload import UploadedForm
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
# A handshake is so many turns and a millisecond of arithmetic.
_ENCRYPT_WITHIN_S, _NO_FILES_S = 5.0, 1.0
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
        # Who answers instead of the site, at the address of this machine that somebody has come to; None: nobody does.
        self.elsewhere: Callable[[str], ElsewhereSite | None] = lambda _: None
        # Requests of who is not at home, or calls this page by another name, since it is served.
        self.turned_away = 0
        self._open: set[asyncio.Task[None]] = set()
        self._strangers, self._known = (
            ConnectionLimit(MOST_STRANGERS, MOST_OF_ADDRESS),
            ConnectionLimit(MOST_KNOWN, MOST_OF_KNOWN),
        )
        self._refused = ConnectionLimit(MOST_REFUSED, MOST_REFUSED)
        self._server: asyncio.Server | None = None
        # By TLS: who waits for visitors, and what it is spoken with from the next one on.
        self._door_by_tls: asyncio.Task[None] | None = None
        self._context: ssl.SSLContext | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; at ``::`` for IPv4 as well. Raises OSError when that cannot be."""
        self._server = await asyncio.start_server(self._connected, sock=_listen(host, port), limit=_LONGEST_LINE)

    def start_tls(self, host: str, port: int, context: ssl.SSLContext) -> None:
        """The same by TLS. Raises OSError when that cannot be."""
        listening = _listen(host, port)
        listening.setblocking(False)
        self._context = context
        self._door_by_tls = asyncio.get_running_loop().create_task(self._accept(listening))

    def is_called(self, host: str) -> bool:
        """Whether a Host header names this page."""
        return self._door.is_called(host)

    @property
    def speaks_tls(self) -> bool:
        """Whether it listens for TLS."""
        return self._door_by_tls is not None and not self._door_by_tls.done()

    def renew_tls(self, context: ssl.SSLContext) -> None:
        """Show another certificate from the next visitor on; who is here already goes on."""
        self._context = context

    async def stop_tls(self) -> None:
        """Let nobody in by TLS any more; who is here goes on."""
        if self._door_by_tls:
            self._door_by_tls.cancel()
            await asyncio.gather(self._door_by_tls, return_exceptions=True)
        self._door_by_tls = self._context = None

    async def stop(self) -> None:
        """Listen no more, and end what is open: a stream would go on for ever."""
        await self.stop_tls()
        if self._server:
            # Who was let in this very turn is served in the next: asyncio leaves his socket open where the server has
            # been closed by then. So nobody more is let in first.
            for listening in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listening)
            await asyncio.sleep(0)
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    link, address = await loop.sock_accept(listening)
                except OSError as error:
                    log.debug("a visitor cannot be let in: %s", error)
                    await asyncio.sleep(_NO_FILES_S)
                    continue
                self._keep(loop.create_task(self._attend_by_tls(link, address[:2])), link.close)

    def _keep(self, task: asyncio.Task[None], end: Callable[[], object]) -> None:
        """Known before its first turn, or who comes while the page is stopped would be left open."""
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        task.add_done_callback(lambda _: end())

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self._server is None:
            writer.transport.abort()
            return
        # Who has gone already has no address, and is not at home.
        peer = (writer.get_extra_info("peername") or ("", 0))[:2]
        visit = _Visit(peer)
        visit.instead = self.elsewhere(network_of((writer.get_extra_info("sockname") or ("",))[0]))
        attend = asyncio.get_running_loop().create_task(self._attend(reader, writer, visit))
        # One that has ended by itself is not to be ended: asyncio falls over that.
        self._keep(attend, lambda: None if visit.gone else writer.transport.abort())

    async def _attend_by_tls(self, link: socket.socket, peer: tuple[str, int]) -> None:
        """Its place first: a handshake that never ends holds a place, as a request does."""
        from gateway.web.http.tls import encrypted  # noqa: PLC0415 (it is here: the certificate was read with it)

        visit = _Visit(peer, "https")
        try:
            self._let_in(visit)
        except BadRequestError as error:
            # Whoever may not come in is not worth a handshake in which it could be told.
            log.debug("refused: %s", error.reason)
            return
        assert self._context is not None, "there is one while somebody listens"  # noqa: S101
        try:
            reader, writer = await encrypted(link, self._context, _ENCRYPT_WITHIN_S, _TAKE_WITHIN_S, _LONGEST_LINE)
        except (OSError, asyncio.CancelledError) as error:
            log.debug("no encryption with a visitor: %s", error)
            visit.end()
            return
        try:
            await self._attend(reader, writer, visit)
        finally:
            if not visit.gone:
                writer.transport.abort()

    async def _attend(self, reader: StreamReader, writer: StreamWriter, visit: _Visit) -> None:
        try:
            await self._serve(reader, writer, visit)
            # What was written is on its way still: until it has gone the place is taken.
            writer.close()
            async with asyncio.timeout(_TAKE_WITHIN_S):
                await writer.wait_closed()
            visit.gone = True
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
            if not visit.has_place:
                self._let_in(visit)
            async with asyncio.timeout(_ASK_WITHIN_S):
                asked = await read_head(reader)
                if asked is None:
                    return
                request = self._request(asked, visit)
                if known := self._site.knows(request):
                    visit.enter(self._known, known)
                # A file is taken of who is signed in alone: neither of a stranger, nor of a screen, nor of one who was.
                form = _upload(reader, asked.headers)
                form = form if form and self._site.entrance.session_of(request) else None
                body = await form.read_fields() if form else await read_body(reader, asked.headers)
                # The pages are asked with what stands before a file, whose length is none of theirs.
                own = asked.headers | ({"content-length": str(len(body))} if form else {})
                asked = replace(asked, headers=own, body=body)
            request = self._request(asked, visit)
            request.g.upload = form
            with visit.busy():
                answering = visit.instead or self._site
                answer = await answering.answer(request)
                await pack(answer, request.method, request.headers)
            if form:
                # What is of no use any more holds no place that somebody else wants.
                await form.pass_over()
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
            self.turned_away += 1
            raise BadRequestError(403, "not at home")
        visit.enter(self._strangers, network_of(visit.peer[0]))

    def _request(self, asked: PageRequest, visit: _Visit) -> Request:
        if visit.instead is None and not self._door.is_called(asked.headers.get("host", "")):
            self.turned_away += 1
            raise BadRequestError(421, "called by a name that is not its own")
        said = (asked.method, asked.target, "1.1", NoCaseDict(asked.headers))
        try:
            return Request(self._site.app, visit.peer, *said, body=asked.body, scheme=visit.scheme)
        except ValueError as error:
            raise BadRequestError(400, "not an address") from error


class ElsewhereSite(Protocol):
    """Who answers whatever is asked at another address of this machine, by whatever name."""

    async def answer(self, request: Request) -> Response:
        """The answer; ``request`` has passed the door but for the name by which it calls this machine."""


class _Visit:
    """One connection and its place; of the task in which it first has one."""

    def __init__(self, peer: tuple[str, int], scheme: str = "http") -> None:
        self.peer, self.scheme = peer, scheme
        # Whether all was said, and the connection has ended.
        self.gone = False
        self.instead: ElsewhereSite | None = None
        self._room: ConnectionLimit | None = None
        self._place: ConnectionPlace | None = None

    @property
    def has_place(self) -> bool:
        """Whether it has one."""
        return self._place is not None

    def enter(self, room: ConnectionLimit, holder: str) -> None:
        """Leave the place that it has for one in this room. Raises BadRequestError when there is none."""
        self.end()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (asyncio runs this in a task)
        place = ConnectionPlace(holder, self.peer[0], task.cancel)
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
    # TLS knows no half that is closed: its refusal says how long it is.
    if writer.can_write_eof():
        writer.write_eof()
    left = _MOST_UNREAD_BYTES
    async with asyncio.timeout(_LINGER_S):
        while left > 0 and (piece := await reader.read(_LONGEST_LINE)):
            left -= len(piece)


def _upload(reader: StreamReader, headers: dict[str, str]) -> UploadedForm | None:
    """A form with a file; None where it is another one. Raises BadRequestError."""
    if not headers.get("content-type", "").lower().startswith("multipart/"):
        return None
    from gateway.web.http.upload import UploadedForm  # noqa: PLC0415 (few visits bring a file)

    return UploadedForm(reader, headers)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")


def _refusal(status: int) -> Response:
    return Response("", status, {"Content-Type": "text/plain"})
