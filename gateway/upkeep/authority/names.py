"""What the house's own authority signs for: this machine's names and addresses, among those of no machine elsewhere.

Light: the daemon asks here what its certificate should say.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6762, RFC 8375; RFC 1918, RFC 3927 and RFC 4193.
DOMAINS = ("local", "home.arpa")
NETWORKS = tuple(map(ipaddress.ip_network, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 fd00::/8".split()))

MOST_NAMES, MOST_ADDRESSES = 8, 16

_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(local|home\.arpa)")
# fib_trie of Linux says each address before what it is.
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL")
# Changed each day, doubted, or in use already (linux/if_addr.h): IFA_F_TEMPORARY, _TENTATIVE, _DADFAILED.
_PASSING_FLAGS = 0x01 | 0x40 | 0x08


def can_sign(name: str) -> bool:
    """Whether the authority can sign for that name."""
    return _NAME.fullmatch(name) is not None


def is_named(name: str, hostname: str) -> bool:
    """Whether a machine of that host name is called so in its house, also where avahi found its name taken."""
    first = re.escape(hostname.partition(".")[0].lower())
    return re.fullmatch(rf"{first}(-\d{{1,3}})?\.local|{first}\.home\.arpa", name) is not None


def plain(name: str) -> str:
    """A name as it stands in a certificate, however it is written."""
    return name.lower().rstrip(".")


def own_names(hostname: str, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The names for which a machine's certificate is good, its own first."""
    first = hostname.partition(".")[0].lower()
    names = (f"{first}.local", f"{first}.home.arpa", *map(plain, more))
    return tuple(dict.fromkeys(filter(can_sign, names)))[:MOST_NAMES]


def own_addresses(proc: Path = Path("/proc")) -> tuple[str, ...]:
    """This machine's private addresses that stay; from the kernel's tables, without a socket."""
    found: set[Address] = set(map(ipaddress.IPv4Address, _LOCAL.findall(_text(proc / "self" / "net" / "fib_trie"))))
    for line in _text(proc / "self" / "net" / "if_inet6").splitlines():
        number, _, _, _, flags, _ = line.split(maxsplit=5)
        if not int(flags, 16) & _PASSING_FLAGS:
            found.add(ipaddress.IPv6Address(bytes.fromhex(number)))
    private = {one for one in found if any(one in network for network in NETWORKS)}
    return tuple(map(str, sorted(private, key=lambda one: (one.version, one.packed))[:MOST_ADDRESSES]))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
