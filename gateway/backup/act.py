"""Making a backup, and bringing it back onto a card.

A backup is on the disk and was read again before it counts; it is authenticated to its end before anything of it is
written.

What a restoration replaces is set aside beside it, never written over. Whatever stops it, it can be begun again.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, cast

from gateway.backup.cipher import Decrypting, Encrypting
from gateway.backup.contents import (
    BROKER,
    CONFIG,
    DATABASE,
    ETC,
    MANIFEST,
    STATE,
    BackupManifest,
    entries,
    read_manifest,
    write,
)
from gateway.errors import ArchiveError
from gateway.files import make_folder, move, sync
from gateway.store.copies import set_database_aside
from gateway.store.restore import adopt, known_steps

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PART, _STAGED = ".part", ".restoring"
_BLOCK = 1 << 18
# More of a refusal than a person reads.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """What an authenticated backup holds: name -> (size, SHA-256), and its configuration."""

    manifest: BackupManifest
    files: Mapping[str, tuple[int, bytes]]
    config: bytes


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


def save(
    to: Path, passphrase: str, manifest: BackupManifest, files: Mapping[str, Path], secrets: Mapping[str, bytes]
) -> int:
    """Write a backup and read it again from the disk; its size. It has its name only when it is whole."""
    if to.exists():
        raise ArchiveError(f"{to}: is there already; name a new file")
    part = to.with_name(to.name + _PART)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with Encrypting(out, passphrase) as encrypting:
                write(cast("IO[bytes]", encrypting), manifest, files, secrets)
            out.flush()
            os.fsync(out.fileno())
            # Read again what the medium keeps, not what memory still has of it.
            os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            size = out.tell()
        if _digest_of(part, passphrase) != encrypting.digest.digest():
            raise ArchiveError(f"{to}: what was written is not what is read: change the stick, or the card")
        # The stick may be pulled out as soon as this is said to be done.
        move(part, to)
    except OSError as error:
        # A file that is packed has its name in the error; a medium that is full or was pulled out says none.
        where = to if error.filename in (None, str(part)) else error.filename
        raise ArchiveError(
            f"{where}: {error.strerror}; nothing was saved: look at the stick, or name another"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return size


def look(path: Path, passphrase: str) -> Contents:
    """Authenticate a backup to its last byte and list it; ArchiveError when it cannot be used here."""
    found: dict[str, tuple[int, bytes]] = {}
    manifest, config = BackupManifest(0, "", ()), b""
    with _opened(path, passphrase) as stream:
        for entry, content in entries(cast("IO[bytes]", stream), str(path)):
            digest, head = hashlib.sha256(), b""
            while block := content.read(_BLOCK):
                digest.update(block)
                if entry.name in (MANIFEST, CONFIG):
                    head += block
            if entry.name == MANIFEST:
                manifest = read_manifest(head, str(path))
                continue
            config = head if entry.name == CONFIG else config
            found[entry.name] = (entry.size, digest.digest())
        _to_the_end(stream)
    known = known_steps()
    if manifest.schema != tuple(known[: len(manifest.schema)]):
        newer = f"{path}: was made by a newer gateway ({manifest.version[:40]}): update this one first"
        raise ArchiveError(newer)
    return Contents(manifest, found, config)


def conflicts(contents: Contents, places: Places) -> Sequence[Path]:
    """What is there already and is another one; of the same there is nothing to replace."""
    found = []
    for name, (size, digest) in contents.files.items():
        target = places.of(name)
        if name == DATABASE:
            if target.exists():
                found.append(target)
        elif target.exists() and (target.stat().st_size != size or _hash(target) != digest):
            found.append(target)
    return found


def restore(path: Path, passphrase: str, contents: Contents, places: Places) -> Sequence[Path]:
    """Put everything in its place; what was set aside. The caller holds the writer's lock of ``places.state``."""
    staged: list[tuple[str, Path]] = []
    try:
        with _opened(path, passphrase) as stream:
            for entry, content in entries(cast("IO[bytes]", stream), str(path)):
                if entry.name != MANIFEST:
                    staged.append((entry.name, _stage(entry, content, places)))
            _to_the_end(stream)
        database = next(file for name, file in staged if name == DATABASE)
        adopt(database)
        aside = set_database_aside(places.state)
        set_aside = [aside] if aside else []
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        for name, file in staged:
            target = places.of(name)
            if target.exists() and _hash(target) != contents.files[name][1]:
                old = target.with_name(f"{target.name}.before-{stamp}")
                target.replace(old)
                set_aside.append(old)
            file.replace(target)
    finally:
        for _, file in staged:
            for suffix in ("", "-wal", "-shm", "-journal"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
    for folder in {places.of(name).parent for name, _ in staged}:
        sync(folder)
    return set_aside


def _stage(entry: tarfile.TarInfo, content: IO[bytes], places: Places) -> Path:
    target = places.of(entry.name)
    _make_folder(target.parent, entry.name, places)
    file = target.with_name(target.name + _STAGED)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        shutil.copyfileobj(content, out, _BLOCK)
        out.flush()
        os.fchmod(out.fileno(), entry.mode & 0o777)
        if os.geteuid() == 0:
            os.fchown(out.fileno(), *_owner(entry, places))
        os.fsync(out.fileno())
    return file


def _make_folder(folder: Path, name: str, places: Places) -> None:
    if folder.is_dir():
        return
    make_folder(folder, 0o755 if name.startswith(f"{BROKER}/") or name == CONFIG else 0o700)
    if os.geteuid() == 0 and name.startswith(f"{STATE}/") and folder != places.state:
        owner = places.state.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


def _owner(entry: tarfile.TarInfo, places: Places) -> tuple[int, int]:
    """The gateway's own files belong to whoever has its folder; others to whom they belonged, if it is known here."""
    if entry.name.startswith(f"{STATE}/"):
        folder = places.state.stat()
        return folder.st_uid, folder.st_gid
    user = group = 0
    with suppress(KeyError):
        user = pwd.getpwnam(entry.uname).pw_uid
    with suppress(KeyError):
        group = grp.getgrnam(entry.gname).gr_gid
    return user, group


@contextmanager
def _opened(path: Path, passphrase: str) -> Iterator[Decrypting]:
    """The plain bytes of a backup."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read: {error.strerror}") from error
    with file, Decrypting(file, str(path), passphrase) as stream:
        yield stream


def _to_the_end(stream: Decrypting) -> None:
    """What follows the last entry is authenticated, too."""
    while stream.read(_BLOCK):
        pass


def _digest_of(path: Path, passphrase: str) -> bytes:
    with _opened(path, passphrase) as stream:
        _to_the_end(stream)
        return stream.digest.digest()


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
