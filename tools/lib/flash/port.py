"""The serial ports of this machine: which there are, and whether one may be used; only one that is named is opened."""

from __future__ import annotations

import errno
import grp
import stat
from pathlib import Path

import serial

from flash.errors import FlashError
from gateway.doctor.system import holders
from gateway.sources.usb import ROOT, usb_ports

# USB vendors of what is on ESP32 boards.
_BRIDGES = {
    "303a": "Espressif, USB in the chip",
    "10c4": "Silicon Labs CP210x",
    "1a86": "WCH CH340 / CH9102",
    "0403": "FTDI",
}


def candidates() -> list[tuple[str, str]]:
    """Ports that may be a board, and what they are; nothing is opened. FlashError where there are none."""
    found = [
        (str(port.path), port.title or _BRIDGES.get(port.vendor, f"USB {port.vendor}:{port.product}"))
        for port in usb_ports(ROOT)
    ]
    if not found:
        raise FlashError("no_boards")
    return found


def check(port: str) -> None:
    """Say what is wrong with a port before anybody writes to it."""
    path = Path(port)
    try:
        is_device = stat.S_ISCHR(path.stat().st_mode)
    except FileNotFoundError:
        raise FlashError("no_port", port=port) from None
    except PermissionError:
        is_device = True  # the folder may not be looked into: opening it says so
    if not is_device:
        raise FlashError("not_serial", port=port, said="a file")
    try:
        serial.Serial(port, exclusive=True).close()
    except serial.SerialException as error:
        raise _explained(port, path, error) from error


def _explained(port: str, path: Path, error: serial.SerialException) -> FlashError:
    number = error.errno
    if number is None and isinstance(error.__context__, OSError):
        number = error.__context__.errno
    if number in {errno.EACCES, errno.EPERM}:
        return FlashError("no_permission", port=port, group=_group(path))
    if number in {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK} or "lock" in str(error):
        return FlashError("busy", port=port, by=_user_of(path))
    if number in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        return FlashError("no_port", port=port)
    return FlashError("not_serial", port=port, said=str(error))


def _group(path: Path) -> str:
    """The group that may open the port; Debian's is dialout."""
    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"


def _user_of(path: Path) -> str:
    """Which program has the port, as far as this user may see."""
    return next((f" ({holder.name}, {holder.pid})" for holder in holders(path)), "")
