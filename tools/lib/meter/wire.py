"""The ends of the wire: a pty behind a symbolic link, a TCP server like ser2net's, or a file.

None of them ever blocks or hoards when nobody reads: what is not taken is lost, as on a real wire. A slow reader loses
what its port's own buffer does not hold, unless ``patient`` (then the meter waits; for fast-forward runs).
"""

from __future__ import annotations

import os
import select
import socket
import termios
import tty
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from meter.uart import UartSettings

# Of a patient wire with a reader that has stopped reading: longer than a busy machine holds one up, not for ever.
PATIENCE_S = 20.0
SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 115200)}


class WireError(OSError):
    """An end of the wire that cannot be made; the message is one sentence for a person."""


class SimulatedWire:
    """One end: where bytes go, and how the reader there has set its port.

    ``name`` is what to tell a reader to open; ``paced``: bytes come at the line's pace, not as fast as possible.
    """

    paced = True
    name = ""

    def __init__(self, *, patient: bool = False) -> None:
        self._patient = patient

    def plug(self, baud: int) -> None:
        """Makes the end appear, where there is something to make."""

    def unplug(self) -> None:
        """Makes it vanish."""

    def port(self) -> UartSettings | None:
        """The reader's settings now; None: nobody reads."""
        return UartSettings()

    def write(self, data: bytes) -> None:
        """Delivers what can be delivered now."""
        raise NotImplementedError

    def watched(self) -> list[int]:
        """Descriptors on which something may come in."""
        return []

    def service(self, descriptor: int) -> None:
        """Something came in."""

    def _give(self, data: bytes, end: int) -> None:
        """Writes without blocking; the rest is lost (patient: waits a while). OSError where nobody is any more."""
        while data:
            try:
                data = data[os.write(end, data) :]
            except BlockingIOError:
                if not (self._patient and select.select([], [end], [], PATIENCE_S)[1]):
                    return


class PtyWire(SimulatedWire):
    """A pty; ``link`` points to the side the reader opens, and is replaced at each plug."""

    def __init__(self, link: Path, *, permissions: int | None = None, patient: bool = False) -> None:
        super().__init__(patient=patient)
        self.name = str(link)
        self._link = link
        self._permissions = permissions
        self._master = -1
        self._device = ""
        self._was_read = False

    def plug(self, baud: int) -> None:
        """Opens a pty, raw and at the meter's speed until a reader sets its own, and points the link to it."""
        if self._master >= 0:
            return
        if self._link.exists() and not self._link.is_symlink():
            raise WireError(f"{self._link} exists and is not a symbolic link: it will not be replaced")
        self._master, device = os.openpty()
        self._device = os.ttyname(device)
        tty.setraw(device)
        settings = termios.tcgetattr(device)
        settings[4] = settings[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(device, termios.TCSANOW, settings)
        os.close(device)  # from now on a hang-up on our side means: nobody reads
        os.set_blocking(self._master, False)
        if self._permissions is not None:
            Path(self._device).chmod(self._permissions)
        fresh = self._link.with_name(f"{self._link.name}.{os.getpid()}")
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self._device)
            fresh.replace(self._link)
        except OSError as error:
            self.unplug()
            raise WireError(f"the link {self._link} cannot be made: {error.strerror}") from error

    def unplug(self) -> None:
        """Closes the pty and removes the link if it is still ours."""
        if self._master < 0:
            return
        # The link goes first: once the pty is closed, its name may be another program's terminal.
        if self._link.is_symlink() and str(self._link.readlink()) == self._device:
            self._link.unlink()
        os.close(self._master)
        self._master = -1

    def port(self) -> UartSettings | None:
        """The settings of the reader, which show on our side; a pty hides character size and parity."""
        if self._master < 0:
            return None
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        events = sum(mask for _, mask in poll.poll(0))
        if events & select.POLLHUP:
            self._forget()
            return None
        if events & select.POLLIN:
            # What a reader sends is nothing to a meter.
            with suppress(OSError):
                os.read(self._master, 4096)
        self._was_read = True
        settings = termios.tcgetattr(self._master)
        checked, ignored = bool(settings[0] & termios.INPCK), bool(settings[0] & termios.IGNPAR)
        return UartSettings(SPEEDS.get(settings[5], 38400), check_parity=checked, drop_bad=ignored)

    def write(self, data: bytes) -> None:
        """Writes what the port takes."""
        with suppress(OSError):
            self._give(data, self._master)

    def _forget(self) -> None:
        """Empties the buffer a reader left behind: the next one must not find old bytes, as on a real port."""
        if not self._was_read:
            return
        self._was_read = False
        try:
            device = os.open(self._device, os.O_RDWR | os.O_NOCTTY)
        except OSError:  # somebody holds it for himself again: it is his to empty
            return
        termios.tcflush(device, termios.TCIFLUSH)
        os.close(device)


class TcpWire(SimulatedWire):
    """A server that sends the line's bytes to every client."""

    def __init__(self, address: str, *, patient: bool = False) -> None:
        super().__init__(patient=patient)
        host, colon, port = address.rpartition(":")
        if not colon or not port.isdigit():
            raise WireError(f"TCP address {address!r} is not HOST:PORT")
        self._listener: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self._settle(host.strip("[]") or "127.0.0.1", int(port))

    def plug(self, baud: int) -> None:
        """Listens; a port of 0 is replaced by the one found, for good."""
        if self._listener is not None:
            return
        try:
            family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
            self._listener = socket.create_server(self._address, family=family)
        except OSError as error:
            raise WireError(f"cannot listen on {self.name.removeprefix('socket://')}: {error.strerror}") from error
        self._settle(*self._listener.getsockname()[:2])

    def unplug(self) -> None:
        """Closes every connection and stops listening."""
        for end in (*self._clients, self._listener):
            if end is not None:
                end.close()
        self._clients, self._listener = [], None

    def port(self) -> UartSettings | None:
        """Right settings as soon as there is a client."""
        return UartSettings() if self._clients else None

    def write(self, data: bytes) -> None:
        """Sends to each client what it takes now; a client that is gone is forgotten."""
        for client in tuple(self._clients):
            try:
                self._give(data, client.fileno())
            except OSError:
                self._leave(client)

    def watched(self) -> list[int]:
        """The listener and the clients (whose end shows as something to read)."""
        ends = [*self._clients] if self._listener is None else [self._listener, *self._clients]
        return [end.fileno() for end in ends]

    def service(self, descriptor: int) -> None:
        """Takes a new client, or notices that one has left."""
        if self._listener is not None and descriptor == self._listener.fileno():
            client, _ = self._listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.append(client)
            return
        for client in [client for client in self._clients if client.fileno() == descriptor]:
            try:
                gone = not client.recv(4096)
            except OSError as error:
                gone = not isinstance(error, BlockingIOError)
            if gone:
                self._leave(client)

    def _settle(self, host: str, port: int) -> None:
        """Address, and name as pyserial writes it."""
        self._address = (host, port)
        self.name = f"socket://{f'[{host}]' if ':' in host else host}:{port}"

    def _leave(self, client: socket.socket) -> None:
        client.close()
        self._clients.remove(client)


class FileWire(SimulatedWire):
    """A capture in the making: as fast as possible, nothing lost."""

    paced = False

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def unplug(self) -> None:
        """Writes out what is buffered."""
        self._file.flush()

    def write(self, data: bytes) -> None:
        """Writes all of it."""
        self._file.write(data)
