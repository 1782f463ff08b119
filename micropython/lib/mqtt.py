"""An MQTT 3.1.1 client (QoS 0 and 1) on asyncio streams, for MicroPython: nothing here ever blocks the loop.

micropython-lib's umqtt waits inside the socket for each answer: a broker that is gone stops the whole board, its UART
included. Here each packet is one write (Nagle's algorithm costs 44 ms otherwise), each wait has a time-out, and packet
numbers wrap at 65535. Whatever goes wrong with a connection is an OSError, and the connection is of no use any more.
"""

import asyncio
import struct

import tls

# A packet longer than this is read and thrown away: a board has no room for it.
MAX_PACKET_BYTES = 4096

_REFUSALS = {4: "wrong user or password", 5: "not allowed"}


class RefusedError(OSError):
    """The broker answered, and does not want us."""


def _text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def _packet(kind, *parts):
    """One packet as one bytes object: kind and flags, the remaining length, the parts."""
    size = sum([len(part) for part in parts])
    head = bytearray((kind,))
    while True:
        size, low = size >> 7, size & 0x7F
        head.append(low | 0x80 if size else low)
        if not size:
            return bytes(head) + b"".join(parts)


def _unverified(error):
    """MicroPython's TLS says ValueError, over two lines, of a certificate that it does not believe."""
    return RefusedError("the broker's certificate: " + str(error).strip())


def tls_context(ca):
    """What verifies a broker: only certificates of the authority ``ca`` (DER or PEM bytes) are believed."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(ca)
    return context


class Client:
    """One connection to a broker; after an OSError make another.

    Args:
        broker: a dict with ``host``, ``port``, ``user``, ``password``, and where it speaks TLS ``context``
            (``tls_context``) and ``name``, the name in its certificate.
        on_message: called with (topic, payload), str and bytes, for each message.
        will: (topic, payload) that the broker publishes, retained, when this connection is lost; or None.
        timeout_s: how long an answer, or the room to send, may take.
        keepalive_s: how often the broker is asked whether it is there.
    """

    def __init__(self, broker, on_message, will=None, timeout_s=8, keepalive_s=20):
        self._broker, self._on_message, self._will = broker, on_message, will
        self._timeout_s, self._keepalive_s = timeout_s, keepalive_s
        self._stream, self._closed = None, False
        self._number = 0
        self._answered = asyncio.Event()
        self._expected = None
        self._one_at_a_time = asyncio.Lock()
        self._writing = asyncio.Lock()
        self.oversized = 0

    async def connect(self):
        """Connect and log in; OSError when that fails, RefusedError with a reason when the broker says no."""
        await asyncio.wait_for(self._open(), self._timeout_s * 2)

    async def _open(self):
        broker = self._broker
        stream, _ = await asyncio.open_connection(broker["host"], broker["port"])
        self._stream = stream
        stream.s.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
        if broker.get("context"):
            name = broker.get("name") or broker["host"]
            wrapped = broker["context"].wrap_socket(stream.s, server_hostname=name, do_handshake_on_connect=False)
            wrapped.setblocking(False)
            self._stream = asyncio.StreamReader(wrapped)
        user = broker["user"]
        flags, parts = 0xC2, [_text(user)]  # a clean session: what is owed is kept by us, not by the broker
        if self._will:
            flags |= 0x24
            parts += [_text(self._will[0]), _text(self._will[1])]
        parts += [_text(user), _text(broker["password"])]
        keepalive = struct.pack(">H", self._keepalive_s * 2)  # the broker gives us up after one and a half times this
        await self._send(_packet(0x10, b"\x00\x04MQTT\x04", bytes((flags,)), keepalive, *parts))
        kind, body = await self._receive()
        if kind >> 4 != 2 or len(body) != 2:
            raise OSError("not a broker")
        if body[1]:
            raise RefusedError(_REFUSALS.get(body[1], "refused (%d)" % body[1]))

    async def run(self):
        """Take in what comes, and ask for a sign of life when nothing does; ends with an OSError."""
        pinged = False
        while True:
            try:
                kind = await asyncio.wait_for(self._read(1), self._keepalive_s)
            except asyncio.TimeoutError:
                if pinged:
                    raise OSError("the broker does not answer")
                pinged = True
                await self._send(b"\xc0\x00")
                continue
            pinged = False
            await self._take(kind[0], await asyncio.wait_for(self._body(), self._timeout_s))

    async def _take(self, kind, body):
        if body is None:
            return
        if kind >> 4 == 3:
            size = struct.unpack_from(">H", body)[0]
            topic, rest = str(body[2 : 2 + size], "utf-8"), body[2 + size :]
            if kind & 6:
                number, rest = rest[:2], rest[2:]
                await self._send(_packet(0x40, number))
            self._on_message(topic, rest)
        elif kind >> 4 in (4, 9) and (kind >> 4, body[:2]) == self._expected:
            self._expected = None
            if kind >> 4 == 9 and body[2] == 0x80:
                raise RefusedError("a topic is not allowed")
            self._answered.set()

    async def _receive(self):
        kind = (await self._read(1))[0]
        return kind, await self._body()

    async def _read(self, count):
        try:
            return await self._stream.readexactly(count)
        except EOFError:
            raise OSError("closed by the broker")
        except ValueError as error:
            raise _unverified(error)

    async def _body(self):
        """What follows a packet's first byte; None for one that is too long, which is passed over."""
        size = shift = 0
        while True:
            byte = (await self._read(1))[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
            if shift > 21:
                raise OSError("not MQTT")
        if size <= MAX_PACKET_BYTES:
            return await self._read(size) if size else b""
        self.oversized += 1
        while size:
            size -= len(await self._read(min(size, 256)))
        return None

    async def publish(self, topic, payload, qos=0, retain=False):
        """Send a message; with QoS 1 wait until the broker has it. ``run`` must be running."""
        flags = 0x30 | qos << 1 | (1 if retain else 0)
        if not qos:
            await self._send(_packet(flags, _text(topic), payload))
            return
        await self._ask(4, flags, lambda number: (_text(topic), number, payload))

    async def subscribe(self, topic, qos=1):
        """Have a topic's messages sent; ``run`` must be running."""
        await self._ask(9, 0x82, lambda number: (number, _text(topic), bytes((qos,))))

    async def _ask(self, answer, kind, parts):
        async with self._one_at_a_time:
            self._number = self._number % 65535 + 1
            number = struct.pack(">H", self._number)
            self._answered.clear()
            self._expected = (answer, number)
            await self._send(_packet(kind, *parts(number)))
            await asyncio.wait_for(self._answered.wait(), self._timeout_s)

    async def _send(self, packet):
        async with self._writing:
            if self._closed:
                raise OSError("not connected")
            try:
                self._stream.write(packet)
                # Half a packet may have left when the time is over: nothing more can be said on this connection.
                await asyncio.wait_for(self._stream.drain(), self._timeout_s)
            except ValueError as error:
                raise _unverified(error)

    def close(self):
        """Drop the connection at once, without a farewell: a will is published."""
        if self._stream is not None and not self._closed:
            self._stream.s.close()
        self._closed = True
