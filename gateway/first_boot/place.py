"""The card's readable part and the system's files: read, staged, wiped, written, each whole or not at all.

``linky.toml`` is copied to where only root reads before it is wiped, and that copy is removed last: whatever cuts this
off, the next start goes on with the same settings.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.files import UNCHANGED, make_folder, sync, write_whole
from gateway.first_boot.plan import READ_BEFORE, SECRETS, PlannedFile
from gateway.first_boot.preseed import PRESEED
from gateway.first_boot.settings import MOST_BYTES, NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


RESULT = "linky-result.txt"
_GROUP = "linky-gateway"
# Windows hides the end of a name, and its editor adds one of its own.
NAMES = (NAME, f"{NAME}.txt")
_GONE = f"{NAME}.gone"
_IMAGERS_GONE = f"{PRESEED}.gone"


@dataclass(frozen=True, slots=True)
class CardPlace:
    """``boot`` is the FAT partition, ``root`` the system's root. Every method raises OSError."""

    boot: Path
    root: Path

    @property
    def staged(self) -> Path:
        """The copy that only root reads."""
        return self.root / SECRETS / "first-boot.toml"

    def on_card(self) -> Path | None:
        """The file on the card."""
        found = (self.boot / name for name in NAMES)
        return next((file for file in found if file.is_file()), None)

    def of_imager(self) -> Path | None:
        """What Raspberry Pi Imager has left there."""
        file = self.boot / PRESEED
        return file if file.is_file() else None

    def waiting(self) -> bytes | None:
        """What a start that was cut off has left to do."""
        try:
            return self.staged.read_bytes()
        except FileNotFoundError:
            return None

    def before(self) -> dict[str, str]:
        """The texts that are changed rather than replaced."""
        found = {}
        for path in READ_BEFORE:
            with suppress(FileNotFoundError):
                found[path] = (self.root / path).read_text(encoding="utf-8", errors="surrogateescape")
        return found

    def stage(self, data: bytes) -> None:
        """Keep the settings where only root reads them."""
        self._folder(self.staged.parent, 0o700)
        write_whole(self.staged, data)

    def wipe(self) -> None:
        """Take both files off the card: overwritten, then removed.

        The controller of a card may keep the old blocks until it needs them; nothing that reads files finds them.
        """
        self._wipe(self.on_card, self.boot / _GONE)
        self._wipe(self.of_imager, self.boot / _IMAGERS_GONE)

    def _wipe(self, find: Callable[[], Path | None], gone: Path) -> None:
        while (file := find()) or gone.is_file():
            if file:
                # Under its own name, half wiped, it would be read again by a start after a power cut.
                file.replace(gone)
                sync(self.boot)
            size = gone.stat().st_size
            with gone.open("r+b") as stream:
                stream.write(b"\0" * size)
                stream.flush()
                os.fsync(stream.fileno())
            gone.unlink()
            sync(self.boot)

    def put_back(self) -> None:
        """Undo what ``wipe`` began and could not end; the bytes may be gone."""
        for gone, name in ((_GONE, NAME), (_IMAGERS_GONE, PRESEED)):
            with suppress(OSError):
                (self.boot / gone).replace(self.boot / name)
        with suppress(OSError):
            self.done()

    def write(self, files: Iterable[PlannedFile]) -> None:
        """Write the system's files."""
        gid = self.number("group", _GROUP)
        for file in files:
            path = self.root / file.path
            self._folder(path.parent, 0o700 if file.path.startswith(SECRETS) else 0o755)
            # Without that group the gateway is not installed the usual way: it must be able to read all the same.
            mode = 0o644 if file.shared and gid is None else file.mode
            owner = (-1, gid) if file.shared and gid is not None and os.geteuid() == 0 else UNCHANGED
            write_whole(path, encoded(file.text), mode, owner)

    def done(self) -> None:
        """Nothing is left to do."""
        self.staged.unlink(missing_ok=True)
        sync(self.staged.parent)

    def tell(self, text: str) -> None:
        """Write the result where every computer can read it, as its simplest editor likes it."""
        write_whole(self.boot / RESULT, text.replace("\n", "\r\n").encode("utf-8-sig"), 0o644)

    def number(self, table: str, name: str) -> int | None:
        """The number of a user (``passwd``) or group (``group``) in that system."""
        with suppress(OSError):
            for line in (self.root / "etc" / table).read_text(encoding="utf-8").splitlines():
                fields = line.split(":")
                if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
                    return int(fields[2])
        return None

    def _folder(self, path: Path, mode: int) -> None:
        if not path.is_dir():
            self._folder(path.parent, 0o755)
            make_folder(path, mode)
            path.chmod(mode)


def encoded(text: str) -> bytes:
    """A text with the bytes that it was read with, also where they are no text."""
    return text.encode("utf-8", "surrogateescape")


def read(file: Path) -> bytes:
    """The file's bytes, no more of them than make sense. A link or a device is none of them."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(MOST_BYTES + 1)
