"""One POST over HTTP/1.1 (RFC 9112), and its answer: no redirect is followed, and no more is read than is looked at.

In the standard library there is one that blocks; this one gives the loop back, and its ten seconds are all of it,
whatever the other side does: a name that is not answered, a handshake, an answer of one byte a second.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import logging
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.notices.ways.outcome import Outcome, again
from gateway.notices.ways.reach import Reach, Unreachable
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from socket import socket

log = logging.getLogger(__name__)

# All of it, and for one of several numbers.
TIMEOUT_S, _CONNECT_S = 10.0, 3.0
# An answer is a few lines.
_MOST_BYTES = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)

_NO_CERTIFICATE = Phrase("the certificate of {host} is not trusted, or this machine's clock is wrong")
_NO_CONNECTION = Phrase("{host} cannot be reached now")
_NO_ANSWER = Phrase("{host} does not answer now")


@dataclass(frozen=True, slots=True, repr=False)
class Post:
    """What is sent. Its headers and its body may hold a secret: nothing of it is ever shown.

    ``outside``: to a machine of the Internet alone, whatever its name leads to.
    """

    host: str
    port: int
    tls: bool
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    outside: bool = False

    def as_bytes(self) -> bytes:
        """The request."""
        name = f"[{self.host}]" if ":" in self.host else self.host.encode("idna").decode("ascii")
        usual = self.port == (443 if self.tls else 80)
        headers = {
            "Host": name if usual else f"{name}:{self.port}",
            "User-Agent": f"linky-gateway/{__version__}",
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(self.body)),
            "Connection": "close",
            **self.headers,
        }
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1", errors="replace") + self.body


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def post(reach: Reach, request: Post) -> HttpAnswer | Outcome:
    """The reply; else why there is none."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            numbers = await reach.numbers(request.host, request.port, tls=request.tls, outside=request.outside)
            context = await reach.context() if request.tls else None
            return await _ask(numbers, context, request)
    except Unreachable as error:
        return error.outcome
    except ssl.SSLError as error:
        log.debug("a notice's TLS failed: %s", error.reason)
        return again(_NO_CERTIFICATE.filled(host=request.host))
    except TimeoutError:
        return again(_NO_ANSWER.filled(host=request.host))
    except OSError:
        return again(_NO_CONNECTION.filled(host=request.host))


async def _ask(numbers: list[str], context: ssl.SSLContext | None, request: Post) -> HttpAnswer | Outcome:
    for place, number in enumerate(numbers):
        try:
            name = request.host if context else None
            # Where IPv6 leads nowhere there may be IPv4.
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(number, request.port, ssl=context, server_hostname=name)
            break
        except OSError:
            if place == len(numbers) - 1:
                raise
    try:
        writer.write(request.as_bytes())
        await writer.drain()
        read = bytearray()
        with suppress(ConnectionError, TimeoutError):
            # What came until then may be enough.
            async with asyncio.timeout(TIMEOUT_S / 2):
                await _read(reader, read)
        return _parsed(bytes(read)) or again(_NO_ANSWER.filled(host=request.host))
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, read: bytearray) -> None:
    while len(read) < _MOST_BYTES and not _is_whole(read) and (some := await reader.read(8192)):
        read += some


def _is_whole(read: bytearray) -> bool:
    head, found, body = bytes(read).partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n") if found else None
    return bool(length and len(body) >= int(length[1]))


class _Received:
    """Bytes as the standard library's parser wants them: a socket that has said all it says."""

    def __init__(self, read: bytes) -> None:
        self._read = read

    def makefile(self, _mode: str) -> io.BytesIO:
        """A file of them."""
        return io.BytesIO(self._read)


def _parsed(read: bytes) -> HttpAnswer | None:
    """What the answer says; None of what is none."""
    whole: socket = _Received(read)  # type: ignore[assignment]
    try:
        answer = http.client.HTTPResponse(whole, method="POST")
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        body = b""
        with suppress(http.client.HTTPException):
            body = answer.read(_MOST_BYTES)
        return HttpAnswer(answer.status, headers, body)
    except (http.client.HTTPException, ValueError, OSError):
        return None
