"""``linky-gateway ports``: the serial ports of this machine, and what to write into the configuration for each.

Read from sysfs and the names below /dev; no port is opened, so no board is reset and no radio disturbed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

from gateway.commands.options import add_language, command, spoken
from gateway.sources.usb import ROOT, UsbPort, attribute, source_text, tty_names, usb_ports
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.commands.options import Commands

# The serial numbers of the Micro Teleinfo: the only adapter that says what it is made for.
_TIC_SERIAL = "TINFO-"

# linux/serial_core.h: PORT_UNKNOWN, a port that the kernel has room for and the board has not.
_NO_PORT = "0"

_NONE = Phrase("no serial port is there: plug the adapter in")
_TIC = Phrase("← TIC adapter")
_SERIAL, _NO_SERIAL = (
    Phrase("serial number {number}"),
    Phrase("no serial number"),
)
_USB = Phrase("  USB {vendor}:{product}, {serial}, in socket {place}")


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


def as_text(found: Sequence[SerialPortInfo], lang: str) -> str:
    """The list for a person: the line to copy stands below each port."""
    if not found:
        return _NONE.in_language(lang) + "\n"
    return "\n".join(_paragraph(port, lang) for port in found)


def show(*, as_json: bool, lang: str, out: TextIO, root: Path = ROOT) -> None:
    """Write the list."""
    found = ports(root)
    text = json.dumps([asdict(port) for port in found], indent=2) + "\n" if as_json else as_text(found, lang)
    out.write(text)


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "the serial ports of this machine, and the source to write for each"
    parser = command(commands, "ports", _run, text, config=False)
    add_language(parser)
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> int:
    show(as_json=options.json, lang=spoken(options), out=sys.stdout)
    return 0


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


def _paragraph(port: SerialPortInfo, lang: str) -> str:
    lines = [
        " ".join(
            filter(None, (port.path, port.title and f"({port.title})", _TIC.in_language(lang) if port.tic else ""))
        )
    ]
    if port.usb:
        serial = _SERIAL.filled(number=port.usb["serial"]) if port.usb["serial"] else _NO_SERIAL
        lines.append(_USB.filled(**port.usb | {"serial": serial}).in_language(lang))
    if port.by_id:
        lines.append(f"  {port.by_id}")
    # A TOML string is written as a JSON one.
    lines.append(f"  source = {json.dumps(port.source, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
