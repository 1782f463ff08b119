"""The curve: what is asked of the machine and what it does, by the number of gateways, as an SVG for both languages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from fleet.arithmetic import CURVE, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDTH, _LEFT, _RIGHT = 760, 70, 20
_PANEL, _GAP, _TOP = 170, 62, 40
_GROUPS: Final = (
    ("node ", "ejabberd", "#1a4d8f"),
    ("recipients' server", "Prosody", "#6aa84f"),
    ("collectors", "collectors / collecteurs", "#b45f06"),
    ("database", "PostgreSQL", "#999999"),
    ("gateways", "gateways / passerelles", "#c9a0dc"),
)
_DARK, _RED, _GRID = "#222222", "#b00020", "#dddddd"


def draw() -> str:
    """Three panels over the same numbers of gateways: messages, latency, where the processor's time goes."""
    found = runs(CURVE)
    sheet = _Sheet([int(run["gateways"]) for run in found], 3)
    asked = [run["gateways"] / run["period_s"] for run in found]
    done = [float(run["push"]["per_second"]) for run in found]
    most = max(*asked, *done)
    sheet.panel(0, "messages / s", _linear(most), _ticks(most))
    sheet.line(0, asked, _GRID, "asked / demandés", dash="5 4", color_text="#777777")
    sheet.line(0, done, _DARK, "done / faits")
    median = [run["push"]["latency_ms"]["median"] for run in found]
    worst = [run["push"]["latency_ms"]["p99"] for run in found]
    low, high = math.floor(math.log10(min(median))), math.ceil(math.log10(max(worst)))
    decades = [float(10**power) for power in range(low, high + 1)]
    sheet.panel(1, "ms", lambda value: (math.log10(value) - low) / (high - low), decades)
    sheet.line(1, worst, _RED, "99 %")
    sheet.line(1, median, _DARK, "50 %")
    sheet.panel(2, "ms CPU / message", _linear(most := max(map(_total, found))), _ticks(most))
    below = [0.0] * len(found)
    for prefix, label, color in _GROUPS:
        above = [low + _cost(run, prefix) for low, run in zip(below, found, strict=True)]
        sheet.band(2, below, above, color, label)
        below = above
    return sheet.svg()


def _cost(run: dict[str, Any], prefix: str) -> float:
    return sum(float(cost) for name, cost in run["push"]["cpu_ms_each"].items() if name.startswith(prefix))


def _total(run: dict[str, Any]) -> float:
    return sum(_cost(run, prefix) for prefix, _, _ in _GROUPS)


def _linear(most: float) -> Callable[[float], float]:
    return lambda value: value / most / 1.05


def _ticks(most: float) -> list[float]:
    step = 10 ** math.floor(math.log10(most))
    step = step / 2 if most / step < 3 else step
    return [step * number for number in range(int(most / step) + 1)]


class _Sheet:
    """Panels one above the other, with the number of gateways (logarithmic) below each."""

    def __init__(self, gateways: Sequence[int], panels: int) -> None:
        self._gateways, self._height = gateways, _TOP + panels * (_PANEL + _GAP)
        self._parts: list[str] = []
        self._scale: dict[int, Callable[[float], float]] = {}
        # Where the next label of a panel goes.
        self._labels: dict[int, float] = {}

    def panel(self, place: int, unit: str, scale: Callable[[float], float], ticks: Sequence[float]) -> None:
        """Axes: ``scale`` takes a value to 0 (below) to 1 (above)."""
        self._scale[place] = scale
        bottom = self._bottom(place)
        for tick in ticks:
            y = self._y(place, tick)
            self._line([(_LEFT, y), (_WIDTH - _RIGHT, y)], _GRID, 1)
            self._text(_LEFT - 8, y + 4, f"{tick:g}", anchor="end")
        self._text(_LEFT, bottom - _PANEL - 10, unit, bold=True)
        for number in self._gateways:
            self._line([(self._x(number), bottom), (self._x(number), bottom + 5)], _DARK, 1)
            self._text(self._x(number), bottom + 20, f"{number:,}".replace(",", "\u00a0"), anchor="middle")
        self._line([(_LEFT, bottom), (_WIDTH - _RIGHT, bottom)], _DARK, 1.5)
        self._text(_WIDTH - _RIGHT, bottom + 36, "gateways / passerelles", anchor="end", size=10)

    def line(
        self, place: int, values: Sequence[float], color: str, label: str, *, dash: str = "", color_text: str = ""
    ) -> None:
        """A line through one value for each number of gateways."""
        points = [(self._x(n), self._y(place, value)) for n, value in zip(self._gateways, values, strict=True)]
        self._line(points, color_text or color, 2.5, dash)
        for x, y in points:
            self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color_text or color}"/>')
        self._label(place, label, color_text or color)

    def band(self, place: int, below: Sequence[float], above: Sequence[float], color: str, label: str) -> None:
        """What lies between two lines."""
        there = [(self._x(n), self._y(place, value)) for n, value in zip(self._gateways, above, strict=True)]
        back = [(self._x(n), self._y(place, value)) for n, value in zip(self._gateways, below, strict=True)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*there, *reversed(back)])
        self._parts.append(f'<polygon points="{points}" fill="{color}"/>')
        self._label(place, label, color)

    def svg(self) -> str:
        """The whole."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {self._height}" font-family="DejaVu Sans,'
            'sans-serif" font-size="12">\n<title>A fleet on one machine</title>\n'
            f'<rect width="{_WIDTH}" height="{self._height}" fill="#ffffff"/>\n'
        )
        return head + "\n".join(self._parts) + "\n</svg>\n"

    def _label(self, place: int, text: str, color: str) -> None:
        x, y = self._labels.get(place, _LEFT + 150.0), self._bottom(place) - _PANEL - 10
        self._labels[place] = x + 32 + 5.7 * len(text)
        self._parts.append(f'<rect x="{x - 16:.1f}" y="{y - 10:.1f}" width="11" height="11" fill="{color}"/>')
        self._text(x, y, text, size=10)

    def _x(self, gateways: int) -> float:
        low, high = math.log(self._gateways[0]), math.log(self._gateways[-1])
        share = (math.log(gateways) - low) / (high - low) if high > low else 0.5
        return _LEFT + 25 + share * (_WIDTH - _LEFT - _RIGHT - 60)

    def _y(self, place: int, value: float) -> float:
        return self._bottom(place) - self._scale[place](value) * _PANEL

    @staticmethod
    def _bottom(place: int) -> float:
        return _TOP + place * (_PANEL + _GAP) + _PANEL

    def _line(self, points: Sequence[tuple[float, float]], color: str, width: float, dash: str = "") -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"{dashes}/>')

    def _text(
        self, x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False, size: int = 12
    ) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{weight} fill="{_DARK}">'
            f"{escape(text)}</text>"
        )
