"""Ports for servers that a test starts: given once on this machine, until the process that asked has ended."""

from __future__ import annotations

import os
import socket

from servers.process import RigError

HOST = "127.0.0.1"
# Below the ports that the kernel gives to outgoing connections: none of those can take one between now and its use.
_FIRST, _LAST = 20_000, 32_000
_held: list[socket.socket] = []


def free_port() -> int:
    """A port of the loopback, TCP and UDP, that nobody listens on and that no other caller is given meanwhile.

    Binding port 0 and closing it again gives the same number to two callers now and then; here the number is held by
    the name of an abstract socket, which the kernel frees when this process ends.
    """
    count = _LAST - _FIRST
    for step in range(count):
        port = _FIRST + (os.getpid() * 101 + len(_held) + step) % count
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0linky-gateway-port-{port}")
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as trial:
                    trial.bind((HOST, port))
        except OSError:
            name.close()
            continue
        _held.append(name)
        return port
    raise RigError(f"no free port between {_FIRST} and {_LAST}")
