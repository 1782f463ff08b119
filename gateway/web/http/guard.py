"""The door: who may connect, by which name the page may be called, what a request may look like, what is answered.

Everything here is decided before any page is asked. What is no HTTP is data of a stranger: refused, never raised.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import Iterable

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_HEAD_BYTES, MOST_BODY_BYTES = 8192, 8192

# The addresses of a home (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
_HOME = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10".split()
    )
)

# Nothing but the page's own files is loaded, nothing is asked of another host, no other page shows this one.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # "no-referrer" would take the origin from our own forms, by which a forged one is known.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Any machine takes any address of its network (RFC 4291 §2.5.1).
_ONE_HOLDER_BITS = 64

_REQUEST = re.compile(rb"(GET|HEAD|POST) (/[!-~]*) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")

# What avahi makes of a name that another machine has already; nobody outside the house can give one that ends so.
_RENAMED = re.compile(r"-\d{1,3}(?=\.local$)")


class BadRequestError(ValueError):
    """What came is no request that this door lets through; ``status`` is the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request that looks as it should; the names of ``headers`` are in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RequestGuard:
    """Who may come in.

    ``names`` are the page's own names besides addresses of the home; ``networks`` are let in besides the home's.
    """

    names: frozenset[str]
    networks: tuple[Network, ...] = field(default=())

    def admits(self, peer: str) -> bool:
        """Whether somebody at this address may connect."""
        return _within(peer, (*_HOME, *self.networks))

    def is_called(self, host: str) -> bool:
        """Whether the Host header is a name of this page: another one is somebody's trick (DNS rebinding)."""
        name = named(host)
        if not name:
            return False
        return _RENAMED.sub("", name) in self.names or name in self.names or _within(name, (*_HOME, *self.networks))


def named(host: str) -> str:
    """The name or number in a Host header, without brackets and port; empty where it is no such header."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").rstrip(".").lower() if found else ""


def own_names(hostname: str, more: Iterable[str] = ()) -> frozenset[str]:
    """What a machine of that name is called in its own house."""
    first = hostname.partition(".")[0].lower()
    local = (f"{first}.{end}" for end in ("local", "lan", "home", "home.arpa"))
    return frozenset({"localhost", first, hostname.lower(), *local, *(name.lower() for name in more)})


def is_own_origin(headers: dict[str, str], scheme: str = "http") -> bool:
    """Whether a form was sent from a page of this one, as far as the browser says; by TLS from none in clear."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    said, _, host = (origin or "").partition("://")
    return origin is None or (host.lower() == headers.get("host", "").lower() and scheme in {"http", said})


async def read_head(reader: StreamReader) -> PageRequest | None:
    """The next request without its body; None when nobody asks anything. Raises BadRequestError."""
    lines = []
    size = 0
    while line := await _line(reader):
        size += len(line)
        if size > MOST_HEAD_BYTES:
            raise BadRequestError(431, "too long")
        text = line.rstrip(b"\r\n")
        if not text:
            break
        lines.append(text)
    if not lines:
        return None
    first = _REQUEST.fullmatch(lines[0])
    if not first:
        raise BadRequestError(400, "not a request")
    headers = _headers(lines[1:])
    return PageRequest(first[1].decode(), first[2].decode(), headers, b"")


async def _line(reader: StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError as error:
        raise BadRequestError(431, "too long") from error


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        name = found[1].decode().lower() if found else ""
        # Twice the same host or length: two readers could each believe another one.
        if not found or (name in headers and name in {"host", "content-length", "cookie", "origin"}):
            raise BadRequestError(400, "not a header")
        headers[name] = found[2].decode("latin-1").strip()
    return headers


async def read_body(reader: StreamReader, headers: dict[str, str]) -> bytes:
    """The body of a request with these headers. Raises BadRequestError."""
    if "transfer-encoding" in headers:
        raise BadRequestError(411, "say how long it is")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadRequestError(400, "not a length")
    if len(length) > 9 or int(length) > MOST_BODY_BYTES:
        raise BadRequestError(413, "too long")
    return await reader.readexactly(int(length))


def network_of(peer: str) -> str:
    """The visitor at this address, as limits count visitors: who has an IPv6 network has all of its addresses."""
    found = _address(peer)
    if found is None:
        return peer
    return str(ipaddress.ip_network((found, _ONE_HOLDER_BITS), strict=False)) if found.version == 6 else str(found)


def _within(address: str, networks: Iterable[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """What stands there; of IPv4 that comes in at ``::`` the IPv4 address, or all of it would be one network."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
