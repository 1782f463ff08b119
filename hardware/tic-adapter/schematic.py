"""The receiver's schematic, drawn by schemdraw; what its wires connect is read back from the same strokes.

``draw`` gives the SVG text, ``nets`` the pins that hang together in it: a test holds them to ``circuit``.
"""

from __future__ import annotations

from itertools import pairwise

import schemdraw
from schemdraw import elements

from circuit import PARTS

schemdraw.use("svg")
# Words stay words, also where a library is installed that could draw them.
schemdraw.svgconfig.text = "text"

Point = tuple[float, float]
Stroke = tuple[Point, Point]

_METER, _HOUSE = "#1a4d8f", "#222222"

# Where the two rails of the house's side are, and how far they reach.
_SUPPLY_Y, _GROUND_Y, _RIGHT_X = 6.0, -1.2, 19.6


class Sheet:
    """A drawing that remembers where its wires go and where its pins are."""

    def __init__(self) -> None:
        self.drawing = schemdraw.Drawing(show=False)
        self.drawing.config(fontsize=13, lw=1.6, font="DejaVu Sans, Arial, sans-serif", bgcolor="white", margin=0.4)
        self._wires: list[Stroke] = []
        self._pins: dict[str, Point] = {}

    def wire(self, *points: Point, color: str = _HOUSE) -> None:
        """A wire through these points."""
        for start, end in pairwise(points):
            self.drawing += elements.Line().at(start).to(end).color(color)
            self._wires.append((_rounded(start), _rounded(end)))

    def join(self, *points: Point) -> None:
        """A dot where three wires meet."""
        for point in points:
            self.drawing += elements.Dot(radius=0.09).at(point)

    def pin(self, name: str, at: Point) -> None:
        """A pin of a part."""
        self._pins[name] = _rounded(at)

    def text(self, words: str, at: Point, *, color: str = _HOUSE, size: float = 12, align: str = "center") -> None:
        """Words on their own."""
        label = elements.Label().at(at).label(words, fontsize=size, color=color, halign=align, loc="center")
        self.drawing += label

    def resistor(self, reference: str, start: Point, end: Point, *, color: str = _HOUSE) -> None:
        """A resistor, its reference and its value; pin 1 is at the start."""
        part = PARTS[reference]
        where = "right" if start[0] == end[0] else "top"
        element = elements.ResistorIEC().at(start).to(end).color(color)
        self.drawing += element.label(f"{reference}\n{part.title}", loc="bottom" if where == "right" else where)
        self.pin(f"{reference}.1", start)
        self.pin(f"{reference}.2", end)

    def nets(self) -> set[frozenset[str]]:
        """The pins that hang together: wires of which one ends on the other."""
        groups: list[list[Stroke]] = []
        for wire in self._wires:
            touched = [group for group in groups if any(_meet(wire, other) for other in group)]
            groups = [group for group in groups if group not in touched]
            groups.append([wire, *(other for group in touched for other in group)])
        found = (
            frozenset(name for name, at in self._pins.items() if any(_is_on(at, wire) for wire in group))
            for group in groups
        )
        return {net for net in found if net}


def draw() -> str:
    """The schematic as SVG."""
    return sheet().drawing.get_imagedata("svg").decode()


def nets() -> set[frozenset[str]]:
    """The pins that the drawn wires connect."""
    return sheet().nets()


def sheet() -> Sheet:
    """Draw everything."""
    made = Sheet()
    _meter_side(made)
    _optocoupler(made)
    _house_side(made)
    _connector(made)
    _words(made)
    return made


def _meter_side(made: Sheet) -> None:
    for name, y, pin in (("I1", 4.0, "J1.1"), ("I2", 1.0, "J1.2")):
        made.drawing += elements.Dot(open=True, radius=0.12).at((0, y)).color(_METER)
        made.text(name, (-0.55, y), color=_METER, size=14)
        made.pin(pin, (0, y))
    made.wire((0, 4), (1, 4), color=_METER)
    made.resistor("R1", (1, 4), (3.6, 4), color=_METER)
    made.wire((3.6, 4), (5, 4), color=_METER)
    made.wire((0, 1), (5, 1), color=_METER)
    made.text("J1", (-0.55, 2.5), color=_METER)


def _optocoupler(made: Sheet) -> None:
    """Inside the box are strokes of the part itself, not wires."""
    made.drawing += elements.Rect(corner1=(0, 0), corner2=(4, 4.4)).at((5, 0.3)).linestyle("-")
    for points in (((5, 4), (6.6, 4)), ((5, 1), (6.6, 1)), ((8.35, 3.2), (8.35, 4)), ((8.35, 1.8), (8.35, 1))):
        made.drawing += elements.Line().at(points[0]).to(points[1])
    for points in (((8.35, 4), (9, 4)), ((8.35, 1), (9, 1))):
        made.drawing += elements.Line().at(points[0]).to(points[1])
    made.drawing += elements.Diode().at((5.7, 4)).to((5.7, 1))
    made.drawing += elements.LED().at((6.6, 1)).to((6.6, 4)).flip()
    made.drawing += elements.NpnPhoto().at((7.6, 2.5)).anchor("base").theta(0)
    for pin, at in (("1", (5, 4)), ("2", (5, 1)), ("3", (9, 1)), ("4", (9, 4))):
        made.pin(f"OK1.{pin}", at)
        made.text(pin, (at[0] + (0.2 if at[0] < 7 else -0.2), at[1] + 0.22), size=9)
    made.text(f"OK1 {PARTS['OK1'].title}", (7, 5.0))


def _house_side(made: Sheet) -> None:
    gate, source, drain = (13.0, 1.0), (14.366667, 0.25), (14.366667, 1.75)
    made.wire((9, 4), (9.8, 4), (9.8, _SUPPLY_Y))
    made.wire((9.8, _SUPPLY_Y), (drain[0], _SUPPLY_Y), (_RIGHT_X, _SUPPLY_Y))
    made.wire((9, 1), (11, 1), gate)
    made.resistor("R2", (11, 1), (11, _GROUND_Y))
    made.drawing += elements.NFet().at(drain).anchor("drain").theta(0).reverse()
    for pin, at in (("G", gate), ("S", source), ("D", drain)):
        made.pin(f"Q1.{pin}", at)
    made.text("Q1", (14.75, 1.25), align="left")
    made.text(PARTS["Q1"].title, (14.75, 0.75), align="left", size=10)
    made.resistor("R3", (drain[0], _SUPPLY_Y), (drain[0], 3.4))
    made.wire((drain[0], 3.4), (drain[0], 2.6), drain)
    made.wire(source, (source[0], _GROUND_Y))
    made.wire((11, _GROUND_Y), (source[0], _GROUND_Y), (18.4, _GROUND_Y), (_RIGHT_X, _GROUND_Y))


def _connector(made: Sheet) -> None:
    made.wire((14.366667, 2.6), (18.4, 2.6), (_RIGHT_X, 2.6))
    made.drawing += (
        elements.Capacitor().at((18.4, 2.6)).to((18.4, _GROUND_Y)).label(f"C1\n{PARTS['C1'].title}", loc="bottom")
    )
    made.pin("C1.1", (18.4, 2.6))
    made.pin("C1.2", (18.4, _GROUND_Y))
    names = (("3V3", _SUPPLY_Y, "1"), ("RXD", 2.6, "2"), ("GND", _GROUND_Y, "3"))
    for name, y, pin in names:
        made.drawing += elements.Dot(open=True, radius=0.12).at((_RIGHT_X, y))
        made.text(name, (_RIGHT_X + 0.3, y), size=13, align="left")
        made.pin(f"J2.{pin}", (_RIGHT_X, y))
    made.text("J2", (_RIGHT_X + 0.3, 4.3), align="left")
    made.join((14.366667, _SUPPLY_Y), (14.366667, 2.6), (18.4, 2.6), (11, 1))
    made.join((14.366667, _GROUND_Y), (18.4, _GROUND_Y))


def _words(made: Sheet) -> None:
    made.drawing += elements.Line().at((7.15, -1.0)).to((7.15, 4.75)).linestyle("--").color("#b00020")
    made.text("compteur / meter", (2.3, 5.4), color=_METER)
    made.text("maison / house", (12.1, 5.4))
    made.text("isolation", (7.15, -1.3), color="#b00020", size=10)


def _rounded(point: Point) -> Point:
    return round(float(point[0]), 3), round(float(point[1]), 3)


def _meet(one: Stroke, other: Stroke) -> bool:
    return any(_is_on(end, other) for end in one) or any(_is_on(end, one) for end in other)


def _is_on(point: Point, wire: Stroke) -> bool:
    """Whether a point is on a wire, which is level or upright."""
    (x1, y1), (x2, y2) = wire
    return min(x1, x2) <= point[0] <= max(x1, x2) and min(y1, y2) <= point[1] <= max(y1, y2)
