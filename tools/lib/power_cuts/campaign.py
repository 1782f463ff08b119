"""Records, cuts and judgements: how often the power was cut, and what did not hold afterwards.

A cut is named by what was recorded, the seed and its number, and comes out the same again: the record has the same
changes each time, only keys and salts in it differ.
"""

from __future__ import annotations

import copy
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from gateway.store.connection import FILE_NAME
from gateway.store.copies import schema_of
from gateway.store.prepare import prepare
from power_cuts import files, judge, migration, restoring
from power_cuts.disk import CutDisk
from power_cuts.record import MARK, RecordError, build, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from power_cuts.record import RecordedChange

    Begin = Callable[[Path], list[Mapping[str, Any]]]
    Judge = Callable[[Path, Sequence[Mapping[str, Any]], Mapping[str, Any] | None], list[str]]

# Of so many cuts one is anywhere, and the others close to a sync or to a word given: there it matters.
_ANYWHERE = 2

# The record of a house has 15 MB; a container's shared memory may have 64 in all.
_ROOM_BYTES = 100_000_000

# Commits of a minute that a house lives for: an afternoon's, with a midnight.
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Violation:
    """What did not hold, and where the disk as it was left is kept."""

    cut: str
    faults: tuple[str, ...]
    folder: Path | None


@dataclass(slots=True)
class Recorded:
    """A program's record with the disk that it began with, and who judges what a cut leaves of it.

    ``known`` are marks from before the record.
    """

    name: str
    disk: CutDisk
    changes: list[RecordedChange]
    judge: Judge
    known: list[Mapping[str, Any]] = field(default_factory=list)

    def cuts(
        self, count: int, seed: int, scratch: Path, *, lying: bool = False, keep: Path | None = None
    ) -> Iterator[Violation | None]:
        """Cut the power ``count`` times, one after the other along the record; what did not hold, or None, of each."""
        disk = copy.deepcopy(self.disk)
        disk.lying = lying
        marks = {place: change.mark for place, change in enumerate(self.changes) if change.letter == MARK}
        said, done = list(self.known), 0
        for number, place in enumerate(sorted(self._places(count, Random(f"{seed} {self.name}")))):
            for now in range(done, place):
                disk.apply(self.changes[now])
                said += [marks[now]] if now in marks else []
            done = place
            following = next((marks[now] for now in sorted(marks) if now >= place and "done" in marks[now]), None)
            with tempfile.TemporaryDirectory(dir=scratch) as left:
                disk.cut(Random(f"{seed} {self.name} {number}"), Path(left))
                try:
                    faults = self.judge(Path(left), said, following)
                except Exception as error:  # noqa: BLE001 (whatever escapes here would have reached a household)
                    faults = [f"{type(error).__name__}: {error}"]
            if not faults:
                yield None
                continue
            if kept := keep and keep / f"{self.name}-seed{seed}-cut{number}of{count}":
                shutil.rmtree(kept, ignore_errors=True)
                kept.mkdir(parents=True)
                disk.cut(Random(f"{seed} {self.name} {number}"), kept)
            cut = f"{self.name}: cut {number} of {count}, after {place} of {len(self.changes)} changes"
            yield Violation(cut, tuple(faults), kept)

    def _places(self, count: int, chance: Random) -> list[int]:
        near = [place for place, change in enumerate(self.changes) if change.letter in f"sdmu{MARK}"]
        last = len(self.changes)
        return [
            chance.randint(0, last) if not number % _ANYWHERE else min(last, chance.choice(near) + chance.randrange(2))
            for number in range(count)
        ]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for records and disks, gone at the end: in memory, where a sync costs nothing and wears no card."""
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES
    # The recorder lies there too, and a container's shared memory runs no programs.
    roomy = roomy and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    with tempfile.TemporaryDirectory(prefix="power-cuts-", dir=memory if roomy else None) as folder:
        yield Path(folder)


class WriteRecorder:
    """Records the programs that the power is cut from, in a folder of its own."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._library = build(scratch)

    def house(self, seed: int, rounds: int = ROUNDS, fault: str = "") -> Recorded:
        """A house that lives for some hours, from the first start on an empty disk."""
        return self._run(f"house{seed}", "house", judge.of_house, [str(seed), str(rounds), fault])

    def files(self, seed: int, fault: str = "") -> Recorded:
        """Small files, each replaced a dozen times."""
        return self._run(f"files{seed}", "files", judge.of_files, [str(seed), fault], files.begin)

    def restoring(self) -> Recorded:
        """A backup that is brought back onto a card whose database has its last rows in its WAL."""
        return self._run("restoring", "restoring", judge.of_restoring, [], restoring.begin)

    def migration(self, count: int) -> Recorded:
        """A database of ``count`` steps that is brought up to date."""

        def begin(folder: Path) -> list[Mapping[str, Any]]:
            migration.make(folder, count)
            path, whole = folder / FILE_NAME, folder.with_name("whole")
            before = {"steps": schema_of(path), "before": judge.fingerprint(path)}
            shutil.copytree(folder, whole)
            prepare(whole)
            return [before | {"end": judge.rows(whole / FILE_NAME)}]

        return self._run(f"migration{count}", "migration", judge.of_migration, [], begin)

    def _run(self, name: str, module: str, judged: Judge, more: list[str], begin: Begin = lambda _: []) -> Recorded:
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix=f"{name}-") as place:
            folder = Path(place) / "disk"
            folder.mkdir(mode=0o700)
            known = begin(folder)
            disk = CutDisk(folder)
            command = [sys.executable, "-m", f"power_cuts.{module}", str(folder), *filter(None, more)]
            changes = record(self._library, folder, Path(place) / "log", command)
            end = copy.deepcopy(disk)
            for change in changes:
                end.apply(change)
            if missed := end.unlike(folder):
                raise RecordError(f"the record of {name} is not whole: {', '.join(missed)}")
        return Recorded(name, disk, changes, judged, known)
