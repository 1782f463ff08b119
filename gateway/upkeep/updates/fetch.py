"""A file of the folder of releases, by HTTP: so many bytes, so many seconds, from nowhere else than the address says.

What is fetched is believed by its signature alone. Encryption keeps who looks on the way from knowing which version a
house runs: without it only where nobody else is on the way, at loopback and private addresses. Redirections are not
followed. Blocks; for a thread.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from gateway import __version__
from gateway.errors import ReleaseError, reason
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 64 << 10
_CONNECT_S, _STEP_S, _MOST_PLACES, _LONGEST_TAG = 3.0, 10.0, 4, 200
_NO_ADDRESS = Phrase("{url}: is no address of a folder of releases: https://…, or http:// at a private address")
_PUBLIC = Phrase("{url}: without encryption releases are fetched at private addresses alone: write https://")
_NO_ANSWER = Phrase("{host} cannot be reached: {why}")
_REFUSED = Phrase("{host} answered {status} when it was asked for {name}")
_LARGE = Phrase("{name} at {host} is larger than it may be")
_LATE = Phrase("{host} took longer than {seconds} s to give {name}")


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """Where a folder is: scheme, host, port, and the path before its files, which ends with a slash."""

    secure: bool
    host: str
    port: int
    path: str


def address_of(url: str) -> FolderAddress:
    """The address that is written; ReleaseError when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain or parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ReleaseError(_NO_ADDRESS.filled(url=url))
    secure = parts.scheme == "https"
    return FolderAddress(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/") + "/")


def fetch(url: str, name: str, limit: int, seconds: float, etag: str = "") -> tuple[bytes, str] | None:
    """The bytes of a file and its entity tag; None where it is still the one with that tag. ReleaseError."""
    parts: list[bytes] = []
    found = _get(url, name, limit, seconds, parts.append, etag)
    return None if found is None else (b"".join(parts), found)


def download(url: str, name: str, to: BinaryIO, limit: int, seconds: float) -> None:
    """Write a file's bytes to an open one; ReleaseError."""
    _get(url, name, limit, seconds, to.write)


def _get(
    url: str, name: str, limit: int, seconds: float, take: Callable[[bytes], object], etag: str = ""
) -> str | None:
    where = address_of(url)
    end = time.monotonic() + seconds
    late = ReleaseError(_LATE.filled(host=where.host, name=name, seconds=round(seconds)))
    try:
        with _socket(where, url, seconds) as link, link.dup() as guard:
            # Whoever sends a byte now and then would else keep this for ever. By a handle that TLS does not take over.
            timer = threading.Timer(seconds, _hang_up, [guard])
            timer.daemon = True
            timer.start()
            try:
                tag = _ask(_http(where, link), where, name, limit, take, etag)
            finally:
                timer.cancel()
    except ReleaseError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= end:
            raise late from error
        why = reason(error) if isinstance(error, OSError) else same(type(error).__name__)
        raise ReleaseError(_NO_ANSWER.filled(host=where.host, why=why)) from error
    if time.monotonic() >= end:
        raise late
    return tag


def _ask(
    link: http.client.HTTPConnection,
    where: FolderAddress,
    name: str,
    limit: int,
    take: Callable[[bytes], object],
    etag: str,
) -> str | None:
    host = where.host if where.port in (80, 443) else f"{where.host}:{where.port}"
    headers = {"Host": host, "User-Agent": f"linky-gateway/{__version__}", "Connection": "close"}
    link.request("GET", where.path + name, headers=headers | ({"If-None-Match": etag} if etag else {}))
    with link.getresponse() as answer:
        if answer.status == http.HTTPStatus.NOT_MODIFIED and etag:
            return None
        if answer.status != http.HTTPStatus.OK:
            raise ReleaseError(_REFUSED.filled(host=where.host, status=answer.status, name=name))
        taken = 0
        while block := answer.read1(_BLOCK):
            taken += len(block)
            if taken > limit:
                raise ReleaseError(_LARGE.filled(host=where.host, name=name))
            take(block)
        if answer.length:
            # It said how much would come.
            raise http.client.IncompleteRead(b"", answer.length)
        tag = answer.getheader("ETag", "")
    return tag if len(tag) <= _LONGEST_TAG and tag.isascii() and tag.isprintable() else ""


def _socket(where: FolderAddress, url: str, seconds: float) -> socket.socket:
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    if not where.secure:
        found = [place for place in found if _is_private(str(place[4][0]))]
    if not found:
        raise ReleaseError(_PUBLIC.filled(url=url))
    failed: OSError | None = None
    for family, kind, protocol, _, place in found[:_MOST_PLACES]:
        link = socket.socket(family, kind, protocol)
        link.settimeout(min(_CONNECT_S, seconds))
        try:
            link.connect(place)
            link.settimeout(min(_STEP_S, seconds))
        except OSError as error:
            link.close()
            failed = error
        else:
            return link
    raise failed or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))


def _is_private(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_private


def _http(where: FolderAddress, link: socket.socket) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(where.host, where.port)
    secure = ssl.create_default_context() if where.secure else None
    connection.sock = secure.wrap_socket(link, server_hostname=where.host) if secure else link
    return connection


def _hang_up(link: socket.socket) -> None:
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
