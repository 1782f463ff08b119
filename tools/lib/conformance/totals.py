"""Totals as the wire document has them (§24), computed here anew: what is tried with it is not asked what it is."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from conformance.points import WrongError
from gateway.federation.wire.stanza import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable

TOTAL: Final = f"{{{OURS}}}total"
FEATURE: Final = f"{OURS}#total"
ASKED: Final = ("name", "granularity", "first", "last")
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class CountedStretch:
    """A series by its name, how fine, and ``first`` <= time < ``last`` (POSIX seconds)."""

    name: str
    granularity: str
    first: int
    last: int

    @property
    def question(self) -> ET.Element:
        """The question for its total."""
        ends = {"first": str(self.first), "last": str(self.last)}
        return ET.Element(TOTAL, {"name": self.name, "granularity": self.granularity} | ends)

    def answered(self, records: Iterable[tuple[int, float | str]]) -> ET.Element:
        """The answer of who has these records of it, in order of time."""
        answer = self.question
        lines = [line_of(*record) for record in records]
        answer.set("count", str(len(lines)))
        answer.set("hash", hash_of(lines))
        return answer


def stretch_of(element: ET.Element, kind: str) -> CountedStretch:
    """What is asked for, in an ``iq`` of this type. WrongError for what is no question."""
    if kind != "get":
        raise WrongError(f"it asks for a total in an iq of type {kind}")
    ends = [element.get(end, "") for end in ("first", "last")]
    if not all(end.isascii() and end.isdigit() and len(end) <= _MOST_DIGITS for end in ends):
        raise WrongError(f"it asks for a total from {ends[0]!r} to {ends[1]!r}")
    first, last = map(int, ends)
    if first >= last:
        raise WrongError(f"it asks for a total from {first} to {last}")
    return CountedStretch(element.get("name", ""), element.get("granularity", ""), first, last)


def line_of(time: int, value: float | str) -> str:
    """The line of a record, with its end."""
    if isinstance(value, str):
        return f"{time} t {len(value.encode())} {value}\n"
    return f"{time} v {math.floor(1000 * value + 0.5)}\n"


def hash_of(lines: Iterable[str]) -> str:
    """The hash of lines."""
    return hashlib.sha256("".join(lines).encode()).hexdigest()
