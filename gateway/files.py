"""A small file of ours, written whole or not at all: after a power cut it is the one before or the new one, never half.

When ``write_whole`` returns the new one is on the disk, under its name. Whoever may not read the file never could: it
has its rights from its first byte. Imports nothing of ours; for a database there is ``gateway/store``.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Owner and group that stay what they are (chown's own word for it).
UNCHANGED = (-1, -1)


def write_whole(path: Path, data: bytes, mode: int = 0o600, owner: tuple[int, int] = UNCHANGED) -> None:
    """Put a file with these bytes in the place of ``path``, on the disk when it returns; OSError, and nothing changed.

    Args:
        path: the file; what is written first lies beside it, its name with ``.draft``, which no backup takes along.
        data: all of it.
        mode: its rights.
        owner: the numbers of its user and group; only root can give files to others.
    """
    draft = path.with_name(f"{path.name}.draft")
    # One that a power cut left may have other rights.
    draft.unlink(missing_ok=True)
    try:
        with open(draft, "xb", opener=_for_its_owner) as file:
            file.write(data)
            file.flush()
            _give(file.fileno(), mode, owner)
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    sync(path.parent)


def move(source: Path, target: Path) -> None:
    """Let what is on the disk take another's place, on the disk when it returns. Both are in one folder."""
    source.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk: what was renamed may go back until then."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(path: Path) -> None:
    """The same of a file, or of a folder with everything below it."""
    for below in path.rglob("*") if path.is_dir() else ():
        sync(below)
    sync(path)


def make_folder(path: Path, mode: int = 0o700, above: int = 0o777) -> None:
    """Make a folder unless it is there, its name on the disk when it returns; ``above`` for those missing above it."""
    if path.is_dir():
        return
    make_folder(path.parent, above, above)
    path.mkdir(mode, exist_ok=True)
    # Where one may write and not read, nobody can wait for it.
    with suppress(PermissionError):
        sync(path.parent)


@contextmanager
def folder_itself(path: Path) -> Iterator[Path]:
    """A folder as a path that leads into it and nowhere else, for root where another user has what is above it.

    That user could lay a link there, or change it for one at any moment (symlink(7)): OSError for a link, and what is
    opened stays the same folder.
    """
    if os.geteuid():
        yield path
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def give_over(path: Path, owner: tuple[int, int]) -> None:
    """Give what root has made to another user: a folder, or a file of one name; what is somebody else's stays his.

    A link is not followed, nor is a file given that has another name elsewhere (link(2)). OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        seen = os.fstat(descriptor)
        alone = stat.S_ISDIR(seen.st_mode) or (stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1)
        if owner != UNCHANGED and alone and seen.st_uid == 0 and owner[0] != 0:
            os.fchown(descriptor, *owner)
    finally:
        os.close(descriptor)


def owner_of_folder(path: Path) -> tuple[int, int]:
    """To whom a file belongs that root makes in the service's folder: to the service, which could not write to it."""
    if os.geteuid():
        return UNCHANGED
    state = path.parent.stat()
    return state.st_uid, state.st_gid


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _give(descriptor: int, mode: int, owner: tuple[int, int]) -> None:
    # The owner first: changing it takes some rights away.
    if owner != UNCHANGED:
        os.fchown(descriptor, *owner)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        # FAT has no rights of its own, and refuses some; 0600, which it has been given at first, is not more than any.
        with suppress(PermissionError):
            os.fchmod(descriptor, mode)
