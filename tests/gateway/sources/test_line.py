"""A line kept alive through losses, silences, garbage and changes of speed: real meters, and a clock that jumps."""

import asyncio
import logging
import random
import tracemalloc
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.errors import PortError
from gateway.sources import line as line_module
from gateway.sources import search
from gateway.sources.line import Line
from gateway.sources.replay import ReplaySource
from gateway.sources.source import parse_source
from gateway.tic.frame import Group, encode_group
from meter.process import SimulatedMeter
from tests.gateway.sources.clock import run_jumping

FRAMES = Path(__file__).parents[2] / "frames"
DEADLINE_S = 30.0

# A frame of each mode in one label, and labels that no meter sends.
STANDARD = (
    b"\x02"
    + b"".join(encode_group("standard", Group(*g)) for g in [("ADSC", "041876097767", None), ("VTIC", "02", None)])
    + b"\x03"
)
HISTORIC = (
    b"\x02"
    + b"".join(encode_group("historic", Group(*g)) for g in [("ADCO", "041876097767", None), ("PAPP", "00420", None)])
    + b"\x03"
)
UNKNOWN = (
    b"\x02" + b"".join(encode_group("historic", Group(*g)) for g in [("Kr", "0rc", None), ("ZZ", "1", None)]) + b"\x03"
)
BAD = STANDARD.replace(b"02", b"03")


def line_of(meter, mode="auto"):
    """A line on a running meter."""
    return Line("house", parse_source(meter.path, Path("/")), mode)


class Reading:
    """A task that reads a line: every frame so far, and what came of the task."""

    def __init__(self, line):
        self.line, self.frames = line, []
        self.task = asyncio.create_task(self._read())

    async def _read(self):
        async for frame, received in self.line.frames():
            assert received.tzinfo is not None
            self.frames.append(frame)

    async def until(self, true):
        """Wait until it is so."""
        async with asyncio.timeout(DEADLINE_S):
            while not true():
                assert not self.task.done(), self.task
                await asyncio.sleep(0.01)

    async def whole(self, more):
        """Wait for so many more whole frames."""
        goal = self.line.state.frames + more
        await self.until(lambda: self.line.state.frames >= goal)

    async def stop(self):
        """End the task as the daemon does."""
        self.task.cancel()
        await asyncio.wait([self.task], timeout=DEADLINE_S)
        assert self.task.cancelled()


def reading(line, work):
    """Run ``work(reading)`` while the line is read."""

    async def main():
        read = Reading(line)
        try:
            await work(read)
        finally:
            if not read.task.done():
                await read.stop()
        return read

    return asyncio.run(main())


def values(frame):
    """Data by label."""
    return {group.label: group.data for group in frame.groups}


def date(frame):
    """The horodate of DATE."""
    return next((group.horodate for group in frame.groups if group.label == "DATE"), None)


def said(caplog, level):
    """The sentences of the log at a level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level]


class Script:
    """A source that plays what a generator function says, on a jumping clock.

    ``play(source)`` is called at each opening; it yields seconds to wait, bytes, an error to raise, or what is called
    with the loop and lets nothing else run; it ends in silence.
    """

    finite = False

    def __init__(self, play, speeds=()):
        self.speeds, self.speed, self.changes = speeds, None, []
        self.opened_at, self.closed = [], 0
        self._play, self._running = play, None

    async def open(self):
        self.opened_at.append(asyncio.get_running_loop().time())
        self._running = self._play(self)
        self._wait = 0.0

    async def read(self):
        loop = asyncio.get_running_loop()
        while True:
            if self._wait:
                began = loop.time()
                try:
                    await asyncio.sleep(self._wait)
                finally:
                    self._wait = max(0.0, self._wait - (loop.time() - began))
            step = next(self._running, 3600.0)
            if isinstance(step, bytes):
                return step
            if callable(step):
                step(loop)
                continue
            if isinstance(step, Exception):
                raise step
            self._wait = step

    def set_speed(self, speed):
        self.speed = speed
        self.changes.append((round(asyncio.get_running_loop().time() - self.opened_at[0]), speed))

    def close(self):
        self.closed += 1


def jumping(monkeypatch, source, seconds, mode="auto", keep=None):
    """Read the source for so many seconds that do not pass: the line, and its frames (the last ``keep``)."""

    async def main():
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(line_module, "time", SimpleNamespace(monotonic=loop.time))
        line = Line("house", source, mode)
        frames = deque(maxlen=keep)

        async def read():
            async for frame, _ in line.frames():
                frames.append(frame)

        task = asyncio.create_task(read())
        await asyncio.wait([task], timeout=seconds)
        if task.done():
            task.result()
        task.cancel()
        await asyncio.wait([task])
        return line, frames

    return run_jumping(main())


def meter_at(baud, frame, garbage=b"\0@`px|" * 20):
    """A meter on a port that can be set to another speed than its own."""

    def play(source):
        while True:
            yield 1.0
            yield frame if source.speed == baud() else garbage

    return play


# A reader that is held up


@pytest.mark.parametrize(("held_up_s", "dates"), [(20.0, ["E1", "E3"]), (0.0, ["E1", "E1", "E3"])])
def test_two_frames_spliced_while_the_reader_was_held_up_are_not_one(monkeypatch, held_up_s, dates):
    """The port's buffer was full: the first one's date and the second one's values, a torn group between them."""

    def frame(number):
        groups = [("ADSC", "041876097767", None), ("DATE", "", f"E{number}"), ("EAST", f"00000000{number}", None)]
        return b"\x02" + b"".join(encode_group("standard", Group(*g)) for g in groups) + b"\x03"

    one, two, three = frame(1), frame(2), frame(3)
    assert len(one) == len(two)

    def play(_):
        yield 1.0
        yield one + one[:-12]
        yield held_up
        yield two[-11:]
        yield 1.0
        yield three

    def held_up(loop):
        loop.now += held_up_s

    _, frames = jumping(monkeypatch, Script(play), 60)
    assert [date(frame) for frame in frames] == dates


# The speed


@pytest.mark.parametrize(
    ("baud", "frame", "changes"),
    [(9600, STANDARD, [(0, 9600)]), (1200, HISTORIC, [(0, 9600), (5, 1200)])],
)
def test_the_speed_of_a_meter_is_found(monkeypatch, baud, frame, changes):
    """Standard at once, historic after five seconds; then it is left alone (nasty input 2.1)."""
    source = Script(meter_at(lambda: baud, frame), (9600, 1200))
    line, frames = jumping(monkeypatch, source, 600)
    assert source.changes == changes
    assert line.state.speed == baud
    assert frames[-1].whole
    assert line.state.frames > 500


def test_a_meter_that_changes_its_mode_is_followed_there_and_back(monkeypatch, caplog):
    """The supplier switches at night: found again within ten seconds, both ways, and said once each.

    (Nasty input 2.3.)
    """
    caplog.set_level(logging.INFO)

    def play(source):
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            yield 1.0
            historic = 100 < loop.time() - began < 200
            right = source.speed == (1200 if historic else 9600)
            yield (HISTORIC if historic else STANDARD) if right else b"\0@`px|"

    source = Script(play, (9600, 1200))
    line, _ = jumping(monkeypatch, source, 300)
    assert [speed for _, speed in source.changes] == [9600, 1200, 9600]
    assert [second for second, _ in source.changes] == pytest.approx([0, 110, 210], abs=2)
    assert line.state.mode == "standard"
    assert [text for text in said(caplog, logging.INFO) if "mode" in text] == [
        "meter house: standard mode at 9600 Bd",
        "meter house: historic mode at 1200 Bd",
        "meter house: standard mode at 9600 Bd",
    ]


def test_bad_groups_never_change_the_speed_while_others_verify(monkeypatch):
    """A noisy line is a noisy line: nine frames of ten with a bad checksum, and the speed is still kept."""

    def play(_):
        while True:
            for frame in [BAD] * 9 + [STANDARD]:
                yield 0.9
                yield frame

    source = Script(play, (9600, 1200))
    line, _ = jumping(monkeypatch, source, 600)
    assert source.changes == [(0, 9600)]
    assert line.state.bad_groups > 500


def test_groups_with_unknown_labels_do_not_make_a_speed_right(monkeypatch):
    """Garbage passes a checksum one time in 64: only labels that meters send count (nasty input 2.2)."""

    def play(_):
        while True:
            yield 1.0
            yield UNKNOWN

    source = Script(play, (9600, 1200))
    line, _ = jumping(monkeypatch, source, 31)
    assert source.changes == [(0, 9600), (5, 1200), (15, 9600), (20, 1200), (30, 9600)]
    assert line.state.last_frame is None
    assert line.state.mode is None


def test_a_standby_frame_of_one_group_is_enough(monkeypatch):
    """A historic meter in standby sends its address alone."""
    standby = b"\x02" + encode_group("historic", Group("ADCO", "041876097767", None)) + b"\x03"
    source = Script(meter_at(lambda: 1200, standby), (9600, 1200))
    line, _ = jumping(monkeypatch, source, 100)
    assert source.changes == [(0, 9600), (5, 1200)]
    assert line.state.frames > 80


def test_a_port_that_was_lost_is_opened_at_the_speed_that_worked(monkeypatch):
    """No five seconds at 9600 Bd again at each loss of a historic meter's port."""

    def play(source):
        if len(source.opened_at) > 1:
            assert source.speed == 1200
        for _ in range(30):
            yield 1.0
            yield HISTORIC if source.speed == 1200 else b"\0@"
        yield PortError("lost")

    source = Script(play, (9600, 1200))
    jumping(monkeypatch, source, 600)
    assert len(source.opened_at) > 10
    assert {speed for _, speed in source.changes[2:]} == {1200}


def test_what_the_configuration_does_not_believe_is_bad(monkeypatch):
    """With ``mode = historic`` standard groups are counted as bad, and never handed on."""

    def play(_):
        while True:
            yield 1.0
            yield STANDARD

    line, frames = jumping(monkeypatch, Script(play), 10, mode="historic")
    assert line.state.frames == 0
    assert line.state.bad_groups >= 10
    assert not any(frame.groups for frame in frames)


# Losses and silences


def test_an_absent_port_is_tried_less_and_less_often(monkeypatch, caplog):
    """Half a second at first, thirty at most, give or take three tenths; one warning however long it lasts."""
    caplog.set_level(logging.INFO)

    class Absent(Script):
        async def open(self):
            await super().open()
            raise PortError("/dev/tty0: no such port")

    source = Absent(lambda _: iter(()))
    line, _ = jumping(monkeypatch, source, 86400)
    waits = [two - one for one, two in zip(source.opened_at, source.opened_at[1:], strict=False)]
    for wait, plain in zip(waits, [0.5, 1, 2, 4, 8, 16] + [30] * len(waits), strict=False):
        assert 0.7 * plain <= wait <= 1.3 * plain + 1e-3
    assert len(set(waits)) > len(waits) / 2
    assert source.closed == len(source.opened_at)
    assert said(caplog, logging.WARNING) == ["meter house: /dev/tty0: no such port"]
    assert (line.state.open, str(line.state.error)) == (False, "/dev/tty0: no such port")
    assert line.state.changed == pytest.approx(source.opened_at[0])


def test_a_port_that_opens_and_hangs_up_at_once_is_not_tried_in_a_frenzy(monkeypatch, caplog):
    """A hang-up with nothing read counts as the same loss: it backs off, and says nothing new."""
    caplog.set_level(logging.INFO)

    def play(_):
        yield PortError("lost: unplugged")

    source = Script(play)
    jumping(monkeypatch, source, 3600)
    assert len(source.opened_at) < 200
    assert said(caplog, logging.WARNING) == ["meter house: lost: unplugged"]
    assert not said(caplog, logging.INFO)


def test_a_loss_after_frames_is_soon_mended(monkeypatch, caplog):
    """Each time frames have come, the next attempt is after half a second; loss and return are said once each."""
    caplog.set_level(logging.INFO)

    def play(_):
        for _ in range(10):
            yield 1.0
            yield STANDARD
        yield PortError("lost: unplugged")

    source = Script(play)
    line, frames = jumping(monkeypatch, source, 105.9)
    assert line.state.frames == len(frames) >= 90
    assert max(two - one for one, two in zip(source.opened_at, source.opened_at[1:], strict=False)) < 10.7
    losses = len(source.opened_at) - 1
    assert said(caplog, logging.WARNING) == ["meter house: lost: unplugged"] * losses
    assert losses - said(caplog, logging.INFO).count("meter house: the port is back") in (0, 1)


def test_the_reasons_of_one_loss_are_each_said_once(monkeypatch, caplog):
    """A sender that now refuses and now closes does not fill the log by turns."""
    caplog.set_level(logging.INFO)

    def play(source):
        yield PortError("refused" if len(source.opened_at) % 2 else "closed")

    jumping(monkeypatch, Script(play), 3600)
    assert said(caplog, logging.WARNING) == ["meter house: refused", "meter house: closed"]


def test_a_sender_that_is_silent_for_a_minute_is_asked_again(monkeypatch, caplog):
    """A half-open connection says nothing: after 60 s it is given up, and what comes then is read."""
    caplog.set_level(logging.INFO)

    def play(source):
        while len(source.opened_at) == 4:
            yield 59.0
            yield STANDARD

    source = Script(play)
    line, _ = jumping(monkeypatch, source, 1000)
    assert len(source.opened_at) == 4
    gaps = [two - one for one, two in zip(source.opened_at, source.opened_at[1:], strict=False)]
    assert all(60 < gap < 65 for gap in gaps)
    assert line.state.frames >= 10
    assert said(caplog, logging.WARNING) == ["meter house: nothing was received for 60 s"]
    assert said(caplog, logging.INFO)[0] == "meter house: the port is back"


def test_a_silent_serial_port_is_kept_open(monkeypatch):
    """No carrier is silence and no fault of the port: it is listened to at both speeds, and not opened again.

    (Nasty input 8.3.)
    """
    source = Script(lambda _: iter(()), (9600, 1200))
    line, _ = jumping(monkeypatch, source, 600)
    assert len(source.opened_at) == 1
    assert line.state.open
    assert len(source.changes) > 50


@pytest.mark.parametrize("ends_in", [0.01, 0.3, 5.0])
def test_it_stops_at_once_wherever_it_is(monkeypatch, ends_in):
    """A stop while the port is being opened, waited for or read ends the line then and there, the port closed."""

    def play(source):
        yield from () if len(source.opened_at) > 3 else [PortError("lost")]

    async def main():
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(line_module, "time", SimpleNamespace(monotonic=loop.time))
        source = Script(play)
        read = Reading(Line("house", source))
        await asyncio.sleep(ends_in)
        before = loop.time()
        await read.stop()
        return source, loop.time() - before

    source, took = run_jumping(main())
    assert took < 0.001
    assert source.closed == len(source.opened_at)


# Against meters


def test_frames_before_and_after_an_adapter_was_unplugged(tmp_path, caplog):
    """The line comes back by itself with what the meter says then; every group is one that it has sent.

    (Nasty input 8.1.)
    """
    caplog.set_level(logging.INFO)
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter:
        line = line_of(meter)

        async def work(read):
            await read.whole(3)
            meter.command("unplug")
            await read.until(lambda: not line.state.open)
            assert "no device behind this port" in str(line.state.error) or "no such port" in str(line.state.error)
            meter.command("plug")
            await read.whole(3)

        read = reading(line, work)
        truth = [(record["data"], record["horodate"].get("DATE")) for record in meter.truth()]
    assert line.state.error is None
    heard = [truth.index((values(frame), date(frame))) for frame in read.frames if frame.whole]
    assert heard == sorted(heard)
    assert heard[-1] > heard[0]
    warnings = said(caplog, logging.WARNING)
    assert len(warnings) == len(set(warnings)) <= 2
    assert said(caplog, logging.INFO).count("meter house: the port is back") == 1


def test_a_real_port_at_a_wrong_speed_is_tuned(tmp_path, monkeypatch):
    """A historic meter is found, and found again after it was switched over to standard."""
    monkeypatch.setattr(search, "_PATIENCE_S", {9600: 0.4, 1200: 1.5})
    monkeypatch.setattr(search, "_PATIENCE_FOUND_S", 1.0)
    monkeypatch.setattr(line_module, "_TICK_S", 0.1)
    with SimulatedMeter(tmp_path / "tic", speed=20, mode="historic") as meter:
        line = line_of(meter)

        async def work(read):
            await read.whole(3)
            assert (line.state.speed, line.state.mode) == (1200, "historic")
            meter.command("mode standard")
            await read.until(lambda: line.state.mode == "standard")
            await read.whole(3)
            assert line.state.speed == 9600

        reading(line, work)


def test_a_byte_of_wrong_parity_costs_a_group_and_no_wrong_value(tmp_path):
    """With a flipped bit in five bytes of a thousand, bad groups are many; every value handed on was sent."""
    with SimulatedMeter(tmp_path / "tic", speed=20, noise=0.005) as meter:
        line = line_of(meter)
        read = reading(line, lambda read: read.until(lambda: line.state.bad_groups > 30))
        truth = {pair for record in meter.truth() for pair in record["data"].items()}
    assert {pair for frame in read.frames for pair in values(frame).items()} <= truth
    assert line.state.partial > 5


def test_a_noisy_line_never_ends_and_is_whole_again_afterwards(tmp_path):
    """Flipped, lost and cut: the line goes on reading and needs nothing but good bytes (nasty inputs 1.15, 4.4)."""
    with SimulatedMeter(tmp_path / "tic", speed=50, noise=0.2, drop=0.2) as meter:
        line = line_of(meter)

        async def work(read):
            await read.until(lambda: line.state.bad_groups > 100)
            for command in ("eot", "noise 0", "drop 0"):
                meter.command(command)
            await read.whole(5)

        reading(line, work)
    assert line.state.speed == 9600


def test_an_8n1_sender_is_recognised(tmp_path, caplog):
    """A TCP bridge on an 8N1 port sends parity in bit 7: it is checked here, said once, and no frame is lost for it.

    (Nasty input 2.6.)
    """
    with SimulatedMeter(tmp_path / "tic", tcp="127.0.0.1:0", speed=20, deliver="8n1") as meter:
        line = line_of(meter)

        async def work(read):
            await read.whole(3)
            meter.command("unplug")
            await read.until(lambda: not line.state.open)
            meter.command("plug")
            await read.whole(3)

        read = reading(line, work)
        truth = [record["data"] for record in meter.truth()]
    assert all(values(frame) in truth for frame in read.frames if frame.whole)
    assert sum("the port is 8N1" in text for text in said(caplog, logging.WARNING)) == 1


def test_noise_on_an_8n1_line_costs_no_wrong_value(tmp_path):
    """A flipped bit shows in bit 7's parity, and the byte is refused as a 7E1 port would."""
    with SimulatedMeter(tmp_path / "tic", tcp="127.0.0.1:0", speed=20, deliver="8n1", noise=0.005) as meter:
        line = line_of(meter)
        read = reading(line, lambda read: read.until(lambda: line.state.bad_groups > 100))
        truth = {pair for record in meter.truth() for pair in record["data"].items()}
    assert {pair for frame in read.frames for pair in values(frame).items()} <= truth
    assert line.state.partial > 5


def test_a_sender_that_closes_is_connected_to_again(tmp_path):
    """The end of a connection is a loss, not the end of the line."""
    with SimulatedMeter(tmp_path / "tic", tcp="127.0.0.1:0", speed=20) as meter:
        line = line_of(meter)

        async def work(read):
            for _ in range(2):
                await read.whole(2)
                meter.command("unplug")
                await read.until(lambda: not line.state.open)
                meter.command("plug")
            await read.whole(2)

        reading(line, work)
    assert line.state.speed is None


def test_two_lines_on_one_port_do_not_share_it(tmp_path):
    """The second one waits with its sentence, and takes over when the first has let go."""
    with SimulatedMeter(tmp_path / "tic", speed=20) as meter:
        second = line_of(meter)

        async def work(read):
            other = Reading(second)
            await read.whole(2)
            await other.until(lambda: second.state.error)
            assert "held by another program" in str(second.state.error)
            await read.stop()
            await other.whole(2)
            await other.stop()

        reading(line_of(meter), work)


# 8N1, from bytes


def with_parity(data):
    """As an 8N1 port delivers it."""
    return bytes(byte | (byte.bit_count() % 2) << 7 for byte in data)


@pytest.mark.parametrize("piece", [1, 7, 100, 4096])
def test_the_first_frame_of_an_8n1_line_is_not_lost(monkeypatch, piece):
    """What was read before it was known is read again: every frame of the capture, however it is cut."""
    bytes_7 = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes() * 2
    bytes_8 = with_parity(bytes_7)

    def play(_):
        for at in range(0, len(bytes_8), piece):
            yield 0.001
            yield bytes_8[at : at + piece]

    line, frames = jumping(monkeypatch, Script(play), 30)
    assert sum(frame.whole for frame in frames) == line.state.frames == 2
    assert len(frames[-1].groups) == 38


def test_an_8n1_line_that_begins_with_garbage_is_recognised_later(monkeypatch):
    """A first sample of noise decides nothing for good."""
    draw = random.Random(3)

    def play(_):
        yield draw.randbytes(1000)
        while True:
            yield 1.0
            yield with_parity(STANDARD * 3)

    line, _ = jumping(monkeypatch, Script(play), 60)
    assert line.state.frames > 90


def test_a_7e1_line_is_not_taken_for_8n1(monkeypatch, caplog):
    """Seven-bit bytes have no bit 7, noise has no parity."""
    draw = random.Random(4)

    def play(_):
        yield STANDARD * 20
        while True:
            yield 1.0
            yield draw.randbytes(300)

    line, _ = jumping(monkeypatch, Script(play), 100)
    assert line.state.frames == 20
    assert not said(caplog, logging.WARNING)


# Replay, and memory


def test_a_replay_ends_and_says_so(caplog):
    """Every frame of the file, then the end: in the state, in the log, and of the generator."""
    caplog.set_level(logging.INFO)

    async def main():
        line = Line("house", ReplaySource(FRAMES / "real" / "h1-base-linky-jlesauce.raw", 20))
        return line, [frame async for frame, _ in line.frames()]

    line, frames = run_jumping(main())
    assert sum(frame.whole for frame in frames) == line.state.frames == 52
    assert len(frames) - 52 == line.state.partial == 2
    assert (line.state.ended, line.state.open, line.state.error) == (True, False, None)
    assert said(caplog, logging.INFO)[-1] == "meter house: the end of the file"


@pytest.mark.parametrize("speed", [0.05, 1e-4])
def test_a_very_slow_replay_is_no_silence_and_loses_no_frame(monkeypatch, speed):
    """Minutes for one frame, even for one byte, are what was asked for."""

    async def main():
        monkeypatch.setattr(line_module, "time", SimpleNamespace(monotonic=asyncio.get_running_loop().time))
        line = Line("house", ReplaySource(FRAMES / "real" / "h1-base-linky-enedis.raw", speed))
        return [frame.whole async for frame, _ in line.frames()]

    assert run_jumping(main()) == [True]


def test_a_missing_file_is_waited_for(tmp_path):
    """A replay's file may come later, as a port may."""

    async def main():
        line = Line("house", ReplaySource(tmp_path / "late.raw", 100))
        read = Reading(line)
        await read.until(lambda: line.state.error)
        (tmp_path / "late.raw").write_bytes((FRAMES / "real" / "h1-base-linky-enedis.raw").read_bytes())
        async with asyncio.timeout(DEADLINE_S):
            await read.task
        return line

    assert asyncio.run(main()).state.frames == 1


@pytest.mark.parametrize("alphabet", [bytes(range(256)), b"U", b"\x02\n", b"\x02\nA\r\x03 \t"])
def test_garbage_for_ever_takes_no_memory(monkeypatch, alphabet):
    """After the first buffers are full, a hundred thousand bytes of garbage more leave nothing behind."""
    draw = random.Random(5)
    held = []

    def play(_):
        for _ in range(50):
            yield 1.0
            yield bytes(draw.choices(alphabet, k=2048))
            held.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        line, _ = jumping(monkeypatch, Script(play), 100, keep=0)
    finally:
        tracemalloc.stop()
    assert len(held) == 50
    assert line.state.frames == 0
    assert max(held[20:]) - max(held[:20]) < 20_000
