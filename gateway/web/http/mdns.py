"""What this machine is called in the house (``raspberrypi.local``), asked of whoever answers to that name: avahi.

Without avahi nobody answers, and such an address leads nowhere; with two machines of one name the second has become
``raspberrypi-2.local``, which only avahi knows. Its socket takes one line and gives one (avahi-daemon 0.8,
simple-protocol.c): ``RESOLVE-ADDRESS 192.168.1.20`` → ``+ 2 0 raspberrypi.local``, or ``-15 Timeout reached``.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path

SOCKET = Path("/run/avahi-daemon/socket")

# It answers for its own machine at once; just after its start it first asks whether the name is free.
_PATIENCE_S = 2.0
_LONGEST = 1024
_FOUND = re.compile(r"\+ \d+ \d+ ([A-Za-z0-9.-]{1,253}\.local)")


def name_of(number: str, door: Path = SOCKET) -> str | None:
    """The name by which the machine at that address is found; None where nobody says so."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_PATIENCE_S)
        try:
            asked.connect(str(door))
            asked.sendall(f"RESOLVE-ADDRESS {number}\n".encode())
            line = asked.makefile("rb").readline(_LONGEST)
        except OSError:
            return None
    found = _FOUND.fullmatch(line.decode("ascii", "replace").strip())
    return found[1].lower() if found else None
