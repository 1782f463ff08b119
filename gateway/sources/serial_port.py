"""A serial port as a TIC line needs it: 7E1, raw, exclusive, parity really checked, no control line touched.

pyserial clears INPCK, so the kernel would be told not to look at the parity; it is set back here. With INPCK and
neither IGNPAR nor PARMRK a byte of wrong parity arrives as NUL, which the checksum then refuses (termios(3)): of
20,000 frames with one flipped bit this takes the wrong values accepted from 1,916 to 0.
"""

from __future__ import annotations

import asyncio
import errno
import os
import termios
from pathlib import Path

import serial

from gateway.errors import PortError, because
from gateway.sources.adapter import NO_PORT, Adapter
from gateway.words.phrase import Phrase, same

# Enedis-NOI-CPT_54E §5.3.5: standard 9600 Bd, historic 1200 Bd.
SPEEDS: tuple[int, ...] = (9600, 1200)

_READ_BYTES = 4096

_NOT_SERIAL = Phrase("not a serial port: name one of /dev/serial/by-id")
_NOTHING_THERE = Phrase("no device behind this port: is the adapter plugged in?")
_HELD = Phrase("held by another program: close it")
_ADVICE = {
    errno.ENOENT: NO_PORT,
    errno.EIO: _NOTHING_THERE,
    errno.ENXIO: _NOTHING_THERE,
    errno.ENODEV: _NOTHING_THERE,
    errno.ENOTTY: _NOT_SERIAL,
    errno.EISDIR: _NOT_SERIAL,
    errno.EACCES: Phrase("permission denied: add the user to the group dialout"),
    # Not the file's owner and mode: the device rules of a service or a container, made before the driver was there.
    errno.EPERM: Phrase("refused by the service's rules: restart it (sudo systemctl restart linky-gateway)"),
    errno.EBUSY: _HELD,
    errno.EAGAIN: _HELD,
    errno.EWOULDBLOCK: _HELD,
}

_REFUSED = Phrase("{name}: {why}")
_LOST = Phrase("{name}: lost: {why}")
_NOT_OPEN = Phrase("{name}: not open")


class SerialSource:
    """A tty, by its path or by the adapter that it belongs to."""

    speeds = SPEEDS
    finite = False

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        # What it is called in a sentence: the port's path while that is known.
        self._name = adapter.name
        self._port: serial.Serial | None = None
        self._speed = SPEEDS[0]

    async def open(self) -> Phrase:
        """Open the port at the speed that was last set; which one it is, in words."""
        path = self._adapter.find()
        self._name = str(path)
        try:
            self._port = serial.Serial(
                self._name,
                self._speed,
                bytesize=serial.SEVENBITS,
                parity=serial.PARITY_EVEN,
                stopbits=serial.STOPBITS_ONE,
                timeout=0,
                rtscts=False,
                dsrdtr=False,
                xonxoff=False,
                exclusive=True,
            )
            _complete_settings(self._port.fileno())
        except (OSError, ValueError, termios.error) as error:
            self.close()
            raise PortError(_REFUSED.filled(name=self._name, why=_reason(error))) from error
        try:
            return self._adapter.confirm()
        except PortError:
            self.close()
            raise

    def where(self) -> Path | None:
        """The path that would be opened now; None when there is none. Nothing is opened."""
        try:
            return self._adapter.find()
        except PortError:
            return None

    @property
    def path(self) -> Path | None:
        """The port that is open; None when none is."""
        return Path(self._name) if self._port else None

    def fileno(self) -> int | None:
        """The descriptor of the open port, to look at it and not to read; None when none is open."""
        return self._port.fileno() if self._port else None

    async def read(self) -> bytes:
        """Wait for bytes; PortError when the port is gone (unplugged, hung up)."""
        if self._port is None:
            raise PortError(_NOT_OPEN.filled(name=self._name))
        fd = self._port.fileno()
        # However fast bytes come, others have their turn. A wait may be cancelled: bytes are taken behind it, at once.
        await asyncio.sleep(0)
        while True:
            try:
                data = os.read(fd, _READ_BYTES)
            except BlockingIOError:
                await _readable(fd)
                continue
            except OSError as error:
                raise PortError(_LOST.filled(name=self._name, why=_reason(error))) from error
            if not data:
                raise PortError(_LOST.filled(name=self._name, why=_ADVICE[errno.EIO]))
            return data

    def set_speed(self, speed: int) -> None:
        """Change the speed; what was received at the former one is thrown away."""
        self._speed = speed
        if self._port is None:
            return
        try:
            self._port.baudrate = speed
            _complete_settings(self._port.fileno())
            self._port.reset_input_buffer()
        except (OSError, termios.error) as error:
            raise PortError(_LOST.filled(name=self._name, why=_reason(error))) from error

    def close(self) -> None:
        """Close the port, without a hang-up on its control lines."""
        port, self._port = self._port, None
        if port is not None:
            port.close()


def _complete_settings(fd: int) -> None:
    """What pyserial does not set, or undoes at each change of speed: INPCK above all (see the module).

    HUPCL off: a close must not reset a board that listens to DTR. BRKINT off: a break must not flush what was
    received. VMIN 1: otherwise a read that finds nothing returns empty, which is how a hang-up looks.
    """
    settings = termios.tcgetattr(fd)
    settings[0] &= ~(termios.IGNPAR | termios.PARMRK | termios.ISTRIP | termios.BRKINT)
    settings[0] |= termios.INPCK
    settings[2] &= ~termios.HUPCL
    settings[6][termios.VMIN] = 1
    termios.tcsetattr(fd, termios.TCSANOW, settings)


async def _readable(fd: int) -> None:
    """Wait until a read would not block: bytes, or a hang-up."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, _wake, readable)
    try:
        await readable
    finally:
        loop.remove_reader(fd)


def _wake(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


def _reason(error: Exception) -> Phrase:
    """What a person can do about it, in place of pyserial's words."""
    # pyserial keeps the number of a failed setting only in the exception that it translated.
    cause = error if getattr(error, "errno", None) else error.__context__ or error
    number = cause.args[0] if isinstance(cause, termios.error) else getattr(cause, "errno", None)
    return _ADVICE.get(number) or because(number) if number else same(str(error))
