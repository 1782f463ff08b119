"""A machine's USB adapters as a tree of files: sysfs as the kernel lays it out, and the names below dev."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HUB = "sys/devices/platform/soc/usb1/1-1"
FT230X = {"vendor": "0403", "product": "6015", "title": "FT230X Basic UART"}
CH340 = {"vendor": "1a86", "product": "7523", "title": "USB Serial"}


class UsbTree:
    """``plug`` and ``unplug`` adapters; ``device`` is what their names in ``dev`` lead to (a pty)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("dev", "sys/class/tty", HUB):
            (root / folder).mkdir(parents=True)
        # A hub is a USB device as well, and not the adapter.
        _write(root / HUB, idVendor="2109", idProduct="3431", serial="THE-HUB")

    def path(self, name: str) -> str:
        """The path of a tty of this machine."""
        return str(self.root / "dev" / name)

    def plug(
        self,
        name: str,
        device: str = "/dev/null",
        *,
        place: str = "1-1.2",
        vendor: str = "0403",
        product: str = "6015",
        serial: str = "",
        title: str = "",
        interface: str = "1.0",
        number: int = 0,
    ) -> None:
        """An adapter, or one more port of it."""
        adapter = self.root / HUB / place
        behind = adapter / f"{place}:{interface}"
        if name.startswith("ttyUSB"):
            behind /= name
        tty = behind / "tty" / name
        tty.mkdir(parents=True)
        texts = {"idVendor": vendor, "idProduct": product, "serial": serial, "product": title}
        _write(adapter, **{key: text for key, text in texts.items() if text})
        if name.startswith("ttyUSB"):
            _write(behind, port_number=str(number))
        _link(tty / "device", behind)
        _link(self.root / "sys/class/tty" / name, tty)
        (self.root / "dev" / name).symlink_to(device)

    def unplug(self, name: str) -> None:
        """The adapter goes, with its name."""
        link = self.root / "sys/class/tty" / name
        place = next(part for part in link.resolve().parts[::-1] if part.startswith("1-1.") and ":" not in part)
        link.unlink()
        (self.root / "dev" / name).unlink()
        shutil.rmtree(self.root / HUB / place)

    def board_port(self, name: str, kind: str = "2") -> None:
        """A port of the board itself; kind 0 is one that is not wired."""
        device = self.root / "sys/devices/platform/soc/serial"
        tty = device / "tty" / name
        tty.mkdir(parents=True)
        _write(tty, type=kind)
        _link(tty / "device", device)
        _link(self.root / "sys/class/tty" / name, tty)

    def console(self, name: str) -> None:
        """A tty without a device."""
        (self.root / "sys/class/tty" / name).mkdir()


def _write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")


def _link(link: Path, target: Path) -> None:
    link.symlink_to(os.path.relpath(target, link.parent))
