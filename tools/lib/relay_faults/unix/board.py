"""What micropython/lib/board.py is on an ESP32, for MicroPython's Unix port: a tty as the UART, the host's network.

Environment: BOARD_FOLDER (the flash), BOARD_TTY (the meter's port), BOARD_BUTTON (somebody holds BOOT).
The clock is in rtc.py.
"""

import os
import sys
import time

import ffi
from rtc import clock_is_said, clock_s, set_clock  # noqa: F401 (a part of this file's contract)

FOLDER = os.getenv("BOARD_FOLDER") + "/"

_libc = ffi.open("libc.so.6")
_open = _libc.func("i", "open", "sii")
_read = _libc.func("l", "read", "ipl")
_close = _libc.func("i", "close", "i")
_ioctl = _libc.func("i", "ioctl", "iLp")
_O_RDWR, _O_NOCTTY, _O_NONBLOCK, _FIONREAD = 2, 0o400, 0o4000, 0x541B


async def join(wifi):
    """The host is in its network."""


def signal_dbm():
    """A cable."""
    return -50


class UnixUart:
    """A tty as ``machine.UART`` has it; the kernel holds 4 kB of what comes."""

    def __init__(self, path, speed):
        # Raw, 8N1, as the real one is set; the simulated meter looks at these settings as a wire would.
        if os.system(f"stty -F {path} {speed} raw cs8 -parenb -cstopb -echo"):
            raise OSError("no tty")
        self._fd = _open(path, _O_RDWR | _O_NOCTTY | _O_NONBLOCK, 0)

    def readinto(self, buffer):
        """Bytes that are there, None when there are none."""
        count = _read(self._fd, buffer, len(buffer))
        return count if count > 0 else None

    def any(self):
        """How many wait."""
        count = bytearray(4)
        _ioctl(self._fd, _FIONREAD, count)
        return int.from_bytes(count, "little")

    def deinit(self):
        """Close it."""
        _close(self._fd)


def boot_button(_pin):
    """Nobody presses it, but where BOARD_BUTTON says that somebody holds it."""
    held = bool(os.getenv("BOARD_BUTTON"))
    return lambda: held


def open_uart(relay, speed):
    """The port of the meter."""
    return UnixUart(os.getenv("BOARD_TTY"), speed)


def open_led(pin):
    """An LED that writes each switch with its time, in milliseconds, to led.log."""
    log = open(FOLDER + "led.log", "w")  # noqa: SIM115 (as long as the board has power)

    def switch(on):
        log.write(f"{time.ticks_ms()} {int(on)}\n")
        log.flush()

    return switch


def start_watchdog():
    """Nobody watches."""
    return lambda: None


def restart():
    """The board starts anew."""
    sys.exit(3)


def free_flash_bytes():
    """The flash of a board, with room for all that the journal may hold."""
    return 1 << 20
