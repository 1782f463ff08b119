"""Displays and other listeners of the household: which there are, and what mosquitto's files are to say of them.

``displays.json`` in the gateway's directory says who is wanted; it may be written by the page, whose user cannot write
mosquitto's files. ``agree`` is root's: it makes those files say the same, as often as one likes. Whom it has let in
stands in ``linky.displays`` beside the passwords: nobody else's user is ever touched. A password is kept as its hash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import BoardError
from gateway.files import owner_of_folder, write_whole
from gateway.mqtt.boards import passwords, rights
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# More than the broker has room for (max_connections of systemd/mosquitto/linky.conf).
MOST = 100
NOTE = "linky.displays"
_MOST_BYTES = 65536

_TOO_MANY = Phrase("there are {most} displays; remove one first")
_UNKNOWN = Phrase("there is no display {name}; `linky-gateway display list` shows those that there are")
_TAKEN = Phrase("{name}: the broker has a user of that name already; choose another one")


class DisplayAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One listener: its line of mosquitto's password file; Home Assistant also writes what it finds devices by."""

    name: str
    password_line: str
    home_assistant: bool = False

    def __post_init__(self) -> None:
        # The file is written by the page's user, and read by root.
        if self.password_line.partition(":")[0] != self.name or self.name == passwords.GATEWAY_USER:
            raise ValueError("password_line: it is not that of this display")
        if not passwords.is_line(self.password_line):
            raise ValueError("password_line: this is no line for mosquitto's password file")

    @property
    def rules(self) -> tuple[str, ...]:
        """What it may read, as lines of the access list."""
        return rights.HOME_ASSISTANT if self.home_assistant else rights.READS


class Displays:
    """The displays of one gateway, in its directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "displays.json"

    def all(self) -> list[DisplayAccount]:
        """Every display, by name; BoardError when the file is none."""
        try:
            with self._file.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise BoardError(f"{self._file} is longer than {_MOST_BYTES} bytes: this is no file of displays")
            found = msgspec.json.decode(content, type=list[DisplayAccount])
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BoardError(f"{self._file} cannot be read: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise BoardError(f"{self._file} is no file of displays: {error}") from error
        return sorted(found, key=lambda display: display.name)

    def add(self, name: str, *, home_assistant: bool = False) -> str:
        """Want a display of this name; its password, which is kept nowhere. BoardError when there is one already."""
        self.refuse(name)
        known = self.all()
        if len(known) >= MOST:
            raise BoardError(_TOO_MANY.filled(most=MOST))
        password, line = passwords.made(name)
        self._write([*known, DisplayAccount(name=name, password_line=line, home_assistant=home_assistant)])
        return password

    def refuse(self, name: str) -> None:
        """BoardError where a display has that name, or the gateway itself: nobody else may."""
        if name == passwords.GATEWAY_USER or any(display.name == name for display in self.all()):
            raise BoardError(_TAKEN.filled(name=name))

    def remove(self, name: str) -> None:
        """Want it no more."""
        known = self.all()
        kept = [display for display in known if display.name != name]
        if len(kept) == len(known):
            raise BoardError(_UNKNOWN.filled(name=re.sub(r"[^ -~]", "?", name[:40])))
        self._write(kept)

    def _write(self, displays: Iterable[DisplayAccount]) -> None:
        content = msgspec.json.format(msgspec.json.encode(list(displays))) + b"\n"
        try:
            write_whole(self._file, content, 0o600, owner_of_folder(self._file))
        except OSError as error:
            raise BoardError(f"{self._file} cannot be written: {error.strerror}") from error


def refuse_taken(folder: Path, name: str) -> None:
    """BoardError when mosquitto's password file has somebody of that name whom ``agree`` has not let in."""
    if name in passwords.users(folder / "linky.passwords") and name not in noted(folder):
        raise BoardError(_TAKEN.filled(name=name))


def agree(displays: list[DisplayAccount], folder: Path) -> bool:
    """Make mosquitto's files say who is wanted; whether anything changed, so that the broker must look again.

    Args:
        displays: who is wanted.
        folder: mosquitto's, with ``linky.passwords`` and ``linky.acl``.

    BoardError at the end where a name is another user's: that user and all others are what they were.
    """
    secrets, rules = folder / "linky.passwords", folder / "linky.acl"
    before = [file.read_bytes() for file in (secrets, rules) if file.exists()]
    # What lies here was let in by us, also where the note of it was lost with an old card: nobody else has this hash.
    former = noted(folder) | {one.name for one in displays if passwords.has(secrets, one.password_line)}
    foreign = (set(passwords.users(secrets)) | {passwords.GATEWAY_USER}) - former
    ours = [display for display in displays if display.name not in foreign]
    # Known first: after a power cut whoever was let in can still be taken out again.
    note(folder, former | {display.name for display in ours})
    for name in sorted(former - {display.name for display in ours}):
        passwords.remove(secrets, name)
        rights.forbid(rules, name)
    for display in ours:
        passwords.enter(secrets, display.password_line)
        rights.allow(rules, display.name, display.rules)
    note(folder, {display.name for display in ours})
    if refused := [display.name for display in displays if display.name in foreign]:
        raise BoardError(_TAKEN.filled(name=", ".join(refused)))
    return before != [file.read_bytes() for file in (secrets, rules)]


def noted(folder: Path, name: str = NOTE) -> set[str]:
    """Whom root has let in, by the note of that name in mosquitto's folder."""
    try:
        return set((folder / name).read_text(encoding="utf-8").split())
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"{folder / name} cannot be read: {error}") from error


def note(folder: Path, names: set[str], name: str = NOTE) -> None:
    """Note whom root lets in, before it does and when it has."""
    if names == noted(folder, name):
        return
    try:
        write_whole(folder / name, "".join(f"{one}\n" for one in sorted(names)).encode())
    except OSError as error:
        raise BoardError(f"{folder / name} cannot be written: {error.strerror}") from error
