"""Captures: raw bytes from a real port into a file, and such a file as the pieces a line can send again.

The port is opened with termios alone, 7E1 and raw, parity checked (a bad character reads as NUL).
"""

from __future__ import annotations

import os
import select
import socket
import termios
import time
import tty
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from meter.frames import BAUD, ETX, HISTORIC, STANDARD, checksum

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTEN_S = {STANDARD: 4.0, HISTORIC: 10.0}  # before trying the other speed


class CaptureSourceError(OSError):
    """A port or file that gives nothing usable; the message is one sentence for a person."""


def open_port(name: str, baud: int) -> int:
    """A descriptor, non-blocking, of a tty (raw, 7E1, parity checked) or of ``socket://HOST:PORT``.

    Raises:
        CaptureError: it cannot be opened, or is no tty.
    """
    try:
        if name.startswith("socket://"):
            host, _, port = name.removeprefix("socket://").rpartition(":")
            connection = socket.create_connection((host.strip("[]"), int(port)), timeout=5)
            connection.setblocking(False)
            return connection.detach()
        descriptor = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not HOST:PORT"
        raise CaptureSourceError(f"{name} cannot be opened: {reason}") from error
    try:
        set_line(descriptor, baud)
    except termios.error as error:
        os.close(descriptor)
        raise CaptureSourceError(f"{name} is not a serial port") from error
    return descriptor


def set_line(descriptor: int, baud: int) -> None:
    """Raw mode, 7E1 at this speed, a character with bad parity delivered as NUL."""
    tty.setraw(descriptor)
    settings = termios.tcgetattr(descriptor)
    settings[0] = termios.INPCK
    settings[2] = termios.CS7 | termios.PARENB | termios.CREAD | termios.CLOCAL
    settings[4] = settings[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    # What was heard until now was heard at another speed.
    termios.tcflush(descriptor, termios.TCIFLUSH)


def read_some(descriptor: int, wait_s: float) -> bytes | None:
    """Bytes that came within this time, b"" for none, None when the port is gone."""
    if not select.select([descriptor], [], [], max(wait_s, 0.0))[0]:
        return b""
    try:
        return os.read(descriptor, 4096) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None


class CaptureTally:
    """Counts bytes and groups as they come in, keeping only the unfinished group."""

    def __init__(self) -> None:
        self.bytes = self.good = self.bad = 0
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Counts these bytes; a group is good when its checksum is right, by either separator."""
        self.bytes += len(data)
        *segments, self._rest = (self._rest + data).split(b"\r")
        self._rest = self._rest[-256:]
        for segment in segments:
            good = _separator(segment.rpartition(b"\n")[2]) is not None
            self.good += good
            self.bad += not good


def capture(name: str, file: BinaryIO, *, mode: str = "auto", seconds: float | None = None) -> tuple[CaptureTally, int]:
    """Writes what the port says into ``file`` until time is up, the port goes, or KeyboardInterrupt.

    Returns:
        The counts, and the speed used.
    """
    heard, tally = b"", CaptureTally()
    if mode == "auto":
        mode, heard = (STANDARD, b"") if name.startswith("socket://") else _find_mode(name)
    file.write(heard)
    tally.feed(heard)
    with suppress(KeyboardInterrupt):  # the person has enough
        for data in _heard(name, BAUD[mode], float("inf") if seconds is None else seconds):
            file.write(data)
            tally.feed(data)
    return tally, BAUD[mode]


def mode_of(data: bytes) -> str:
    """Mode of a capture, by its first good group.

    Raises:
        CaptureError: there is none.
    """
    for segment in bytes(byte & 0x7F for byte in data).split(b"\r"):
        separator = _separator(segment.rpartition(b"\n")[2])
        if separator is not None:
            return STANDARD if separator == b"\t" else HISTORIC
    raise CaptureSourceError("no group with a right checksum in the file: the mode cannot be guessed, give --mode")


def pieces_of(path: Path, *, loop: bool = False) -> Iterator[bytes]:
    """The file cut after each ETX, again and again with ``loop``."""
    pieces = [piece + ETX for piece in path.read_bytes().split(ETX)]  # even parity leaves ETX as it is
    pieces[-1] = pieces[-1][:-1]
    while True:
        yield from (piece for piece in pieces if piece)
        if not loop:
            return


def _separator(group: bytes) -> bytes | None:
    """The separator of a group whose checksum is right, else None."""
    if len(group) < 5:
        return None
    separator = group[-2:-1]
    body = group[:-1] if separator == b"\t" else group[:-2]
    return separator if separator in {b"\t", b" "} and group[-1:] == checksum(body) else None


def _find_mode(name: str) -> tuple[str, bytes]:
    """The mode in which the port says two good groups, and what was heard of it."""
    for mode in (STANDARD, HISTORIC):
        heard, tally = b"", CaptureTally()
        for data in _heard(name, BAUD[mode], LISTEN_S[mode]):
            heard += data
            tally.feed(data)
            if tally.good >= 2:
                return mode, heard
    raise CaptureSourceError(f"{name} gives no valid group at 9600 or 1200 Bd: check the wiring, or choose --mode")


def _heard(name: str, baud: int, seconds: float) -> Iterator[bytes]:
    """What the port says, until time is up or it goes."""
    descriptor, end = open_port(name, baud), time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            data = read_some(descriptor, min(0.5, left))
            if data is None:
                return
            yield data
    finally:
        os.close(descriptor)
