"""A chart of bars as SVG that the server draws: stacks above zero, what is given away below it, one unit for both.

Places are shares: across in bars, or per cent of the width, downwards in thousandths of the height. The style sheet
says how large it is, so one picture serves a phone and a television. Nothing here knows what it shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_HIGH = 1000
# Of a bar's place left and right of it, as shares of it.
_GAP = 0.1
# Parts of the scale, about.
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One place of the chart; None is what nobody knows.

    Args:
        said: what it is and what it came to, a line each.
        href: the page that it opens; empty: none.
        tick: what stands below it; ``minor`` where there is room alone.
        stack: kind -> amount, from below; kinds are classes of ``history.css``.
        below: kind -> amount under zero.
        outline: what is drawn as a line over it.
        beside: what it is compared with.
        unsure: whether it is estimated, or a part of it not known: its edge is dashed.
    """

    said: Sequence[str]
    href: str = ""
    tick: str = ""
    minor: bool = False
    stack: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    outline: float | None = None
    beside: float | None = None
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """What lies under the bars: from and until in bars, and its kind."""

    since: float
    until: float
    kind: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A text at a share of the width or the height, in per cent."""

    at: float
    text: str
    minor: bool = False


@dataclass(frozen=True, slots=True)
class BarChart:
    """What the template writes: ``paths`` are (kind, SVG path); ``scale`` from above, in per cent of the height."""

    count: int
    bars: Sequence[Bar]
    paths: Sequence[tuple[str, str]]
    scale: Sequence[tuple[float, float]]
    ticks: Sequence[Tick]
    bands: Sequence[Band]
    unit: str
    # Decimals of the scale.
    places: int


def bar_chart(
    bars: Sequence[Bar], unit: str, bands: Sequence[Band] = (), ticks: Sequence[Tick] = (), least: float = 0
) -> BarChart:
    """The picture of these bars; ``ticks`` instead of one below each. It reaches ``least``, however little there is."""
    top = max((_top(bar) for bar in bars), default=0)
    bottom = max((sum(bar.below.values()) for bar in bars), default=0)
    step = step_of(max(top + bottom, least))
    high, low = max(math.ceil(top / step), 1), math.ceil(bottom / step)
    frame = _Frame(high * step, low * step)
    count = len(bars)
    own = [Tick(100 * (n + 0.5) / count, bar.tick, bar.minor) for n, bar in enumerate(bars) if bar.tick]
    return BarChart(
        count=count,
        bars=bars,
        paths=_paths(bars, frame),
        scale=[(n * step, frame.y(n * step) * 100 / _HIGH) for n in range(high, -low - 1, -1)],
        ticks=ticks or own,
        bands=bands,
        unit=unit,
        places=max(0, -math.floor(math.log10(step) + 1e-9)),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """From what is at the top to what is at the bottom, both as amounts."""

    high: float
    low: float

    def y(self, amount: float) -> float:
        """Thousandths of the height from above."""
        return round(_HIGH * (self.high - amount) / (self.high + self.low), 1)


def _top(bar: Bar) -> float:
    return max(sum(bar.stack.values()), bar.outline or 0, bar.beside or 0)


def step_of(reach: float) -> float:
    """The least of 1, 2, 5 and their tens by which what is reached has so many parts."""
    if reach <= 0:
        return 1
    rough = reach / _PARTS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = min(one for one in (1, 2, 5, 10) if one * unit >= rough * 0.999999)
    # As it is written: ten thirds of a tenth are 0.3.
    return float(f"{step * unit:.6g}")


def _paths(bars: Sequence[Bar], frame: _Frame) -> list[tuple[str, str]]:
    kinds = list(dict.fromkeys(kind for bar in bars for kind in (*bar.stack, *bar.below)))
    boxes: dict[str, list[str]] = {kind: [] for kind in kinds}
    for n, bar in enumerate(bars):
        for way, amounts in ((1, bar.stack), (-1, bar.below)):
            reached = 0.0
            for kind, amount in amounts.items():
                if amount > 0:
                    ends = (frame.y(way * reached), frame.y(way * (reached + amount)))
                    boxes[kind].append(_box(n, min(ends), max(ends)))
                    reached += amount
    found = [
        # Behind the bars the one, before them the other.
        ("outline", _outline([bar.outline for bar in bars], frame)),
        *((kind, "".join(drawn)) for kind, drawn in boxes.items()),
        (
            "unsure",
            "".join(_box(n, frame.y(sum(bar.stack.values())), frame.y(0)) for n, bar in enumerate(bars) if bar.unsure),
        ),
        ("beside", "".join(_mark(n, frame.y(bar.beside)) for n, bar in enumerate(bars) if bar.beside)),
    ]
    return [(kind, path) for kind, path in found if path]


def _box(place: int, top: float, bottom: float) -> str:
    width = 1 - 2 * _GAP
    return f"M{place + _GAP:g} {top:g}h{width:g}v{bottom - top:.4g}h-{width:g}z"


def _mark(place: int, y: float) -> str:
    return f"M{place + _GAP / 2:g} {y:g}h{1 - _GAP:g}"


def _outline(amounts: Sequence[float | None], frame: _Frame) -> str:
    """A line of steps over what there is; it begins and ends at zero, and so it does around a gap."""
    found, rises = [], False
    for n, amount in enumerate((*amounts, None)):
        if amount:
            found.append(("" if rises else f"M{n} {frame.y(0):g}") + f"V{frame.y(amount):g}H{n + 1}")
        elif rises:
            found.append(f"V{frame.y(0):g}")
        rises = bool(amount)
    return "".join(found)


def places(bounds: Iterable[float], begin: float, length: float) -> list[float]:
    """Moments as bars from the first one on, each so long."""
    return [round((one - begin) / length, 3) for one in bounds]
