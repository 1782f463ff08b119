"""Which USB adapters have a serial port, read from sysfs: nothing is opened, no device is asked.

pyserial's ``list_ports`` reads the same files, but always those of ``/sys`` and ``/dev``: it cannot be shown another
tree, it does not tell the ports of one interface apart, and it raises when an adapter is unplugged meanwhile. What
cannot be read here is not there. An adapter is known by its serial number or by its place (the socket it is in).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PREFIX = "usb:"
ROOT = Path("/")

# Below /sys/class, a link for each tty (kernel: Documentation/admin-guide/sysfs-rules.rst).
_TTYS = "sys/class/tty"

# CP2102 adapters all say "0001", others "1" or "0000": what is shorter tells nothing apart.
_SHORTEST_SERIAL = 5

_KIND = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(\S.*))?")
# Bus and sockets, configuration and interface: how sysfs names the folder of an interface.
_INTERFACE = re.compile(r"\d+-\d+(?:\.\d+)*:\d+\.\d+")
_PLACE = re.compile(r"@(\d+-\d+(?:\.\d+)*(?::\d+\.\d+(?:-port\d+)?)?)")


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A serial port of a USB adapter.

    ``vendor`` and ``product`` are four hexadecimal digits, ``serial`` is empty where there is none, ``place`` is the
    bus and the sockets (``1-1.2``); ``interface`` (``1.0``) and ``number`` tell the ports of one adapter apart.
    """

    path: Path
    vendor: str
    product: str
    serial: str
    place: str
    interface: str
    number: int
    title: str = ""

    @property
    def places(self) -> tuple[str, str, str]:
        """Where it is: the adapter, its interface, its port in that; each names fewer ports than the one before."""
        interface = f"{self.place}:{self.interface}"
        return self.place, interface, f"{interface}-port{self.number}"

    def is_same(self, other: UsbPort, *, by_place: bool = False) -> bool:
        """Whether it is the other, perhaps under another name: by its serial number if it has one, else its place."""
        kind = (self.vendor, self.product, self.serial, self.interface, self.number)
        if kind != (other.vendor, other.product, other.serial, other.interface, other.number):
            return False
        return self.place == other.place or (has_serial(self) and not by_place)


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """What ``usb:…`` asks for: vendor and product, perhaps a serial number, or else a place; empty is any."""

    vendor: str = ""
    product: str = ""
    serial: str = ""
    place: str = ""

    def matches(self, port: UsbPort) -> bool:
        """Whether the port is one of those that are asked for."""
        if self.place:
            return self.place in port.places
        return self.is_kind(port) and self.serial in {"", port.serial}

    def is_kind(self, port: UsbPort) -> bool:
        """Whether vendor and product are those that are asked for."""
        return (self.vendor, self.product) == (port.vendor, port.product)


def parse_identity(text: str) -> UsbIdentity:
    """The identity that a source's text asks for; ConfigError says how it is written."""
    asked = text.removeprefix(PREFIX)
    if place := _PLACE.fullmatch(asked):
        return UsbIdentity(place=place[1])
    if kind := _KIND.fullmatch(asked):
        return UsbIdentity(kind[1].lower(), kind[2].lower(), (kind[3] or "").strip())
    raise ConfigError(
        f"source {text!r}: write usb:VENDOR:PRODUCT:SERIAL or usb:@PLACE as `linky-gateway ports` shows them, "
        "for example usb:0403:6015:TINFO-1234 or usb:@1-1.2"
    )


def usb_ports(root: Path = ROOT) -> list[UsbPort]:
    """Every serial port of a USB adapter, by name; those below ``root``."""
    found = [usb_port(name, root) for name in tty_names(root)]
    return [port for port in found if port]


def usb_port(name: str, root: Path = ROOT) -> UsbPort | None:
    """The USB adapter behind a tty's name (``ttyUSB0``); None when it is none or is not there (any more)."""
    try:
        device = (root / _TTYS / name / "device").resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return None
    interface = next((folder for folder in (device, *device.parents) if _INTERFACE.fullmatch(folder.name)), None)
    if interface is None:
        return None
    adapter = interface.parent
    vendor, product = attribute(adapter, "idVendor"), attribute(adapter, "idProduct")
    if not (vendor and product):
        return None
    number = attribute(device, "port_number")
    return UsbPort(
        path=root / "dev" / name,
        vendor=vendor.lower(),
        product=product.lower(),
        serial=attribute(adapter, "serial"),
        place=adapter.name,
        interface=interface.name.rpartition(":")[2],
        number=int(number) if number.isdecimal() else 0,
        title=attribute(adapter, "product"),
    )


def tty_names(root: Path = ROOT) -> list[str]:
    """The names of the ttys that have a device behind them, in the order in which a person counts."""
    try:
        names = [folder.name for folder in (root / _TTYS).iterdir() if (folder / "device").exists()]
    except OSError:
        return []
    return sorted(names, key=lambda name: (name.rstrip("0123456789"), len(name), name))


def attribute(folder: Path, name: str) -> str:
    """A line of sysfs; empty when it cannot be read, or is not fit to be shown (a device says what it likes)."""
    try:
        text = (folder / name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return text if text.isprintable() else ""


def has_serial(port: UsbPort) -> bool:
    """Whether the port has a serial number that tells it from others of its kind."""
    return len(port.serial) >= _SHORTEST_SERIAL


def has_twin(port: UsbPort, ports: Iterable[UsbPort]) -> bool:
    """Whether two adapters say its serial number (copied chips do): then only the place tells them apart."""
    return sum(port.is_same(other) for other in ports) > 1


def source_text(port: UsbPort, ports: Sequence[UsbPort]) -> str:
    """What to write as the source, so that this port is meant and none of the others."""
    serial = f"{PREFIX}{port.vendor}:{port.product}:{port.serial}"
    texts = [serial] * has_serial(port) + [f"{PREFIX}@{place}" for place in port.places]
    alone = (text for text in texts if [other for other in ports if parse_identity(text).matches(other)] == [port])
    return next(alone, str(port.path))
