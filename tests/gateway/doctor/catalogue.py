"""The faults that a line can have, each as it comes in at a port, with the cause that a doctor has to name.

Bytes are fed to ptys and TCP servers in real time by one thread (``Feeder``); what a port of another speed makes of
them is computed by the simulated UART of ``tools/lib/meter``. A *course* is what a line brings: bytes, pauses in
seconds, and things that are done (a plug that is pulled, a program that sets the port).
"""

from __future__ import annotations

import os
import random
import select
import socket
import subprocess
import sys
import termios
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.doctor.causes import Cause
from gateway.tic.frame import HISTORIC, STANDARD, Group, Reader, encode_group
from meter.uart import SimulatedUart, UartSettings
from meter.wire import PtyWire, TcpWire

FRAMES = Path(__file__).parents[2] / "frames"
PARIS = ZoneInfo("Europe/Paris")
BAUD = {STANDARD: 9600, HISTORIC: 1200}
STX, ETX, EOT, LF, CR = b"\x02", b"\x03", b"\x04", b"\n", b"\r"
TICK_S = 0.02


def _groups(name):
    frames = [frame for frame in Reader().feed((FRAMES / name).read_bytes()) if frame.whole]
    return list(frames[0].groups)


_CAPTURED = {STANDARD: _groups("real/s1-hc-linky-enedis.raw"), HISTORIC: _groups("real/h1-tempo-linky-esciara-bin.raw")}


def lines_of(mode, address, now=None):
    """The groups of a captured frame as this meter would send them now, each in bytes, LF to CR."""
    now = now or datetime.now(PARIS)
    horodate = f"{'E' if now.dst() else 'H'}{now:%y%m%d%H%M%S}"
    changed = {"ADSC": {"data": address}, "ADCO": {"data": address}, "DATE": {"horodate": horodate}}
    return [encode_group(mode, Group(*one)._replace(**changed.get(one.label, {}))) for one in _CAPTURED[mode]]


def frame_of(mode, address):
    """A whole frame of this moment."""
    return STX + b"".join(lines_of(mode, address)) + ETX


# What a line brings. Each takes the port that is fed and gives bytes, pauses, and things to do.


def sound(port):
    """Frame after frame."""
    while True:
        yield frame_of(port.mode, port.address)
        yield 0.025


def nothing(_port):
    """Not a byte."""
    while True:
        yield 60.0


def pulled_off(port):
    """Sound for some frames, then the wire is off."""
    for _ in range(4):
        yield frame_of(port.mode, port.address)
    yield from nothing(port)


def now_and_then(port):
    """A wire that is dead in the middle of a frame, every few seconds."""
    while True:
        for _ in range(3):
            yield frame_of(port.mode, port.address)
        frame = frame_of(port.mode, port.address)
        yield frame[: len(frame) // 2]
        yield 2.8 * port.speed


def pauses(port):
    """A silence of four seconds after each frame."""
    while True:
        yield frame_of(port.mode, port.address)
        yield 4.0 * port.speed


def altered(change):
    """Each frame as ``change`` makes it of the sound one; it may draw from the port's generator."""

    def course(port):
        while True:
            yield change(frame_of(port.mode, port.address), port.draw)
            yield 0.025

    return course


def without(mark):
    """Each frame without a character."""
    return altered(lambda frame, _: frame.replace(mark, b""))


def _hole(frame, draw):
    at, length = draw.randrange(10, len(frame) - 130), draw.randrange(20, 121)
    return frame[:at] + frame[at + length :]


def _soft_port(frame, _draw):
    """Every LF arrives as 0x0F and STX as C (esphome/esphome#17291)."""
    return frame.replace(LF, b"\x0f").replace(STX, b"C")


def _destroyed(frame, draw):
    """Most LF arrive as 0x0E, 0x0F or 0x0B (hekmon/linkytic#67)."""
    return b"".join(bytes((draw.choice((10, 11, 14, 15)),)) if byte == 10 else bytes((byte,)) for byte in frame)


def cut_by_eot(port):
    """Three frames in ten are cut by the meter itself, at the end of a group, and the next one follows."""
    while True:
        lines = lines_of(port.mode, port.address)
        if port.draw.random() < 0.3:
            yield STX + b"".join(lines[: port.draw.randrange(1, len(lines))]) + EOT
        else:
            yield STX + b"".join(lines) + ETX
        yield 0.025


def standby(port):
    """The address alone (02E §2.3.2)."""
    while True:
        yield STX + encode_group(HISTORIC, Group("ADCO", port.address, None)) + ETX
        yield 0.5


def _nmea(body):
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"${body}*{total:02X}\r\n".encode()


def gps(port):
    """What a GPS says once a second (NMEA 0183), to a port that takes its eighth bit for a parity."""
    for second in range(10**9):
        at = f"{second % 60:02d}"
        yield _unchecked(
            _nmea(f"GPGGA,1235{at}.00,4807.03812,N,01131.00024,E,1,08,0.94,545.4,M,46.9,M,,")
            + _nmea("GPGSA,A,3,04,05,,09,12,,,24,,,,,2.51,1.34,2.12")
            + _nmea(f"GPRMC,1235{at}.00,A,4807.03812,N,01131.00024,E,0.022,084.4,230394,003.1,W"),
            port,
        )
        yield 0.6


def sensor_log(port):
    """A board with a thermometer on the port, which prints for a person."""
    while True:
        warmth = port.draw.uniform(15, 25)
        yield _unchecked(f"Temperature: {warmth:.1f} C, humidity: 48 %, battery ok\r\n".encode(), port)
        yield 0.3


def _unchecked(text, port):
    """Eight bits without a parity: half of the characters fail the check of 7E1 and become NUL."""
    return text if port.reader_baud != 9600 else bytes(byte if byte.bit_count() % 2 == 0 else 0 for byte in text)


def then(action):
    """Sound, and after every few frames something is done."""

    def course(port):
        while True:
            for _ in range(3):
                yield frame_of(port.mode, port.address)
            yield action

    return course


def _set_port(change):
    def act(port):
        fd = os.open(port.wire.name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        settings = termios.tcgetattr(fd)
        change(settings)
        termios.tcsetattr(fd, termios.TCSANOW, settings)
        os.close(fd)

    return act


def _faster(settings):
    settings[4] = settings[5] = termios.B19200


def _terminal(settings):
    settings[0] |= termios.ICRNL
    settings[3] |= termios.ICANON | termios.ISIG


def _no_check(settings):
    settings[0] &= ~termios.INPCK


def _unplug(port):
    port.wire.unplug()


@dataclass
class Fed:
    """A port that is fed. ``forced`` is how the port at the end of the wire is set, where that is not the reader's."""

    wire: object
    course: object
    mode: str
    address: str
    speed: float
    noise: float = 0.0
    drop: float = 0.0
    forced: UartSettings | None = None
    foreign: bool = False
    draw: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self):
        self.uart = SimulatedUart(3)
        self.uart.noise, self.uart.drop = self.noise, self.drop
        self.reader_baud = None
        self._steps, self._rest, self._paused = None, b"", 0.0
        self._last = time.monotonic()

    def feed(self, now):
        """What has become due since the last time."""
        for descriptor in self.wire.watched():
            if select.select([descriptor], [], [], 0)[0]:
                self.wire.service(descriptor)
        settings = self.wire.port()
        passed, self._last = min(now - self._last, 0.5), now
        if settings is None:
            return
        self._steps = self._steps or self.course(self)
        self.reader_baud = settings.baud
        baud = BAUD[self.mode]
        due = int(passed * self.speed * baud / 10 + 0.5)
        while due > 0 and self.wire.port() is not None:
            if self._paused > 0:
                rested = min(self._paused, due * 10 / baud)
                self._paused -= rested
                self.uart.idle(int(rested * baud))
                due -= max(1, int(rested * baud / 10))
            elif not self._rest:
                self._next()
            else:
                piece, self._rest = self._rest[:due], self._rest[due:]
                due -= len(piece)
                port = settings if self.forced is None else self.forced
                if got := self._carry(piece, baud, port):
                    self.wire.write(got)

    def _carry(self, piece, baud, port):
        if self.foreign and port.baud in {None, baud}:
            return piece
        return self.uart.carry(piece, baud, port)

    def _next(self):
        step = next(self._steps)
        if callable(step):
            step(self)
        elif isinstance(step, float):
            self._paused = step
        else:
            self._rest = step


class Feeder:
    """Feeds all ports, on a thread of its own, for a block."""

    def __init__(self):
        self.ports = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(20)
        for port in self.ports:
            port.wire.unplug()

    def _run(self):
        while not self._over.wait(TICK_S):
            for port in tuple(self.ports):
                with suppress(OSError):
                    port.feed(time.monotonic())


@dataclass(frozen=True)
class InjectedFault:
    """One fault.

    ``causes``: those that name it; any of them. ``setting`` is the configured mode. ``prepare`` makes the source in
    another way than by feeding a course to a pty: it is given the stand and gives the source's text.
    """

    name: str
    causes: tuple[Cause, ...]
    course: object = sound
    mode: str = STANDARD
    setting: str = "auto"
    tcp: bool = False
    noise: float = 0.0
    drop: float = 0.0
    forced: UartSettings | None = None
    foreign: bool = False
    permissions: int = 0o666
    prepare: object = None
    # Whose address the meter says, by the name of that fault; else it is its own.
    says: str = ""


def address_of(number):
    """That of the meter with this number."""
    return f"0218{number:08d}"


class Stand:
    """Every fault of a list as a source, fed for a block; ``sources`` by the fault's name.

    Args:
        folder: where the ports appear.
        speed: how many times faster than a real meter.
    """

    def __init__(self, folder, faults, speed=1.0):
        self.folder, self._faults, self._speed = folder, faults, speed
        self.feeder = Feeder()
        self.held = ExitStack()
        self.sources = {}

    def __enter__(self):
        self.held.enter_context(self.feeder)
        for number, fault in enumerate(self._faults, 1):
            make = fault.prepare or Stand.feed
            self.sources[fault.name] = str(make(self, fault, number))
        return self

    def __exit__(self, *exc):
        self.held.close()

    def number_of(self, name):
        """Which fault it is, from 1."""
        return next(number for number, fault in enumerate(self._faults, 1) if fault.name == name)

    @property
    def known(self):
        """Address -> name of every meter, as a gateway knows them that has heard them before."""
        return {address_of(number): fault.name for number, fault in enumerate(self._faults, 1)}

    def feed(self, fault, number):
        """A pty or a TCP server that is fed with the fault's course."""
        if fault.tcp:
            wire = TcpWire("127.0.0.1:0", patient=True)
        else:
            wire = PtyWire(self.folder / f"tty{number}", permissions=fault.permissions, patient=False)
        wire.plug(BAUD[fault.mode])
        told = ("noise", "drop", "forced", "foreign")
        port = Fed(
            wire,
            fault.course,
            fault.mode,
            address_of(self.number_of(fault.says) if fault.says else number),
            self._speed,
            **{name: getattr(fault, name) for name in told},
        )
        self.feeder.ports.append(port)
        return wire.name


def _missing(stand, _fault, number):
    return stand.folder / f"none{number}"


def _file(stand, _fault, number):
    (stand.folder / f"file{number}").write_bytes(b"")
    return stand.folder / f"file{number}"


def _nobody(stand, _fault, _number):
    # Bound and not listening: who calls is refused, and nobody else is given the number.
    held = stand.held.enter_context(socket.socket())
    held.bind(("127.0.0.1", 0))
    return f"socket://127.0.0.1:{held.getsockname()[1]}"


_HOLDER = """
import fcntl, os, sys, select
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
if sys.argv[2] == "lock":
    fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
while True:
    if select.select([sys.stdin], [], [], 0.05)[0] and not sys.stdin.read():
        break
    if sys.argv[2] == "read":
        try:
            os.read(port, 40)
        except OSError:
            pass
"""


@contextmanager
def _other_program(path, how):
    command = [sys.executable, "-c", _HOLDER, str(path), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        try:
            yield other
        finally:
            other.stdin.close()


def _held(how):
    def prepare(stand, fault, number):
        source = stand.feed(fault, number)
        stand.held.enter_context(_other_program(source, how))
        return source

    return prepare


SLOW_LINE, FAST_LINE = UartSettings(9600, check_parity=True), UartSettings(1200, check_parity=True)
EIGHT = UartSettings(None, eight_bits=True)
UNCHECKED = UartSettings()

C = Cause
_SWAPPED = ("two cables are swapped: the one", "two cables are swapped: the other")
FAULTS = (
    InjectedFault("the port is not there", (C.NO_SUCH_PORT,), prepare=_missing),
    InjectedFault("the source is a plain file", (C.NOT_A_PORT,), prepare=_file),
    InjectedFault("no rights to the port", (C.PERMISSION_DENIED,), permissions=0o000),
    InjectedFault("another program has locked the port", (C.PORT_HELD,), prepare=_held("lock")),
    InjectedFault("another program reads the port", (C.PORT_HELD,), prepare=_held("read")),
    InjectedFault("the adapter is pulled out", (C.PORT_LOST, C.NO_SUCH_PORT), then(_unplug)),
    InjectedFault("nobody answers at the address", (C.NO_ANSWER,), prepare=_nobody),
    InjectedFault("the device hangs up", (C.NO_ANSWER,), then(_unplug), tcp=True),
    InjectedFault("the device is silent", (C.SILENT,), nothing, tcp=True),
    InjectedFault("no wire", (C.SILENT,), nothing),
    InjectedFault("the wire is pulled off", (C.SILENT,), pulled_off),
    InjectedFault("the wire is dead now and then", (C.LOOSE_WIRE,), now_and_then),
    InjectedFault("four seconds of silence after each frame", (C.LOOSE_WIRE,), pauses),
    InjectedFault("one character in a hundred is lost", (C.LOOSE_WIRE,), mode=HISTORIC, drop=0.01),
    InjectedFault("20 to 120 characters of each frame are lost", (C.LOOSE_WIRE,), altered(_hole)),
    InjectedFault("one character in a hundred is wrong", (C.WEAK_SIGNAL,), noise=0.01),
    InjectedFault("one character in ten is wrong", (C.WEAK_SIGNAL,), mode=HISTORIC, noise=0.1),
    InjectedFault("wrong characters whose parity nobody checks", (C.WEAK_SIGNAL,), noise=0.03, forced=UNCHECKED),
    InjectedFault("historic meter, standard configured", (C.OTHER_MODE,), mode=HISTORIC, setting=STANDARD),
    InjectedFault("standard meter, historic configured", (C.OTHER_MODE,), setting=HISTORIC),
    InjectedFault("the adapter is 8N1", (C.EIGHT_N_ONE,), forced=EIGHT),
    InjectedFault("the device on the network is 8N1", (C.EIGHT_N_ONE,), mode=HISTORIC, forced=EIGHT, tcp=True),
    InjectedFault("the check of the parity is switched off", (C.EIGHT_N_ONE,), then(_set_port(_no_check))),
    InjectedFault("a device at 9600, a meter at 1200", (C.WRONG_SPEED,), mode=HISTORIC, forced=SLOW_LINE, tcp=True),
    InjectedFault("a device at 1200, a meter at 9600", (C.WRONG_SPEED,), forced=FAST_LINE, tcp=True),
    InjectedFault("another program sets the speed", (C.WRONG_SPEED,), then(_set_port(_faster))),
    InjectedFault("another program makes the port a terminal", (C.COOKED_TTY,), then(_set_port(_terminal))),
    InjectedFault(
        "the device makes LF of CR and eats ETX",
        (C.COOKED_TTY,),
        altered(lambda frame, _: frame.replace(CR, LF).replace(ETX, b"")),
        tcp=True,
    ),
    InjectedFault("ETX is eaten", (C.FRAME_MARKS,), without(ETX)),
    InjectedFault("STX is eaten", (C.FRAME_MARKS,), without(STX)),
    InjectedFault("every LF arrives as 0x0F, STX as C", (C.LINE_STARTS,), altered(_soft_port)),
    InjectedFault("most LF arrive destroyed", (C.LINE_STARTS,), altered(_destroyed)),
    InjectedFault("three frames in ten are cut by EOT", (C.LONG_SILENCES,), cut_by_eot),
    InjectedFault("the meter is in standby", (C.STANDBY,), standby, HISTORIC),
    InjectedFault(_SWAPPED[0], (C.OTHER_CABLE,), says=_SWAPPED[1]),
    InjectedFault(_SWAPPED[1], (C.OTHER_CABLE,), mode=HISTORIC, says=_SWAPPED[0]),
    InjectedFault("a GPS is on the port", (C.NOT_A_METER,), gps, foreign=True),
    InjectedFault("a board with a thermometer is on the port", (C.NOT_A_METER,), sensor_log, foreign=True),
)
SOUND = (
    InjectedFault("a sound standard meter", (C.ALL_WELL,)),
    InjectedFault("a sound historic meter", (C.ALL_WELL,), mode=HISTORIC),
    InjectedFault("a sound standard meter on the network", (C.ALL_WELL,), tcp=True),
    InjectedFault("a sound historic meter on the network", (C.ALL_WELL,), mode=HISTORIC, tcp=True),
)
