"""What the machine says of a port: who has it open, how it is set, what the kernel counted, where a Pi wires it to.

Files are read below ``root``, so that another machine's can be looked at; nothing is written. What cannot be read
(no permission, another kind of machine) is not known, and no error.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import re
import stat
import struct
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.doctor.causes import Cause, KernelCounts, PiFacts, PortSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/")

_SPEEDS = {getattr(termios, f"B{speed}"): speed for speed in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 115200)}

# linux/serial.h: struct serial_icounter_struct is eleven counters and room for nine more.
_TIOCGICOUNT = 0x545D
_COUNTERS = struct.Struct("20i")
_RECEIVED, _FRAME, _OVERRUN, _PARITY, _BREAK, _BUFFER_OVERRUN = 4, 6, 7, 8, 9, 10
_INT = struct.Struct("i")

# What turns the bytes of a line into the lines of a terminal.
_COOKED_INPUT = termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON | termios.ISTRIP
_COOKED_LOCAL = termios.ICANON | termios.ISIG

# The boards whose one good serial port is wired to Bluetooth; a Pi 5 has one for each.
_SHARED_UART = re.compile(r"Raspberry Pi (3|4|400|Zero W|Zero 2|Compute Module 4)")
_PI_5 = "Raspberry Pi 5"
# The boards whose pins are all behind another chip, the RP1.
_BEHIND_RP1 = re.compile(r"Raspberry Pi (5|Compute Module 5)")
_HEADER_PORTS = ("serial0", "ttyAMA0", "ttyS0")
_SECTIONS = {
    "pi1": "Raspberry Pi Model",
    "pi2": "Raspberry Pi 2",
    "pi3": "Raspberry Pi 3",
    "pi4": "Raspberry Pi 4",
    "pi400": "Raspberry Pi 400",
    "pi5": "Raspberry Pi 5",
    "pi0": "Raspberry Pi Zero",
    "pi0w": "Raspberry Pi Zero W",
    "pi02": "Raspberry Pi Zero 2",
    "cm4": "Compute Module 4",
    "cm5": "Compute Module 5",
}
_BLUETOOTH_AWAY = ("disable-bt", "pi3-disable-bt", "miniuart-bt", "pi3-miniuart-bt")

_REFUSALS = {
    errno.ENOENT: Cause.NO_SUCH_PORT,
    errno.ENODEV: Cause.NO_SUCH_PORT,
    errno.ENXIO: Cause.NO_SUCH_PORT,
    errno.ENOTUNIQ: Cause.SEVERAL_PORTS,
    errno.EIO: Cause.NO_SUCH_PORT,
    errno.ENOTTY: Cause.NOT_A_PORT,
    errno.EISDIR: Cause.NOT_A_PORT,
    errno.EINVAL: Cause.NOT_A_PORT,
    errno.EACCES: Cause.PERMISSION_DENIED,
    errno.EPERM: Cause.PORT_NOT_ALLOWED,
    errno.EBUSY: Cause.PORT_HELD,
    errno.EAGAIN: Cause.PORT_HELD,
}


# Major numbers of the /dev/pts (Linux, Documentation/admin-guide/devices.txt).
_TERMINALS = range(136, 144)


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that has a port open."""

    pid: int
    name: str
    gateway: bool


def refusal(error: BaseException) -> Cause:
    """Why a port could not be opened, from the number that the system gave, wherever it is in the chain of errors."""
    seen: BaseException | None = error
    while seen is not None:
        number = seen.args[0] if isinstance(seen, termios.error) and seen.args else getattr(seen, "errno", None)
        if number in _REFUSALS:
            return _REFUSALS[number]
        # pyserial raises "could not configure port" while it handles the error that has the number.
        seen = seen.__cause__ or seen.__context__
    return Cause.NO_ANSWER


def device_group(path: Path) -> str:
    """The group that may use the port; the usual one where that cannot be told."""
    try:
        name = grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"
    return "dialout" if name == "root" else name


def holders(path: Path, root: Path = ROOT) -> list[Holder]:
    """The other programs that have the port open, as far as they may be seen."""
    device = _identity(path)
    found = []
    for process in sorted((root / "proc").glob("[0-9]*")):
        pid = int(process.name)
        if device and pid != os.getpid() and device in _open_devices(process):
            found.append(Holder(pid, _word(process / "comm") or str(pid), _is_gateway(process)))
    return found


def names_of_holders(path: str, root: Path = ROOT) -> tuple[str, ...]:
    """The names of the other programs that have the port open; empty for what is no port."""
    return tuple(one.name for one in holders(Path(path), root)) if path else ()


def _open_devices(process: Path) -> Iterator[tuple[int, int] | None]:
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return
    for link in links:
        with contextlib.suppress(OSError):
            # Of other files nothing is asked: one on a server that is gone would not answer.
            if link.readlink().is_relative_to("/dev"):
                yield _identity(link)


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a device from every other, whatever it is called in a container; None for what is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISCHR(found.st_mode):
        return None
    # The terminals of a container have the numbers of ours.
    return found.st_rdev, found.st_dev if os.major(found.st_rdev) in _TERMINALS else 0


def _is_gateway(process: Path) -> bool:
    words = _text(process / "cmdline").split("\0")
    return "run" in words and any(
        "linky-gateway" in word or word in {"gateway", "gateway.cli", "gateway.commands.main"} for word in words
    )


def settings_of(fd: int) -> PortSettings | None:
    """How an open port is set now; None for what is no tty."""
    try:
        given = termios.tcgetattr(fd)
    except (OSError, termios.error):
        return None
    raw = not (given[0] & _COOKED_INPUT or given[3] & _COOKED_LOCAL)
    return PortSettings(raw=raw, speed=_SPEEDS.get(given[4], 0), checked=bool(given[0] & termios.INPCK))


def counters_of(fd: int) -> tuple[int, ...] | None:
    """What the kernel has counted on an open port since it is there; None where it counts nothing (a pty)."""
    try:
        given = fcntl.ioctl(fd, _TIOCGICOUNT, bytes(_COUNTERS.size))
    except OSError:
        return None
    return _COUNTERS.unpack(given)


def counted(before: tuple[int, ...] | None, after: tuple[int, ...] | None) -> KernelCounts | None:
    """What was counted between two looks; None where nothing is."""
    if before is None or after is None:
        return None
    more = [late - early for early, late in zip(before, after, strict=True)]
    return KernelCounts(
        parity=more[_PARITY],
        framing=more[_FRAME],
        overrun=more[_OVERRUN] + more[_BUFFER_OVERRUN],
        breaks=more[_BREAK],
        received=more[_RECEIVED],
    )


def waiting(fd: int) -> int:
    """How many bytes wait to be read."""
    try:
        return _INT.unpack(fcntl.ioctl(fd, termios.FIONREAD, bytes(_INT.size)))[0]  # type: ignore[no-any-return]
    except OSError:
        return 0


class PortWatch:
    """A second look at a port that the gateway's own code has open: its settings and the kernel's counters.

    What cannot be had (no tty; a port that counts nothing, such as a pty) is None.
    """

    def __init__(self, path: Path) -> None:
        self._fd: int | None = None
        with contextlib.suppress(OSError):
            self._fd = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        self._first = None if self._fd is None else counters_of(self._fd)

    def settings(self) -> PortSettings | None:
        """How the port is set now."""
        return None if self._fd is None else settings_of(self._fd)

    def counts(self) -> KernelCounts | None:
        """What the kernel has counted since the beginning."""
        return None if self._fd is None else counted(self._first, counters_of(self._fd))

    def close(self) -> None:
        """Look no more; closing twice is harmless."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def model(root: Path = ROOT) -> str:
    """The board's name; empty where the machine does not say."""
    return _word(root / "proc/device-tree/model")


def pi_facts(port: str, root: Path = ROOT) -> PiFacts:
    """What a Raspberry Pi does with the port, from its configuration of the next (and so of this) start."""
    board = model(root)
    name = _device(port, root)
    if "Raspberry Pi" not in board or name not in _HEADER_PORTS:
        return PiFacts()
    settings = _boot_settings(root, board)
    overlays = {value.partition(",")[0] for key, value in settings if key == "dtoverlay"}
    bluetooth = bool(_SHARED_UART.search(board)) and overlays.isdisjoint(_BLUETOOTH_AWAY)
    on = not {("enable_uart", "1"), ("dtparam", "uart0=on")}.isdisjoint(settings)
    return PiFacts(
        bluetooth=bluetooth,
        console=_is_console(name, port, root),
        off=(bluetooth or _PI_5 in board) and not on,
        absent=bool(_BEHIND_RP1.search(board)) and not _has_header_port(root),
    )


def _has_header_port(root: Path) -> bool:
    """Whether the kernel knows a serial port in the RP1; yes where its description of the board cannot be read.

    Raspberry Pi's own kernel has five there (``axi/pcie@…/rp1/serial@30000``), Debian's 7.3 none
    (``axi/pcie@…/pci@0,0/dev@0,0/pci-ep-bus@1`` without any ``serial@``).
    """
    buses = list((root / "proc/device-tree/axi").glob("pcie@*"))
    return not buses or any(next(bus.rglob("serial@*"), None) for bus in buses)


def _device(port: str, root: Path) -> str:
    """The device behind a name such as serial0, within ``root``."""
    path = root / port.lstrip("/")
    try:
        return path.readlink().name
    except OSError:  # no link, or nothing that we may look at
        return path.name


def _is_console(name: str, port: str, root: Path) -> bool:
    """The kernel's messages go there, or a login is offered there."""
    words = f"{_boot_text(root, 'cmdline.txt')} {_text(root / 'proc/cmdline')}".split()
    consoles = {word.removeprefix("console=").partition(",")[0] for word in words if word.startswith("console=")}
    here = {name, Path(port).name}
    if "serial0" in consoles:
        consoles.add(_device("/dev/serial0", root))
    login = root / f"etc/systemd/system/getty.target.wants/serial-getty@{name}.service"
    return bool(here & consoles) or login.exists()


def _boot_settings(root: Path, board: str) -> list[tuple[str, str]]:
    """The lines of config.txt that hold for this board (raspberrypi.com/documentation/computers/config_txt.html)."""
    settings, counts = [], True
    for line in _boot_text(root, "config.txt").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            counts = _section_counts(text.strip("[]"), board)
        elif counts and "=" in text:
            key, _, value = text.partition("=")
            settings.append((key.strip(), value.strip()))
    return settings


def _section_counts(section: str, board: str) -> bool:
    """Whether a section's lines hold here; of the conditions that cannot be judged (a screen, a pin) suppose yes."""
    return section != "none" and _SECTIONS.get(section, "") in board


def _boot_text(root: Path, name: str) -> str:
    """Since bookworm below /boot/firmware, before that in /boot."""
    return _text(root / "boot/firmware" / name) or _text(root / "boot" / name)


def _word(path: Path) -> str:
    return _text(path).strip("\0\n ")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
