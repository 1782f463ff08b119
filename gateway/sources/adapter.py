"""Which port a serial source means now: its path, or wherever the USB adapter that it means is found.

``find`` says what to open, ``confirm`` afterwards that this is what was opened: the kernel gives a name that has become
free to the next adapter. Only the adapter that the configuration names is ever opened, under whatever number it has.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from typing import TYPE_CHECKING, Protocol

from gateway.errors import PortError
from gateway.sources.usb import ROOT, has_twin, source_text, usb_port, usb_ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.sources.usb import Identity, UsbPort

log = logging.getLogger(__name__)

# The names that the kernel counts through, in the order in which it happens to meet the adapters.
_NUMBERED = re.compile(r"tty(USB|ACM)\d+")

_FOUND = "found by its USB identity"
_LIST = "`linky-gateway ports` lists what there is"


class Adapter(Protocol):
    """What a serial source is plugged into. ``name`` is what it is called in a sentence."""

    name: str

    def find(self) -> Path:
        """Where it is now; PortError with a sentence for a person when that cannot be told."""

    def confirm(self) -> str:
        """The port in words, now that it is open; PortError when the name has become another adapter's meanwhile."""


def adapter_at(path: Path, root: Path = ROOT) -> Adapter:
    """What is at a path: names that the kernel counts through are remembered by what is behind them."""
    if path.parent == root / "dev" and _NUMBERED.fullmatch(path.name):
        return NumberedPort(path, root)
    return FixedPort(path)


class FixedPort:
    """A path that is always the same port: of the board, or a link that a rule of the system keeps right."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def find(self) -> Path:
        """The path."""
        return self._path

    def confirm(self) -> str:
        """The path; whatever is behind it is meant."""
        return self.name


class NumberedPort:
    """``/dev/ttyUSB0`` and the like: what was behind it the first time is meant from then on, wherever it is.

    It is remembered for the life of the process. A port without a USB identity is its path.
    """

    def __init__(self, path: Path, root: Path = ROOT) -> None:
        self._path, self._root = path, root
        self.name = str(path)
        self._known: UsbPort | None = None
        self._chosen: UsbPort | None = None
        self._by_place = False

    def find(self) -> Path:
        """The path while the remembered adapter has it, else where that adapter is."""
        if self._known is None:
            self._chosen = usb_port(self._path.name, self._root)
            return self._path
        self._chosen = self._again(self._known)
        return self._chosen.path

    def confirm(self) -> str:
        """The port; from the first time on its adapter is remembered."""
        path = self._chosen.path if self._chosen else self._path
        _confirm(self.name, self._chosen, usb_port(path.name, self._root))
        if self._chosen:
            self._known = self._chosen
            self._look_for_twins(self._chosen, usb_ports(self._root))
        return self.name if path == self._path else f"{path}, {_FOUND}"

    def _again(self, known: UsbPort) -> UsbPort:
        ports = usb_ports(self._root)
        self._look_for_twins(known, ports)
        for port in ports:
            if known.is_same(port, by_place=self._by_place):
                return port
        if any(port.path == self._path for port in ports):
            sentence = "its adapter is gone, and another one has this name now, which is not read: plug the first one "
            sentence += "in where it was, or start the gateway again to read this one"
        else:
            sentence = "no such port: is the adapter plugged in?"
        raise PortError(f"{self.name}: {sentence}") from _because(errno.ENODEV)

    def _look_for_twins(self, known: UsbPort, ports: Sequence[UsbPort]) -> None:
        # Once seen, for ever: one of two twins that is left alone would pass for the other.
        self._by_place = self._by_place or has_twin(known, ports)


class IdentifiedPort:
    """``usb:…``: the one port that has this identity, looked for at every opening."""

    def __init__(self, text: str, identity: Identity, root: Path = ROOT) -> None:
        self._identity, self._root = identity, root
        self.name = text
        self._chosen: UsbPort | None = None
        self._known: UsbPort | None = None

    def find(self) -> Path:
        """Where the adapter is; PortError when there is none, and when there are several."""
        ports = usb_ports(self._root)
        found = [port for port in ports if self._identity.matches(port)]
        if not found:
            raise PortError(f"{self.name}: {self._none(ports)}") from _because(errno.ENODEV)
        if len(found) > 1:
            names = ", ".join(f"{port.path} is {source_text(port, ports)}" for port in found)
            raise PortError(
                f"{self.name}: several adapters answer to this: {names}; write one of these as the source"
            ) from _because(errno.ENOTUNIQ)
        self._chosen = found[0]
        return self._chosen.path

    def confirm(self) -> str:
        """The port, and how it was found."""
        chosen = self._chosen
        assert chosen is not None  # noqa: S101 (an opening begins with find)
        _confirm(self.name, chosen, usb_port(chosen.path.name, self._root))
        if self._known and not self._known.is_same(chosen):
            log.warning("%s: another adapter than before answers to this, and is read", self.name)
        self._known = chosen
        return f"{chosen.path}, {_FOUND}"

    def _none(self, ports: Sequence[UsbPort]) -> str:
        kin = [port for port in ports if self._identity.is_kind(port)]
        if not kin:
            return f"no such adapter: is it plugged in? {_LIST}"
        names = ", ".join(f"{port.path} is {source_text(port, ports)}" for port in kin)
        return f"no such adapter; others of its kind: {names}; if it is one of these, write that as the source"


def _confirm(name: str, wanted: UsbPort | None, opened: UsbPort | None) -> None:
    if opened != wanted:
        raise PortError(f"{name}: lost: the adapter was changed while it was being opened") from _because(errno.ENODEV)


def _because(number: int) -> OSError:
    """The reason as the system would give it, for whoever asks the error for its number."""
    return OSError(number, os.strerror(number))
