"""How costs grow with meters, with recipients and with the years that a house keeps: none may be worse than linear.

A real daemon between two real servers for each size (``bench.steady``). The exponent is that of the last step, in
which each cost is a power of the size; what is constant flatters it, so its own steps are as large as they are.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import steady
from bench.curves import CostCurve, draw
from bench.domains import house
from bench.steady import Load
from bench.years import CURVE, write_years
from gateway.balance.calendar import day_of
from gateway.store.points import Granularity
from gateway.store.store import Archive
from gateway.web.history.curves import HouseholdCurves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.domains import BenchHouse

CURVES = Path(__file__).parent / "curves"
# Whatever is measured at a cost of next to nothing varies by a few hundredths.
MOST = 1.1
_DAYS_A_MONTH = 30.4
# What is delivered at the end of the replay takes a second or two.
_LEAST_PACE = 0.6
_LOOKS, _PAGE = 5, 2000


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


def measure(
    folder: Path, axes: Sequence[str] = tuple(AXES), loads: Callable[[str, int], Load] | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Axis -> size -> cost -> what it is, in the unit that its name says; ``exponents`` is one of the sizes.

    ``loads`` gives the load of a size on an axis, where it is to be another one than that of ``AXES``.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for axis in axes:
        known = AXES[axis]
        costs = {}
        for size in known.sizes:
            load = loads(axis, size) if loads else known.load(size)
            costs[size] = _measure(folder / f"{axis}-{size}", load, size if axis == "history" else 0)
        found[axis] = {str(size): one for size, one in costs.items()} | {"exponents": exponents(costs)}
    return found


def exponents(costs: dict[int, dict[str, float]]) -> dict[str, float]:
    """Cost -> the power of the size with which it grew in the last step; 0 where it was nothing before."""
    (before, less), (last, more) = list(costs.items())[-2:]
    return {
        cost: math.log(more[cost] / less[cost]) / math.log(last / before) if more[cost] > 0 < less[cost] else 0.0
        for cost in less
        if cost in _COSTS
    }


def flat(found: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """``axis.size.cost`` -> what it is, and ``axis.worst``, the largest exponent of an axis."""
    every = {
        f"{axis}.{size}.{cost}": value
        for axis, sizes in found.items()
        for size, costs in sizes.items()
        for cost, value in costs.items()
    }
    return every | {f"{axis}.worst": max(sizes["exponents"].values()) for axis, sizes in found.items()}


def nested(figures: Mapping[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """What ``flat`` was given."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, value in figures.items():
        axis, *rest = name.split(".")
        if len(rest) > 1:
            found.setdefault(axis, {}).setdefault(rest[0], {})[rest[1]] = value
    return found


def worse(found: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """The costs that grow faster than what they grow with, in words."""
    return [
        f"{cost} grows with {axis} to the power of {exponent:.2f}"
        for axis, costs in found.items()
        for cost, exponent in costs["exponents"].items()
        if exponent > MOST
    ]


def too_slow(found: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Where this machine did not keep the pace, in words: costs are too low there."""
    return [
        f"{axis}, {size}: at {cost['pace']:.0%} of the pace"
        for axis, costs in found.items()
        for size, cost in costs.items()
        if cost.get("pace", 1.0) < _LEAST_PACE
    ]


def pictures(found: dict[str, dict[str, dict[str, float]]]) -> dict[str, str]:
    """Axis -> its curves, as SVG."""
    return {axis: _picture(AXES[axis], costs) for axis, costs in found.items()}


def _picture(axis: Axis, costs: dict[str, dict[str, float]]) -> str:
    sizes = [size for size in costs if size != "exponents"]
    panels = [
        CostCurve(*_COSTS[cost], tuple((float(size), costs[size][cost]) for size in sizes), exponent)
        for cost, exponent in costs["exponents"].items()
    ]
    return draw(axis.french, axis.english, panels)


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
        return {"page_ms": _milliseconds(page), "month_ms": _milliseconds(curves, before)}


def _milliseconds(*looks: Callable[[], object]) -> float:
    took = []
    for _ in range(_LOOKS):
        begun = time.process_time()
        for look in looks:
            look()
        took.append((time.process_time() - begun) * 1000)
    return statistics.median(took)


def main() -> int:
    """Measure, print, draw; 1 when anything grows faster than linearly, 2 when this machine was too busy to tell."""
    made = argparse.ArgumentParser(prog="python -m bench.growth", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--axis", choices=AXES, action="append", help="what grows (default: each in turn)")
    made.add_argument("--curves", type=Path, metavar="FOLDER", help="where the curves are drawn (*.svg)")
    options = made.parse_args()
    with tempfile.TemporaryDirectory(prefix="linky-bench-") as folder:
        found = measure(Path(folder), options.axis or tuple(AXES))
    print(json.dumps(found))
    if options.curves:
        write(options.curves, found)
    for sentence in [*worse(found), *too_slow(found)]:
        print(sentence)
    if too_slow(found):
        print("this machine is too busy to say how costs grow")
        return 2
    print("some costs grow faster than linearly" if worse(found) else f"none worse than linear (exponent ≤ {MOST})")
    return int(bool(worse(found)))


def write(folder: Path, found: dict[str, dict[str, dict[str, float]]]) -> None:
    """Draw the curves of these axes into a folder."""
    folder.mkdir(exist_ok=True)
    for axis, picture in pictures(found).items():
        (folder / f"{axis}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
