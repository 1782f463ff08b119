"""A backup's files, each laid beside its place before any of them has its name: by whom, and with which rights.

Of a backup that root believes a file has the owner and the mode that it had. What the page was given says neither: who
may read a file of root's or of the broker's is what ``tools/setup`` says, whatever the archive says.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from gateway.backup import change
from gateway.backup.contents import BROKER, CONFIG, ETC, SECRETS, STATE
from gateway.files import make_folder
from gateway.store.copies import STAGED

if TYPE_CHECKING:
    import tarfile
    from contextlib import AbstractContextManager
    from pathlib import Path

BLOCK = 1 << 18
_ROOT, _MOSQUITTO = "root", "mosquitto"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a backup's folders are on this machine; ``config`` is the configuration's own file."""

    config: Path
    state: Path
    broker: Path

    def of(self, name: str) -> Path:
        """Where a file of the backup belongs."""
        root, _, rest = name.partition("/")
        if name == CONFIG:
            return self.config
        return {ETC: self.config.parent, STATE: self.state, BROKER: self.broker}[root] / rest

    def hand_for(self, name: str) -> AbstractContextManager[None]:
        """The gateway's own folder is written by who has it, never by root."""
        return change.owning(self.state) if name.startswith(f"{STATE}/") else nullcontext()


class Staging:
    """The files that are laid: name in the backup -> where. ``believed``: whether root knows who made the backup."""

    def __init__(self, places: Places, *, believed: bool) -> None:
        self._places, self._believed = places, believed
        self.files: dict[str, Path] = {}

    def lay(self, entry: tarfile.TarInfo, content: IO[bytes]) -> bytes:
        """Lay a file beside its place; its SHA-256. OSError."""
        target, digest = self._places.of(entry.name), hashlib.sha256()
        # Before its bytes: what is cut off is taken away again, too.
        file = self.files[entry.name] = target.with_name(target.name + STAGED)
        mode, owner = self._rights(entry)
        with self._places.hand_for(entry.name):
            self._make_folder(target.parent, entry.name)
            file.unlink(missing_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                while block := content.read(BLOCK):
                    digest.update(block)
                    out.write(block)
                out.flush()
                if os.geteuid() == 0:
                    os.fchown(out.fileno(), *owner)
                os.fchmod(out.fileno(), mode)
                os.fsync(out.fileno())
        return digest.digest()

    def forget(self) -> None:
        """Take everything away again."""
        for name, file in self.files.items():
            for suffix in ("", "-wal", "-shm", "-journal"):
                with self._places.hand_for(name), suppress(OSError):
                    file.with_name(file.name + suffix).unlink(missing_ok=True)

    def _rights(self, entry: tarfile.TarInfo) -> tuple[int, tuple[int, int]]:
        """Mode and owner. The gateway's own files belong to whoever has its folder."""
        if entry.name.startswith(f"{STATE}/"):
            folder = self._places.state.stat()
            return entry.mode & 0o777 if self._believed else 0o600, (folder.st_uid, folder.st_gid)
        if self._believed:
            return entry.mode & 0o777, (_user(entry.uname), _group(entry.gname))
        mode, user, group = _as_installed(entry.name)
        return mode, (_user(user), _group(group))

    def _make_folder(self, folder: Path, name: str) -> None:
        missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
        make_folder(folder, 0o700, 0o700)
        for one in missing:
            # Whatever the mask of this process is: the broker enters its folder, the gateway that of its configuration.
            if name.startswith(f"{BROKER}/"):
                one.chmod(0o755)
            elif name.startswith(f"{ETC}/") and not name.startswith(f"{ETC}/{SECRETS}/"):
                if os.geteuid() == 0:
                    os.chown(one, 0, _group(change.USER))
                one.chmod(0o750)


def _as_installed(name: str) -> tuple[int, str, str]:
    """Mode, user and group of root's files and the broker's, as tools/lib/setup installs them."""
    if name.startswith(f"{ETC}/{SECRETS}/") or name.endswith("/ca.key"):
        return 0o600, _ROOT, _ROOT
    if name.startswith(f"{ETC}/"):
        return 0o640, _ROOT, change.USER
    if name.endswith((".crt", ".conf")):
        return 0o644, _ROOT, _ROOT
    return 0o600, _MOSQUITTO, _MOSQUITTO


def _user(name: str) -> int:
    """Its number here; root's where it is not known."""
    with suppress(KeyError):
        return pwd.getpwnam(name).pw_uid
    return 0


def _group(name: str) -> int:
    with suppress(KeyError):
        return grp.getgrnam(name).gr_gid
    return 0
