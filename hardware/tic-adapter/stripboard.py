"""The receiver on strip board: what sits in which hole, which strips are cut, and what that connects.

Rows are the copper strips, A at the top; columns are numbered from 1. All strips are cut in two columns under the
optocoupler, so that no copper leads from the meter's side to the house's.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from circuit import PARTS

sys.path.append(str(Path(__file__).parent.parent))
from sheet import Sheet

Hole = tuple[int, str]

ROWS = "ABCDEFGH"
COLUMNS = 24

# The two columns that are cut through, under the optocoupler.
MOAT = (9, 10)


@dataclass(frozen=True, slots=True)
class Placed:
    """A part: its pins and their holes; ``standing`` is how it is drawn."""

    reference: str
    pins: dict[str, Hole]
    body: str


PLACED = (
    Placed("J1", {"1": (2, "C"), "2": (2, "E")}, "terminal"),
    Placed("R1", {"1": (3, "C"), "2": (7, "C")}, "resistor"),
    Placed("OK1", {"1": (8, "C"), "2": (8, "D"), "3": (11, "D"), "4": (11, "C")}, "chip"),
    Placed("R2", {"1": (13, "D"), "2": (13, "H")}, "resistor"),
    Placed("R3", {"1": (13, "C"), "2": (17, "C")}, "resistor"),
    Placed("C1", {"1": (18, "C"), "2": (18, "E")}, "capacitor"),
    # A BS170, flat side to the left: drain, gate, source from above. A 2N7000 goes in the other way round.
    Placed("Q1", {"D": (20, "C"), "G": (20, "D"), "S": (20, "E")}, "transistor"),
    Placed("J2", {"1": (23, "B"), "2": (23, "C"), "3": (23, "D")}, "header"),
)
LINKS: tuple[tuple[Hole, Hole], ...] = (
    ((5, "D"), (5, "E")),
    ((12, "B"), (12, "C")),
    ((15, "E"), (15, "H")),
    ((22, "D"), (22, "E")),
)
CUTS: frozenset[Hole] = frozenset({(column, row) for column in MOAT for row in ROWS} | {(5, "C"), (15, "C"), (21, "D")})

_PITCH, _LEFT, _TOP = 30, 60, 90
_COPPER, _METER, _HOUSE = "#e6b98a", "#1a4d8f", "#222222"


def strip_of(hole: Hole) -> tuple[str, int]:
    """The piece of strip that a hole is in: its row, and the column after the last cut before it."""
    column, row = hole
    return row, max((cut + 1 for cut, cut_row in CUTS if cut_row == row and cut < column), default=1)


def nets() -> set[frozenset[str]]:
    """The pins that hang together through strips and links."""
    groups: list[set[tuple[str, int]]] = [{strip_of(start), strip_of(end)} for start, end in LINKS]
    groups += [{strip_of(hole)} for part in PLACED for hole in part.pins.values()]
    merged: list[set[tuple[str, int]]] = []
    for group in groups:
        touched = [other for other in merged if other & group]
        merged = [other for other in merged if other not in touched] + [group.union(*touched)]
    pins = {f"{part.reference}.{pin}": strip_of(hole) for part in PLACED for pin, hole in part.pins.items()}
    return {frozenset(name for name, strip in pins.items() if strip in group) for group in merged}


def used_holes() -> list[Hole]:
    """Every hole that something goes through; none may be here twice, and none may be cut."""
    return [hole for part in PLACED for hole in part.pins.values()] + [hole for link in LINKS for hole in link]


def draw() -> str:
    """Both sides: parts from above, and the copper side as one sees it with the board turned over."""
    side = _TOP + len(ROWS) * _PITCH + 40
    sheet = Sheet(_LEFT * 2 + (COLUMNS - 1) * _PITCH, 2 * side + 10, "Receiver on strip board")
    sheet.text(_LEFT - 20, 34, "Côté composants / component side", size=17, bold=True)
    _strips(sheet, 0, mirrored=False)
    _moat(sheet)
    for start, end in LINKS:
        sheet.line(_at(start), _at(end), color="#b00020", width=4)
        for hole in (start, end):
            sheet.dot(*_at(hole), 5, fill="#b00020")
    for part in PLACED:
        _part(sheet, part)
    sheet.text(
        _LEFT - 20, side + 34, "Côté cuivre, carte retournée / copper side, board turned over", size=17, bold=True
    )
    _strips(sheet, side, mirrored=True)
    return sheet.svg()


def _at(hole: Hole, down: float = 0, *, mirrored: bool = False) -> tuple[float, float]:
    column = COLUMNS + 1 - hole[0] if mirrored else hole[0]
    return _LEFT + (column - 1) * _PITCH, down + _TOP + ROWS.index(hole[1]) * _PITCH


def _strips(sheet: Sheet, down: float, *, mirrored: bool) -> None:
    """Strips, holes, cuts, and the names of rows and columns."""
    used = set(used_holes())
    for row in ROWS:
        x1, y = _at((1, row), down)
        x2, _ = _at((COLUMNS, row), down)
        sheet.box(x1 - 12, y - 11, x2 - x1 + 24, 22, fill=_COPPER)
        sheet.text(x1 - 24, y + 5, row, anchor="end", size=13)
        for column in range(1, COLUMNS + 1):
            x, _ = _at((column, row), down, mirrored=mirrored)
            if (column, row) in CUTS:
                sheet.box(x - 9, y - 11.5, 18, 23, fill="#ffffff")
                sheet.line((x - 6, y - 6), (x + 6, y + 6), color="#b00020", width=2)
                sheet.line((x - 6, y + 6), (x + 6, y - 6), color="#b00020", width=2)
            elif mirrored and (column, row) in used:
                sheet.dot(x, y, 8, fill="#9aa0a6", color="#555555")
            else:
                sheet.dot(x, y, 4, fill="#ffffff", color="#a07040")
    for column in range(1, COLUMNS + 1):
        x, y = _at((column, ROWS[0]), down, mirrored=mirrored)
        sheet.text(x, y - 22, str(column), anchor="middle", size=11)


def _moat(sheet: Sheet) -> None:
    x1, y1 = _at((MOAT[0], ROWS[0]))
    x2, y2 = _at((MOAT[1], ROWS[-1]))
    middle = (x1 + x2) / 2
    sheet.line((middle, y1 - 16), (middle, y2 + 24), color="#b00020", width=1.5, dash="6 4")
    sheet.text(middle - 14, y2 + 34, "compteur / meter", color=_METER, anchor="end", size=13)
    sheet.text(middle + 14, y2 + 34, "maison / house", color=_HOUSE, size=13)


def _part(sheet: Sheet, part: Placed) -> None:
    points = {pin: _at(hole) for pin, hole in part.pins.items()}
    xs, ys = [x for x, _ in points.values()], [y for _, y in points.values()]
    {"resistor": _two_ends, "capacitor": _two_ends}.get(part.body, _block)(sheet, part, xs, ys)
    for pin, (x, y) in points.items():
        sheet.dot(x, y, 5.5, fill="#ffffff", color="#222222")
        if part.body not in {"resistor", "capacitor"}:
            sheet.text(x, y + 3.5, pin, size=9, anchor="middle", bold=True)


def _two_ends(sheet: Sheet, part: Placed, xs: list[float], ys: list[float]) -> None:
    """A resistor or a capacitor: its leads, its body, its name."""
    middle_x, middle_y = sum(xs) / 2, sum(ys) / 2
    sheet.line((xs[0], ys[0]), (xs[1], ys[1]), color="#666666", width=2.5)
    title = PARTS[part.reference].title
    if part.body == "capacitor":
        sheet.box(middle_x - 8, middle_y - 17, 16, 34, fill="#f4d58d", color="#222222", radius=7)
        _tag(sheet, middle_x, ys[1] + 24, f"{part.reference} {title}")
    elif ys[0] == ys[1]:
        sheet.box(middle_x - 36, middle_y - 10, 72, 20, fill="#cfe3f5", color="#222222", radius=6)
        sheet.text(middle_x, middle_y + 4, f"{part.reference} {title}", size=11, anchor="middle")
    else:
        sheet.box(middle_x - 10, middle_y - 36, 20, 72, fill="#cfe3f5", color="#222222", radius=6)
        sheet.text(middle_x, middle_y + 4, part.reference, size=11, anchor="middle")
        _tag(sheet, middle_x - 42, middle_y, title)


def _block(sheet: Sheet, part: Placed, xs: list[float], ys: list[float]) -> None:
    """A part with a body around its pins, its name above."""
    fills = {"chip": "#d8d8d8", "terminal": "#bfe3c6", "header": "#c9c9c9", "transistor": "#e2d5ef"}
    left, top = min(xs) - 12, min(ys) - 12
    width, height = max(xs) - min(xs) + 24, max(ys) - min(ys) + 24
    # Through the optocoupler the cuts under it are seen.
    opacity = 0.7 if part.body == "chip" else 1
    sheet.box(left, top, width, height, fill=fills[part.body], color="#222222", radius=4, opacity=opacity)
    if part.body == "transistor":
        sheet.line((left, top), (left, top + height), width=4)
    if part.body == "chip":
        sheet.dot(left + 30, top + 9, 3.5)
    color = _METER if part.reference == "J1" else _HOUSE
    inside = height / 2 if part.body == "chip" else -11
    _tag(sheet, left + width / 2, top + inside, part.reference, color)
    for pin, words, side in _NAMES.get(part.reference, ()):
        x, y = _at(part.pins[pin])
        _tag(sheet, x + side * 38, y, words, color)


def _tag(sheet: Sheet, x: float, y: float, words: str, color: str = _HOUSE) -> None:
    """Words around a middle, on a ground of their own: what lies under them does not show."""
    width = 8 * len(words) + 4
    sheet.box(x - width / 2, y - 9, width, 18, fill="#ffffff", color="#bbbbbb", radius=4)
    sheet.text(x, y + 4.5, words, size=12, bold=True, anchor="middle", color=color)


_NAMES = {
    "J1": (("1", "I1", -1), ("2", "I2", -1)),
    "J2": (("1", "3V3", 1), ("2", "RXD", 1), ("3", "GND", 1)),
}
