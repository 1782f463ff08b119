"""Where a message may go: the numbers behind a name are looked at after they were found, and no others are met.

Never by the loopback, never what no router passes on, in clear only to a machine of the house: an address that a
person wrote, or a name server that lies, makes no request of the gateway's to what is its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from typing import NoReturn

from gateway.addresses.notice import is_private
from gateway.notices.ways.outcome import Outcome, again
from gateway.words.phrase import Phrase

Number = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6598: of a provider, or of a tunnel (Tailscale); whoever is there shows a certificate.
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_MOST_NUMBERS = 4

_UNKNOWN_NAME = Phrase("nobody knows the machine {host} now")
_FORBIDDEN = Phrase("{host} is this machine, or one that alerts may not go to")
_NOT_HOME = Phrase("{host} is not a machine in this house, and would receive the alert unencrypted")


class Unreachable(Exception):  # noqa: N818 (what it says is an outcome, no error of ours)
    """Why nothing was sent."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome.why))
        self.outcome = outcome


class Reach:
    """The network, as notices may use it. A test that has its servers on this machine gives one of its own.

    ``contact`` is to whom a service may write that is sent too much (RFC 8292 §2.1); empty: nobody has said so.
    """

    contact = ""

    async def numbers(self, host: str, port: int, *, tls: bool, outside: bool = False) -> list[str]:
        """The addresses to be tried for a host, as numbers; ``outside``: none of the house. Raises Unreachable."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            _give_up(again(_UNKNOWN_NAME.filled(host=host)))
        texts = list(dict.fromkeys(str(one[4][0]) for one in found))[:_MOST_NUMBERS]
        numbers = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        # A box gives its machines public numbers besides; what may not be met is left out, and a name may say so once.
        met = [self.is_outside(number) if outside else self.may_be_met(number) for number in numbers]
        allowed = [may and (tls or self.is_home(number)) for may, number in zip(met, numbers, strict=True)]
        if not any(allowed):
            _give_up(again((_NOT_HOME if any(met) else _FORBIDDEN).filled(host=host)))
        return [text for text, may in zip(texts, allowed, strict=True) if may]

    def may_be_met(self, number: Number) -> bool:
        """Whether it is a machine of the house, or one of the Internet."""
        plain = getattr(number, "ipv4_mapped", None) or number
        return is_private(plain) or plain in _SHARED or (plain.is_global and not plain.is_multicast)

    def is_outside(self, number: Number) -> bool:
        """Whether it is a machine of the Internet."""
        plain = getattr(number, "ipv4_mapped", None) or number
        return plain.is_global and not plain.is_multicast

    def is_home(self, number: Number) -> bool:
        """Whether it may be told in clear."""
        return is_private(number)

    async def context(self) -> ssl.SSLContext:
        """Certificates are verified, by the system's authorities; made anew, for it is seldom needed and large."""
        return await asyncio.to_thread(ssl.create_default_context)


def _give_up(outcome: Outcome) -> NoReturn:
    raise Unreachable(outcome) from None
