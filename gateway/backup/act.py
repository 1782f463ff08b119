"""Making a backup, and bringing it back onto a card.

A backup is on the disk and was read again before it counts; it is authenticated to its end before anything of it is
written.

What a restoration replaces is set aside beside it, never written over. Whatever stops it: everything is as it was, or
it comes about when the machine starts again.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from gateway.backup.change import Change, FileMove, carry_out, owning, write_down
from gateway.backup.cipher import Decrypting, Encrypting
from gateway.backup.contents import (
    BROKER_CONFIG,
    CONFIG,
    DATABASE,
    MANIFEST,
    OF_THE_HOUSE,
    SECRETS,
    STATE,
    BackupManifest,
    entries,
    half_of_broker,
    is_passed_over,
    is_roots,
    read_manifest,
    write,
)
from gateway.backup.faults import BackupError, BackupFault
from gateway.backup.stage import BLOCK, Places, Staging
from gateway.errors import ArchiveError, StoreError, reason
from gateway.files import move, sync
from gateway.store.copies import CHANGE, STAGED, name_of_former, new_name
from gateway.store.restore import adopt, is_of_the_disk, known_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_PART = ".part"
# More of a refusal than a person reads.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """What an authenticated backup holds: name -> (size, SHA-256); its configuration, and that of the broker."""

    manifest: BackupManifest
    files: Mapping[str, tuple[int, bytes]]
    config: bytes
    broker: bytes = b""
    # What it has of the broker's where that is a half of it.
    passed_over: frozenset[str] = frozenset()


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
            while block := content.read(BLOCK):
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
    half = half_of_broker(found)
    taken = {name: seen for name, seen in found.items() if name not in half}
    return Contents(manifest, taken, kept[CONFIG], kept[BROKER_CONFIG], half)


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


def restore(
    path: Path,
    passphrase: str,
    contents: Contents,
    places: Places,
    *,
    believed: bool = True,
    check: Callable[[Mapping[str, Path]], None] | None = None,
) -> Sequence[Path]:
    """Put everything in its place; what was set aside. The caller holds the writer's lock of ``places.state``.

    BackupError, and everything is as it was. From the moment at which its list is on the disk it comes about, also
    after a power cut (``finish``).

    Args:
        path: the backup.
        passphrase: of it.
        contents: what was seen of it (``look``).
        places: where it belongs.
        believed: whether root knows who made it; else it says nothing of owners and modes.
        check: is shown the files, by their names in the backup, while nothing has its name yet; it may refuse them.
    """
    staging = Staging(places, believed=believed)
    try:
        _check_places(contents, places)
        _lay(path, passphrase, contents, staging)
        if check:
            check(staging.files)
        with owning(places.state):
            adopt(staging.files[DATABASE])
            former = name_of_former(places.state)
        write_down(places.config.parent / CHANGE, _change(staging.files, contents, places, former))
    except BaseException as error:
        staging.forget()
        if isinstance(error, OSError):
            raise BackupError(BackupFault.ROOM, _no_room(error, places)) from error
        if isinstance(error, StoreError):
            full = is_of_the_disk(error)
            fault, end = (BackupFault.ROOM, "; nothing was changed") if full else (BackupFault.DAMAGED, "")
            raise BackupError(fault, f"{error}{end}") from error
        raise
    try:
        return _carried_out(places.config.parent / CHANGE, first=True)
    except BackupError:
        # Where it has begun this takes nothing away that is still to get its name: that says ``finish``.
        if not (places.config.parent / CHANGE).exists():
            staging.forget()
        raise


def finish(config: Path, broker: Path) -> None:
    """End a restoration that was begun, and clear away one that was cut off before that.

    Args:
        config: the configuration of the installation.
        broker: the folder of the broker's.
    """
    place = config.parent / CHANGE
    if place.exists():
        _carried_out(place)
    else:
        _clear(config, broker)


def _carried_out(place: Path, *, first: bool = False) -> Sequence[Path]:
    try:
        return carry_out(place, first=first)
    except OSError as error:
        sentence = f"{error.filename or place}: {reason(error)}; what was begun is ended when the machine starts again"
        raise BackupError(BackupFault.OTHER, sentence) from error


def _check_places(contents: Contents, places: Places) -> None:
    """BackupError where a name, whatever it looks like, leads to what root believes."""
    etc = places.config.parent.resolve()
    for name in contents.files:
        target = places.of(name)
        if is_roots(target.parent.resolve() / target.name, etc):
            raise BackupError(BackupFault.FOREIGN, f"{target}: is root's, and comes back from no backup")


def _lay(path: Path, passphrase: str, contents: Contents, staging: Staging) -> None:
    """All that was seen of it, and nothing else. BackupError, OSError."""
    changed = BackupError(BackupFault.DAMAGED, f"{path}: was changed while it was read")
    with _opened(path, passphrase) as stream:
        for entry, content in entries(cast("IO[bytes]", stream), str(path)):
            if entry.name == MANIFEST or entry.name in contents.passed_over:
                continue
            digest = staging.lay(entry, content)
            if contents.files.get(entry.name) != (entry.size, digest):
                raise changed
        _to_the_end(stream)
    if staging.files.keys() != contents.files.keys():
        raise changed


def _clear(config: Path, broker: Path) -> None:
    etc = config.parent
    try:
        for folder in (etc, etc / SECRETS, etc / SECRETS / "notices", broker, broker / "conf.d", broker / "linky"):
            for left in folder.glob(f"*{STAGED}"):
                left.unlink()
    except OSError as error:
        raise BackupError(BackupFault.OTHER, f"{error.filename or etc}: {reason(error)}") from error


def _change(staged: Mapping[str, Path], contents: Contents, places: Places, former: Path | None) -> Change:
    """What is another one than that of the backup is set aside; of the same there is nothing to keep."""
    moves = []
    for name, file in staged.items():
        target = places.of(name)
        aside = former if name == DATABASE else None
        if name != DATABASE and target.exists() and _hash(target) != contents.files[name][1]:
            aside = _name_aside(target)
        moves.append(FileMove(file, target, aside))
    with owning(places.state):
        here = [path for pattern in OF_THE_HOUSE for path in sorted(places.state.glob(pattern)) if path.is_file()]
        gone = [path for path in here if _is_of_the_house(path, staged, places)]
        moves += [FileMove(None, path, _name_aside(path)) for path in gone]
    for folder in {file.parent for file in staged.values()}:
        sync(folder)
    return Change(places.state, moves)


def _is_of_the_house(path: Path, staged: Mapping[str, Path], places: Places) -> bool:
    """Whether the backup has none of that name: neither this one nor what is set aside or laid is of that house."""
    name = f"{STATE}/{path.relative_to(places.state).as_posix()}"
    return name not in staged and not is_passed_over(path.name)


def _name_aside(target: Path) -> Path:
    return new_name(target.parent, f"{target.name}.before-")


def _no_room(error: OSError, places: Places) -> str:
    return f"{error.filename or places.state}: {reason(error)}; nothing was changed"


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
    while stream.read(BLOCK):
        pass


def _digest_of(path: Path, passphrase: str) -> bytes:
    with _opened(path, passphrase) as stream:
        _to_the_end(stream)
        return stream.digest.digest()


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
