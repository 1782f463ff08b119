"""TLS for the page: what it is spoken with, what a browser would be shown, and a connection that becomes one of it.

TLS 1.3 alone: whatever can be given the authority of the house speaks it (browsers since 2019), and nothing of a
visitor is kept between two connections. No network in ``shown``: it looks at a certificate as a browser does.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from asyncio import StreamReader, StreamReaderProtocol, StreamWriter
from asyncio.sslproto import SSLProtocol
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from gateway.errors import AccessError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from pathlib import Path

_UNREADABLE = Phrase("{path}: cannot be read: {why}")
_NO_PAIR = Phrase("{path}: no certificate with its key: {why}")

# X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h): whether it has ended is for who asks.
_WHATEVER_THE_TIME = 0x200000

# What a browser has not taken yet lies in the kernel's buffers, as in clear, and so much of it here (asyncio: 512 kB).
_MOST_WAITING_BYTES = 65_536

# asyncio keeps 256 kB of each connection for what it decrypts at once: 60 MB for a crowd of 200 that says no more than
# hello. A record has 16 kB at most (RFC 8446 §5.1), and what is longer comes in several: 75 kB of each, as measured.
SSLProtocol.max_size = 16_384


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """What a browser is shown: names, addresses as they are written, who signed, from when until when it is good.

    ``sha256`` is its fingerprint, as digits.
    """

    names: frozenset[str]
    addresses: frozenset[str]
    issuer: str
    since: datetime
    until: datetime
    sha256: str = ""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What the page speaks with the certificate (and those between) of one file and the key of one, maybe the same.

    Raises AccessError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Never asks at a terminal: a key with a passphrase is none that a service can use.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise AccessError(_NO_PAIR.filled(path=certificate, why=error.reason or error)) from error
    except OSError as error:
        raise AccessError(
            _UNREADABLE.filled(path=key if certificate.is_file() else certificate, why=reason(error))
        ) from error
    return context


def shown(context: ssl.SSLContext, certificate: Path) -> ShownCertificate:
    """What who connects is shown: by a handshake of this machine with itself, in memory. Raises AccessError."""
    visitor = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    visitor.check_hostname = False
    visitor.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_WHATEVER_THE_TIME)
    try:
        visitor.load_verify_locations(certificate)
        asked, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
        browser = visitor.wrap_bio(answered, asked)
        page = context.wrap_bio(asked, answered, server_side=True)
        for side in (browser, page, browser, page):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        told = browser.getpeercert() or {}
        whole = browser.getpeercert(binary_form=True) or b""
        return replace(_read(told), sha256=hashlib.sha256(whole).hexdigest())
    except (OSError, ValueError, KeyError) as error:
        raise AccessError(_NO_PAIR.filled(path=certificate, why=getattr(error, "reason", None) or error)) from error


def _read(told: Mapping[str, object]) -> ShownCertificate:
    named: Any = told.get("subjectAltName", ())
    issuer: Any = told.get("issuer", ())
    return ShownCertificate(
        frozenset(str(text).lower() for kind, text in named if kind == "DNS"),
        frozenset(str(ip_address(text.strip())) for kind, text in named if kind == "IP Address"),
        next((text for part in issuer for kind, text in part if kind == "commonName"), ""),
        _time(str(told["notBefore"])),
        _time(str(told["notAfter"])),
    )


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


async def encrypted(
    link: socket.socket, context: ssl.SSLContext, within_s: float, goodbye_s: float, longest_line: int
) -> tuple[StreamReader, StreamWriter]:
    """The connection that was accepted, after its handshake. Raises OSError (of ssl, too).

    Args:
        link: the connection.
        context: what TLS is spoken with.
        within_s: for how long the handshake may take.
        goodbye_s: for how long what was written last may be on its way, after it is closed.
        longest_line: what a line may have, in bytes.
    """
    loop = asyncio.get_running_loop()
    reader = StreamReader(limit=longest_line)
    protocol = StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, link, ssl=context, ssl_handshake_timeout=within_s, ssl_shutdown_timeout=goodbye_s
    )
    transport.set_write_buffer_limits(high=_MOST_WAITING_BYTES)
    return reader, StreamWriter(transport, protocol, reader, loop)
