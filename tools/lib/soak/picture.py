"""The picture of a run: memory, descriptors, outbox and database over the house's days, one under the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from soak.samples import DatabaseSize, ProgramSample, QueueSample

_DAY_S = 86_400
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BETWEEN = 900, 150, 70, 130, 50, 46
# Of Wong's palette, told apart by everybody.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_FILES = {"file": "database", "in use": "used", "WAL": "wal"}

# What is drawn of whom, and its points: day, value.
Line = tuple[str, list[tuple[float, float]]]


def draw(
    title: str, samples: Sequence[ProgramSample], queues: Sequence[QueueSample], files: Sequence[DatabaseSize]
) -> str:
    """The picture as SVG."""
    begin = files[0].time
    programs = sorted({s.program for s in samples}, key=lambda name: (name != "gateway", name))
    recipients = sorted({q.recipient for q in queues})

    def over(rows: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
        return [((time - begin) / _DAY_S, value) for time, value in rows]

    panels: dict[str, list[Line]] = {
        "memory (RSS), MB": [(p, over([(s.time, s.rss / 1e6) for s in samples if s.program == p])) for p in programs],
        "descriptors": [(p, over([(s.time, s.descriptors) for s in samples if s.program == p])) for p in programs],
        "outbox, rows": [(r, over([(q.time, q.rows) for q in queues if q.recipient == r])) for r in recipients],
        "database, MB": [
            (name, over([(f.time, getattr(f, key) / 1e6) for f in files])) for name, key in _FILES.items()
        ],
    }
    days = (files[-1].time - begin) / _DAY_S
    # Who is in two panels has one colour.
    groups = (dict.fromkeys((*programs, *recipients)), _FILES)
    colours = {name: _COLOURS[place % len(_COLOURS)] for group in groups for place, name in enumerate(group)}
    sheet = Sheet(_LEFT + _WIDTH + _RIGHT, _TOP + len(panels) * (_HEIGHT + _BETWEEN), title)
    sheet.text(_LEFT, 24, title, size=15, bold=True)
    for place, panel in enumerate(panels.items()):
        _draw_panel(sheet, *panel, _TOP + place * (_HEIGHT + _BETWEEN), max(days, 1 / 24), colours)
    return sheet.svg()


def _draw_panel(
    sheet: Sheet, title: str, lines: Sequence[Line], top: float, days: float, colours: Mapping[str, str]
) -> None:
    highest = max((value for _, line in lines for _, value in line), default=0.0)
    step = _step(highest)
    most = (int(highest / step) + 1) * step
    sheet.text(_LEFT, top - 6, title, size=12, bold=True)
    for number in range(int(most / step) + 1):
        y = top + _HEIGHT * (1 - number * step / most)
        sheet.line((_LEFT, y), (_LEFT + _WIDTH, y), color="#dddddd", width=0.7)
        sheet.text(_LEFT - 6, y + 4, f"{number * step:g}", size=10, anchor="end")
    every = _step(days)
    for number in range(int(days / every) + 1):
        x = _LEFT + _WIDTH * number * every / days
        sheet.line((x, top + _HEIGHT), (x, top + _HEIGHT + 4), width=0.7)
        sheet.text(x, top + _HEIGHT + 15, f"day {number * every:g}", size=10, anchor="middle")
    for place, (name, line) in enumerate(lines):
        colour = colours[name]
        points = [(_LEFT + _WIDTH * day / days, top + _HEIGHT * (1 - value / most)) for day, value in line]
        for apart in _unbroken(points):
            sheet.line(*apart, color=colour, width=1.3)
        sheet.box(_LEFT + _WIDTH + 12, top + 3 + 18 * place, 14, 4, fill=colour)
        sheet.text(_LEFT + _WIDTH + 32, top + 9 + 18 * place, name, size=11)


def _unbroken(points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The line in pieces: where a program was away there is nothing to draw."""
    pieces: list[list[tuple[float, float]]] = []
    usual = min((b[0] - a[0] for a, b in pairwise(points)), default=0.0)
    for point in points:
        if pieces and point[0] - pieces[-1][-1][0] <= 4 * usual + 1e-9:
            pieces[-1].append(point)
        else:
            pieces.append([point])
    return [piece for piece in pieces if len(piece) > 1]


def _step(highest: float) -> float:
    """A round step of which about five fit in."""
    size = 1.0
    while size * 5 < highest:
        size *= 10
    while size > highest / 5 and size > 0.01:
        size /= 2 if f"{size:g}".startswith(("1", "2")) else 2.5
    return size
