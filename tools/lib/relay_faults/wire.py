"""A meter's bytes to several ports at once, each of them a pty: what one reader does harms no other.

The bytes come from the simulated meter by TCP as an 8N1 port reads them. A port holds what its reader has not taken, as
a board's UART does, up to ``room`` bytes; then the newest are lost.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import socket
import struct
import termios
import threading
import tty
from datetime import UTC, datetime
from typing import Self

from gateway.tic.frame import Reader
from gateway.tic.parity import strip_parity
from gateway.tic.reading import meter_time
from servers import wait_until

_CHUNK = 4096


class WirePort:
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

    def flush(self) -> int:
        """Hand over what the reader takes now; how many bytes are left, those that wait in the terminal too."""
        while self._held:
            try:
                del self._held[: os.write(self.master, self._held)]
            except BlockingIOError:
                break
        (waiting,) = struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4)))
        return len(self._held) + waiting

    def close(self) -> None:
        """Take the port away."""
        os.close(self.master)
        os.close(self._slave)


class RelayWire:
    """The way from a meter (``host:port``) to ``count`` ports; ``heard`` is all that came."""

    def __init__(self, meter: str, count: int = 1, room: int = 1 << 20) -> None:
        host, _, port = meter.rpartition(":")
        self._meter = socket.create_connection((host.removeprefix("socket://"), int(port)))
        self.ports = [WirePort(room) for _ in range(count)]
        self.heard = bytearray()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="wire")

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._meter, selectors.EVENT_READ)
            while not self._stop.is_set():
                ready = selector.select(0.02)
                data = self._meter.recv(_CHUNK) if ready else b""
                if ready and not data:
                    return
                self.heard += data
                for port in self.ports:
                    port.give(data)

    def begin(self) -> None:
        """Let the meter's bytes through; until then it waits."""
        self._thread.start()

    def await_end(self, seconds: float) -> None:
        """Wait until the meter has ended and every port's reader has everything."""
        self._thread.join(seconds)
        wait_until(lambda: not any(port.flush() for port in self.ports), seconds, "the ports are read to their end")

    def meter_s(self) -> float:
        """What the meter's clock says in the last whole frame, POSIX."""
        frames = Reader().feed(strip_parity(bytes(self.heard[-_CHUNK:])))
        told = [time for frame in frames if (time := meter_time(frame, datetime.now(UTC)))]
        return told[-1].timestamp()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.ident:
            self._thread.join()
        self._meter.close()
        for port in self.ports:
            port.close()
