"""A TCP sender, on real sockets: what it sends, its end, and what is said when it is not there."""

import asyncio
import contextlib
import random
import socket
import struct

import pytest

from gateway.errors import PortError
from gateway.sources.tcp import TcpSource
from servers import free_port

DEADLINE_S = 20.0


def has_ipv6():
    """Whether this machine has the IPv6 loopback address."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as tried:
        tried.bind(("::1", 0))
        return True
    return False


HOSTS = ["127.0.0.1", *(["::1"] if has_ipv6() else [])]


def run(coroutine):
    """With a deadline, on a loop of its own."""
    return asyncio.run(asyncio.wait_for(coroutine, DEADLINE_S))


@contextlib.asynccontextmanager
async def sender(host="127.0.0.1"):
    """A source connected to a sender: the source, and the sender's end."""
    accepted = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), host, 0)
    source = TcpSource(host, server.sockets[0].getsockname()[1])
    await source.open()
    writer = await accepted.get()
    try:
        yield source, writer
    finally:
        source.close()
        writer.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("host", HOSTS)
def test_the_bytes_are_those_of_the_sender(host):
    """All 256 values pass, over IPv4 and IPv6 alike."""

    async def exchange():
        async with sender(host) as (source, writer):
            writer.write(bytes(range(256)))
            got = b""
            while len(got) < 256:
                got += await source.read()
            return got

    assert run(exchange()) == bytes(range(256))


def test_nothing_is_ever_sent_to_the_sender():
    """The meter's side expects nothing, and a port server might pass it on to other devices."""

    async def listen():
        accepted = asyncio.Queue()
        server = await asyncio.start_server(lambda *ends: accepted.put_nowait(ends), "127.0.0.1", 0)
        source = TcpSource(*server.sockets[0].getsockname()[:2])
        await source.open()
        reader, writer = await accepted.get()
        writer.write(b"\x02x\x03")
        source.set_speed(1200)
        await source.read()
        source.close()
        sent = await reader.read()
        writer.close()
        server.close()
        await server.wait_closed()
        return sent

    assert run(listen()) == b""


def test_a_sender_that_closes_is_a_loss():
    """What it sent before is still read; then the loss is told, each time it is asked."""

    async def close():
        async with sender() as (source, writer):
            writer.write(b"last words")
            writer.close()
            assert await source.read() == b"last words"
            for _ in range(2):
                with pytest.raises(PortError, match=r"^socket://127\.0\.0\.1:\d+: lost: closed by the sender$"):
                    await source.read()
            source.close()
            with pytest.raises(PortError, match="not open"):
                await source.read()

    run(close())


def test_a_connection_that_is_reset_is_a_loss():
    """A sender that crashes resets the connection: a sentence, not an exception of the system's."""

    async def reset():
        async with sender() as (source, writer):
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            with pytest.raises(PortError, match=r"^socket://127\.0\.0\.1:\d+: lost: Connection reset by peer$"):
                await source.read()

    run(reset())


@pytest.mark.parametrize("host", HOSTS)
def test_a_sender_that_is_not_there_is_one_sentence(host):
    """Where, why, and what to look at."""
    port = free_port()
    with pytest.raises(PortError) as caught:
        run(TcpSource(host, port).open())
    where = f"[{host}]" if ":" in host else host
    assert str(caught.value) == f"socket://{where}:{port}: Connection refused; is the sender running?"


def test_a_name_that_nobody_knows_is_one_sentence(monkeypatch):
    """The resolver's words are given, as its numbers are not those of the system."""

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(PortError) as caught:
        run(TcpSource("meter.local", 3333).open())
    assert str(caught.value) == "socket://meter.local:3333: Name or service not known; is the sender running?"


def test_a_sender_that_does_not_answer_is_given_up(monkeypatch):
    """A host that takes no connection is not waited for for ever."""
    monkeypatch.setattr("gateway.sources.tcp._CONNECT_TIMEOUT_S", 0.05)
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # fills the queue of a listener that never accepts
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        with pytest.raises(PortError, match=": no answer; is the sender running"):
            run(TcpSource(*full.getsockname()).open())


def test_a_sender_without_power_is_found_out_by_the_kernel():
    """Keep-alive is on."""

    async def look():
        async with sender() as (source, _):
            return source._writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    assert run(look()) == 1


def test_a_read_given_up_loses_no_byte():
    """However often the wait is cut short, all that was sent is read, once and in order."""

    async def hurry():
        draw = random.Random(7)
        sent, got = bytearray(), bytearray()
        async with sender() as (source, writer):
            while len(got) < 3000:
                if len(sent) < 3000:
                    sent += (piece := draw.randbytes(draw.randrange(1, 30)))
                    writer.write(piece)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(draw.choice((0, 0, 0.0001, 0.001))):
                        got += await source.read()
        return sent, got

    sent, got = run(hurry())
    assert got == sent
