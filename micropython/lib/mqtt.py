"""MQTT 3.1.1 (QoS 0 and 1) for a board: the packets are umqtt's, asyncio carries them, and nothing blocks the loop.

micropython-lib's umqtt waits inside its socket for each answer: a broker that is gone would stop the whole board, its
UART included. So the socket that it sees here is a ``_Wire``. What it writes is collected and leaves in one write (in
pieces Nagle's algorithm costs 44 ms); what it reads is a packet that has come whole, or at once the answer that
``Client`` waits for in its stead, with a time-out. Its packet numbers wrap at 65535. Whatever goes wrong with a
connection is an OSError, and the connection is of no use any more.
"""

import asyncio
import struct

import tls
import umqtt_simple as umqtt

from micropython import const

# A packet longer than this is read and thrown away: a board has no room for it.
MAX_PACKET_BYTES = 4096

# As long as most packets are.
_ROOM_BYTES = const(1536)

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)

# How mbedTLS says that now is not within a certificate's time (x509_crt.c, x509_crt_error_strings).
_TIMES = ("validity starts in the future", "validity has expired")

_REFUSALS = {4: "wrong user or password", 5: "not allowed"}


class RefusedError(OSError):
    """The broker answered, and does not want us."""


class CertificateError(RefusedError):
    """TLS does not believe the broker's certificate.

    ``clock``: because of the time alone, so either the board's clock is wrong or the certificate's time is not now.
    """

    def __init__(self, said):
        # A line for each thing that is wrong.
        faults = [line.strip() for line in said.split("\n") if line.strip()]
        super().__init__("the broker's certificate: " + ", ".join(faults))
        self.clock = not [fault for fault in faults if not any(words in fault for words in _TIMES)]


class Parts:
    """A payload in pieces, for which there may be no memory in one."""

    def __init__(self, parts):
        self.parts, self._size = parts, sum([len(part) for part in parts])

    def __len__(self):
        return self._size


class _Wire:
    """A socket in memory. It also stands where umqtt looks for the module that makes sockets."""

    # Where a packet is put together: memory for one in a piece may not be there later.
    _room = bytearray(_ROOM_BYTES)

    def __init__(self):
        self._written, self._read, self._at = [], b"", 0
        self._lent = False

    def socket(self):
        return self

    def getaddrinfo(self, *_):
        return ((None,),)

    def connect(self, _):
        pass

    def setblocking(self, _):
        pass

    def write(self, data, count=None):
        if isinstance(data, Parts):
            self._written.extend(data.parts)
            return
        # A bytearray is used again for what follows in the packet.
        self._written.append(data if isinstance(data, bytes) else bytes(data if count is None else data[:count]))

    def read(self, count):
        at, self._at = self._at, self._at + count
        return self._read[at : self._at]

    def give(self, data):
        """What is read next."""
        self._read, self._at = data, 0

    def forget(self):
        """Drop what was written: there was no memory for the rest of it."""
        self._written.clear()

    def take(self):
        """What was written since the last call, as one packet."""
        written, self._written = self._written, []
        size = sum([len(part) for part in written])
        if self._lent or size > _ROOM_BYTES:
            return b"".join(written)
        self._lent, at = True, 0
        for part in written:
            self._room[at : at + len(part)] = part
            at += len(part)
        return memoryview(self._room)[:size]

    def give_back(self, packet):
        """What ``take`` gave is sent."""
        if not isinstance(packet, bytes):
            self._lent = False


def _unverified(error):
    """MicroPython's TLS says ValueError of a certificate that it does not believe."""
    return CertificateError(str(error))


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
        self._broker, self._on_message = broker, on_message
        self._timeout_s, self._keepalive_s = timeout_s, keepalive_s
        self._stream, self._closed = None, False
        self._wire, self._heard = _Wire(), None
        user = broker["user"].encode()
        # The broker gives us up after one and a half times this.
        keepalive = keepalive_s * 2
        self._packets = umqtt.MQTTClient(user, "", 1, user, broker["password"].encode(), keepalive)
        self._packets.set_callback(self._hear)
        if will:
            self._packets.set_last_will(will[0].encode(), will[1].encode(), retain=True)
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
        umqtt.socket = self._wire
        self._wire.give(b"\x20\x02\0\0")
        self._packets.connect()  # a clean session: what is owed is kept by us, not by the broker
        await self._send(self._wire.take())
        answer = await self._packet((await self._read(1))[0])
        if not answer or len(answer) != 4 or answer[0] != _CONNACK:
            raise OSError("not a broker")
        if answer[3]:
            raise RefusedError(_REFUSALS.get(answer[3], "refused (%d)" % answer[3]))

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
                self._packets.ping()
                await self._send(self._wire.take())
                continue
            pinged = False
            packet = await asyncio.wait_for(self._packet(kind[0]), self._timeout_s)
            if packet:
                await self._take(packet)

    async def _take(self, packet):
        kind = packet[0] & 0xF0
        if kind == _PUBLISH:
            self._wire.give(packet)
            try:
                self._packets.wait_msg()
            except (IndexError, AssertionError):
                raise OSError("not MQTT")
            (topic, payload), self._heard = self._heard, None
            self._on_message(str(topic, "utf-8"), payload)
            if confirmation := self._wire.take():
                await self._send(confirmation)
        elif (kind, packet[2:4]) == self._expected:
            self._expected = None
            if kind == _SUBACK and packet[4] == 0x80:
                raise RefusedError("a topic is not allowed")
            self._answered.set()

    def _hear(self, topic, payload):
        self._heard = topic, payload

    async def _read(self, count):
        try:
            return await self._stream.readexactly(count)
        except EOFError:
            raise OSError("closed by the broker")
        except ValueError as error:
            raise _unverified(error)

    async def _packet(self, kind):
        """The packet that begins with this byte, whole; None for one that is too long, which is passed over."""
        head, size, shift = bytes((kind,)), 0, 0
        while True:
            byte = await self._read(1)
            head += byte
            size |= (byte[0] & 0x7F) << shift
            shift += 7
            if not byte[0] & 0x80:
                break
            if shift > 21:
                raise OSError("not MQTT")
        if size <= MAX_PACKET_BYTES:
            return head + await self._read(size) if size else head
        self.oversized += 1
        while size:
            size -= len(await self._read(min(size, 256)))
        return None

    async def publish(self, topic, payload, qos=0, retain=False):
        """Send a message; with QoS 1 wait until the broker has it. ``run`` must be running."""
        if not qos:
            self._wire.forget()
            self._packets.publish(topic.encode(), payload, retain)
            await self._send(self._wire.take())
            return
        await self._ask(_PUBACK, b"\x02%s", lambda: self._packets.publish(topic.encode(), payload, retain, 1))

    async def subscribe(self, topic, qos=1):
        """Have a topic's messages sent; ``run`` must be running."""
        await self._ask(_SUBACK, b"\x03%s\x01", lambda: self._packets.subscribe(topic.encode(), qos))

    async def _ask(self, answer, rest, write):
        """Send what ``write`` makes umqtt write, and wait for its answer: this kind of packet, with its number."""
        async with self._one_at_a_time:
            self._packets.pid %= 65535
            number = struct.pack(">H", self._packets.pid + 1)
            self._answered.clear()
            self._expected = (answer, number)
            self._wire.give(bytes((answer,)) + rest % number)
            self._wire.forget()
            write()
            await self._send(self._wire.take())
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
            except MemoryError:
                raise OSError("no memory")  # half of it may have left
            finally:
                self._wire.give_back(packet)

    def close(self):
        """Drop the connection at once, without a farewell: a will is published."""
        if self._stream is not None and not self._closed:
            self._stream.s.close()
        self._closed = True
