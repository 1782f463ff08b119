"""A serial port on real ptys: its settings, whose it is, what is said when it cannot be had, and its loss."""

import asyncio
import contextlib
import fcntl
import os
import random
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from gateway.errors import PortError
from gateway.sources import serial_port
from gateway.sources.adapter import FixedPort
from gateway.sources.serial_port import SerialSource
from tests.rights import without_rights

ROOT = Path(__file__).parents[3]
DEADLINE_S = 20.0

# What the settings must be after each opening and each change of speed: (index in termios, bits, whether set).
SETTINGS = {
    "parity is checked": (0, termios.INPCK, True),
    "bad bytes are not dropped": (0, termios.IGNPAR, False),
    "bad bytes are not marked": (0, termios.PARMRK, False),
    "bit 7 is kept": (0, termios.ISTRIP, False),
    "a break flushes nothing": (0, termios.BRKINT, False),
    "CR stays CR": (0, termios.ICRNL | termios.INLCR | termios.IGNCR, False),
    "XON and XOFF are data": (0, termios.IXON | termios.IXOFF | termios.IXANY, False),
    "control characters are data": (3, termios.ISIG | termios.ICANON | termios.IEXTEN, False),
    "nothing is echoed": (3, termios.ECHO, False),
    "no hang-up at the close": (2, termios.HUPCL, False),
    "no flow control": (2, termios.CRTSCTS, False),
    "modem lines are ignored": (2, termios.CLOCAL, True),
}


class Adapter:
    """A pty: the meter's end and the path of the reader's."""

    def __init__(self):
        self.end, device = os.openpty()
        self.path = Path(os.ttyname(device))
        os.close(device)

    def unplug(self):
        """The device goes away under its reader."""
        end, self.end = self.end, -1
        if end >= 0:
            os.close(end)

    def settings(self):
        """As the kernel has them now."""
        return termios.tcgetattr(self.end)


@pytest.fixture
def adapter():
    """An adapter with default, cooked settings, as a kernel gives it."""
    made = Adapter()
    yield made
    made.unplug()


@contextlib.contextmanager
def opened(path):
    """An open source, and its loop's way to run something with a deadline."""
    source = SerialSource(FixedPort(path))
    with asyncio.Runner() as runner:

        def run(coroutine):
            return runner.run(asyncio.wait_for(coroutine, DEADLINE_S))

        run(source.open())
        try:
            yield source, run
        finally:
            source.close()


def refusal(path):
    """The sentence with which a port cannot be opened."""
    with pytest.raises(PortError) as caught:
        asyncio.run(SerialSource(FixedPort(path)).open())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def descriptors():
    """How many files this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("what", SETTINGS)
def test_the_port_is_raw_and_checked(adapter, what):
    """After the opening and after a change of speed, the settings are those that a TIC line needs (nasty input 2.6)."""
    index, bits, wanted = SETTINGS[what]
    with opened(adapter.path) as (source, _):
        for speed in (None, 1200, 9600):
            if speed:
                source.set_speed(speed)
            assert adapter.settings()[index] & bits == (bits if wanted else 0), speed


def test_a_careless_program_before_us_does_no_harm(adapter):
    """Settings that were left behind (parity ignored, marked, stripped, breaks that flush) are put right.

    (Nasty input 2.6.)
    """
    left = adapter.settings()
    left[0] |= termios.IGNPAR | termios.PARMRK | termios.ISTRIP | termios.BRKINT | termios.IXON
    left[2] |= termios.HUPCL | termios.CRTSCTS
    termios.tcsetattr(adapter.end, termios.TCSANOW, left)
    with opened(adapter.path):
        settings = adapter.settings()
    for what, (index, bits, wanted) in SETTINGS.items():
        assert settings[index] & bits == (bits if wanted else 0), what


def test_seven_bits_and_even_parity_are_asked_of_the_kernel(adapter, monkeypatch):
    """A pty hides them, so the call itself is looked at: 7E1, at the opening and at each change."""
    asked = []
    real = termios.tcsetattr

    def watch(fd, when, settings):
        asked.append(settings[2])
        real(fd, when, settings)

    monkeypatch.setattr(termios, "tcsetattr", watch)
    with opened(adapter.path) as (source, _):
        source.set_speed(1200)
    frame = termios.CSIZE | termios.PARENB | termios.PARODD | termios.CSTOPB
    # Of each pair of calls the second repeats what the kernel made of the first, which for a pty is 8 bits.
    assert [flags & frame for flags in asked[::2]] == [termios.CS7 | termios.PARENB] * 2


def test_the_speed_is_set_and_what_came_before_is_forgotten(adapter):
    """Bytes read at a wrong speed are not left for the right one."""
    with opened(adapter.path) as (source, run):
        assert adapter.settings()[4:6] == [termios.B9600] * 2
        os.write(adapter.end, b"garbage")
        assert run(source.read()) == b"garbage"
        os.write(adapter.end, b"more garbage")
        source.set_speed(1200)
        assert adapter.settings()[4:6] == [termios.B1200] * 2
        os.write(adapter.end, b"\x02good\x03")
        assert run(source.read()) == b"\x02good\x03"


def test_a_speed_set_while_closed_is_used_at_the_next_opening(adapter):
    """A port that was lost comes back at the speed it had."""
    source = SerialSource(FixedPort(adapter.path))
    source.set_speed(1200)
    asyncio.run(source.open())
    assert adapter.settings()[4:6] == [termios.B1200] * 2
    source.close()


def test_every_byte_arrives_as_it_was_sent(adapter):
    """Control characters, NUL and bit 7 pass; nothing is translated."""
    everything = bytes(range(256))
    with opened(adapter.path) as (source, run):
        os.write(adapter.end, everything)
        assert run(source.read()) == everything


def test_only_the_named_path_is_opened(adapter):
    """No other device is opened, listed or looked for: a probe resets boards and disturbs radios."""
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom gateway.sources.source import parse_source\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, given: seen.append(given[0]) if event in "
        "('open', 'os.listdir', 'os.scandir', 'glob.glob', 'subprocess.Popen') else None)\n"
        "source = parse_source(sys.argv[1], Path())\nasyncio.run(source.open())\nsource.close()\n"
        "print(*(x for x in seen if str(x).startswith(('/dev', '/sys', '/run'))), sep='\\n')\n"
    )
    command = [sys.executable, "-c", script, str(adapter.path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=DEADLINE_S)
    assert done.stdout.split() == [str(adapter.path)]


def test_a_port_of_ours_is_not_opened_twice(adapter):
    """Two programs on a port would each get half of the bytes; the second one is told."""
    with opened(adapter.path):
        assert refusal(adapter.path) == f"{adapter.path}: held by another program: close it"
    with opened(adapter.path):
        pass


def test_a_port_that_another_program_has_locked_is_left_alone(adapter):
    """A lock is respected, and the other's settings stay as they are."""
    other = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    before = adapter.settings()
    assert refusal(adapter.path) == f"{adapter.path}: held by another program: close it"
    assert adapter.settings() == before
    os.close(other)


def test_a_port_that_another_program_keeps_for_itself_is_named_so(adapter):
    """TIOCEXCL shuts out everybody but root."""
    adapter.path.chmod(0o666)
    other = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(other, termios.TIOCEXCL)
    with without_rights():
        said = refusal(adapter.path)
    os.close(other)
    assert said == f"{adapter.path}: held by another program: close it"


def test_a_port_without_permission_names_the_group(adapter):
    """What is missing is said in the words of the command that gives it."""
    adapter.path.chmod(0)
    with without_rights():
        said = refusal(adapter.path)
    assert said == f"{adapter.path}: permission denied: add the user to the group dialout"


@pytest.mark.parametrize("kind", ["file", "folder", "fifo", "/dev/null"])
def test_what_is_no_port_is_named_so(tmp_path, kind):
    """A path to something else is refused without a word of pyserial's."""
    path = tmp_path / kind.strip("/").replace("/", "-")
    if kind == "file":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = Path(kind)
    assert refusal(path) == f"{path}: not a serial port: name one of /dev/serial/by-id"


def test_a_port_without_a_device_behind_it_is_named_so():
    """A node that is still there while its device is gone gives an input/output error, which says nothing."""
    end, device = os.openpty()
    os.close(end)
    path = Path(f"/proc/self/fd/{device}")
    said = refusal(path)
    os.close(device)
    assert said == f"{path}: no device behind this port: is the adapter plugged in?"


def test_a_refused_opening_leaves_nothing_open(tmp_path, adapter):
    """A port that is tried for weeks does not use up the descriptors."""
    (tmp_path / "file").write_bytes(b"")
    with opened(adapter.path):
        before = descriptors()
        for path in (tmp_path / "file", adapter.path, tmp_path / "none"):
            refusal(path)
        assert descriptors() == before


def test_an_unplugged_adapter_ends_the_read_each_time(adapter):
    """A reader that waits is told of the loss, and so is one that comes later; no read returns empty."""

    async def wait_for_the_loss(source):
        reading = asyncio.create_task(source.read())
        await asyncio.sleep(0)
        adapter.unplug()
        await reading

    with opened(adapter.path) as (source, run):
        with pytest.raises(PortError, match=f"^{adapter.path}: lost: no device behind this port: is"):
            run(wait_for_the_loss(source))
        with pytest.raises(PortError, match=f"^{adapter.path}: lost: no device"):
            run(source.read())
        with pytest.raises(PortError, match=f"^{adapter.path}: lost: no device behind this port"):
            source.set_speed(1200)
        source.close()
        with pytest.raises(PortError, match=f"^{adapter.path}: not open$"):
            run(source.read())
    assert "no such port" in refusal(adapter.path)


def test_a_wake_up_for_nothing_is_not_a_loss(adapter, monkeypatch):
    """When another program took the bytes, the read goes on waiting; it does not take nothing for a hang-up."""
    wake_ups = []
    really = serial_port._readable

    async def twice_too_early(fd):
        wake_ups.append(fd)
        if len(wake_ups) == 3:
            os.write(adapter.end, b"for us")
            await really(fd)

    monkeypatch.setattr(serial_port, "_readable", twice_too_early)
    with opened(adapter.path) as (source, run):
        assert run(source.read()) == b"for us"
    assert len(wake_ups) == 3


def test_a_read_given_up_loses_no_byte(adapter):
    """However often the wait is cut short, all that was sent is read, once and in order."""
    draw = random.Random(7)
    sent, got = bytearray(), bytearray()

    async def read_in_a_hurry(source):
        while len(got) < 3000:
            if len(sent) < 3000:
                piece = draw.randbytes(draw.randrange(1, 30))
                sent.extend(piece)
                os.write(adapter.end, piece)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(draw.choice((0, 0, 0.0001, 0.001))):
                    got.extend(await source.read())

    with opened(adapter.path) as (source, run):
        run(read_in_a_hurry(source))
    assert got == sent
