"""Growth as a picture: for each cost a panel with both axes logarithmic, so that what is linear is a known slope.

One column that is read on a telephone: 360 wide, words in French and English.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).resolve().parents[3] / "hardware"))
from sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEAD, _PANEL = 360, 50, 178
_LEFT, _RIGHT, _TOP, _BOTTOM = 26, 334, 56, 146
_OURS, _LINEAR, _FAINT = "#1a4d8f", "#b00020", "#bbbbbb"
# However little a cost grows, half a decade is shown: noise shall not look like a slope.
_LEAST_SPAN = math.log10(4)


@dataclass(frozen=True, slots=True)
class CostCurve:
    """One cost at each size: its title in French and English, its unit, (size, cost) in order, the last exponent."""

    french: str
    english: str
    unit: str
    points: tuple[tuple[float, float], ...]
    exponent: float


def draw(french: str, english: str, panels: Sequence[CostCurve]) -> str:
    """All panels below one another, as SVG; the head says what grows."""
    sheet = Sheet(_WIDTH, _HEAD + _PANEL * len(panels), english)
    sheet.text(14, 21, french, size=15, bold=True)
    sheet.text(14, 39, english, size=13, color="#555555")
    sheet.line((_WIDTH - 166, 35), (_WIDTH - 140, 35), color=_LINEAR, width=1.2, dash="4 4")
    sheet.text(_WIDTH - 14, 39, "linéaire, linear: n^1", size=11, color=_LINEAR, anchor="end")
    for place, panel in enumerate(panels):
        _draw_panel(sheet, _HEAD + place * _PANEL, panel)
    return sheet.svg()


def _draw_panel(sheet: Sheet, top: float, panel: CostCurve) -> None:
    sheet.line((14, top), (_WIDTH - 14, top), color=_FAINT, width=1)
    sheet.text(14, top + 20, f"{panel.french} ({panel.unit})", size=13, bold=True)
    sheet.text(14, top + 36, panel.english, size=12, color="#555555")
    sheet.text(_WIDTH - 14, top + 36, f"n^{panel.exponent:.2f}", size=13, bold=True, color=_OURS, anchor="end")
    place = _Scale(panel.points, top)
    sheet.line((_LEFT - 8, top + _BOTTOM), (_RIGHT + 8, top + _BOTTOM), color="#777777", width=1)
    (first, cost), (last, _) = panel.points[0], panel.points[-1]
    if cost > 0:
        sheet.line(place(first, cost), place(last, cost * last / first), color=_LINEAR, width=1.2, dash="4 4")
    shown = [place(size, found) for size, found in panel.points]
    sheet.line(*shown, color=_OURS, width=2.5)
    for (x, y), (size, found) in zip(shown, panel.points, strict=True):
        sheet.dot(x, y, 4, fill=_OURS)
        sheet.text(x, y - 9, number(found), size=12, anchor="middle", bold=True, color=_OURS)
        sheet.text(x, top + _BOTTOM + 17, f"{size:g}", size=12, anchor="middle")


class _Scale:
    """From (size, cost) to the sheet."""

    def __init__(self, points: Sequence[tuple[float, float]], top: float) -> None:
        costs = [math.log10(cost) for _, cost in points if cost > 0] or [0.0]
        sizes = [math.log10(size) for size, _ in points]
        self._low, self._span = min(costs), max(_LEAST_SPAN, max(costs) - min(costs), sizes[-1] - sizes[0])
        self._begin, self._width = sizes[0], max(sizes[-1] - sizes[0], 1e-9)
        self._top = top

    def __call__(self, size: float, cost: float) -> tuple[float, float]:
        across = (math.log10(size) - self._begin) / self._width
        up = (math.log10(cost) - self._low) / self._span if cost > 0 else 0.0
        return _LEFT + across * (_RIGHT - _LEFT), self._top + _BOTTOM - 6 - up * (_BOTTOM - _TOP - 14)


def number(value: float) -> str:
    """With as many digits as are worth it: 0.41, 12.3, 128."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"
