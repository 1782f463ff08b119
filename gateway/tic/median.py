"""The middle of some numbers, as ``statistics.median`` has it: for that alone its module would load 200 kB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def median(numbers: Iterable[float]) -> float:
    """The middle one, of an even count the mean of the two; IndexError where there are none."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
