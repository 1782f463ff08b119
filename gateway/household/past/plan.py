"""What importing files would do: what of each is new, how it holds against what is known, and what would be kept.

The figures that are shown are those of the points that are then stored: both are this plan.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gateway.errors import Exit
from gateway.household.past.checks import MeterSide, PastEvidence
from gateway.household.past.forms import read_file
from gateway.household.past.merging import THIS_FILE, Merged, merged, rank_of
from gateway.household.past.report import PastCheck, Subject, run_checks
from gateway.household.past.values import (
    CURVE,
    DAILY,
    INDEX,
    RULES,
    HistoryFileError,
    PastBlock,
    PastPoint,
    PointFlag,
)
from gateway.store.imports import ImportedRow, NewBatch
from gateway.store.local_time import local_time
from gateway.store.points import Granularity
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.household.past.values import Choices
    from gateway.store.energy import EnergyRows
    from gateway.store.imports import Imports
    from gateway.store.ledger import Ledger
    from gateway.store.meters import Meters
    from gateway.store.readings import Readings

_AROUND_S = 2 * 86_400
_HALF_HOUR = 1800
_SUBSCRIBED = "contract/power/reference"

_OTHER_METER = Phrase("it belongs to the delivery point ending in {last}, not to {meter}: left out")
_SEVERAL = Phrase(
    'it covers several delivery points, and which of them is {meter} is not known: write prm = "…" in its [[meter]]'
)
_NOTHING_LEFT = Phrase("nothing in it is about {meter} since {since}")


class PastParts(Protocol):
    """The parts of the store that a plan reads."""

    meters: Meters
    ledger: Ledger
    energy: EnergyRows
    readings: Readings

    @property
    def imports(self) -> Imports:
        """What was imported before."""


@dataclass(slots=True)
class SeriesPlan:
    """One block of a file as it would be kept: ``points`` those of the file, ``merged`` what of them goes in."""

    block: PastBlock
    merged: Merged
    left_out: int = 0

    @property
    def stored(self) -> list[PastPoint]:
        """What goes in."""
        return self.merged.stored


@dataclass(slots=True)
class FilePlan:
    """One file: what of it goes in, or why nothing does. ``batch`` is that under which it is known already."""

    name: str
    data: bytes
    sha256: bytes
    series: list[SeriesPlan] = field(default_factory=list)
    left_aside: list[tuple[str, Phrase]] = field(default_factory=list)
    refused: Phrase | None = None
    batch: int | None = None

    @property
    def forms(self) -> list[str]:
        """The forms of its blocks."""
        return list(dict.fromkeys(one.block.form for one in self.series))

    def points(self) -> Iterator[tuple[str, int, int, int, int]]:
        """What would be stored: path, start, step, value, flags."""
        for one in self.series:
            for point in one.stored:
                yield one.block.series, *point

    @property
    def count(self) -> int:
        """How many points would be stored."""
        return sum(len(one.stored) for one in self.series)


@dataclass(slots=True)
class PastPlan:
    """All of it: the files, and the checks of them together with what is known."""

    meter: str
    prm_known: bool
    files: list[FilePlan]
    checks: list[PastCheck]

    @property
    def refused(self) -> bool:
        """Whether a check forbids it, or no file could be read."""
        return any(one.verdict == "refused" for one in self.checks) or all(one.refused for one in self.files)

    @property
    def count(self) -> int:
        """How many points would be stored."""
        return sum(one.count for one in self.files)

    @property
    def exit_code(self) -> int:
        """What a command ends with that only looks."""
        return Exit.DATA if self.refused or any(one.refused for one in self.files) else Exit.DONE

    def batch_of(self, file: FilePlan, choices: Choices) -> NewBatch:
        """The batch that a file would be."""
        said = ", ".join(f"{name}={value}" for name, value in _said(choices))
        forms = file.forms
        return NewBatch(self.meter, file.sha256, file.name, ", ".join(forms), rank_of(forms[0]), RULES, said)


def _said(choices: Choices) -> Iterator[tuple[str, object]]:
    for name in ("direction", "unit", "stamp", "offsets", "daily"):
        value = getattr(choices, name)
        if value:
            yield name, value


class Planner:
    """Makes plans for one meter.

    Args:
        stored: the parts of the store.
        meter: its name, as of a ``[[meter]]``.
        prm: its delivery point; None where nobody knows it.
        choices: what the household says of the files.
        since: a POSIX second before which nothing is this household's.
        take: whether values that differ from what is known as well are taken.
    """

    def __init__(
        self, stored: PastParts, meter: str, prm: str | None, choices: Choices, since: int = 0, *, take: bool = False
    ) -> None:
        self._stored, self._meter, self._prm, self._choices = stored, meter, prm, choices
        self._since, self._take = since, take
        self._known: dict[str, dict[tuple[int, int], ImportedRow]] = {}
        self._batches = {one.sha256: one.id for one in stored.imports.batches() if one.meter == meter}

    def plan(self, files: Iterable[tuple[str, bytes]]) -> PastPlan:
        """What importing these would do, in their order."""
        found = [self._file(name, data) for name, data in files]
        blocks = [one.block for file in found for one in file.series]
        directions = sorted({block.direction for block in blocks})
        checks = [check for direction in directions for check in self._checks(direction, blocks)]
        return PastPlan(self._meter, self._prm is not None, found, checks)

    def _file(self, name: str, data: bytes) -> FilePlan:
        file = FilePlan(name, data, hashlib.sha256(data).digest())
        file.batch = self._batches.get(file.sha256)
        if file.batch is not None:
            return file
        try:
            read = read_file(name, data, self._choices)
            file.left_aside += read.refused
            blocks = self._of_meter(name, read.blocks, file)
        except HistoryFileError as error:
            file.refused = error.phrase
            return file
        mine: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for block in blocks:
            left_out = self._cut(block)
            if block.points:
                known = self._known_of(block)
                made = merged(block, known, mine[block.series], take=self._take)
                mine[block.series] |= {(point.start, point.step) for point in made.stored}
                rank = rank_of(block.form)
                known |= {(p.start, p.step): ImportedRow(*p, THIS_FILE, rank) for p in made.stored}
                file.series.append(SeriesPlan(block, made, left_out))
        if not file.series:
            file.refused = _NOTHING_LEFT.filled(meter=self._meter, since=local_time(self._since))
        return file

    def _of_meter(self, name: str, blocks: Sequence[PastBlock], file: FilePlan) -> list[PastBlock]:
        """Those of this meter; each point of a file that names none says so."""
        if self._prm is None and len({block.meter for block in blocks if block.meter}) > 1:
            raise HistoryFileError(_SEVERAL.filled(meter=self._meter))
        found = []
        for block in blocks:
            if self._prm is not None and block.meter not in (None, self._prm):
                said = _OTHER_METER.filled(last=(block.meter or "")[-4:], meter=self._meter)
                file.left_aside.append((name, said))
                continue
            if block.meter is None or self._prm is None:
                block.points = [p._replace(flags=p.flags | PointFlag.METER_ASSUMED) for p in block.points]
            found.append(block)
        if not found:
            raise HistoryFileError(file.left_aside[-1][1])
        return found

    def _cut(self, block: PastBlock) -> int:
        """Leave out what is before the household; how many points that are."""
        kept = [point for point in block.points if point.start >= self._since]
        left_out = len(block.points) - len(kept)
        block.points = kept
        if left_out and kept:
            block.first = kept[0].start
            block.holes = [(max(start, block.first), end) for start, end in block.holes if end > block.first]
        return left_out

    def _known_of(self, block: PastBlock) -> dict[tuple[int, int], ImportedRow]:
        """What is imported of a series, with what this plan has of it already."""
        if block.series not in self._known:
            rows = self._stored.imports.points(self._meter, block.series, 0, 2**40)
            self._known[block.series] = {(row.start, row.step): row for row in rows}
        return self._known[block.series]

    def _checks(self, direction: str, blocks: Sequence[PastBlock]) -> list[PastCheck]:
        mine = [block for block in blocks if block.direction == direction]
        first = min(block.first for block in mine) - _AROUND_S
        last = max(block.last for block in mine) + _AROUND_S
        curve, indexes, daily = ([*self._points(f"{direction}/{kind}", first, last)] for kind in (CURVE, INDEX, DAILY))
        known = PastEvidence(curve, indexes, daily)
        own, now = self._own(direction, first, last), int(time.time())
        subject = Subject(direction, known, mine, own, self._subscribed(), now)
        return run_checks(subject)

    def _points(self, series: str, first: int, last: int) -> Iterator[PastPoint]:
        """Of a series the best point of each moment: of what was imported before and of these files."""
        if series in self._known:
            rows: Iterable[ImportedRow] = self._known[series].values()
        else:
            rows = self._stored.imports.points(self._meter, series, first, last)
        for row in rows:
            if first <= row.start < last:
                yield PastPoint(*row[:4])

    def _own(self, direction: str, first: int, last: int) -> MeterSide:
        """What the meter said itself of that time, and its first index."""
        index = self._stored.meters.named(self._meter, f"{direction}/energy/active/index")
        if index is None or not index.first_time:
            return MeterSide()
        readings, marks = self._stored.readings, Granularity.HALF_HOUR
        begin = max(first, index.first_time) // _HALF_HOUR * _HALF_HOUR
        end = min(last, index.last_time) // _HALF_HOUR * _HALF_HOUR
        of_marks = dict(readings.values(index, marks, begin, end + 1)) if begin < end else {}
        known = self._stored.ledger.steps(index, begin, end, _HALF_HOUR) if begin < end else {}
        earliest = readings.values(index, marks, index.first_time, index.first_time + 90_000)[:1]
        whole = {at: value for at, value in of_marks.items() if isinstance(value, int)}
        head = next(((at, value) for at, value in earliest if isinstance(value, int)), None)
        return MeterSide(known, whole, head)

    def _subscribed(self) -> int | None:
        series = self._stored.meters.named(self._meter, _SUBSCRIBED)
        newest = self._stored.energy.newest(series, 2**40) if series else None
        return newest[1] if newest and isinstance(newest[1], int) and newest[1] > 0 else None


def doubts(points: Iterable[PastPoint]) -> Mapping[PointFlag, int]:
    """How many points have each flag."""
    found: Counter[PointFlag] = Counter()
    for point in points:
        for flag in PointFlag(point.flags):
            found[flag] += 1
    return found


def steps(points: Iterable[PastPoint]) -> Mapping[int, int]:
    """How many points are of each step."""
    found: dict[int, int] = defaultdict(int)
    for point in points:
        found[point.step] += 1
    return dict(sorted(found.items()))
