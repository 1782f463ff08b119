"""A meter's bytes to several ports at once, each of them a pty: what one reader does harms no other.

The bytes come from the simulated meter by TCP as an 8N1 port reads them. A port holds what its reader has not taken, as
a board's UART does, up to ``room`` bytes; then the newest are lost.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import tty
from typing import Self

_CHUNK = 4096


class Port:
    """One end: ``path`` is what a reader opens."""

    def __init__(self, room: int) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self._room, self._held = room, bytearray()
        self.lost = 0

    def give(self, data: bytes) -> None:
        """Hold the bytes, and hand over what the reader takes."""
        fits = data[: max(0, self._room - len(self._held))]
        self.lost += len(data) - len(fits)
        self._held += fits
        self.flush()

    def flush(self) -> None:
        """Hand over what the reader takes now."""
        while self._held:
            try:
                del self._held[: os.write(self.master, self._held)]
            except BlockingIOError:
                return

    def close(self) -> None:
        """Take the port away."""
        os.close(self.master)
        os.close(self._slave)


class Wire:
    """The way from a meter (``host:port``) to ``count`` ports; ``heard`` is all that came."""

    def __init__(self, meter: str, count: int = 1, room: int = 1 << 20) -> None:
        host, _, port = meter.rpartition(":")
        self._meter = socket.create_connection((host.removeprefix("socket://"), int(port)))
        self.ports = [Port(room) for _ in range(count)]
        self.heard = bytearray()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="wire")

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._meter, selectors.EVENT_READ)
            while not self._stop.is_set():
                data = self._meter.recv(_CHUNK) if selector.select(0.02) else b""
                self.heard += data
                for port in self.ports:
                    port.give(data)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._meter.close()
        for port in self.ports:
            port.close()
