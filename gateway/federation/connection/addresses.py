"""Where a server is, when DNS is not to be asked: ``host:port``, or several of a cluster, of which any will do.

By DNS slixmpp goes through the SRV records in the same manner (RFC 6120 §3.2.1): by chance, and on to the next.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLIENT_PORT = 5222


def parse_addresses(written: str | Sequence[str] | None) -> list[tuple[str, int]]:
    """Each ``host:port`` as a pair, none for None; ConfigError for what is none."""
    return [_parse(one) for one in ((written,) if isinstance(written, str) else written or ()) if one]


def shuffled(written: str | Sequence[str] | None) -> list[tuple[str, int]]:
    """The same in an order of chance: the gateways of a fleet spread over the nodes by it."""
    found = parse_addresses(written)
    random.shuffle(found)
    return found


def _parse(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon:
        host, port = address, str(_CLIENT_PORT)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)
