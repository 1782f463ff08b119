"""What the access point's program tells the page, and the page's wish to it: two small files in memory.

``state.json`` is there while the program runs, for everybody to read; ``wanted`` is root's alone, as it holds the key
of the house's Wi-Fi, and is gone as soon as it is read.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from gateway.files import write_whole
from gateway.first_boot.settings import Wifi

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "run/linky-gateway-access-point"
_STATE, _WANTED = "state.json", "wanted"
_MOST_BYTES = 65_536


class SeenWifi(msgspec.Struct, frozen=True, kw_only=True):
    """A network within reach: its name, how well it is heard (0 to 100), and what it asks for.

    ``kind``: ``open``, ``key``, or ``other`` for one that takes no such key (WPA3 alone, or a company's).
    """

    name: str
    signal: int
    kind: str


class AccessPointState(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands.

    Args:
        open: whether a phone can join it now.
        name: how it is called.
        secured: whether it asks for the label's key.
        networks: what was within reach before it began, the best first.
        joining: the network that is being tried.
        failed: the one that was tried last, in vain.
        why: why, by language.
    """

    open: bool
    name: str
    secured: bool
    networks: tuple[SeenWifi, ...] = ()
    joining: str | None = None
    failed: str | None = None
    why: dict[str, str] = {}


class _Choice(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    key: str
    country: str
    hidden: bool


def tell(root: Path, state: AccessPointState) -> None:
    """Have the page know. Raises OSError."""
    write_whole(root / FOLDER / _STATE, msgspec.json.encode(state), 0o644)


def read(root: Path) -> AccessPointState | None:
    """How it stands; None where no such program runs."""
    try:
        with (root / FOLDER / _STATE).open("rb") as stream:
            return msgspec.json.decode(stream.read(_MOST_BYTES), type=AccessPointState)
    except (OSError, msgspec.MsgspecError):
        return None


def is_there(root: Path) -> bool:
    """Whether such a program runs, open or not."""
    return (root / FOLDER / _STATE).exists()


def leave_choice(root: Path, wifi: Wifi) -> None:
    """Have a network be tried. Raises OSError."""
    wanted = _Choice(name=wifi.name, key=wifi.key, country=wifi.country, hidden=wifi.hidden)
    write_whole(root / FOLDER / _WANTED, msgspec.json.encode(wanted))


def is_wanted(root: Path) -> bool:
    """Whether a network is wished for, and not tried yet."""
    return (root / FOLDER / _WANTED).exists()


def take_choice(root: Path) -> Wifi | None:
    """The network that is wished for, once; None where nobody has wished."""
    file = root / FOLDER / _WANTED
    try:
        wanted = msgspec.json.decode(file.read_bytes(), type=_Choice)
    except (OSError, msgspec.MsgspecError):
        return None
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    return Wifi(wanted.name, wanted.key, wanted.country, wanted.hidden)


def forget(root: Path) -> None:
    """Nothing is told any more."""
    for name in (_STATE, _WANTED):
        with suppress(OSError):
            (root / FOLDER / name).unlink(missing_ok=True)
