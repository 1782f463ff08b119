"""A TCP server that passes on the bytes of a port (ser2net, an ESP board, the simulated meter)."""

from __future__ import annotations

import asyncio
import socket

from gateway.errors import NO_ANSWER, PortError, reason
from gateway.words.phrase import Phrase

_CONNECT_TIMEOUT_S = 10.0
_READ_BYTES = 4096

_NO_ANSWER = Phrase("{name}: {why}; is the sender running?")
_NOT_OPEN = Phrase("{name}: not open")
_LOST = Phrase("{name}: lost: {why}")
_CLOSED = Phrase("{name}: lost: closed by the sender")


class TcpSource:
    """``socket://host:port``."""

    speeds: tuple[int, ...] = ()
    finite = False

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._name = f"socket://{f'[{host}]' if ':' in host else host}:{port}"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect; the meter's side never expects anything from us."""
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
            # A sender that lost its power says nothing: let the kernel find out.
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            raise self._broken(_NO_ANSWER, error) from error

    async def read(self) -> bytes:
        """Wait for bytes; PortError when the connection is gone."""
        if self._reader is None:
            raise self._broken(_NOT_OPEN)
        try:
            data = await self._reader.read(_READ_BYTES)
        except OSError as error:
            raise self._broken(_LOST, error) from error
        if not data:
            raise self._broken(_CLOSED)
        return data

    def set_speed(self, speed: int) -> None:
        """Nothing to set: the speed is the sender's affair."""

    def _broken(self, sentence: Phrase, error: OSError | None = None) -> PortError:
        # A time that is over has no words.
        why = NO_ANSWER if error is None or isinstance(error, TimeoutError) else reason(error)
        return PortError(sentence.filled(name=self._name, why=why))

    def close(self) -> None:
        """Close the connection."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
