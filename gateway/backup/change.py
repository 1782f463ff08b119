"""What a restoration changes: whole files that lie beside their places, written down before the first name is changed.

Once the list is on the disk the change comes about, also after a power cut: whoever carries it out begins anew where
it was cut off. Before that nothing has changed. The list lies beside the configuration, where only its owner writes.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.backup.faults import BackupError, BackupFault
from gateway.files import sync, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

# What SQLite keeps beside a database: it goes where the database goes, before it.
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file that is whole and lies beside its place; ``aside`` is where what is there now goes, if it is another."""

    staged: Path
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
    moves = [[str(one.staged), str(one.target), str(one.aside or "")] for one in change.moves]
    write_whole(place, json.dumps({"state": str(change.state), "moves": moves}).encode())


def carry_out(place: Path) -> Sequence[Path]:
    """Change the names that the list says, or those that are still to be changed; what was set aside. OSError."""
    change = _read(place)
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
def owning(folder: Path) -> Iterator[None]:
    """Where root does this, it is done by whoever has the folder: what lies there may lead elsewhere (symlink(7))."""
    found = folder.stat()
    if os.geteuid() or not found.st_uid:
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


def _carry(move: FileMove) -> None:
    if not move.staged.exists():
        # It is in its place already.
        return
    if move.aside and not move.aside.exists():
        for end in (*_BESIDE, ""):
            former = move.target.with_name(move.target.name + end)
            if former.exists():
                former.replace(move.aside.with_name(move.aside.name + end))
    move.staged.replace(move.target)


def _read(place: Path) -> Change:
    try:
        said = json.loads(place.read_bytes())
        moves = [FileMove(Path(one), Path(to), Path(aside) if aside else None) for one, to, aside in said["moves"]]
        return Change(Path(said["state"]), moves)
    except (ValueError, KeyError, TypeError) as error:
        sentence = f"{place}: is not what a restoration writes down: remove it"
        raise BackupError(BackupFault.OTHER, sentence) from error
