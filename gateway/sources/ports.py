"""The serial ports of this machine, and what each is called as a source.

Read from sysfs and the names below /dev; no port is opened, so no board is reset and no radio disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.sources.usb import ROOT, UsbPort, attribute, source_text, tty_names, usb_ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The serial numbers of the Micro Teleinfo: the only adapter that says what it is made for.
_TIC_SERIAL = "TINFO-"

# linux/serial_core.h: PORT_UNKNOWN, a port that the kernel has room for and the board has not.
_NO_PORT = "0"


@dataclass(frozen=True, slots=True)
class SerialPortInfo:
    """A serial port: its path, its name that stays, whose it is, and the source to write.

    ``usb`` is vendor, product, serial number and place of the adapter, None for a port of the board; ``tic`` whether it
    is known to be made for a meter.
    """

    path: str
    by_id: str | None
    title: str
    usb: dict[str, str] | None
    tic: bool
    source: str


def ports(root: Path = ROOT) -> list[SerialPortInfo]:
    """Every serial port that is there, by name."""
    adapters = usb_ports(root)
    found = {port.path.name: port for port in adapters}
    return [_port(name, found.get(name), adapters, root) for name in tty_names(root) if _is_there(name, root)]


def _is_there(name: str, root: Path) -> bool:
    return attribute(root / "sys/class/tty" / name, "type") != _NO_PORT


def _port(name: str, usb: UsbPort | None, adapters: Sequence[UsbPort], root: Path) -> SerialPortInfo:
    path = str(root / "dev" / name)
    by_id = _by_id(name, root)
    if usb is None:
        return SerialPortInfo(path, by_id, "", None, tic=False, source=path)
    identity = {"vendor": usb.vendor, "product": usb.product, "serial": usb.serial, "place": usb.place}
    return SerialPortInfo(
        path, by_id, usb.title, identity, usb.serial.startswith(_TIC_SERIAL), source_text(usb, adapters)
    )


def _by_id(name: str, root: Path) -> str | None:
    """The name that udev's rules gave the port after its adapter."""
    try:
        links = sorted((root / "dev/serial/by-id").iterdir())
    except OSError:
        return None
    return next((str(link) for link in links if link.is_symlink() and link.readlink().name == name), None)
