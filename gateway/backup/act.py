"""Making a backup, and bringing it back onto a card.

A backup is on the disk and was read again before it counts; it is authenticated to its end before anything of it is
written.

What a restoration replaces is set aside beside it, never written over. Whatever stops it: everything is as it was, or
it comes about when the machine starts again.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from gateway.backup.change import Change, FileMove, carry_out, owning, write_down
from gateway.backup.cipher import Decrypting, Encrypting
from gateway.backup.contents import (
    BROKER,
    BROKER_CONFIG,
    CONFIG,
    DATABASE,
    ETC,
    MANIFEST,
    SECRETS,
    STATE,
    BackupManifest,
    entries,
    read_manifest,
    write,
)
from gateway.backup.faults import BackupError, BackupFault
from gateway.errors import ArchiveError, StoreError, reason
from gateway.files import make_folder, move, sync
from gateway.store.copies import CHANGE, STAGED, name_of_former, new_name
from gateway.store.restore import adopt, known_steps

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

_PART = ".part"
_BLOCK = 1 << 18
# More of a refusal than a person reads.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """What an authenticated backup holds: name -> (size, SHA-256); its configuration, and that of the broker."""

    manifest: BackupManifest
    files: Mapping[str, tuple[int, bytes]]
    config: bytes
    broker: bytes = b""


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
    """Authenticate a backup to its last byte and list it; BackupError when it cannot be used here."""
    found: dict[str, tuple[int, bytes]] = {}
    manifest, kept = BackupManifest(0, "", ()), {CONFIG: b"", BROKER_CONFIG: b""}
    with _opened(path, passphrase) as stream:
        for entry, content in entries(cast("IO[bytes]", stream), str(path)):
            digest, head = hashlib.sha256(), b""
            while block := content.read(_BLOCK):
                digest.update(block)
                if entry.name in (MANIFEST, *kept):
                    head += block
            if entry.name == MANIFEST:
                manifest = read_manifest(head, str(path))
                continue
            kept |= {entry.name: head} if entry.name in kept else {}
            found[entry.name] = (entry.size, digest.digest())
        _to_the_end(stream)
    known = known_steps()
    if manifest.schema != tuple(known[: len(manifest.schema)]):
        newer = f"{path}: was made by a newer gateway ({manifest.version[:40]}): update this one first"
        raise BackupError(BackupFault.NEWER, newer)
    return Contents(manifest, found, kept[CONFIG], kept[BROKER_CONFIG])


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
    """Put everything in its place; what was set aside. The caller holds the writer's lock of ``places.state``.

    BackupError, and everything is as it was. From the moment at which its list is on the disk it comes about, also
    after a power cut (``finish``).
    """
    staged: list[tuple[str, Path]] = []
    try:
        with _opened(path, passphrase) as stream:
            for entry, content in entries(cast("IO[bytes]", stream), str(path)):
                if entry.name != MANIFEST:
                    # Before its bytes: what is cut off is taken away again, too.
                    staged.append((entry.name, _name_staged(places.of(entry.name))))
                    digest = _stage(entry, content, places)
                    if contents.files.get(entry.name) != (entry.size, digest):
                        raise BackupError(BackupFault.DAMAGED, f"{path}: was changed while it was read")  # noqa: TRY301
            _to_the_end(stream)
        with owning(places.state):
            adopt(next(file for name, file in staged if name == DATABASE))
            former = name_of_former(places.state)
        write_down(places.config.parent / CHANGE, _change(staged, contents, places, former))
    except BaseException as error:
        _forget(staged, places)
        if isinstance(error, OSError):
            raise BackupError(BackupFault.ROOM, _no_room(error, places)) from error
        if isinstance(error, StoreError):
            raise BackupError(BackupFault.DAMAGED, str(error)) from error
        raise
    return finish(places.config, places.broker)


def finish(config: Path, broker: Path) -> Sequence[Path]:
    """End a restoration that was begun, and clear away one that was cut off before that; what was set aside.

    Args:
        config: the configuration of the installation.
        broker: the folder of the broker's.
    """
    place = config.parent / CHANGE
    try:
        return carry_out(place) if place.exists() else _clear(config, broker)
    except OSError as error:
        sentence = f"{error.filename or place}: {reason(error)}; what was begun is ended when the machine starts again"
        raise BackupError(BackupFault.OTHER, sentence) from error


def _clear(config: Path, broker: Path) -> Sequence[Path]:
    for folder in (config.parent, config.parent / SECRETS, config.parent / SECRETS / "notices", broker):
        for left in folder.glob(f"*{STAGED}"):
            left.unlink()
    return []


def _change(staged: Sequence[tuple[str, Path]], contents: Contents, places: Places, former: Path | None) -> Change:
    """What is another one than that of the backup is set aside; of the same there is nothing to keep."""
    moves = []
    for name, file in staged:
        target = places.of(name)
        aside = former if name == DATABASE else None
        if name != DATABASE and target.exists() and _hash(target) != contents.files[name][1]:
            aside = new_name(target.parent, f"{target.name}.before-")
        moves.append(FileMove(file, target, aside))
    for folder in {file.parent for _, file in staged}:
        sync(folder)
    return Change(places.state, moves)


def _forget(staged: Sequence[tuple[str, Path]], places: Places) -> None:
    for name, file in staged:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with _hand_for(name, places), suppress(OSError):
                file.with_name(file.name + suffix).unlink(missing_ok=True)


def _no_room(error: OSError, places: Places) -> str:
    return f"{error.filename or places.state}: {reason(error)}; nothing was changed"


def _name_staged(target: Path) -> Path:
    return target.with_name(target.name + STAGED)


def _hand_for(name: str, places: Places) -> AbstractContextManager[None]:
    """The gateway's own folder is written by who has it, never by root."""
    return owning(places.state) if name.startswith(f"{STATE}/") else nullcontext()


def _stage(entry: tarfile.TarInfo, content: IO[bytes], places: Places) -> bytes:
    """Lay a file beside its place; its SHA-256."""
    target, digest = places.of(entry.name), hashlib.sha256()
    with _hand_for(entry.name, places):
        _make_folder(target.parent, entry.name)
        file = _name_staged(target)
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while block := content.read(_BLOCK):
                digest.update(block)
                out.write(block)
            out.flush()
            os.fchmod(out.fileno(), entry.mode & 0o777)
            if os.geteuid() == 0:
                os.fchown(out.fileno(), *_owner(entry, places))
            os.fsync(out.fileno())
    return digest.digest()


def _make_folder(folder: Path, name: str) -> None:
    if not folder.is_dir():
        make_folder(folder, 0o755 if name.startswith(f"{BROKER}/") or name == CONFIG else 0o700)


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
        raise BackupError(BackupFault.OTHER, f"{path}: cannot be read: {error.strerror}") from error
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
