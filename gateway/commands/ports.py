"""``linky-gateway ports``: the serial ports of this machine, and what to write into the configuration for each.

Read from sysfs and the names below /dev; no port is opened, so no board is reset and no radio disturbed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

from gateway.commands.options import add_language, command, spoken
from gateway.sources.ports import SerialPortInfo, ports
from gateway.sources.usb import ROOT
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.commands.options import Commands

_NONE = Phrase("no serial port is there: plug the adapter in")
_TIC = Phrase("← TIC adapter")
_SERIAL, _NO_SERIAL = (
    Phrase("serial number {number}"),
    Phrase("no serial number"),
)
_USB = Phrase("  USB {vendor}:{product}, {serial}, in socket {place}")


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
