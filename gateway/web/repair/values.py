"""What the page *repair* shows, as values, and what a form of it may say. Times are POSIX seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = int | float | str

# A text may have so many characters, a reason too.
LONGEST_TEXT = 200
RAW, BY_DAY = "raw", "P1D"
GRANULARITIES = (RAW, "PT1M", "PT15M", "PT30M", BY_DAY)
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class PointPlace:
    """A point by its name, or a place to look at: meter, path, granularity, POSIX second."""

    meter: str
    path: str
    granularity: str
    time: int

    @property
    def query(self) -> str:
        """In an address."""
        return urlencode({name: getattr(self, name) for name in ("meter", "path", "granularity", "time")})

    @property
    def fields(self) -> dict[str, object]:
        """In a form."""
        return {name: getattr(self, name) for name in ("meter", "path", "granularity", "time")}


@dataclass(frozen=True, slots=True)
class RepairableSeries:
    """A series that can be repaired, as fine as it exists; ``name`` by language."""

    meter: str
    path: str
    unit: str
    kind: str
    name: Mapping[str, str]
    granularities: Sequence[str]
    last: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored point; ``low`` and ``high`` are of those around it where it stands out, ``judged`` when it was read."""

    which: PointPlace
    value: Value
    rectified: bool = False
    low: float | None = None
    high: float | None = None
    judged: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A correction that was made at POSIX second ``at``; a value is None where there was none."""

    which: PointPlace
    before: Value | None
    after: Value | None
    at: int
    reason: str
    undoable: bool


@dataclass(frozen=True, slots=True)
class RepairView:
    """What the page shows: ``chosen`` is where somebody looks, None at first."""

    series: Sequence[RepairableSeries]
    suspects: Sequence[Stored]
    corrections: Sequence[Changed]
    chosen: PointPlace | None = None
    around: Sequence[Stored] = ()

    def known(self, which: PointPlace) -> RepairableSeries | None:
        """The series of a point."""
        return next((s for s in self.series if (s.meter, s.path) == (which.meter, which.path)), None)


def wrong(known: RepairableSeries, stored: Stored, fields: Mapping[str, str]) -> str | None:
    """The key of what is wrong with a form; None when it can be done."""
    if fields.get("choice") not in {"value", "remove"}:
        return "wrong_choice"
    reason = fields.get("reason", "")
    if len(reason) > LONGEST_TEXT or not reason.isprintable():
        return "wrong_reason"
    return _wrong_value(known, stored, fields.get("value", "")) if fields["choice"] == "value" else None


def plain(known: RepairableSeries, text: str) -> str:
    """A value as the store reads it: a number may be written with a comma and with blanks."""
    return text if known.kind == "text" else "".join(text.split()).replace(",", ".")


def _wrong_value(known: RepairableSeries, stored: Stored, text: str) -> str | None:
    if known.kind == "text":
        if not text or not text.isprintable() or len(text) > LONGEST_TEXT:
            return "wrong_text"
        return "wrong_same" if text == stored.value else None
    mean = known.kind == "gauge" and stored.which.granularity != "raw"
    said = "wrong_number" if mean else "wrong_index" if known.kind == "index" else "wrong_whole"
    try:
        value = float(plain(known, text)) if mean else int(plain(known, text))
    except ValueError:
        return said
    if not abs(value) < _LARGEST or (known.kind == "index" and value < 0):
        return said
    return "wrong_same" if round(value, 1) == stored.value else None
