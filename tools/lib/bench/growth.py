"""How costs grow with meters, with recipients and with the years that a house keeps: none may be worse than linear.

A real daemon between two real servers for each size (``bench.steady``). The exponent is that of the last step, in
which each cost is a power of the size; what is constant flatters it, so its own steps are as large as they are.

As a picture: for each cost a panel with both axes logarithmic, so that what is linear is a known slope. One column that
is read on a telephone: 360 wide, words in French and English.
"""

from __future__ import annotations

import math
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import steady
from bench.domains import house
from bench.parts import named
from bench.steady import Load
from bench.years import CURVE, milliseconds, write_years
from gateway.balance.calendar import day_of
from gateway.store.points import Granularity
from gateway.store.store import Archive
from gateway.web.history.curves import HouseholdCurves
from harness import ROOT

sys.path.append(str(ROOT / "hardware"))
from sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.domains import BenchHouse
    from bench.parts import At

    Growth = Mapping[str, Mapping[str, Mapping[str, float]]]

CURVES = Path(__file__).parent / "curves"
_DAYS_A_MONTH = 30.4
# What is delivered at the end of the replay takes a second or two.
_LEAST_PACE = 0.6
_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Axis:
    """What grows: its name in French and English, the sizes, and the load of each size."""

    french: str
    english: str
    sizes: tuple[int, ...]
    load: Callable[[int], Load]


AXES = {
    "meters": Axis("Nombre de compteurs", "Number of meters", (1, 4, 16), lambda n: Load(meters=n)),
    "recipients": Axis("Nombre de destinataires", "Number of recipients", (1, 10, 100), lambda n: Load(recipients=n)),
    "history": Axis("Mois conservés", "Months kept", (1, 12, 36), lambda _: Load()),
}
_COSTS = {
    "cpu_s": ("Processeur par heure", "processor for an hour", "s"),
    "memory_mb": ("Mémoire, au plus", "memory, at most", "Mo, MB"),
    "database_mb": ("Base de données", "database", "Mo, MB"),
    "look_ms": ("État, un regard", "status, one look", "ms"),
    "page_ms": ("Une page d’historique", "one page of history", "ms"),
    "month_ms": ("Un mois et celui d’avant", "a month and the one before", "ms"),
}

_WIDTH, _HEAD, _PANEL = 360, 50, 178
_LEFT, _RIGHT, _TOP, _BOTTOM = 26, 334, 56, 146
_OURS, _LINEAR, _FAINT = "#1a4d8f", "#b00020", "#bbbbbb"
# However little a cost grows, half a decade is shown: noise shall not look like a slope.
_LEAST_SPAN = math.log10(4)


def measure(at: At) -> dict[str, float]:
    """``axis.size.cost`` -> what it is, in the unit that its name says; ``exponents`` is one of the sizes.

    ``axis.worst`` is the largest exponent of an axis. Quick are the recipients alone, a minute of them.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in ("recipients",) if at.quick else AXES:
        costs = {}
        for size in AXES[name].sizes:
            load = Load(recipients=size, minutes=1) if at.quick else AXES[name].load(size)
            costs[size] = _measure(at.folder / f"{name}-{size}", load, size if name == "history" else 0)
        found[name] = {str(size): one for size, one in costs.items()} | {"exponents": exponents(costs)}
    if not at.quick and (busy := too_slow(found)):
        raise SystemExit(f"this machine is too busy to say how costs grow: {'; '.join(busy)}")
    return flat(found)


def exponents(costs: dict[int, dict[str, float]]) -> dict[str, float]:
    """Cost -> the power of the size with which it grew in the last step; 0 where it was nothing before."""
    (before, less), (last, more) = list(costs.items())[-2:]
    return {
        cost: math.log(more[cost] / less[cost]) / math.log(last / before) if more[cost] > 0 < less[cost] else 0.0
        for cost in less
        if cost in _COSTS
    }


def flat(found: Growth) -> dict[str, float]:
    """``axis.size.cost`` -> what it is, and ``axis.worst``, the largest exponent of an axis."""
    worst = {f"{axis}.worst": max(sizes["exponents"].values()) for axis, sizes in found.items()}
    return named({axis: named(sizes) for axis, sizes in found.items()}) | worst


def nested(figures: Mapping[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """What ``flat`` was given."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, value in figures.items():
        axis, *rest = name.split(".")
        if len(rest) > 1:
            found.setdefault(axis, {}).setdefault(rest[0], {})[rest[1]] = value
    return found


def too_slow(found: Growth) -> list[str]:
    """Where this machine did not keep the pace, in words: costs are too low there."""
    return [
        f"{axis}, {size}: at {cost['pace']:.0%} of the pace"
        for axis, costs in found.items()
        for size, cost in costs.items()
        if cost.get("pace", 1.0) < _LEAST_PACE
    ]


def _measure(folder: Path, load: Load, months: int) -> dict[str, float]:
    with house(folder) as home:
        looks = _keep(home, months) if months else {}
        return {**steady.measure(home, load), **looks}


def _keep(home: BenchHouse, months: int) -> dict[str, float]:
    """Make the months that are kept; milliseconds of the processor to look at a page and at a month of them."""
    home.data.mkdir()
    end = day_of(int(time.time()))
    first = end - timedelta(days=round(months * _DAYS_A_MONTH))
    config = write_years(home.data, first, end, minutes_from=first)
    with closing(Archive(home.data)) as archive:
        month = end - timedelta(days=31)
        curves = partial(HouseholdCurves(archive, config).read, month, end)
        before = partial(HouseholdCurves(archive, config).read, month - timedelta(days=31), month)
        page = partial(archive.readings.page, "house", CURVE, Granularity.HALF_HOUR, 0, 2**40, _PAGE + 1)
        return {"page_ms": milliseconds(page), "month_ms": milliseconds(curves, before)}


def write(folder: Path, found: Growth) -> None:
    """Draw the curves of these axes into a folder."""
    folder.mkdir(exist_ok=True)
    for axis, picture in pictures(found).items():
        (folder / f"{axis}.svg").write_text(picture, encoding="utf-8")


def pictures(found: Growth) -> dict[str, str]:
    """Axis -> its curves, as SVG."""
    return {axis: _picture(AXES[axis], costs) for axis, costs in found.items()}


def _picture(axis: Axis, costs: Mapping[str, Mapping[str, float]]) -> str:
    """A panel for each cost, below one another; the head says what grows."""
    exponents = costs["exponents"]
    sheet = Sheet(_WIDTH, _HEAD + _PANEL * len(exponents), axis.english)
    sheet.text(14, 21, axis.french, size=15, bold=True)
    sheet.text(14, 39, axis.english, size=13, color="#555555")
    sheet.line((_WIDTH - 166, 35), (_WIDTH - 140, 35), color=_LINEAR, width=1.2, dash="4 4")
    sheet.text(_WIDTH - 14, 39, "linéaire, linear: n^1", size=11, color=_LINEAR, anchor="end")
    for place, (cost, exponent) in enumerate(exponents.items()):
        points = [(float(size), found[cost]) for size, found in costs.items() if size != "exponents"]
        _draw_panel(sheet, _HEAD + place * _PANEL, cost, points, exponent)
    return sheet.svg()


def _draw_panel(sheet: Sheet, top: float, cost: str, points: Sequence[tuple[float, float]], exponent: float) -> None:
    french, english, unit = _COSTS[cost]
    sheet.line((14, top), (_WIDTH - 14, top), color=_FAINT, width=1)
    sheet.text(14, top + 20, f"{french} ({unit})", size=13, bold=True)
    sheet.text(14, top + 36, english, size=12, color="#555555")
    sheet.text(_WIDTH - 14, top + 36, f"n^{exponent:.2f}", size=13, bold=True, color=_OURS, anchor="end")
    place = _scale(points, top)
    sheet.line((_LEFT - 8, top + _BOTTOM), (_RIGHT + 8, top + _BOTTOM), color="#777777", width=1)
    (first, begun), (last, _) = points[0], points[-1]
    if begun > 0:
        sheet.line(place(first, begun), place(last, begun * last / first), color=_LINEAR, width=1.2, dash="4 4")
    shown = [place(size, found) for size, found in points]
    sheet.line(*shown, color=_OURS, width=2.5)
    for (x, y), (size, found) in zip(shown, points, strict=True):
        sheet.dot(x, y, 4, fill=_OURS)
        sheet.text(x, y - 9, number(found), size=12, anchor="middle", bold=True, color=_OURS)
        sheet.text(x, top + _BOTTOM + 17, f"{size:g}", size=12, anchor="middle")


def _scale(points: Sequence[tuple[float, float]], top: float) -> Callable[[float, float], tuple[float, float]]:
    """From (size, cost) to the sheet."""
    costs = [math.log10(cost) for _, cost in points if cost > 0] or [0.0]
    begin, wide = math.log10(points[0][0]), math.log10(points[-1][0] / points[0][0])
    low, high = min(costs), max(_LEAST_SPAN, max(costs) - min(costs), wide)

    def place(size: float, cost: float) -> tuple[float, float]:
        across = (math.log10(size) - begin) / max(wide, 1e-9)
        up = (math.log10(cost) - low) / high if cost > 0 else 0.0
        return _LEFT + across * (_RIGHT - _LEFT), top + _BOTTOM - 6 - up * (_BOTTOM - _TOP - 14)

    return place


def number(value: float) -> str:
    """With as many digits as are worth it: 0.41, 12.3, 128."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"
