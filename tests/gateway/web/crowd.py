"""Clients that hold a page's connections: each sends its request so slowly that it never ends, and comes again."""

import asyncio
import random
import threading
from contextlib import contextmanager

from servers import wait_until

# What stands before the header that never ends.
_BEGINNING = b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


class Crowd:
    """So many slow clients of these addresses, each in its turn; ``began`` counts the connections that they made."""

    def __init__(self, port, addresses, count, seed, beginning=_BEGINNING):
        self._port, self._addresses, self._count = port, addresses, count
        self._random, self._beginning = random.Random(seed), beginning
        self.began = 0
        self._stop = asyncio.Event()
        self.loop = None

    async def run(self):
        self.loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._hold(self._addresses[number % len(self._addresses)]))

    def stop(self):
        self.loop.call_soon_threadsafe(self._stop.set)

    async def _hold(self, address):
        while not self._stop.is_set():
            try:
                await self._hold_one(address)
            except OSError:
                # It was sent away: it comes again.
                await self._wait(0.2)

    async def _hold_one(self, address):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0))
        try:
            writer.write(self._beginning)
            self.began += 1
            while not self._stop.is_set() and not reader.at_eof():
                writer.write(b"a")
                await writer.drain()
                await self._wait(0.5)
        finally:
            writer.close()

    async def _wait(self, most_s):
        try:
            async with asyncio.timeout(self._random.uniform(0.05, most_s)):
                await self._stop.wait()
        except TimeoutError:
            return


@contextmanager
def crowd(port, addresses, count, seed, **more):
    """A crowd that stays until the end, and has been there once before anything else is done."""
    running = Crowd(port, addresses, count, seed, **more)
    thread = threading.Thread(target=asyncio.run, args=(running.run(),))
    thread.start()
    try:
        wait_until(lambda: running.began >= count, 30, "the crowd is there")
        yield running
    finally:
        running.stop()
        thread.join(30)
        assert not thread.is_alive()
