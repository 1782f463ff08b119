"""A disk whose power is cut: what was synced is there, of the rest anything may be.

A file keeps what it had at its last sync; of each sector written since, the disk has the new bytes, the old ones, a
torn mixture or noise, in whatever order they were written; its length is any that it had since. A name that was made,
moved or removed since the last sync of its folder may be so or not. With ``lying`` no sync does anything, as on a card
whose controller only says that it wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

    from power_cuts.record import RecordedChange

SECTOR = 512

# The index of SQLite's WAL is written through a memory map, which no record sees; it is made anew after a cut.
UNSEEN = "-shm"

# Of the sectors that reached the disk, one in so many was hit by the cut while it was written.
_TORN = 24


@dataclass(slots=True, eq=False)
class CutFile:
    """One file's contents: what is safe, and what was done since (offset and bytes, or a length)."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        """All that was done is safe."""
        for at, data in self.since:
            _apply(self.safe, at, data)
        self.since.clear()

    def after_cut(self, chance: Random) -> bytearray:
        """What the disk has."""
        found, lengths = bytearray(self.safe), [len(self.safe)]
        kept = chance.choice((0.0, 1.0, chance.random()))
        for at, data in self.since:
            if data is None:
                lengths.append(at)
                if chance.random() < kept:
                    _apply(found, at, None)
                continue
            lengths.append(max(lengths[-1], at + len(data)))
            for begin, sector in _sectors(at, data):
                if chance.random() < kept:
                    _apply(found, begin, _hit(chance, found, begin, sector))
        length = lengths[-1] if kept == 1.0 else chance.choice((len(found), chance.choice(lengths)))
        _apply(found, length, None)
        return found


@dataclass(slots=True, eq=False)
class Folder:
    """One folder's names: as they are, as they are safe, and the (number, name, node or None) of each change since."""

    now: dict[str, CutFile | Folder] = field(default_factory=dict)
    safe: dict[str, CutFile | Folder] = field(default_factory=dict)
    since: list[tuple[int, str, CutFile | Folder | None]] = field(default_factory=list)

    def sync(self) -> None:
        """All names are safe."""
        self.safe = dict(self.now)
        self.since.clear()

    def after_cut(self, chance: Random, happened: dict[int, bool]) -> dict[str, CutFile | Folder]:
        """The names that the disk has; a move is done in both of its folders or in none."""
        found = dict(self.safe)
        # A file system that keeps a log of its names has them in order until some moment.
        until = chance.randrange(len(self.since) + 1) if chance.random() < 1 / 2 else None
        for place, (number, name, node) in enumerate(self.since):
            likely = place < until if until is not None else chance.random() < 1 / 2
            if happened.setdefault(number, likely):
                if node is None:
                    found.pop(name, None)
                else:
                    found[name] = node
        return found


class CutDisk:
    """A folder as the changes of a record leave it, one after the other.

    Args:
        root: the folder that was recorded; what is in it now was there, and safe, before the record begins.
        lying: whether a sync is only said to be done.
    """

    def __init__(self, root: Path, *, lying: bool = False) -> None:
        # The recorder writes resolved paths.
        self._root = root.resolve()
        self.lying = lying
        self._files: dict[int, CutFile] = {}
        self._number = 0
        self._top = self._read(self._root)

    def apply(self, change: RecordedChange) -> None:
        """Do what the program did."""
        self._number += 1
        match change.letter:
            case "c":
                self._files[change.inode] = CutFile()
                self._name(change.data, self._files[change.inode])
            case "k":
                self._name(change.data, Folder())
            case "m":
                source, target = change.data.split(b"\0")
                folder, name = self._place(source)
                node = folder.now[name]
                self._name(source, None)
                self._name(target, node)
            case "u":
                self._name(change.data, None)
            case "w":
                self._files[change.inode].since.append((change.at, change.data))
            case "t":
                self._files[change.inode].since.append((change.at, None))
            case "s" if not self.lying:
                self._files[change.inode].sync()
            case "d" if not self.lying:
                self._folder(self._parts(change.data)).sync()

    def cut(self, chance: Random, into: Path) -> None:
        """Write what is left after a power cut at this moment into an empty folder."""
        self._write(self._top, into, chance, {})

    def unlike(self, folder: Path) -> list[str]:
        """The files that are not as the changes say they are: of a record that missed something."""
        said, there = dict(_contents(self._top.now, Path())), {}
        for path in folder.rglob("*"):
            if path.is_file():
                there[path.relative_to(folder)] = path.read_bytes()
        names = (name for name in said.keys() | there.keys() if not name.name.endswith(UNSEEN))
        return sorted(str(name) for name in names if said.get(name) != there.get(name))

    def _write(self, folder: Folder, into: Path, chance: Random, happened: dict[int, bool]) -> None:
        for name, node in folder.after_cut(chance, happened).items():
            if isinstance(node, Folder):
                (into / name).mkdir(mode=0o700)
                self._write(node, into / name, chance, happened)
            else:
                (into / name).write_bytes(node.after_cut(chance))
                (into / name).chmod(0o600)

    def _read(self, path: Path) -> Folder:
        found = Folder()
        for entry in path.iterdir():
            if entry.is_dir():
                found.now[entry.name] = self._read(entry)
            else:
                found.now[entry.name] = self._files[entry.stat().st_ino] = CutFile(bytearray(entry.read_bytes()))
        found.sync()
        return found

    def _parts(self, path: bytes) -> tuple[str, ...]:
        return Path(path.decode()).relative_to(self._root).parts

    def _folder(self, parts: Sequence[str]) -> Folder:
        folder = self._top
        for part in parts:
            below = folder.now[part]
            if not isinstance(below, Folder):
                raise TypeError(f"{'/'.join(parts)}: {part} is no folder")
            folder = below
        return folder

    def _place(self, path: bytes) -> tuple[Folder, str]:
        *parts, name = self._parts(path)
        return self._folder(parts), name

    def _name(self, path: bytes, node: CutFile | Folder | None) -> None:
        folder, name = self._place(path)
        if node is None:
            del folder.now[name]
        else:
            folder.now[name] = node
        folder.since.append((self._number, name, node))


def _contents(names: Mapping[str, CutFile | Folder], path: Path) -> Iterator[tuple[Path, bytes]]:
    for name, node in names.items():
        if isinstance(node, Folder):
            yield from _contents(node.now, path / name)
        else:
            content = bytearray(node.safe)
            for at, data in node.since:
                _apply(content, at, data)
            yield path / name, bytes(content)


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    """Write at an offset, or (without data) set the length; what nobody wrote is zero."""
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    if data is None:
        del content[at:]
    else:
        content[at : at + len(data)] = data


def _sectors(at: int, data: bytes) -> list[tuple[int, bytes]]:
    """A write as the sectors of the disk that it touches."""
    edges = [at, *range(at - at % SECTOR + SECTOR, at + len(data), SECTOR), at + len(data)]
    return [(begin, data[begin - at : end - at]) for begin, end in pairwise(edges)]


def _hit(chance: Random, before: bytearray, at: int, data: bytes) -> bytes:
    """A sector as it was written: nearly always whole, else its beginning, its end, or noise."""
    if chance.randrange(_TORN):
        return data
    old = bytes(before[at : at + len(data)]).ljust(len(data), b"\0")
    place = chance.randrange(len(data) + 1)
    return chance.choice((data[:place] + old[place:], old[:place] + data[place:], chance.randbytes(len(data))))
