"""Which port a serial source means now: its path, or wherever the USB adapter that it means is found.

``find`` says what to open, ``confirm`` afterwards that this is what was opened: the kernel gives a name that has become
free to the next adapter. Only the adapter that the configuration names is ever opened, under whatever number it has.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import time
from typing import TYPE_CHECKING, Protocol

from gateway.errors import PortError
from gateway.sources.usb import ROOT, UsbIdentity, UsbPort, has_twin, source_text, usb_port, usb_ports
from gateway.words.phrase import Phrase, joined, same

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


log = logging.getLogger(__name__)

# The names that the kernel counts through, in the order in which it happens to meet the adapters.
_NUMBERED = re.compile(r"tty(USB|ACM)\d+")

# Hubs that lose power bring their adapters back within seconds, in any order: until then nobody's name is anybody's.
_REPLACED_AFTER_S = 20.0

NO_PORT = Phrase("no such port: is the adapter plugged in?")
_IS_NEW = Phrase(
    "its adapter is gone, and another one has this name now: it is read if the first one does not come back within "
    "{wait:.0f} s"
).filled(wait=_REPLACED_AFTER_S)
_WAS_BESIDE = Phrase(
    "its adapter is gone, and one that was plugged in beside it has this name now, which is not read: plug the first "
    "one in again, or start the gateway again to read this one"
)
_CHANGED = Phrase("lost: the adapter was changed while it was being opened")
_NONE = Phrase("no such adapter: is it plugged in? `linky-gateway ports` lists what there is")
_KIN = Phrase("no such adapter; others of its kind: {names}; if it is one of these, write that as the source")
_SEVERAL = Phrase("several adapters answer to this: {names}; write one of these as the source")
_ONE = Phrase("{path} is {source}")
_FOUND = Phrase("{path}, found by its USB identity")
_AT = Phrase("{name}: {what}")


class Adapter(Protocol):
    """What a serial source is plugged into. ``name`` is what it is called in a sentence."""

    name: str

    def find(self) -> Path:
        """Where it is now; PortError with a sentence for a person when that cannot be told."""

    def confirm(self) -> Phrase:
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

    def confirm(self) -> Phrase:
        """The path; whatever is behind it is meant."""
        return same(self.name)


class NumberedPort:
    """``/dev/ttyUSB0`` and the like: what was behind it the first time is meant from then on, wherever it is.

    It is remembered for the life of the process, or until it is replaced: when it stays away and an adapter has its
    name that was never plugged in beside it. One that was is another meter's, or no meter's at all, and only has the
    name because that is free. A port without a USB identity is its path.
    """

    def __init__(self, path: Path, root: Path = ROOT) -> None:
        self._path, self._root = path, root
        self.name = str(path)
        self._known: UsbPort | None = None
        self._chosen: UsbPort | None = None
        self._by_place = False
        # What was there together with it; who has its name instead, and since when (monotonic seconds).
        self._beside: set[UsbPort] = set()
        self._heir: tuple[UsbPort, float] | None = None

    def find(self) -> Path:
        """The path while the remembered adapter has it, else where that adapter is, or the path of its successor."""
        if self._known is None:
            self._chosen = usb_port(self._path.name, self._root)
            return self._path
        self._chosen = self._again(self._known)
        return self._chosen.path

    def confirm(self) -> Phrase:
        """The port; from the first time on its adapter is remembered."""
        path = self._chosen.path if self._chosen else self._path
        _confirm(self.name, self._chosen, usb_port(path.name, self._root))
        if self._chosen:
            if self._known and not self._known.is_same(self._chosen, by_place=self._by_place):
                log.warning("%s: its adapter was replaced by another one, which is read", self.name)
                self._by_place, self._beside = False, set()
            self._known = self._chosen
            self._look_around(self._chosen, usb_ports(self._root))
        return same(self.name) if path == self._path else _FOUND.filled(path=path)

    def _again(self, known: UsbPort) -> UsbPort:
        ports = usb_ports(self._root)
        # Once seen, for ever: one of two twins that is left alone would pass for the other.
        self._by_place = self._by_place or has_twin(known, ports)
        for port in ports:
            if known.is_same(port, by_place=self._by_place):
                self._look_around(port, ports)
                return port
        other = next((port for port in ports if port.path == self._path), None)
        if other is None:
            sentence, self._heir = NO_PORT, None
        elif any(other.is_same(beside, by_place=self._by_place) for beside in self._beside):
            sentence, self._heir = _WAS_BESIDE, None
        elif self._has_waited(other):
            return other
        else:
            sentence = _IS_NEW
        raise PortError(_AT.filled(name=self.name, what=sentence)) from _because(errno.ENODEV)

    def _look_around(self, ours: UsbPort, ports: Sequence[UsbPort]) -> None:
        self._heir = None
        self._by_place = self._by_place or has_twin(ours, ports)
        self._beside.update(port for port in ports if port != ours)

    def _has_waited(self, heir: UsbPort) -> bool:
        now = time.monotonic()
        if self._heir is None or self._heir[0] != heir:
            self._heir = heir, now
        return now - self._heir[1] >= _REPLACED_AFTER_S


class IdentifiedPort:
    """``usb:…``: the one port that has this identity, looked for at every opening."""

    def __init__(self, text: str, identity: UsbIdentity, root: Path = ROOT) -> None:
        self._identity, self._root = identity, root
        self.name = text
        self._chosen: UsbPort | None = None
        self._known: UsbPort | None = None

    def find(self) -> Path:
        """Where the adapter is; PortError when there is none, and when there are several."""
        ports = usb_ports(self._root)
        found = [port for port in ports if self._identity.matches(port)]
        if not found:
            raise PortError(_AT.filled(name=self.name, what=self._none(ports))) from _because(errno.ENODEV)
        if len(found) > 1:
            several = _SEVERAL.filled(names=_listed(found, ports))
            raise PortError(_AT.filled(name=self.name, what=several)) from _because(errno.ENOTUNIQ)
        self._chosen = found[0]
        return self._chosen.path

    def confirm(self) -> Phrase:
        """The port, and how it was found."""
        chosen = self._chosen
        assert chosen is not None  # noqa: S101 (an opening begins with find)
        _confirm(self.name, chosen, usb_port(chosen.path.name, self._root))
        if self._known and not self._known.is_same(chosen):
            log.warning("%s: another adapter than before answers to this, and is read", self.name)
        self._known = chosen
        return _FOUND.filled(path=chosen.path)

    def _none(self, ports: Sequence[UsbPort]) -> Phrase:
        kin = [port for port in ports if self._identity.is_kind(port)]
        return _KIN.filled(names=_listed(kin, ports)) if kin else _NONE


def _listed(found: Sequence[UsbPort], ports: Sequence[UsbPort]) -> Phrase:
    return joined(", ", [_ONE.filled(path=port.path, source=source_text(port, ports)) for port in found])


def _confirm(name: str, wanted: UsbPort | None, opened: UsbPort | None) -> None:
    if opened != wanted:
        raise PortError(_AT.filled(name=name, what=_CHANGED)) from _because(errno.ENODEV)


def _because(number: int) -> OSError:
    """The reason as the system would give it, for whoever asks the error for its number."""
    return OSError(number, os.strerror(number))
