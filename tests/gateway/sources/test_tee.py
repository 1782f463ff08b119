"""A meter's bytes for others: exact, for several, never at the meter's cost."""

import asyncio
import contextlib
import random
import socket
from pathlib import Path

import pytest

from gateway.errors import PortError
from gateway.sources.line import Line
from gateway.sources.replay import ReplaySource
from gateway.sources.source import parse_source
from gateway.sources.tcp import TcpSource
from gateway.sources.tee import MOST_CLIENTS, MOST_HELD, Tee, TeedSource
from servers import free_port
from tests.gateway.sources.test_tcp import DEADLINE_S, run

HOST = "127.0.0.1"
FRAMES = Path(__file__).parents[2] / "frames"


@contextlib.asynccontextmanager
async def listening(port=None):
    """A tee at which one can connect."""
    tee = Tee("house", HOST, port or free_port())
    task = asyncio.create_task(tee.run())
    await until(lambda: tee.listening)
    try:
        yield tee
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(true):
    """Let the loop work until it is so."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_S
    while not true():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


async def connect(tee, count=1):
    """That many sources of our own, once the tee knows them."""
    host, _, port = tee.where.rpartition(":")
    sources = [TcpSource(host, int(port)) for _ in range(count)]
    before = len(tee.clients)
    for source in sources:
        await source.open()
    await until(lambda: len(tee.clients) == before + count)
    return sources


async def take(source, length):
    got = b""
    while len(got) < length:
        got += await source.read()
    return got


def test_every_client_has_every_byte_since_it_came():
    """All 256 values, however they were cut; who comes later has what comes later."""
    whole = random.Random(1).randbytes(4000) + bytes(range(256))

    async def exchange():
        async with listening() as tee:
            first = await connect(tee, 2)
            tee.pass_on(whole[:1000])
            late = await connect(tee)
            tee.pass_on(whole[1000:])
            got = [await take(one, len(whole)) for one in first], await take(late[0], len(whole) - 1000)
            for source in (*first, *late):
                source.close()
            await until(lambda: not tee.clients)
            return got

    both, late = run(exchange())
    assert both == [whole, whole]
    assert late == whole[1000:]


def test_a_client_that_does_not_read_is_dropped_and_the_others_lose_nothing(caplog):
    """What is held for one is bounded, in this process and in the kernel."""

    async def exchange():
        async with listening() as tee:
            with socket.socket() as lazy:
                lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                lazy.setblocking(False)
                host, _, port = tee.where.rpartition(":")
                await asyncio.get_running_loop().sock_connect(lazy, (host, int(port)))
                await until(lambda: tee.clients)
                (good,) = await connect(tee)
                given = 0
                while len(tee.clients) == 2:
                    tee.pass_on(b"\x55" * 4096)
                    given += len(await take(good, 4096))
                    assert given < 64 * 1024 * 1024
                    held = [client._transport.get_write_buffer_size() for client in tee.clients]
                    assert max(held) <= MOST_HELD
            tee.pass_on(b"after")
            after = await take(good, 5)
            good.close()
            return after

    assert run(exchange()) == b"after"
    assert "does not keep up" in caplog.text


def test_a_client_can_say_nothing(caplog):
    """A greeting is ignored, a torrent ends the connection."""

    async def exchange():
        async with listening() as tee:
            host, _, port = tee.where.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            await until(lambda: tee.clients)
            writer.write(b"hello\r\n")
            tee.pass_on(b"\x02bytes\x03")
            heard = await reader.readexactly(7)
            writer.write(b"x" * 2000)
            await until(lambda: not tee.clients)
            with contextlib.suppress(ConnectionError):
                heard += await reader.read()
            writer.close()
            return heard

    assert run(exchange()) == b"\x02bytes\x03"
    assert "talks" in caplog.text


def test_there_is_an_end_of_clients():
    """One more than there is room for is sent away at once."""

    async def exchange():
        async with listening() as tee:
            sources = await connect(tee, MOST_CLIENTS)
            host, _, port = tee.where.rpartition(":")
            more = TcpSource(host, int(port))
            await more.open()
            with pytest.raises(PortError):
                await more.read()
            for source in (*sources, more):
                source.close()

    run(exchange())


def test_a_port_that_is_taken_is_said_and_tried_again(monkeypatch):
    """The meter is read meanwhile; as soon as the port is free the tee is there."""
    monkeypatch.setattr("gateway.sources.tee._FIRST_WAIT_S", 0.01)

    async def exchange():
        with socket.socket() as other:
            other.bind((HOST, 0))
            other.listen()
            tee = Tee("house", HOST, other.getsockname()[1])
            task = asyncio.create_task(tee.run())
            await until(lambda: tee.error)
            said = tee.error
        await until(lambda: tee.listening)
        assert tee.error is None
        task.cancel()
        await asyncio.wait({task})
        return said, tee.where

    said, where = run(exchange())
    assert str(said) == f"cannot listen at {where}: Address already in use"


def test_a_second_gateway_reads_the_same_from_the_tee(tmp_path):
    """Another line at ``socket://`` has the bytes of the first, and makes the same frames of them."""
    capture = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes() * 5
    (tmp_path / "capture.raw").write_bytes(capture)

    async def exchange():
        async with listening() as tee:
            raw = await connect(tee)
            second, heard = Line("annex", parse_source(f"socket://{tee.where}", tmp_path)), []

            async def listen():
                async for frame, _ in second.frames():
                    heard.append(frame)

            listener = asyncio.create_task(listen())
            await until(lambda: len(tee.clients) == 2)
            first = Line("house", TeedSource(ReplaySource(tmp_path / "capture.raw", 1000.0), tee))
            frames = [frame async for frame, _ in first.frames()]
            assert await take(raw[0], len(capture)) == capture
            await until(lambda: len(heard) == len(frames))
            listener.cancel()
            await asyncio.wait({listener})
            raw[0].close()
            return frames, heard

    frames, heard = run(exchange())
    assert len(frames) >= 5
    assert heard == frames
