"""What a file of history comes to: points by series, what is doubtful of each, and what only the household can say."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from gateway.errors import Exit, GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.words.phrase import Phrase

# By which rules files are read: raised whenever the same file would come to other points.
RULES = 1

CONSUMPTION, PRODUCTION = "consumption", "production"
CURVE, INDEX, DAILY, PERIODS, MAXIMUM = (
    *("power/active/raw", "energy/active/index", "energy/active/daily", "energy/active/period"),
    "power/apparent/max",
)
UNITS = {CURVE: "W", INDEX: "Wh", DAILY: "Wh", PERIODS: "Wh", MAXIMUM: "VA"}

Direction = Literal["consumption", "production"]
Stamp = Literal["start", "end", "both", "date"]


class HistoryFileError(GatewayError, ValueError):
    """A file of history that is not read, and why."""

    exit_code = Exit.DATA


class PointFlag(enum.IntFlag):
    """What is to be known of an imported point beside its value; kept with it: no bit is ever given another sense."""

    READ = 1
    """The source says that the meter counted it."""
    ESTIMATED = 2
    """The source says that it was estimated or corrected."""
    STEP_INFERRED = 4
    """How long it is was concluded from its neighbours."""
    DST_ASSUMED = 8
    """It lies in the hour that autumn has twice, and the file has it once: the first was assumed."""
    METER_ASSUMED = 16
    """The file does not say of which meter it is."""
    CAUTION = 32
    """The distributor doubts it (Indice_Vraisemblance, status)."""
    ROUNDED = 64
    """It was rounded before it came (10 Wh, 1 kWh), or here to a whole watt."""
    DERIVED = 128
    """It is a difference of two indexes."""
    STAMP_STATED = 256
    """The file itself says of which moment it is, by two stamps."""
    STAMP_PROVED = 512
    """Its first and last stamps, or indexes, show of which moment it is."""
    STAMP_ASKED = 1024
    """The household said of which moment it is."""
    BREAK = 2048
    """An index of another meter than the one before it."""


class PastPoint(NamedTuple):
    """A value: from ``start`` (POSIX second) for ``step`` seconds, 0 for what is of a moment; a whole number."""

    start: int
    step: int
    value: int
    flags: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What only the household can say of its file; None where it has not.

    Attributes:
        direction: what was drawn, or what was injected.
        unit: in what the values are counted.
        stamp: whether a stamp is the start or the end of what it stands for.
        offsets: whether offsets that Paris did not have are kept, or ignored in favour of the clock beside them.
        daily: whether a curve that was made of daily values is taken as these.
    """

    direction: Direction | None = None
    unit: Literal["W", "kW", "Wh", "kWh"] | None = None
    stamp: Literal["start", "end"] | None = None
    offsets: Literal["keep", "ignore"] | None = None
    daily: bool = False


@dataclass(slots=True)
class PastBlock:
    """The points of one series of one meter, as one file has them.

    Attributes:
        form: which form it was read by.
        meter: the delivery point that the file names; None where it names none.
        series: path, such as ``consumption/power/active/raw``.
        points: in order, no two of the same moment and step.
        stamp: of which moment of a step the file's stamps are.
        counts: how many rows of which kind there were: missing, equal (duplicates), stray, ambiguous, inferred,
            nowhere (in an hour that spring skips), estimated, caution, unknown (nature), dropped, empty.
        conflicts: moments that had two values, with both; the first is in ``points``.
        holes: of a curve, from when to when there is nothing between its first and last row.
        rejected: moments of values set aside.
        breaks: moments of the first index of another meter.
        first: when its first row begins, with or without a value; ``last``: when its last one ends.
    """

    form: str
    meter: str | None
    series: str
    points: list[PastPoint] = field(default_factory=list)
    stamp: Stamp = "end"
    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[tuple[int, int, int]] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    first: int = 0
    last: int = 0

    @property
    def kind(self) -> str:
        """What it is of either direction, such as ``power/active/raw``."""
        return self.series.partition("/")[2]

    @property
    def direction(self) -> str:
        """Drawn or injected."""
        return self.series.partition("/")[0]

    @property
    def wh(self) -> Fraction:
        """What its points come to; of indexes what they rose by between breaks."""
        return energy_of(self.kind, self.points)


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file as it was read: its blocks, and what of it was left aside, each with the reason."""

    name: str
    sha256: bytes
    blocks: Sequence[PastBlock]
    refused: Sequence[tuple[str, Phrase]] = ()


def energy_of(kind: str, points: Iterable[PastPoint]) -> Fraction:
    """Wh of points of one kind."""
    if kind == CURVE:
        return Fraction(sum(point.value * point.step for point in points), 3600)
    if kind == INDEX:
        found, before = 0, None
        for point in points:
            if before is not None and not point.flags & PointFlag.BREAK:
                found += point.value - before
            before = point.value
        return Fraction(found)
    return Fraction(0 if kind == MAXIMUM else sum(point.value for point in points))
