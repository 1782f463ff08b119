"""Whether two results of ngspice say the same: those of another release are off by little, and of the same verdict."""

from __future__ import annotations

import re

# The tables that a simulation makes, and how many of their columns say what was simulated.
_SIMULATED = {"readings": 2, "limits": 3, "meter-sees": 1, "speeds": 1}
# How far their figures may be off, by unit: the difference, or the part of the figure.
_ROOM = {"%": (3, 0), "Ω": (0, 0.02), "°": (1, 0), "µs": (0, 0.1)}
# A point of an oscilloscope's curve may lie so many pixels higher or lower, so many steps to the left or right.
_PIXELS, _STEPS = 3, 3

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def same_table(name: str, old: str, new: str) -> bool:
    """Row by row and cell by cell; what was simulated, and a table that no simulation makes, to the letter."""
    if name not in _SIMULATED:
        return old == new
    there, here = ([row.split("|") for row in text.splitlines()] for text in (old, new))
    if [len(row) for row in there] != [len(row) for row in here]:
        return False
    exact = _SIMULATED[name] + 1
    return all(
        old_row[:exact] == new_row[:exact] and all(map(_same_cell, old_row[exact:], new_row[exact:]))
        for old_row, new_row in zip(there, here, strict=True)
    )


def _same_cell(old: str, new: str) -> bool:
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", new):
        return False
    difference, part = next((room for unit, room in _ROOM.items() if unit in old), (0, 0))
    there, here = ([float(figure.replace(",", ".")) for figure in _NUMBER.findall(cell)] for cell in (old, new))
    return all(abs(one - other) <= max(difference, part * abs(other)) for one, other in zip(there, here, strict=True))


def same_curves(old: list[list[tuple[float, float]]], new: list[list[tuple[float, float]]]) -> bool:
    """Curve by curve: each point of the old one has one of the new one near it."""
    return len(old) == len(new) and all(_same_curve(one, other) for one, other in zip(old, new, strict=True))


def _same_curve(old: list[tuple[float, float]], new: list[tuple[float, float]]) -> bool:
    if abs(len(old) - len(new)) > _STEPS:
        return False
    for place, (_, y) in enumerate(old):
        near = [other for _, other in new[max(place - _STEPS, 0) : place + _STEPS + 1]]
        if not near or not min(near) - _PIXELS <= y <= max(near) + _PIXELS:
            return False
    return True
