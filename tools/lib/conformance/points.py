"""The numbered points of the wire document, and what was found of each of them in one run."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).resolve().parents[3] / "gateway/federation/WIRE.md"
_TABLE = re.compile(r"<!-- points: begin -->\n(.*?)<!-- points: end -->", re.DOTALL)
_ROW = re.compile(r"^\| (C\d+) \| ([GPR ]+) \| (.+) \| (\d+) \|$", re.MULTILINE)
_MOST_CHARS = 200


@dataclass(frozen=True, slots=True)
class WirePoint:
    """One point: its number, whom it binds (G, P, R), what is asked of them, and the paragraph that says more."""

    number: str
    who: frozenset[str]
    what: str
    paragraph: str


class PointOutcome(enum.Enum):
    """What became of a point."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_OFFERED = "not offered"
    LEFT = "does not apply"


class WrongError(Exception):
    """The peer does not keep to a point; ``str`` says what came instead."""


class LeftError(Exception):
    """A point cannot be tried here; ``str`` says why."""


class NotOfferedError(LeftError):
    """A point binds those who offer something, and the peer does not; ``str`` says what."""


def points(document: str = "") -> list[WirePoint]:
    """Those of the document, in its order."""
    table = _TABLE.search(document or DOCUMENT.read_text(encoding="utf-8"))
    assert table is not None, "the document has the table"
    return [WirePoint(number, frozenset(who.split()), what, at) for number, who, what, at in _ROW.findall(table[1])]


def line(text: object) -> str:
    """Words of whomever as one line that cannot move a terminal's cursor or end a cell of the table."""
    words = " ".join(str(text).split()).replace("|", "\N{BROKEN BAR}")
    plain = "".join(character for character in words if character.isprintable())
    return plain if len(plain) <= _MOST_CHARS else f"{plain[: _MOST_CHARS - 1]}…"


class Findings:
    """What was found of each point; of several findings the worst stands, of equals the last."""

    _RANK: Final = (PointOutcome.LEFT, PointOutcome.NOT_OFFERED, PointOutcome.PASSED, PointOutcome.FAILED)

    def __init__(self) -> None:
        self._found: dict[str, tuple[PointOutcome, str]] = {}

    def add(self, number: str, outcome: PointOutcome, words: str = "") -> None:
        """A check's word."""
        before = self._found.get(number)
        if before is None or self._RANK.index(outcome) >= self._RANK.index(before[0]):
            self._found[number] = outcome, line(words)

    def fail_open(self, points: list[WirePoint], words: str) -> None:
        """Fail those of which nothing was found: a run that does not come to its end has not passed."""
        for point in points:
            if not self.has(point):
                self.add(point.number, PointOutcome.FAILED, words)

    def of(self, point: WirePoint) -> tuple[PointOutcome, str]:
        """What stands of a point; one that nobody came to was not tried."""
        return self._found.get(point.number, (PointOutcome.LEFT, "the run ended before it was tried"))

    def has(self, point: WirePoint) -> bool:
        """Whether anything was found of it."""
        return point.number in self._found

    @property
    def failed(self) -> bool:
        """Whether any point did."""
        return any(outcome is PointOutcome.FAILED for outcome, _ in self._found.values())

    def table(self, held: list[WirePoint]) -> str:
        """Point by point, as a table that a document can take in."""
        rows = [("point", "§", "what is asked", "outcome", "what came, or why not")]
        rows += [
            (point.number, point.paragraph, point.what, self.of(point)[0].value, self.of(point)[1]) for point in held
        ]
        return "".join(
            f"| {' | '.join(row)} |\n{'|---|---|---|---|---|' + chr(10) if not n else ''}" for n, row in enumerate(rows)
        )
