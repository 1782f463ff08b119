"""Run by MicroPython: a relay's line at a UART of the test's own and a clock that the test sets. argv: what, frame file."""

import asyncio
import sys

import line

_CLOCK_MS = [0]
_HURRY = asyncio.sleep_ms


class Uart:
    """Bytes that wait, as the driver of a board keeps them."""

    opened = []

    def __init__(self, speed):
        self.opened.append(speed)
        self.waiting = bytearray()

    def readinto(self, buffer):
        """What is there, at most a buffer full; None when nothing is."""
        count = min(len(buffer), len(self.waiting))
        buffer[:count] = self.waiting[:count]
        self.waiting = self.waiting[count:]
        return count or None

    def any(self):
        """How many wait."""
        return len(self.waiting)

    def deinit(self):
        """Another speed begins with an empty buffer."""


async def look(_pause_ms):
    """The board's pause between two looks, in no time: the clock goes on by what was asked for."""
    _CLOCK_MS[0] += _pause_ms
    await _HURRY(0)


async def listen(seconds, each_look):
    """Let the line look for so long; ``each_look`` is called before each."""
    end = _CLOCK_MS[0] + seconds * 1000
    while _CLOCK_MS[0] < end:
        each_look()
        await _HURRY(0)


async def main(what, path):
    """One line, one case; prints the speeds that were tried and the frames that were passed on."""
    with open(path, "rb") as file:
        frame = file.read()
    line.asyncio.sleep_ms = look
    uarts = []

    def open_uart(speed):
        uarts.append(Uart(speed))
        return uarts[-1]

    heard = []
    reader = line.MeterLine(open_uart, lambda: _CLOCK_MS[0], lambda *frame: heard.append(frame), lambda: None, print)
    running = asyncio.create_task(reader.run())
    if what == "held up":
        for seconds in (7, 17):
            _CLOCK_MS[0] += seconds * 1000
            uarts[-1].waiting += frame * (seconds // 2)
            await listen(1, lambda: None)
    elif what == "noise":
        await listen(5, lambda: uarts[-1].waiting.extend(b"\xa5" * 38))
        print(Uart.opened)
        await listen(3, lambda: uarts[-1].waiting.extend(b"\xa5" * 38))
    elif what == "silence":
        await listen(5, lambda: None)
        print(Uart.opened)
        await listen(2, lambda: None)
        print(Uart.opened)
        await listen(11, lambda: None)
    print(Uart.opened, len(heard))
    running.cancel()
    if running.done():
        await running


asyncio.run(main(*sys.argv[1:3]))
