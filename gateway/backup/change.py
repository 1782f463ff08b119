"""What a restoration changes: whole files that lie beside their places, written down before the first name is changed.

Once the list is on the disk the change comes about, also after a power cut: whoever carries it out begins anew where
it was cut off. Before that nothing has changed. The list lies beside the configuration, where only its owner writes.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.backup.faults import BackupError, BackupFault
from gateway.files import sync, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

# Who the gateway is where it is installed as a service.
USER = "linky-gateway"
# What SQLite keeps beside a database: it goes where the database goes, before it.
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file that is whole and lies beside its place; ``aside`` is where what is there now goes, if it is another.

    None is laid there where the backup has no such file: what is there now is of the house that goes.
    """

    staged: Path | None
    target: Path
    aside: Path | None


@dataclass(frozen=True, slots=True)
class Change:
    """All moves of a restoration; what lies below ``state`` is the service's, the rest its administrator's."""

    state: Path
    moves: Sequence[FileMove]


def write_down(place: Path, change: Change) -> None:
    """Let the change come about, whatever happens from now on. OSError, and it does not.

    Args:
        place: the list, beside the configuration.
        change: what it says; each staged file is on the disk under its name.
    """
    moves = [[str(one.staged or ""), str(one.target), str(one.aside or "")] for one in change.moves]
    write_whole(place, json.dumps({"state": str(change.state), "moves": moves}).encode())


def carry_out(place: Path, *, first: bool = False) -> Sequence[Path]:
    """Change the names that the list says, or those that are still to be changed; what was set aside. OSError.

    The ``first`` time nothing has its name yet: BackupError where a file is missing, and nothing was changed.
    """
    change = _read(place)
    if first:
        _check_staged(change, place)
    for move in change.moves:
        with _hand_of(change, move.target):
            _carry(move)
    for folder in {move.target.parent for move in change.moves}:
        with _hand_of(change, folder):
            sync(folder)
    place.unlink()
    sync(place.parent)
    return [move.aside for move in change.moves if move.aside]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While a restoration lays its files there no other one does, nor does one clear them away. BackupError."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        # On a new card there is nothing yet, and nothing to be cleared away.
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        sentence = f"{folder}: a backup is being brought back there; wait until that has ended"
        raise BackupError(BackupFault.OTHER, sentence) from error
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def owning(folder: Path) -> Iterator[None]:
    """Where root does this, it is done by whoever has the folder: what lies there may lead elsewhere (symlink(7)).

    BackupError for root's own where the gateway is somebody else: it would be root who follows.
    """
    found = folder.stat()
    if os.geteuid():
        yield
        return
    if not found.st_uid:
        if _has_its_user():
            sentence = f"{folder}: belongs to root and not to {USER}, who keeps the database there; give it to {USER}"
            raise BackupError(BackupFault.ELSEWHERE, sentence)
        yield
        return
    others = os.getgroups()
    os.setgroups([])
    os.setegid(found.st_gid)
    os.seteuid(found.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(others)


def _hand_of(change: Change, path: Path) -> AbstractContextManager[None]:
    return owning(change.state) if path.is_relative_to(change.state) else nullcontext()


def _has_its_user() -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(USER).pw_uid)
    return False


def _check_staged(change: Change, place: Path) -> None:
    gone = [move.staged for move in change.moves if move.staged and not move.staged.exists()]
    if gone:
        place.unlink()
        sync(place.parent)
        raise BackupError(BackupFault.OTHER, f"{gone[0]}: was removed meanwhile; nothing was changed")


def _carry(move: FileMove) -> None:
    if move.staged and not move.staged.exists():
        # It is in its place already.
        return
    if move.aside and not move.aside.exists():
        for end in (*_BESIDE, ""):
            former = move.target.with_name(move.target.name + end)
            if former.exists():
                former.replace(move.aside.with_name(move.aside.name + end))
    if move.staged:
        move.staged.replace(move.target)


def _read(place: Path) -> Change:
    try:
        said = json.loads(place.read_bytes())
        moves = [FileMove(_path(one), Path(to), _path(aside)) for one, to, aside in said["moves"]]
        return Change(Path(said["state"]), moves)
    except (ValueError, KeyError, TypeError) as error:
        sentence = f"{place}: is not what a restoration writes down: remove it"
        raise BackupError(BackupFault.OTHER, sentence) from error


def _path(text: str) -> Path | None:
    return Path(text) if text else None
