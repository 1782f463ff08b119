"""What an oscilloscope shows on the bench, drawn from the simulation: bus, gate and output for one character.

``PICTURES`` are the case that a bench should show and the two ways in which it goes wrong. Another release of ngspice
may choose other steps: ``traces`` reads the curves back from a picture, so that two can be compared with some room.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from circuit import PARTS, net_of
from simulation import SUPPLY_V, Case, bits, waveform

sys.path.append(str(Path(__file__).parent.parent))
from sheet import Sheet

PICTURES = {
    "scope-good.svg": Case(3.6, 1.0, 1.5, 9600),
    "scope-weak.svg": Case(1.8, 0.3, 1.5, 9600),
    "scope-slow.svg": Case(3.6, 1.0, 1.5, 9600, emitter=10_000),
}
"""A good receiver on a usual meter, too weak a signal, an R2 that is too large."""

# One character with the idle bit before it; a point every microsecond.
_BITS = 11

_WIDTH, _LEFT, _TOP, _ROW = 960, 90, 50, 130
_TRACES = (("I1 - I2", "#1a4d8f", -5.0, 5.0), ("Q1 G", "#8a5a00", 0.0, 3.3), ("RXD", "#0b6b2c", 0.0, 3.3))


def draw(case: Case) -> str:
    """The picture of a case as SVG."""
    until = _BITS / case.speed
    signals = (net_of("J1.1"), net_of("J1.2"), net_of("Q1.G"), net_of("J2.2"))
    rows = [row for row in waveform(case, signals) if row[0] <= until]
    curves = [[row[1] - row[2] for row in rows], [row[3] for row in rows], [row[4] for row in rows]]
    sheet = Sheet(_WIDTH, _TOP + _ROW * 3 + 60, "Oscilloscope")
    ratio = f"CTR {case.ratio:.0%}".replace("%", " %")
    emitter = f"R2 {case.emitter / 1000:g} kΩ"
    words = f"{case.speed} Bd · {case.amplitude_v:g} V · {ratio} · R1 {PARTS['R1'].title} · {emitter}"
    sheet.text(_LEFT, 24, words, size=15, bold=True)
    _grid(sheet, case)
    for place, (name, color, low, high) in enumerate(_TRACES):
        _trace(sheet, place, [row[0] for row in rows], curves[place], until=until, low=low, high=high, color=color)
        middle = _TOP + _ROW * place + _ROW / 2
        sheet.text(_LEFT - 12, middle, name, anchor="end", color=color, size=14, bold=True)
        for volts in (low, high):
            sheet.text(_LEFT - 12, _height(place, volts, low, high) + 4, f"{volts:g} V", anchor="end", size=10)
    return sheet.svg()


def traces(svg: str) -> list[list[tuple[float, float]]]:
    """The curves of a picture, as points."""
    curves = re.findall(r'<polyline points="([^"]*)"[^>]*stroke-width="1.2"', svg)
    return [[tuple(map(float, pair.split(","))) for pair in curve.split()] for curve in curves]


def _grid(sheet: Sheet, case: Case) -> None:
    """A line between any two bits; what the meter sends stands above, the time below."""
    step = (_WIDTH - _LEFT - 30) / _BITS
    bottom = _TOP + _ROW * 3
    names = ("", "start", *(f"b{place}" for place in range(7)), "parity", "stop")
    for place in range(_BITS + 1):
        x = _LEFT + step * place
        sheet.line((x, _TOP - 8), (x, bottom), color="#cccccc", width=1)
        sheet.text(x, bottom + 46, f"{place / case.speed * 1000:.2f}", size=10, anchor="middle")
        if place < _BITS:
            sheet.text(x + step / 2, bottom + 16, str(bits(case.speed)[place]), size=15, anchor="middle", bold=True)
            sheet.text(x + step / 2, bottom + 30, names[place], size=10, anchor="middle")
    sheet.text(_LEFT - 26, bottom + 46, "ms", size=10, anchor="end")


def _trace(
    sheet: Sheet,
    place: int,
    times: list[float],
    volts: list[float],
    *,
    until: float,
    low: float,
    high: float,
    color: str,
) -> None:
    scale = (_WIDTH - _LEFT - 30) / until
    points = [(_LEFT + at * scale, _height(place, value, low, high)) for at, value in zip(times, volts, strict=True)]
    sheet.line(*points, color=color, width=1.2)


def _height(place: int, volts: float, low: float, high: float) -> float:
    top, room = _TOP + _ROW * place + 12, _ROW - 26
    return top + room * (high - min(max(volts, low), high + 0.05 * SUPPLY_V)) / (high - low)
