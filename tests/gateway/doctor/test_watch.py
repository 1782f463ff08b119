"""A line that a running gateway reads, looked at: what the kernel counted and nobody gave us was read by another."""

import asyncio
import os
import time

import pytest

from gateway.doctor.causes import Cause, causes
from gateway.doctor.watch import LineWatch
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.sources.tee import Tee, TeedSource
from tests.gateway.doctor.catalogue import FRAMES, frame_of

_RECEIVED, _OVERRUN = 4, 7


@pytest.fixture
def port():
    """A pty, and what the kernel would say of it as of a UART."""
    end, device = os.openpty()
    yield os.ttyname(device)
    os.close(device)
    os.close(end)


class Uart:
    """A line whose port counts: what came, and what this program was given of it."""

    def __init__(self, path, monkeypatch, *, teed=False):
        self.counters, self.waiting = [0] * 20, 0
        monkeypatch.setattr("gateway.doctor.watch.system.counters_of", lambda _fd: tuple(self.counters))
        monkeypatch.setattr("gateway.doctor.watch.system.waiting", lambda _fd: self.waiting)
        source = parse_source(path, FRAMES)
        self.line = Line("house", TeedSource(source, Tee("house", "127.0.0.1", 0)) if teed else source)
        self.source, self.watch, self.now = source, LineWatch(self.line), time.monotonic()

    async def open(self):
        await self.line.source.open()
        self.line.recent.begin(self.now, 9600)

    def hear(self, received, given):
        """So many bytes have come to the port, and these of them to us."""
        self.counters[_RECEIVED] += received
        for at in range(0, len(given), 96):
            self.now += 0.1
            self.line.recent.note(self.now, given[at : at + 96])
        return self.watch.take(self.now)


async def _stolen(port, monkeypatch, teed):
    uart = Uart(port, monkeypatch, teed=teed)
    await uart.open()
    data = frame_of("standard", "021800000001") * 5
    found = []
    uart.hear(0, b"")
    found.append(uart.hear(len(data), data).stolen)
    uart.waiting = 500
    found.append(uart.hear(len(data) + 500, data).stolen)
    uart.waiting = 0
    found.append(uart.hear(len(data) - 500 + 40, data).stolen)
    taken = uart.hear(2 * len(data), data)
    found.append(taken.stolen)
    evidence = uart.watch.evidence(taken)
    uart.line.recent.begin(uart.now, 1200)
    found.append(uart.hear(len(data) * 3, data).stolen)
    uart.counters[_OVERRUN] += 3
    overrun = uart.hear(len(data), data).kernel.overrun
    uart.line.source.close()
    return found, causes(evidence)[0].cause, overrun, len(data)


@pytest.mark.parametrize("teed", [False, True])
def test_bytes_that_the_kernel_received_and_nobody_gave_us_were_read_by_another(port, monkeypatch, teed):
    """Not those that still wait, not a few, not those that a change of speed threw away; overruns are the kernel's."""
    found, cause, overrun, size = asyncio.run(_stolen(port, monkeypatch, teed))
    assert found == [0, 0, 0, size, 0]
    assert cause is Cause.PORT_HELD
    assert overrun == 3


def test_a_port_that_counts_nothing_accuses_nobody(port):
    """A pty, an adapter whose driver keeps no counts."""

    async def look():
        line = Line("house", parse_source(port, FRAMES))
        await line.source.open()
        line.recent.begin(0.0, 9600)
        watch = LineWatch(line)
        taken = [watch.take(float(second)) for second in range(3)]
        line.source.close()
        closed = watch.take(4.0)
        return taken, closed

    taken, closed = asyncio.run(look())
    assert {(one.kernel, one.stolen, str(one.path)) for one in taken} == {(None, 0, port)}
    assert taken[0].settings.checked
    assert (closed.path, closed.settings) == (None, None)
